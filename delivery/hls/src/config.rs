use media::Timestamp;

/// How a stream is packaged. Fixed for the life of a [`Packager`](crate::Packager).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The duration that segments aim at; held to [`Config::SEGMENT_MIN`]..=[`Config::SEGMENT_MAX`].
    pub segment: Timestamp,
    /// The duration that parts aim at; held to [`Config::PART_MIN`]..=[`Config::PART_MAX`].
    pub part: Timestamp,
    /// Distinguishes this run of the stream in every file name; never used before for this stream.
    pub session: u32,
    /// The media sequence number of the first segment; above all that were used before.
    pub first_msn: u64,
    /// Complete segments in a live playlist; held to [`Config::WINDOW_MIN`]..=[`Config::WINDOW_MAX`].
    pub window: usize,
}

impl Config {
    /// The shortest segment target.
    pub const SEGMENT_MIN: Timestamp = Timestamp::from_millis(500);
    /// The longest segment target.
    pub const SEGMENT_MAX: Timestamp = Timestamp::from_millis(20_000);
    /// The shortest part target.
    pub const PART_MIN: Timestamp = Timestamp::from_millis(100);
    /// The longest part target.
    pub const PART_MAX: Timestamp = Timestamp::from_millis(1_000);
    /// The smallest window: RFC 8216bis 6.2.2 wants three target durations in a live playlist.
    pub const WINDOW_MIN: usize = 3;
    /// The largest window.
    pub const WINDOW_MAX: usize = 1_000;

    /// The same with every value inside its limits.
    pub(crate) fn bounded(self) -> Self {
        Self {
            segment: self.segment.clamp(Self::SEGMENT_MIN, Self::SEGMENT_MAX),
            part: self.part.clamp(Self::PART_MIN, Self::PART_MAX),
            window: self.window.clamp(Self::WINDOW_MIN, Self::WINDOW_MAX),
            ..self
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            segment: Timestamp::from_millis(2_000),
            part: Timestamp::from_millis(250),
            session: 1,
            first_msn: 0,
            window: 10,
        }
    }
}
