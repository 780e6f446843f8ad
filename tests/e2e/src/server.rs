//! The server under test.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Finished, Process, run};
use crate::{http, tools};

/// How long a start may take: debug builds on a busy machine included.
const START: Duration = Duration::from_secs(20);
/// How long a command of the administrator may take.
const COMMAND: Duration = Duration::from_secs(20);
/// Starts before the search for free ports is given up.
const TRIES: usize = 5;
/// Lines of the server's output that a failed test shows.
const SHOWN_LINES: usize = 120;

/// The directory, the ports and the environment of a server, which may run or not.
#[derive(Debug)]
pub struct Site {
    dir: TempDir,
    env: BTreeMap<String, String>,
    in_dotenv: bool,
    ports: Ports,
}

/// Where a server listens on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// `STREAMING_PORT`
    pub api: u16,
    /// `RTMP_PORT`
    pub rtmp: u16,
    /// `HTTP_PORT`
    pub http: u16,
}

/// A running server. Killed when dropped; its output is shown when the test failed.
#[derive(Debug)]
pub struct Server {
    process: Loud,
    site: Site,
}

/// A process whose output is shown when the test failed.
#[derive(Debug)]
struct Loud(Process);

/// A stream and its key.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The public id.
    pub id: String,
    /// The secret key.
    pub key: String,
    /// All that the command told.
    pub json: Value,
}

impl Ports {
    fn free() -> Self {
        let listen = || TcpListener::bind("127.0.0.1:0").expect("a free port");
        // Held until all three are known, so that they differ.
        let listeners = [listen(), listen(), listen()];
        let [api, rtmp, http] = listeners
            .each_ref()
            .map(|l| l.local_addr().expect("a bound socket has an address").port());
        Self { api, rtmp, http }
    }
}

impl Site {
    /// A fresh directory and free ports. Two shards, so that what crosses shards is tested too.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("shardcast-e2e-").tempdir();
        let mut site = Self {
            dir: dir.expect("a temporary directory"),
            env: BTreeMap::new(),
            in_dotenv: false,
            ports: Ports::free(),
        };
        for (name, value) in [
            ("SHARDS", "2"),
            ("BIND", "127.0.0.1"),
            ("PUBLIC_HOST", "127.0.0.1"),
            ("LOG_LEVEL", "debug"),
            ("ADMIN_EMAIL", "admin@example.com"),
            ("ADMIN_PASSWORD", "correct horse battery staple"),
        ] {
            site.env.insert(name.into(), value.into());
        }
        for name in ["DATA_DIR", "LOG_DIR", "MEDIA_DIR", "RECORDING_PATH"] {
            let path = site.path(&name.split('_').next().unwrap_or(name).to_lowercase());
            site.env.insert(name.into(), path.to_string_lossy().into_owned());
        }
        if let Ok(runtime) = std::env::var("RUNTIME") {
            site.env.insert("RUNTIME".into(), runtime);
        }
        site.use_ports(site.ports);
        site
    }

    /// With one more setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Changes a setting, from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.into(), value.into());
        if self.in_dotenv {
            self.write_dotenv(&[]);
        }
    }

    /// Has all settings in the file `.env` in place of the environment, so that they can be changed
    /// while the server runs.
    #[must_use]
    pub fn in_dotenv(mut self) -> Self {
        self.in_dotenv = true;
        self.write_dotenv(&[]);
        self
    }

    /// Writes `.env`: the settings with these changes, which the next writing does not remember. Gives
    /// the number of its lines; the last ones are the changes.
    pub fn write_dotenv(&self, changes: &[(&str, &str)]) -> usize {
        let kept = self.env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let lines: Vec<_> = kept
            .chain(changes.iter().copied())
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        // As editors do it: another file takes the place of the old one.
        let new = self.path(".env.new");
        std::fs::write(&new, lines.concat()).expect("a writable directory");
        std::fs::rename(new, self.path(".env")).expect("a writable directory");
        lines.len()
    }

    /// Takes these ports.
    pub fn use_ports(&mut self, ports: Ports) {
        self.ports = ports;
        for (name, port) in
            [("STREAMING_PORT", ports.api), ("RTMP_PORT", ports.rtmp), ("HTTP_PORT", ports.http)]
        {
            self.set(name, &port.to_string());
        }
    }

    /// The ports.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// A path in the server's directory: `data`, `log`, `media`, `recording`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A setting's value.
    pub fn setting(&self, name: &str) -> &str {
        self.env.get(name).map_or("", String::as_str)
    }

    /// A command of the server's program with these settings and nothing else of the environment.
    pub fn command(&self, launcher: &[OsString]) -> Command {
        let mut words = launcher.to_vec();
        words.push(tools::server().into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(self.dir.path()).env_clear();
        if !self.in_dotenv {
            command.envs(&self.env);
        }
        for name in ["PATH", "HOME", "RUST_BACKTRACE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Runs a command of the administrator.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        run(self.command(&[]).args(arguments), COMMAND)
    }

    /// Runs a command of the administrator with `--json`; it must succeed.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let done = run(self.command(&[]).args(arguments).arg("--json"), COMMAND);
        assert_eq!(done.code, Some(0), "{arguments:?}: {done:?}");
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    }

    /// `stream add`.
    #[track_caller]
    pub fn add_stream(&self, title: &str) -> Stream {
        let json = self.json(&["stream", "add", title]);
        let text = |name: &str| match json[name].as_str() {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => panic!("no {name} in {json}"),
        };
        Stream { id: text("id"), key: text("streamKey"), json }
    }

    /// Starts the server and waits until it is ready; takes other ports when these are in use by now.
    #[track_caller]
    pub fn start(self) -> Server {
        self.start_by(&[], &[])
    }

    /// The same through another program, which gets the server's command line, and with more arguments.
    #[track_caller]
    pub fn start_by(mut self, launcher: &[OsString], arguments: &[&str]) -> Server {
        for _ in 0..TRIES {
            let output = self.path("server.out");
            let mut command = self.command(launcher);
            let process = Process::start(command.arg("serve").args(arguments), &output);
            let mut server = Server { process: Loud(process), site: self };
            match server.until_ready() {
                Ok(()) => return server,
                Err(said) if said.contains("in use") => {
                    self = server.stop_for_good();
                    self.use_ports(Ports::free());
                }
                Err(said) => panic!("the server did not start:\n{said}"),
            }
        }
        panic!("no free ports in {TRIES} tries");
    }

    /// `rtmp://.../live/NAME`, where the name is a key to publish or an id to play.
    pub fn rtmp_url(&self, name: &str) -> String {
        format!("rtmp://127.0.0.1:{}/live/{name}", self.ports.rtmp)
    }

    /// A URL of the media port.
    pub fn http_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports.http)
    }

    /// The multivariant playlist.
    pub fn hls_url(&self, id: &str) -> String {
        self.http_url(&format!("/live/{id}/index.m3u8"))
    }

    /// HTTP-FLV.
    pub fn flv_url(&self, id: &str) -> String {
        self.http_url(&format!("/live/{id}.flv"))
    }

    /// A file of the log directory.
    pub fn log(&self, name: &str) -> String {
        let bytes =
            std::fs::read(Path::new(self.setting("LOG_DIR")).join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// A server with the default settings of a [`Site`].
    #[track_caller]
    pub fn start() -> Self {
        Site::new().start()
    }

    fn until_ready(&mut self) -> Result<(), String> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.0.ended() {
                return Err(format!("{status}\n{}", self.process.0.output()));
            }
            if http::try_get(self.site.ports.api, "/ready").is_ok_and(|r| r.status == 200) {
                return Ok(());
            }
            if start.elapsed() > START {
                return Err(format!("not ready after {START:?}\n{}", self.process.0.output()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process.0
    }

    /// What it wrote to its terminal.
    pub fn output(&self) -> String {
        self.process.0.output()
    }

    /// `GET` on the control port.
    #[track_caller]
    pub fn api(&self, path: &str) -> http::Response {
        http::get(self.site.ports.api, path)
    }

    /// `GET` on the media port.
    #[track_caller]
    pub fn get(&self, path: &str) -> http::Response {
        http::get(self.site.ports.http, path)
    }

    /// SIGTERM, and its exit status.
    #[track_caller]
    pub fn terminate(&mut self, limit: Duration) -> ExitStatus {
        self.process.0.signal("TERM");
        self.process.0.wait(limit)
    }

    /// Ends it by SIGKILL and starts it again on the same directory and ports.
    #[track_caller]
    pub fn crash_and_restart(mut self) -> Self {
        self.process.0.kill();
        self.site.start()
    }

    /// Ends it by SIGTERM and starts it again on the same directory and ports.
    #[track_caller]
    pub fn restart(mut self) -> Self {
        let status = self.terminate(Duration::from_secs(35));
        assert!(status.success(), "{status}\n{}", self.output());
        self.site.start()
    }

    fn stop_for_good(mut self) -> Site {
        self.process.0.kill();
        self.site
    }
}

impl std::ops::Deref for Server {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let output = self.0.output();
        let lines: Vec<&str> = output.lines().collect();
        let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
        eprintln!("--- the server said, at the end:\n{shown}\n---");
    }
}
