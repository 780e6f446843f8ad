//! The tracks that an initialization section declares.

use super::boxes::{Fields, child, children};
use crate::demux::DemuxError;

/// The most tracks that are looked at.
const MAX_TRACKS: usize = 16;

/// A track (`trak` and `trex`).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) video: bool,
    pub(super) timescale: u32,
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

/// The video and audio tracks.
#[derive(Debug, Default)]
pub(super) struct Tracks(Vec<Track>);

impl Tracks {
    /// Replaces all by those of a `moov`.
    pub(super) fn read(&mut self, moov: &[u8]) -> Result<(), DemuxError> {
        self.0.clear();
        for (_, trak) in children(moov).filter(|(kind, _)| kind == b"trak").take(MAX_TRACKS) {
            if let Some(video) = is_video(trak) {
                let track = track(trak, video);
                self.0.push(track.ok_or(DemuxError::Mp4("a trak box lacks what is needed"))?);
            }
        }
        let mvex = child(moov, *b"mvex").unwrap_or_default();
        for (_, trex) in children(mvex).filter(|(kind, _)| kind == b"trex").take(MAX_TRACKS) {
            self.defaults(trex).ok_or(DemuxError::Mp4("a trex box is too short"))?;
        }
        Ok(())
    }

    /// Whether no initialization section has come, or one without video and audio.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn find(&self, id: u32) -> Option<Track> {
        self.0.iter().find(|track| track.id == id).copied()
    }

    fn defaults(&mut self, trex: &[u8]) -> Option<()> {
        let mut fields = Fields(trex);
        fields.version()?;
        let id = fields.u32()?;
        fields.skip(4)?;
        let (duration, size, flags) = (fields.u32()?, fields.u32()?, fields.u32()?);
        if let Some(track) = self.0.iter_mut().find(|track| track.id == id) {
            *track = Track { duration, size, flags, ..*track };
        }
        Some(())
    }
}

/// Whether a track has pictures; `None` when it has neither pictures nor sound.
fn is_video(trak: &[u8]) -> Option<bool> {
    let mut hdlr = Fields(child(child(trak, *b"mdia")?, *b"hdlr")?);
    hdlr.skip(8)?;
    match &hdlr.four()? {
        b"vide" => Some(true),
        b"soun" => Some(false),
        _ => None,
    }
}

fn track(trak: &[u8], video: bool) -> Option<Track> {
    let mut tkhd = Fields(child(trak, *b"tkhd")?);
    let times = if tkhd.version()?.0 == 1 { 16 } else { 8 };
    tkhd.skip(times)?;
    let id = tkhd.u32()?;
    let mut mdhd = Fields(child(child(trak, *b"mdia")?, *b"mdhd")?);
    let times = if mdhd.version()?.0 == 1 { 16 } else { 8 };
    mdhd.skip(times)?;
    let timescale = mdhd.u32().filter(|timescale| *timescale > 0)?;
    Some(Track { id, video, timescale, ..Track::default() })
}
