use http1::{Body, BodyPart, BodyReader, HttpError, Limits};

use crate::input::{Input, pieces};

/// A request's body, by its length or in chunks, in pieces.
///
/// Where the bytes are cut changes neither the body nor what is left for the next request, and no body
/// is longer than its limit.
pub(crate) fn http_body(data: &[u8]) {
    let mut input = Input::new(data);
    let limits = Limits { body_bytes: u64::from(input.u16()), ..Limits::default() };
    let body = match input.u16() {
        0 => Body::None,
        length @ 1..0x8000 => Body::Length(u64::from(length)),
        _ => Body::Chunked,
    };
    let seed = input.u16();
    let received = input.rest();
    let whole = read(body, &limits, received, 0);
    assert_eq!(read(body, &limits, received, seed), whole, "the cuts changed what was read");
    if let Ok(taken) = &whole {
        assert!(taken.data.len() as u64 <= limits.body_bytes);
        if let Body::Length(length) = body {
            assert!(!taken.ended || taken.data.len() as u64 == length);
        }
    }
    let mut rest = received;
    let skipped = BodyReader::new(body, &limits).skip(&mut rest);
    assert_eq!(skipped, whole.map(|taken| taken.ended));
}

#[derive(Debug, PartialEq, Eq)]
struct Taken {
    data: Vec<u8>,
    ended: bool,
    /// Bytes behind the body.
    left: usize,
}

fn read(body: Body, limits: &Limits, received: &[u8], seed: u16) -> Result<Taken, HttpError> {
    let mut reader = BodyReader::new(body, limits);
    let mut data = Vec::new();
    let mut left = received.len();
    // A body without bytes ends before any come.
    for piece in [&[][..]].into_iter().chain(pieces(received, seed)) {
        left -= piece.len();
        let mut rest = piece;
        loop {
            match reader.next(&mut rest)? {
                BodyPart::Data(bytes) => {
                    assert!(!bytes.is_empty(), "data without bytes");
                    data.extend_from_slice(bytes);
                }
                BodyPart::Partial => {
                    assert!(rest.is_empty(), "bytes were left");
                    break;
                }
                BodyPart::End => return Ok(Taken { data, ended: true, left: left + rest.len() }),
            }
        }
    }
    Ok(Taken { data, ended: false, left: 0 })
}
