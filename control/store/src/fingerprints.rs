//! Which secrets belong to a database. Their fingerprints are kept in it, so that a node whose secret differs
//! is told so at its start instead of refusing the other nodes' tokens and keys later.

use crate::database::{Database, Engine};
use crate::keys::{self, KeyRing};
use crate::sql::{Sql, SqlError};
use crate::{Error, Location, Result, Secrets};

/// The settings that hold them.
pub(crate) const NAMES: [&str; 2] = [KEY.setting, JWT.setting];
const KEY: Kind = Kind { name: "KEY_SECRET", setting: "key_secret_fingerprint" };
const JWT: Kind = Kind { name: "JWT_SECRET", setting: "jwt_secret_fingerprint" };

#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind {
    name: &'static str,
    setting: &'static str,
}

/// Makes the configured secrets those of this database, which may be done while no other node can have
/// other ones: the operator sees to that. Gives the names of those that changed. Fails with
/// [`Error::OtherKeySecret`] when stream keys are sealed with another secret.
pub fn accept_secrets(location: &Location, secrets: &Secrets) -> Result<Vec<&'static str>> {
    location.prepare()?;
    let db = Database::open(location)?;
    let jwt = keys::jwt_fingerprint(&secrets.jwt);
    let key = KeyRing::new(&secrets.key)?.fingerprint();
    let kinds = kinds(&db, &key, Some(&jwt));
    db.transaction(|sql| {
        let mut changed = Vec::new();
        for (kind, ours) in &kinds {
            let known = read(sql, *kind)?;
            if known.as_deref() == Some(*ours) {
                continue;
            }
            if known.is_some() {
                change(sql, *kind, ours)?;
            } else {
                insert(sql, *kind, ours)?;
            }
            changed.push(kind.name);
        }
        Ok(changed)
    })
}

/// Fails when the database belongs to other secrets. Those of the first start are kept; on the embedded
/// database, which no other node shares, `KEY_SECRET` may change while nothing is sealed with it and
/// `JWT_SECRET` at any time.
pub(crate) fn check(db: &Database, key: &str, jwt: Option<&str>) -> Result<()> {
    for (kind, ours) in kinds(db, key, jwt) {
        let agree = || db.transaction(|sql| agree(sql, kind, ours, db.engine()));
        if !agree()? {
            // Another node that starts now was the first to write its own, which has to be ours.
            agree()?;
        }
    }
    Ok(())
}

/// The fingerprint of the `KEY_SECRET` that the database belongs to.
pub(crate) fn of_key_secret(sql: &dyn Sql) -> Result<Option<String>> {
    read(sql, KEY)
}

fn kinds<'a>(db: &Database, key: &'a str, jwt: Option<&'a str>) -> Vec<(Kind, &'a str)> {
    let jwt = jwt.filter(|_| db.engine() == Engine::MySql).map(|jwt| (JWT, jwt));
    [(KEY, key)].into_iter().chain(jwt).collect()
}

/// False when another node wrote its own meanwhile.
fn agree(sql: &dyn Sql, kind: Kind, ours: &str, engine: Engine) -> Result<bool> {
    match read(sql, kind)? {
        Some(known) if known == ours => Ok(true),
        Some(_) => {
            if kind == KEY && sealed(sql)? > 0 {
                return Err(Error::OtherKeySecret);
            }
            if engine == Engine::MySql {
                return Err(Error::OtherSecret { name: kind.name });
            }
            change(sql, kind, ours).map(|()| true)
        }
        None => insert(sql, kind, ours),
    }
}

fn read(sql: &dyn Sql, kind: Kind) -> Result<Option<String>> {
    let query = "SELECT value FROM shardcast_settings WHERE name = ?";
    sql.row(query, &[kind.setting.into()])?.map(|row| row.text(0)).transpose()
}

fn insert(sql: &dyn Sql, kind: Kind, ours: &str) -> Result<bool> {
    let insert = "INSERT INTO shardcast_settings (name, value) VALUES (?, ?)";
    match sql.execute(insert, &[kind.setting.into(), ours.into()]) {
        Err(SqlError::Duplicate) => Ok(false),
        done => Ok(done.map(|_| true)?),
    }
}

fn change(sql: &dyn Sql, kind: Kind, ours: &str) -> Result<()> {
    if kind == KEY && sealed(sql)? > 0 {
        return Err(Error::OtherKeySecret);
    }
    let update = "UPDATE shardcast_settings SET value = ? WHERE name = ?";
    sql.execute(update, &[ours.into(), kind.setting.into()])?;
    Ok(())
}

/// How many stream keys are sealed.
pub(crate) fn sealed(sql: &dyn Sql) -> Result<i64> {
    let query = "SELECT COUNT(*) FROM live_streams WHERE key_sealed IS NOT NULL";
    sql.row(query, &[])?.map_or(Ok(0), |row| row.int(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{Fixture, secret};
    use crate::{Options, Secret};

    fn with_jwt(jwt: &str) -> Options {
        let jwt_fingerprint = Some(keys::jwt_fingerprint(&Secret::new(jwt)));
        Options { jwt_fingerprint, ..Options::default() }
    }

    #[test]
    fn a_node_with_another_jwt_secret_is_refused_on_a_server_only() {
        let fixture = Fixture::with(with_jwt("one"));
        fixture.reopen(with_jwt("one"));
        match (&fixture.location, fixture.open(&secret(), with_jwt("two"))) {
            (Location::File(_), opened) => drop(opened.unwrap()),
            (Location::Server(_), opened) => {
                let text = opened.unwrap_err().to_string();
                assert!(text.contains("JWT_SECRET") && text.contains("accept-secrets"), "{text}");
            }
        }
    }

    #[test]
    fn secrets_change_when_told_to_and_nothing_is_sealed() {
        let fixture = Fixture::with(with_jwt("one"));
        let new = Secrets { jwt: Secret::new("two"), key: Secret::new("n".repeat(32)) };
        let changed = accept_secrets(&fixture.location, &new).unwrap();
        let all = match fixture.location {
            Location::File(_) => vec!["KEY_SECRET"],
            Location::Server(_) => vec!["KEY_SECRET", "JWT_SECRET"],
        };
        assert_eq!(changed, all);
        let store = fixture.open(&new.key, with_jwt("two")).unwrap();
        assert!(accept_secrets(&fixture.location, &new).unwrap().is_empty());
        store.add_stream("T", None).unwrap();
        let newer = Secrets { key: Secret::new("o".repeat(32)), ..new };
        let error = accept_secrets(&fixture.location, &newer).unwrap_err();
        assert!(matches!(error, Error::OtherKeySecret), "{error}");
    }
}
