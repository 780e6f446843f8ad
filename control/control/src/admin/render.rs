use std::fmt::Write;

use store::{Secret, UtcTime};

use super::response::{Response, SessionView, SettingChange, StreamView, UserView};
use crate::StreamStats;

/// The answer as one JSON value by the API's field names, on several lines: an object, or an array for a
/// list.
pub fn render_json(response: &Response) -> String {
    let text = match response {
        Response::User(user) => serde_json::to_string_pretty(user),
        Response::Users(users) => serde_json::to_string_pretty(users),
        Response::Stream(stream) => serde_json::to_string_pretty(stream),
        Response::Streams(streams) => serde_json::to_string_pretty(streams),
        Response::Stats(stats) => serde_json::to_string_pretty(stats),
        Response::Sessions(sessions) => serde_json::to_string_pretty(sessions),
        Response::Removed(removed) => serde_json::to_string_pretty(removed),
        Response::Reloaded(reloaded) => serde_json::to_string_pretty(reloaded),
        Response::Fault(fault) => serde_json::to_string_pretty(fault),
    };
    text.expect("texts, numbers and booleans are valid JSON")
}

/// The answer for a person: lines without a trailing newline. Control characters of the database's
/// texts become `?`, so that they cannot drive the terminal.
pub fn render_text(response: &Response) -> String {
    match response {
        Response::User(user) => user_text(user),
        Response::Users(users) if users.is_empty() => "There are no users.".into(),
        Response::Users(users) => users_table(users),
        Response::Stream(stream) => stream_text(stream),
        Response::Streams(streams) if streams.is_empty() => "There are no streams.".into(),
        Response::Streams(streams) => streams_table(streams),
        Response::Stats(stats) => stats_text(stats),
        Response::Sessions(sessions) => sessions_table(sessions),
        Response::Removed(removed) => {
            let streams = match removed.streams.len() {
                0 => String::new(),
                1 => " and 1 stream".into(),
                count => format!(" and {count} streams"),
            };
            format!("Removed {}{streams}.", clean(&removed.removed))
        }
        Response::Reloaded(reloaded) if reloaded.changes.is_empty() => {
            "Nothing has changed.".into()
        }
        Response::Reloaded(reloaded) => changes_table(&reloaded.changes),
        Response::Fault(fault) => clean(&fault.detail),
    }
}

fn user_text(user: &UserView) -> String {
    let mut lines = vec![
        ("user", clean(&user.email)),
        ("name", clean(&user.name)),
        ("role", user.role.to_string()),
    ];
    if let Some(password) = &user.password {
        lines.push(("password", format!("{} (shown this once)", password.expose())));
    }
    pairs(&lines)
}

fn users_table(users: &[UserView]) -> String {
    let rows = users.iter().map(|user| {
        let state = if user.is_active { "active" } else { "locked" };
        let login = date(user.last_login);
        [clean(&user.email), clean(&user.name), user.role.to_string(), state.into(), login]
    });
    table(["EMAIL", "NAME", "ROLE", "STATE", "LAST LOGIN"], rows)
}

fn stream_text(stream: &StreamView) -> String {
    let mut lines = vec![
        ("stream", clean(&stream.id)),
        ("title", clean(&stream.title)),
        ("owner", clean(stream.owner.as_deref().unwrap_or_default())),
        ("status", status(stream)),
    ];
    let secret = |secret: &Option<Secret>| secret.as_ref().map(|text| clean(text.expose()));
    if let Some(key) = secret(&stream.stream_key) {
        lines.push(("server", stream.rtmp_server.clone().unwrap_or_default()));
        lines.push(("key", key));
    }
    let links = [
        ("publish", secret(&stream.rtmp_url)),
        ("WHIP", secret(&stream.whip_url)),
        ("watch", stream.watch_url.clone()),
        ("HLS", stream.hls_url.clone()),
        ("DASH", stream.dash_url.clone()),
        ("WHEP", stream.whep_url.clone()),
        ("FLV", stream.flv_url.clone()),
    ];
    lines.extend(links.into_iter().filter_map(|(name, link)| Some((name, link?))));
    pairs(&lines)
}

fn streams_table(streams: &[StreamView]) -> String {
    let rows = streams.iter().map(|stream| {
        let (id, title, owner) = (
            clean(&stream.id),
            clean(&stream.title),
            clean(stream.owner.as_deref().unwrap_or_default()),
        );
        [id, status(stream), title, owner, date(stream.started_at)]
    });
    table(["ID", "STATUS", "TITLE", "OWNER", "LAST START"], rows)
}

fn stats_text(stats: &StreamStats) -> String {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".into());
    let viewers = &stats.viewers;
    let most = viewers.limit.map_or_else(|| "no limit".into(), |limit| format!("at most {limit}"));
    let mut lines = vec![
        ("health", format!("{:?}", stats.health).to_lowercase()),
        ("since", date(stats.started_at)),
        (
            "publisher",
            or_none(stats.publisher.as_ref().map(|publisher| {
                format!(
                    "{} from {} since {}",
                    publisher.protocol, publisher.address, publisher.since
                )
            })),
        ),
        (
            "video",
            or_none(stats.video.as_ref().map(|video| {
                let (width, height) = (video.width, video.height);
                format!(
                    "{} ({}) {width}x{height}, {} frames/s",
                    video.codec, video.codec_string, video.frame_rate
                )
            })),
        ),
        (
            "audio",
            or_none(stats.audio.as_ref().map(|audio| {
                let (rate, channels) = (audio.sample_rate, audio.channels);
                format!("{} ({}) {rate} Hz, {channels} channels", audio.codec, audio.codec_string)
            })),
        ),
        ("bitrate", format!("{} kbit/s", stats.bitrate / 1000)),
        ("keyframes", or_none(stats.gop_ms.map(|ms| format!("{ms} ms apart")))),
        (
            "viewers",
            format!(
                "{} ({most}): {} HLS, {} RTMP, {} FLV, {} WebSocket-FLV; {} refused",
                viewers.total,
                viewers.hls,
                viewers.rtmp,
                viewers.flv,
                viewers.ws_flv,
                viewers.refused
            ),
        ),
        ("received", format!("{} bytes", stats.bytes_in)),
        ("sent", format!("{} bytes", stats.bytes_out)),
        ("missed", format!("{} frames in {} skips", stats.dropped_frames, stats.skips)),
        ("home", format!("shard {}", stats.home)),
    ];
    lines.extend(stats.issues.iter().map(|issue| ("note", issue.detail.clone())));
    pairs(&lines)
}

fn sessions_table(sessions: &[SessionView]) -> String {
    let rows = sessions.iter().map(|session| {
        let bytes = session.bytes.map_or_else(|| "-".into(), |bytes| bytes.to_string());
        [
            session.id.clone(),
            session.kind.clone(),
            session.protocol.clone(),
            session.address.to_string(),
            session.since.to_string(),
            bytes,
            session.skips.to_string(),
            clean(session.user_agent.as_deref().unwrap_or("-")),
        ]
    });
    table(["SESSION", "KIND", "PROTOCOL", "ADDRESS", "SINCE", "BYTES", "SKIPS", "PROGRAM"], rows)
}

fn changes_table(changes: &[SettingChange]) -> String {
    let rows = changes.iter().map(|change| {
        let SettingChange { name, from, to, takes_effect } = change;
        [clean(name), clean(from), clean(to), clean(takes_effect)]
    });
    table(["SETTING", "FROM", "TO", "TAKES EFFECT"], rows)
}

fn status(stream: &StreamView) -> String {
    let disabled = if stream.disabled == Some(true) { ", disabled" } else { "" };
    format!("{}{disabled}", stream.status.as_str())
}

fn date(time: Option<UtcTime>) -> String {
    time.map_or_else(|| "never".into(), |time| time.to_string())
}

fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn pairs(lines: &[(&str, String)]) -> String {
    let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name:<9} {value}")).collect();
    lines.join("\n")
}

/// Columns as wide as their widest cell; the last one ends where its text ends.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut all = vec![head.map(str::to_owned)];
    all.extend(rows);
    let width =
        |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        line.trim_end().to_owned()
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}
