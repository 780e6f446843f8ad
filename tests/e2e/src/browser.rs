//! Chromium on a page with a video, seen from outside.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::tools;
use crate::wait::eventually;

/// How long the browser may take from its start to its first look at the page.
const START: Duration = Duration::from_secs(40);
/// The time between two looks, in milliseconds.
const EVERY_MS: u32 = 200;
/// How long the browser may take to close.
const CLOSE: Duration = Duration::from_secs(10);

/// A page that is watched. Closed when dropped.
#[derive(Debug)]
pub struct Page {
    child: Child,
    input: Option<ChildStdin>,
    lines: Arc<Mutex<Vec<Value>>>,
    reader: Option<JoinHandle<()>>,
    _profile: TempDir,
}

impl Page {
    /// Opens a page in a browser of its own.
    #[track_caller]
    pub fn open(url: &str) -> Self {
        let modules = tools::own_file("browser/node_modules/playwright-core");
        assert!(modules.is_dir(), "playwright-core is missing: run tests/e2e/setup.sh");
        let profile = tempfile::tempdir().expect("a temporary directory");
        let options = json!({
            "url": url,
            "chromium": tools::chromium(),
            "profile": profile.path(),
            "everyMs": EVERY_MS,
        });
        let mut command = Command::new(tools::node());
        command.arg(tools::own_file("browser/watch.js")).arg(options.to_string());
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("node runs");
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let lines = Arc::<Mutex<Vec<Value>>>::default();
        let sink = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                sink.lock().expect("no holder panics").push(value);
            }
        });
        let input = child.stdin.take();
        let page = Self { child, input, lines, reader: Some(reader), _profile: profile };
        eventually(START, "the browser has looked at the page", || page.last());
        page
    }

    fn lines(&self) -> Vec<Value> {
        self.lines.lock().expect("no holder panics").clone()
    }

    /// All looks at the page so far.
    pub fn samples(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["kind"] == "sample").collect()
    }

    /// The latest look.
    pub fn last(&self) -> Option<Value> {
        self.samples().pop()
    }

    /// What the page complained of: its own errors, and answers of 500 and above.
    pub fn complaints(&self) -> Vec<String> {
        let grave = |line: &Value| line["kind"] == "pageerror" || line["kind"] == "response";
        let lines = self.lines().into_iter().filter(grave);
        lines.map(|line| line["text"].to_string()).collect()
    }

    /// Waits until the video has advanced by this much since the call.
    #[track_caller]
    pub fn plays_for(&self, seconds: f64, limit: Duration) {
        let first = self.samples().len();
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually(limit, "the video plays", || {
                (played(&self.samples()[first..]) >= seconds).then_some(())
            });
        }));
        if found.is_err() {
            let shown = self.last().map(|mut sample| {
                sample["text"] = sample["text"].as_str().unwrap_or("").replace('\n', " | ").into();
                sample
            });
            panic!(
                "no {seconds} s played in {limit:?}; last look: {shown:?}; {:?}",
                self.lines_but_samples()
            );
        }
    }

    /// What the page and its console said.
    pub fn lines_but_samples(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["kind"] != "sample").collect()
    }
}

/// How far the current time advanced in steps, in seconds; jumps of over 2 s between two looks do not
/// count.
pub fn played(samples: &[Value]) -> f64 {
    let times: Vec<f64> =
        samples.iter().filter_map(|sample| sample["currentTime"].as_f64()).collect();
    let steps = times.windows(2).map(|pair| pair[1] - pair[0]);
    steps.filter(|step| (0.0..2.0).contains(step)).sum()
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.input.take());
        let start = std::time::Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < CLOSE {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.child.kill());
        drop(self.child.wait());
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
    }
}
