//! Databases of the MariaDB that `tests/mariadb.sh` starts, looked at with MariaDB's own client.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::server::Site;

/// An empty database, made for one test.
#[derive(Debug)]
pub struct Database {
    host: String,
    port: String,
    name: String,
}

impl Database {
    /// On the server that `TEST_DATABASE=HOST:PORT` names; `None` without one.
    pub fn new(collation: &str) -> Option<Self> {
        let place = std::env::var("TEST_DATABASE").ok()?;
        let (host, port) = place.rsplit_once(':').expect("TEST_DATABASE is HOST:PORT");
        let dir = tempfile::Builder::new().prefix("e2e_").rand_bytes(12).tempdir();
        // A name that no other test has.
        let dir = dir.expect("a temporary directory");
        let name = dir.path().file_name().expect("it has a name").to_string_lossy().into_owned();
        let made = Self { host: host.to_owned(), port: port.to_owned(), name };
        let create =
            format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4 COLLATE {collation}", made.name);
        made.client(&["-e", &create], "");
        Some(made)
    }

    /// The settings of a server that is to use it.
    #[must_use]
    pub fn of(&self, site: Site) -> Site {
        site.with("DB_HOST", &self.host)
            .with("DB_PORT", &self.port)
            .with("DB_USER", "root")
            .with("DB_NAME", &self.name)
            .with("JWT_SECRET", "the site's own secret, of 32 bytes or more")
            .with("KEY_SECRET", "another one, that all nodes have, 32 bytes")
    }

    /// Runs statements.
    #[track_caller]
    pub fn run(&self, statements: &str) {
        self.client(&[&self.name], statements);
    }

    /// The rows of an answer, columns separated by tabs.
    #[track_caller]
    pub fn rows(&self, query: &str) -> Vec<String> {
        let answer = self.client(&[&self.name, "--batch", "--skip-column-names"], query);
        answer.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn client(&self, arguments: &[&str], input: &str) -> String {
        let (host, port) = (&self.host, &self.port);
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--default-character-set=utf8mb4", "--user=root"]);
        command.arg(format!("--host={host}")).arg(format!("--port={port}")).args(arguments);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("MariaDB's client runs");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        // The session of the server's own: both see times alike.
        let input = format!("SET time_zone = '+00:00';\n{input}");
        stdin.write_all(input.as_bytes()).expect("it reads its input");
        drop(stdin);
        let done = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {said}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }
}
