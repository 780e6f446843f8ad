//! What must outlive the process: users, streams with their keys, sessions and their numbers.
//!
//! [`Store`] is the whole surface. Behind it stands the embedded SQLite database, or MySQL or MariaDB;
//! queries go through the small `Sql` trait and stay within the SQL that all of them share. Every method
//! blocks, for milliseconds or, where a password is hashed,
//! some tens of them: callers on an async runtime use a blocking thread.

mod database;
mod error;
mod fingerprints;
mod idempotency;
mod keys;
mod logins;
mod moderators;
mod mysql;
mod password;
mod random;
mod schema;
mod schema_status;
mod secret;
mod sessions;
mod site_roles;
mod sql;
mod sqlite;
mod store;
mod stream_fields;
mod stream_keys;
mod streams;
mod time;
mod transfer;
mod user_changes;
mod users;

pub use database::{Engine, Location};
pub use error::{Error, Result};
pub use fingerprints::accept_secrets;
pub use idempotency::{Idempotency, MAX_IDEMPOTENCY_KEY};
pub use keys::sha256 as hashed;
pub use logins::{Login, MAX_LOGINS, Refreshed, Standing};
pub use moderators::{MAX_MODERATORS, Moderator, ModeratorRights};
pub use mysql::Server;
pub use password::make_password;
pub use schema::SchemaStep;
pub use schema_status::{SchemaStatus, migrate};
pub use secret::{MIN_SECRET_BYTES, Secret, Secrets, SecretsGiven};
pub use sessions::{MSN_EPOCH, OpenedSession, SessionStart};
pub use site_roles::RoleMap;
pub use store::{Options, Store};
pub use stream_fields::{
    Created, MAX_DESCRIPTION_CHARS, MAX_STREAMS, MAX_TAGS, MAX_TITLE_CHARS, MAX_VIEWERS,
    MAX_WORD_CHARS, QUALITIES, StreamFields,
};
pub use stream_keys::{Authorized, Denied, MAX_RIGHTS, NewKey, PublishRight};
pub use streams::{LiveFilter, LiveStream, MAX_LISTED, Status, Stream, StreamCursor};
pub use time::UtcTime;
pub use transfer::{Export, Incoming, Moved, export};
pub use user_changes::{ChangedUser, UserChange, UserFilter};
pub use users::{CreatedUser, NewUser, RemovedUser, Role, User};
