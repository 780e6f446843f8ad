use bytes::Bytes;

use super::TRACK_ID;

/// One coded frame on its rendition's timeline, in ticks of the track's timescale.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// The coded bytes, shared with everybody else who sends this frame.
    pub(crate) data: Bytes,
    /// Decode time, never negative.
    pub(crate) dts: i64,
    /// Until the next sample's decode time.
    pub(crate) duration: u32,
    /// Presentation minus decode time.
    pub(crate) composition: i32,
    /// Whether decoding can start here.
    pub(crate) key: bool,
}

impl Sample {
    /// Where it ends, in ticks.
    pub(crate) fn end(&self) -> i64 {
        self.dts + i64::from(self.duration)
    }
}

/// `sample_depends_on = 2`: needs no other sample (ISO/IEC 14496-12 8.8.3.1).
const SYNC: u32 = 0x0200_0000;
/// `sample_depends_on = 1`, `sample_is_non_sync_sample`.
const NON_SYNC: u32 = 0x0101_0000;

const TFHD_DEFAULT_FLAGS: u32 = 0x20;
const TFHD_BASE_IS_MOOF: u32 = 0x02_0000;
const TRUN_DATA_OFFSET: u32 = 0x001;
const TRUN_DURATION: u32 = 0x100;
const TRUN_SIZE: u32 = 0x200;
const TRUN_FLAGS: u32 = 0x400;
const TRUN_COMPOSITION: u32 = 0x800;

/// A movie fragment as bytes: `moof` and the `mdat` header in one buffer, then the samples' own bytes.
///
/// `samples` is not empty and its bytes together stay far below 4 GiB (the writer's limits).
pub(crate) fn fragment(sequence: u32, samples: &[Sample], video: bool) -> Vec<Bytes> {
    let layout = Layout::of(samples, video);
    let payload: usize = samples.iter().map(|sample| sample.data.len()).sum();
    let moof = layout.moof();
    let mut out = Vec::with_capacity(moof + 8);

    box_header(&mut out, moof, *b"moof");
    full_box(&mut out, 16, *b"mfhd", 0, 0);
    word(&mut out, sequence);
    box_header(&mut out, layout.traf(), *b"traf");
    write_tfhd(&mut out, &layout);
    full_box(&mut out, 20, *b"tfdt", 1, 0);
    let start = samples.first().map_or(0, |sample| sample.dts.max(0) as u64);
    out.extend_from_slice(&start.to_be_bytes());
    write_trun(&mut out, &layout, samples, moof + 8);
    box_header(&mut out, payload + 8, *b"mdat");

    let mut bytes = Vec::with_capacity(samples.len() + 1);
    bytes.push(Bytes::from(out));
    bytes.extend(samples.iter().map(|sample| sample.data.clone()));
    bytes
}

/// The sizes and flags that depend on the kind of samples.
struct Layout {
    video: bool,
    /// Version 1 of `trun` has signed composition offsets; version 0 serves as long as none is negative.
    signed: bool,
    entry: usize,
    count: usize,
}

impl Layout {
    fn of(samples: &[Sample], video: bool) -> Self {
        Self {
            video,
            signed: samples.iter().any(|sample| sample.composition < 0),
            entry: if video { 16 } else { 8 },
            count: samples.len(),
        }
    }

    fn tfhd(&self) -> usize {
        if self.video { 16 } else { 20 }
    }

    fn trun(&self) -> usize {
        20 + self.entry * self.count
    }

    fn traf(&self) -> usize {
        8 + self.tfhd() + 20 + self.trun()
    }

    fn moof(&self) -> usize {
        8 + 16 + self.traf()
    }
}

fn write_tfhd(out: &mut Vec<u8>, layout: &Layout) {
    let defaults = if layout.video { 0 } else { TFHD_DEFAULT_FLAGS };
    full_box(out, layout.tfhd(), *b"tfhd", 0, TFHD_BASE_IS_MOOF | defaults);
    word(out, TRACK_ID);
    if !layout.video {
        word(out, SYNC);
    }
}

fn write_trun(out: &mut Vec<u8>, layout: &Layout, samples: &[Sample], data_offset: usize) {
    let mut flags = TRUN_DATA_OFFSET | TRUN_DURATION | TRUN_SIZE;
    if layout.video {
        flags |= TRUN_FLAGS | TRUN_COMPOSITION;
    }
    full_box(out, layout.trun(), *b"trun", u8::from(layout.signed), flags);
    word(out, layout.count as u32);
    word(out, data_offset as u32);
    for sample in samples {
        word(out, sample.duration);
        word(out, sample.data.len() as u32);
        if layout.video {
            word(out, if sample.key { SYNC } else { NON_SYNC });
            out.extend_from_slice(&sample.composition.to_be_bytes());
        }
    }
}

fn box_header(out: &mut Vec<u8>, size: usize, kind: [u8; 4]) {
    word(out, size as u32);
    out.extend_from_slice(&kind);
}

fn full_box(out: &mut Vec<u8>, size: usize, kind: [u8; 4], version: u8, flags: u32) {
    box_header(out, size, kind);
    word(out, u32::from(version) << 24 | flags);
}

fn word(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use mp4_atom::{Decode, Encode, Mdat, Moof};

    use super::*;

    fn sample(dts: i64, composition: i32, key: bool, data: &'static [u8]) -> Sample {
        Sample { data: Bytes::from_static(data), dts, duration: 3_000, composition, key }
    }

    fn decode(parts: &[Bytes]) -> (Moof, Mdat) {
        let all = parts.concat();
        let mut cursor = all.as_slice();
        let moof = Moof::decode(&mut cursor).unwrap();
        let mdat = Mdat::decode(&mut cursor).unwrap();
        assert!(cursor.is_empty());
        (moof, mdat)
    }

    #[test]
    fn a_video_fragment_reads_back_as_written() {
        let samples = [
            sample(9_000, 6_000, true, b"key"),
            sample(12_000, 0, false, b"delta"),
            sample(15_000, 3_000, false, b"!"),
        ];
        let bytes = fragment(7, &samples, true);
        assert_eq!(bytes.len(), 4, "one header and the frames' own bytes");
        let (moof, mdat) = decode(&bytes);
        assert_eq!(moof.mfhd.sequence_number, 7);
        assert_eq!(mdat.data, b"keydelta!");
        let traf = &moof.traf[0];
        assert!(traf.tfhd.default_base_is_moof);
        assert_eq!(traf.tfdt.as_ref().unwrap().base_media_decode_time, 9_000);
        let entries: Vec<_> = traf.trun[0].samples.iter().collect();
        assert_eq!(entries[0].flags, Some(SYNC));
        assert_eq!(entries[1].flags, Some(NON_SYNC));
        assert_eq!(entries.iter().map(|e| e.cts.unwrap()).collect::<Vec<_>>(), [6_000, 0, 3_000]);
        assert_eq!(entries.iter().map(|e| e.size.unwrap()).collect::<Vec<_>>(), [3, 5, 1]);
        let mut encoded = Vec::new();
        moof.encode(&mut encoded).unwrap();
        assert_eq!(traf.trun[0].data_offset, Some(encoded.len() as i32 + 8));
    }

    #[test]
    fn a_negative_composition_offset_makes_the_run_signed() {
        let (moof, _) = decode(&fragment(1, &[sample(0, -90, false, b"x")], true));
        assert_eq!(moof.traf[0].trun[0].samples.get(0).unwrap().cts, Some(-90));
    }

    #[test]
    fn audio_samples_are_all_sync_by_default() {
        let (moof, _) = decode(&fragment(1, &[sample(0, 0, true, b"x")], false));
        assert_eq!(moof.traf[0].tfhd.default_sample_flags, Some(SYNC));
        assert_eq!(moof.traf[0].trun[0].samples.get(0).unwrap().duration, Some(3_000));
    }
}
