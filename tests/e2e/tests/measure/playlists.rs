//! Minutes of the playlists of all kinds of sources, held to RFC 8216bis by the checker. `make test` does the
//! same for seconds.

use std::time::Duration;

use e2e::checker::{self, Kind, Report};
use e2e::server::{Server, Site};
use e2e::sources;

/// How long each stream is watched: three times what a window of 60 segments of 1 s holds.
const WATCHED: Duration = Duration::from_mins(3);

#[test]
fn minutes_of_playlists_of_all_kinds_of_sources_keep_the_rules() {
    let mut kinds: Vec<_> = sources::ALL.map(Kind::of).into();
    kinds.push(checker::TWO_SOUNDS);
    let wide = [Kind::of(sources::OBS), Kind::of(sources::SEED)];
    let server = Server::start();
    let wide_server = Site::new().with("HLS_WINDOW", "60").with("HLS_SEGMENT_MS", "1000").start();
    let (reports, wide_reports) = std::thread::scope(|scope| {
        let wide = scope.spawn(|| checker::check_kinds(&wide_server, &wide, WATCHED));
        let reports = checker::check_kinds(&server, &kinds, WATCHED);
        (reports, wide.join().expect("the checker does not panic"))
    });
    for (kind, report) in kinds.iter().zip(&reports) {
        tell(&kind.name(), report);
    }
    for (kind, report) in wide.iter().zip(&wide_reports) {
        tell(&format!("{} in a window of 60", kind.name()), report);
        for rendition in &report.renditions {
            assert!(rendition.most_skipped > 30 && rendition.last.segments.len() >= 60);
        }
    }
    let all = reports.iter().chain(&wide_reports);
    let said: Vec<_> = all.flat_map(|report| report.complaints.clone()).collect();
    assert!(said.is_empty(), "{} complaints:\n  {}", said.len(), said.join("\n  "));
}

fn tell(what: &str, report: &Report) {
    for rendition in &report.renditions {
        eprintln!("{what}, {rendition}");
    }
}
