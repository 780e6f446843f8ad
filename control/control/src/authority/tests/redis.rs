use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cluster::{Cluster, Link, Redis};

use super::node;

/// Far longer than anything takes on a machine that is not overloaded.
pub(super) const LONG: Duration = Duration::from_secs(30);

/// A Redis server on a Unix socket, empty at the start and killed at the end.
pub(super) struct Server {
    dir: tempfile::TempDir,
    process: Option<Child>,
}

impl Server {
    pub(super) fn start() -> Self {
        let mut server = Self { dir: tempfile::tempdir().unwrap(), process: None };
        server.run();
        server
    }

    /// Runs it, empty, and waits until it takes connections.
    pub(super) fn run(&mut self) {
        // Debian's `redis-tools` has the server under the name of a checking tool; it goes by the name
        // that it is called by.
        let spawn = |program| {
            Command::new(program)
                .arg0("redis-server")
                .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
                .arg(self.socket())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
        };
        let process = spawn("redis-server").or_else(|_| spawn("redis-check-rdb"));
        self.process = Some(process.expect("Redis is installed: ./setup.sh --test"));
        let deadline = Instant::now() + LONG;
        while UnixStream::connect(self.socket()).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(super) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
        std::fs::remove_file(self.socket()).unwrap();
    }

    /// A node that is connected.
    pub(super) async fn join(&self, name: &str) -> Cluster {
        let redis = Redis::new(format!("unix://{}", self.socket().display()), None);
        let cluster = Cluster::start(node(name), Some(redis)).unwrap();
        until("Redis is there", async || cluster.link() == Link::Up).await;
        cluster
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

/// Waits until the condition holds.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds().await {
        assert!(Instant::now() < deadline, "still waiting until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
