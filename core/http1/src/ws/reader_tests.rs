use proptest::prelude::*;

use super::*;
use crate::ws::{binary_header, text_header, write_close, write_ping, write_pong};

const LIMIT: usize = 70_000;
const MASK: [u8; 4] = [1, 2, 3, 4];

/// A client's frame, with the length in its shortest form.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = binary_header(payload.len() as u64).as_ref().to_vec();
    out[0] = first;
    out[1] |= 0x80;
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(b, m)| b ^ m));
    out
}

/// All messages in `input`, which arrives in pieces of these sizes, and the error that ends them.
fn read(input: &[u8], cuts: &[usize]) -> (Vec<Message>, Option<WsError>) {
    let mut reader = MessageReader::new(LIMIT);
    let (mut messages, mut rest) = (Vec::new(), input);
    let mut cuts = cuts.iter().copied().cycle();
    while !rest.is_empty() {
        let size = cuts.next().unwrap_or(usize::MAX).clamp(1, rest.len());
        let (mut piece, after) = rest.split_at(size);
        rest = after;
        loop {
            match reader.next(&mut piece) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.next(&mut piece), Err(error));
                    return (messages, Some(error));
                }
            }
        }
        assert!(piece.is_empty());
    }
    (messages, None)
}

fn error(input: &[u8]) -> Option<WsError> {
    read(input, &[]).1
}

#[test]
fn the_masked_hello_of_the_rfc_is_read() {
    let input = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(read(&input, &[]), (vec![Message::Text("Hello".to_owned())], None));
}

#[test]
fn fragments_are_joined_and_control_frames_pass_between_them() {
    let input = [
        frame(0x01, "h\u{e9}".as_bytes().split_at(2).0),
        frame(0x89, b"ping"),
        frame(0x00, "\u{e9}".as_bytes().split_at(1).1),
        frame(0x80, b"!"),
        frame(0x82, &[9; 300]),
        frame(0x8a, b""),
    ];
    let expected = vec![
        Message::Ping(b"ping".to_vec()),
        Message::Text("h\u{e9}!".to_owned()),
        Message::Binary(vec![9; 300]),
        Message::Pong(vec![]),
    ];
    assert_eq!(read(&input.concat(), &[]), (expected, None));
}

#[test]
fn nothing_is_read_after_a_close() {
    let input = [frame(0x88, b"\x03\xe8bye"), frame(0x81, b"more"), vec![0xff; 9]].concat();
    let close = Message::Close(Some(CloseCode::NORMAL), "bye".to_owned());
    assert_eq!(read(&input, &[]), (vec![close], None));
    let empty = Message::Close(None, String::new());
    assert_eq!(read(&frame(0x88, b""), &[]), (vec![empty], None));
}

#[test]
fn broken_frames_are_refused_at_the_first_byte_that_tells() {
    for input in [
        &[0xc1][..],                                 // reserved bit
        &[0x83],                                     // reserved opcode
        &[0x8b],                                     // reserved control opcode
        &[0x80],                                     // nothing to continue
        &[0x09],                                     // fragmented ping
        &[0x81, 0x05],                               // not masked
        &[0x89, 0xfe],                               // long ping
        &[0x82, 0xfe, 0, 125],                       // length not shortest
        &[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], // length not shortest
        &[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0],    // length of 64 bits
    ] {
        assert!(matches!(error(input), Some(WsError::Protocol(_))), "{input:?}");
    }
    let unfinished = [frame(0x01, b"a"), vec![0x82]].concat();
    assert!(matches!(error(&unfinished), Some(WsError::Protocol(_))));
}

#[test]
fn large_messages_are_refused_by_their_announced_length() {
    let too_large = Some(WsError::TooLarge { limit: LIMIT });
    assert_eq!(error(&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x71]), too_large);
    let sum = [frame(0x02, &vec![0; LIMIT]), vec![0x80, 0x81, 0, 0, 0, 0]].concat();
    assert_eq!(error(&sum), too_large);
    assert_eq!(error(&frame(0x82, &vec![0; LIMIT])), None);
    assert_eq!(WsError::TooLarge { limit: LIMIT }.close_code(), CloseCode::TOO_LARGE);
}

#[test]
fn text_and_reasons_are_utf8() {
    assert_eq!(error(&frame(0x81, b"\xff")), Some(WsError::NotUtf8));
    assert_eq!(error(&frame(0x88, b"\x03\xe8\xff")), Some(WsError::NotUtf8));
}

#[test]
fn close_codes_that_never_travel_are_refused() {
    for code in [0u16, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let input = frame(0x88, &code.to_be_bytes());
        assert!(matches!(error(&input), Some(WsError::Protocol(_))), "{code}");
    }
    assert!(matches!(error(&frame(0x88, b"\x03")), Some(WsError::Protocol(_))));
    assert_eq!(error(&frame(0x88, &4000u16.to_be_bytes())), None);
}

/// Masks a frame that the server wrote, as a client would have sent it.
fn masked(server: &[u8]) -> Vec<u8> {
    let header = match server[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    frame(server[0], &server[header..])
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(data in prop::collection::vec(any::<u8>(), 0..125), text in "\\PC{0,30}") {
        let mut frames = vec![Vec::new(), Vec::new()];
        write_ping(&mut frames[0], &data);
        write_pong(&mut frames[1], &data);
        frames.push([binary_header(data.len() as u64).as_ref(), &data].concat());
        frames.push([text_header(text.len() as u64).as_ref(), text.as_bytes()].concat());
        let mut close = Vec::new();
        write_close(&mut close, CloseCode::POLICY, &text);
        frames.push(close);
        let input: Vec<u8> = frames.iter().flat_map(|frame| masked(frame)).collect();
        let (messages, error) = read(&input, &[]);
        prop_assert_eq!(error, None);
        prop_assert_eq!(&messages[..4], &[
            Message::Ping(data.clone()),
            Message::Pong(data.clone()),
            Message::Binary(data),
            Message::Text(text.clone()),
        ]);
        let Message::Close(Some(CloseCode::POLICY), reason) = &messages[4] else { panic!() };
        prop_assert!(text.starts_with(reason.as_str()));
    }

    #[test]
    fn where_the_input_is_cut_changes_nothing(
        frames in prop::collection::vec(
            (prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8a]),
             prop::collection::vec(any::<u8>(), 0..140)), 0..8),
        cuts in prop::collection::vec(1usize..9, 1..6),
    ) {
        let input: Vec<u8> = frames.iter().flat_map(|(first, data)| frame(*first, data)).collect();
        prop_assert_eq!(read(&input, &[]), read(&input, &cuts));
    }

    #[test]
    fn random_bytes_never_panic(input in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&input, &[3, 1, 7]);
    }
}
