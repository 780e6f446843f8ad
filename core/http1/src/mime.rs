//! Media types of what we serve.

/// HLS playlists (RFC 8216 section 10).
pub const M3U8: &str = "application/vnd.apple.mpegurl";
/// DASH manifests.
pub const MPD: &str = "application/dash+xml";
/// MP4 and CMAF with pictures.
pub const VIDEO_MP4: &str = "video/mp4";
/// MP4 and CMAF with sound only.
pub const AUDIO_MP4: &str = "audio/mp4";
/// MPEG transport streams.
pub const MPEG_TS: &str = "video/mp2t";
/// HTTP-FLV.
pub const FLV: &str = "video/x-flv";
/// Pages.
pub const HTML: &str = "text/html; charset=utf-8";
/// JSON.
pub const JSON: &str = "application/json";
/// Problem documents (RFC 9457).
pub const PROBLEM: &str = "application/problem+json";
/// Session descriptions (WHIP and WHEP).
pub const SDP: &str = "application/sdp";
/// Text.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// Bytes of no known kind.
pub const BYTES: &str = "application/octet-stream";

/// The type of a file by its name's extension, in any case; [`BYTES`] when it is none of ours. An MP4
/// that holds sound only is [`AUDIO_MP4`], which its name cannot tell unless it ends in `.m4a`.
pub fn for_name(name: &str) -> &'static str {
    let Some((_, extension)) = name.rsplit_once('.') else { return BYTES };
    let mut lower = [0; 11];
    let Some(lower) = lower.get_mut(..extension.len()) else { return BYTES };
    lower.copy_from_slice(extension.as_bytes());
    lower.make_ascii_lowercase();
    match &*lower {
        b"m3u8" => M3U8,
        b"mpd" => MPD,
        b"mp4" | b"m4s" | b"m4v" => VIDEO_MP4,
        b"m4a" => AUDIO_MP4,
        b"ts" => MPEG_TS,
        b"flv" => FLV,
        b"html" => HTML,
        b"js" | b"mjs" => "text/javascript; charset=utf-8",
        b"css" => "text/css; charset=utf-8",
        b"json" | b"map" => JSON,
        b"svg" => "image/svg+xml",
        b"jpg" | b"jpeg" => "image/jpeg",
        b"png" => "image/png",
        b"webp" => "image/webp",
        b"ico" => "image/x-icon",
        b"vtt" => "text/vtt; charset=utf-8",
        b"sdp" => SDP,
        b"txt" => TEXT,
        b"wasm" => "application/wasm",
        b"woff2" => "font/woff2",
        b"webmanifest" => "application/manifest+json",
        _ => BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_types_that_players_expect() {
        for (name, expected) in [
            ("index.m3u8", "application/vnd.apple.mpegurl"),
            ("manifest.MPD", "application/dash+xml"),
            ("v-3-17.m4s", "video/mp4"),
            ("a.m4a", "audio/mp4"),
            ("x.flv", "video/x-flv"),
            ("app.js", "text/javascript; charset=utf-8"),
            ("app.webmanifest", "application/manifest+json"),
            ("storyboard.vtt", "text/vtt; charset=utf-8"),
            ("thumbnail.jpg", "image/jpeg"),
            ("noextension", BYTES),
            ("x.averylongextension", BYTES),
            ("x.", BYTES),
        ] {
            assert_eq!(for_name(name), expected, "{name}");
        }
    }
}
