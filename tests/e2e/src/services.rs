//! A database server and a Redis of a test's own, empty at the start and killed at the end.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{Process, run};
use crate::server::Site;
use crate::wait::eventually;

/// How long a service may take to take connections.
const START: Duration = Duration::from_mins(1);
/// How long a command of the database may take.
const COMMAND: Duration = Duration::from_secs(30);
/// What the nodes of a site have in common, too long to be refused.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A MariaDB server, with a database for the site.
#[derive(Debug)]
pub struct Database {
    dir: TempDir,
    port: u16,
    process: Option<Process>,
}

/// A Redis server.
#[derive(Debug)]
pub struct Redis {
    dir: TempDir,
    port: u16,
    process: Option<Process>,
}

impl Database {
    /// Makes and starts it.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut database = Self { dir, port: free_port(), process: None };
        let mut install = Command::new("mariadb-install-db");
        install.args(database.options());
        install.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
        let done = run(&mut install, START);
        assert_eq!(done.code, Some(0), "./setup.sh --test installs MariaDB: {done:?}");
        database.run();
        database.query("CREATE DATABASE site CHARACTER SET utf8mb4");
        database
    }

    /// Starts it again with what it held.
    pub fn run(&mut self) {
        let mut command = Command::new("/usr/sbin/mariadbd");
        command.args(self.options()).args(["--bind-address=127.0.0.1", "--max-connections=500"]);
        command.arg(format!("--port={}", self.port)).arg(self.path("--socket=", "socket"));
        self.process = Some(Process::start(&mut command, &self.dir.path().join("log")));
        listens(self.port);
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// The rows of an answer, their columns separated by tabs.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<String> {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--host=127.0.0.1", "--user=root", "--batch"]);
        command.args(["--skip-column-names", &format!("--port={}", self.port), "-e", sql]);
        let done = run(&mut command, COMMAND);
        assert_eq!(done.code, Some(0), "{sql}: {done:?}");
        done.stdout.lines().map(str::to_owned).collect()
    }

    fn options(&self) -> Vec<String> {
        let mut options = vec!["--no-defaults".to_owned(), self.path("--datadir=", "data")];
        // A server that root starts wants to be told so.
        let is_root = std::fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        options.extend(is_root.then(|| "--user=root".to_owned()));
        options
    }

    fn path(&self, option: &str, name: &str) -> String {
        format!("{option}{}", self.dir.path().join(name).display())
    }
}

impl Redis {
    /// Starts it.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut redis = Self { dir, port: free_port(), process: None };
        redis.run();
        redis
    }

    /// Starts it again, empty.
    pub fn run(&mut self) {
        // Debian has the server in `redis-tools` too, under the name of a checking tool: it goes by the
        // name that it is called by.
        let places = ["/usr/bin/redis-server", "/usr/bin/redis-check-rdb"].map(PathBuf::from);
        let program = places.iter().find(|place| place.exists());
        let mut command = Command::new(program.expect("./setup.sh --test installs Redis"));
        command.arg0("redis-server").args(["--bind", "127.0.0.1", "--save", "", "--port"]);
        command.arg(self.port.to_string()).arg("--dir").arg(self.dir.path());
        self.process = Some(Process::start(&mut command, &self.dir.path().join("log")));
        listens(self.port);
    }

    /// SIGKILL; what it held is gone.
    pub fn kill(&mut self) {
        self.process = None;
    }
}

/// A node of a site on this database and this Redis.
pub fn node(database: &Database, redis: &Redis) -> Site {
    Site::new()
        .with("DB_HOST", "127.0.0.1")
        .with("DB_PORT", &database.port.to_string())
        .with("DB_USER", "root")
        .with("DB_NAME", "site")
        .with("REDIS_URL", &format!("redis://127.0.0.1:{}", redis.port))
        .with("JWT_SECRET", SECRET)
        .with("KEY_SECRET", &SECRET.chars().rev().collect::<String>())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn listens(port: u16) {
    eventually(START, "the service takes connections", || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
}
