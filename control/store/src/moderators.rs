//! Who moderates a stream, beside its owner and those who moderate every one.

use crate::sql::{Row, Sql};
use crate::streams::find;
use crate::users::no_such;
use crate::{Error, Result, Store, UtcTime};

/// The most moderators of a stream.
pub const MAX_MODERATORS: usize = 200;

/// What a moderator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeratorRights {
    /// Delete messages.
    pub delete_messages: bool,
    /// Silence users for a time.
    pub timeout_users: bool,
    /// Ban users.
    pub ban_users: bool,
    /// Change the chat's settings.
    pub manage_stream: bool,
}

impl Default for ModeratorRights {
    /// The defaults of the table.
    fn default() -> Self {
        Self { delete_messages: true, timeout_users: true, ban_users: false, manage_stream: false }
    }
}

/// A moderator of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moderator {
    /// The user's number.
    pub user_id: i64,
    /// The user's name.
    pub name: String,
    /// What the user may do.
    pub rights: ModeratorRights,
    /// Who appointed the user.
    pub assigned_by: Option<i64>,
    /// Since when.
    pub created_at: Option<UtcTime>,
}

impl Store {
    /// The moderators of a stream in the order of their numbers, at most [`MAX_MODERATORS`].
    pub fn moderators(&self, stream: &str) -> Result<Vec<Moderator>> {
        self.transaction(|sql| {
            let query = format!("{SELECT} ORDER BY m.user_id LIMIT {MAX_MODERATORS}");
            sql.rows(&query, &[stream.into()])?.iter().map(moderator).collect()
        })
    }

    /// Appoints a moderator, or changes what one may do.
    pub fn set_moderator(
        &self,
        stream: &str,
        user: i64,
        rights: ModeratorRights,
        by: i64,
    ) -> Result<Moderator> {
        self.transaction(|sql| {
            find(sql, stream)?;
            self.inner.user_by_id(sql, user)?;
            let rights = [
                rights.delete_messages,
                rights.timeout_users,
                rights.ban_users,
                rights.manage_stream,
            ];
            let mut values: Vec<_> = rights.into_iter().map(Into::into).collect();
            values.extend([by.into(), stream.into(), user.into()]);
            let query =
                "SELECT COUNT(*) FROM stream_moderators WHERE stream_id = ? AND user_id = ?";
            let statement = if count(sql, query, stream, Some(user))? > 0 {
                "UPDATE stream_moderators SET can_delete_messages = ?, can_timeout_users = ?, \
                 can_ban_users = ?, can_manage_stream = ?, assigned_by = ?, is_active = 1 \
                 WHERE stream_id = ? AND user_id = ?"
            } else {
                let query =
                    "SELECT COUNT(*) FROM stream_moderators WHERE stream_id = ? AND is_active = 1";
                if count(sql, query, stream, None)? >= MAX_MODERATORS as i64 {
                    return Err(Error::TooManyModerators);
                }
                "INSERT INTO stream_moderators (can_delete_messages, can_timeout_users, \
                 can_ban_users, can_manage_stream, assigned_by, stream_id, user_id, is_active) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
            };
            sql.execute(statement, &values)?;
            let query = format!("{SELECT} AND m.user_id = ?");
            let row = sql.row(&query, &[stream.into(), user.into()])?;
            row.as_ref().map(moderator).transpose()?.ok_or_else(|| no_such(&user.to_string()))
        })
    }

    /// Dismisses a moderator; whether the user was one.
    pub fn remove_moderator(&self, stream: &str, user: i64) -> Result<bool> {
        self.transaction(|sql| {
            let delete = "DELETE FROM stream_moderators WHERE stream_id = ? AND user_id = ?";
            Ok(sql.execute(delete, &[stream.into(), user.into()])? > 0)
        })
    }

    /// What the user may do as a moderator of the stream; none for one who is not.
    pub fn moderator(&self, stream: &str, user: i64) -> Result<Option<Moderator>> {
        self.transaction(|sql| {
            let query = format!("{SELECT} AND m.user_id = ?");
            sql.row(&query, &[stream.into(), user.into()])?.as_ref().map(moderator).transpose()
        })
    }
}

const SELECT: &str = "SELECT m.user_id, u.name, m.can_delete_messages, m.can_timeout_users, \
    m.can_ban_users, m.can_manage_stream, m.assigned_by, m.created_at FROM stream_moderators m \
    JOIN users u ON u.id = m.user_id WHERE m.stream_id = ? AND m.is_active = 1";

fn moderator(row: &Row) -> Result<Moderator> {
    Ok(Moderator {
        user_id: row.int(0)?,
        name: row.opt_text(1)?.unwrap_or_default(),
        rights: ModeratorRights {
            delete_messages: row.flag(2)?,
            timeout_users: row.flag(3)?,
            ban_users: row.flag(4)?,
            manage_stream: row.flag(5)?,
        },
        assigned_by: row.opt_int(6)?,
        created_at: row.time(7)?,
    })
}

fn count(sql: &dyn Sql, query: &str, stream: &str, user: Option<i64>) -> Result<i64> {
    let mut values = vec![stream.into()];
    values.extend(user.map(Into::into));
    sql.row(query, &values)?.map_or(Ok(0), |row| row.int(0))
}

#[cfg(test)]
mod tests;
