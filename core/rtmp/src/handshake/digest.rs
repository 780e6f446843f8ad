use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{PACKET, Packet};

/// The bytes of a digest (HMAC-SHA256).
pub(super) const DIGEST: usize = 32;

pub(super) type Digest = [u8; DIGEST];

/// Who signs: each side has its own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signer {
    Client,
    Server,
}

impl Signer {
    /// Signs the first packet.
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Client => b"Genuine Adobe Flash Player 001",
            Self::Server => b"Genuine Adobe Flash Media Server 001",
        }
    }

    /// With the name in front, signs the second packet.
    const SUFFIX: [u8; 32] = [
        0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e,
        0x57, 0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb,
        0x31, 0xae,
    ];
}

/// Where the digest lies in a first packet: behind four bytes whose sum says how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the first half: the sum lies at byte 8.
    First,
    /// In the second half: the sum lies at byte 772.
    Second,
}

impl Place {
    pub(super) const ALL: [Self; 2] = [Self::First, Self::Second];

    fn offset(self, packet: &Packet) -> usize {
        let base = match self {
            Self::First => 8,
            Self::Second => 772,
        };
        let sum: usize = packet[base..base + 4].iter().map(|&b| usize::from(b)).sum();
        base + 4 + sum % 728
    }
}

/// The digest of a first packet: over all but the digest itself.
fn compute(packet: &Packet, place: Place, signer: Signer) -> Digest {
    let offset = place.offset(packet);
    hmac(signer.name(), &[&packet[..offset], &packet[offset + DIGEST..]])
}

/// Finds a valid digest in a first packet.
pub(super) fn find(packet: &Packet, signer: Signer) -> Option<(Place, Digest)> {
    Place::ALL.into_iter().find_map(|place| {
        let digest = compute(packet, place, signer);
        let offset = place.offset(packet);
        (packet[offset..offset + DIGEST] == digest).then_some((place, digest))
    })
}

/// Puts the digest into a first packet, and returns it.
pub(super) fn sign(packet: &mut Packet, place: Place, signer: Signer) -> Digest {
    let digest = compute(packet, place, signer);
    let offset = place.offset(packet);
    packet[offset..offset + DIGEST].copy_from_slice(&digest);
    digest
}

/// The signature at the end of a second packet, which answers the first packet with this digest.
fn answer(packet: &Packet, signer: Signer, digest: &Digest) -> Digest {
    let key = hmac(&[signer.name(), &Signer::SUFFIX].concat(), &[digest]);
    hmac(&key, &[&packet[..PACKET - DIGEST]])
}

/// Signs a second packet as the answer to the first packet with this digest.
pub(super) fn sign_answer(packet: &mut Packet, signer: Signer, digest: &Digest) {
    let signature = answer(packet, signer, digest);
    packet[PACKET - DIGEST..].copy_from_slice(&signature);
}

/// Whether a second packet answers the first packet with this digest.
pub(super) fn is_answer(packet: &Packet, signer: Signer, digest: &Digest) -> bool {
    packet[PACKET - DIGEST..] == answer(packet, signer, digest)
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Digest {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
