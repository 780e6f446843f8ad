//! The playlists of all kinds of sources, held to RFC 8216bis by the checker.

use std::time::Duration;

use e2e::checker::{self, Kind};
use e2e::publish::Publisher;
use e2e::server::{Server, Site};
use e2e::sources;

/// How long each stream is watched: two groups of the seed's 250 frames, and longer than what delta
/// updates never skip.
const WATCHED: Duration = Duration::from_secs(20);

const KINDS: [Kind; 10] = [
    Kind::of(sources::SEED),
    Kind::of(sources::OBS),
    Kind::of(sources::OBS_CUSTOM),
    Kind::of(sources::CHROMA_422),
    Kind::of(sources::VIDEO_ONLY),
    Kind::of(sources::AUDIO_ONLY),
    Kind::of(sources::FPS_50),
    Kind::of(sources::FPS_15),
    Kind::of(sources::FPS_29_97),
    Kind::of(sources::AUDIO_44100),
];

#[test]
fn playlists_of_all_kinds_of_sources_keep_the_rules() {
    let server = Server::start();
    let reports = checker::check_kinds(&server, &KINDS, WATCHED);
    let said: Vec<_> = reports.iter().flat_map(|report| report.complaints.clone()).collect();
    assert!(said.is_empty(), "{} complaints:\n  {}", said.len(), said.join("\n  "));
    let renditions = reports.iter().flat_map(|report| &report.renditions);
    let compared: usize = renditions.map(|rendition| rendition.compared).sum();
    assert!(compared > 50, "only {compared} delta updates were compared with complete playlists");
    let independent = |index: usize| reports[index].rendition("v0.m3u8").last.independent_segments;
    assert!(independent(1), "2 s groups: every segment begins with a key frame");
    assert!(!independent(0), "groups over the target: some segments begin without a key frame");
}

#[test]
fn with_a_window_of_60_delta_updates_skip_segments() {
    let server = Site::new().with("HLS_WINDOW", "60").with("HLS_SEGMENT_MS", "1000").start();
    let stream = server.add_stream("a window of 60");
    let _publisher = Publisher::start(&server, &stream, &sources::OBS);
    let report = checker::check(&server, &stream.id, WATCHED);
    report.assert_clean("a window of 60");
    for rendition in &report.renditions {
        assert!(rendition.most_skipped > 0 && rendition.compared > 5, "{}", rendition.name);
    }
}
