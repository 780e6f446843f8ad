use bytes::{BufMut, BytesMut};

use super::digest::{self, Signer};
use super::{Filler, PACKET, Packet, VERSION, collect};
use crate::Error;

/// The version under which we sign: clients of the digest handshake check the first number.
const SIGNING_VERSION: [u8; 4] = [4, 5, 0, 1];

/// The server's side of a handshake.
#[derive(Debug)]
pub(crate) struct ServerHandshake {
    filler: Filler,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Collects the version byte and the first packet.
    First(Vec<u8>),
    /// Passes over the second packet: this many bytes of it are to come. What it says is not checked,
    /// as many encoders echo wrongly, and nothing depends on it.
    Second(usize),
}

impl ServerHandshake {
    pub(crate) const fn new(random: [u8; crate::RANDOM_LEN]) -> Self {
        Self { filler: Filler::new(random), stage: Stage::First(Vec::new()) }
    }

    /// Takes what belongs to the handshake from `input`; true when that was the last of it.
    pub(crate) fn input(&mut self, input: &mut &[u8], out: &mut BytesMut) -> Result<bool, Error> {
        if let Stage::First(packet) = &mut self.stage {
            if let Some(&version) = packet.first().or(input.first())
                && version != VERSION
            {
                return Err(Error::NotRtmp(version));
            }
            if !collect(packet, 1 + PACKET, input) {
                return Ok(false);
            }
            let first: &Packet = packet[1..].try_into().expect("the packet is collected");
            respond(first, &mut self.filler, out);
            self.stage = Stage::Second(PACKET);
        }
        if let Stage::Second(left) = &mut self.stage {
            let taken = (*left).min(input.len());
            *left -= taken;
            *input = &input[taken..];
            return Ok(*left == 0);
        }
        Ok(false)
    }
}

/// Sends the version byte and both packets.
fn respond(theirs: &Packet, filler: &mut Filler, out: &mut BytesMut) {
    let mut first: Packet = [0; PACKET];
    filler.fill(&mut first[8..]);
    let mut second = *theirs;
    // Bytes 4 to 8 of a plain first packet are zero, and a version in a signed one.
    let signed = theirs[4..8] != [0; 4];
    if let Some((place, digest)) = signed.then(|| digest::find(theirs, Signer::Client)).flatten() {
        first[4..8].copy_from_slice(&SIGNING_VERSION);
        digest::sign(&mut first, place, Signer::Server);
        filler.fill(&mut second);
        digest::sign_answer(&mut second, Signer::Server, &digest);
    }
    out.put_u8(VERSION);
    out.put_slice(&first);
    out.put_slice(&second);
}
