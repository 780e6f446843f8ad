use serde_json::Value;

use super::*;

fn logged(level: &str, work: impl FnOnce()) -> [Vec<Value>; 3] {
    logged_by(level, |_| work())
}

fn logged_by(level: &str, work: impl FnOnce(&Level)) -> [Vec<Value>; 3] {
    let dir = tempfile::tempdir().unwrap();
    let settings = LogSettings {
        dir: Some(dir.path().join("logs")),
        level: level.into(),
        console: Console::Off,
    };
    let (subscriber, guard) = build(&settings).unwrap();
    tracing::subscriber::with_default(subscriber, || work(&guard.level()));
    drop(guard);
    ["combined.log", "error.log", "nms.log"].map(|name| {
        let text = std::fs::read_to_string(dir.path().join("logs").join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    })
}

fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}

#[test]
fn each_file_gets_its_share() {
    let [combined, error, nms] = logged("info", || {
        tracing::info!(target: "audit", stream = "abc", "granted");
        tracing::warn!(target: "rtmp::chunk", "malformed");
        tracing::error!(target: "session", "broken");
        tracing::debug!(target: "rtmp", "not wanted");
        tracing::info!(target: "streamlined", "no media target");
    });
    assert_eq!(messages(&combined), ["granted", "malformed", "broken", "no media target"]);
    assert_eq!(messages(&error), ["broken"]);
    assert_eq!(messages(&nms), ["malformed", "broken"]);
    assert_eq!((&combined[0]["stream"], &combined[0]["level"]), (&"abc".into(), &"INFO".into()));
    assert_eq!(combined[0]["target"], "audit");
}

#[test]
fn a_list_of_levels_narrows_and_widens() {
    let [combined, ..] = logged("WARN,rtmp=debug", || {
        tracing::info!(target: "audit", "hidden");
        tracing::debug!(target: "rtmp", "shown");
        tracing::warn!(target: "hyper", "shown too");
    });
    assert_eq!(messages(&combined), ["shown", "shown too"]);
}

#[test]
fn chatty_crates_are_quiet_unless_they_are_named() {
    let [combined, ..] = logged("debug,mio=debug", || {
        tracing::debug!(target: "hyper::proto", "hidden");
        tracing::debug!(target: "mio", "shown");
    });
    assert_eq!(messages(&combined), ["shown"]);
}

#[test]
fn a_level_that_changes_holds_for_places_that_have_logged_before() {
    let [combined, _, nms] = logged_by("warn", |level| {
        let work = |number: u32| {
            tracing::debug!(target: "rtmp", number, "detail");
            tracing::info!(target: "audit", number, "event");
            tracing::debug!(target: "hyper", number, "chatter");
        };
        work(1);
        level.set("debug").unwrap();
        work(2);
        assert!(level.set("loud").is_err());
        work(3);
        level.set("info").unwrap();
        work(4);
    });
    let seen: Vec<_> = combined.iter().map(|line| line["number"].as_u64().unwrap()).collect();
    assert_eq!(seen, [2, 2, 3, 3, 4]);
    assert_eq!(messages(&nms), ["detail", "detail"]);
}

#[test]
fn a_line_cannot_be_forged() {
    let [combined, ..] = logged("info", || {
        tracing::info!(title = "a\n{\"message\":\"forged\"}", "real");
    });
    assert_eq!(messages(&combined), ["real"]);
}

#[test]
fn words_that_are_no_level_are_refused() {
    for level in ["", "loud", "rtmp=loud", "rtmp"] {
        let error = Level::new(level).unwrap_err();
        assert!(error.to_string().starts_with("LOG_LEVEL"), "{level}");
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let settings = LogSettings {
        dir: Some("/dev/null/logs".into()),
        level: "info".into(),
        console: Console::Off,
    };
    let Err(error) = build(&settings) else { panic!("a directory in a device") };
    assert!(error.to_string().contains("/dev/null/logs"), "{error}");
}
