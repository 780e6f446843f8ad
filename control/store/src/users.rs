use serde::{Deserialize, Serialize};

use crate::logins::log_out_everywhere;
use crate::sql::{Row, Sql, SqlError, Value};
use crate::store::Inner;
use crate::{Error, Idempotency, MAX_LISTED, Result, Secret, Store, UtcTime, password};

/// The shortest password that a person may choose, in characters.
const MIN_PASSWORD_CHARS: usize = 8;
/// The longest password, in characters: hashing is not to be a way to keep the server busy.
const MAX_PASSWORD_CHARS: usize = 256;
/// The longest password that is looked at in a log-in, in bytes.
const MAX_PASSWORD_BYTES: usize = 1024;
/// The longest email and name, in characters: the width of their columns.
const MAX_TEXT_CHARS: usize = 255;

pub(crate) const COLUMNS: &str =
    "id, email, name, COALESCE(own_role, role), is_active, created_at, last_login";

/// What a user may do. Each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Watches and chats.
    Viewer,
    /// Has streams.
    Streamer,
    /// Moderates every stream.
    Moderator,
    /// Does everything.
    Admin,
}

impl Role {
    /// Reads one of our four names.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Streamer, Self::Moderator, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == name)
    }

    /// Our name of the role.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Streamer => "streamer",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A user to add.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The email, which names the user.
    pub email: String,
    /// The name that others see; without one, the part of the email before the `@`.
    pub name: Option<String>,
    /// The role.
    pub role: Role,
}

/// A user, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The number in the table.
    pub id: i64,
    /// The email.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// The role.
    pub role: Role,
    /// False for a user who is locked out.
    pub is_active: bool,
    /// When the user was added.
    pub created_at: Option<UtcTime>,
    /// When the user last logged in.
    pub last_login: Option<UtcTime>,
}

/// A user whom a request made, now or when it came the first time.
#[derive(Clone, Debug)]
pub struct CreatedUser {
    /// The user.
    pub user: User,
    /// The password, if one was made just now.
    pub password: Option<Secret>,
    /// Whether the request had come before.
    pub repeated: bool,
}

/// What went with a removed user.
#[derive(Clone, Debug)]
pub struct RemovedUser {
    /// The user who was removed.
    pub user: User,
    /// The ids of the user's streams, which are removed too.
    pub streams: Vec<String>,
}

impl Store {
    /// Adds a user. Without a password one is made, and returned this one time.
    pub fn add_user(
        &self,
        new: &NewUser,
        chosen: Option<&Secret>,
    ) -> Result<(User, Option<Secret>)> {
        let (row, made) = Addition::new(new, chosen)?;
        let user = self.transaction(|sql| self.inner.insert_user(sql, &row))?;
        Ok((user, made))
    }

    /// The same for the administrator `by`. A request that came before is answered with the user whom it
    /// made then, without a password.
    pub fn create_user(
        &self,
        by: i64,
        new: &NewUser,
        chosen: Option<&Secret>,
        request: Option<&Idempotency>,
        now: UtcTime,
    ) -> Result<CreatedUser> {
        let (row, made) = Addition::new(new, chosen)?;
        let (user, repeated) = self.transaction(|sql| {
            let Some(request) = request else {
                return Ok((self.inner.insert_user(sql, &row)?, false));
            };
            if let Some(id) = request.first_made(sql, by, "", now)? {
                let id = id.parse().map_err(|_| Error::Corrupt("an Idempotency-Key"))?;
                return Ok((self.inner.user_by_id(sql, id)?, true));
            }
            let user = self.inner.insert_user(sql, &row)?;
            request.made(sql, by, &user.id.to_string())?;
            Ok((user, false))
        })?;
        Ok(CreatedUser { user, password: made.filter(|_| !repeated), repeated })
    }

    /// The users in the order in which they were added, at most [`MAX_LISTED`].
    pub fn users(&self) -> Result<Vec<User>> {
        let query = format!("SELECT {COLUMNS} FROM users ORDER BY id LIMIT {MAX_LISTED}");
        self.transaction(|sql| self.inner.users(&sql.rows(&query, &[])?))
    }

    /// The user with this email, in any case of letters.
    pub fn user(&self, email: &str) -> Result<User> {
        self.transaction(|sql| self.inner.user(sql, email))
    }

    /// The user, when the email and the password fit each other and the user is active. It takes the
    /// same time when there is no such user. `now` becomes the time of the last log-in. The site's bcrypt
    /// hash is replaced by one of ours on this occasion.
    pub fn log_in(&self, email: &str, password: &Secret, now: UtcTime) -> Result<Option<User>> {
        if password.expose().len() > MAX_PASSWORD_BYTES {
            return Ok(None);
        }
        let hash = self.transaction(|sql| {
            let query = "SELECT password_hash FROM users WHERE email = ? AND is_active = 1";
            sql.row(query, &[email.trim().into()])?.map(|row| row.text(0)).transpose()
        })?;
        let Some(hash) = hash else {
            password::hash(password)?;
            return Ok(None);
        };
        if !password::verify(password, &hash) {
            return Ok(None);
        }
        let renewed = password::is_weak(&hash).then(|| password::hash(password)).transpose()?;
        self.transaction(|sql| {
            let update = "UPDATE users SET last_login = ?, password_hash = COALESCE(?, password_hash) \
                          WHERE email = ? AND password_hash = ?";
            let values =
                [now.into(), (&renewed).into(), email.trim().into(), (&hash).into()];
            sql.execute(update, &values)?;
            self.inner.user(sql, email).map(Some)
        })
    }

    /// Sets the user's password, which ends every log-in. Without one a password is made, and returned this
    /// one time.
    pub fn set_password(
        &self,
        email: &str,
        chosen: Option<&Secret>,
        now: UtcTime,
    ) -> Result<(User, Option<Secret>)> {
        let made = choose_password(chosen)?;
        let hash = password::hash(made.as_ref().or(chosen).expect("one of the two is there"))?;
        let user = self.transaction(|sql| {
            let user = self.inner.user(sql, email)?;
            let update = "UPDATE users SET password_hash = ? WHERE id = ?";
            sql.execute(update, &[(&hash).into(), user.id.into()])?;
            log_out_everywhere(sql, user.id, now)?;
            Ok(user)
        })?;
        Ok((user, made))
    }

    /// Removes the user and the user's streams. The last administrator stays.
    pub fn remove_user(&self, email: &str) -> Result<RemovedUser> {
        self.transaction(|sql| {
            let user = self.inner.user(sql, email)?;
            if user.role == Role::Admin && administrators(sql)? <= 1 {
                return Err(Error::LastAdministrator(user.email));
            }
            let query = "SELECT id FROM live_streams WHERE user_id = ?";
            let rows = sql.rows(query, &[user.id.into()])?;
            let streams = rows.iter().map(|row| row.text(0)).collect::<Result<_>>()?;
            sql.execute("DELETE FROM users WHERE id = ?", &[user.id.into()])?;
            Ok(RemovedUser { user, streams })
        })
    }

    /// Whether anybody is administrator.
    pub fn has_administrator(&self) -> Result<bool> {
        self.transaction(|sql| Ok(administrators(sql)? > 0))
    }
}

/// A row to insert, after every rule was checked.
struct Addition {
    email: String,
    name: String,
    hash: String,
    role: Role,
}

impl Addition {
    /// With a made password where none was chosen.
    fn new(new: &NewUser, chosen: Option<&Secret>) -> Result<(Self, Option<Secret>)> {
        let email = checked_email(&new.email)?;
        let name = match &new.name {
            Some(name) => checked_name(name)?,
            None => email.split('@').next().unwrap_or_default().to_owned(),
        };
        let made = choose_password(chosen)?;
        let hash = password::hash(made.as_ref().or(chosen).expect("one of the two is there"))?;
        Ok((Self { email, name, hash, role: new.role }, made))
    }
}

impl Inner {
    fn insert_user(&self, sql: &dyn Sql, row: &Addition) -> Result<User> {
        let insert = "INSERT INTO users (email, password_hash, name, role, own_role) \
                      VALUES (?, ?, ?, ?, ?)";
        let values = [
            (&row.email).into(),
            (&row.hash).into(),
            (&row.name).into(),
            self.site_roles.name(row.role).into(),
            row.role.as_str().into(),
        ];
        sql.execute(insert, &values).map_err(|error| match error {
            SqlError::Duplicate => Error::EmailTaken(row.email.clone()),
            other @ SqlError::Other(_) => other.into(),
        })?;
        self.user(sql, &row.email)
    }

    /// The administrator who was added first.
    pub(crate) fn first_administrator(&self, sql: &dyn Sql) -> Result<User> {
        let query = format!(
            "SELECT {COLUMNS} FROM users WHERE COALESCE(own_role, role) = 'admin' AND is_active = 1 ORDER BY id LIMIT 1"
        );
        let row = sql.row(&query, &[])?;
        row.map(|row| self.user_of(&row)).transpose()?.ok_or(Error::NoAdministrator)
    }

    /// The user with this email.
    pub(crate) fn user(&self, sql: &dyn Sql, email: &str) -> Result<User> {
        let query = format!("SELECT {COLUMNS} FROM users WHERE email = ?");
        let row = sql.row(&query, &[Value::from(email.trim())])?;
        row.map(|row| self.user_of(&row)).transpose()?.ok_or_else(|| no_such(email))
    }

    /// Users of rows with [`COLUMNS`].
    pub(crate) fn users(&self, rows: &[Row]) -> Result<Vec<User>> {
        rows.iter().map(|row| self.user_of(row)).collect()
    }

    /// The user of a row that begins with [`COLUMNS`].
    pub(crate) fn user_of(&self, row: &Row) -> Result<User> {
        Ok(User {
            id: row.int(0)?,
            email: row.text(1)?,
            name: row.opt_text(2)?.unwrap_or_default(),
            role: self.options.roles.role(&row.opt_text(3)?.unwrap_or_default()),
            is_active: row.flag(4)?,
            created_at: row.time(5)?,
            last_login: row.time(6)?,
        })
    }
}

pub(crate) fn no_such(user: &str) -> Error {
    Error::NoSuchUser(shown(user))
}

pub(crate) fn administrators(sql: &dyn Sql) -> Result<i64> {
    let query =
        "SELECT COUNT(*) FROM users WHERE COALESCE(own_role, role) = 'admin' AND is_active = 1";
    sql.row(&format!("{query}{}", sql.for_update()), &[])?.map_or(Ok(0), |row| row.int(0))
}

/// A password that was made, when none was chosen.
pub(crate) fn choose_password(chosen: Option<&Secret>) -> Result<Option<Secret>> {
    let Some(chosen) = chosen else { return password::make_password().map(Some) };
    let reason = match chosen.expose().chars().count() {
        ..MIN_PASSWORD_CHARS => "must have at least 8 characters",
        MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS => return Ok(None),
        _ => "must have at most 256 characters",
    };
    Err(Error::Invalid { field: "password", reason })
}

fn checked_email(email: &str) -> Result<String> {
    let email = email.trim();
    let (local, domain) = email.split_once('@').unwrap_or_default();
    let valid = !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.chars().count() <= MAX_TEXT_CHARS;
    let reason = "must look like name@example.org, at most 255 characters";
    valid.then(|| email.to_owned()).ok_or(Error::Invalid { field: "email", reason })
}

pub(crate) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    let valid = !name.is_empty()
        && name.chars().count() <= MAX_TEXT_CHARS
        && !name.chars().any(char::is_control);
    let reason = "must have 1 to 255 characters on one line";
    valid.then(|| name.to_owned()).ok_or(Error::Invalid { field: "name", reason })
}

/// What of a caller's text goes into an error: one line of bounded length.
pub(crate) fn shown(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests;
