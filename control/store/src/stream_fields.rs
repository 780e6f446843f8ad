//! Adding streams and changing what their owners may change.

use crate::idempotency::Idempotency;
use crate::keys::KeyRing;
use crate::sql::{Sql, Value};
use crate::streams::{Status, find};
use crate::users::User;
use crate::{Error, NewKey, Result, Role, Store, Stream, UtcTime, random};

/// The longest title, in characters: the width of its column.
pub const MAX_TITLE_CHARS: usize = 255;
/// The longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 5000;
/// The longest category and tag, in characters.
pub const MAX_WORD_CHARS: usize = 50;
/// The most tags of a stream.
pub const MAX_TAGS: usize = 20;
/// The highest `max_viewers`; 0 is no limit.
pub const MAX_VIEWERS: i64 = 1_000_000;
/// The most streams that one user may have, live or not. Administrators are exempt.
pub const MAX_STREAMS: i64 = 1000;
/// The rungs that `quality` may name.
pub const QUALITIES: [&str; 4] = ["360p", "480p", "720p", "1080p"];
/// Symbols of a made stream id: 12 of 58 are 70 bits, beyond guessing over the network.
pub(crate) const ID_SYMBOLS: usize = 12;

/// What an owner sets of a stream: `None` leaves a field as it is, or at its default in a new stream.
/// The inner `None` of some clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamFields {
    /// The title.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<Option<String>>,
    /// The category.
    pub category: Option<String>,
    /// Words to find it by.
    pub tags: Option<Vec<String>>,
    /// When it is announced for.
    pub scheduled_start: Option<Option<UtcTime>>,
    /// Whether only those with a right may know of it.
    pub is_private: Option<bool>,
    /// The top rung: one of [`QUALITIES`].
    pub quality: Option<String>,
    /// Whether it is recorded.
    pub recording_enabled: Option<bool>,
    /// Whether its chat is open.
    pub chat_enabled: Option<bool>,
    /// Whether its chat is moderated.
    pub moderation_enabled: Option<bool>,
    /// The most viewers at a time, up to [`MAX_VIEWERS`]; 0 is no limit.
    pub max_viewers: Option<i64>,
}

/// A stream that a request made, now or when it came the first time.
#[derive(Clone, Debug)]
pub struct Created {
    /// The stream with its key.
    pub new: NewKey,
    /// Whether the request had come before.
    pub repeated: bool,
}

impl Store {
    /// Adds a stream with a made id and key. Without an owner it is the first administrator's.
    pub fn add_stream(&self, title: &str, owner: Option<&str>) -> Result<NewKey> {
        let fields = StreamFields { title: Some(title.to_owned()), ..StreamFields::default() };
        let columns = columns(&fields)?;
        let made = self.make_stream()?;
        self.transaction(|sql| {
            let owner = match owner {
                Some(email) => self.inner.user(sql, email)?,
                None => self.inner.first_administrator(sql)?,
            };
            made.insert(sql, &owner, &columns)
        })
    }

    /// Adds a stream for the user with this number. A request that came before is answered with the
    /// stream that it made then.
    pub fn create_stream(
        &self,
        owner: i64,
        fields: &StreamFields,
        request: Option<&Idempotency>,
        now: UtcTime,
    ) -> Result<Created> {
        if fields.title.is_none() {
            return Err(Error::Invalid { field: "title", reason: "is missing" });
        }
        let columns = columns(fields)?;
        let made = self.make_stream()?;
        self.transaction(|sql| {
            if let Some(request) = request
                && let Some(id) = request.first_made(sql, owner, &made.id, now)?
            {
                return Ok(Created { new: self.inner.with_key(sql, &id)?, repeated: true });
            }
            let owner = self.inner.user_by_id(sql, owner)?;
            Ok(Created { new: made.insert(sql, &owner, &columns)?, repeated: false })
        })
    }

    /// Changes what is given of a stream.
    pub fn change_stream(&self, id: &str, fields: &StreamFields) -> Result<Stream> {
        let columns = columns(fields)?;
        self.transaction(|sql| {
            if !columns.is_empty() {
                let names: Vec<_> = columns.iter().map(|(name, _)| format!("{name} = ?")).collect();
                let update = format!("UPDATE live_streams SET {} WHERE id = ?", names.join(", "));
                let values = columns.iter().map(|(_, value)| value.clone());
                sql.execute(&update, &values.chain([id.into()]).collect::<Vec<_>>())?;
            }
            find(sql, id)
        })
    }

    /// Denies publishing until the stream is started, and ends it; `cancelled` also calls off a stream that
    /// was announced. The publisher is the caller's to cut.
    pub fn stop_stream(&self, id: &str, cancelled: bool, now: UtcTime) -> Result<Stream> {
        self.transaction(|sql| {
            let stream = find(sql, id)?;
            let status = match stream.status {
                _ if cancelled => Status::Cancelled,
                Status::Live => Status::Ended,
                other => other,
            };
            let ended = if stream.status == Status::Live { Some(now) } else { stream.ended_at };
            let update =
                "UPDATE live_streams SET stopped = 1, status = ?, ended_at = ? WHERE id = ?";
            let ended = ended.map_or(Value::Null, Value::from);
            sql.execute(update, &[status.as_str().into(), ended, id.into()])?;
            find(sql, id)
        })
    }

    /// Allows publishing again after a stop or a cancellation.
    pub fn start_stream(&self, id: &str) -> Result<Stream> {
        self.transaction(|sql| {
            let update = "UPDATE live_streams SET stopped = NULL, status = \
                          CASE WHEN status = 'cancelled' THEN 'scheduled' ELSE status END WHERE id = ?";
            sql.execute(update, &[id.into()])?;
            find(sql, id)
        })
    }

    fn make_stream(&self) -> Result<Made> {
        let id = random::text(random::BASE58, ID_SYMBOLS)?;
        let key = KeyRing::generate()?;
        let (look_up, sealed) = self.inner.columns_of(&id, &key)?;
        Ok(Made { id, key, look_up, sealed })
    }
}

/// What a new stream does not get from its owner.
struct Made {
    id: String,
    key: crate::Secret,
    look_up: String,
    sealed: Option<String>,
}

impl Made {
    fn insert(
        &self,
        sql: &dyn Sql,
        owner: &User,
        columns: &[(&'static str, Value)],
    ) -> Result<NewKey> {
        if owner.role < Role::Streamer {
            return Err(Error::MayNotStream(owner.email.clone()));
        }
        let query = "SELECT COUNT(*) FROM live_streams WHERE user_id = ?";
        let count = sql.row(query, &[owner.id.into()])?.map_or(Ok(0), |row| row.int(0))?;
        if owner.role < Role::Admin && count >= MAX_STREAMS {
            return Err(Error::TooManyStreams(owner.email.clone()));
        }
        let mut names = vec!["id", "user_id", "stream_key", "key_sealed"];
        let mut values =
            vec![(&self.id).into(), owner.id.into(), (&self.look_up).into(), (&self.sealed).into()];
        for (name, value) in columns {
            names.push(name);
            values.push(value.clone());
        }
        let places = vec!["?"; names.len()].join(", ");
        let insert = format!("INSERT INTO live_streams ({}) VALUES ({places})", names.join(", "));
        sql.execute(&insert, &values)?;
        Ok(NewKey { stream: find(sql, &self.id)?, key: self.key.clone() })
    }
}

/// The columns that are set and their values, after every rule was checked.
fn columns(fields: &StreamFields) -> Result<Vec<(&'static str, Value)>> {
    let mut columns = Vec::new();
    if let Some(title) = &fields.title {
        columns.push(("title", checked_title(title)?.into()));
    }
    if let Some(description) = &fields.description {
        let checked = description.as_deref().map(checked_description).transpose()?;
        columns.push(("description", (&checked).into()));
    }
    if let Some(category) = &fields.category {
        let reason = "must have 1 to 50 characters on one line";
        columns.push(("category", checked_word("category", category, reason)?.into()));
    }
    if let Some(tags) = &fields.tags {
        columns.push(("tags", checked_tags(tags)?.into()));
    }
    if let Some(start) = fields.scheduled_start {
        columns.push(("scheduled_start", start.map_or(Value::Null, Value::from)));
    }
    if let Some(quality) = &fields.quality {
        if !QUALITIES.contains(&quality.as_str()) {
            let reason = "must be 360p, 480p, 720p or 1080p";
            return Err(Error::Invalid { field: "quality", reason });
        }
        columns.push(("quality", quality.into()));
    }
    if let Some(viewers) = fields.max_viewers {
        if !(0..=MAX_VIEWERS).contains(&viewers) {
            let reason = "must be a number from 0 (no limit) to 1000000";
            return Err(Error::Invalid { field: "maxViewers", reason });
        }
        columns.push(("max_viewers", viewers.into()));
    }
    let flags = [
        ("is_private", fields.is_private),
        ("recording_enabled", fields.recording_enabled),
        ("chat_enabled", fields.chat_enabled),
        ("moderation_enabled", fields.moderation_enabled),
    ];
    columns.extend(flags.into_iter().filter_map(|(name, flag)| Some((name, flag?.into()))));
    Ok(columns)
}

fn checked_title(title: &str) -> Result<String> {
    let title = title.trim();
    let valid = is_line(title, MAX_TITLE_CHARS);
    let reason = "must have 1 to 255 characters on one line";
    valid.then(|| title.to_owned()).ok_or(Error::Invalid { field: "title", reason })
}

fn checked_description(text: &str) -> Result<String> {
    let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let valid = text.chars().count() <= MAX_DESCRIPTION_CHARS && text.chars().all(allowed);
    let reason =
        "must have at most 5000 characters, and no control characters but line ends and tabs";
    valid.then(|| text.to_owned()).ok_or(Error::Invalid { field: "description", reason })
}

fn checked_word(field: &'static str, word: &str, reason: &'static str) -> Result<String> {
    let word = word.trim();
    is_line(word, MAX_WORD_CHARS).then(|| word.to_owned()).ok_or(Error::Invalid { field, reason })
}

fn checked_tags(tags: &[String]) -> Result<String> {
    let reason = "must be at most 20 tags of 1 to 50 characters on one line";
    if tags.len() > MAX_TAGS {
        return Err(Error::Invalid { field: "tags", reason });
    }
    let tags: Result<Vec<_>> = tags.iter().map(|tag| checked_word("tags", tag, reason)).collect();
    Ok(serde_json::to_string(&tags?).expect("texts are valid JSON"))
}

fn is_line(text: &str, max: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
