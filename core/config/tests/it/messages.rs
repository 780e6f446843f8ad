use config::{Layer, SETTINGS, Sources, parse_env};

use crate::{OTHER, STRONG, built, dotenv, env, refused, toml};

fn only(sources: &Sources) -> String {
    let problems = refused(sources);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.into_iter().next().unwrap()
}

/// One bad value for each form of value, with the line that answers it.
const BAD: &[(&str, &str, &str)] = &[
    ("RTMP_PORT", "abc", "\"abc\" is not a whole number; allowed: a port from 1 to 65535"),
    ("RTMP_PORT", "70000", "\"70000\" is out of range; allowed: a port from 1 to 65535"),
    ("KEY_PLAYBACK", "maybe", "\"maybe\" is neither true nor false; allowed: true or false"),
    ("SHARDS", "0", "\"0\" is out of range; allowed: auto, or a whole number from 1 to 256"),
    ("HLS_WINDOW", "2", "\"2\" is out of range; allowed: a whole number from 3 to 300"),
    (
        "GATHER_MS",
        "1001",
        "\"1001\" is out of range; allowed: 0 to 1 s; a bare number is of milliseconds",
    ),
    (
        "SHUTDOWN_TIMEOUT",
        "soon",
        "\"soon\" is not a duration; allowed: 0 to 10 min; a bare number is of seconds, from \
             1000 on of milliseconds",
    ),
    (
        "MAX_RECORDING_SIZE_GB",
        "big",
        "\"big\" is not a size; allowed: a number of GB, or one with MB, GB or TB; 0: no limit",
    ),
    (
        "PUBLISH_TAKEOVER",
        "perhaps",
        "\"perhaps\" is not one of the words; allowed: stale, always, never",
    ),
    ("DATA_DIR", "~/x", "\"~/x\" starts with ~, which only a shell understands; allowed: a path"),
    (
        "PUBLIC_API_URL",
        "live.example.com",
        "\"live.example.com\" is not a URL with a scheme; allowed: a URL that starts with http:// \
             or https://",
    ),
    (
        "BIND",
        "0.0.0.0:80",
        "\"0.0.0.0:80\" has a port; the ports have variables of their own; allowed: an IP address \
             without port, such as 0.0.0.0 or [::]",
    ),
    (
        "DB_HOST",
        "db:3306",
        "\"db:3306\" is not a host name or IP address; allowed: a host name or IP address, \
             without port",
    ),
    (
        "PUBLIC_HOST",
        "a.example,b c",
        "\"b c\" is not a host name or IP address; allowed: a list of host names and IP \
             addresses, without ports",
    ),
    (
        "TRUSTED_PROXIES",
        "10.0.0.0/40",
        "\"10.0.0.0/40\" is not a network; allowed: a list of networks such as 10.0.0.0/8, \
             addresses, loopback, private; or none",
    ),
    (
        "CORS_ORIGINS",
        "example.com",
        "\"example.com\" is not a URL with a scheme; allowed: *, none, or a list of origins such \
             as https://example.com",
    ),
    (
        "EMBED_ORIGINS",
        "*,self",
        "\"*\" must stand alone; allowed: *, none, or a list of self and origins such as \
             https://example.com",
    ),
    (
        "CONN_RATE_PER_IP",
        "fast",
        "\"fast\" is not a rate; allowed: N/s, or N/s burst M; 0: no limit",
    ),
    (
        "PRESET_720P",
        "-vf scale=1280:720",
        "\"-vf scale=1280:720\" lacks -b:v; allowed: the form -vf scale=W:H -b:v N -b:a N",
    ),
    (
        "JWT_ROLE_MAP",
        "boss=king",
        "\"king\" is not one of our roles; allowed: a list of ROLE=viewer, ROLE=streamer, \
             ROLE=moderator or ROLE=admin",
    ),
    (
        "STUN_SERVERS",
        "stun:",
        "\"stun:\" has no valid host; allowed: HOST:PORT or a URL that starts with stun: or stuns:",
    ),
    ("ADMIN_EMAIL", "root", "\"root\" is not an e-mail address; allowed: an e-mail address"),
    (
        "JWT_ISSUER",
        "a\u{7}b",
        "\"a\\u{7}b\" holds a control character; allowed: text of at most 255 bytes",
    ),
    ("ADMIN_PASSWORD", "admin", "the value is too short; allowed: at least 8 bytes"),
    (
        "REDIS_URL",
        "http://me:hunter2@h",
        "the value has another scheme than allowed; allowed: a URL that starts with redis:// or \
             rediss://",
    ),
    (
        "JWT_SECRET",
        "your-secret-key",
        "the value is a published example, which everybody knows; allowed: at least 32 random \
             bytes, such as from: openssl rand -hex 32",
    ),
    (
        "KEY_SECRET",
        "hunter2",
        "the value is shorter than 32 bytes; allowed: at least 32 random bytes, such as from: \
             openssl rand -hex 32",
    ),
];

#[test]
fn every_bad_value_is_answered_by_one_line_that_says_what_is_allowed() {
    for (name, bad, line) in BAD {
        assert_eq!(only(&env(&[(*name, *bad)])), format!("{name} (environment): {line}"));
    }
}

#[test]
fn the_place_of_a_bad_value_is_named() {
    let flags = Layer::from_pairs([("RTMP_PORT", "x")]);
    let line = only(&Sources { flags, ..Sources::default() });
    assert!(line.starts_with("RTMP_PORT (flag --rtmp-port): \"x\" is not"), "{line}");
    let line = only(&dotenv("# a comment\n\nRTMP_PORT=x\n"));
    assert!(line.starts_with("RTMP_PORT (.env line 3): "), "{line}");
    let line = only(&toml("http_port = 1\nrtmp_port = [1, 2]\n"));
    assert_eq!(
        line,
        "RTMP_PORT (shardcast.toml line 2): the value is a list, but takes one value; allowed: a \
         port from 1 to 65535"
    );
    let line = only(&dotenv("SSL_KEY_PATH=~/key\nSSL_CERT_PATH=/cert\n"));
    assert!(line.starts_with("SSL_KEY_PATH (.env line 1): "), "{line}");
}

#[test]
fn every_problem_is_told_at_once_in_the_order_of_the_table() {
    let problems = refused(&env(&[("SHARDS", "0"), ("RTMP_PORT", "x"), ("HTTP_PORT", "y")]));
    let names: Vec<_> = problems.iter().map(|p| p.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["RTMP_PORT", "HTTP_PORT", "SHARDS"]);
}

#[test]
fn a_long_or_broken_value_is_shown_on_one_bounded_line() {
    let line = only(&env(&[("LOG_LEVEL", &format!("a\nb\u{1b}[31m{}", "x".repeat(10_000)))]));
    assert!(!line.contains('\n') && !line.contains('\u{1b}'));
    assert!(line.len() < 300, "{}", line.len());
}

#[test]
fn unknown_names_are_answered_by_where_they_stand() {
    assert_eq!(
        only(&toml("rtmp_prot = 1\n")),
        "rtmp_prot (shardcast.toml line 1): no such setting; did you mean rtmp_port?"
    );
    assert_eq!(
        only(&toml("\n[server]\nport = 1\n")),
        "server (shardcast.toml line 2): no such setting"
    );
    assert_eq!(
        only(&toml("RTMP_PORT = 1\n")),
        "RTMP_PORT (shardcast.toml line 1): keys are in lower case: rtmp_port"
    );
    let flags = Layer::from_pairs([("JWT_SECRET", "hunter2")]);
    let known_but_secret = Sources { flags, ..Sources::default() };
    assert_eq!(
        only(&known_but_secret),
        "JWT_SECRET (flag --jwt-secret): no such flag; did you mean --jwt-secret-file?"
    );
    let flags = Layer::from_pairs([("RTMP_PRT", "1")]);
    assert_eq!(
        only(&Sources { flags, ..Sources::default() }),
        "RTMP_PRT (flag --rtmp-prt): no such flag; did you mean --rtmp-port?"
    );
    let (_, notes) = built(&dotenv("RTMP_PRT=1\nNODE_ENV=production\nMAIL_FROM=x\nVITE_URL=y\n"));
    assert_eq!(
        notes,
        [
            "NODE_ENV (.env line 2): has no meaning any more, ignored: there is one mode",
            "RTMP_PRT (.env line 1): no such setting, ignored; did you mean RTMP_PORT?",
            ".env: not settings of this server, ignored: MAIL_FROM, VITE_URL",
        ]
    );
    let (_, notes) = built(&env(&[("RTMP_PRT", "1"), ("NODE_ENV", "x"), ("DISABLE_AUTH", "true")]));
    assert_eq!(
        notes,
        [
            "DISABLE_AUTH (environment): has no meaning any more, ignored: there is no way to switch \
          authentication off"
        ]
    );
}

#[test]
fn what_may_be_a_line_of_a_key_is_counted_and_not_shown() {
    let (_, notes) = built(&dotenv("KEY=-----BEGIN\nMIIEvQhunterABCD==\nMAIL_FROM=x\n"));
    assert_eq!(notes, [".env: not settings of this server, ignored: KEY, MAIL_FROM and 1 more"]);
}

#[test]
fn amazons_names_in_the_environment_of_a_machine_are_no_news() {
    let (config, notes) = built(&env(&[("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "i")]));
    assert_eq!((notes.len(), config.not_yet().len()), (0, 0));
}

#[test]
fn ports_must_differ_and_the_one_that_was_set_is_blamed() {
    assert_eq!(
        only(&env(&[("STREAMING_PORT", "8080")])),
        "STREAMING_PORT (environment): 8080 is the value of HTTP_PORT too; allowed: a port of its own"
    );
    assert_eq!(
        only(&env(&[("RTMP_PORT", "1936"), ("TLS_SELF_SIGNED", "true")])),
        "RTMP_PORT (environment): 1936 is the value of RTMPS_PORT too; allowed: a port of its own"
    );
    assert_eq!(
        only(&env(&[("WEBRTC_PORT", "65535"), ("SHARDS", "4")])),
        "WEBRTC_PORT (environment): 65535 leaves no room for one UDP port per shard; allowed: at \
         most 65532"
    );
}

#[test]
fn a_shared_database_needs_shared_secrets() {
    let advice = "must be set, since DB_HOST is (.env line 1), alike on all nodes; make one with: \
                  openssl rand -hex 32";
    assert_eq!(
        refused(&dotenv("DB_HOST=db\n")),
        [format!("JWT_SECRET: {advice}"), format!("KEY_SECRET: {advice}")]
    );
    assert_eq!(
        only(&env(&[("JWT_SECRET", STRONG), ("KEY_SECRET", STRONG)])),
        "KEY_SECRET (environment): is the value of JWT_SECRET too; allowed: one of its own"
    );
    built(&env(&[("DB_HOST", "db"), ("JWT_SECRET", STRONG), ("KEY_SECRET", OTHER)]));
}

#[test]
fn a_part_is_at_most_half_a_segment() {
    assert_eq!(
        only(&env(&[("HLS_PART_MS", "1001")])),
        "HLS_PART_MS (environment): 1001 is more than half of HLS_SEGMENT_MS, which is 2000; \
         allowed: at most 1000"
    );
    let problems = only(&env(&[("HLS_SEGMENT_MS", "500"), ("HLS_PART_MS", "300")]));
    assert!(problems.contains("at most 250"), "{problems}");
    built(&env(&[("HLS_SEGMENT_MS", "500")]));
}

#[test]
fn what_needs_a_partner_says_so() {
    for (given, line) in [
        (&[("TLS_CERT", "/c")][..], "TLS_KEY: must be set, since TLS_CERT is (environment)"),
        (&[("TLS_KEY", "/k")], "TLS_CERT: must be set, since TLS_KEY is (environment)"),
        (
            &[("SSL_ENABLED", "true")],
            "TLS_CERT: must be set, since SSL_ENABLED is (environment), with TLS_KEY; or set \
             TLS_SELF_SIGNED=true",
        ),
        (
            &[("TURN_SERVER", "turn:t")],
            "TURN_USERNAME: must be set, since TURN_SERVER is (environment), with TURN_PASSWORD; or \
             set TURN_SECRET",
        ),
        (
            &[("STORAGE_PROVIDER", "s3")],
            "S3_BUCKET: must be set, since STORAGE_PROVIDER is (environment) to s3",
        ),
        (
            &[("S3_BUCKET", "b"), ("S3_ACCESS_KEY_ID", "i")],
            "S3_SECRET_ACCESS_KEY: must be set, since S3_ACCESS_KEY_ID is (environment)",
        ),
        (
            &[("CDN_ENABLED", "true")],
            "CDN_URL: must be set, since CDN_ENABLED is (environment) to true",
        ),
        (
            &[("WEBHOOK_URL", "https://h/")],
            "WEBHOOK_SECRET: must be set, since WEBHOOK_URL is (environment): events are signed",
        ),
    ] {
        assert_eq!(only(&env(given)), line);
    }
    let (_, notes) = built(&env(&[("DB_USER", "root"), ("REDIS_PASSWORD", "p")]));
    assert_eq!(
        notes,
        [
            "DB_USER (environment): has no effect without DB_HOST",
            "REDIS_PASSWORD (environment): has no effect without REDIS_URL",
        ]
    );
}

#[test]
fn a_value_and_a_file_with_the_value_contradict_each_other() {
    let mut sources = env(&[("JWT_SECRET", STRONG), ("JWT_SECRET_FILE", "/f")]);
    sources.files.insert("/f".into(), Ok(STRONG.into()));
    assert_eq!(
        only(&sources),
        "JWT_SECRET_FILE (environment): JWT_SECRET is set beside it; set one of the two"
    );
}

#[test]
fn an_alias_beside_its_name_is_told() {
    let (config, notes) = built(&dotenv("S3_BUCKET=a\nAWS_S3_BUCKET=b\n"));
    assert_eq!(config.s3().unwrap().bucket, "a");
    assert_eq!(notes, ["AWS_S3_BUCKET (.env line 2): ignored, since S3_BUCKET is set beside it"]);
}

#[test]
fn the_bad_value_of_a_secret_is_never_shown() {
    for setting in SETTINGS.iter().filter(|setting| setting.secret) {
        for bad in ["h\u{1}", "hunter2 ,hunter2", "x://hunter2@"] {
            let sources = Sources {
                environment: Layer::from_pairs([(setting.name, bad)]),
                dotenv: parse_env(&format!("{}=\"hunter2\n", setting.name)),
                ..Sources::default()
            };
            for line in refused(&sources) {
                assert!(!line.contains("hunter2"), "{line}");
            }
        }
    }
}
