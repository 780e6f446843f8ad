use std::fmt;

const SECONDS_PER_DAY: i64 = 86_400;
/// The years 1 to 9999, which a database can hold.
const YEARS: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;

/// A point in time in UTC, in whole seconds since 1970-01-01. In the database it is the text
/// `YYYY-MM-DD HH:MM:SS`, which SQLite's date functions and MySQL's `DATETIME` share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcTime(i64);

impl UtcTime {
    /// From seconds since 1970-01-01 00:00:00 UTC.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// The database's text.
    pub(crate) fn to_sql(self) -> String {
        self.format(' ', "")
    }

    /// Reads the database's text; a fraction of a second is dropped. `None` when it is no such text.
    pub(crate) fn from_sql(text: &str) -> Option<Self> {
        let (date, clock) = text.split_once([' ', 'T'])?;
        let [year, month, day] = numbers(date, '-')?;
        let clock = clock.trim_end_matches('Z').split('.').next()?;
        let [hour, minute, second] = numbers(clock, ':')?;
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..=60).contains(&second);
        let days = days_from_civil(year, month, day);
        // A month has no more days than it has.
        let valid = valid && civil_from_days(days) == (year, month, day);
        valid.then(|| Self(days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second))
    }

    /// Reads a time of RFC 3339 in whatever zone, or the database's text, which is in UTC. `None` when it is
    /// none, or lies outside the years that a database can hold.
    fn from_rfc3339(text: &str) -> Option<Self> {
        let zone = |text: &str| {
            let at = text.len().checked_sub(6)?;
            let (sign, offset) = text.get(at..)?.split_at_checked(1)?;
            let direction = match sign {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let [hours, minutes, _] = numbers(&format!("{offset}:0"), ':')?;
            let valid = hours < 24 && minutes < 60;
            valid.then_some((at, direction * (hours * 3600 + minutes * 60)))
        };
        let (at, offset) = zone(text).unwrap_or((text.len(), 0));
        let text = text.get(..at)?.replace('t', "T").replace('z', "Z");
        let time = Self(Self::from_sql(&text)?.0 - offset);
        YEARS.contains(&time.0).then_some(time)
    }

    fn format(self, separator: char, suffix: &str) -> String {
        let (year, month, day) = civil_from_days(self.0.div_euclid(SECONDS_PER_DAY));
        let second = self.0.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}{suffix}")
    }
}

/// RFC 3339, as the API shows times: `2026-11-22T18:06:00Z`.
impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format('T', "Z"))
    }
}

impl serde::Serialize for UtcTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for UtcTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_rfc3339(&text).ok_or_else(|| {
            serde::de::Error::custom("not a time of RFC 3339, such as 2030-01-31T18:00:00Z")
        })
    }
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut next = || {
        let part = parts.next()?;
        let digits = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    };
    let all = [next()?, next()?, next()?];
    parts.next().is_none().then_some(all)
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Years begin in March, so that
/// the leap day is a year's last; an era is 400 years of 146,097 days.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times_are_written_as_rfc_3339_and_as_sql() {
        let time = UtcTime::from_unix(1_735_689_600);
        assert_eq!(time.to_string(), "2025-01-01T00:00:00Z");
        assert_eq!(UtcTime::from_unix(951_827_696).to_sql(), "2000-02-29 12:34:56");
        assert_eq!(UtcTime::from_unix(-1).to_sql(), "1969-12-31 23:59:59");
    }

    #[test]
    fn fractions_are_dropped_and_nonsense_is_refused() {
        assert_eq!(UtcTime::from_sql("2025-01-01 00:00:00.999").unwrap().unix(), 1_735_689_600);
        for text in [
            "",
            "2025-01-01",
            "2025-13-01 00:00:00",
            "2025-02-29 00:00:00",
            "2025-01-01 25:00:00",
            "a-b-c d:e:f",
        ] {
            assert_eq!(UtcTime::from_sql(text), None, "{text}");
        }
    }

    #[test]
    fn clients_may_name_a_zone() {
        let read = |text: &str| UtcTime::from_rfc3339(text).map(|time| time.to_string());
        let noon = Some("2030-01-31T12:00:00Z".to_owned());
        for text in [
            "2030-01-31T12:00:00Z",
            "2030-01-31t12:00:00.25z",
            "2030-01-31T14:00:00+02:00",
            "2030-01-31T06:30:00.5-05:30",
            "2030-01-31 12:00:00",
        ] {
            assert_eq!(read(text), noon, "{text}");
        }
        for text in ["2030-01-31T12:00:00+24:00", "2030-01-31T12:00:00 02:00", "2030-01-31-02:00"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("9999-12-31T23:59:59-00:01"), None, "the database ends there");
        assert_eq!(read("2030-01-31T12:00:00\u{fc}\u{fc}:00"), None);
    }

    proptest! {
        #[test]
        fn every_second_of_four_digit_years_survives_the_database(seconds in -62_135_596_800_i64..253_402_300_799) {
            let time = UtcTime::from_unix(seconds);
            prop_assert_eq!(UtcTime::from_sql(&time.to_sql()), Some(time));
        }

        #[test]
        fn reading_never_panics(text in "\\PC*") {
            let _ = UtcTime::from_rfc3339(&text);
        }
    }
}
