use std::fmt;

use media::Timestamp;

/// A duration as seconds with five decimals: finer than a tick of 90 kHz.
pub(super) struct Seconds(pub(super) Timestamp);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.to_scale(100_000);
        write!(f, "{}.{:05}", units / 100_000, units % 100_000)
    }
}

/// Unix milliseconds as an ISO 8601 date and time in UTC.
pub(super) struct Iso8601(pub(super) i64);

impl fmt::Display for Iso8601 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_MS: i64 = 86_400_000;
        let (year, month, day) = civil(self.0.div_euclid(DAY_MS));
        let ms = self.0.rem_euclid(DAY_MS);
        let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
        let (second, ms) = (ms / 1_000 % 60, ms % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

/// Unix milliseconds as an ISO 8601 date and time in UTC, such as `2026-11-22T17:55:00.000Z`.
pub fn date_time(unix_ms: i64) -> String {
    Iso8601(unix_ms).to_string()
}

/// The Gregorian date of a day counted from 1970-01-01. Years begin in March here, so that the leap day
/// is a year's last; 719468 days lie between 0000-03-01 and 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    const ERA_DAYS: i64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_gregorian() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Iso8601(ms).to_string(), text);
        }
    }

    #[test]
    fn durations_have_five_decimals() {
        assert_eq!(Seconds(Timestamp::from_ticks(180_000)).to_string(), "2.00000");
        assert_eq!(Seconds(Timestamp::from_ticks(1)).to_string(), "0.00001");
    }
}
