//! The API's description is what was reviewed.

use crate::access::{RULES, Rule};
use crate::document;
use crate::openapi::who;

/// With UPDATE_GOLDEN=1 the file is written anew.
#[test]
fn the_description_is_the_one_that_was_reviewed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let text = serde_json::to_string_pretty(&document("0.0.0")).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let reviewed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(reviewed == text, "openapi.json differs: look at it with UPDATE_GOLDEN=1 and git diff");
}

#[test]
fn every_answer_is_described_and_every_reference_leads_somewhere() {
    let document = document("0.0.0");
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
            for (status, answer) in answers {
                assert!(answer["description"].is_string(), "{method} {path} {status}");
            }
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation["x-access"].is_string(), "{method} {path}");
        }
    }
    let operations = document["paths"].as_object().unwrap().values();
    let names = operations.flat_map(|methods| methods.as_object().unwrap().values());
    let mut names: Vec<_> = names.map(|operation| operation["operationId"].to_string()).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "operationId names one operation");
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

/// With UPDATE_GOLDEN=1 the table is written anew.
#[test]
fn the_page_about_the_api_has_the_table_of_who_may_do_what() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mark = "-p api -->\n";
    let (before, table) = page.split_once(mark).unwrap();
    let row = |rule: &Rule| format!("| `{} {}` | {} |\n", rule.method, rule.path, who(rule.access));
    let rows: String = RULES.iter().map(row).collect();
    let due = format!("\n| route | who |\n| --- | --- |\n{rows}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, format!("{before}{mark}{due}")).unwrap();
    } else {
        assert_eq!(table, due, "docs/api.md differs: look at it with UPDATE_GOLDEN=1 and git diff");
    }
}
