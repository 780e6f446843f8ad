use crate::sql::{Sql, SqlError};
use crate::{Error, Result, UtcTime, keys};

/// How long a repeated request is recognised, in seconds.
const KEPT: i64 = 24 * 3600;
/// The longest `Idempotency-Key`, in characters: the width of its column.
pub const MAX_IDEMPOTENCY_KEY: usize = 128;

/// A request that may be repeated and is to be done once: its `Idempotency-Key` and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    name: String,
    request_hash: String,
}

impl Idempotency {
    /// Takes 1 to [`MAX_IDEMPOTENCY_KEY`] visible ASCII characters. `content` is what another request with
    /// the same key must not differ in.
    pub fn new(key: &str, content: &str) -> Option<Self> {
        let valid = (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        valid.then(|| Self { name: key.to_owned(), request_hash: keys::sha256(content) })
    }

    /// Notes what the request made, where that is known only afterwards.
    pub(crate) fn made(&self, sql: &dyn Sql, user: i64, resource: &str) -> Result<()> {
        let update = "UPDATE idempotency_keys SET resource = ? WHERE user_id = ? AND name = ?";
        sql.execute(update, &[resource.into(), user.into(), (&self.name).into()])?;
        Ok(())
    }

    /// What this request of the user made when it came the first time; when that is now, notes that it makes
    /// `resource`.
    pub(crate) fn first_made(
        &self,
        sql: &dyn Sql,
        user: i64,
        resource: &str,
        now: UtcTime,
    ) -> Result<Option<String>> {
        let expired = UtcTime::from_unix(now.unix() - KEPT);
        sql.execute("DELETE FROM idempotency_keys WHERE created_at < ?", &[expired.into()])?;
        let insert = "INSERT INTO idempotency_keys (user_id, name, request_hash, resource, created_at) \
                      VALUES (?, ?, ?, ?, ?)";
        let values = [
            user.into(),
            (&self.name).into(),
            (&self.request_hash).into(),
            resource.into(),
            now.into(),
        ];
        match sql.execute(insert, &values) {
            Ok(_) => return Ok(None),
            Err(SqlError::Duplicate) => {}
            Err(error) => return Err(error.into()),
        }
        let query =
            "SELECT request_hash, resource FROM idempotency_keys WHERE user_id = ? AND name = ?";
        let query = format!("{query}{}", sql.for_update());
        let known = sql.row(&query, &[user.into(), (&self.name).into()])?;
        let row = known.ok_or(Error::Corrupt("an Idempotency-Key"))?;
        if row.text(0)? != self.request_hash {
            return Err(Error::OtherRequest);
        }
        row.text(1).map(Some)
    }
}
