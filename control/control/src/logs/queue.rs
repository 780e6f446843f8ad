use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait for a writer.
pub(super) const MAX_LINES: usize = 4096;
/// Bytes that wait for a writer.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The longest line, in bytes; what is beyond is cut off.
pub(super) const MAX_LINE: usize = 16 * 1024;
/// How often a closing writer is looked at.
const POLL: Duration = Duration::from_millis(2);

enum Message {
    Line { output: usize, line: Vec<u8> },
    Close,
}

/// The way to a writer thread; putting a line there never waits. Clones share it.
#[derive(Clone)]
pub(super) struct Queue {
    lines: SyncSender<Message>,
    bytes: Arc<AtomicUsize>,
    dropped: Arc<AtomicU64>,
}

/// One of a writer's outputs: what a formatter writes, one whole line a call, is put into the queue.
#[derive(Clone)]
pub(super) struct Output {
    queue: Queue,
    number: usize,
}

/// A thread that writes lines to its outputs.
pub(super) struct Writer {
    queue: Queue,
    thread: JoinHandle<()>,
}

impl Queue {
    pub(super) fn output(&self, number: usize) -> Output {
        Output { queue: self.clone(), number }
    }

    fn put(&self, output: usize, line: &[u8]) {
        let line = if line.len() > MAX_LINE {
            [&line[..MAX_LINE - 1], b"\n"].concat()
        } else {
            line.to_vec()
        };
        let length = line.len();
        let waiting = self.bytes.fetch_add(length, Ordering::Relaxed);
        let fits = waiting + length <= MAX_BYTES;
        if !fits || self.lines.try_send(Message::Line { output, line }).is_err() {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Write for Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.put(self.number, line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Writer {
    pub(super) fn start(
        name: &str,
        outputs: Vec<Box<dyn Write + Send>>,
        dropped: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(MAX_LINES);
        let queue = Queue { lines, bytes: Arc::default(), dropped };
        let (bytes, dropped) = (queue.bytes.clone(), queue.dropped.clone());
        let write = move || write_all(&waiting, outputs, &bytes, &dropped);
        let thread = Builder::new().name(name.to_owned()).spawn(write)?;
        Ok(Self { queue, thread })
    }

    pub(super) fn queue(&self) -> Queue {
        self.queue.clone()
    }

    /// Has all that waits written, unless that takes longer than `timeout`.
    pub(super) fn close(&self, timeout: Duration) {
        let give_up = Instant::now() + timeout;
        let mut told = false;
        while !self.thread.is_finished() && Instant::now() < give_up {
            told = told || self.queue.lines.try_send(Message::Close).is_ok();
            std::thread::sleep(POLL);
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("thread", &self.thread.thread().name())
            .finish_non_exhaustive()
    }
}

fn write_all(
    waiting: &Receiver<Message>,
    mut outputs: Vec<Box<dyn Write + Send>>,
    bytes: &AtomicUsize,
    dropped: &AtomicU64,
) {
    loop {
        let message = match waiting.try_recv() {
            Ok(message) => Ok(message),
            Err(TryRecvError::Empty) => {
                // Nothing waits: what was written becomes visible now.
                flush(&mut outputs);
                waiting.recv().map_err(|_| TryRecvError::Disconnected)
            }
            Err(error) => Err(error),
        };
        let Ok(Message::Line { output, line }) = message else { break };
        bytes.fetch_sub(line.len(), Ordering::Relaxed);
        let written = outputs.get_mut(output).is_some_and(|output| output.write_all(&line).is_ok());
        if !written {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
    flush(&mut outputs);
}

/// There is nobody left to tell that this failed.
fn flush(outputs: &mut [Box<dyn Write + Send>]) {
    for output in outputs {
        let _ = output.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;

    use super::*;

    /// Writes nothing before it is let.
    struct Stuck {
        wait: Mutex<mpsc::Receiver<()>>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stuck {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.wait.lock().unwrap().recv();
            self.written.lock().unwrap().extend(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_writer_makes_nobody_wait_and_lost_lines_are_counted() {
        let (go, wait) = mpsc::channel::<()>();
        let (written, dropped) = (Arc::new(Mutex::default()), Arc::new(AtomicU64::new(0)));
        let stuck = Stuck { wait: Mutex::new(wait), written: written.clone() };
        let writer = Writer::start("test", vec![Box::new(stuck)], dropped.clone()).unwrap();
        let mut output = writer.queue().output(0);
        let put = MAX_LINES + 100;
        for _ in 0..put {
            output.write_all(b"line\n").unwrap();
        }
        let lost = dropped.load(Ordering::Relaxed) as usize;
        assert!((99..=100).contains(&lost), "{lost}");
        drop(go);
        writer.close(Duration::from_secs(10));
        assert_eq!(written.lock().unwrap().len(), 5 * (put - lost));
    }

    #[test]
    fn the_queue_is_bounded_in_bytes_and_lines_in_length() {
        let (go, wait) = mpsc::channel::<()>();
        let (written, dropped) = (Arc::new(Mutex::default()), Arc::new(AtomicU64::new(0)));
        let stuck = Stuck { wait: Mutex::new(wait), written: written.clone() };
        let writer = Writer::start("test", vec![Box::new(stuck)], dropped.clone()).unwrap();
        let mut output = writer.queue().output(0);
        let long = vec![b'x'; 2 * MAX_LINE];
        for _ in 0..(MAX_BYTES / MAX_LINE + 10) {
            output.write_all(&long).unwrap();
        }
        assert!(dropped.load(Ordering::Relaxed) >= 9);
        drop(go);
        writer.close(Duration::from_secs(10));
        let written = written.lock().unwrap();
        assert_eq!(written.len() % MAX_LINE, 0);
        assert!(written.chunks(MAX_LINE).all(|line| line.ends_with(b"x\n")));
    }
}
