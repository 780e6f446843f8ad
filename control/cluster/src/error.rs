/// What the operator must mend before the server can start. The text never holds the URL, which may
/// have a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL cannot be understood.
    #[error(
        "REDIS_URL is not the URL of a Redis server: write redis://HOST:PORT/DATABASE, or rediss:// \
         for TLS; special characters of a password are percent-encoded, or it stands in REDIS_PASSWORD"
    )]
    Url,
}
