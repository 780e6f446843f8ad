use std::ops::{Add, Sub};

/// A point on a stream's timeline, or a distance between two, in ticks of 90 kHz.
///
/// 90 kHz holds whole milliseconds (RTMP), 24/25/30/60 and 29.97 frames a second, and 1024 samples
/// at 48 kHz without rounding. Values may be negative while an encoder's priming is subtracted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Ticks a second.
    pub const HZ: i64 = 90_000;
    /// The start of the timeline; also the empty distance.
    pub const ZERO: Self = Self(0);

    /// From ticks of 90 kHz.
    pub const fn from_ticks(ticks: i64) -> Self {
        Self(ticks)
    }

    /// From milliseconds.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms * (Self::HZ / 1000))
    }

    /// From ticks of another clock, such as an audio track's sample rate; rounds to nearest.
    pub const fn from_scale(value: i64, hz: u32) -> Self {
        Self(rescale(value, hz as i64, Self::HZ))
    }

    /// Ticks of 90 kHz.
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// Milliseconds, rounded towards the past.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(Self::HZ / 1000)
    }

    /// Seconds, for display and playlists.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / Self::HZ as f64
    }

    /// In ticks of another clock, rounded to nearest.
    pub const fn to_scale(self, hz: u32) -> i64 {
        rescale(self.0, Self::HZ, hz as i64)
    }
}

impl Add for Timestamp {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Timestamp {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

const fn rescale(value: i64, from: i64, to: i64) -> i64 {
    let product = value as i128 * to as i128;
    (product + from as i128 / 2).div_euclid(from as i128) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_and_sample_rates_survive_a_round_trip() {
        assert_eq!(Timestamp::from_millis(1234).millis(), 1234);
        assert_eq!(Timestamp::from_millis(-1).millis(), -1);
        for samples in [0, 1024, 44_100, 123_456_789] {
            assert_eq!(Timestamp::from_scale(samples, 48_000).to_scale(48_000), samples);
            assert_eq!(Timestamp::from_scale(samples, 44_100).to_scale(44_100), samples);
        }
    }
}
