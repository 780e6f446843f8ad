use proptest::prelude::*;
use rtmp::client::{ClientSession, Config};
use rtmp::{Error, Limits, Millis, Url};

use crate::{accept, drain, server};

/// Behind the handshake: the bytes of a plain one, and then these.
pub(crate) fn after_handshake(noise: &[u8]) -> Vec<u8> {
    let mut bytes = vec![3];
    bytes.resize(1 + 2 * 1536, 0);
    bytes.extend_from_slice(noise);
    bytes
}

/// A command as a client would send it, in one chunk.
fn chunked(stream: u8, body: &[u8]) -> Vec<u8> {
    let [_, l2, l1, l0] = (body.len() as u32).to_be_bytes();
    let mut bytes = vec![3, 0, 0, 0, l2, l1, l0, 20, stream, 0, 0, 0];
    bytes.extend_from_slice(body);
    bytes
}

/// Everything up to a publish or play.
pub(crate) fn request(play: bool) -> Vec<u8> {
    let number = |n: f64| [&[0][..], &n.to_be_bytes()].concat();
    let connect = [b"\x02\x00\x07connect", &number(1.0)[..], b"\x03\x00\x00\x09"].concat();
    let create = [b"\x02\x00\x0ccreateStream", &number(2.0)[..], b"\x05"].concat();
    let name: &[u8] = if play { b"\x02\x00\x04play" } else { b"\x02\x00\x07publish" };
    let ask = [name, &number(3.0)[..], b"\x05\x02\x00\x03key"].concat();
    [chunked(0, &connect), chunked(0, &create), chunked(1, &ask)].concat()
}

/// Bytes that look a little like chunks: short chunk stream numbers, small lengths, real types.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => Just(0_u8), 3 => 1_u8..23, 1 => any::<u8>()];
    prop::collection::vec(byte, 0..4000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn noise_before_the_handshake_panics_nobody(noise in noise(), first in prop_oneof![Just(3), any::<u8>()]) {
        let bytes = [&[first], &noise[..]].concat();
        let mut server = server();
        let result = server.handle_input(Millis(0), &bytes);
        let expected = if first == 3 { Ok(()) } else { Err(Error::NotRtmp(first)) };
        prop_assert!(result == expected || first == 3 && bytes.len() > 1 + 2 * 1536);
        drain(&mut server);
    }

    #[test]
    fn noise_at_any_stage_of_a_server_is_an_error_or_nothing(
        noise in noise(),
        stage in 0_usize..4,
        step in 1_usize..5000,
    ) {
        let requested = [vec![], request(true), request(false), request(false)];
        let mut server = server();
        server.handle_input(Millis(0), &after_handshake(&requested[stage])).unwrap();
        let drained = drain(&mut server);
        prop_assert_eq!(accept(&mut server, &drained.events) , stage > 0);
        let mut failed = None;
        for (tick, piece) in noise.chunks(step).enumerate() {
            if let Err(error) = server.handle_input(Millis(tick as u64), piece) {
                prop_assert_eq!(failed.get_or_insert(error.clone()), &error);
                prop_assert!(!error.to_string().is_empty());
            }
            let drained = drain(&mut server);
            // A piece of n bytes makes at most n / 2 events, and answers of 300 bytes to 9 or more.
            prop_assert!(drained.events.len() <= piece.len() / 2 + 2);
            prop_assert!(drained.sent.len() <= 4000 + piece.len() * 40);
        }
        if let Some(error) = failed {
            prop_assert_eq!(server.handle_timeout(Millis(0)), Err(error));
        }
    }

    #[test]
    fn noise_panics_no_client(noise in noise(), play in any::<bool>(), step in 1_usize..5000) {
        let url = Url::parse("rtmp://h/live/key").unwrap();
        let new = if play { ClientSession::new_play } else { ClientSession::new_publish };
        let mut client = new(Config::new(url), Millis(0), [0; 8]);
        client.handle_input(Millis(0), &after_handshake(&[])).unwrap();
        for piece in noise.chunks(step) {
            if client.handle_input(Millis(0), piece).is_err() {
                break;
            }
        }
        while client.poll_output().is_some() {}
    }
}

#[test]
fn another_protocol_is_told_at_once() {
    for (hello, hint) in [(&b"GET / HTTP/1.1\r\n"[..], "0x47"), (&[0x16, 3, 1], "TLS")] {
        let error = server().handle_input(Millis(0), hello).unwrap_err();
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[test]
fn a_slow_handshake_is_given_up() {
    let mut server = server();
    for second in 0..10 {
        let byte = if second == 0 { 3 } else { 0 };
        server.handle_input(Millis(second * 1000), &[byte]).unwrap();
        server.handle_timeout(Millis(second * 1000)).unwrap();
    }
    let limit = Millis(Limits::default().handshake_timeout.as_millis() as u64);
    assert_eq!(server.next_timeout(), Some(limit));
    assert!(server.handle_timeout(limit).is_err());
}
