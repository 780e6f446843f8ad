//! Stream keys in the database: sealed, or in plain text where the site or the operator wants that.

use crate::keys::{self, KeyRing, MAX_KEY};
use crate::sql::{Row, Sql, Value};
use crate::store::Inner;
use crate::streams::{find, no_such, viewer_limit};
use crate::{Result, Role, Secret, Status, Store, Stream};

/// Streams that [`Store::publish_rights`] looks up at a time.
pub const MAX_RIGHTS: usize = 256;

/// A stream with its key, for the one answer that carries it.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The stream.
    pub stream: Stream,
    /// Its key.
    pub key: Secret,
}

/// A key that may publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorized {
    /// The stream that the key belongs to.
    pub stream: String,
    /// The owner's number.
    pub owner_id: i64,
    /// The stream's title.
    pub title: String,
    /// Whether the owner is an administrator, and so free of limits.
    pub is_admin: bool,
    /// The most viewers at a time; 0 is no limit.
    pub max_viewers: u32,
}

/// What the table says of a stream's right to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishRight {
    /// The stream.
    pub stream: String,
    /// Its key, as [`Store::key_hash`] gives it.
    pub key: String,
    /// Whether it was stopped, until its next start.
    pub is_stopped: bool,
    /// Whether it is disabled or cancelled, or its owner is locked out or has become a viewer.
    pub is_disabled: bool,
    /// The most viewers at a time; 0 is no limit.
    pub max_viewers: u32,
}

/// Why a key may not publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No stream has this key.
    Unknown,
    /// The stream is disabled, stopped or cancelled, or its owner is locked out or has become a viewer.
    Disabled,
}

impl Store {
    /// Gives the stream a new key; the old one stops working.
    pub fn new_key(&self, id: &str) -> Result<NewKey> {
        let key = KeyRing::generate()?;
        let (look_up, sealed) = self.inner.columns_of(id, &key)?;
        self.transaction(|sql| {
            let update = "UPDATE live_streams SET stream_key = ?, key_sealed = ? WHERE id = ?";
            sql.execute(update, &[(&look_up).into(), (&sealed).into(), id.into()])?;
            Ok(NewKey { stream: find(sql, id)?, key: key.clone() })
        })
    }

    /// Shows the stream's key.
    pub fn reveal_key(&self, id: &str) -> Result<NewKey> {
        self.transaction(|sql| self.inner.with_key(sql, id))
    }

    /// Whether the key may publish, and what. A key that stands in the table in plain text, as the
    /// site's own do, works and is sealed on this occasion unless plain keys are wanted.
    pub fn authorize(&self, key: &str) -> Result<Result<Authorized, Denied>> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Ok(Err(Denied::Unknown));
        }
        let look_up = self.inner.keys.look_up(key);
        self.transaction(|sql| {
            let query = "SELECT s.id, s.user_id, s.title, s.status, s.key_disabled, s.stream_key, \
                         s.key_sealed, COALESCE(u.own_role, u.role), u.is_active, s.stopped, \
                         s.max_viewers, u.own_role \
                         FROM live_streams s JOIN users u ON u.id = s.user_id \
                         WHERE (s.stream_key = ? AND s.key_sealed IS NOT NULL) \
                         OR (s.stream_key = ? AND s.key_sealed IS NULL)";
            let Some(row) = sql.row(query, &[(&look_up).into(), key.into()])? else {
                return Ok(Err(Denied::Unknown));
            };
            let is_plain = row.opt_text(6)?.is_none();
            // The engine's own comparison may fold letters; this one does not.
            let presented = if is_plain { key } else { &look_up };
            if !keys::same(&row.text(5)?, presented) {
                return Ok(Err(Denied::Unknown));
            }
            let id = row.text(0)?;
            if is_plain && !self.inner.options.plain_stream_keys {
                self.inner.seal_in_place(sql, &id, key)?;
            }
            let cancelled = Status::of(row.opt_text(3)?.as_deref())? == Status::Cancelled;
            if cancelled || row.flag(4)? || !row.flag(8)? || row.flag(9)? {
                return Ok(Err(Denied::Disabled));
            }
            if is_made_viewer(row.opt_text(11)?.as_deref()) {
                return Ok(Err(Denied::Disabled));
            }
            let role = self.inner.options.roles.role(&row.opt_text(7)?.unwrap_or_default());
            let is_admin = role == Role::Admin;
            let title = row.text(2)?;
            let owner_id = row.int(1)?;
            let max_viewers = viewer_limit(row.opt_int(10)?);
            Ok(Ok(Authorized { stream: id, owner_id, title, is_admin, max_viewers }))
        })
    }

    /// The keyed hash of a key: names it without telling it.
    pub fn key_hash(&self, key: &str) -> String {
        self.inner.keys.look_up(key)
    }

    /// The rights of many streams, at most [`MAX_RIGHTS`]; streams that do not exist are left out.
    pub fn publish_rights(&self, streams: &[String]) -> Result<Vec<PublishRight>> {
        // Few lengths of the list, so that few statements are prepared. No stream has the empty id.
        let places = [1, 16, MAX_RIGHTS].into_iter().find(|size| streams.len() <= *size);
        let places = places.unwrap_or(MAX_RIGHTS);
        let ids = streams.iter().map(String::as_str).chain(std::iter::repeat(""));
        let ids: Vec<Value> = ids.take(places).map(Value::from).collect();
        let query = format!(
            "SELECT s.id, s.stream_key, s.key_sealed, s.status, s.key_disabled, u.is_active, \
             s.stopped, s.max_viewers, u.own_role FROM live_streams s JOIN users u ON u.id = s.user_id \
             WHERE s.id IN ({})",
            vec!["?"; places].join(", ")
        );
        self.transaction(|sql| {
            sql.rows(&query, &ids)?.iter().map(|row| self.inner.right(row)).collect()
        })
    }

    /// Puts every sealed key back into plain text.
    pub(crate) fn unseal_all_keys(&self) -> Result<()> {
        self.transaction(|sql| {
            let query = "SELECT id, key_sealed FROM live_streams WHERE key_sealed IS NOT NULL";
            for row in sql.rows(query, &[])? {
                let id = row.text(0)?;
                let key = self.inner.keys.open(&id, &row.text(1)?)?;
                let update =
                    "UPDATE live_streams SET stream_key = ?, key_sealed = NULL WHERE id = ?";
                sql.execute(update, &[key.expose().into(), (&id).into()])?;
            }
            Ok(())
        })
    }
}

impl Inner {
    fn right(&self, row: &Row) -> Result<PublishRight> {
        let kept = row.text(1)?;
        let is_plain = row.opt_text(2)?.is_none();
        let cancelled = Status::of(row.opt_text(3)?.as_deref())? == Status::Cancelled;
        let is_viewer = is_made_viewer(row.opt_text(8)?.as_deref());
        Ok(PublishRight {
            stream: row.text(0)?,
            key: if is_plain { self.keys.look_up(&kept) } else { kept },
            is_stopped: row.flag(6)?,
            is_disabled: cancelled || row.flag(4)? || !row.flag(5)? || is_viewer,
            max_viewers: viewer_limit(row.opt_int(7)?),
        })
    }

    /// What `stream_key` and `key_sealed` hold for a key.
    pub(crate) fn columns_of(&self, id: &str, key: &Secret) -> Result<(String, Option<String>)> {
        if self.options.plain_stream_keys {
            return Ok((key.expose().to_owned(), None));
        }
        Ok((self.keys.look_up(key.expose()), Some(self.keys.seal(id, key)?)))
    }

    /// The stream with its key.
    pub(crate) fn with_key(&self, sql: &dyn Sql, id: &str) -> Result<NewKey> {
        let stream = find(sql, id)?;
        let query = "SELECT stream_key, key_sealed FROM live_streams WHERE id = ?";
        let row = sql.row(query, &[id.into()])?.ok_or_else(|| no_such(id))?;
        let key = match row.opt_text(1)? {
            Some(sealed) => self.keys.open(id, &sealed)?,
            None => Secret::new(row.text(0)?),
        };
        Ok(NewKey { stream, key })
    }

    fn seal_in_place(&self, sql: &dyn Sql, id: &str, key: &str) -> Result<()> {
        let sealed = self.keys.seal(id, &Secret::new(key))?;
        let update = "UPDATE live_streams SET stream_key = ?, key_sealed = ? WHERE id = ?";
        sql.execute(update, &[(&self.keys.look_up(key)).into(), (&sealed).into(), id.into()])?;
        Ok(())
    }
}

/// Whether an owner was made a viewer here. One whom only the site calls so keeps the stream that the site
/// gave them.
fn is_made_viewer(own_role: Option<&str>) -> bool {
    own_role == Some(Role::Viewer.as_str())
}

#[cfg(test)]
mod tests;
