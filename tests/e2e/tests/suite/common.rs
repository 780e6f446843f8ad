//! What several tests begin with.

use std::time::Duration;

use e2e::checker::{self, Playlist};
use e2e::flv::{self, Tag};
use e2e::publish::Publisher;
use e2e::server::{Server, Stream};
use e2e::sources::Source;
use e2e::wait::eventually;

/// How long a publisher's media may take to be in a playlist.
const IN_PLAYLIST: Duration = Duration::from_secs(20);

/// Adds a stream, publishes a source with its key, and waits until `segments` are complete.
#[track_caller]
pub(crate) fn live(server: &Server, source: &Source, segments: usize) -> (Stream, Publisher) {
    let stream = server.add_stream(source.name);
    let publisher = Publisher::start(server, &stream, source);
    until_segments(server, &stream.id, segments);
    (stream, publisher)
}

/// Waits until the first rendition has so many complete segments; gives its name and playlist.
#[track_caller]
pub(crate) fn until_segments(server: &Server, id: &str, segments: usize) -> (String, Playlist) {
    let name = checker::first_playlist(server, id).playlists().remove(0);
    let playlist = eventually(IN_PLAYLIST, "the stream has complete segments", || {
        let playlist = checker::playlist_now(server, id, &name);
        (playlist.segments.len() >= segments).then_some(playlist)
    });
    (name, playlist)
}

/// The tags of a source, without the script.
pub(crate) fn tags(source: &Source) -> Vec<Tag> {
    let bytes = std::fs::read(source.file()).expect("a source can be read");
    let mut tags = flv::read_file(&bytes).expect("a source is FLV");
    tags.retain(|tag| tag.kind != flv::Kind::Script);
    tags
}

/// The tags up to this time.
pub(crate) fn until(tags: &[Tag], ms: u32) -> &[Tag] {
    &tags[..tags.partition_point(|tag| tag.timestamp < ms)]
}
