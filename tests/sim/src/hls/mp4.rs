/// A movie fragment: when it begins and its samples.
#[derive(Debug, Default)]
pub(crate) struct Fragment<'a> {
    pub(crate) sequence: u32,
    /// Decode time of the first sample, in ticks of the track.
    pub(crate) start: u64,
    pub(crate) samples: Vec<Sample<'a>>,
    /// Bytes behind the fragment.
    pub(crate) rest: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample<'a> {
    pub(crate) duration: u32,
    /// Absent where the fragment has one value for all.
    pub(crate) flags: Option<u32>,
    pub(crate) data: &'a [u8],
}

/// Reads `moof` and `mdat` from the front; `None` where they are not there or do not fit together.
pub(crate) fn fragment(bytes: &[u8]) -> Option<Fragment<'_>> {
    let (moof, after) = part(bytes, *b"moof")?;
    let (payload, rest) = part(after, *b"mdat")?;
    let (mfhd, after) = part(moof, *b"mfhd")?;
    let (traf, after) = part(after, *b"traf")?;
    let (_, after_tfhd) = part(traf, *b"tfhd")?;
    let (tfdt, after_tfdt) = part(after_tfhd, *b"tfdt")?;
    let (trun, after_trun) = part(after_tfdt, *b"trun")?;
    if !after.is_empty() || !after_trun.is_empty() || word(trun, 8)? as usize != moof.len() + 16 {
        return None;
    }
    let start = u64::from(word(tfdt, 4)?) << 32 | u64::from(word(tfdt, 8)?);
    let samples = samples(trun, payload)?;
    Some(Fragment { sequence: word(mfhd, 4)?, start, samples, rest })
}

fn samples<'a>(trun: &[u8], mut payload: &'a [u8]) -> Option<Vec<Sample<'a>>> {
    let flags = word(trun, 0)? & 0x00ff_ffff;
    let with_flags = match flags {
        0x0f01 => true,
        0x0301 => false,
        _ => return None,
    };
    let size = if with_flags { 16 } else { 8 };
    let entries = trun.get(12..)?.chunks_exact(size);
    if entries.len() != word(trun, 4)? as usize || !entries.remainder().is_empty() {
        return None;
    }
    let mut samples = Vec::new();
    for entry in entries {
        let (data, left) = payload.split_at_checked(word(entry, 4)? as usize)?;
        payload = left;
        let flags = if with_flags { Some(word(entry, 8)?) } else { None };
        samples.push(Sample { duration: word(entry, 0)?, flags, data });
    }
    payload.is_empty().then_some(samples)
}

/// The content of the box of this kind that stands in front, and what follows it.
fn part(bytes: &[u8], kind: [u8; 4]) -> Option<(&[u8], &[u8])> {
    let size = word(bytes, 0)? as usize;
    let (whole, rest) = bytes.split_at_checked(size)?;
    (whole.get(4..8)? == kind).then(|| (&whole[8..], rest))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}
