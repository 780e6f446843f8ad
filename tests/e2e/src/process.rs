//! Programs that run beside a test and end with it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::wait::eventually;

/// How long a killed program may take to be gone.
const GONE: Duration = Duration::from_secs(5);

/// A running program. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    output: PathBuf,
}

/// A program that has ended by itself.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Process {
    /// Starts a program whose standard output and error both go to the file `output`, appended.
    pub fn start(command: &mut Command, output: &Path) -> Self {
        let file = File::options().create(true).append(true).open(output).expect("a writable file");
        let errors = file.try_clone().expect("a second descriptor");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, name: format!("{command:?}"), output: output.to_owned() }
    }

    /// What it has written so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            let (name, said) = (&self.name, || self.output());
            assert!(start.elapsed() < limit, "{name} still runs after {limit:?}:\n{}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends it a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &line]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{line}");
    }

    /// Ends it at once, without a farewell: what it had open is closed by the kernel.
    pub fn kill(&mut self) {
        // It may have ended by itself, which is all the same.
        drop(self.child.kill());
        eventually(GONE, "the killed program is gone", || self.ended());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a program to its end. Panics when that takes longer than `limit`.
#[track_caller]
pub fn run(command: &mut Command, limit: Duration) -> Finished {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let [stdout, stderr] = ["stdout", "stderr"].map(|name| dir.path().join(name));
    let open = |path| File::create(path).expect("a writable file");
    let child = command.stdin(Stdio::null()).stdout(open(&stdout)).stderr(open(&stderr)).spawn();
    let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut process = Process { child, name: format!("{command:?}"), output: stderr.clone() };
    let status = process.wait(limit);
    let text =
        |path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
    Finished { code: status.code(), stdout: text(&stdout), stderr: text(&stderr) }
}
