//! What a drained player still says, so that its server does not take it for dead. It reads nothing,
//! so it cannot answer pings: it speaks unasked.

use std::io::IoSlice;

use shard::Conn;

/// Bytes after which an RTMP player acknowledges: below the window of every server we know (2.5 MB).
const ACKNOWLEDGE: u64 = 1_000_000;
/// The longest silence, in microseconds: a third of the shortest time-out we know (a minute).
const SILENCE_US: u64 = 20_000_000;
/// An unasked-for pong without content, masked with zeros (RFC 6455, 5.5.3).
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// How a player of this protocol shows that it lives.
#[derive(Debug)]
pub(crate) enum Life {
    /// HTTP: the kernel's acknowledgements are enough.
    Silent,
    /// RTMP: Acknowledgement messages (RTMP, section 5.4.3).
    Rtmp {
        /// Bytes received on the connection.
        received: u64,
        /// Those acknowledged last.
        acknowledged: u64,
        /// When that was.
        spoke: u64,
    },
    /// WebSocket: pongs.
    WebSocket {
        /// When the last one was sent.
        spoke: u64,
    },
}

impl Life {
    /// An RTMP player that received so much through its session.
    pub(crate) fn rtmp(received: u64, now: u64) -> Self {
        Self::Rtmp { received, acknowledged: received, spoke: now }
    }

    /// Counts what was received and says what is due.
    pub(crate) fn show(&mut self, conn: &Conn, count: usize, now: u64) {
        if let Some((words, length)) = self.due(count, now) {
            // A dozen bytes always fit where nothing else is sent; where not, the server reads
            // nothing, and the next message will tell.
            drop(conn.try_send(&[IoSlice::new(&words[..length])]));
        }
    }

    fn due(&mut self, count: usize, now: u64) -> Option<([u8; 16], usize)> {
        match self {
            Self::Silent => None,
            Self::Rtmp { received, acknowledged, spoke } => {
                *received += count as u64;
                let due = *received - *acknowledged >= ACKNOWLEDGE || now - *spoke >= SILENCE_US;
                if !due {
                    return None;
                }
                (*acknowledged, *spoke) = (*received, now);
                Some((acknowledgement(*received as u32), 16))
            }
            Self::WebSocket { spoke } => {
                if now - *spoke < SILENCE_US {
                    return None;
                }
                *spoke = now;
                let mut words = [0; 16];
                words[..PONG.len()].copy_from_slice(&PONG);
                Some((words, PONG.len()))
            }
        }
    }
}

/// A whole message: chunk stream 2, header type 0, message type 3, stream 0, 4 bytes.
fn acknowledgement(sequence: u32) -> [u8; 16] {
    let mut message = [2, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0, 0, 0];
    message[12..].copy_from_slice(&sequence.to_be_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtmp_players_acknowledge_by_bytes_and_by_time() {
        let mut life = Life::rtmp(100, 0);
        assert_eq!(life.due(999_999, 1), None);
        let (words, length) = life.due(1, 2).unwrap();
        assert_eq!(words[..12], [2, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0]);
        assert_eq!((&words[12..], length), (&1_000_100_u32.to_be_bytes()[..], 16));
        assert_eq!(life.due(5, 20_000_001), None);
        assert!(life.due(5, 20_000_002).is_some());
    }

    #[test]
    fn websocket_players_send_pongs_and_http_players_nothing() {
        let mut life = Life::WebSocket { spoke: 0 };
        assert_eq!(life.due(1 << 20, 19_999_999), None);
        let (words, length) = life.due(1, 20_000_000).unwrap();
        assert_eq!(words[..length], PONG);
        assert_eq!(Life::Silent.due(1 << 30, u64::MAX), None);
    }
}
