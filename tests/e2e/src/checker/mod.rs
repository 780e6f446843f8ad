//! Watches a live stream's playlists and files and holds them to RFC 8216bis and to what the server
//! promises. The playlists are read by `quick-m3u8`, the fragments by `mp4-atom`, the media by ffmpeg:
//! nothing of the server's own code takes part.

mod fragments;
mod kinds;
mod media;
mod playlist;
mod rules;
mod watch;

use std::time::Duration;

use crate::http;
use crate::server::Server;
use crate::wait::eventually;

pub use kinds::{Kind, TWO_SOUNDS, check_kinds};
pub use playlist::{Hint, Multivariant, Part, Playlist, Segment};
pub use rules::{expand, single, succession};
pub use watch::Rendition;

/// How long a stream may take from its publisher's start to its first playlist.
const FIRST_PLAYLIST: Duration = Duration::from_secs(20);

/// What was seen of a stream.
#[derive(Debug)]
pub struct Report {
    /// Its renditions, in the multivariant playlist's order.
    pub renditions: Vec<Rendition>,
    /// What is wrong, over all renditions.
    pub complaints: Vec<String>,
}

impl Report {
    /// Panics when anything was wrong.
    #[track_caller]
    pub fn assert_clean(&self, what: &str) {
        let said = self.complaints.join("\n  ");
        assert!(
            self.complaints.is_empty(),
            "{what}: {} complaints:\n  {said}",
            self.complaints.len()
        );
    }

    /// The rendition of this playlist.
    #[track_caller]
    pub fn rendition(&self, name: &str) -> &Rendition {
        let found = self.renditions.iter().find(|rendition| rendition.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}", self.renditions))
    }
}

/// Waits for a stream's multivariant playlist.
#[track_caller]
pub fn first_playlist(server: &Server, id: &str) -> Multivariant {
    let path = format!("/live/{id}/index.m3u8");
    let text = eventually(FIRST_PLAYLIST, "the stream has a playlist", || {
        let response = http::try_get(server.ports().http, &path).ok()?;
        (response.status == 200).then(|| response.text())
    });
    Multivariant::parse(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// A media playlist as it is now.
#[track_caller]
pub fn playlist_now(server: &Server, id: &str, name: &str) -> Playlist {
    let response = server.get(&format!("/live/{id}/{name}"));
    assert_eq!(response.status, 200, "{name}: {}", response.text());
    Playlist::parse(&response.text())
        .unwrap_or_else(|error| panic!("{error}:\n{}", response.text()))
}

/// Watches every rendition of a stream for a time, then looks at all that was fetched.
#[track_caller]
pub fn check(server: &Server, id: &str, time: Duration) -> Report {
    let multivariant = first_playlist(server, id);
    let port = server.ports().http;
    let renditions: Vec<Rendition> = std::thread::scope(|scope| {
        let names = multivariant.playlists();
        let others = names.len() - 1;
        let watchers: Vec<_> = names
            .into_iter()
            .map(|name| scope.spawn(move || Rendition::watch(port, id, &name, others, time)))
            .collect();
        watchers
            .into_iter()
            .map(|watcher| watcher.join().expect("a watcher does not panic"))
            .collect()
    });
    let mut complaints = rules::multivariant(&multivariant);
    for rendition in &renditions {
        let said =
            rendition.complaints.iter().chain(&media::complaints(rendition)).cloned().collect();
        let said: Vec<String> = said;
        complaints.extend(said.into_iter().map(|text| format!("{}: {text}", rendition.name)));
    }
    Report { renditions, complaints }
}
