use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::Store;
use tracing::{error, info};

/// How often the services are looked at. With [`PATIENCE`], what is away is known within 5 s.
const EVERY: Duration = Duration::from_secs(1);
/// How long a service may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(3);
const PROBE_FILE: &str = ".writable";

/// Whether the services that control needs are there: looked at in the background, so that asking
/// costs nothing and cannot hang. Clones share the findings.
#[derive(Clone, Debug)]
pub struct Vitals(Arc<Findings>);

#[derive(Debug)]
struct Findings {
    database: AtomicBool,
    storage: AtomicBool,
}

impl Default for Vitals {
    fn default() -> Self {
        Self::new()
    }
}

impl Vitals {
    /// Both there, as the start has just proved.
    pub fn new() -> Self {
        let there = || AtomicBool::new(true);
        Self(Arc::new(Findings { database: there(), storage: there() }))
    }

    /// Whether the database answered the last time.
    pub fn database(&self) -> bool {
        self.0.database.load(Ordering::Relaxed)
    }

    /// Whether the data directory could be written to the last time.
    pub fn storage(&self) -> bool {
        self.0.storage.load(Ordering::Relaxed)
    }

    /// Looks every second until the future is dropped.
    pub async fn watch(self, store: Store, data_dir: PathBuf) {
        let database = watch_one("database", &self.0.database, move || {
            store.ping().map_err(|error| error.to_string())
        });
        let storage = watch_one("storage", &self.0.storage, move || {
            write_probe(&data_dir).map_err(|error| error.to_string())
        });
        tokio::join!(database, storage);
    }
}

/// One check at a time: one that hangs keeps one thread, not one more every second.
async fn watch_one(
    name: &str,
    there: &AtomicBool,
    check: impl Fn() -> Result<(), String> + Clone + Send + 'static,
) {
    loop {
        let mut checking = tokio::task::spawn_blocking(check.clone());
        let found = match tokio::time::timeout(PATIENCE, &mut checking).await {
            Ok(joined) => joined.unwrap_or_else(|_| Err("the check failed".into())),
            Err(_) => {
                note(name, there, Err(format!("no answer for {} s", PATIENCE.as_secs())));
                checking.await.unwrap_or_else(|_| Err("the check failed".into()))
            }
        };
        note(name, there, found);
        tokio::time::sleep(EVERY).await;
    }
}

fn note(name: &str, there: &AtomicBool, found: Result<(), String>) {
    let was = there.swap(found.is_ok(), Ordering::Relaxed);
    match found {
        Ok(()) if !was => info!("{name} is back"),
        Err(reason) if was => error!("{name} is away: {reason}"),
        _ => {}
    }
}

/// A full or read-only disk shows itself only in a write.
fn write_probe(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(PROBE_FILE);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(b"ok")?;
    drop(file);
    std::fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_gone_is_found_out_and_one_that_is_there_is_left_clean() {
        let dir = tempfile::tempdir().unwrap();
        write_probe(dir.path()).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(write_probe(&dir.path().join("gone")).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_is_away_while_its_check_fails_and_back_when_it_does_not() {
        let there = AtomicBool::new(true);
        let works = Arc::new(AtomicBool::new(false));
        let checked = works.clone();
        let check = move || checked.load(Ordering::Relaxed).then_some(()).ok_or("no".to_owned());
        let watching = watch_one("test", &there, check);
        let observing = async {
            while there.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            works.store(true, Ordering::Relaxed);
            while !there.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = watching => {}
            () = observing => {}
        }
        assert!(there.load(Ordering::Relaxed));
    }
}
