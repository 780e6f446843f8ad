//! Where the programs are that the tests run.

use std::path::{Path, PathBuf};

/// The directory that cargo builds into: this program is in the folder `deps` of one of its profiles.
pub fn target_dir() -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    let target = program.ancestors().nth(3);
    target.expect("tests run from cargo's target directory").to_owned()
}

/// The server: `SHARDCAST_BIN`, or what `cargo build --release -p server` makes.
pub fn server() -> PathBuf {
    let path = std::env::var_os("SHARDCAST_BIN")
        .map_or_else(|| target_dir().join("release/shardcast"), PathBuf::from);
    assert!(
        path.is_file(),
        "no server at {}: run `cargo build --release -p server`, or set SHARDCAST_BIN",
        path.display()
    );
    path
}

/// A current ffmpeg, which knows Enhanced RTMP; `tests/e2e/setup.sh` installs it.
pub fn current_ffmpeg() -> PathBuf {
    let link = target_dir().join("e2e/ffmpeg");
    assert!(link.is_file(), "no current ffmpeg at {}: run tests/e2e/setup.sh", link.display());
    link
}

/// Node.js: the one that `setup.sh --test` fetched because the system's is too old, or the system's.
pub fn node() -> PathBuf {
    let fetched = target_dir().join("node/node_modules/.bin/node");
    if fetched.is_file() { fetched } else { PathBuf::from("node") }
}

/// The browser: `CHROMIUM`, or Debian's.
pub fn chromium() -> PathBuf {
    std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from)
}

/// A file of this crate's folder.
pub fn own_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
