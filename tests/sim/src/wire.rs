//! A client's connection: what it still has to send, and how fast it reads.

use shard::Rng;
use shard::sim::{End, Peer, Way};

/// What one read takes at most.
const READ: usize = 64 << 10;
/// What a disturbance delays beyond itself, in milliseconds: a request that waits for what is to come.
const LATE: u64 = 12_000;
/// How often a slow reader reads, in milliseconds.
const NAP: u64 = 25;

#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) peer: Peer,
    pub(crate) connected_at: u64,
    out: Vec<u8>,
    /// Bytes that are read in each [`NAP`]; 0: all that comes.
    pace: usize,
    next_read: u64,
    /// Until then answers may be late.
    pub(crate) disturbed_until: u64,
    /// The client cut the line and tells nobody.
    pub(crate) is_cut: bool,
    slow: bool,
}

impl Wire {
    pub(crate) fn connect(shard: usize, port: u16, way: Way, pace: usize) -> Self {
        let from = std::net::SocketAddr::from(([192, 0, 2, 1], 40_000));
        Self {
            peer: Peer::connect(shard, port, from, way),
            connected_at: shard::millis(),
            out: Vec::new(),
            pace,
            next_read: 0,
            disturbed_until: 0,
            is_cut: false,
            slow: way.rate > 0 || way.loss > 0 || pace > 0,
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.flush();
    }

    /// Sends what waits; whether anything went.
    pub(crate) fn flush(&mut self) -> bool {
        if self.out.is_empty() {
            return false;
        }
        let sent = self.peer.write(&self.out);
        self.out.drain(..sent);
        sent > 0
    }

    /// Whether all that was sent is in the server's hands.
    pub(crate) fn is_heard(&self) -> bool {
        self.out.is_empty() && self.peer.is_heard()
    }

    /// What has come, as fast as this client reads.
    pub(crate) fn read(&mut self) -> Vec<u8> {
        let now = shard::millis();
        if now < self.next_read {
            return Vec::new();
        }
        if self.pace == 0 {
            return self.peer.read(READ);
        }
        let bytes = self.peer.read(self.pace);
        if !bytes.is_empty() {
            self.next_read = now + NAP;
        }
        bytes
    }

    /// When it reads again, if it waits for that.
    pub(crate) fn next_due(&self) -> Option<u64> {
        (self.next_read > shard::millis()).then_some(self.next_read)
    }

    /// How the connection ended, once all was read.
    pub(crate) fn end(&self) -> Option<End> {
        self.peer.end()
    }

    /// Reads nothing for so long.
    pub(crate) fn freeze(&mut self, ms: u64) {
        self.next_read = self.next_read.max(shard::millis() + ms);
        self.disturb(ms);
    }

    pub(crate) fn stall(&mut self, ms: u64) {
        self.peer.stall(ms);
        self.disturb(ms);
    }

    pub(crate) fn cut(&mut self) {
        self.peer.cut();
        self.is_cut = true;
    }

    /// Whether an answer should come at once.
    pub(crate) fn is_sound(&self) -> bool {
        !self.is_cut && !self.slow && shard::millis() >= self.disturbed_until
    }

    fn disturb(&mut self, ms: u64) {
        let until = shard::millis() + ms + LATE;
        self.disturbed_until = self.disturbed_until.max(until);
    }
}

/// The network between a client and the server.
pub(crate) fn draw_way(rng: &mut Rng) -> Way {
    let good = Way {
        latency: rng.pick(&[0, 1, 5, 20, 60]),
        jitter: rng.pick(&[0, 0, 3]),
        rate: 0,
        loss: 0,
        send_buffer: rng.pick(&[700, 4_000, 20_000, 100_000]),
        receive_buffer: rng.pick(&[2_000, 30_000]),
    };
    match rng.below(8) {
        0 => Way { rate: rng.pick(&[2, 8, 30]), ..good },
        1 => Way { loss: 10, jitter: 20, ..good },
        _ => good,
    }
}

/// How fast a client reads.
pub(crate) fn draw_pace(rng: &mut Rng) -> usize {
    if rng.chance(1, 6) { rng.pick(&[40, 150, 600]) } else { 0 }
}

/// Whether a session gave up for want of patience; else the server said what makes no sense.
pub(crate) const fn is_impatience(error: &rtmp::Error) -> bool {
    use rtmp::Error::{HandshakeTimeout, IdleTimeout, RequestTimeout};
    matches!(error, HandshakeTimeout | IdleTimeout | RequestTimeout)
}
