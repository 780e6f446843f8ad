//! Pages of lists: `limit` and an opaque `cursor`.

use serde::Deserialize;
use store::{StreamCursor, UtcTime};
use stream::control::StreamId;
use utoipa::IntoParams;

use crate::problem::{Answer, Problem};

/// The most items of a page.
pub const MAX_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 50;
/// The most digits of a cursor's time, in seconds: up to the year 5138, which a database can hold.
const CURSOR_DIGITS: usize = 11;
/// The most digits of a user's number in a cursor.
const USER_DIGITS: usize = 18;

/// The part of a list that is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// The `nextCursor` of the page before.
    #[param(pattern = r"^[0-9]{1,11}\.[A-Za-z0-9_-]{1,36}$")]
    cursor: Option<String>,
}

impl Page {
    /// From a query that holds more than the page.
    pub(crate) fn new(limit: Option<String>, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    pub(crate) fn limit(&self) -> Answer<usize> {
        let Some(text) = &self.limit else { return Ok(DEFAULT_PAGE) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
        let why = || Problem::invalid(format!("limit must be a number from 1 to {MAX_PAGE}."));
        limit.ok_or_else(why)
    }

    /// Where a list of users goes on; 0 at its start.
    pub(crate) fn after_number(&self) -> Answer<i64> {
        let Some(text) = &self.cursor else { return Ok(0) };
        number(text, USER_DIGITS).ok_or_else(bad_cursor)
    }

    /// Where a list of streams goes on.
    pub(crate) fn after_stream(&self) -> Answer<Option<StreamCursor>> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let parse = || {
            let (seconds, id) = text.split_once('.')?;
            let seconds = number(seconds, CURSOR_DIGITS)?;
            let id = StreamId::parse(id)?.as_str().to_owned();
            Some(StreamCursor { time: UtcTime::from_unix(seconds), id })
        };
        parse().map(Some).ok_or_else(bad_cursor)
    }
}

/// Cuts the one item too many off that tells whether another page follows; the cursor of that page.
pub(crate) fn next<T>(
    items: &mut Vec<T>,
    limit: usize,
    cursor: impl Fn(&T) -> String,
) -> Option<String> {
    let more = items.len() > limit;
    items.truncate(limit);
    items.last().filter(|_| more).map(cursor)
}

/// The cursor after a stream, sorted by the time.
pub(crate) fn stream_cursor(time: UtcTime, id: &str) -> String {
    format!("{}.{id}", time.unix())
}

fn number(text: &str, max_digits: usize) -> Option<i64> {
    let digits = text.len() <= max_digits && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

fn bad_cursor() -> Problem {
    Problem::invalid("cursor must be the nextCursor of the page before.")
}
