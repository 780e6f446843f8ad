//! A client of the REST API, as a developer's program would be.

use serde_json::{Value, json};

use crate::http::{Client, Response};
use crate::server::Server;

/// A user's way to the API of a server.
#[derive(Clone, Debug)]
pub struct Api {
    port: u16,
    token: String,
}

impl Api {
    /// The administrator's.
    #[track_caller]
    pub fn admin(server: &Server) -> Self {
        Self::log_in(server, server.setting("ADMIN_EMAIL"), server.setting("ADMIN_PASSWORD"))
    }

    /// Of somebody who has not logged in.
    pub fn nobody(server: &Server) -> Self {
        Self { port: server.ports().api, token: String::new() }
    }

    /// Logs a user in.
    #[track_caller]
    pub fn log_in(server: &Server, email: &str, password: &str) -> Self {
        let anybody = Self::nobody(server);
        let body = json!({ "email": email, "password": password });
        let answer = anybody.call("POST", "/api/auth/login", Some(&body));
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        Self { token, ..anybody }
    }

    /// Sends a request, on a connection of its own.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let mut client = Client::connect(self.port).expect("the API's port is open");
        let body = body.map(Value::to_string).unwrap_or_default();
        let token = match self.token.as_str() {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{token}{kind}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.send_raw(request.as_bytes()).expect("a request is sent");
        client.receive(method).expect("a response")
    }

    /// The same; the answer must be a success, and is JSON.
    #[track_caller]
    pub fn json(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.call(method, path, body);
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }
}
