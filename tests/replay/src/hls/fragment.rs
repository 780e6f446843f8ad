use bytes::Bytes;

/// What a movie fragment says of its samples, in ticks of the track.
pub(super) struct Fragment {
    /// The first sample's decode time.
    pub(super) start: i64,
    /// The sum of the samples' durations.
    pub(super) duration: i64,
    pub(super) samples: u32,
}

impl Fragment {
    /// Panics where the bytes are no fragment.
    pub(super) fn parse(bytes: &[Bytes]) -> Self {
        let traf = child(child(bytes.first().expect("a part has bytes"), *b"moof"), *b"traf");
        let tfdt = child(traf, *b"tfdt");
        assert_eq!(tfdt[0], 1, "decode times have 64 bits");
        let start = i64::from(word(tfdt, 1)) << 32 | i64::from(word(tfdt, 2));
        let trun = child(traf, *b"trun");
        let (flags, samples) = (word(trun, 0), word(trun, 1));
        assert_eq!(flags & 0x0000_0305, 0x0301, "an offset, durations and sizes, no first flags");
        // Durations and sizes, flags, composition offsets.
        let words = 2 + usize::from(flags & 0x400 != 0) + usize::from(flags & 0x800 != 0);
        assert_eq!(trun.len(), 12 + 4 * words * samples as usize);
        let durations = (0..samples as usize).map(|index| i64::from(word(trun, 3 + words * index)));
        Self { start, duration: durations.sum(), samples }
    }
}

/// The content of the first box of this type.
fn child(mut boxes: &[u8], kind: [u8; 4]) -> &[u8] {
    loop {
        let length = word(boxes, 0) as usize;
        if boxes[4..8] == kind {
            return &boxes[8..length];
        }
        boxes = &boxes[length..];
    }
}

/// The word at this index.
fn word(bytes: &[u8], index: usize) -> u32 {
    let bytes = bytes[4 * index..].first_chunk().expect("the fragment has no such word");
    u32::from_be_bytes(*bytes)
}
