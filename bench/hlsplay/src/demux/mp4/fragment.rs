//! The samples that a movie fragment declares.

use super::boxes::{Fields, child, children};
use super::tracks::{Track, Tracks};
use crate::demux::DemuxError;

/// The most samples of a fragment: ten minutes of sound and pictures.
const MAX_SAMPLES: usize = 1 << 16;

const TFHD_BASE: u32 = 0x01;
const TFHD_DESCRIPTION: u32 = 0x02;
const TFHD_DURATION: u32 = 0x08;
const TFHD_SIZE: u32 = 0x10;
const TFHD_FLAGS: u32 = 0x20;
const TFHD_BASE_IS_MOOF: u32 = 0x02_0000;

const TRUN_OFFSET: u32 = 0x001;
const TRUN_FIRST_FLAGS: u32 = 0x004;
const TRUN_DURATION: u32 = 0x100;
const TRUN_SIZE: u32 = 0x200;
const TRUN_FLAGS: u32 = 0x400;
const TRUN_COMPOSITION: u32 = 0x800;

/// `sample_is_non_sync_sample` (ISO/IEC 14496-12 8.8.3.1).
const NON_SYNC: u32 = 0x1_0000;

/// Where a sample lies, in bytes of the resource, and when it is decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) dts: i64,
    pub(super) timescale: u32,
    pub(super) video: bool,
    pub(super) keyframe: bool,
}

/// The samples of the latest `moof`, in the order of their bytes.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    samples: Vec<Sample>,
    next: usize,
    moof: u64,
    /// Where the last run ended: a following one without an offset begins there.
    end: u64,
}

/// What a `traf` says of all its runs.
struct Run {
    track: Track,
    /// What the offsets of runs count from.
    base: u64,
    dts: i64,
}

impl Fragment {
    pub(super) fn clear(&mut self) {
        self.samples.clear();
        self.next = 0;
    }

    /// A `moof` begins at this byte of the resource.
    pub(super) fn begin(&mut self, moof: u64) {
        self.clear();
        (self.moof, self.end) = (moof, moof);
    }

    /// The sample that comes next.
    pub(super) fn next(&self) -> Option<Sample> {
        self.samples.get(self.next).copied()
    }

    /// Goes on to the one after it.
    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    /// Reads a `moof`. Tracks that the initialization section did not declare are left out.
    pub(super) fn read(&mut self, moof: &[u8], tracks: &Tracks) -> Result<(), DemuxError> {
        if tracks.is_empty() {
            return Err(DemuxError::Mp4(
                "no initialization section declares what a fragment holds",
            ));
        }
        for (_, traf) in children(moof).filter(|(kind, _)| kind == b"traf") {
            self.track(traf, tracks)?;
        }
        self.samples.sort_by_key(|sample| sample.start);
        // No byte belongs to two samples.
        let mut end = 0;
        self.samples.retain(|sample| {
            let apart = sample.start >= end;
            end = end.max(sample.end);
            apart
        });
        Ok(())
    }

    fn track(&mut self, traf: &[u8], tracks: &Tracks) -> Result<(), DemuxError> {
        let header = child(traf, *b"tfhd").ok_or(DemuxError::Mp4("a traf box has no tfhd"))?;
        let mut fields = Fields(header);
        let (flags, id) = (fields.version().map(|(_, flags)| flags), fields.u32());
        let Some(track) = id.and_then(|id| tracks.find(id)) else { return Ok(()) };
        let run = flags.and_then(|flags| self.header(fields, flags, track));
        let mut run = run.ok_or(DemuxError::Mp4("a tfhd box is too short"))?;
        if let Some(time) = child(traf, *b"tfdt") {
            run.dts = decode_time(time).ok_or(DemuxError::Mp4("a tfdt box is too short"))?;
        }
        for (_, trun) in children(traf).filter(|(kind, _)| kind == b"trun") {
            self.run(trun, &mut run).ok_or(DemuxError::Mp4("a trun box is too short"))?;
            if self.samples.len() > MAX_SAMPLES {
                return Err(DemuxError::Mp4("a fragment has too many samples"));
            }
        }
        Ok(())
    }

    /// What the fields behind the number of a `tfhd`'s track say.
    fn header(&self, mut fields: Fields<'_>, flags: u32, mut track: Track) -> Option<Run> {
        let mut base = if flags & TFHD_BASE_IS_MOOF != 0 { self.moof } else { self.end };
        if flags & TFHD_BASE != 0 {
            base = fields.u64()?;
        }
        if flags & TFHD_DESCRIPTION != 0 {
            fields.skip(4)?;
        }
        if flags & TFHD_DURATION != 0 {
            track.duration = fields.u32()?;
        }
        if flags & TFHD_SIZE != 0 {
            track.size = fields.u32()?;
        }
        if flags & TFHD_FLAGS != 0 {
            track.flags = fields.u32()?;
        }
        Some(Run { track, base, dts: 0 })
    }

    fn run(&mut self, trun: &[u8], run: &mut Run) -> Option<()> {
        let mut fields = Fields(trun);
        let (_, flags) = fields.version()?;
        let count = fields.u32()?;
        let mut start = self.end.max(run.base);
        if flags & TRUN_OFFSET != 0 {
            start = run.base.saturating_add_signed(i64::from(fields.u32()? as i32));
        }
        let mut first = if flags & TRUN_FIRST_FLAGS != 0 { Some(fields.u32()?) } else { None };
        let Track { video, timescale, .. } = run.track;
        // The caller refuses a longer one; the count itself costs nothing.
        for _ in 0..count.min(MAX_SAMPLES as u32 + 1) {
            let own = |flag: u32, fields: &mut Fields<'_>, default: u32| {
                if flags & flag != 0 { fields.u32() } else { Some(default) }
            };
            let duration = own(TRUN_DURATION, &mut fields, run.track.duration)?;
            let size = own(TRUN_SIZE, &mut fields, run.track.size)?;
            let default = first.take().unwrap_or(run.track.flags);
            let sample = own(TRUN_FLAGS, &mut fields, default)?;
            own(TRUN_COMPOSITION, &mut fields, 0)?;
            let end = start.saturating_add(u64::from(size));
            let keyframe = !video || sample & NON_SYNC == 0;
            self.samples.push(Sample { start, end, dts: run.dts, timescale, video, keyframe });
            start = end;
            run.dts = run.dts.saturating_add(i64::from(duration));
        }
        self.end = start;
        Some(())
    }
}

fn decode_time(tfdt: &[u8]) -> Option<i64> {
    let mut fields = Fields(tfdt);
    let (version, _) = fields.version()?;
    let time = if version == 1 { fields.u64()? } else { u64::from(fields.u32()?) };
    Some(i64::try_from(time).unwrap_or(i64::MAX))
}
