//! What the attributes of the types cannot say of their values.

use serde_json::{Value, json};

/// A text on one line with something to see in it.
const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";
/// A text of several lines.
const LINES: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";
const EMAIL: &str = r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^@\s\u0000-\u001f\u007f-\u009f]+$";

/// Schema, property and the pattern of its values.
const PATTERNS: [(&str, &str, &str); 12] = [
    ("Registration", "email", EMAIL),
    ("Registration", "name", LINE),
    ("OwnChange", "name", LINE),
    ("NewUserBody", "email", EMAIL),
    ("NewUserBody", "name", LINE),
    ("UserChangeBody", "name", LINE),
    ("NewStream", "title", LINE),
    ("NewStream", "category", LINE),
    ("NewStream", "description", LINES),
    ("StreamChange", "title", LINE),
    ("StreamChange", "category", LINE),
    ("StreamChange", "description", LINES),
];

/// Adds them to the description's schemas and parameters.
pub(super) fn add(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    for (schema, property, pattern) in PATTERNS {
        schemas[schema]["properties"][property]["pattern"] = pattern.into();
    }
    schemas["Tag"]["pattern"] = LINE.into();
    schemas["NewModerator"]["anyOf"] = json!([
        { "required": ["userId"], "properties": { "userId": { "type": "integer" } } },
        { "required": ["email"], "properties": { "email": { "type": "string" } } },
    ]);
    schemas["OwnChange"]["anyOf"] = json!([
        { "properties": { "password": { "type": "null" } } },
        { "required": ["currentPassword"], "properties": { "currentPassword": { "type": "string" } } },
    ]);
    add_links(document);
    let operations = document["paths"].as_object_mut().into_iter().flat_map(|paths| {
        paths.values_mut().filter_map(Value::as_object_mut).flat_map(|path| path.values_mut())
    });
    // Not by an index, which would add what is not there.
    let parameters = operations.filter_map(|operation| operation.get_mut("parameters"));
    for parameter in parameters.filter_map(Value::as_array_mut).flatten() {
        // A parameter that is not given is left out: there is no null in a query or a header.
        if let Some(kinds) = parameter["schema"]["type"].as_array_mut() {
            kinds.retain(|kind| kind != "null");
        }
    }
}

/// Where the things go on that a request made.
fn add_links(document: &mut Value) {
    let of_stream = [
        "getStream",
        "changeStream",
        "startStream",
        "stopStream",
        "getStreamKey",
        "replaceStreamKey",
        "listSessions",
        "getStreamStats",
        "listModerators",
        "removeStream",
    ];
    let of_user = ["getUser", "changeUser", "removeUser"];
    let links = |parameter: &str, operations: &[&str]| -> Value {
        let link = |operation: &&str| {
            let parameters = json!({ parameter: "$response.body#/id" });
            (operation.to_string(), json!({ "operationId": operation, "parameters": parameters }))
        };
        operations.iter().map(link).collect::<serde_json::Map<_, _>>().into()
    };
    let paths = &mut document["paths"];
    paths["/api/streams"]["post"]["responses"]["201"]["links"] = links("id", &of_stream);
    paths["/api/users"]["post"]["responses"]["201"]["links"] = links("userId", &of_user);
}
