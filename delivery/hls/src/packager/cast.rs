use bytes::Bytes;
use media::{CodecConfig, TrackId, TrackSet};

use crate::mp4::{ConfigError, init_segment, timescale};

/// The tracks of a set that can be packaged, the leading one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cast {
    pub(super) members: Vec<Member>,
    /// The set's count of interruptions.
    pub(super) discontinuity: u32,
}

/// A track that can be packaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) track: TrackId,
    pub(super) config: CodecConfig,
    pub(super) scale: u32,
    /// The initialization segment.
    pub(super) init: Bytes,
}

impl Cast {
    /// Sorts a set's tracks into those that can be packaged and the reasons why others cannot.
    pub(super) fn of(set: &TrackSet) -> (Self, Vec<(TrackId, ConfigError)>) {
        let mut members = Vec::new();
        let mut refused = Vec::new();
        for track in set.tracks.iter().take(TrackSet::MAX_TRACKS) {
            match (init_segment(&track.config), timescale(&track.config)) {
                (Ok(init), Some(scale)) => {
                    let config = track.config.clone();
                    members.push(Member { track: track.id, config, scale, init });
                }
                (Err(error), _) => refused.push((track.id, error)),
                // An initialization segment needs the timescale too.
                (Ok(_), None) => {}
            }
        }
        members.sort_by_key(|member| member.track);
        (Self { members, discontinuity: set.discontinuity }, refused)
    }

    /// The track that decides where segments begin.
    pub(super) fn leader(&self) -> Option<&Member> {
        self.members.first()
    }

    /// Whether frames after the change to `next` do not continue those before it.
    pub(super) fn breaks(&self, next: &Self) -> bool {
        self.discontinuity != next.discontinuity
            || self.members.iter().any(|member| {
                next.members
                    .iter()
                    .any(|other| other.track == member.track && other.config != member.config)
            })
    }

    /// Whether both have the same tracks.
    pub(super) fn same_tracks(&self, tracks: impl Iterator<Item = TrackId>) -> bool {
        self.members.iter().map(|member| member.track).eq(tracks)
    }
}
