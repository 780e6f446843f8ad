//! What pages are told of streams: JSON for viewers, without any secret.

use media::codec::advice;
use media::{CodecConfig, TrackSet};
use serde::Serialize;
use stream::Listing;
use stream::control::{Description, StreamId};

/// `/live.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Live<'a> {
    pub(crate) streams: Vec<Card<'a>>,
}

/// A live stream in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Card<'a> {
    id: &'a str,
    title: &'a str,
    started_at: Option<String>,
    viewers: u64,
}

/// `/live/ID/status.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status<'a> {
    id: &'a str,
    title: &'a str,
    state: State,
    started_at: Option<String>,
    viewers: u64,
    video: Option<Video<'a>>,
    audio: Option<Audio<'a>>,
    /// What keeps viewers from seeing or hearing it, and what the streamer should change.
    advice: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Live,
    Offline,
    Unknown,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Video<'a> {
    codec: &'a str,
    codec_string: &'a str,
    width: u32,
    height: u32,
    frame_rate: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Audio<'a> {
    codec: &'a str,
    codec_string: &'a str,
    sample_rate: u32,
    channels: u8,
}

impl<'a> Card<'a> {
    pub(crate) fn of(listing: &'a Listing) -> Self {
        Self {
            id: listing.id.as_str(),
            title: &listing.title,
            started_at: iso(listing.started_ms),
            viewers: listing.stats.all_viewers(),
        }
    }
}

impl<'a> Status<'a> {
    /// Of a live stream; between two publishers it counts as live while its session lasts.
    pub(crate) fn live(listing: &'a Listing, mut advice: Vec<String>) -> Self {
        let tracks: &TrackSet = &listing.tracks;
        if listing.publisher.is_none() {
            advice.push("The publisher's connection is gone; waiting for its return.".into());
        }
        Self {
            id: listing.id.as_str(),
            title: &listing.title,
            state: State::Live,
            started_at: iso(listing.started_ms),
            viewers: listing.stats.all_viewers(),
            video: tracks.video().and_then(Video::of),
            audio: tracks.audio().and_then(Audio::of),
            advice,
        }
    }

    /// Of a stream that is not live.
    pub(crate) fn offline(id: &'a StreamId, known: Option<&'a Description>) -> Self {
        Self {
            id: id.as_str(),
            title: known.map_or("", |description| &description.title),
            state: if known.is_some() { State::Offline } else { State::Unknown },
            started_at: None,
            viewers: 0,
            video: None,
            audio: None,
            advice: Vec::new(),
        }
    }
}

impl<'a> Video<'a> {
    fn of(config: &'a CodecConfig) -> Option<Self> {
        let info = config.video()?;
        Some(Self {
            codec: config.name(),
            codec_string: &info.codec_string,
            width: info.width,
            height: info.height,
            frame_rate: info
                .frame_rate
                .map(|(count, per)| f64::from(count) / f64::from(per.max(1))),
        })
    }
}

impl<'a> Audio<'a> {
    fn of(config: &'a CodecConfig) -> Option<Self> {
        let info = config.audio()?;
        Some(Self {
            codec: config.name(),
            codec_string: &info.codec_string,
            sample_rate: info.sample_rate,
            channels: info.channels,
        })
    }
}

/// What the codecs of these tracks need to play in browsers.
pub(crate) fn codec_advice(tracks: &TrackSet) -> Vec<String> {
    let default = tracks.tracks.iter().filter(|track| track.id.is_default());
    let found = default.flat_map(|track| advice(&track.config));
    found.map(|advice| format!("{} {}", advice.problem, advice.remedy)).collect()
}

/// A Unix time in milliseconds as RFC 3339 in UTC; `None` for the time before a stream's first media.
fn iso(unix_ms: i64) -> Option<String> {
    (unix_ms > 0).then(|| hls::date_time(unix_ms))
}
