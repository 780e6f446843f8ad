use std::ops::Deref;

use bytes::{BufMut, Bytes, BytesMut};

use super::{FourCc, audio, video};
use crate::codec::{Codec, flac, opus};
use crate::{CodecConfig, Frame, Kind, Track, TrackId};

/// The bytes of a tag's body that stand before a frame's own, held in place: no allocation, so that
/// header and frame can be written by one gathered write. Dereferences to the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagHeader {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

impl TagHeader {
    /// The most bytes: a further track of HEVC with a composition time.
    pub const MAX_LEN: usize = 10;

    const EMPTY: Self = Self { bytes: [0; Self::MAX_LEN], len: 0 };

    fn put(&mut self, bytes: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u8;
    }
}

impl Deref for TagHeader {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// What stands before `frame.data` in the body of the frame's tag or message.
///
/// The default tracks of H.264, AAC and MP3 are written in the legacy form, everything else in
/// Enhanced RTMP's. The composition time is what takes the decoding time in whole milliseconds to
/// the presentation time in whole milliseconds; it is clamped to its 24 bits (2.3 hours).
pub fn frame_header(config: &CodecConfig, frame: &Frame) -> TagHeader {
    let mut header = TagHeader::EMPTY;
    let codec = Codec::of(config);
    let legacy = frame.track.is_default();
    match (config.kind(), codec) {
        (Kind::Video, Codec::H264) if legacy => {
            header.put(&[frame_type(frame.keyframe) << 4 | video::AVC, video::CODED_FRAMES]);
            header.put(&composition(frame));
        }
        (Kind::Video, _) => {
            let has_composition = matches!(codec, Codec::H264 | Codec::Hevc);
            let time = composition(frame);
            let packet_type = if has_composition && time == [0; 3] {
                video::CODED_FRAMES_X
            } else {
                video::CODED_FRAMES
            };
            put_enhanced_video(&mut header, frame.track, frame.keyframe, packet_type, codec);
            if has_composition && packet_type == video::CODED_FRAMES {
                header.put(&time);
            }
        }
        (Kind::Audio, Codec::Aac) if legacy => {
            header.put(&[sound_format(config), audio::CODED_FRAMES]);
        }
        (Kind::Audio, Codec::Mp3) if legacy => header.put(&[sound_format(config)]),
        (Kind::Audio, _) => {
            put_enhanced_audio(&mut header, frame.track, audio::CODED_FRAMES, codec);
        }
    }
    header
}

/// The body of the tag or message that begins a track: its sequence header. `None` for MP3, which
/// has none.
pub fn config_body(track: &Track) -> Option<Bytes> {
    let config = &track.config;
    let codec = Codec::of(config);
    let legacy = track.id.is_default();
    let mut header = TagHeader::EMPTY;
    match (config.kind(), codec) {
        (_, Codec::Mp3) => return None,
        (Kind::Video, Codec::H264) if legacy => {
            header.put(&[video::KEYFRAME << 4 | video::AVC, video::SEQUENCE_START, 0, 0, 0]);
        }
        (Kind::Video, _) => {
            put_enhanced_video(&mut header, track.id, true, video::SEQUENCE_START, codec);
        }
        (Kind::Audio, Codec::Aac) if legacy => {
            header.put(&[sound_format(config), audio::SEQUENCE_START]);
        }
        (Kind::Audio, _) => put_enhanced_audio(&mut header, track.id, audio::SEQUENCE_START, codec),
    }
    let record = match config {
        CodecConfig::Opus { record, .. } => opus::id_header(record),
        CodecConfig::Flac { record, .. } => {
            flac::stream_info(record).map(|block| record.slice_ref(block)).unwrap_or_default()
        }
        _ => config.record(),
    };
    let mut body = BytesMut::with_capacity(header.len() + record.len());
    body.put_slice(&header);
    body.put_slice(&record);
    Some(body.freeze())
}

fn put_enhanced_video(
    header: &mut TagHeader,
    track: TrackId,
    keyframe: bool,
    packet_type: u8,
    codec: Codec,
) {
    let first = 0x80 | frame_type(keyframe) << 4;
    if track.is_default() {
        header.put(&[first | packet_type]);
    } else {
        header.put(&[first | video::MULTITRACK, packet_type]);
    }
    put_codec_and_track(header, track, codec);
}

fn put_enhanced_audio(header: &mut TagHeader, track: TrackId, packet_type: u8, codec: Codec) {
    let first = audio::ENHANCED << 4;
    if track.is_default() {
        header.put(&[first | packet_type]);
    } else {
        header.put(&[first | audio::MULTITRACK, packet_type]);
    }
    put_codec_and_track(header, track, codec);
}

/// Behind a multitrack packet type the high bits that would name the form are 0: one track.
fn put_codec_and_track(header: &mut TagHeader, track: TrackId, codec: Codec) {
    header.put(&FourCc::of(codec).0);
    if !track.is_default() {
        header.put(&[track.number]);
    }
}

const fn frame_type(keyframe: bool) -> u8 {
    if keyframe { video::KEYFRAME } else { 2 }
}

/// The first byte of a legacy audio body. For AAC it is constant, players read the configuration;
/// for MP3 it tells rate and channels as far as its fields go.
fn sound_format(config: &CodecConfig) -> u8 {
    let CodecConfig::Mp3 { info } = config else {
        return audio::AAC << 4 | 0xf;
    };
    let rate = match info.sample_rate {
        ..8001 => 0,
        8001..16_538 => 1,
        16_538..33_075 => 2,
        33_075.. => 3,
    };
    audio::MP3 << 4 | rate << 2 | 2 | u8::from(info.channels > 1)
}

fn composition(frame: &Frame) -> [u8; 3] {
    const MAX: i64 = (1 << 23) - 1;
    let millis = (frame.pts.millis() - frame.dts.millis()).clamp(-MAX - 1, MAX);
    let [_, high, middle, low] = (millis as i32).to_be_bytes();
    [high, middle, low]
}
