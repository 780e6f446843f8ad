//! What users rely on by name is in the documentation: each variable, each command.

use tidy::{Complaints, File, Tree};

const CONFIGURATION: &str = "docs/configuration.md";

const VARIABLES: &[&str] = &[
    "STREAMING_PORT",
    "RTMP_PORT",
    "HTTP_PORT",
    "WEBRTC_PORT",
    "STUN_SERVERS",
    "TURN_SERVER",
    "TURN_USERNAME",
    "TURN_PASSWORD",
    "TURN_SECRET",
    "BIND",
    "PUBLIC_HOST",
    "PUBLIC_API_URL",
    "PUBLIC_MEDIA_URL",
    "TLS_CERT",
    "TLS_KEY",
    "SSL_CERT_PATH",
    "SSL_KEY_PATH",
    "HTTPS_PORT",
    "API_HTTPS_PORT",
    "RTMPS_PORT",
    "TLS_SELF_SIGNED",
    "TRUSTED_PROXIES",
    "DB_HOST",
    "DB_PORT",
    "DB_USER",
    "DB_PASSWORD",
    "DB_NAME",
    "REDIS_URL",
    "JWT_SECRET",
    "KEY_SECRET",
    "JWT_EXPIRES_IN",
    "JWT_ISSUER",
    "JWT_AUDIENCE",
    "JWT_ROLE_MAP",
    "MAX_STREAMS_PER_USER",
    "PUBLISH_TAKEOVER",
    "DEFAULT_QUALITY",
    "ENABLE_RECORDING",
    "PRESET_360P",
    "PRESET_480P",
    "PRESET_720P",
    "PRESET_1080P",
    "DATA_DIR",
    "LOG_DIR",
    "RECORDING_PATH",
    "MEDIA_DIR",
    "LOG_LEVEL",
    "SHARDS",
    "RUNTIME",
    "HLS_SEGMENT_MS",
    "HLS_PART_MS",
    "HLS_WINDOW",
    "GATHER_MS",
    "ADMIN_EMAIL",
    "ADMIN_PASSWORD",
    "PLAIN_STREAM_KEYS",
    "KEY_PLAYBACK",
    "CONN_RATE_PER_IP",
    "MAX_CONN_PER_IP",
    "THROTTLE_EXEMPT",
    "RATE_LIMIT_WINDOW_MS",
    "RATE_LIMIT_MAX_REQUESTS",
    "WEBHOOK_URL",
    "WEBHOOK_SECRET",
    "CDN_URL",
    "REGISTRATION",
    "S3_ENDPOINT",
    "S3_BUCKET",
    "S3_REGION",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
    "S3_PREFIX",
    "CORS_ORIGINS",
    "EMBED_ORIGINS",
    "SHUTDOWN_TIMEOUT",
];

const COMMANDS: &[&str] = &[
    "make run",
    "make build",
    "make dev",
    "make start",
    "make test",
    "make test-unit",
    "make test-integration",
    "make test-load",
    "make bench",
    "make sim",
    "make fuzz",
    "shardcast serve",
    "shardcast check",
    "shardcast load",
    "shardcast user add",
    "shardcast user list",
    "shardcast user passwd",
    "shardcast user rm",
    "shardcast stream add",
    "shardcast stream list",
    "shardcast stream key",
    "shardcast stream disable",
    "shardcast stream enable",
    "shardcast stream limit",
    "shardcast stream stats",
    "shardcast stream sessions",
    "shardcast stream cut",
    "shardcast stream rm",
    "shardcast migrate status",
    "shardcast migrate up",
    "shardcast export",
    "shardcast import",
    "./setup.sh",
];

#[test]
fn every_variable_is_in_the_configuration_page() {
    let mut complaints = Complaints::default();
    missing(VARIABLES, CONFIGURATION, &[Tree::read().file(CONFIGURATION)], &mut complaints);
    complaints.finish();
}

#[test]
fn every_command_is_in_the_documentation() {
    let tree = Tree::read();
    let is_page = |file: &&File| {
        let in_docs = file.path.starts_with("docs/") && file.extension() == "md";
        file.path == "README.md" || in_docs
    };
    let pages: Vec<File> = tree.files().iter().filter(is_page).cloned().collect();
    let mut complaints = Complaints::default();
    missing(COMMANDS, "README.md", &pages, &mut complaints);
    complaints.finish();
}

fn missing(names: &[&str], place: &str, pages: &[File], complaints: &mut Complaints) {
    for name in names.iter().filter(|name| !pages.iter().any(|page| has_name(&page.text, name))) {
        complaints.add(place, 1, format!("`{name}` is in no page: say what it does"));
    }
}

/// Whether the name stands there by itself, not as a part of a longer one.
fn has_name(text: &str, name: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| "_-".contains(c) || c.is_alphanumeric());
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !joins(before) && !joins(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whole_only() {
        assert!(has_name("| `BIND` | x", "BIND"));
        assert!(!has_name("REBIND BINDING MY_BIND", "BIND"));
        assert!(!has_name("make test-unit", "make test"));
        assert!(has_name("make test-unit, make test.", "make test"));
    }

    #[test]
    fn a_name_in_no_page_is_a_complaint() {
        let pages = [File::new("docs/a.md", "HTTP_PORT"), File::new("docs/b.md", "make run")];
        let mut found = Complaints::default();
        missing(&["HTTP_PORT", "RTMP_PORT", "make run"], "docs/a.md", &pages, &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.mention(&["docs/a.md:1", "RTMP_PORT"]));
    }
}
