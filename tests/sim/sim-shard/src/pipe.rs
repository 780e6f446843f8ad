use std::collections::VecDeque;

use crate::Rng;

/// How a connection's network behaves.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Milliseconds from end to end.
    pub latency: u64,
    /// Up to so many milliseconds more, drawn for each piece.
    pub jitter: u64,
    /// Bytes a millisecond; 0: no limit.
    pub rate: u64,
    /// Pieces of 1000 that are lost at first and come 200 to 1500 ms later.
    pub loss: u32,
    /// Bytes that the sender's side holds before it takes no more.
    pub send_buffer: usize,
    /// Bytes that the receiver's side holds for its reader.
    pub receive_buffer: usize,
}

/// One direction of a connection.
#[derive(Debug)]
pub(crate) struct Pipe {
    way: Way,
    /// Pieces on their way, with the time of their arrival.
    flight: VecDeque<(u64, Vec<u8>)>,
    /// What of the first piece has arrived.
    taken: usize,
    in_flight: usize,
    last_due: u64,
    arrived: VecDeque<u8>,
    /// When the sender's end arrives, once it was sent.
    end: Option<u64>,
    pub(crate) ended: bool,
    /// Nothing arrives before this time.
    held_until: u64,
    /// The sender was refused room and was not told of new room yet.
    full: bool,
}

impl Pipe {
    pub(crate) fn new(way: Way) -> Self {
        Self {
            way,
            flight: VecDeque::new(),
            taken: 0,
            in_flight: 0,
            last_due: 0,
            arrived: VecDeque::new(),
            end: None,
            ended: false,
            held_until: 0,
            full: false,
        }
    }

    /// Takes as many of the bytes as there is room for, sometimes fewer.
    pub(crate) fn send(&mut self, now: u64, parts: &[&[u8]], rng: &mut Rng) -> usize {
        let total: usize = parts.iter().map(|part| part.len()).sum();
        let room = self.way.send_buffer.saturating_sub(self.in_flight);
        let mut taken = total.min(room);
        if taken > 1 && rng.chance(1, 64) {
            taken = 1 + rng.below(taken);
        }
        self.full = taken < total;
        if taken > 0 {
            let mut piece = Vec::with_capacity(taken);
            for part in parts {
                let left = taken - piece.len();
                piece.extend_from_slice(&part[..left.min(part.len())]);
            }
            let due = self.due(now, taken, rng);
            self.flight.push_back((due, piece));
            self.in_flight += taken;
        }
        taken
    }

    fn due(&mut self, now: u64, len: usize, rng: &mut Rng) -> u64 {
        let way = self.way;
        let mut due = now + way.latency;
        if way.jitter > 0 {
            due += rng.between(0, way.jitter);
        }
        if way.loss > 0 && rng.chance(way.loss, 1000) {
            due += rng.between(200, 1500);
        }
        let slow = (len as u64).checked_div(way.rate).unwrap_or(0);
        self.last_due = due.max(self.last_due + slow);
        self.last_due
    }

    /// The sender sends nothing more.
    pub(crate) fn finish(&mut self, now: u64) {
        if self.end.is_none() {
            self.end = Some(self.last_due.max(now + self.way.latency));
        }
    }

    /// Forgets what is on its way and what was not read.
    pub(crate) fn clear(&mut self) {
        self.flight.clear();
        self.taken = 0;
        self.arrived.clear();
        self.in_flight = 0;
    }

    pub(crate) fn hold_until(&mut self, time: u64) {
        self.held_until = self.held_until.max(time);
    }

    /// Lets arrive what is due; whether anything did.
    pub(crate) fn deliver(&mut self, now: u64) -> bool {
        let mut any = false;
        while self.next_due().is_some_and(|due| due <= now) {
            any = true;
            let Some((_, piece)) = self.flight.front() else {
                self.ended = true;
                break;
            };
            let room = self.way.receive_buffer.saturating_sub(self.arrived.len());
            let count = room.min(piece.len() - self.taken);
            self.arrived.extend(&piece[self.taken..self.taken + count]);
            self.in_flight -= count;
            self.taken += count;
            if self.taken == piece.len() {
                self.flight.pop_front();
                self.taken = 0;
            }
        }
        any
    }

    /// When something arrives next, were nothing in its way.
    pub(crate) fn next_due(&self) -> Option<u64> {
        match self.flight.front() {
            Some((due, _)) => {
                let readable = self.arrived.len() < self.way.receive_buffer;
                readable.then_some((*due).max(self.held_until))
            }
            None => self.end.filter(|_| !self.ended).map(|end| end.max(self.held_until)),
        }
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.arrived.len());
        let (front, back) = self.arrived.as_slices();
        let first = count.min(front.len());
        buffer[..first].copy_from_slice(&front[..first]);
        buffer[first..count].copy_from_slice(&back[..count - first]);
        self.arrived.drain(..count);
        count
    }

    pub(crate) fn unread(&self) -> usize {
        self.arrived.len()
    }

    /// Nothing is on its way or waits to be read.
    pub(crate) fn is_empty(&self) -> bool {
        self.in_flight == 0 && self.arrived.is_empty()
    }

    /// The sender's end is on its way.
    pub(crate) fn is_ending(&self) -> bool {
        self.end.is_some() && !self.ended
    }

    /// Whether a sender that waits for room is told that there is some. As in Linux that is not at the
    /// first free byte.
    pub(crate) fn has_room(&self) -> bool {
        let free = self.way.send_buffer.saturating_sub(self.in_flight);
        if self.full { free > self.way.send_buffer / 3 } else { free > 0 }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full && !self.has_room()
    }
}
