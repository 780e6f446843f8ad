//! Log-ins that hold: each has a refresh token that is replaced at every use.

use aws_lc_rs::constant_time;
use uuid::Uuid;

use crate::sql::Sql;
use crate::users::{COLUMNS, no_such};
use crate::{Error, Result, Secret, Store, User, UtcTime, keys, random};

/// What every refresh token begins with.
const PREFIX: &str = "rt_";
/// Symbols of a token's handle: 22 of 62 hold 130 bits.
const HANDLE: usize = 22;
/// Symbols of a token's secret: 43 of 62 hold 256 bits.
const SECRET: usize = 43;
/// Log-ins of a user that hold at a time; one more ends the one that was used longest ago.
pub const MAX_LOGINS: usize = 100;

/// A log-in and the token that renews it next.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its id, which access tokens name.
    pub id: String,
    /// The token, shown this once.
    pub refresh_token: Secret,
}

/// What came of a refresh token.
#[derive(Clone, Debug)]
pub enum Refreshed {
    /// It was the newest one: another takes its place.
    Renewed {
        /// The log-in with its new token.
        login: Login,
        /// Whose it is.
        user: User,
    },
    /// It was used before, so somebody else has it too: the log-in is over.
    Reused {
        /// The log-in that ended.
        login: String,
        /// Whose it was.
        user: i64,
    },
    /// It belongs to no log-in that holds.
    Refused,
}

/// What decides whether a token of a user holds.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The user.
    pub user: User,
    /// Tokens made by then do not hold.
    pub logged_out_at: Option<UtcTime>,
}

impl Store {
    /// Begins a log-in of the user that holds for `lifetime` seconds without a refresh.
    pub fn open_login(&self, user: i64, now: UtcTime, lifetime: i64) -> Result<Login> {
        let id = Uuid::now_v7().to_string();
        let token = Token::make()?;
        self.transaction(|sql| {
            sql.execute("DELETE FROM login_sessions WHERE expires_at <= ?", &[now.into()])?;
            let query = format!(
                "SELECT id FROM login_sessions WHERE user_id = ? \
                 ORDER BY refreshed_at DESC, id DESC LIMIT 1000 OFFSET {}",
                MAX_LOGINS - 1
            );
            for row in sql.rows(&query, &[user.into()])? {
                sql.execute("DELETE FROM login_sessions WHERE id = ?", &[row.text(0)?.into()])?;
            }
            let insert = "INSERT INTO login_sessions (id, user_id, handle_hash, secret_hash, \
                          created_at, refreshed_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
            let values = [
                (&id).into(),
                user.into(),
                keys::sha256(&token.handle).into(),
                keys::sha256(&token.secret).into(),
                now.into(),
                now.into(),
                after(now, lifetime).into(),
            ];
            sql.execute(insert, &values)?;
            Ok(Login { id: id.clone(), refresh_token: token.text() })
        })
    }

    /// Replaces a refresh token. One that was replaced before ends its log-in: either its owner or a thief
    /// holds the newer one, and nobody can tell which.
    pub fn refresh_login(&self, token: &str, now: UtcTime, lifetime: i64) -> Result<Refreshed> {
        let Some(given) = Token::parse(token) else { return Ok(Refreshed::Refused) };
        let next = Token { handle: given.handle.clone(), secret: Token::make()?.secret };
        self.transaction(|sql| {
            let query = "SELECT id, user_id, secret_hash FROM login_sessions \
                         WHERE handle_hash = ? AND expires_at > ?";
            let query = format!("{query}{}", sql.for_update());
            let values = [keys::sha256(&given.handle).into(), now.into()];
            let Some(row) = sql.row(&query, &values)? else { return Ok(Refreshed::Refused) };
            let (id, user) = (row.text(0)?, row.int(1)?);
            let (known, presented) = (row.text(2)?, keys::sha256(&given.secret));
            let same =
                constant_time::verify_slices_are_equal(known.as_bytes(), presented.as_bytes());
            if same.is_err() {
                sql.execute("DELETE FROM login_sessions WHERE id = ?", &[(&id).into()])?;
                return Ok(Refreshed::Reused { login: id, user });
            }
            let user = self.inner.user_by_id(sql, user)?;
            if !user.is_active {
                return Ok(Refreshed::Refused);
            }
            let update = "UPDATE login_sessions SET secret_hash = ?, refreshed_at = ?, \
                          expires_at = ? WHERE id = ?";
            let values = [
                keys::sha256(&next.secret).into(),
                now.into(),
                after(now, lifetime).into(),
                (&id).into(),
            ];
            sql.execute(update, &values)?;
            Ok(Refreshed::Renewed { login: Login { id, refresh_token: next.text() }, user })
        })
    }

    /// Ends the log-in that a refresh token belongs to; its id, if there was one.
    pub fn end_login_by_token(&self, token: &str) -> Result<Option<String>> {
        let Some(given) = Token::parse(token) else { return Ok(None) };
        self.transaction(|sql| {
            let query = "SELECT id FROM login_sessions WHERE handle_hash = ?";
            let row = sql.row(query, &[keys::sha256(&given.handle).into()])?;
            let Some(id) = row.map(|row| row.text(0)).transpose()? else { return Ok(None) };
            sql.execute("DELETE FROM login_sessions WHERE id = ?", &[(&id).into()])?;
            Ok(Some(id))
        })
    }

    /// Ends a log-in.
    pub fn end_login(&self, id: &str) -> Result<()> {
        self.transaction(|sql| {
            sql.execute("DELETE FROM login_sessions WHERE id = ?", &[id.into()])?;
            Ok(())
        })
    }

    /// Whether the log-in still holds.
    pub fn login_holds(&self, id: &str, now: UtcTime) -> Result<bool> {
        self.transaction(|sql| {
            let query = "SELECT COUNT(*) FROM login_sessions WHERE id = ? AND expires_at > ?";
            Ok(sql.row(query, &[id.into(), now.into()])?.map_or(Ok(0), |row| row.int(0))? > 0)
        })
    }

    /// The user with this number and since when tokens hold; none when there is no such user.
    pub fn standing(&self, user: i64) -> Result<Option<Standing>> {
        self.transaction(|sql| {
            let query = format!("SELECT {COLUMNS}, logged_out_at FROM users WHERE id = ?");
            let row = sql.row(&query, &[user.into()])?;
            let standing = |row: crate::sql::Row| {
                Ok(Standing { user: self.inner.user_of(&row)?, logged_out_at: row.time(7)? })
            };
            row.map(standing).transpose()
        })
    }
}

impl crate::store::Inner {
    /// The user with this number.
    pub(crate) fn user_by_id(&self, sql: &dyn Sql, id: i64) -> Result<User> {
        let row = sql.row(&format!("SELECT {COLUMNS} FROM users WHERE id = ?"), &[id.into()])?;
        let user = row.map(|row| self.user_of(&row)).transpose()?;
        user.ok_or_else(|| no_such(&id.to_string()))
    }
}

/// Ends every log-in of the user, and all tokens that were made until now.
pub(crate) fn log_out_everywhere(sql: &dyn Sql, user: i64, now: UtcTime) -> Result<()> {
    sql.execute("DELETE FROM login_sessions WHERE user_id = ?", &[user.into()])?;
    let update = "UPDATE users SET logged_out_at = ? WHERE id = ?";
    sql.execute(update, &[now.into(), user.into()])?;
    Ok(())
}

fn after(now: UtcTime, seconds: i64) -> UtcTime {
    UtcTime::from_unix(now.unix().saturating_add(seconds))
}

struct Token {
    handle: String,
    secret: String,
}

impl Token {
    fn make() -> Result<Self, Error> {
        let part = |symbols| random::text(random::BASE62, symbols);
        Ok(Self { handle: part(HANDLE)?, secret: part(SECRET)? })
    }

    fn parse(text: &str) -> Option<Self> {
        let (handle, secret) = text.strip_prefix(PREFIX)?.split_at_checked(HANDLE)?;
        let valid =
            secret.len() == SECRET && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        valid.then(|| Self { handle: handle.to_owned(), secret: secret.to_owned() })
    }

    fn text(&self) -> Secret {
        Secret::new(format!("{PREFIX}{}{}", self.handle, self.secret))
    }
}

#[cfg(test)]
mod tests;
