//! The playlists of all kinds of sources, held to RFC 8216bis by the checker.

use std::time::Duration;

use e2e::checker::{self, Report};
use e2e::publish::Publisher;
use e2e::server::{Server, Site};
use e2e::sources::{self, Source};

/// How long each stream is watched: two groups of the seed's 250 frames, and longer than what delta
/// updates never skip.
const WATCHED: Duration = Duration::from_secs(20);

const KINDS: [Source; 10] = [
    sources::SEED,
    sources::OBS,
    sources::OBS_CUSTOM,
    sources::CHROMA_422,
    sources::VIDEO_ONLY,
    sources::AUDIO_ONLY,
    sources::FPS_50,
    sources::FPS_15,
    sources::FPS_29_97,
    sources::AUDIO_44100,
];

fn check(server: &Server, source: &Source) -> Report {
    let stream = server.add_stream(source.name);
    let _publisher = Publisher::start(server, &stream, source);
    checker::check(server, &stream.id, WATCHED)
}

#[test]
fn playlists_of_all_kinds_of_sources_keep_the_rules() {
    // Made before anything is live: encoding takes all of a small machine.
    for source in &KINDS {
        source.file();
    }
    let server = Server::start();
    let reports = std::thread::scope(|scope| {
        let checks = KINDS.each_ref().map(|source| scope.spawn(|| check(&server, source)));
        checks.map(|check| check.join().expect("the checker does not panic"))
    });
    let mut said = Vec::new();
    for (source, report) in KINDS.iter().zip(&reports) {
        said.extend(report.complaints.iter().map(|text| format!("{}: {text}", source.name)));
        let due = usize::from(source.rate.is_some()) + usize::from(source.sample_rate.is_some());
        if report.renditions.len() != due {
            said.push(format!("{}: {} renditions", source.name, report.renditions.len()));
        }
        for rendition in &report.renditions {
            let (reloads, hinted) = (rendition.reloads, rendition.hinted);
            let segments = rendition.segments.len();
            if reloads < 50 || hinted < 50 || segments < 4 {
                said.push(format!(
                    "{} {}: too little seen: {reloads} reloads, {hinted} hinted parts, {segments} segments",
                    source.name, rendition.name
                ));
            }
        }
    }
    let renditions = reports.iter().flat_map(|report| &report.renditions);
    let compared: usize = renditions.map(|rendition| rendition.compared).sum();
    assert!(compared > 50, "only {compared} delta updates were compared with complete playlists");
    assert!(said.is_empty(), "{} complaints:\n  {}", said.len(), said.join("\n  "));
    let independent = |index: usize| reports[index].rendition("v0.m3u8").last.independent_segments;
    assert!(independent(1), "2 s groups: every segment begins with a key frame");
    assert!(!independent(0), "groups over the target: some segments begin without a key frame");
}

#[test]
fn with_a_window_of_60_delta_updates_skip_segments() {
    let server = Site::new().with("HLS_WINDOW", "60").with("HLS_SEGMENT_MS", "1000").start();
    let report = check(&server, &sources::OBS);
    report.assert_clean("a window of 60");
    for rendition in &report.renditions {
        assert!(rendition.most_skipped > 0 && rendition.compared > 5, "{}", rendition.name);
    }
}
