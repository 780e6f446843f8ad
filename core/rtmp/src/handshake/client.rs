use bytes::{BufMut, BytesMut};

use super::digest::{self, Digest, Signer};
use super::{Filler, PACKET, Packet, VERSION, collect};
use crate::Error;

/// The version under which we sign. Servers check that it is not zero.
const SIGNING_VERSION: [u8; 4] = [9, 0, 124, 2];

/// The client's side of a handshake.
#[derive(Debug)]
pub(crate) struct ClientHandshake {
    filler: Filler,
    /// The digest of our first packet, when we signed it.
    digest: Option<Digest>,
    received: Vec<u8>,
}

impl ClientHandshake {
    /// Sends the version byte and the first packet, signed or plain.
    pub(crate) fn new(random: [u8; crate::RANDOM_LEN], sign: bool, out: &mut BytesMut) -> Self {
        let mut filler = Filler::new(random);
        let mut first: Packet = [0; PACKET];
        filler.fill(&mut first[8..]);
        let digest = sign.then(|| {
            first[4..8].copy_from_slice(&SIGNING_VERSION);
            digest::sign(&mut first, digest::Place::First, Signer::Client)
        });
        out.put_u8(VERSION);
        out.put_slice(&first);
        Self { filler, digest, received: Vec::new() }
    }

    /// Takes what belongs to the handshake from `input`; true when that was the last of it.
    pub(crate) fn input(&mut self, input: &mut &[u8], out: &mut BytesMut) -> Result<bool, Error> {
        if let Some(&version) = self.received.first().or(input.first())
            && version != VERSION
        {
            return Err(Error::NotRtmp(version));
        }
        if !collect(&mut self.received, 1 + 2 * PACKET, input) {
            return Ok(false);
        }
        let (first, second) = self.received[1..].split_at(PACKET);
        let first: &Packet = first.try_into().expect("both packets are collected");
        let second: &Packet = second.try_into().expect("both packets are collected");
        // A server that knows no digests echoes; then so do we.
        let theirs =
            self.digest.and_then(|ours| Some((ours, digest::find(first, Signer::Server)?.1)));
        let mut answer = *first;
        if let Some((ours, theirs)) = theirs {
            if !digest::is_answer(second, Signer::Server, &ours) {
                return Err(Error::BadHandshakeSignature);
            }
            self.filler.fill(&mut answer);
            digest::sign_answer(&mut answer, Signer::Client, &theirs);
        }
        out.put_slice(&answer);
        Ok(true)
    }
}
