use serde::{Deserialize, Serialize};

use crate::sql::{Row, Sql, Value};
use crate::users::shown;
use crate::{Error, Result, Store, UtcTime};

/// The most rows of an answer that lists.
pub const MAX_LISTED: usize = 10_000;
const SELECT: &str = "SELECT s.id, s.user_id, u.email, s.title, s.description, s.category, s.quality, \
    s.max_viewers, s.recording_enabled, s.chat_enabled, s.moderation_enabled, s.status, \
    s.scheduled_start, s.started_at, s.ended_at, s.is_private, s.key_disabled, s.created_at, \
    s.updated_at, s.stopped, s.tags, u.name FROM live_streams s JOIN users u ON u.id = s.user_id";

/// Where a stream is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Never live yet.
    Scheduled,
    /// Live, or its publisher is expected back within seconds.
    Live,
    /// Was live.
    Ended,
    /// Called off: publishing is denied.
    Cancelled,
}

impl Status {
    /// The database's and the API's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
        }
    }

    /// From a column that the site lets be NULL.
    pub(crate) fn of(name: Option<&str>) -> Result<Self> {
        name.map_or(Ok(Self::Scheduled), Self::parse)
    }

    pub(crate) fn parse(name: &str) -> Result<Self> {
        [Self::Scheduled, Self::Live, Self::Ended, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == name)
            .ok_or(Error::Corrupt("a stream's status"))
    }
}

/// A stream, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The public id.
    pub id: String,
    /// The owner's number.
    pub owner_id: i64,
    /// The owner's email.
    pub owner: String,
    /// The owner's name.
    pub owner_name: String,
    /// The title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// One of the site's categories.
    pub category: String,
    /// The top rung, such as `720p`.
    pub quality: String,
    /// The most viewers at a time; 0 is no limit.
    pub max_viewers: i64,
    /// Whether it is recorded.
    pub recording_enabled: bool,
    /// Whether its chat is open.
    pub chat_enabled: bool,
    /// Whether its chat is moderated.
    pub moderation_enabled: bool,
    /// Where it is in its life.
    pub status: Status,
    /// When it is announced for.
    pub scheduled_start: Option<UtcTime>,
    /// When the current or last session began.
    pub started_at: Option<UtcTime>,
    /// When the last session ended.
    pub ended_at: Option<UtcTime>,
    /// Whether only those with a right may know of it.
    pub is_private: bool,
    /// Whether an administrator keeps it from being published.
    pub disabled: bool,
    /// Whether it was stopped and not started again since.
    pub stopped: bool,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// When it was added.
    pub created_at: Option<UtcTime>,
    /// When it was last changed.
    pub updated_at: Option<UtcTime>,
}

/// A stream in the list of what is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveStream {
    /// The public id.
    pub id: String,
    /// The title.
    pub title: String,
    /// The name of its owner.
    pub streamer_name: String,
    /// The category.
    pub category: String,
    /// When the session began.
    pub started_at: UtcTime,
}

/// Where a page of a list of streams ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamCursor {
    /// What the list is sorted by, of the last stream: [`LiveStream::started_at`] or
    /// [`Stream::created_at`].
    pub time: UtcTime,
    /// Its id.
    pub id: String,
}

/// Which of the live streams are asked for.
#[derive(Clone, Debug, Default)]
pub struct LiveFilter {
    /// A part of the title or of the streamer's name, in any case of letters.
    pub search: Option<String>,
    /// The category.
    pub category: Option<String>,
}

impl Store {
    /// The streams, newest first, at most [`MAX_LISTED`].
    pub fn streams(&self) -> Result<Vec<Stream>> {
        let query = format!("{SELECT} ORDER BY s.created_at DESC, s.id LIMIT {MAX_LISTED}");
        self.transaction(|sql| sql.rows(&query, &[])?.iter().map(stream).collect())
    }

    /// The streams of an owner, newest first: at most `limit` after `after`.
    pub fn streams_of(
        &self,
        owner: i64,
        limit: usize,
        after: Option<&StreamCursor>,
    ) -> Result<Vec<Stream>> {
        let (clause, mut parameters) = after_clause("s.created_at", after);
        let query = format!(
            "{SELECT} WHERE s.user_id = ? {clause} ORDER BY s.created_at DESC, s.id LIMIT {}",
            limit.min(MAX_LISTED)
        );
        parameters.insert(0, owner.into());
        self.transaction(|sql| sql.rows(&query, &parameters)?.iter().map(stream).collect())
    }

    /// The public streams that are live, the newest session first: at most `limit` after `after`.
    pub fn live_streams(
        &self,
        filter: &LiveFilter,
        limit: usize,
        after: Option<&StreamCursor>,
    ) -> Result<Vec<LiveStream>> {
        let (mut clause, mut parameters) = after_clause("s.started_at", after);
        if let Some(category) = &filter.category {
            clause.push_str(" AND s.category = ?");
            parameters.push(category.into());
        }
        if let Some(search) = &filter.search {
            let pattern = Value::from(format!("%{}%", like_escaped(&search.to_ascii_lowercase())));
            clause.push_str(
                " AND (LOWER(s.title) LIKE ? ESCAPE '!' OR LOWER(u.name) LIKE ? ESCAPE '!')",
            );
            parameters.extend([pattern.clone(), pattern]);
        }
        let query = format!(
            "SELECT s.id, s.title, u.name, s.category, s.started_at FROM live_streams s \
             JOIN users u ON u.id = s.user_id \
             WHERE s.status = 'live' AND s.is_private = 0 AND s.started_at IS NOT NULL {clause} \
             ORDER BY s.started_at DESC, s.id LIMIT {}",
            limit.min(MAX_LISTED)
        );
        self.transaction(|sql| sql.rows(&query, &parameters)?.iter().map(live_stream).collect())
    }

    /// The stream with this id.
    pub fn stream(&self, id: &str) -> Result<Stream> {
        self.transaction(|sql| find(sql, id))
    }

    /// Removes the stream and all that belongs to it.
    pub fn remove_stream(&self, id: &str) -> Result<Stream> {
        self.transaction(|sql| {
            let stream = find(sql, id)?;
            sql.execute("DELETE FROM live_streams WHERE id = ?", &[id.into()])?;
            Ok(stream)
        })
    }

    /// Allows or forbids that the stream is published.
    pub fn set_disabled(&self, id: &str, disabled: bool) -> Result<Stream> {
        self.transaction(|sql| {
            let update = "UPDATE live_streams SET key_disabled = ? WHERE id = ?";
            sql.execute(update, &[disabled.into(), id.into()])?;
            find(sql, id)
        })
    }
}

/// A column's value as a limit: NULL, 0 and what makes no sense are no limit, which is 0.
pub(crate) fn viewer_limit(column: Option<i64>) -> u32 {
    u32::try_from(column.unwrap_or_default().max(0)).unwrap_or_default()
}

pub(crate) fn no_such(id: &str) -> Error {
    Error::NoSuchStream(shown(id))
}

pub(crate) fn find(sql: &dyn Sql, id: &str) -> Result<Stream> {
    let row = sql.row(&format!("{SELECT} WHERE s.id = ?"), &[id.into()])?;
    row.as_ref().map(stream).transpose()?.ok_or_else(|| no_such(id))
}

fn stream(row: &Row) -> Result<Stream> {
    Ok(Stream {
        id: row.text(0)?,
        owner_id: row.int(1)?,
        owner: row.text(2)?,
        owner_name: row.opt_text(21)?.unwrap_or_default(),
        title: row.text(3)?,
        description: row.opt_text(4)?,
        category: row.opt_text(5)?.unwrap_or_default(),
        quality: row.opt_text(6)?.unwrap_or_default(),
        max_viewers: row.opt_int(7)?.unwrap_or_default(),
        recording_enabled: row.flag(8)?,
        chat_enabled: row.flag(9)?,
        moderation_enabled: row.flag(10)?,
        status: Status::of(row.opt_text(11)?.as_deref())?,
        scheduled_start: row.time(12)?,
        started_at: row.time(13)?,
        ended_at: row.time(14)?,
        is_private: row.flag(15)?,
        disabled: row.flag(16)?,
        created_at: row.time(17)?,
        updated_at: row.time(18)?,
        stopped: row.flag(19)?,
        // What the site wrote there may be anything.
        tags: row
            .opt_text(20)?
            .and_then(|tags| serde_json::from_str(&tags).ok())
            .unwrap_or_default(),
    })
}

fn live_stream(row: &Row) -> Result<LiveStream> {
    Ok(LiveStream {
        id: row.text(0)?,
        title: row.text(1)?,
        streamer_name: row.opt_text(2)?.unwrap_or_default(),
        category: row.opt_text(3)?.unwrap_or_default(),
        started_at: row.time(4)?.ok_or(Error::Corrupt("a live stream's start"))?,
    })
}

/// Keyset paging over a column that falls and ids that rise.
fn after_clause(column: &str, after: Option<&StreamCursor>) -> (String, Vec<Value>) {
    after.map_or_else(Default::default, |after| {
        let clause = format!("AND ({column} < ? OR ({column} = ? AND s.id > ?))");
        (clause, vec![after.time.into(), after.time.into(), (&after.id).into()])
    })
}

/// A text that LIKE takes as it stands, with `!` as the escape.
pub(crate) fn like_escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

#[cfg(test)]
mod tests;
