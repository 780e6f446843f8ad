//! One function for every parser and state machine that reads what a stranger sent: it takes any
//! bytes, makes the most of them, and panics when a promise is broken.
//!
//! The fuzzers in `tests/fuzz` call these functions, and the test of this crate runs them over every
//! input that the fuzzers have collected, so that `cargo test` replays all that was ever found.

mod config;
mod hls;
mod http1;
mod input;
mod media;
mod rtmp;
mod stamp;
mod stream;

/// A target: any bytes in, a panic when a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus and of its fuzzer.
pub const fn targets() -> &'static [(&'static str, Target)] {
    &[
        ("amf0", media::amf0),
        ("codec_record", media::codec_record),
        ("config_build", config::config_build),
        ("config_dotenv", config::config_dotenv),
        ("config_toml", config::config_toml),
        ("flv_file", media::flv_file),
        ("flv_message", media::flv_message),
        ("hls_names", hls::hls_names),
        ("hls_stream", hls::hls_stream),
        ("http_body", http1::http_body),
        ("http_request", http1::http_request),
        ("in_band", media::in_band),
        ("metadata", media::metadata),
        ("nal", media::nal),
        ("rtmp_client", rtmp::rtmp_client),
        ("rtmp_handshake", rtmp::rtmp_handshake),
        ("rtmp_server", rtmp::rtmp_server),
        ("stamp", stamp::stamp),
        ("stream_log", stream::stream_log),
        ("timeline", stream::timeline),
        ("websocket", http1::websocket),
    ]
}

/// Runs the target with this name.
pub fn run(name: &str, data: &[u8]) {
    let found = targets().iter().find(|(known, _)| *known == name);
    let (_, target) = found.expect("a fuzzer is named after its target");
    target(data);
}
