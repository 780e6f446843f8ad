//! What is sent: the messages of one second of a 2.5 Mbit/s stream, again and again.

use std::io::IoSlice;
use std::time::Duration;

/// Frames of video a second, and bytes of each.
const VIDEO: (u32, usize) = (30, 10_000);
/// Frames of audio a second, and bytes of each.
const AUDIO: (u32, usize) = (47, 350);
/// What a protocol puts before each payload.
const HEADER: usize = 12;
/// Messages of one second.
pub(crate) const PER_SECOND: u64 = (VIDEO.0 + AUDIO.0) as u64;
/// Messages of one write.
pub(crate) const MAX_BATCH: u64 = 16;
/// A connection that is further behind goes on with the newest message.
pub(crate) const MAX_LAG: u64 = 128;

/// One second of messages, which live as long as the program: a write may hold them as it likes.
pub(crate) struct Pattern {
    messages: Vec<Message>,
}

struct Message {
    due: Duration,
    /// Header and payload, one after the other.
    bytes: &'static [u8],
}

/// Where a connection is: the number of a message and the bytes of it that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) message: u64,
    sent: usize,
}

impl Pattern {
    pub(crate) fn new() -> Self {
        let track = |(rate, len): (u32, usize)| {
            (0..rate).map(move |number| {
                let bytes = vec![number as u8; HEADER + len].leak();
                Message { due: Duration::from_secs(1) * number / rate, bytes }
            })
        };
        let mut messages: Vec<Message> = track(VIDEO).chain(track(AUDIO)).collect();
        messages.sort_by_key(|message| message.due);
        Self { messages }
    }

    /// When a message is due, from the beginning.
    pub(crate) fn due(&self, message: u64) -> Duration {
        Duration::from_secs(message / PER_SECOND) + self.message(message).due
    }

    /// Bytes of one second.
    pub(crate) fn bytes_per_second(&self) -> usize {
        self.messages.iter().map(|message| message.bytes.len()).sum()
    }

    /// A place that is too far behind `end` jumps there, between two messages.
    pub(crate) fn skip(place: Place, end: u64) -> Place {
        let lags = place.sent == 0 && end - place.message > MAX_LAG;
        if lags { Place::before(end) } else { place }
    }

    /// What is to be written at a place, up to `end`: header and payload of each message.
    pub(crate) fn slices(&self, place: Place, end: u64, out: &mut Vec<IoSlice<'static>>) {
        out.clear();
        let mut skip = place.sent;
        for number in place.message..end.min(place.message + MAX_BATCH) {
            let bytes = self.message(number).bytes;
            if skip < HEADER {
                out.push(IoSlice::new(&bytes[skip..HEADER]));
            }
            out.push(IoSlice::new(&bytes[skip.max(HEADER)..]));
            skip = 0;
        }
    }

    /// The rest of the message at a place, in one piece.
    pub(crate) fn rest(&self, place: Place) -> &'static [u8] {
        &self.message(place.message).bytes[place.sent..]
    }

    /// The place after so many bytes more.
    pub(crate) fn advance(&self, mut place: Place, sent: usize) -> Place {
        place.sent += sent;
        while place.sent > 0 && place.sent >= self.message(place.message).bytes.len() {
            place.sent -= self.message(place.message).bytes.len();
            place.message += 1;
        }
        place
    }

    fn message(&self, number: u64) -> &Message {
        &self.messages[(number % PER_SECOND) as usize]
    }
}

impl Place {
    pub(crate) fn before(message: u64) -> Self {
        Self { message, sent: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_cut_anywhere_goes_on_where_it_was_cut() {
        let pattern = Pattern::new();
        let mut slices = Vec::new();
        let whole =
            |slices: &[IoSlice<'_>]| slices.iter().flat_map(|s| s.to_vec()).collect::<Vec<_>>();
        pattern.slices(Place::before(70), 85, &mut slices);
        let all = whole(&slices);
        for cut in [0, 1, 11, 12, 13, 9000, 10_012, 10_013, 30_000, all.len()] {
            let place = pattern.advance(Place::before(70), cut);
            pattern.slices(place, 85, &mut slices);
            assert_eq!(whole(&slices), all[cut..], "cut at {cut}");
        }
        assert_eq!(pattern.advance(Place::before(70), all.len()), Place::before(85));
    }

    #[test]
    fn messages_are_in_order_and_every_second_is_like_the_first() {
        let pattern = Pattern::new();
        assert_eq!(pattern.due(0), Duration::ZERO);
        assert!((1..3 * PER_SECOND).all(|number| pattern.due(number) >= pattern.due(number - 1)));
        assert_eq!(pattern.due(PER_SECOND + 5), pattern.due(5) + Duration::from_secs(1));
    }
}
