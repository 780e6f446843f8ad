//! How the change of the API's settings shows.

use std::net::Ipv4Addr;

use e2e::api::Api;
use e2e::http::{Client, Response};
use e2e::server::Server;
use serde_json::{Value, json};

use super::settings::Check;
use super::{change, log, says};

/// Those of class "live" or "next session".
pub(super) const CHECKS: &[(&str, Check)] = &[
    ("TRUSTED_PROXIES", trusted_proxies),
    ("JWT_EXPIRES_IN", expires_in),
    ("JWT_ISSUER", |server| told_apart(server, "JWT_ISSUER")),
    ("JWT_AUDIENCE", |server| told_apart(server, "JWT_AUDIENCE")),
    ("REGISTRATION", registration),
    ("RATE_LIMIT_MAX_REQUESTS", most_requests),
    ("RATE_LIMIT_WINDOW_MS", window),
    ("DEFAULT_QUALITY", default_quality),
];

fn log_in(server: &Server, password: &str, field: &str) -> Response {
    let body = json!({ "email": server.setting("ADMIN_EMAIL"), "password": password }).to_string();
    let length = format!("Content-Length: {}", body.len());
    let mut client = Client::connect(server.ports().api).expect("an open port");
    let fields = ["Content-Type: application/json", &length, field];
    client.send("POST", "/api/auth/login", &fields).expect("a request is sent");
    client.send_raw(body.as_bytes()).expect("its body too");
    client.receive("POST").expect("an answer")
}

fn trusted_proxies(server: &mut Server) {
    let refused_from = |server: &Server| {
        log_in(server, "a wrong password", "X-Forwarded-For: 203.0.113.5");
        let told = log(server).into_iter().rfind(|line| says(line, "log-in refused"));
        told.expect("the log tells of it").to_string()
    };
    change(server, &[]);
    assert!(!refused_from(server).contains("203.0.113.5"), "nobody is believed");
    change(server, &[("TRUSTED_PROXIES", "127.0.0.0/8, ::1")]);
    assert!(refused_from(server).contains("203.0.113.5"), "this machine is");
}

fn expires_in(server: &mut Server) {
    change(server, &[("JWT_EXPIRES_IN", "90")]);
    let password = server.setting("ADMIN_PASSWORD").to_owned();
    assert_eq!(log_in(server, &password, "X-Nothing: 1").json()["expiresIn"], 90);
}

fn told_apart(server: &mut Server, name: &str) {
    change(server, &[]);
    let before = Api::admin(server);
    let status = |api: &Api| api.call("GET", "/api/auth/me", None).status;
    assert_eq!(status(&before), 200);
    change(server, &[(name, "another")]);
    assert_eq!(status(&before), 401, "a token that was made for something else");
    assert_eq!(status(&Api::admin(server)), 200);
}

fn registration(server: &mut Server) {
    let register = |server: &Server, email: &str| {
        let body = json!({ "email": email, "password": "long enough" });
        Api::nobody(server).call("POST", "/api/auth/register", Some(&body))
    };
    change(server, &[("REGISTRATION", "viewer")]);
    assert_eq!(register(server, "one@example.com").json()["user"]["role"], "viewer");
    change(server, &[("REGISTRATION", "closed")]);
    assert_eq!(register(server, "two@example.com").status, 403);
}

fn most_requests(server: &mut Server) {
    change(server, &[("RATE_LIMIT_MAX_REQUESTS", "1")]);
    let list = || Api::nobody(server).call("GET", "/api/streams/live", None);
    let answers = [list(), list(), list()];
    assert_eq!(answers[2].status, 429);
    change(server, &[("RATE_LIMIT_MAX_REQUESTS", "0")]);
    assert_eq!(Api::nobody(server).call("GET", "/api/streams/live", None).status, 200);
}

fn window(server: &mut Server) {
    // What an address used under one window goes on counting under the next: each has its own.
    let wait = |server: &Server, last: u8| {
        let address = Ipv4Addr::new(127, 0, 0, last);
        let ask = || {
            let client = Client::connect_from(address, server.ports().api);
            client.and_then(|mut client| client.get("/api/streams/live")).expect("an answer")
        };
        assert_eq!(ask().status, 200);
        let told = ask().field("retry-after").expect("one too many").to_owned();
        told.parse::<u64>().expect("seconds")
    };
    let one = ("RATE_LIMIT_MAX_REQUESTS", "1");
    change(server, &[one]);
    assert!(wait(server, 21) > 61);
    change(server, &[one, ("RATE_LIMIT_WINDOW_MS", "60s")]);
    assert!(wait(server, 22) <= 61);
}

fn default_quality(server: &mut Server) {
    let quality = |server: &Server| -> Value {
        let new = json!({ "title": "by default" });
        Api::admin(server).json("POST", "/api/streams", Some(&new))["quality"].clone()
    };
    change(server, &[]);
    assert_eq!(quality(server), "720p");
    change(server, &[("DEFAULT_QUALITY", "480p")]);
    assert_eq!(quality(server), "480p");
}
