//! Times in a histogram: three significant figures, at a fixed memory for any number of values.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

/// The longest time that is told apart from longer ones: an hour.
const LONGEST_US: u64 = 3_600_000_000;
/// Decimal digits that a value keeps.
const FIGURES: u8 = 3;
/// The longest text of an encoded histogram that is read back, in bytes.
const MAX_TEXT: usize = 4 << 20;

/// Times in microseconds.
#[derive(Clone)]
pub(crate) struct Times(Histogram<u64>);

impl std::fmt::Debug for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.spread().fmt(f)
    }
}

/// What a table, JSON or an expectation wants to know of a [`Times`], in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) count: u64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Default for Times {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, FIGURES);
        Self(histogram.expect("the bounds are constants that the crate takes"))
    }
}

impl Times {
    /// Counts a time; longer ones than an hour count as an hour.
    pub(crate) fn record(&mut self, micros: u64) {
        self.0.saturating_record(micros);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Both have the same bounds, or the other's values are cut to ours.
        if self.0.add(&other.0).is_err() {
            for value in other.0.iter_recorded() {
                self.0.saturating_record_n(value.value_iterated_to(), value.count_at_value());
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }

    /// `None` when nothing was counted.
    pub(crate) fn spread(&self) -> Option<Spread> {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        (!self.0.is_empty()).then(|| Spread {
            count: self.0.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        })
    }

    /// HdrHistogram's V2 form, deflated, in base64: what its tools of other languages read too.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::new();
        match V2DeflateSerializer::new().serialize(&self.0, &mut bytes) {
            Ok(_) => BASE64_STANDARD.encode(bytes),
            // Writing to memory does not fail, and counts of this size fit.
            Err(_) => String::new(),
        }
    }

    /// `None` when the text is not what [`Times::encode`] writes.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        let read = Deserializer::new().deserialize::<u64, _>(&mut bytes.as_slice()).ok()?;
        let mut times = Self::default();
        times.add(&Self(read));
        Some(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(values: &[u64]) -> Times {
        let mut times = Times::default();
        for &value in values {
            times.record(value);
        }
        times
    }

    #[test]
    fn a_spread_is_in_milliseconds_and_nothing_has_none() {
        assert_eq!(times(&[]).spread(), None);
        let spread = times(&[1000, 2000, 3000, 4000]).spread().unwrap();
        assert_eq!(spread.count, 4);
        assert!((spread.p50 - 2.0).abs() < 0.01 && (spread.max - 4.0).abs() < 0.01, "{spread:?}");
    }

    #[test]
    fn what_is_too_long_counts_as_the_longest() {
        let spread = times(&[u64::MAX]).spread().unwrap();
        assert!(spread.max >= 3_600_000.0);
    }

    #[test]
    fn broken_text_is_not_a_histogram() {
        for text in ["", "?", "AAAA", "HISTFAAAABx4nJNpmSzMwMDAAAA="] {
            assert!(Times::decode(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_sum_of_two_is_that_of_their_values_also_after_a_round_trip(
            a in prop::collection::vec(0_u64..10_000_000, 0..50),
            b in prop::collection::vec(0_u64..10_000_000, 0..50),
        ) {
            let mut sum = times(&a);
            sum.add(&Times::decode(&times(&b).encode()).unwrap());
            prop_assert_eq!(sum.spread(), times(&[a, b].concat()).spread());
        }
    }
}
