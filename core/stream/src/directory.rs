use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use media::TrackSet;

use crate::control::StreamId;
use crate::{Protocol, StreamStats};

/// What every shard knows of a live stream: where it lives, and what pages tell of it.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The stream.
    pub id: StreamId,
    /// Its title.
    pub title: Arc<str>,
    /// Its home shard.
    pub home: usize,
    /// The session that is live.
    pub session: u32,
    /// When the session's first media arrived, Unix milliseconds.
    pub started_ms: i64,
    /// The publisher that is connected; `None` while the server waits for its return.
    pub publisher: Option<Publishing>,
    /// The current tracks.
    pub tracks: Arc<TrackSet>,
    /// The counters.
    pub stats: Arc<StreamStats>,
}

/// The publisher of a live stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publishing {
    /// How it publishes.
    pub protocol: Protocol,
    /// Where from.
    pub peer: SocketAddr,
    /// Since when, in Unix milliseconds.
    pub since_ms: i64,
}

/// A shard's copy of what is live on all shards, kept current by messages from the home shards.
#[derive(Debug, Default)]
pub struct Directory {
    listings: BTreeMap<StreamId, Listing>,
}

impl Directory {
    /// Adds a stream or replaces what is known of it.
    pub fn put(&mut self, listing: Listing) {
        self.listings.insert(listing.id.clone(), listing);
    }

    /// The stream's session ended. An older session's end does not remove a newer one.
    pub fn remove(&mut self, id: &StreamId, session: u32) {
        if self.listings.get(id).is_some_and(|listing| listing.session <= session) {
            self.listings.remove(id);
        }
    }

    /// What is known of a live stream.
    pub fn get(&self, id: &StreamId) -> Option<&Listing> {
        self.listings.get(id)
    }

    /// All live streams, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Listing> {
        self.listings.values()
    }

    /// How many streams are live.
    pub fn len(&self) -> usize {
        self.listings.len()
    }

    /// Whether nothing is live.
    pub fn is_empty(&self) -> bool {
        self.listings.is_empty()
    }
}
