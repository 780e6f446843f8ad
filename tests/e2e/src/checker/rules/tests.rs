use super::*;

/// Two segments with parts, then an open one; all as it should be.
const GOOD: &str = "\
#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0
#EXT-X-PART-INF:PART-TARGET=1.0
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI=\"v0-1-1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXT-X-PART:DURATION=1.0,URI=\"v0-1-7.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI=\"v0-1-7.1.m4s\"
#EXTINF:1.5,
v0-1-7.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"v0-1-2.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:05.500Z
#EXT-X-PART:DURATION=0.9,URI=\"v0-1-8.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=1.0,URI=\"v0-1-8.1.m4s\"
#EXTINF:1.9,
v0-1-8.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:07.400Z
#EXT-X-PART:DURATION=1.0,URI=\"v0-1-9.0.m4s\",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"v0-1-9.1.m4s\"
#EXT-X-RENDITION-REPORT:URI=\"a0.m3u8\",LAST-MSN=9,LAST-PART=0
";

/// What follows [`GOOD`]: the first segment is gone, with it its place before the discontinuity.
const NEXT: &str = "\
#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0
#EXT-X-PART-INF:PART-TARGET=1.0
#EXT-X-MEDIA-SEQUENCE:8
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"v0-1-2.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:05.500Z
#EXTINF:1.9,
v0-1-8.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:07.400Z
#EXT-X-PART:DURATION=1.0,URI=\"v0-1-9.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.4,URI=\"v0-1-9.1.m4s\"
#EXTINF:1.4,
v0-1-9.m4s
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"v0-1-10.0.m4s\"
";

fn read(text: &str) -> Playlist {
    Playlist::parse(text).unwrap()
}

/// The complaints about [`GOOD`] with one text replaced.
fn spoiled(old: &str, new: &str) -> Vec<String> {
    assert!(GOOD.contains(old), "{old}");
    single(&read(&GOOD.replacen(old, new, 1)))
}

/// The complaints about [`NEXT`], with one text replaced, after [`GOOD`].
fn followed(old: &str, new: &str) -> Vec<String> {
    assert!(NEXT.contains(old), "{old}");
    succession(&read(GOOD), &read(&NEXT.replacen(old, new, 1)))
}

#[test]
fn good_playlists_are_read_and_pass() {
    let good = read(GOOD);
    assert_eq!(good.segments.iter().map(|segment| segment.msn).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(good.next_part(), (9, 1));
    assert_eq!(good.open.as_ref().unwrap().map, "v0-1-2.mp4");
    assert_eq!(good.reports, [("a0.m3u8".into(), 9, Some(0))]);
    assert_eq!(single(&good), [""; 0]);
    assert_eq!(single(&read(NEXT)), [""; 0]);
    assert_eq!(succession(&good, &read(NEXT)), [""; 0]);
    assert_eq!(succession(&good, &good), [""; 0]);
}

#[test]
fn a_single_playlist_that_breaks_a_rule_is_complained_of() {
    for (old, new, what) in [
        ("EXTINF:1.5", "EXTINF:1.7", "has parts of"),
        ("TARGETDURATION:2", "TARGETDURATION:1", "over the target duration"),
        ("PART-HOLD-BACK=3.0", "PART-HOLD-BACK=2.9", "PART-HOLD-BACK"),
        (",HOLD-BACK=6.0", ",HOLD-BACK=5.0", "HOLD-BACK"),
        ("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=11.0", "CAN-SKIP-UNTIL"),
        ("CAN-BLOCK-RELOAD=YES,", "", "CAN-BLOCK-RELOAD"),
        ("VERSION:9", "VERSION:8", "VERSION"),
        ("DURATION=0.9", "DURATION=0.8", "with a part target"),
        ("DURATION=1.0,URI=\"v0-1-9.0", "DURATION=1.1,URI=\"v0-1-9.0", "with a part target"),
        ("#EXT-X-MAP:URI=\"v0-1-1.mp4\"\n", "", "no EXT-X-MAP"),
        ("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:07.400Z\n", "", "PROGRAM-DATE-TIME"),
        ("v0-1-8.m4s", "v0-1-7.m4s", "stands twice"),
        ("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"v0-1-9.1.m4s\"\n", "", "no preload hint"),
        ("HINT:TYPE=PART,URI=\"v0-1-9.1", "HINT:TYPE=PART,URI=\"v0-1-9.0", "listed already"),
    ] {
        let said = spoiled(old, new);
        assert!(said.iter().any(|said| said.contains(what)), "{old} -> {new}: {said:?}");
    }
}

#[test]
fn a_successor_that_breaks_a_rule_is_complained_of() {
    for (old, new, what) in [
        ("MEDIA-SEQUENCE:8", "MEDIA-SEQUENCE:6", "went back"),
        ("DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:2", "DISCONTINUITY-SEQUENCE"),
        ("TARGETDURATION:2", "TARGETDURATION:3", "constants"),
        ("PART-TARGET=1.0", "PART-TARGET=1.1", "constants"),
        ("EXTINF:1.9", "EXTINF:1.8", "changed"),
        ("#EXT-X-DISCONTINUITY\n", "", "changed"),
        ("v0-1-8.m4s", "v0-2-8.m4s", "changed"),
        ("DURATION=1.0,URI=\"v0-1-9.0", "DURATION=0.9,URI=\"v0-1-9.0", "changed"),
        ("00:00:05.500Z", "00:00:05.600Z", "changed"),
    ] {
        let said = followed(old, new);
        assert!(said.iter().any(|said| said.contains(what)), "{old} -> {new}: {said:?}");
    }
}

#[test]
fn a_playlist_may_not_lose_its_end_or_change_after_it() {
    let shrunk =
        GOOD.replace("#EXT-X-PART:DURATION=1.0,URI=\"v0-1-9.0.m4s\",INDEPENDENT=YES\n", "");
    assert!(succession(&read(GOOD), &read(&shrunk))[0].contains("the end went back"));
    let ended = format!("{NEXT}#EXT-X-ENDLIST\n");
    let after = ended.replace("v0-1-10.0", "v0-1-10.1");
    assert!(succession(&read(&ended), &read(&after))[0].contains("after its end"));
    assert!(single(&read(&ended))[0].contains("after the end"));
}

#[test]
fn a_delta_update_is_expanded_by_what_was_known() {
    let delta = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n\
                 #EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DISCONTINUITY\n#EXTINF:1.9,\nv0-1-8.m4s\n";
    let delta = read(delta);
    assert_eq!((delta.skipped, delta.segments[0].msn, delta.next_msn()), (Some(1), 8, 9));
    let full = expand(&read(GOOD), &delta).unwrap();
    assert_eq!(full.segments.iter().map(|segment| segment.msn).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(full.segments[1].map, "v0-1-1.mp4");
    assert_eq!(full.next_msn(), 9);
    assert!(expand(&read(GOOD), &Playlist { media_sequence: 6, ..delta }).is_err());
    assert!(expand(&read(GOOD), &read(GOOD)).is_err());
}

#[test]
fn what_is_no_playlist_is_an_error() {
    for text in ["", "hello", "#EXTM3U\n#EXT-X-BOGUS:1\n", "#EXTM3U\n#EXT-X-TARGETDURATION:x\n"] {
        assert!(Playlist::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_multivariant_playlist_that_breaks_a_rule_is_complained_of() {
    let good = "#EXTM3U\n\
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio 1\",URI=\"a0.m3u8\"\n\
                #EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,CODECS=\"avc1\",AUDIO=\"audio\"\nv0.m3u8\n";
    let read = |text: &str| Multivariant::parse(text).unwrap();
    assert_eq!(multivariant(&read(good)), [""; 0]);
    assert_eq!(read(good).playlists(), ["v0.m3u8", "a0.m3u8"]);
    for (old, new) in [
        ("BANDWIDTH=9,", "BANDWIDTH=7,"),
        ("CODECS=\"avc1\",", ""),
        (",AUDIO=\"audio\"", ",AUDIO=\"other\""),
    ] {
        assert_eq!(multivariant(&read(&good.replace(old, new))).len(), 1, "{old}");
    }
    assert_eq!(multivariant(&read("#EXTM3U\n")).len(), 1);
}
