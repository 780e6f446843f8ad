use crate::Kind;
use crate::field::{Fault, Field};
use crate::source::Given;

/// A number of bytes; zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// In bytes; `None` when there is no limit.
    pub const fn limit(self) -> Option<u64> {
        if self.0 == 0 { None } else { Some(self.0) }
    }
}

impl Field for Size {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        let count: u64 = count.parse().map_err(|_| Fault::value(text, "is not a size"))?;
        let scale: u64 = match unit.trim().to_ascii_uppercase().as_str() {
            "MB" | "M" => 1_000_000,
            "" | "GB" | "G" => 1_000_000_000,
            "TB" | "T" => 1_000_000_000_000,
            _ => return Err(Fault::value(text, "has a unit other than MB, GB or TB")),
        };
        let bytes =
            count.checked_mul(scale).ok_or_else(|| Fault::value(text, "is out of range"))?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_of_gigabytes() {
        let parse = |text: &str| Size::parse(&Kind::Size, &Given::Text(text.to_owned()));
        assert_eq!(parse("10").unwrap().bytes(), 10_000_000_000);
        assert_eq!(parse("500 MB").unwrap().limit(), Some(500_000_000));
        assert_eq!(parse("0").unwrap().limit(), None);
        for bad in ["", "GB", "1.5", "10 KiB", "99999999999999999999", "18446744073709551615"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
