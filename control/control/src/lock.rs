use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const FILE_NAME: &str = "lock";

/// The right to use a data directory, until it is dropped or the process dies: `flock` on its file
/// `lock`, which holds the owner's process number for the message.
#[derive(Debug)]
pub struct DataDirLock(
    #[expect(dead_code, reason = "the lock lives as long as the file is open")] File,
);

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server has it.
    #[error(
        "{} is in use by another server{}: stop it, or give this one a DATA_DIR of its own",
        dir.display(),
        owner.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// The other server's process number, when it is known.
        owner: Option<u32>,
    },
    /// The directory or the file cannot be made or opened.
    #[error("DATA_DIR {} cannot be used: {source}", dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl DataDirLock {
    /// Takes the lock without waiting. A missing directory is made with mode 0700.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { dir: dir.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(FILE_NAME))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::InUse { dir: dir.to_owned(), owner: owner(file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let sign = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        sign(&mut file).map_err(failed)?;
        Ok(Self(file))
    }
}

fn owner(file: File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const CHILD_DIR: &str = "SHARDCAST_TEST_LOCK_DIR";

    /// Run by the test below in a process of its own; without its variable there is nothing to do.
    #[test]
    fn child_that_tries_the_lock() {
        let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
        match DataDirLock::acquire(Path::new(&dir)) {
            Ok(_) => println!("child: acquired"),
            Err(error) => println!("child: {error}"),
        }
    }

    fn child(dir: &Path) -> String {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "lock::tests::child_that_tries_the_lock", "--nocapture"])
            .env(CHILD_DIR, dir)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_second_process_is_refused_by_name_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let lock = DataDirLock::acquire(dir.path()).unwrap();
        let refused = child(dir.path());
        let expected = format!("(process {})", std::process::id());
        assert!(refused.contains("in use") && refused.contains(&expected), "{refused}");
        drop(lock);
        let acquired = child(dir.path());
        assert!(acquired.contains("child: acquired"), "{acquired}");
        DataDirLock::acquire(dir.path()).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let error = DataDirLock::acquire(Path::new("/dev/null/data")).unwrap_err();
        assert!(error.to_string().contains("/dev/null/data"), "{error}");
    }
}
