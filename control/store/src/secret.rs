use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, keys, random};

/// The shortest secret that is accepted, in bytes: the width of HMAC-SHA256.
pub const MIN_SECRET_BYTES: usize = 32;
/// The largest secrets file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024;
const FILE_NAME: &str = "secrets.json";

/// A text that must not be shown: a key, a password, a secret. Its `Debug` shows nothing of it; in
/// JSON it is the plain text, for the answer that is meant to carry it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: where this is called, the secret may leave.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// What the configuration gives; each that is missing is made once and kept in the data directory.
#[derive(Clone, Debug, Default)]
pub struct SecretsGiven {
    /// `JWT_SECRET`.
    pub jwt: Option<Secret>,
    /// `KEY_SECRET`.
    pub key: Option<Secret>,
}

/// The secrets that the server works with.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Signs and checks the API's tokens.
    pub jwt: Secret,
    /// Finds and seals stream keys, signs playback.
    pub key: Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretsFile {
    jwt_secret: Secret,
    key_secret: Secret,
}

impl Secrets {
    /// Takes the given secrets and completes them from `secrets.json` in `data_dir`, which is made
    /// (mode 0600, its directory 0700 if that is missing too) when a secret is needed and there is none.
    pub fn load_or_create(data_dir: &Path, given: &SecretsGiven) -> Result<Self> {
        for (name, secret) in [("JWT_SECRET", &given.jwt), ("KEY_SECRET", &given.key)] {
            if secret.as_ref().is_some_and(|secret| secret.expose().len() < MIN_SECRET_BYTES) {
                return Err(Error::WeakSecret { name });
            }
        }
        if let (Some(jwt), Some(key)) = (&given.jwt, &given.key) {
            return Ok(Self { jwt: jwt.clone(), key: key.clone() });
        }
        let path = data_dir.join(FILE_NAME);
        let kept = match read(&path)? {
            Some(kept) => kept,
            None => create(data_dir, &path)?,
        };
        Ok(Self {
            jwt: given.jwt.clone().unwrap_or(kept.jwt_secret),
            key: given.key.clone().unwrap_or(kept.key_secret),
        })
    }
}

impl Secrets {
    /// For [`Options::jwt_fingerprint`](crate::Options): names `JWT_SECRET` without telling anything about it.
    pub fn jwt_fingerprint(&self) -> String {
        keys::jwt_fingerprint(&self.jwt)
    }
}

fn read(path: &Path) -> Result<Option<SecretsFile>> {
    let failed = |reason: String| Error::SecretsFile { path: path.to_owned(), reason };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    let mode = file.metadata().map_err(|error| failed(error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(failed(format!(
            "others may read it (mode {:o}): chmod 600, and replace the secrets if anyone did",
            mode & 0o777
        )));
    }
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    // serde's message could quote the file, so its position alone is told.
    let kept: SecretsFile = serde_json::from_str(&text).map_err(|error| {
        failed(format!(
            "not a file of secrets (line {}, column {}): restore it from a backup",
            error.line(),
            error.column()
        ))
    })?;
    let short = [&kept.jwt_secret, &kept.key_secret]
        .iter()
        .any(|secret| secret.expose().len() < MIN_SECRET_BYTES);
    if short {
        return Err(failed(format!("a secret has less than {MIN_SECRET_BYTES} bytes")));
    }
    Ok(Some(kept))
}

/// Writes the whole file under another name first: a crash leaves either no file or a complete one.
fn create(data_dir: &Path, path: &Path) -> Result<SecretsFile> {
    let made = SecretsFile { jwt_secret: make()?, key_secret: make()? };
    let text = serde_json::to_string_pretty(&made).expect("two strings are valid JSON");
    let failed = |path: PathBuf| {
        move |error: std::io::Error| Error::SecretsFile { path, reason: error.to_string() }
    };
    create_private_dir(data_dir).map_err(failed(data_dir.to_owned()))?;
    let partial = data_dir.join(format!("{FILE_NAME}.new"));
    write_private(&partial, text.as_bytes()).map_err(failed(partial.clone()))?;
    fs::rename(&partial, path).map_err(failed(path.to_owned()))?;
    File::open(data_dir).and_then(|dir| dir.sync_all()).map_err(failed(data_dir.to_owned()))?;
    Ok(made)
}

fn make() -> Result<Secret> {
    random::text(random::BASE62, 2 * MIN_SECRET_BYTES).map(Secret::new)
}

/// Makes the directory with mode 0700 if it is missing; one that exists keeps its mode.
pub(crate) fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // A left-over of a crashed start could have another mode.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn secrets_are_made_once_and_kept_private() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("data");
        let made = Secrets::load_or_create(&dir, &SecretsGiven::default()).unwrap();
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join(FILE_NAME)), 0o600);
        let again = Secrets::load_or_create(&dir, &SecretsGiven::default()).unwrap();
        assert_eq!((&made.jwt, &made.key), (&again.jwt, &again.key));
        assert_ne!(made.jwt, made.key);
    }

    #[test]
    fn given_secrets_win_and_need_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let long = |c: &str| Some(Secret::new(c.repeat(MIN_SECRET_BYTES)));
        let given = SecretsGiven { jwt: long("j"), key: long("k") };
        let secrets = Secrets::load_or_create(dir.path(), &given).unwrap();
        assert_eq!(secrets.key.expose(), "k".repeat(32));
        assert!(!dir.path().join(FILE_NAME).exists());
    }

    #[test]
    fn a_short_secret_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let given = SecretsGiven { key: Some(Secret::new("short")), jwt: None };
        let error = Secrets::load_or_create(dir.path(), &given).unwrap_err();
        assert_eq!(error.to_string(), "KEY_SECRET must have at least 32 bytes");
    }

    #[test]
    fn a_damaged_or_readable_file_stops_the_start_without_showing_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        write_private(&path, b"{\"jwtSecret\": \"visible\"").unwrap();
        let error = Secrets::load_or_create(dir.path(), &SecretsGiven::default()).unwrap_err();
        assert!(!error.to_string().contains("visible"), "{error}");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let error = Secrets::load_or_create(dir.path(), &SecretsGiven::default()).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn debug_output_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("visible")), "[secret]");
    }
}
