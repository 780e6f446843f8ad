//! Expectations: what a run must show to pass, such as `p99<200ms` or `lost=0`.

use serde::{Deserialize, Serialize};

use crate::histogram::Spread;
use crate::summary::Summary;

/// Names of plain numbers.
const NUMBERS: [&str; 7] = ["stalls", "lost", "doubled", "reordered", "slow", "failed", "refused"];
/// What stands before a percentile, and of which times it is one.
const PREFIXES: [&str; 7] = ["", "first-", "connect-", "part-", "go-ahead-", "late-", "login-"];
const POINTS: [&str; 5] = ["p50", "p90", "p99", "p999", "max"];

/// Something that is expected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expectation {
    text: String,
    name: String,
    operator: Operator,
    /// Milliseconds for times.
    bound: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// What became of an expectation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) text: String,
    pub(crate) met: bool,
    /// `None` when nothing was measured, which meets no expectation.
    pub(crate) value: Option<f64>,
}

impl Expectation {
    /// From `NAME OPERATOR VALUE`; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let at = text.find(['<', '=', '>']).ok_or("it has no <, <=, =, >= or >")?;
        let (name, rest) = text.split_at(at);
        let operators = [
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("<", Operator::Less),
            (">", Operator::More),
            ("=", Operator::Equal),
        ];
        let found = operators
            .into_iter()
            .find_map(|(sign, operator)| rest.strip_prefix(sign).map(|value| (operator, value)));
        let (operator, value) = found.ok_or("it has no operator")?;
        let (name, value) = (name.trim().to_owned(), value.trim());
        let is_time = is_time(&name);
        if !is_time && !NUMBERS.contains(&name.as_str()) {
            return Err(format!("'{name}' is not measured; use one of {}", names()));
        }
        let (digits, scale) = match (value.strip_suffix("ms"), value.strip_suffix('s')) {
            (Some(digits), _) => (digits, 1.0),
            (None, Some(digits)) => (digits, 1000.0),
            (None, None) => (value, 1.0),
        };
        if digits.len() != value.len() && !is_time {
            return Err(format!("{name} is a number, not a time"));
        }
        let bound: f64 = digits.trim().parse().map_err(|_| format!("'{value}' is no value"))?;
        if !bound.is_finite() {
            return Err(format!("'{value}' is no value"));
        }
        Ok(Self { text: text.to_owned(), name, operator, bound: bound * scale })
    }

    /// Whether the run is as expected.
    pub(crate) fn judge(&self, summary: &Summary) -> Verdict {
        let value = measured(&self.name, summary);
        let met = value.is_some_and(|value| match self.operator {
            Operator::Less => value < self.bound,
            Operator::AtMost => value <= self.bound,
            Operator::Equal => (value - self.bound).abs() < f64::EPSILON,
            Operator::AtLeast => value >= self.bound,
            Operator::More => value > self.bound,
        });
        Verdict { text: self.text.clone(), met, value }
    }
}

/// All names that may stand in an expectation, for help and errors.
pub(crate) fn names() -> String {
    format!(
        "p50 p90 p99 p999 max, the same after {}, {}",
        PREFIXES[1..].join(" "),
        NUMBERS.join(" ")
    )
}

fn is_time(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.strip_prefix(prefix).is_some_and(|p| POINTS.contains(&p)))
}

fn measured(name: &str, summary: &Summary) -> Option<f64> {
    let Summary { connections, players, frames, .. } = summary;
    match name {
        "stalls" => return Some(players.stalls as f64),
        // A connection that is lost loses every picture after it.
        "lost" => return Some(frames.lost as f64 + connections.lost as f64),
        "doubled" => return Some(frames.doubled as f64),
        "reordered" => return Some(frames.reordered as f64),
        "slow" => return Some((players.slow + players.without_a_frame) as f64),
        "failed" => return Some(connections.failed as f64),
        "refused" => return Some(connections.refused as f64),
        _ => {}
    }
    let (prefix, point) = name.rsplit_once('-').unwrap_or(("", name));
    let (http, publish) = (summary.http.as_ref(), summary.publish.as_ref());
    let spread = match prefix {
        "first" => summary.first_frame_ms,
        "connect" => summary.connect_ms,
        "part" => http.and_then(|http| http.part_in_hand_ms),
        "go-ahead" => publish.and_then(|publish| publish.go_ahead_ms),
        "login" => summary.api.as_ref().and_then(|api| api.login_ms),
        "late" => publish.and_then(|publish| publish.late_ms),
        _ => summary.latency_ms,
    };
    let Spread { p50, p90, p99, p999, max, .. } = spread?;
    match point {
        "p50" => Some(p50),
        "p90" => Some(p90),
        "p99" => Some(p99),
        "p999" => Some(p999),
        _ => Some(max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{About, Kind, Own};
    use crate::tally::Tally;
    use proptest::prelude::*;

    fn summary() -> Summary {
        let mut tally = Tally::default();
        (1..=100).for_each(|ms| tally.latency.record(ms * 1000));
        tally.frames.lost = 2;
        let about = About {
            kind: Kind::Play,
            protocol: "rtmp".into(),
            url: String::new(),
            started_unix_ms: 0,
        };
        Summary::new(about, &tally, Own::default(), None)
    }

    fn met(text: &str) -> bool {
        Expectation::parse(text).unwrap().judge(&summary()).met
    }

    #[test]
    fn times_and_numbers_are_compared() {
        for good in
            ["p50<51ms", "p99 <= 0.1s", "max>99", "stalls=0", "lost=2", "lost >= 2", "p90>=89.9ms"]
        {
            assert!(met(good), "{good}");
        }
        for bad in ["p50<50ms", "lost=0", "stalls>0", "first-p99<1s", "part-p99<1s"] {
            assert!(!met(bad), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for bad in ["", "p99", "p98<1", "lost<1ms", "p99<", "p99<x", "p99<1h", "p99<inf", "-p50<1"]
        {
            assert!(Expectation::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_a_panic(text: String) {
            drop(Expectation::parse(&text));
        }
    }
}
