use crate::HttpError;

/// The single range that a `Range` field names, before the length of the resource is known (RFC 9110
/// section 14.1.2). Positions beyond 64 bits count as the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeSpec {
    /// `bytes=A-B`, both ends included, `A <= B`.
    FromTo(u64, u64),
    /// `bytes=A-`.
    From(u64),
    /// `bytes=-N`: the last N bytes.
    Last(u64),
}

/// Bytes `start` up to but not including `end` of a resource; never empty when resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte's position.
    pub start: u64,
    /// The position behind the last byte.
    pub end: u64,
}

impl RangeSpec {
    /// Reads a `Range` field. `None` for what is to be ignored, so that the whole resource is sent:
    /// other units, broken syntax, and several ranges at once.
    pub fn parse(value: &str) -> Option<Self> {
        let (unit, set) = value.split_once('=')?;
        if !unit.trim_ascii().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = set.trim_ascii().split_once('-')?;
        match (first, last) {
            ("", last) => Some(Self::Last(position(last)?)),
            (first, "") => Some(Self::From(position(first)?)),
            (first, last) => {
                let (first, last) = (position(first)?, position(last)?);
                (first <= last).then_some(Self::FromTo(first, last))
            }
        }
    }

    /// The bytes that are meant in a resource of `len` bytes.
    ///
    /// # Errors
    /// [`HttpError::RangeNotSatisfiable`] when the resource has none of them.
    pub fn resolve(self, len: u64) -> Result<ByteRange, HttpError> {
        let (start, end) = match self {
            Self::FromTo(first, last) => (first, last.saturating_add(1).min(len)),
            Self::From(first) => (first, len),
            Self::Last(count) => (len.saturating_sub(count), len),
        };
        if start < end {
            Ok(ByteRange { start, end })
        } else {
            Err(HttpError::RangeNotSatisfiable { len })
        }
    }
}

impl ByteRange {
    /// How many bytes it spans.
    pub const fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it spans none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

fn position(digits: &str) -> Option<u64> {
    let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_read_and_everything_else_is_ignored() {
        for (value, expected) in [
            ("bytes=0-99", Some(RangeSpec::FromTo(0, 99))),
            ("Bytes = 5-5 ", Some(RangeSpec::FromTo(5, 5))),
            ("bytes=7-", Some(RangeSpec::From(7))),
            ("bytes=-7", Some(RangeSpec::Last(7))),
            ("bytes=0-99999999999999999999", Some(RangeSpec::FromTo(0, u64::MAX))),
            ("bytes=9-3", None),
            ("bytes=0-1,4-5", None),
            ("bytes=-", None),
            ("bytes=", None),
            ("bytes=+1-2", None),
            ("bytes=1--2", None),
            ("items=0-1", None),
            ("0-1", None),
        ] {
            assert_eq!(RangeSpec::parse(value), expected, "{value}");
        }
    }

    #[test]
    fn ranges_are_cut_at_the_end_and_refused_behind_it() {
        let range = |start, end| Ok(ByteRange { start, end });
        let none = Err(HttpError::RangeNotSatisfiable { len: 10 });
        assert_eq!(RangeSpec::FromTo(2, 3).resolve(10), range(2, 4));
        assert_eq!(RangeSpec::FromTo(2, u64::MAX).resolve(10), range(2, 10));
        assert_eq!(RangeSpec::From(9).resolve(10), range(9, 10));
        assert_eq!(RangeSpec::Last(3).resolve(10), range(7, 10));
        assert_eq!(RangeSpec::Last(30).resolve(10), range(0, 10));
        assert_eq!(RangeSpec::From(10).resolve(10), none);
        assert_eq!(RangeSpec::FromTo(10, 20).resolve(10), none);
        assert_eq!(RangeSpec::Last(0).resolve(10), none);
        assert!(RangeSpec::Last(1).resolve(0).is_err());
    }
}
