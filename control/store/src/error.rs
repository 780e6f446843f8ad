use std::path::PathBuf;

/// What goes wrong in the store. The text says whose fault it is and what to do; it never holds a
/// secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database file cannot be opened or is not a database.
    #[error("cannot open the database {}: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The engine's own words.
        reason: String,
    },
    /// The database server cannot be reached or refuses us.
    #[error("cannot use the database {place}: {reason}")]
    Connect {
        /// User, host, port and database.
        place: String,
        /// The driver's or the server's own words.
        reason: String,
    },
    /// A migration failed, or the database was made by a newer version.
    #[error("the database schema cannot be brought up to date: {0}")]
    Schema(String),
    /// A newer version of this program made the database.
    #[error(
        "the database was made by a newer version of this program (its schema is {database}, this one knows \
         {known}): run that version or a later one. Nothing was changed"
    )]
    NewerSchema {
        /// The newest migration that the database has.
        database: i64,
        /// The newest that this program has.
        known: i64,
    },
    /// The database has no schema of ours, or an older one, and what was asked for does not change it.
    #[error(
        "the database lacks {0} of this version's migrations: run `shardcast migrate up` first"
    )]
    OlderSchema(usize),
    /// The engine failed: disk full, file damaged, locked for too long.
    #[error("the database failed: {0}")]
    Database(String),
    /// A row holds what this version does not understand.
    #[error("the database holds an unexpected value: {0}")]
    Corrupt(&'static str),
    /// A file of secrets cannot be read, written or understood.
    #[error("{}: {reason}", path.display())]
    SecretsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A configured secret is too short.
    #[error("{name} must have at least {} bytes", crate::MIN_SECRET_BYTES)]
    WeakSecret {
        /// The configuration name.
        name: &'static str,
    },
    /// The stream keys of this database were sealed with another secret.
    #[error(
        "KEY_SECRET is not the one that sealed this database's stream keys: set the old one again, \
         or put back the secrets.json that belongs to the database"
    )]
    OtherKeySecret,
    /// Another node of this database has, or had, another secret.
    #[error(
        "{name} is not the one that this database's nodes use: set the same on every node. If it is to \
         change, stop every node and run `shardcast migrate accept-secrets` with the new one"
    )]
    OtherSecret {
        /// The configuration name.
        name: &'static str,
    },
    /// An export cannot be written.
    #[error("the export cannot be written: {0}")]
    NotExported(String),
    /// An exported file cannot be imported; nothing of it was.
    #[error("the file is not imported: {0}. The database is as it was")]
    NotImported(String),
    /// The keys in an exported file were sealed with another secret.
    #[error(
        "the file's {0} stream keys were sealed with another KEY_SECRET: set the one of the server that it was \
         exported from (or copy its secrets.json into DATA_DIR), or export with --plain-keys"
    )]
    OtherKeySecretInFile(u64),
    /// The operating system's random numbers or a cipher failed.
    #[error("the cryptographic library failed: {0}")]
    Crypto(&'static str),
    /// No such user.
    #[error("there is no user {0}")]
    NoSuchUser(String),
    /// No such stream.
    #[error("there is no stream {0}")]
    NoSuchStream(String),
    /// The email belongs to a user already.
    #[error("there is already a user {0}")]
    EmailTaken(String),
    /// The last administrator would be removed.
    #[error("{0} is the last administrator: add another one first")]
    LastAdministrator(String),
    /// A stream without an owner was asked for, and nobody is administrator.
    #[error("there is no administrator to own the stream: name an owner")]
    NoAdministrator,
    /// The owner's role does not allow streams.
    #[error("{0} is a viewer and may not own a stream: choose an owner with the role streamer")]
    MayNotStream(String),
    /// The user has as many streams as one may have.
    #[error("{0} has {most} streams, the most that one user may have: remove some first", most = crate::MAX_STREAMS)]
    TooManyStreams(String),
    /// The stream has as many moderators as one may have.
    #[error(
        "the stream has {} moderators, the most that one may have: dismiss some first",
        crate::MAX_MODERATORS
    )]
    TooManyModerators,
    /// Another request had the same `Idempotency-Key`.
    #[error(
        "the Idempotency-Key was used for another request: send a new key with every new request"
    )]
    OtherRequest,
    /// A value breaks its rule.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field's API name.
        field: &'static str,
        /// The rule.
        reason: &'static str,
    },
}

impl Error {
    /// Whether the database could not be used, so that nothing is known of what was asked, and whether a
    /// change was made.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::Connect { .. } | Self::Database(_))
    }
}

/// A result of the store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}
