//! The whole module against bodies that ffmpeg wrote, and against itself.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::codec::fixtures::{self, bytes};
use crate::codec::{Codec, aac, mp3, parse};
use crate::{CodecConfig, Frame, Kind, Timestamp, Track, TrackId};

fn video(hex: &str) -> Result<Vec<Message>, Error> {
    let mut out = Vec::new();
    parse_video(&bytes(hex), &mut out).map(|()| out)
}

fn audio(hex: &str) -> Result<Vec<Message>, Error> {
    let mut out = Vec::new();
    parse_audio(&bytes(hex), &mut out).map(|()| out)
}

fn config(codec: Codec) -> CodecConfig {
    let record = match codec {
        Codec::H264 => fixtures::AVCC_180P,
        Codec::Hevc => fixtures::HVCC_180P,
        Codec::Av1 => fixtures::AV1C_180P,
        Codec::Vp9 => fixtures::VPCC,
        Codec::Aac => "1190",
        Codec::Opus => fixtures::DOPS,
        Codec::Flac => fixtures::DFLA,
        Codec::Mp3 => "fffb9064",
    };
    parse(codec, &bytes(record)).unwrap()
}

fn frame_of(message: &Message) -> &CodedFrame {
    match message {
        Message::Frame(frame) => frame,
        other => panic!("not a frame: {other:?}"),
    }
}

fn assert_config(messages: &[Message], id: TrackId, codec: Codec) {
    let track = Track { id, config: config(codec) };
    assert_eq!(messages, [Message::Config { track, length_size: 4 }]);
}

#[test]
fn legacy_h264_is_read() {
    let start = format!("1700000000{}", fixtures::AVCC_180P);
    assert_config(&video(&start).unwrap(), TrackId::video(0), Codec::H264);

    let body = bytes("2701000085000000020941");
    let mut out = Vec::new();
    parse_video(&body, &mut out).unwrap();
    let frame = frame_of(&out[0]);
    assert_eq!((frame.codec, frame.keyframe), (Codec::H264, false));
    assert_eq!(frame.composition, Timestamp::from_millis(133));
    assert_eq!(frame.data.as_ptr(), body[5..].as_ptr());

    let negative = video("1701ffffdf0000000165").unwrap();
    assert_eq!(frame_of(&negative[0]).composition, Timestamp::from_millis(-33));
    assert!(frame_of(&negative[0]).keyframe);
    assert_eq!(video("1702000000").unwrap(), [Message::EndOfSequence(TrackId::video(0))]);
    assert_eq!(video("1702").unwrap(), [Message::EndOfSequence(TrackId::video(0))]);
}

#[test]
fn hevc_under_the_unofficial_number_is_read() {
    let start = format!("1c00000000{}", fixtures::HVCC_180P);
    assert_config(&video(&start).unwrap(), TrackId::video(0), Codec::Hevc);
    let frame = video("2c0100002100000002020a").unwrap();
    assert_eq!(frame_of(&frame[0]).codec, Codec::Hevc);
    assert_eq!(frame_of(&frame[0]).composition, Timestamp::from_millis(33));
}

#[test]
fn enhanced_sequence_starts_that_ffmpeg_writes_are_read() {
    let record = |record| format!("90{record}");
    let id = TrackId::video(0);
    let hevc = record("68766331".to_owned() + fixtures::HVCC_180P);
    assert_config(&video(&hevc).unwrap(), id, Codec::Hevc);
    let av1 = record("61763031".to_owned() + fixtures::AV1C_180P);
    assert_config(&video(&av1).unwrap(), id, Codec::Av1);
    let vp9 = record("76703039".to_owned() + fixtures::VPCC);
    assert_config(&video(&vp9).unwrap(), id, Codec::Vp9);
    // libaom's has no content.
    assert!(matches!(video("9061763031").unwrap()[..], [Message::Ignored(_)]));

    let id = TrackId::audio(0);
    let opus = record("4f707573".to_owned() + fixtures::OPUS_HEAD);
    assert_config(&audio(&opus).unwrap(), id, Codec::Opus);
    let flac = record("664c6143".to_owned() + fixtures::FLAC_STREAM_INFO);
    assert!(matches!(audio(&flac).unwrap()[..], [Message::Config { .. }]));
    // ffmpeg's channel layout, Ogg's comments.
    assert!(matches!(audio("944f707573010200000003").unwrap()[..], [Message::Ignored(_)]));
    assert!(matches!(audio("904f7075734f70757354616773").unwrap()[..], [Message::Ignored(_)]));
}

#[test]
fn composition_times_stand_where_the_packet_type_says() {
    let with = video("916876633100004300000002 0a0b".replace(' ', "").as_str()).unwrap();
    assert_eq!(frame_of(&with[0]).composition, Timestamp::from_millis(67));
    assert_eq!(&frame_of(&with[0]).data[..], [0, 0, 0, 2, 10, 11]);
    let without = video("a368766331000000020a0b").unwrap();
    assert_eq!(frame_of(&without[0]).composition, Timestamp::ZERO);
    assert!(!frame_of(&without[0]).keyframe);
    let av1 = video("91617630311200").unwrap();
    assert_eq!(&frame_of(&av1[0]).data[..], [0x12, 0]);
    assert!(matches!(video("91687663310000"), Err(Error::Truncated { .. })));
}

#[test]
fn one_track_of_many_is_read_as_ffmpeg_writes_it() {
    let start = format!("96006876633101{}", fixtures::HVCC_180P);
    assert_config(&video(&start).unwrap(), TrackId::video(1), Codec::Hevc);
    let frame = video("9601687663310100004300000001 2a".replace(' ', "").as_str()).unwrap();
    assert_eq!(frame_of(&frame[0]).track, TrackId::video(1));
    assert_eq!(frame_of(&frame[0]).composition, Timestamp::from_millis(67));
}

#[test]
fn a_message_of_many_tracks_gives_one_message_each() {
    // Two Opus tracks; then an Opus and an AAC one.
    let same = audio("95114f7075730000000 2fc0102000001fd".replace(' ', "").as_str()).unwrap();
    assert_eq!(same.len(), 2);
    assert_eq!((frame_of(&same[0]).track, &frame_of(&same[0]).data[..]), track(0, &[0xfc, 1]));
    assert_eq!((frame_of(&same[1]).track, &frame_of(&same[1]).data[..]), track(2, &[0xfd]));
    let mixed = audio("95214f70757300000001fc6d703461010000022100").unwrap();
    assert_eq!(frame_of(&mixed[0]).codec, Codec::Opus);
    assert_eq!(
        (frame_of(&mixed[1]).track, frame_of(&mixed[1]).codec),
        (TrackId::audio(1), Codec::Aac)
    );
}

fn track(number: u8, data: &[u8]) -> (TrackId, &[u8]) {
    (TrackId::audio(number), data)
}

#[test]
fn a_broken_multitrack_message_leaves_nothing_behind() {
    for body in [
        // The second track is cut short, has an unknown codec, nests, or is one too many.
        "95114f70757300000001fc0200000500".to_owned(),
        "95214f70757300000001fc7878787801000001ff".to_owned(),
        "95154f70757300".to_owned(),
        "95114f707573".to_owned() + &"00000001fc".repeat(9),
    ] {
        let mut out = vec![Message::Ignored("before")];
        assert!(parse_audio(&bytes(&body), &mut out).is_err(), "{body}");
        assert_eq!(out.len(), 1);
    }
}

#[test]
fn modifiers_are_read_and_unknown_ones_passed_over() {
    // TimestampOffsetNano of 500000, then a modifier of type 3, then a frame.
    let body = "9702 07a120 07 0000 31 4f707573 fc".replace(' ', "");
    let read = audio(&body).unwrap();
    assert_eq!(frame_of(&read[0]).nano_offset, 500_000);
    assert_eq!(&frame_of(&read[0]).data[..], [0xfc]);
    let long = "97 ff 0100".replace(' ', "") + &"00".repeat(257) + "31" + "4f707573fc";
    assert_eq!(frame_of(&audio(&long).unwrap()[0]).nano_offset, 0);
    assert!(audio("97020000").is_err());
}

#[test]
fn legacy_audio_is_read() {
    let start = audio("af001190").unwrap();
    assert_config(&start, TrackId::audio(0), Codec::Aac);
    let frame = audio("af012100").unwrap();
    assert_eq!((frame_of(&frame[0]).codec, frame_of(&frame[0]).keyframe), (Codec::Aac, true));
    let mp3 = audio("2ffffb9064").unwrap();
    assert_eq!(frame_of(&mp3[0]).codec, Codec::Mp3);
    assert_eq!(mp3::parse(&frame_of(&mp3[0]).data).unwrap(), config(Codec::Mp3));
}

#[test]
fn messages_without_content_are_ignored() {
    for read in [audio(""), audio("af01"), audio("2f")] {
        assert!(matches!(read.unwrap()[..], [Message::Ignored(_)]));
    }
    // Nothing, an empty frame, a legacy command, ffmpeg's colour metadata, an enhanced command.
    for read in
        [video(""), video("2701000000"), video("5700"), video("d4687663310200"), video("d100")]
    {
        assert!(matches!(read.unwrap()[..], [Message::Ignored(_)]));
    }
}

#[test]
fn other_codecs_are_refused_by_name() {
    for (error, name) in [
        (video("22").unwrap_err(), "Sorenson"),
        (video("9076703038").unwrap_err(), "VP8"),
        (video("907a7a7a7a").unwrap_err(), "zzzz"),
        (video("9061633d33").unwrap_err(), "ac=3"),
        (video("9561763031").unwrap_err(), "MPEG-2 TS"),
        (audio("b2").unwrap_err(), "Speex"),
        (audio("7a").unwrap_err(), "A-law"),
        (audio("9061632d33").unwrap_err(), "AC-3"),
        (audio("9065632d33").unwrap_err(), "E-AC-3"),
        (audio("9061766331").unwrap_err(), "avc1"),
    ] {
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn the_header_of_a_frame_is_as_short_as_the_codec_allows() {
    let frame = |track, pts| Frame {
        track,
        dts: Timestamp::from_millis(40),
        pts: Timestamp::from_millis(pts),
        keyframe: true,
        data: Bytes::new(),
    };
    let header = |codec, track, pts| frame_header(&config(codec), &frame(track, pts)).to_vec();
    let (video, audio) = (TrackId::video(0), TrackId::audio(0));
    assert_eq!(header(Codec::H264, video, 73), [0x17, 1, 0, 0, 33]);
    assert_eq!(header(Codec::Hevc, video, 40), b"\x93hvc1");
    assert_eq!(header(Codec::Hevc, video, 73), b"\x91hvc1\0\0\x21");
    assert_eq!(header(Codec::Av1, video, 40), b"\x91av01");
    assert_eq!(header(Codec::Hevc, TrackId::video(1), 41), b"\x96\x01hvc1\x01\0\0\x01");
    assert_eq!(header(Codec::Aac, audio, 40), [0xaf, 1]);
    assert_eq!(header(Codec::Mp3, audio, 40), [0x2f]);
    assert_eq!(header(Codec::Opus, audio, 40), b"\x91Opus");
    assert_eq!(header(Codec::Aac, TrackId::audio(2), 40), b"\x95\x01mp4a\x02");
}

#[test]
fn a_timestamp_over_24_bits_has_its_top_byte_in_the_extension() {
    let header = tag_header(TagType::Video, 0x0102_0304, 0x000a_0b0c);
    assert_eq!(header, [9, 0x0a, 0x0b, 0x0c, 2, 3, 4, 1, 0, 0, 0]);
    assert_eq!(previous_tag_size(5), [0, 0, 0, 16]);
    assert_eq!(file_header(true, true)[..5], *b"FLV\x01\x05");
}

#[test]
fn the_reader_refuses_what_is_no_flv_and_what_is_too_long() {
    let mut out = Vec::new();
    assert!(matches!(Reader::default().push(b"FLx", &mut out), Err(Error::NotFlv { .. })));
    let mut reader = Reader::new(10);
    reader.push(&file_header(false, true), &mut out).unwrap();
    let long = reader.push(&tag_header(TagType::Video, 0, 11), &mut out);
    assert_eq!(long, Err(Error::TagTooLong { len: 11, limit: 10 }));
    assert_eq!(reader.push(&[0; 100], &mut out), long);
    assert!(out.is_empty());
}

fn any_codec() -> impl Strategy<Value = Codec> {
    prop::sample::select(vec![
        Codec::H264,
        Codec::Hevc,
        Codec::Av1,
        Codec::Vp9,
        Codec::Aac,
        Codec::Opus,
        Codec::Flac,
        Codec::Mp3,
    ])
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        codec in any_codec(),
        number in 0_u8..8,
        dts in 0_i64..1_000_000,
        offset in 0_i64..10_000,
        keyframe: bool,
        data in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let config = config(codec);
        let kind = config.kind();
        let id = TrackId { kind, number };
        let has_composition = matches!(codec, Codec::H264 | Codec::Hevc);
        let offset = if has_composition { offset } else { 0 };
        let frame = Frame {
            track: id,
            dts: Timestamp::from_millis(dts),
            pts: Timestamp::from_millis(dts + offset),
            keyframe: keyframe || kind == Kind::Audio,
            data: data.into(),
        };
        let read = match kind {
            Kind::Video => parse_video,
            Kind::Audio => parse_audio,
        };
        let body = Bytes::from([&frame_header(&config, &frame)[..], &frame.data].concat());
        let mut out = Vec::new();
        read(&body, &mut out).unwrap();
        let expected = CodedFrame {
            track: id,
            codec,
            composition: Timestamp::from_millis(offset),
            nano_offset: 0,
            keyframe: frame.keyframe,
            data: frame.data,
        };
        prop_assert_eq!(&out[..], [Message::Frame(expected)]);

        let track = Track { id, config };
        if let Some(body) = config_body(&track) {
            out.clear();
            read(&body, &mut out).unwrap();
            prop_assert_eq!(&out[..], [Message::Config { track, length_size: 4 }]);
        } else {
            prop_assert_eq!(codec, Codec::Mp3);
        }
    }

    #[test]
    fn random_bodies_never_panic(mut body: Vec<u8>, first: u8, ex in 0_usize..8) {
        let codecs = [b"avc1", b"hvc1", b"av01", b"vp09", b"mp4a", b"Opus", b"fLaC", b".mp3"];
        let mut out = Vec::new();
        let _ = parse_video(&Bytes::from(body.clone()), &mut out);
        let _ = parse_audio(&Bytes::from(body.clone()), &mut out);
        body.splice(0..0, [&[first][..], codecs[ex]].concat());
        let body = Bytes::from(body);
        let _ = parse_video(&body, &mut out);
        let _ = parse_audio(&body, &mut out);
        for message in &out {
            if let Message::Config { track, .. } = message {
                prop_assert!(config_body(track).is_some());
            }
        }
    }

    #[test]
    fn a_file_reads_the_same_however_it_is_cut(
        tags in prop::collection::vec((0_usize..3, any::<u32>(), prop::collection::vec(any::<u8>(), 0..40)), 0..12),
        size in 1_usize..50,
    ) {
        let types = [TagType::Audio, TagType::Video, TagType::ScriptData];
        let mut file = file_header(true, true).to_vec();
        let mut expected = Vec::new();
        for (kind, timestamp_ms, body) in tags {
            let tag_type = types[kind];
            file.extend_from_slice(&tag_header(tag_type, timestamp_ms, body.len()));
            file.extend_from_slice(&body);
            file.extend_from_slice(&previous_tag_size(body.len()));
            expected.push(Tag { tag_type, timestamp_ms, body: body.into() });
        }
        let mut reader = Reader::default();
        let mut out = Vec::new();
        for piece in file.chunks(size) {
            reader.push(piece, &mut out).unwrap();
        }
        prop_assert_eq!(out, expected);
    }

    #[test]
    fn random_files_never_panic(pieces: Vec<Vec<u8>>) {
        let mut reader = Reader::new(1000);
        let mut out = Vec::new();
        let _ = reader.push(&file_header(true, true), &mut out);
        for piece in pieces {
            let _ = reader.push(&piece, &mut out);
        }
    }
}

#[test]
fn the_built_in_encoders_configuration_passes_as_a_sequence_header() {
    let record = aac::asc(48_000, 2).unwrap();
    let track = Track { id: TrackId::audio(0), config: aac::parse(&record).unwrap() };
    assert_eq!(config_body(&track).unwrap(), [&[0xaf, 0][..], &record].concat());
}
