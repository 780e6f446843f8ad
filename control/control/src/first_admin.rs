use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use store::{NewUser, Role, Secret, Store};

/// The email of the first administrator when `ADMIN_EMAIL` names none.
pub const DEFAULT_ADMIN_EMAIL: &str = "admin@localhost";
const FILE_NAME: &str = "admin-password";

/// What came of looking for an administrator.
#[derive(Clone, Debug)]
pub enum FirstAdmin {
    /// There is one already; nothing was done.
    Exists,
    /// One was added with the password of the configuration.
    Configured {
        /// The email.
        email: String,
    },
    /// One was added; the password is to be shown on the terminal, this once, and never logged.
    Show {
        /// The email.
        email: String,
        /// The made password.
        password: Secret,
    },
    /// One was added; the password stands in a file that only the server's user may read.
    Written {
        /// The email.
        email: String,
        /// The file.
        path: PathBuf,
    },
}

/// Why there is no first administrator.
#[derive(Debug, thiserror::Error)]
pub enum FirstAdminError {
    /// The store refused or failed.
    #[error("the first administrator could not be added: {0}")]
    Store(#[from] store::Error),
    /// The password could not be written.
    #[error("the first administrator's password cannot be written to {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Adds the first administrator when there is none: with `ADMIN_EMAIL` and `ADMIN_PASSWORD`, or what is
/// made in their place. A made password is handed back to be shown when `on_terminal`, else written
/// to `admin-password` in `data_dir` (mode 0600). Blocks.
pub fn first_administrator(
    store: &Store,
    email: Option<&str>,
    password: Option<&Secret>,
    on_terminal: bool,
    data_dir: &Path,
) -> Result<FirstAdmin, FirstAdminError> {
    if store.has_administrator()? {
        return Ok(FirstAdmin::Exists);
    }
    match add(store, email, password, on_terminal, data_dir) {
        // Another node that starts now was faster.
        Err(FirstAdminError::Store(store::Error::EmailTaken(_)))
            if store.has_administrator()? =>
        {
            Ok(FirstAdmin::Exists)
        }
        done => done,
    }
}

fn add(
    store: &Store,
    email: Option<&str>,
    password: Option<&Secret>,
    on_terminal: bool,
    data_dir: &Path,
) -> Result<FirstAdmin, FirstAdminError> {
    let new = NewUser {
        email: email.unwrap_or(DEFAULT_ADMIN_EMAIL).to_owned(),
        name: None,
        role: Role::Admin,
    };
    if let Some(password) = password {
        let (user, _) = store.add_user(&new, Some(password))?;
        return Ok(FirstAdmin::Configured { email: user.email });
    }
    let password = store::make_password()?;
    if on_terminal {
        let (user, _) = store.add_user(&new, Some(&password))?;
        return Ok(FirstAdmin::Show { email: user.email, password });
    }
    // The file first: an administrator whose password nobody knows would be worse than none.
    let path = data_dir.join(FILE_NAME);
    write(&path, &password)
        .map_err(|source| FirstAdminError::Write { path: path.clone(), source })?;
    match store.add_user(&new, Some(&password)) {
        Ok((user, _)) => Ok(FirstAdmin::Written { email: user.email, path }),
        Err(error) => {
            let _ = fs::remove_file(&path);
            Err(error.into())
        }
    }
}

fn write(path: &Path, password: &Secret) -> io::Result<()> {
    // A file that is there already may be readable by others, or be a link.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", password.expose())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn store(dir: &Path) -> Store {
        let secret = Secret::new("k".repeat(32));
        Store::open(&store::Location::File(dir.join("s.db")), &secret, store::Options::default())
            .unwrap()
    }

    fn logs_in(store: &Store, email: &str, password: &Secret) -> bool {
        store.log_in(email, password, crate::now()).unwrap().is_some()
    }

    #[test]
    fn on_a_terminal_a_made_password_is_shown_and_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let first = first_administrator(&store, None, None, true, dir.path()).unwrap();
        let FirstAdmin::Show { email, password } = first else { panic!("{first:?}") };
        assert_eq!(email, DEFAULT_ADMIN_EMAIL);
        assert!(logs_in(&store, &email, &password));
        assert!(!dir.path().join(FILE_NAME).exists());
        let second = first_administrator(&store, None, None, true, dir.path()).unwrap();
        assert!(matches!(second, FirstAdmin::Exists));
    }

    #[test]
    fn without_a_terminal_it_is_written_for_the_servers_user_alone() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        fs::write(dir.path().join(FILE_NAME), "left over").unwrap();
        let email = Some("boss@example.org");
        let first = first_administrator(&store, email, None, false, dir.path()).unwrap();
        let FirstAdmin::Written { email, path } = first else { panic!("{first:?}") };
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let password = Secret::new(fs::read_to_string(&path).unwrap().trim_end());
        assert!(logs_in(&store, &email, &password));
    }

    #[test]
    fn a_configured_password_is_used_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let chosen = Secret::new("chosen by hand");
        let first = first_administrator(&store, None, Some(&chosen), false, dir.path()).unwrap();
        let FirstAdmin::Configured { email } = first else { panic!("{first:?}") };
        assert!(logs_in(&store, &email, &chosen));
    }

    #[test]
    fn a_bad_email_leaves_no_file_behind() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        assert!(first_administrator(&store, Some("bad"), None, false, dir.path()).is_err());
        assert!(!dir.path().join(FILE_NAME).exists());
    }
}
