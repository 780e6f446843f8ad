use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cluster::Redis;
use tempfile::TempDir;

/// A Redis server of its own on a Unix socket, empty at the start.
pub(crate) struct Server {
    dir: TempDir,
    options: Vec<String>,
    process: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(options: &[&str]) -> Self {
        let mut server = Self::not_started(options);
        server.run();
        server
    }

    pub(crate) fn not_started(options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        Self { dir: tempfile::tempdir().unwrap(), options, process: None }
    }

    /// Runs it, empty, and waits until it takes connections.
    pub(crate) fn run(&mut self) {
        let mut process = self.spawn();
        let until = Instant::now() + Duration::from_secs(30);
        while UnixStream::connect(self.socket()).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "redis-server ended");
            assert!(Instant::now() < until, "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.process = Some(process);
    }

    /// Debian has the program twice: under its own name in `redis-server`, a package that starts a system
    /// service, and under the name of a checking tool in `redis-tools`, which does not. It goes by the
    /// name it is called by.
    fn spawn(&self) -> Child {
        let spawn = |program| {
            Command::new(program)
                .arg0("redis-server")
                .args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"])
                .arg(self.dir.path())
                .arg("--unixsocket")
                .arg(self.socket())
                .args(&self.options)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
        };
        spawn("redis-server")
            .or_else(|_| spawn("redis-check-rdb"))
            .expect("Redis is installed: ./setup.sh --test")
    }

    /// Kills it. What it held is gone.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
        std::fs::remove_file(self.socket()).unwrap();
    }

    /// Makes it hang: its connections stay open, and the kernel takes new ones.
    pub(crate) fn hang(&self) {
        self.signal("STOP");
    }

    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let process = self.process.as_ref().unwrap().id();
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {process}")).status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn redis(&self) -> Redis {
        self.database(0)
    }

    pub(crate) fn database(&self, database: u8) -> Redis {
        Redis::new(url(&self.socket(), database), None)
    }

    pub(crate) fn url(&self) -> String {
        url(&self.socket(), 0)
    }

    /// A second way to the server, which can be barred.
    pub(crate) fn side_door(&self) -> SideDoor {
        let door = SideDoor { path: self.dir.path().join("door"), socket: self.socket() };
        door.open();
        door
    }

    /// A plain connection, for looking at what is there.
    pub(crate) fn connect(&self) -> redis::Connection {
        redis::Client::open(url(&self.socket(), 0)).unwrap().get_connection().unwrap()
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

pub(crate) struct SideDoor {
    path: PathBuf,
    socket: PathBuf,
}

impl SideDoor {
    pub(crate) fn redis(&self) -> Redis {
        Redis::new(url(&self.path, 0), None)
    }

    pub(crate) fn open(&self) {
        symlink(&self.socket, &self.path).unwrap();
    }

    /// Lets nobody in any more; who is in stays.
    pub(crate) fn bar(&self) {
        std::fs::remove_file(&self.path).unwrap();
    }
}

fn url(socket: &Path, database: u8) -> String {
    format!("unix://{}?db={database}", socket.display())
}
