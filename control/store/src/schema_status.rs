use std::collections::BTreeMap;

use crate::database::{Database, Engine, Location};
use crate::schema::{self, SchemaStep};
use crate::{Error, Result};

/// How far a database is.
#[derive(Clone, Debug)]
pub struct SchemaStatus {
    /// What it is run by.
    pub engine: Engine,
    /// Every migration that this version knows or the database has, in order.
    pub migrations: Vec<SchemaStep>,
}

impl SchemaStatus {
    /// Looks, and changes nothing: a database file that is not there is not made. Fails with
    /// [`Error::NewerSchema`] when a newer version of this program made the database.
    pub fn read(location: &Location) -> Result<Self> {
        if let Location::File(path) = location
            && !path.exists()
        {
            let engine = Engine::Sqlite;
            return Ok(Self { engine, migrations: schema::known(engine) });
        }
        Self::of(&Database::connect(location)?)
    }

    pub(crate) fn of(db: &Database) -> Result<Self> {
        let engine = db.engine();
        let applied = db.transaction(|sql| schema::applied(sql, engine))?;
        schema::refuse_newer(engine, &applied)?;
        let mut steps: BTreeMap<i64, SchemaStep> =
            schema::known(engine).into_iter().map(|step| (step.version, step)).collect();
        steps.extend(applied.into_iter().map(|step| (step.version, step)));
        Ok(Self { engine, migrations: steps.into_values().collect() })
    }

    /// How many are missing.
    pub fn missing(&self) -> usize {
        self.migrations.iter().filter(|step| step.applied_at.is_none()).count()
    }

    pub(crate) fn require_complete(&self) -> Result<()> {
        match self.missing() {
            0 => Ok(()),
            missing => Err(Error::OlderSchema(missing)),
        }
    }
}

/// Applies the migrations that are missing, as opening the store does; which those were.
pub fn migrate(location: &Location) -> Result<Vec<SchemaStep>> {
    location.prepare()?;
    Database::connect(location)?.migrate()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Fixture;

    #[test]
    fn a_database_that_is_not_there_lacks_everything_and_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.db");
        let location = Location::File(path.clone());
        let status = SchemaStatus::read(&location).unwrap();
        assert!(status.missing() > 0 && status.missing() == status.migrations.len());
        assert!(!path.exists());
        assert_eq!(migrate(&location).unwrap().len(), status.missing());
        assert_eq!(SchemaStatus::read(&location).unwrap().missing(), 0);
        assert!(migrate(&location).unwrap().is_empty());
    }

    #[test]
    fn a_database_of_a_newer_version_is_told_and_left_alone() {
        let fixture = Fixture::new();
        assert_eq!(SchemaStatus::read(&fixture.location).unwrap().missing(), 0);
        fixture.raw(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
             VALUES (999, 'of_the_future', '2030-01-01T00:00:00Z', '1')",
        );
        for error in [
            SchemaStatus::read(&fixture.location).unwrap_err(),
            migrate(&fixture.location).unwrap_err(),
        ] {
            assert!(matches!(error, Error::NewerSchema { database: 999, .. }), "{error}");
        }
    }
}
