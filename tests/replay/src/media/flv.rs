use bytes::Bytes;
use media::codec::{Codec, nal};
use media::flv::{self, CodedFrame, Message, Reader, TagType};
use media::{CodecConfig, Frame, Kind, Timestamp, TrackSet};

use crate::input::{Input, pieces};

/// The body of one audio or video message, Enhanced RTMP included.
///
/// A configuration that was read is written, and read again as the same; so is a frame of it.
pub(crate) fn flv_message(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = if input.flag() { Kind::Video } else { Kind::Audio };
    message(kind, &Bytes::copy_from_slice(input.rest()));
}

/// An FLV file in pieces.
///
/// Where the file is cut changes nothing; the bodies are read like those of [`flv_message`].
pub(crate) fn flv_file(data: &[u8]) {
    const LIMIT: usize = 16 * 1024;
    let mut input = Input::new(data);
    let seed = input.u16();
    let file = input.rest();
    let (mut whole, mut cut) = (Vec::new(), Vec::new());
    let expected = Reader::new(LIMIT).push(file, &mut whole);
    let mut reader = Reader::new(LIMIT);
    let mut result = Ok(());
    for piece in pieces(file, seed) {
        result = reader.push(piece, &mut cut);
    }
    if !file.is_empty() {
        assert_eq!((result, &cut), (expected, &whole), "the cuts changed what was read");
    }
    for tag in whole {
        assert!(tag.body.len() <= LIMIT);
        match tag.tag_type {
            TagType::Video => message(Kind::Video, &tag.body),
            TagType::Audio => message(Kind::Audio, &tag.body),
            TagType::ScriptData => drop(media::metadata::parse(&tag.body)),
        }
    }
}

fn parse(kind: Kind, body: &Bytes) -> Result<Vec<Message>, flv::Error> {
    let mut out = Vec::new();
    let result = match kind {
        Kind::Video => flv::parse_video(body, &mut out),
        Kind::Audio => flv::parse_audio(body, &mut out),
    };
    assert!(result.is_ok() || out.is_empty(), "an error left messages behind");
    result.map(|()| out)
}

fn message(kind: Kind, body: &Bytes) {
    let Ok(messages) = parse(kind, body) else { return };
    assert!(messages.len() <= TrackSet::MAX_TRACKS);
    for message in messages {
        match message {
            Message::Config { track, length_size } => {
                assert_eq!((track.id.kind, track.config.kind()), (kind, kind));
                assert!((1..=4).contains(&length_size));
                if let Some(body) = flv::config_body(&track) {
                    let again = parse(kind, &body).expect("what was written is a message");
                    assert_eq!(again, [Message::Config { track, length_size: 4 }]);
                }
            }
            Message::Frame(coded) => frame(kind, &coded),
            Message::EndOfSequence(_) | Message::Ignored(_) => {}
        }
    }
}

fn frame(kind: Kind, coded: &CodedFrame) {
    assert!(!coded.data.is_empty() && coded.nano_offset < 1_000_000);
    for length_size in 1..=4 {
        let _ = nal::to_length_prefixed(&coded.data, length_size);
    }
    let config = config_of(coded.codec);
    let dts = Timestamp::from_millis(1_000_000);
    let frame = Frame {
        track: coded.track,
        dts,
        pts: dts + coded.composition,
        keyframe: coded.keyframe,
        data: coded.data.clone(),
    };
    let body = [&flv::frame_header(&config, &frame)[..], &frame.data].concat();
    let again = parse(kind, &body.into()).expect("what was written is a message");
    assert_eq!(again, [Message::Frame(CodedFrame { nano_offset: 0, ..coded.clone() })]);
}

/// A configuration of this codec; for a frame the writer asks for no more.
fn config_of(codec: Codec) -> CodecConfig {
    let record = Bytes::new();
    let (video, audio) = Default::default();
    match codec {
        Codec::H264 => CodecConfig::H264 { record, info: video },
        Codec::Hevc => CodecConfig::Hevc { record, info: video },
        Codec::Av1 => CodecConfig::Av1 { record, info: video },
        Codec::Vp9 => CodecConfig::Vp9 { record, info: video },
        Codec::Aac => CodecConfig::Aac { record, info: audio },
        Codec::Opus => CodecConfig::Opus { record, info: audio },
        Codec::Flac => CodecConfig::Flac { record, info: audio },
        Codec::Mp3 => CodecConfig::Mp3 { info: audio },
    }
}
