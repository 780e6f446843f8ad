//! Publishers: ffmpeg sending a recorded source at its own pace, or the test card as it is drawn.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::NamedTempFile;
use testcard::Card;

use crate::process::Process;
use crate::server::{Server, Stream};
use crate::sources::{HEIGHT, Source, WIDTH};

/// A running ffmpeg that publishes, a file over and over. Killed when dropped, as by SIGKILL.
#[derive(Debug)]
pub struct Publisher {
    process: Process,
    _output: NamedTempFile,
}

impl Publisher {
    /// Publishes a source with a stream's key.
    pub fn start(server: &Server, stream: &Stream, source: &Source) -> Self {
        Self::to(&server.rtmp_url(&stream.key), source)
    }

    /// Publishes a source to a URL.
    pub fn to(url: &str, source: &Source) -> Self {
        Self::file(&source.ffmpeg(), &source.file(), url)
    }

    /// Publishes an FLV file to a URL.
    pub fn file(ffmpeg: &Path, file: &Path, url: &str) -> Self {
        Self::mapped(ffmpeg, file, &[], url)
    }

    /// Publishes with two tracks of sound, which are the same (Enhanced RTMP's multitrack messages).
    pub fn with_two_sounds(server: &Server, stream: &Stream, source: &Source) -> Self {
        let map = ["-map", "0:v", "-map", "0:a", "-map", "0:a"];
        let url = server.rtmp_url(&stream.key);
        Self::mapped(&crate::tools::current_ffmpeg(), &source.file(), &map, &url)
    }

    fn mapped(ffmpeg: &Path, file: &Path, map: &[&str], url: &str) -> Self {
        let output = NamedTempFile::new().expect("a temporary file");
        let mut command = Command::new(ffmpeg);
        command.args(["-v", "warning", "-re", "-stream_loop", "-1", "-i"]).arg(file);
        command.args(map).args(["-c", "copy", "-f", "flv", url]);
        Self { process: Process::start(&mut command, output.path()), _output: output }
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// SIGKILL, at once.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.process.ended().is_none()
    }
}

/// The frame rate of a stamped stream.
const STAMPED_RATE: u32 = 30;

/// A publisher of the test card, drawn at the moment that its stamp says and encoded at once. Ends when
/// dropped.
#[derive(Debug)]
pub struct Stamped {
    ffmpeg: Child,
    over: Arc<AtomicBool>,
    painter: Option<JoinHandle<()>>,
}

impl Stamped {
    /// Publishes in groups of 2 s, with a tone, and without the encoder's own delay.
    pub fn start(server: &Server, stream: &Stream) -> Self {
        let (size, rate) = (format!("{WIDTH}x{HEIGHT}"), STAMPED_RATE.to_string());
        let mut command = Command::new("ffmpeg");
        command.args([
            "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", &rate,
        ]);
        command.args(["-i", "-", "-f", "lavfi", "-i", "sine=sample_rate=48000"]);
        command.args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
            "-g",
            "60",
        ]);
        command.args([
            "-b:v",
            "1500k",
            "-c:a",
            "aac",
            "-b:a",
            "128k",
            "-flush_packets",
            "1",
            "-f",
            "flv",
        ]);
        let ffmpeg = command.arg(server.rtmp_url(&stream.key)).stdin(Stdio::piped()).spawn();
        let mut ffmpeg = ffmpeg.expect("ffmpeg runs");
        let mut pipe = ffmpeg.stdin.take().expect("its input is a pipe");
        let over = Arc::<AtomicBool>::default();
        let stop = Arc::clone(&over);
        let painter = std::thread::spawn(move || {
            let mut card = Card::new(WIDTH, HEIGHT, "stamped").expect("an even size");
            let start = Instant::now();
            for frame in 0.. {
                let due = Duration::from_secs(1) * frame / STAMPED_RATE;
                std::thread::sleep(due.saturating_sub(start.elapsed()));
                let picture = card.draw(frame, unix_ms());
                let planes = [picture.y, picture.u, picture.v];
                if stop.load(Relaxed)
                    || planes.into_iter().any(|plane| pipe.write_all(plane).is_err())
                {
                    return;
                }
            }
        });
        Self { ffmpeg, over, painter: Some(painter) }
    }
}

impl Drop for Stamped {
    fn drop(&mut self) {
        self.over.store(true, Relaxed);
        drop(self.ffmpeg.kill());
        drop(self.ffmpeg.wait());
        if let Some(painter) = self.painter.take() {
            drop(painter.join());
        }
    }
}

/// Milliseconds since 1970-01-01 UTC.
fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_millis() as u64
}
