//! Initialization segments and fragments as `mp4-atom` reads them.

use mp4_atom::{Any, DecodeMaybe, Moof, Moov, Traf, Trex};

/// `sample_is_non_sync_sample` in sample flags (ISO/IEC 14496-12 8.8.3.1).
const NON_SYNC: u32 = 0x0001_0000;

/// What an initialization segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Init {
    /// Ticks a second.
    pub(super) timescale: u64,
    /// Whether it is of a video track.
    pub(super) video: bool,
    trex: Trex,
}

/// One fragment's samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fragment {
    /// The decode time of the first sample, in ticks.
    pub(super) start: u64,
    /// The durations' sum, in ticks.
    pub(super) duration: u64,
    /// Samples.
    pub(super) samples: usize,
    /// Whether the first sample is a sync sample.
    pub(super) sync: bool,
}

impl Init {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let moov: Moov = atoms(bytes)?
            .into_iter()
            .find_map(|atom| if let Any::Moov(moov) = atom { Some(moov) } else { None })
            .ok_or("no moov")?;
        let [trak] = moov.trak.as_slice() else { return Err("not exactly one track".into()) };
        let trex = moov.mvex.as_ref().and_then(|mvex| mvex.trex.first());
        Ok(Self {
            timescale: trak.mdia.mdhd.timescale.into(),
            video: trak.mdia.minf.vmhd.is_some(),
            trex: trex.ok_or("no trex")?.clone(),
        })
    }

    /// The fragments of a part or a segment.
    pub(super) fn fragments(&self, bytes: &[u8]) -> Result<Vec<Fragment>, String> {
        let mut fragments = Vec::new();
        let mut open: Option<(Fragment, u64)> = None;
        for atom in atoms(bytes)? {
            match atom {
                Any::Moof(moof) => {
                    if open.is_some() {
                        return Err("two moof in a row".into());
                    }
                    open = Some(self.fragment(&moof)?);
                }
                Any::Mdat(mdat) => {
                    let (fragment, size) = open.take().ok_or("an mdat without moof")?;
                    if mdat.data.len() as u64 != size {
                        return Err(format!("an mdat of {} bytes for {size}", mdat.data.len()));
                    }
                    fragments.push(fragment);
                }
                _ => {}
            }
        }
        if open.is_some() { Err("a moof without mdat".into()) } else { Ok(fragments) }
    }

    /// A fragment and the size of its samples in bytes.
    fn fragment(&self, moof: &Moof) -> Result<(Fragment, u64), String> {
        let [traf] = moof.traf.as_slice() else { return Err("not exactly one traf".into()) };
        let start = traf.tfdt.as_ref().ok_or("no tfdt")?.base_media_decode_time;
        let mut fragment = Fragment { start, ..Fragment::default() };
        let mut bytes = 0;
        for (duration, size, flags) in self.samples(traf) {
            if fragment.samples == 0 {
                fragment.sync = flags & NON_SYNC == 0;
            }
            fragment.duration += u64::from(duration);
            fragment.samples += 1;
            bytes += u64::from(size);
        }
        if fragment.samples == 0 { Err("no samples".into()) } else { Ok((fragment, bytes)) }
    }

    /// Durations, sizes and flags, by the sample's own field, the fragment's default or the track's.
    fn samples<'t>(&'t self, traf: &'t Traf) -> impl Iterator<Item = (u32, u32, u32)> + 't {
        let (head, trex) = (&traf.tfhd, &self.trex);
        traf.trun.iter().flat_map(|run| run.samples.iter()).map(move |sample| {
            let pick =
                |own: Option<u32>, fragment: Option<u32>, track| own.or(fragment).unwrap_or(track);
            (
                pick(sample.duration, head.default_sample_duration, trex.default_sample_duration),
                pick(sample.size, head.default_sample_size, trex.default_sample_size),
                pick(sample.flags, head.default_sample_flags, trex.default_sample_flags),
            )
        })
    }
}

fn atoms(mut bytes: &[u8]) -> Result<Vec<Any>, String> {
    let mut atoms = Vec::new();
    while !bytes.is_empty() {
        match Any::decode_maybe(&mut bytes) {
            Ok(Some(atom)) => atoms.push(atom),
            Ok(None) => return Err("a box is cut short".into()),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(atoms)
}
