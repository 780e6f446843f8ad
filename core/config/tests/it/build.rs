use std::time::Duration;

use config::{
    Config, Layer, Origins, Reload, Rung, SETTINGS, Source, Sources, Tls, parse_env, parse_toml,
    secret_files,
};
use proptest::prelude::*;

use crate::{OTHER, STRONG, built, dotenv, env, refused, toml};

#[test]
fn the_defaults_are_those_of_the_contract() {
    let (config, notes) = built(&Sources::default());
    assert_eq!(notes, [""; 0]);
    assert_eq!((config.streaming_port, config.rtmp_port, config.http_port), (8081, 1935, 8080));
    assert_eq!(config.bind.to_string(), "::");
    assert_eq!(config.hls_segment, Duration::from_secs(2));
    assert_eq!(config.hls_part, Duration::from_millis(250));
    assert_eq!(config.hls_window, 10);
    assert_eq!(config.gather, Duration::from_millis(60));
    assert_eq!(config.shutdown_timeout, Duration::from_secs(30));
    assert_eq!(config.jwt_expires_in, Duration::from_hours(24));
    assert_eq!(config.rate_limit_window, Duration::from_mins(15));
    assert_eq!(config.data_dir.to_str(), Some("./data"));
    assert_eq!(config.shards, None);
    assert_eq!((config.conn_rate_per_ip.per_second, config.conn_rate_per_ip.burst), (50, 500));
    assert!(config.throttle_exempt[0].contains("127.0.0.1".parse().unwrap()));
    assert_eq!(
        config.preset_480p,
        Rung { width: 854, height: 480, video_bitrate: 1_200_000, audio_bitrate: 128_000 }
    );
    assert!(config.tls().is_none() && config.mysql().is_none() && config.s3().is_none());
    assert!(config.redis().is_none() && config.cdn().is_none());
    assert_eq!(config.not_yet(), [""; 0]);
}

#[test]
fn the_strongest_source_holds() {
    let mut sources = Sources {
        flags: Layer::from_pairs([("RTMP_PORT", "1")]),
        environment: Layer::from_pairs([("RTMP_PORT", "2")]),
        dotenv: parse_env("RTMP_PORT=3"),
        toml: parse_toml("rtmp_port = 4"),
        ..Sources::default()
    };
    let port = |sources: &Sources| {
        let (config, _) = built(sources);
        (config.rtmp_port, config.source("RTMP_PORT"))
    };
    assert_eq!(port(&sources), (1, Source::Flag));
    sources.flags = Layer::default();
    assert_eq!(port(&sources), (2, Source::Environment));
    sources.environment = Layer::default();
    assert_eq!(port(&sources), (3, Source::DotEnv { line: 1 }));
    sources.dotenv = Layer::default();
    assert_eq!(port(&sources), (4, Source::Toml { line: 1 }));
    sources.toml = Layer::default();
    assert_eq!(port(&sources), (1935, Source::Default));
}

#[test]
fn an_empty_value_counts_as_not_set() {
    let mut sources = env(&[("RTMP_PORT", ""), ("DB_HOST", " ")]);
    sources.dotenv = parse_env("RTMP_PORT=1936\n");
    let (config, _) = built(&sources);
    assert_eq!(config.rtmp_port, 1936);
    assert!(config.mysql().is_none());
}

#[test]
fn toml_takes_numbers_booleans_arrays_and_tables() {
    let (config, _) = built(&toml(
        "http_port = 8000\nkey_playback = false\ncors_origins = [\"https://a.example\"]\n\
         throttle_exempt = []\njwt_role_map = { boss = \"admin\" }\nhls_segment_ms = \"4s\"\n",
    ));
    assert_eq!(config.http_port, 8000);
    assert!(!config.key_playback);
    assert!(
        config.cors().allows("https://a.example") && !config.cors().allows("https://b.example")
    );
    assert!(config.throttle_exempt.is_empty());
    assert_eq!(config.jwt_role_map.get("boss"), Some(config::Role::Admin));
    assert_eq!(config.hls_segment, Duration::from_secs(4));
}

#[test]
fn the_seeds_env_is_understood() {
    let (config, notes) = built(&dotenv(&format!(
        "STREAMING_PORT=8081\nRTMP_PORT=1935\nHTTP_PORT=8080\nDB_HOST=localhost\nDB_USER=root\n\
         DB_PASSWORD=your_password\nDB_NAME=interviews_tv\nREDIS_URL=redis://localhost:6379\n\
         JWT_SECRET={STRONG}\nKEY_SECRET={OTHER}\nMAX_STREAMS_PER_USER=3\nDEFAULT_QUALITY=720p\n\
         ENABLE_RECORDING=true\nPRESET_1080P=\"-vf scale=1920:1080 -b:v 4500k -b:a 192k\"\n"
    )));
    assert_eq!(notes, [""; 0]);
    assert_eq!(config.mysql().unwrap().user, "root");
    assert_eq!(config.redis().unwrap().url.expose(), "redis://localhost:6379");
    assert!(config.not_yet().contains(&"PRESET_1080P"));
    assert!(!config.not_yet().contains(&"RTMP_PORT"));
}

#[test]
fn the_old_servers_names_are_understood() {
    let (config, _) = built(&dotenv(
        "SSL_CERT_PATH=/c.pem\nSSL_KEY_PATH=/k.pem\nAWS_S3_BUCKET=b\nAWS_REGION=eu-west-1\n\
         AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=key\nFRONTEND_URL=https://site.example\n\
         SHUTDOWN_TIMEOUT=30000\nLOG_LEVEL=verbose\nMAX_STREAM_DURATION=12\n",
    ));
    assert!(matches!(config.tls(), Some(Tls::Files { .. })));
    let s3 = config.s3().unwrap();
    assert_eq!((s3.bucket, s3.region), ("b", "eu-west-1"));
    assert_eq!(s3.keys.unwrap().1.expose(), "key");
    assert!(config.cors().allows("https://site.example"));
    assert!(!config.cors().allows("https://other.example"));
    assert_eq!(config.shutdown_timeout, Duration::from_secs(30));
    assert_eq!(config.log_level, config::LogLevel::Debug);
    assert_eq!(config.max_stream_duration, Duration::from_hours(12));
}

#[test]
fn the_old_servers_switches_turn_features_off() {
    let (config, _) = built(&dotenv(
        "SSL_ENABLED=false\nSSL_CERT_PATH=/path/to/cert\nCDN_ENABLED=false\n\
         CDN_URL=https://cdn.example\nSTORAGE_PROVIDER=local\nAWS_S3_BUCKET=b\n",
    ));
    assert!(config.tls().is_none() && config.cdn().is_none() && config.s3().is_none());
}

#[test]
fn the_site_joins_the_list_of_origins_and_never_narrows_an_explicit_star() {
    let (config, _) = built(&env(&[
        ("CORS_ORIGINS", "https://a.example"),
        ("FRONTEND_URL", "https://site.example"),
    ]));
    assert!(
        config.cors().allows("https://a.example") && config.cors().allows("https://site.example")
    );
    let (config, _) =
        built(&env(&[("CORS_ORIGINS", "*"), ("FRONTEND_URL", "https://site.example")]));
    assert_eq!(*config.cors(), Origins::Any);
}

#[test]
fn a_secret_comes_from_a_file_at_the_rank_of_the_name_that_says_so() {
    let mut sources = env(&[("JWT_SECRET_FILE", "/run/jwt")]);
    sources.dotenv = parse_env(&format!("JWT_SECRET={OTHER}\nKEY_SECRET_FILE=/run/key\n"));
    assert_eq!(secret_files(&sources), ["/run/jwt", "/run/key"]);
    sources.files.insert("/run/jwt".into(), Ok(format!("{STRONG}\n")));
    sources.files.insert("/run/key".into(), Err("permission denied".into()));
    assert_eq!(
        refused(&sources),
        ["KEY_SECRET_FILE (.env line 2): the file /run/key cannot be read: permission denied"]
    );
    sources.files.insert("/run/key".into(), Ok(OTHER.into()));
    let (config, _) = built(&sources);
    assert_eq!(config.jwt_secret.unwrap().expose(), STRONG);
    assert_eq!(config.key_secret.unwrap().expose(), OTHER);
}

#[test]
fn a_file_that_a_weaker_source_names_is_not_read() {
    let mut sources = env(&[("JWT_SECRET", STRONG)]);
    sources.dotenv = parse_env("JWT_SECRET_FILE=/run/jwt\n");
    assert!(secret_files(&sources).is_empty());
    assert_eq!(built(&sources).0.jwt_secret.unwrap().expose(), STRONG);
}

#[test]
fn no_output_holds_a_secret() {
    let secret_values = [
        ("JWT_SECRET", STRONG),
        ("KEY_SECRET", OTHER),
        ("DB_PASSWORD", "hunter-db"),
        ("REDIS_URL", "redis://u:hunter-redis@h"),
        ("WEBHOOK_URL", "https://h/hunter-hook"),
        ("WEBHOOK_SECRET", "hunter-sign"),
        ("ADMIN_PASSWORD", "hunter-admin"),
        ("TURN_SECRET", "hunter-turn"),
    ];
    let sources = env(&secret_values);
    let (config, notes) = built(&sources);
    let (plain, _) = built(&Sources::default());
    let effective: Vec<_> = config.effective().map(|e| e.value.to_owned()).collect();
    let all = format!("{sources:?} {config:?} {notes:?} {effective:?} {:?}", plain.diff(&config));
    for (name, secret) in secret_values {
        assert!(!all.contains(secret) && !all.contains("hunter"), "{name}");
    }
    assert!(effective.contains(&"[secret]".to_owned()));
}

#[test]
fn a_difference_says_what_it_needs() {
    let (before, _) = built(&Sources::default());
    let (after, _) = built(&env(&[
        ("RTMP_PORT", "1936"),
        ("GATHER_MS", "0"),
        ("HLS_WINDOW", "5"),
        ("HLS_SEGMENT_MS", "2s"),
        ("JWT_SECRET", STRONG),
    ]));
    let changes = before.diff(&after);
    let seen: Vec<_> = changes.iter().map(|c| (c.name, c.reload, &*c.from, &*c.to)).collect();
    assert_eq!(
        seen,
        [
            ("RTMP_PORT", Reload::Restart, "1935", "1936"),
            ("JWT_SECRET", Reload::Restart, "made at first start, kept in DATA_DIR", "[secret]"),
            ("HLS_WINDOW", Reload::NextSession, "10", "5"),
            ("GATHER_MS", Reload::Live, "60", "0"),
        ]
    );
    assert!(before.diff(&before).is_empty());
    assert_ne!(before, after);
}

#[test]
fn a_reload_takes_what_can_change_and_keeps_what_waits_for_a_restart() {
    let (before, _) = built(&dotenv("RTMP_PORT=1945\nHLS_WINDOW=5\n"));
    let (read, _) = built(&dotenv("HTTP_PORT=1946\nGATHER_MS=0\n"));
    let after = before.reloaded(read.clone());
    let shown = |name: &str| {
        let found = after.effective().find(|effective| effective.setting.name == name).unwrap();
        (found.value.to_owned(), found.source)
    };
    assert_eq!(after.gather.as_millis(), 0);
    assert_eq!((after.rtmp_port, after.http_port, after.hls_window), (1945, 8080, 10));
    assert_eq!(shown("RTMP_PORT"), ("1945".into(), Source::DotEnv { line: 1 }));
    assert_eq!(shown("HTTP_PORT"), ("8080".into(), Source::Default));
    assert_eq!(shown("GATHER_MS"), ("0".into(), Source::DotEnv { line: 2 }));
    let waiting: Vec<_> = after.diff(&read).iter().map(|change| change.name).collect();
    assert_eq!(waiting, ["RTMP_PORT", "HTTP_PORT"]);
    assert!(after.diff(&read).iter().all(|change| change.reload == Reload::Restart));
}

/// A class is chosen with a setting: this fails when one is forgotten by the merge.
#[test]
fn every_setting_that_waits_for_a_restart_keeps_its_value_and_no_other_does() {
    let example = |setting: &config::Setting| match setting.example {
        "" => setting.default,
        example => example,
    };
    let (before, _) = built(&Sources::default());
    for setting in SETTINGS {
        let sources = env(&[(setting.name, example(setting))]);
        let Ok((read, _)) = Config::build(&sources) else { continue };
        let waits = !before.reloaded(read.clone()).diff(&read).is_empty();
        let changes = !before.diff(&read).is_empty();
        assert_eq!(waits, changes && setting.reload == Reload::Restart, "{}", setting.name);
    }
}

#[test]
fn what_is_set_too_early_is_named() {
    let (config, _) = built(&env(&[("TLS_SELF_SIGNED", "true"), ("RTMP_PORT", "1945")]));
    assert_eq!(config.tls(), Some(Tls::SelfSigned));
    assert_eq!(config.not_yet(), ["TLS_SELF_SIGNED"]);
}

#[test]
fn flags_are_named_after_the_settings_and_a_secrets_names_a_file() {
    for setting in SETTINGS {
        let expected = setting.name.to_ascii_lowercase().replace('_', "-");
        let flag = setting.flag();
        assert_eq!(flag.strip_suffix("-file").unwrap_or(&flag), expected);
        assert_eq!(flag.ends_with("-file"), setting.secret, "{}", setting.name);
    }
}

proptest! {
    #[test]
    fn no_text_of_any_source_panics(
        text in r#"((RTMP|HTTP)_PORT|(jwt|db)_[a-z]+|PRESET_360P|[A-Z]{1,3}|[ =#'"\\\n\[\].,]|\PC){0,40}"#,
        index in 0..SETTINGS.len(),
        value in r"(scale=|-b:v|https://|[0-9]{1,4}|[ :/@?\[\].,=*-]|[a-z]|\PC){0,24}",
    ) {
        let name = SETTINGS[index].name;
        let sources = Sources {
            environment: Layer::from_pairs([(name, value.as_str())]),
            dotenv: parse_env(&text),
            toml: parse_toml(&text),
            ..Sources::default()
        };
        secret_files(&sources);
        match Config::build(&sources) {
            Ok((config, _)) => prop_assert_eq!(config.effective().count(), SETTINGS.len()),
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    prop_assert!(!problem.text.contains(['\n', '\r']));
                }
            }
        }
    }
}
