use rtmp::client::{ClientSession, Config};
use rtmp::server::ServerSession;
use rtmp::{Error, Limits, Millis, Output, Url};

use crate::input::{Input, pieces};

const NOW: Millis = Millis(1);

/// A handshake between our own two sides, plain or signed, with bytes changed on the way.
///
/// Where the bytes are cut changes nothing, and an undamaged handshake ends well on both sides.
pub(crate) fn rtmp_handshake(data: &[u8]) {
    let mut input = Input::new(data);
    let sign = input.flag();
    let (to_server, to_client) = (input.u16(), input.u16());
    let changes_to_server = changes(&mut input);
    let changes_to_client = changes(&mut input);

    let mut client = client(sign);
    let mut first = drain(|| client.poll_output());
    damage(&mut first, &changes_to_server);
    let (answered, mut answer) = serve(&first, to_server);
    assert_eq!(serve(&first, 0), (answered.clone(), answer.clone()));
    if answered.is_err() {
        return;
    }
    assert_eq!(answer.len(), 1 + 2 * 1536, "the server's handshake");
    damage(&mut answer, &changes_to_client);
    let (result, second) = take(&mut client, &answer, to_client);
    let mut other = self::client(sign);
    drain(|| other.poll_output());
    assert_eq!(take(&mut other, &answer, 0), (result.clone(), second.clone()));
    if changes_to_server.is_empty() && changes_to_client.is_empty() {
        assert_eq!(result, Ok(()));
        assert!(second.len() > 1536, "the client goes on with its first command");
    }
}

/// Places and what is laid over the bytes there.
fn changes(input: &mut Input<'_>) -> Vec<(usize, u8)> {
    let count = input.u8() & 15;
    (0..count).map(|_| (usize::from(input.u16()), input.u8())).collect()
}

fn damage(bytes: &mut [u8], changes: &[(usize, u8)]) {
    for &(at, change) in changes {
        let len = bytes.len();
        bytes[at % len] ^= change;
    }
}

fn client(sign: bool) -> ClientSession {
    let mut config = Config::new(Url::parse("rtmp://h/live/key").expect("it is a URL"));
    config.sign_handshake = sign;
    ClientSession::new_publish(config, NOW, *b"87654321")
}

fn serve(first: &[u8], seed: u16) -> (Result<(), Error>, Vec<u8>) {
    let mut server = ServerSession::new(Limits::default(), NOW, *b"12345678");
    let mut result = Ok(());
    for piece in pieces(first, seed) {
        result = server.handle_input(NOW, piece);
    }
    (result, drain(|| server.poll_output()))
}

fn take(client: &mut ClientSession, answer: &[u8], seed: u16) -> (Result<(), Error>, Vec<u8>) {
    let mut result = Ok(());
    for piece in pieces(answer, seed) {
        result = client.handle_input(NOW, piece);
    }
    (result, drain(|| client.poll_output()))
}

fn drain<E>(mut poll: impl FnMut() -> Option<Output<E>>) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Some(output) = poll() {
        if let Output::Send(bytes) = output {
            sent.extend_from_slice(&bytes);
        }
    }
    sent
}
