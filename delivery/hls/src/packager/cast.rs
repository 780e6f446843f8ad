use bytes::Bytes;
use media::{CodecConfig, TrackId, TrackSet};

use super::plan::{LONGEST_FRAME, longest_audio_frame_seconds};
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
            if let Some(error) = frame_too_long(&track.config) {
                refused.push((track.id, error));
                continue;
            }
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

/// What is wrong with an audio track whose frames, which cannot be cut, are too long for any segment.
fn frame_too_long(config: &CodecConfig) -> Option<ConfigError> {
    config.audio()?;
    let seconds = longest_audio_frame_seconds(config);
    (seconds > LONGEST_FRAME).then(|| ConfigError::FrameTooLong {
        codec: config.name(),
        milliseconds: (seconds * 1_000.0) as u64,
        limit: (LONGEST_FRAME * 1_000.0) as u64,
    })
}

#[cfg(test)]
mod tests {
    use media::{AudioInfo, Track};

    use super::*;

    #[test]
    fn audio_whose_frames_are_too_long_for_a_segment_is_refused() {
        let flac = |block: u16| {
            let info = AudioInfo { sample_rate: 48_000, channels: 2, ..AudioInfo::default() };
            let [high, low] = block.to_be_bytes();
            let mut record = b"\0\0\0\0\x80\0\0\x22\0\x10".to_vec();
            record.extend_from_slice(&[high, low]);
            record.extend_from_slice(&[0; 6]);
            // 48 kHz in 20 bits, two channels, 16 bits.
            record.extend_from_slice(&[0x0b, 0xb8, 0x02, 0xf0]);
            record.resize(8 + 34, 0);
            let config = CodecConfig::Flac { record: record.into(), info };
            let id = TrackId::audio(0);
            Cast::of(&TrackSet { tracks: vec![Track { id, config }], discontinuity: 0 })
        };
        let (cast, refused) = flac(4_608);
        assert_eq!((cast.members.len(), refused), (1, vec![]));
        let (cast, refused) = flac(65_535);
        assert!(cast.members.is_empty());
        let said = refused[0].1.to_string();
        assert!(said.contains("frames of up to 1365 ms; the limit is 370 ms"), "{said}");
    }
}
