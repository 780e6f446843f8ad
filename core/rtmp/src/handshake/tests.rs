use std::fmt::Write;

use bytes::BytesMut;
use proptest::prelude::*;

use super::digest::{Place, Signer};
use super::*;
use crate::Error;

/// A first packet of a client; `place` is where its digest goes.
fn client_packet(place: Option<Place>) -> Packet {
    let mut packet: Packet = std::array::from_fn(|i| (i * 7 + 3) as u8);
    packet[..4].fill(0);
    packet[4..8].copy_from_slice(&[9, 0, 124, 2]);
    if let Some(place) = place {
        digest::sign(&mut packet, place, Signer::Client);
    }
    packet
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

#[test]
fn digests_are_those_of_an_independent_implementation() {
    let golden = [
        (
            Place::First,
            "612af37c38c4a1b74e5737fc4021ded17ed92a9431c19bc665cf421131bad8a6",
            "0414118a39ca0f9a01eea8e29c16609bc0832e817fd4e95b529ae1d4d5b45181",
        ),
        (
            Place::Second,
            "e6a7fbdda4aab503b4e693e92d6f18d9d4b89f3ef0e95fffe767a4830aa37109",
            "bef6167a0f06c7be709745d27cb41c66c5f7af0a5cbba42ac8d05b2a3b2195f9",
        ),
    ];
    for (place, first, answer) in golden {
        let mut packet = client_packet(None);
        let digest = digest::sign(&mut packet, place, Signer::Client);
        assert_eq!(hex(&digest), first);
        assert_eq!(digest::find(&packet, Signer::Client), Some((place, digest)));
        assert_eq!(digest::find(&packet, Signer::Server), None);
        let mut second: Packet = std::array::from_fn(|i| (i * 5 + 1) as u8);
        digest::sign_answer(&mut second, Signer::Server, &digest);
        assert_eq!(hex(&second[PACKET - 32..]), answer);
        assert!(digest::is_answer(&second, Signer::Server, &digest));
        assert!(!digest::is_answer(&second, Signer::Client, &digest));
    }
}

/// The server's answer to a client's first packet.
fn answer_to(packet: &Packet) -> (Packet, Packet) {
    let mut server = ServerHandshake::new([1; 8]);
    let mut out = BytesMut::new();
    let bytes = [&[VERSION], &packet[..]].concat();
    assert_eq!(server.input(&mut &bytes[..], &mut out), Ok(false));
    assert_eq!((out.len(), out[0]), (1 + 2 * PACKET, VERSION));
    (out[1..=PACKET].try_into().unwrap(), out[1 + PACKET..].try_into().unwrap())
}

#[test]
fn a_signed_packet_is_answered_with_signatures_at_the_same_place() {
    for place in Place::ALL {
        let packet = client_packet(Some(place));
        let digest = digest::find(&packet, Signer::Client).unwrap().1;
        let (first, second) = answer_to(&packet);
        assert_eq!(digest::find(&first, Signer::Server).unwrap().0, place);
        assert!(digest::is_answer(&second, Signer::Server, &digest));
    }
}

#[test]
fn a_packet_without_a_valid_digest_is_echoed() {
    let mut wrong = client_packet(Some(Place::First));
    wrong[1000] ^= 1;
    let mut plain = client_packet(None);
    plain[4..8].fill(0);
    for packet in [wrong, plain] {
        let (first, second) = answer_to(&packet);
        assert_eq!(first[4..8], [0; 4]);
        assert_eq!(second, packet);
    }
}

#[test]
fn another_protocol_is_refused_at_its_first_byte() {
    let mut server = ServerHandshake::new([0; 8]);
    let tls = Error::NotRtmp(0x16);
    assert_eq!(server.input(&mut &[0x16, 3][..], &mut BytesMut::new()), Err(tls));
    let mut client = ClientHandshake::new([0; 8], false, &mut BytesMut::new());
    assert_eq!(client.input(&mut &b"HTTP"[..], &mut BytesMut::new()), Err(Error::NotRtmp(b'H')));
}

#[test]
fn a_server_that_signs_wrongly_is_refused() {
    let mut sent = BytesMut::new();
    let mut client = ClientHandshake::new([3; 8], true, &mut sent);
    let mut answer = BytesMut::new();
    ServerHandshake::new([4; 8]).input(&mut &sent[..], &mut answer).unwrap();
    *answer.last_mut().unwrap() ^= 1;
    let result = client.input(&mut &answer[..], &mut BytesMut::new());
    assert_eq!(result, Err(Error::BadHandshakeSignature));
}

proptest! {
    #[test]
    fn both_sides_finish_under_any_split(
        sign in any::<bool>(),
        random in any::<[u8; 8]>(),
        step in 1_usize..4000,
        rest in 0_usize..50,
    ) {
        let mut to_server = BytesMut::new();
        let mut to_client = BytesMut::new();
        let mut client = ClientHandshake::new(random, sign, &mut to_server);
        let mut server = ServerHandshake::new(random);
        for piece in to_server.split().chunks(step) {
            let mut input = piece;
            prop_assert_eq!(server.input(&mut input, &mut to_client), Ok(false));
            prop_assert!(input.is_empty());
        }
        let from_server = to_client.split();
        let pieces = from_server.chunks(step).count();
        for (i, piece) in from_server.chunks(step).enumerate() {
            let mut input = piece;
            prop_assert_eq!(client.input(&mut input, &mut to_server), Ok(i + 1 == pieces));
            prop_assert!(input.is_empty());
        }
        to_server.extend_from_slice(&vec![7; rest]);
        let mut input = &to_server[..];
        prop_assert_eq!(server.input(&mut input, &mut to_client), Ok(true));
        prop_assert_eq!(input.len(), rest);
        prop_assert!(to_client.is_empty());
    }
}
