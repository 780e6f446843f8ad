use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!("../../../../delivery/hls/tests/suite/golden/", $name, ".m3u8"))
    };
}

fn uris(media: &Media) -> Vec<&str> {
    media.segments().iter().map(|segment| media.text(segment.uri)).collect()
}

#[test]
fn a_low_latency_playlist_gives_parts_and_an_open_segment() {
    let media = Media::parse(golden!("live-v0")).unwrap();
    assert_eq!((media.target_us, media.part_target_us), (2_000_000, Some(241_000)));
    assert_eq!((media.hold_back_us, media.part_hold_back_us), (Some(6_000_000), Some(723_000)));
    assert!(media.can_block && media.can_skip_until_us == Some(12_000_000) && !media.ended);
    assert_eq!(uris(&media), ["v0-7-100.m4s", "v0-7-101.m4s", ""]);
    assert_eq!(media.next(), Some((102, 2)));
    assert_eq!(media.hint.map(|hint| media.text(hint)), Some("v0-7-102.2.m4s"));
    let open = media.segment(102).unwrap();
    assert!(!open.complete && open.duration_us == 480_000);
    let parts = media.parts(open);
    assert_eq!(media.text(parts[1].uri), "v0-7-102.1.m4s");
    assert!(parts[0].independent && !parts[1].independent);
    assert_eq!(media.parts(media.segment(100).unwrap()).len(), 9);
    assert_eq!(media.text(media.maps()[open.map.unwrap() as usize].uri), "v0-7-0.mp4");
}

#[test]
fn a_discontinuity_brings_its_own_initialization_section() {
    for text in [golden!("return-v0"), golden!("return-a0")] {
        let media = Media::parse(text).unwrap();
        let breaks: Vec<_> = media.segments().iter().filter(|one| one.discontinuity).collect();
        assert_eq!(breaks.len(), 1);
        assert_eq!((breaks[0].msn, breaks[0].map), (103, Some(1)));
        assert_eq!(media.segment(102).unwrap().map, Some(0));
    }
}

#[test]
fn an_ended_playlist_says_so() {
    let media = Media::parse(golden!("audio-a0")).unwrap();
    assert!(media.ended);
    assert_eq!(media.next(), Some((3, 0)));
    assert!(!Media::parse(golden!("long-v0")).unwrap().segments().is_empty());
}

#[test]
fn a_delta_update_is_completed_by_the_playlist_before_it() {
    let delta = golden!("delta-v0");
    // The version before: one part less, all segments listed.
    let full = full_of(8..20);
    let before = Media::parse(&full).unwrap();
    let mut media = Media::parse(delta).unwrap();
    assert_eq!((media.skipped, media.segments()[0].msn), (6, 14));
    assert!(media.merge(&before));
    assert_eq!(media.skipped, 0);
    let expected: Vec<String> = (8..20).map(|msn| format!("v0-7-{msn}.m4s")).collect();
    assert_eq!(uris(&media)[..12], expected);
    let numbers: Vec<u64> = media.segments().iter().map(|segment| segment.msn).collect();
    assert_eq!(numbers, (8..=20).collect::<Vec<_>>());
    for segment in media.segments() {
        let map = media.maps()[segment.map.unwrap() as usize];
        assert_eq!(media.text(map.uri), "v0-7-0.mp4");
    }
    assert_eq!(media.parts(media.segment(17).unwrap()).len(), 9);

    // The next one is merged with the merged one: nothing piles up.
    let mut next = Media::parse(delta).unwrap();
    assert!(next.merge(&media));
    assert_eq!((uris(&next), next.maps().len()), (uris(&media), 1));
}

#[test]
fn a_delta_update_of_unknown_segments_asks_for_a_full_playlist() {
    for range in [9..20, 0..12, 30..40] {
        let before = Media::parse(&full_of(range)).unwrap();
        assert!(!Media::parse(golden!("delta-v0")).unwrap().merge(&before));
    }
    assert!(!Media::parse(golden!("delta-v0")).unwrap().merge(&Media::default()));
}

fn full_of(numbers: std::ops::Range<u64>) -> String {
    let mut text = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-MAP:URI=\"v0-7-0.mp4\"\n",
        numbers.start
    );
    for number in numbers {
        write!(text, "#EXTINF:2.00000,\nv0-7-{number}.m4s\n").unwrap();
    }
    text
}

#[test]
fn what_nginx_writes_is_read() {
    let text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-TARGETDURATION:2\n\
                #EXT-X-DISCONTINUITY\n#EXTINF:2.000,\nx-7.ts\n#EXTINF:1.066,title, more\nx-8.ts\n";
    let media = Media::parse(text).unwrap();
    assert_eq!(uris(&media), ["x-7.ts", "x-8.ts"]);
    assert!(media.segments()[0].discontinuity && !media.segments()[1].discontinuity);
    assert_eq!(media.segments()[1].duration_us, 1_066_000);
    assert_eq!(media.segments()[1].map, None);
    assert!(!media.can_block && media.part_target_us.is_none());
}

#[test]
fn byte_ranges_follow_each_other_in_one_resource() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MAP:URI=\"a\",BYTERANGE=\"10@0\"\n\
                #EXTINF:1,\n#EXT-X-BYTERANGE:5@10\na\n#EXTINF:1,\n#EXT-X-BYTERANGE:6\na\n\
                #EXTINF:1,\n#EXT-X-BYTERANGE:7\nb\n#EXT-X-GAP\n#EXTINF:1,\nc\n\
                #EXT-X-PART:DURATION=0.5,URI=\"d\",BYTERANGE=\"3@4\"\n\
                #EXT-X-PART:DURATION=0.5,URI=\"d\",BYTERANGE=\"3\",GAP=YES\n";
    let media = Media::parse(text).unwrap();
    let ranges: Vec<_> = media.segments().iter().map(|segment| segment.range).collect();
    let range = |offset, len| Some(ByteRange { offset, len });
    assert_eq!(ranges, [range(10, 5), range(15, 6), range(0, 7), None, None]);
    let parts = media.parts(&media.segments()[4]);
    assert_eq!((parts[0].range, parts[1].range), (range(4, 3), range(7, 3)));
    assert!(media.segments()[3].gap && !media.segments()[4].gap && parts[1].gap);
    assert_eq!(media.maps()[0].range, range(0, 10));
}

#[test]
fn errors_name_their_line() {
    for (text, line) in [
        ("#EXTM3U\n#EXT-X-TARGETDURATION:2\nx.ts\n", 3),
        ("#EXTM3U\n#EXTINF:2,\nx.ts\n", 3),
        ("#EXTM3U\n\n#EXTINF:-1,\n", 3),
        ("#EXTM3U\n#EXTINF:NaN,\n", 2),
        ("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:x\n", 2),
        ("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:99999999999999999\n", 2),
        ("#EXTM3U\n#EXT-X-PART:URI=\"a\"\n", 2),
        ("#EXTM3U\n#EXT-X-PART:DURATION=1\n", 2),
        ("#EXTM3U\n#EXT-X-SKIP:A=1\n", 2),
        ("#EXTM3U\n#EXT-X-MAP:BYTERANGE=\"1@2\"\n", 2),
        ("#EXTM3U\n#EXT-X-BYTERANGE:1@x\n", 2),
        ("nothing", 1),
    ] {
        assert_eq!(Media::parse(text).unwrap_err().line, line, "{text}");
    }
}

/// Lines that mean something to the reader, and some that do not.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "#EXTINF:[0-9]{1,2}(\\.[0-9]{1,3})?,",
        "#EXT-X-PART:DURATION=[0-9.]{1,4},URI=\"[a-c]\"(,INDEPENDENT=YES)?(,BYTERANGE=\"[0-9]{1,3}\")?",
        "#EXT-X-MAP:URI=\"[a-c]\"",
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=[0-9]{1,17}",
        "#EXT-X-MEDIA-SEQUENCE:[0-9]{1,17}",
        "#EXT-X-(DISCONTINUITY|GAP|ENDLIST|BYTERANGE:[0-9@]{1,5})",
        "#EXT-X-TARGETDURATION:[0-9]{1,3}",
        "[a-c]{1,3}",
        ".{0,20}",
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(lines in prop::collection::vec(line(), 0..40), before in prop::collection::vec(line(), 0..40)) {
        let read = |lines: &[String]| {
            Media::parse(&format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n{}", lines.join("\n")))
        };
        let before = read(&before).unwrap_or_default();
        let Ok(mut media) = read(&lines) else { return Ok(()) };
        let _ = media.merge(&before);
        for segment in media.segments() {
            prop_assert_eq!(media.segment(segment.msn), Some(segment));
            prop_assert_eq!(media.parts(segment).len(), segment.parts as usize);
            prop_assert!(segment.map.is_none_or(|map| media.maps().len() > map as usize));
        }
    }

    #[test]
    fn what_was_read_before_leaves_no_trace(first in prop::collection::vec(line(), 0..20)) {
        let mut reused = Media::default();
        drop(reused.read(&format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n{}", first.join("\n"))));
        reused.read(golden!("live-v0")).unwrap();
        prop_assert_eq!(reused, Media::parse(golden!("live-v0")).unwrap());
    }

    #[test]
    fn a_written_playlist_is_read_back(
        start in 0u64..1_000_000,
        durations in prop::collection::vec((0u64..20_000, prop::collection::vec(1u64..999, 0..4)), 1..20),
    ) {
        let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXT-X-MEDIA-SEQUENCE:{start}\n");
        for (index, (ms, parts)) in durations.iter().enumerate() {
            for (number, part) in parts.iter().enumerate() {
                writeln!(text, "#EXT-X-PART:DURATION=0.{part:03},URI=\"{index}.{number}\"").unwrap();
            }
            write!(text, "#EXTINF:{}.{:03},\n{index}.m4s\n", ms / 1000, ms % 1000).unwrap();
        }
        let media = Media::parse(&text).unwrap();
        prop_assert_eq!(media.segments().len(), durations.len());
        for ((index, (ms, parts)), segment) in durations.iter().enumerate().zip(media.segments()) {
            prop_assert_eq!(segment.msn, start + index as u64);
            prop_assert_eq!(segment.duration_us, ms * 1000);
            prop_assert_eq!(media.text(segment.uri), format!("{index}.m4s"));
            let found: Vec<u64> = media.parts(segment).iter().map(|part| part.duration_us / 1000).collect();
            prop_assert_eq!(&found, parts);
        }
    }
}
