//! The API does what its description says, whatever it is sent: schemathesis tries.

use std::process::Command;
use std::time::Duration;

use e2e::mariadb::Database;
use e2e::process::run;
use e2e::server::{Server, Site};
use e2e::{site_token, sources, tools};

use crate::common::live;

/// How long all requests may take: some ten times what they do.
const LIMIT: Duration = Duration::from_secs(150);
/// Requests for each operation, beside those that every constraint of the description asks for.
const EXAMPLES: &str = "25";

#[track_caller]
fn keeps_its_word(site: Site) {
    // A token of the site, which no log-out ends.
    let secret = "a secret of the site that has 32 bytes";
    let server = site.with("JWT_SECRET", secret).with("RATE_LIMIT_MAX_REQUESTS", "0").start();
    let token = site_token::admin(secret, server.setting("ADMIN_EMAIL"));
    schemathesis(&server, &token, &["--max-examples", EXAMPLES], None);
    // Statistics and sessions have the most to tell of a live stream.
    let (stream, _publisher) = live(&server, &sources::OBS, 1);
    let of_live = ["--include-path-regex", "/(stats|sessions|key)$", "--include-method", "GET"];
    let of_live = [&of_live[..], &["--mode", "positive", "--max-examples", "5"]].concat();
    schemathesis(&server, &token, &of_live, Some(&stream.id));
    let authorization = format!("Authorization: Bearer {token}");
    let mut client = e2e::http::Client::connect(server.ports().api).expect("the port is open");
    let me = client.request("GET", "/api/auth/me", &[&authorization]).expect("a response");
    assert_eq!(me.status, 200, "the token was good to the end: {me:?}");
    let log = server.log("error.log");
    assert!(!log.contains("a handler failed") && !log.contains("panicked"), "{log}");
}

#[track_caller]
fn schemathesis(server: &Server, token: &str, arguments: &[&str], live: Option<&str>) {
    let program = tools::target_dir().join("e2e/schemathesis/bin/schemathesis");
    assert!(program.is_file(), "no {}: run tests/e2e/setup.sh", program.display());
    let configuration = tools::own_file("schemathesis/schemathesis.toml");
    let mut command = Command::new(program);
    // It keeps notes where it runs.
    command.current_dir(server.path("")).env("CALLER", "1").envs(live.map(|id| ("LIVE", id)));
    command.env("PYTHONPATH", tools::own_file("schemathesis")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg("--no-color").arg("--config-file").arg(configuration);
    let description = format!("http://127.0.0.1:{}/api/openapi.json", server.ports().api);
    let header = format!("Authorization: Bearer {token}");
    command.args(["run", &description, "--header", &header]).args(arguments);
    let done = run(&mut command, LIMIT);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
}

#[test]
fn the_api_keeps_its_word_on_the_embedded_database() {
    keeps_its_word(Site::new());
}

#[test]
fn the_api_keeps_its_word_on_mariadb() {
    let Some(database) = Database::new("utf8mb4_general_ci") else { return };
    keeps_its_word(database.of(Site::new()));
}

#[test]
fn the_commands_of_the_page_about_the_api_run_as_they_are() {
    let server = Site::new().start();
    let page = std::fs::read_to_string(tools::own_file("../../docs/api.md")).unwrap();
    let blocks = page.split("```bash\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let script = blocks.collect::<String>();
    assert!(script.contains("/api/streams") && script.matches("--fail").count() > 8, "{script}");
    let here = format!("http://127.0.0.1:{}", server.ports().api);
    let script = script.replace("http://localhost:8081", &here);
    let done = run(Command::new("bash").args(["-euo", "pipefail", "-c", &script]), LIMIT);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.contains("rtmp://"), "{done:?}");
}

#[test]
fn the_description_is_valid_openapi() {
    let python = tools::target_dir().join("e2e/schemathesis/bin/python");
    let description = tools::own_file("../../control/api/openapi.json");
    let mut command = Command::new(python);
    command.args(["-m", "openapi_spec_validator", "--schema", "3.1"]).arg(description);
    let done = run(&mut command, LIMIT);
    assert_eq!(done.code, Some(0), "{done:?}");
}
