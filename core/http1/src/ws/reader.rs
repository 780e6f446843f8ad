use thiserror::Error;

use super::CloseCode;
use super::frame::{BINARY, CLOSE, CONTINUATION, FIN, MAX_CONTROL, PING, PONG, TEXT};

/// What a client sent, whole and unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text, from one frame or many.
    Text(String),
    /// Bytes, from one frame or many.
    Binary(Vec<u8>),
    /// To be answered with a pong of the same payload; at most 125 bytes.
    Ping(Vec<u8>),
    /// The answer to a ping, or unasked for; at most 125 bytes.
    Pong(Vec<u8>),
    /// The client is done: answer with a close frame unless one was sent, then close the connection.
    /// Nothing after it is read.
    Close(Option<CloseCode>, String),
}

/// What a client did wrong. Send a close frame with [`WsError::close_code`] and close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WsError {
    /// It broke the framing rules of RFC 6455 section 5.
    #[error("the client breaks the WebSocket protocol: {0}")]
    Protocol(&'static str),
    /// Its text or close reason is not UTF-8.
    #[error("the client sent text that is not UTF-8")]
    NotUtf8,
    /// Its message is larger than the reader's limit.
    #[error("the client's message is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl WsError {
    /// The code to close with.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Protocol(_) => CloseCode::PROTOCOL,
            Self::NotUtf8 => CloseCode::INVALID_DATA,
            Self::TooLarge { .. } => CloseCode::TOO_LARGE,
        }
    }
}

/// Reads a client's frames from bytes that arrive in any pieces.
#[derive(Clone, Debug)]
pub struct MessageReader {
    max_message: usize,
    /// The header of the next frame, as far as it has come.
    header: [u8; MAX_HEADER],
    filled: usize,
    frame: Option<Frame>,
    /// The opcode of the message whose fragments are being gathered, and the fragments.
    gathering: Option<u8>,
    message: Vec<u8>,
    /// A control frame may come between the fragments of a message.
    control: Vec<u8>,
    end: Option<Result<(), WsError>>,
}

/// Two bytes, 64 bits of length, the mask.
const MAX_HEADER: usize = 14;

/// A frame whose header has come.
#[derive(Clone, Copy, Debug)]
struct Frame {
    fin: bool,
    opcode: u8,
    mask: [u8; 4],
    left: usize,
    /// How many payload bytes have come, modulo 4.
    phase: usize,
}

impl MessageReader {
    /// A limit for clients that have nothing to send but control frames and short commands: 4 KiB.
    pub const SMALL_MESSAGE: usize = 4096;

    /// A reader that refuses messages of more than `max_message` bytes, fragments added up.
    pub fn new(max_message: usize) -> Self {
        Self {
            max_message,
            header: [0; MAX_HEADER],
            filled: 0,
            frame: None,
            gathering: None,
            message: Vec::new(),
            control: Vec::new(),
            end: None,
        }
    }

    /// Takes bytes off the front of `input` up to the end of the next message. `None` means that all
    /// is taken and more is needed, or that the client has closed.
    ///
    /// # Errors
    /// [`WsError`], and the same one again on every later call.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Message>, WsError> {
        match self.end {
            Some(Ok(())) => {
                *input = &[];
                return Ok(None);
            }
            Some(Err(error)) => return Err(error),
            None => {}
        }
        let result = self.step(input);
        match &result {
            Ok(Some(Message::Close(..))) => self.end = Some(Ok(())),
            Err(error) => self.end = Some(Err(*error)),
            Ok(_) => {}
        }
        result
    }

    fn step(&mut self, input: &mut &[u8]) -> Result<Option<Message>, WsError> {
        loop {
            let Some(mut frame) = self.frame else {
                let Some((&byte, rest)) = input.split_first() else { return Ok(None) };
                *input = rest;
                self.header_byte(byte)?;
                continue;
            };
            let (data, rest) = input.split_at(frame.left.min(input.len()));
            *input = rest;
            let target =
                if is_control(frame.opcode) { &mut self.control } else { &mut self.message };
            let phase = frame.phase;
            target.extend(data.iter().enumerate().map(|(i, b)| b ^ frame.mask[(phase + i) % 4]));
            frame.left -= data.len();
            frame.phase = (phase + data.len()) % 4;
            self.frame = Some(frame);
            if frame.left > 0 {
                return Ok(None);
            }
            self.frame = None;
            if let Some(message) = self.end_of_frame(frame)? {
                return Ok(Some(message));
            }
        }
    }

    /// Takes a byte of a frame header; every rule is checked as soon as its byte is there.
    fn header_byte(&mut self, byte: u8) -> Result<(), WsError> {
        self.header[self.filled] = byte;
        self.filled += 1;
        let (first, second) = (self.header[0], self.header[1]);
        match self.filled {
            1 => return self.check_first(first),
            2 => return check_second(first, second),
            _ => {}
        }
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if self.filled == 2 + extended && extended > 0 {
            self.payload_len(extended)?;
        }
        if self.filled < 2 + extended + 4 {
            return Ok(());
        }
        let left = self.payload_len(extended)?;
        let mut mask = [0; 4];
        mask.copy_from_slice(&self.header[2 + extended..2 + extended + 4]);
        self.filled = 0;
        self.frame =
            Some(Frame { fin: first & FIN != 0, opcode: first & 15, mask, left, phase: 0 });
        Ok(())
    }

    fn check_first(&self, first: u8) -> Result<(), WsError> {
        if first & 0x70 != 0 {
            return Err(WsError::Protocol("no extension was agreed on"));
        }
        match (first & 15, self.gathering) {
            (CONTINUATION, None) => Err(WsError::Protocol("there is no message to continue")),
            (TEXT | BINARY, Some(_)) => Err(WsError::Protocol("the last message is not finished")),
            (CLOSE | PING | PONG, _) if first & FIN == 0 => {
                Err(WsError::Protocol("control frames are not fragmented"))
            }
            (CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG, _) => Ok(()),
            _ => Err(WsError::Protocol("the opcode is reserved")),
        }
    }

    /// The payload's length, checked against the message's limit before any of it is stored.
    fn payload_len(&self, extended: usize) -> Result<usize, WsError> {
        let mut long = [0; 8];
        long[8 - extended..].copy_from_slice(&self.header[2..2 + extended]);
        let len = match extended {
            0 => u64::from(self.header[1] & 0x7f),
            _ => u64::from_be_bytes(long),
        };
        let least = [(2, 126), (8, 65_536)].into_iter().find(|(size, _)| *size == extended);
        if least.is_some_and(|(_, least)| len < least) || len >> 63 != 0 {
            return Err(WsError::Protocol("the length is not in its shortest form"));
        }
        let limit = self.max_message;
        if is_control(self.header[0] & 15) {
            return Ok(len as usize);
        }
        let room = limit.saturating_sub(self.message.len());
        match usize::try_from(len) {
            Ok(len) if len <= room => Ok(len),
            _ => Err(WsError::TooLarge { limit }),
        }
    }

    fn end_of_frame(&mut self, frame: Frame) -> Result<Option<Message>, WsError> {
        if is_control(frame.opcode) {
            let payload = std::mem::take(&mut self.control);
            return Ok(Some(match frame.opcode {
                PING => Message::Ping(payload),
                PONG => Message::Pong(payload),
                _ => close(&payload)?,
            }));
        }
        let opcode = self.gathering.unwrap_or(frame.opcode);
        if !frame.fin {
            self.gathering = Some(opcode);
            return Ok(None);
        }
        self.gathering = None;
        let payload = std::mem::take(&mut self.message);
        Ok(Some(match opcode {
            TEXT => Message::Text(String::from_utf8(payload).map_err(|_| WsError::NotUtf8)?),
            _ => Message::Binary(payload),
        }))
    }
}

fn check_second(first: u8, second: u8) -> Result<(), WsError> {
    if second & 0x80 == 0 {
        return Err(WsError::Protocol("clients mask their frames"));
    }
    if is_control(first & 15) && usize::from(second & 0x7f) > MAX_CONTROL {
        return Err(WsError::Protocol("control frames have at most 125 bytes"));
    }
    Ok(())
}

/// The body of a close frame: nothing, or a code and a reason (RFC 6455 section 5.5.1).
fn close(payload: &[u8]) -> Result<Message, WsError> {
    match payload {
        [] => Ok(Message::Close(None, String::new())),
        [_] => Err(WsError::Protocol("a close code has two bytes")),
        [high, low, reason @ ..] => {
            let code = CloseCode::new(u16::from_be_bytes([*high, *low]));
            let code = code.ok_or(WsError::Protocol("the close code is reserved"))?;
            let reason = std::str::from_utf8(reason).map_err(|_| WsError::NotUtf8)?;
            Ok(Message::Close(Some(code), reason.to_owned()))
        }
    }
}

const fn is_control(opcode: u8) -> bool {
    opcode & 8 != 0
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
