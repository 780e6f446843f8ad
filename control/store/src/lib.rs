//! What must outlive the process: users, streams with their keys, sessions and their numbers.
//!
//! [`Store`] is the whole surface. Behind it stands the embedded SQLite database, or MySQL or MariaDB;
//! queries go through the small `Sql` trait and stay within the SQL that all of them share. Every method
//! blocks, for milliseconds or, where a password is hashed,
//! some tens of them: callers on an async runtime use a blocking thread.

mod database;
mod error;
mod keys;
mod mysql;
mod password;
mod random;
mod schema;
mod secret;
mod sessions;
mod site_roles;
mod sql;
mod sqlite;
mod store;
mod stream_keys;
mod streams;
mod time;
mod users;

pub use database::Location;
pub use error::{Error, Result};
pub use mysql::Server;
pub use password::make_password;
pub use secret::{MIN_SECRET_BYTES, Secret, Secrets, SecretsGiven};
pub use sessions::{MSN_EPOCH, OpenedSession, SessionStart};
pub use store::{Options, Store};
pub use stream_keys::{Authorized, Denied, NewKey};
pub use streams::{LiveCursor, LiveStream, MAX_LISTED, MAX_TITLE_CHARS, Status, Stream};
pub use time::UtcTime;
pub use users::{MIN_PASSWORD_BYTES, NewUser, RemovedUser, Role, User};
