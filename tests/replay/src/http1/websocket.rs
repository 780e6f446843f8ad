use http1::ws::{Message, MessageReader, WsError, write_close, write_pong};

use crate::input::{Input, pieces};

/// A WebSocket client's frames, in pieces.
///
/// Where the bytes are cut changes nothing, no message is longer than the limit, and after its end the
/// reader says the same for ever.
pub(crate) fn websocket(data: &[u8]) {
    let mut input = Input::new(data);
    let limit = usize::from(input.u16()) % 5000;
    let seed = input.u16();
    let received = input.rest();
    let whole = read(limit, received, 0);
    assert_eq!(read(limit, received, seed), whole, "the cuts changed what was read");
    let mut out = Vec::new();
    for message in &whole.0 {
        match message {
            Message::Text(text) => assert!(text.len() <= limit),
            Message::Binary(bytes) => assert!(bytes.len() <= limit),
            Message::Ping(payload) | Message::Pong(payload) => {
                assert!(payload.len() <= 125);
                write_pong(&mut out, payload);
            }
            Message::Close(code, reason) => {
                assert!(reason.len() <= 123);
                if let Some(code) = code {
                    write_close(&mut out, *code, reason);
                }
            }
        }
    }
    if let Some(error) = whole.1 {
        write_close(&mut out, error.close_code(), &error.to_string());
    }
}

fn read(limit: usize, received: &[u8], seed: u16) -> (Vec<Message>, Option<WsError>) {
    let mut reader = MessageReader::new(limit);
    let mut messages = Vec::new();
    for piece in pieces(received, seed) {
        let mut rest = piece;
        loop {
            match reader.next(&mut rest) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => {
                    assert!(rest.is_empty(), "bytes were left");
                    break;
                }
                Err(error) => {
                    assert_eq!(reader.next(&mut rest), Err(error), "the error is not repeated");
                    return (messages, Some(error));
                }
            }
        }
    }
    let closed = |message: &Message| matches!(message, Message::Close(..));
    let end = messages.iter().position(closed).unwrap_or(messages.len());
    assert!(end + 1 >= messages.len(), "something was read behind the end");
    (messages, None)
}
