use proptest::prelude::*;

use super::*;

/// Status, whether the connection is kept, body, whether it is complete.
type Found = (u16, bool, Vec<u8>, bool);

/// What was found, bodies joined, with the input cut into pieces of these sizes.
fn read(input: &[u8], cuts: &[usize]) -> Result<Vec<Found>, ResponseError> {
    let mut reader = ResponseReader::default();
    let (mut found, mut at) = (Vec::new(), 0);
    let mut cuts = cuts.iter().copied().cycle();
    while at < input.len() {
        let end = (at + cuts.next().unwrap_or(usize::MAX / 2)).min(input.len());
        let mut rest = &input[at..end];
        at = end;
        loop {
            match reader.next(&mut rest)? {
                Piece::Head(head) => found.push((head.status, head.keep_alive, Vec::new(), false)),
                Piece::Body(bytes) => found.last_mut().unwrap().2.extend_from_slice(bytes),
                Piece::End => found.last_mut().unwrap().3 = true,
                Piece::More => break,
            }
        }
    }
    if reader.closed().is_ok() {
        found.last_mut().unwrap().3 = true;
    }
    Ok(found)
}

#[test]
fn responses_follow_each_other_on_one_connection() {
    let input = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 100 Continue\r\n\r\n\
        HTTP/1.1 404 Not Found\r\ncontent-length:0\r\nConnection: Keep-Alive, Close\r\n\r\n\
        HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n\
        HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP/1.0 200 OK\r\n\r\nrest";
    let expected = vec![
        (200, true, b"abc".to_vec(), true),
        (404, false, vec![], true),
        (200, true, b"def".to_vec(), true),
        (304, true, vec![], true),
        (200, false, b"rest".to_vec(), true),
    ];
    assert_eq!(read(input, &[]), Ok(expected.clone()));
    for size in 1..40 {
        assert_eq!(read(input, &[size]), Ok(expected.clone()), "pieces of {size}");
    }
}

#[test]
fn a_body_can_be_dropped_unseen() {
    let mut reader = ResponseReader::default();
    let mut input = &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01"[..];
    assert!(matches!(reader.next(&mut input), Ok(Piece::Head(_))));
    assert_eq!((reader.skippable(), input), (10, &b"01"[..]));
    assert_eq!(reader.next(&mut input), Ok(Piece::Body(b"01")));
    assert_eq!(reader.skippable(), 8);
    reader.skip(8);
    assert_eq!(reader.next(&mut input), Ok(Piece::End));
    assert_eq!(reader.skippable(), 0);
}

#[test]
fn a_connection_that_ends_early_is_told() {
    let mut reader = ResponseReader::default();
    let mut input = &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01"[..];
    while !matches!(reader.next(&mut input), Ok(Piece::More)) {}
    assert_eq!(reader.closed(), Err(ResponseError::Truncated));
    // The next connection starts afresh.
    let mut input = &b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..];
    assert!(matches!(reader.next(&mut input), Ok(Piece::Head(_))));
}

#[test]
fn a_redirection_tells_where_to() {
    let mut reader = ResponseReader::default();
    let mut input = &b"HTTP/1.1 307 T\r\nLocation: /live/a \r\nContent-Length: 0\r\n\r\n"[..];
    let Ok(Piece::Head(head)) = reader.next(&mut input) else { panic!("a head was expected") };
    assert_eq!(head.location.as_deref(), Some("/live/a"));
}

#[test]
fn nonsense_is_refused() {
    let long = [b"HTTP/1.1 200 OK\r\nA: ".to_vec(), vec![b'a'; MAX_HEAD]].concat();
    let fields =
        [b"HTTP/1.1 200 OK\r\n".to_vec(), b"A: b\r\n".repeat(MAX_FIELDS + 1), b"\r\n".to_vec()];
    for (input, error) in [
        (&b"RTMP\r\n\r\n"[..], ResponseError::Malformed),
        (&long, ResponseError::HeadTooLong),
        (&fields.concat(), ResponseError::HeadTooLong),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", ResponseError::Framing),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", ResponseError::BodyTooLong),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", ResponseError::Framing),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx", ResponseError::Framing),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
            ResponseError::BodyTooLong,
        ),
    ] {
        assert_eq!(read(input, &[]), Err(error.clone()));
        assert_eq!(read(input, &[7]), Err(error));
    }
}

#[test]
fn a_request_names_host_target_and_range() {
    let origin = Origin { host: "::1".to_owned(), port: 8080 };
    let mut out = Vec::new();
    let range = Some(ByteRange { offset: 10, len: 5 });
    write_request(&mut out, &origin, "/a?b", range, "x/1");
    let expected = "GET /a?b HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: x/1\r\nAccept: */*\r\n\
                    Range: bytes=10-14\r\n\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

proptest! {
    #[test]
    fn where_the_input_is_cut_changes_nothing(
        pieces in prop::collection::vec(
            "HTTP/1.1 (200|404|100) A\r\n((Content-Length: [0-9]{1,2}|Transfer-Encoding: chunked|A: b)\r\n){0,2}\r\n|[a-f0-9\r\n]{0,12}|[0-3]\r\n",
            0..12,
        ),
        cuts in prop::collection::vec(1usize..30, 1..8),
    ) {
        let input = pieces.concat().into_bytes();
        prop_assert_eq!(read(&input, &[]), read(&input, &cuts));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, skip: u64) {
        let mut reader = ResponseReader::default();
        reader.skip(skip);
        let input = [b"HTTP/1.1 200 OK\r\n".to_vec(), bytes].concat();
        let mut rest = &input[..];
        while !matches!(reader.next(&mut rest), Ok(Piece::More) | Err(_)) {
            reader.skip(skip % 7);
        }
    }
}
