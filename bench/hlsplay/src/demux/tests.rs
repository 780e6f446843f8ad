use proptest::prelude::*;

use super::*;

const MP4: &[u8] = include_bytes!("../../tests/fixtures/muxed.mp4");
const TS: &[u8] = include_bytes!("../../tests/fixtures/nginx.ts");

/// Video, key frame, 90 kHz ticks, the head.
type Unit = (bool, bool, i64, Vec<u8>);

/// The units of one resource, with the input cut into pieces of these sizes.
fn read(demuxer: &mut Demuxer, input: &[u8], cuts: &[usize]) -> Result<Vec<Unit>, DemuxError> {
    let mut units = Vec::new();
    let mut out = |unit: AccessUnit<'_>| {
        units.push((unit.video, unit.keyframe, unit.dts.ticks(), unit.head.to_vec()));
    };
    let (mut rest, mut cuts) = (input, cuts.iter().copied().cycle());
    demuxer.begin();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cuts.next().unwrap_or(usize::MAX).min(rest.len()));
        demuxer.feed(piece, &mut out)?;
        rest = after;
    }
    demuxer.end(&mut out);
    Ok(units)
}

fn fresh(input: &[u8], cuts: &[usize]) -> Result<Vec<Unit>, DemuxError> {
    read(&mut Demuxer::default(), input, cuts)
}

#[test]
fn fragmented_mp4_gives_what_its_encoder_put_in() {
    let units = fresh(MP4, &[]).unwrap();
    let video: Vec<_> = units.iter().filter(|unit| unit.0).collect();
    let audio: Vec<_> = units.iter().filter(|unit| !unit.0).collect();
    assert_eq!((video.len(), audio.len()), (25, 48));
    for (index, (_, keyframe, dts, head)) in video.iter().enumerate() {
        assert_eq!((*keyframe, *dts), (index % 10 == 0, index as i64 * 3_600));
        assert!(!head.is_empty() && head.len() <= HEAD);
    }
    // The sizes of the first samples as ffprobe tells them; the first holds x264's SEI message.
    let sizes: Vec<usize> = video.iter().map(|unit| unit.3.len()).take(6).collect();
    assert_eq!(sizes, [1803, 344, 168, 94, 378, 173]);
    assert!(video[0].3.windows(4).any(|four| four == b"x264"));
    assert!(audio.iter().zip(0..).all(|(unit, index)| unit.2 == index * 1_920 && unit.1));
}

#[test]
fn a_transport_stream_gives_what_its_encoder_put_in() {
    let units = fresh(TS, &[]).unwrap();
    let video: Vec<_> = units.iter().filter(|unit| unit.0).collect();
    assert_eq!((video.len(), units.len() - video.len()), (25, 7));
    for (index, (_, keyframe, dts, head)) in video.iter().enumerate() {
        assert_eq!((*keyframe, *dts), (index == 0, 783_000 + index as i64 * 3_600));
        assert!(head.starts_with(&[0, 0, 0, 1]));
    }
    let audio: Vec<i64> = units.iter().filter(|unit| !unit.0).map(|unit| unit.2).collect();
    assert_eq!(audio[0], 778_660);
    assert!(audio.is_sorted());
}

#[test]
fn segments_follow_an_initialization_section_of_their_own_resource() {
    let (init, segment) = MP4.split_at(1372);
    let mut demuxer = Demuxer::default();
    assert_eq!(read(&mut demuxer, init, &[]), Ok(vec![]));
    for _ in 0..2 {
        assert_eq!(read(&mut demuxer, segment, &[]), fresh(MP4, &[]));
    }
    assert!(matches!(fresh(segment, &[]), Err(DemuxError::Mp4(what)) if what.contains("declares")));
}

#[test]
fn a_resource_that_broke_off_leaves_no_trace_in_the_next() {
    for (whole, cut) in [(MP4, 9_000), (TS, 9_000)] {
        let mut demuxer = Demuxer::default();
        demuxer.begin();
        demuxer.feed(&whole[..cut], &mut |_| {}).unwrap();
        let expected: Vec<_> = fresh(whole, &[]).unwrap();
        assert_eq!(read(&mut demuxer, whole, &[]).unwrap(), expected);
    }
}

#[test]
fn long_units_are_given_by_their_head() {
    // The second half of the first sample's bytes belongs to its head only as far as it fits.
    let units = fresh(MP4, &[512]).unwrap();
    assert_eq!(units, fresh(MP4, &[]).unwrap());
    let mut head = head::Head::default();
    head.push(&[1; HEAD - 1]);
    assert_eq!(head.with(&[2; 9]).len(), HEAD);
}

#[test]
fn other_resources_are_named_as_such() {
    for other in [&b"ID3\x04"[..], b"\xff\xf1", b"WEBVTT", b"<html>"] {
        assert_eq!(fresh(other, &[]), Err(DemuxError::UnknownFormat));
    }
    let error = fresh(&[0, 0, 0, 4, b'm', b'o', b'o', b'v'], &[]);
    assert_eq!(error, Err(DemuxError::Mp4("a box is shorter than its header")));
    assert_eq!(fresh(&[0; 700], &[]), Err(DemuxError::Mp4("a box has no type")));
    let error = fresh(&[0, 0x20, 0, 0, b'm', b'o', b'o', b'v'], &[]);
    assert_eq!(error, Err(DemuxError::Mp4("a moov or moof box is too long")));
    let noise = [vec![SYNC_BYTE], vec![0; 20_000]].concat();
    assert!(matches!(fresh(&noise, &[]), Err(DemuxError::Ts(_))));
}

const SYNC_BYTE: u8 = 0x47;

#[test]
fn a_clock_of_33_bits_is_unrolled() {
    // One PES packet of four bytes in each packet, a second before and after the wrap.
    let mut demuxer = Demuxer::default();
    let tables = &TS[..2 * 188];
    let mut found = Vec::new();
    for ticks in [(1_i64 << 33) - 90_000, 0, 90_000] {
        let segment = [tables, &pes(ticks)].concat();
        found.extend(read(&mut demuxer, &segment, &[]).unwrap().into_iter().map(|unit| unit.2));
    }
    assert_eq!(found, [(1 << 33) - 90_000, 1 << 33, (1 << 33) + 90_000]);
}

/// A packet of the fixture's video with a PES packet that has only a PTS.
fn pes(pts: i64) -> Vec<u8> {
    let pts = [
        0x21 | (pts >> 29 & 0x0e) as u8,
        (pts >> 22) as u8,
        (pts >> 14) as u8 | 1,
        (pts >> 7) as u8,
        (pts << 1) as u8 | 1,
    ];
    let pes = [&[0, 0, 1, 0xe0, 0, 12, 0x80, 0x80, 5][..], &pts, &[0, 0, 1, 0x65]].concat();
    let stuffing = 184 - 1 - pes.len();
    let mut packet = vec![0x47, 0x41, 0, 0x30, stuffing as u8, 0];
    packet.extend(vec![0xff; stuffing - 1]);
    packet.extend(pes);
    packet
}

/// A few bytes of a fixture overwritten.
fn damaged(fixture: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let hits = prop::collection::vec((0..fixture.len(), any::<u8>()), 0..12);
    // Most of what can go wrong is near the start: headers and tables.
    let early = prop::collection::vec((0..2_400_usize, any::<u8>()), 0..12);
    (hits, early).prop_map(move |(hits, early)| {
        let mut bytes = fixture.to_vec();
        for (at, byte) in hits.into_iter().chain(early) {
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn where_the_input_is_cut_changes_nothing(cuts in prop::collection::vec(1usize..3_000, 1..12)) {
        for fixture in [MP4, TS] {
            prop_assert!(fresh(fixture, &cuts) == fresh(fixture, &[]));
        }
    }

    #[test]
    fn damage_is_survived_alike_however_it_is_cut(
        mp4 in damaged(MP4), ts in damaged(TS), cuts in prop::collection::vec(1usize..500, 1..6),
    ) {
        for bytes in [mp4, ts] {
            prop_assert!(fresh(&bytes, &cuts) == fresh(&bytes, &[]));
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, first in prop_oneof![Just(0u8), Just(0x47)]) {
        drop(fresh(&[&[first][..], &bytes].concat(), &[]));
    }
}
