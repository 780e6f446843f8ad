//! The handshake (RTMP, section 5.2), plain and with digests.
//!
//! Each side sends a version byte and a packet, and echoes the other's packet. Adobe's software signs
//! its packets with a digest hidden at one of two places instead of echoing; encoders and players know
//! the keys, and some ask for it. A server answers in the way of the client; a client takes what comes.

mod client;
mod digest;
mod server;

pub(crate) use client::ClientHandshake;
pub(crate) use server::ServerHandshake;

/// The version of plain RTMP.
const VERSION: u8 = 3;

/// The length of each packet, without the version byte in front of the first.
const PACKET: usize = 1536;

type Packet = [u8; PACKET];

/// Bytes of no meaning for the handshake's packets: SplitMix64 over the session's random bytes.
#[derive(Clone, Debug)]
struct Filler(u64);

impl Filler {
    const fn new(random: [u8; crate::RANDOM_LEN]) -> Self {
        Self(u64::from_be_bytes(random))
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.0;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// Moves bytes from `input` to `packet` until that has `length` bytes; whether it has.
fn collect(packet: &mut Vec<u8>, length: usize, input: &mut &[u8]) -> bool {
    let taken = (length - packet.len()).min(input.len());
    packet.extend_from_slice(&input[..taken]);
    *input = &input[taken..];
    packet.len() == length
}

#[cfg(test)]
mod tests;
