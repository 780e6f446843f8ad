//! What survives a restart of the server.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::checker::{self, Rendition};
use e2e::publish::Publisher;
use e2e::server::{Server, Stream};
use e2e::sources;

use crate::common::live;

const WATCHED: Duration = Duration::from_secs(4);

/// Watches a stream and holds it against all that came before.
#[track_caller]
fn watch(server: &Server, stream: &Stream, files: &mut BTreeMap<String, Vec<u8>>, last: &mut u64) {
    checker::first_playlist(server, &stream.id);
    let seen = Rendition::watch(server.ports().http, &stream.id, "v0.m3u8", 1, WATCHED);
    assert_eq!(seen.complaints, [""; 0]);
    let first = *seen.segments.keys().next().expect("there are segments");
    assert!(first >= *last, "MEDIA-SEQUENCE went back from {last} to {first}");
    *last = seen.last.next_msn();
    for (name, bytes) in seen.files {
        // The same bytes under the same name would be harmless, but no file is ever made again.
        assert!(files.insert(name.clone(), bytes).is_none(), "{name} returned");
    }
}

#[test]
fn numbers_and_names_never_return_over_restarts_and_crashes() {
    let server = Server::start();
    let (stream, publisher) = live(&server, &sources::OBS, 1);
    let (mut files, mut last) = (BTreeMap::new(), 0);
    watch(&server, &stream, &mut files, &mut last);
    publisher.kill();

    let server = server.crash_and_restart();
    let publisher = Publisher::start(&server, &stream, &sources::OBS);
    watch(&server, &stream, &mut files, &mut last);
    publisher.kill();

    let server = server.restart();
    let _publisher = Publisher::start(&server, &stream, &sources::OBS);
    watch(&server, &stream, &mut files, &mut last);
    assert!(last > 3, "something was published each time: {last}");
}
