use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::message::{Kind, Message};
use crate::{Error, Limits};

fn message(kind: Kind, stream: u32, timestamp: u32, body: &[u8]) -> Message {
    Message { kind, stream, timestamp, body: body.to_vec().into() }
}

fn reader() -> ChunkReader {
    ChunkReader::new(&Limits::default())
}

/// All messages in `bytes`, which arrive in pieces of `step`.
fn read_all(reader: &mut ChunkReader, bytes: &[u8], step: usize) -> Result<Vec<Message>, Error> {
    let mut messages = Vec::new();
    for mut piece in bytes.chunks(step) {
        while let Some(message) = reader.read(&mut piece)? {
            messages.push(message);
        }
        assert!(piece.is_empty());
    }
    Ok(messages)
}

/// The same under every small split; the reader's state may not depend on it.
fn read_in_all_ways(bytes: &[u8], chunk_size: usize) -> Result<Vec<Message>, Error> {
    let results: Vec<_> = (1..=bytes.len().max(1))
        .map(|step| {
            let mut reader = reader();
            reader.set_chunk_size(chunk_size);
            let result = read_all(&mut reader, bytes, step);
            assert!(result.is_err() || reader.reserved() == 0);
            result
        })
        .collect();
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    results.into_iter().next_back().unwrap()
}

#[test]
fn all_header_types_take_what_they_lack_from_the_header_before() {
    let bytes = [
        &[0x04, 0, 0, 100, 0, 0, 2, 8, 1, 0, 0, 0][..],
        b"aa",
        &[0x44, 0, 0, 20, 0, 0, 1, 9],
        b"b",
        &[0x84, 0, 0, 30],
        b"c",
        &[0xc4],
        b"d",
    ]
    .concat();
    let expected = vec![
        message(Kind::Audio, 1, 100, b"aa"),
        message(Kind::Video, 1, 120, b"b"),
        message(Kind::Video, 1, 150, b"c"),
        message(Kind::Video, 1, 180, b"d"),
    ];
    assert_eq!(read_in_all_ways(&bytes, 128), Ok(expected));
}

#[test]
fn a_type_3_header_right_after_type_0_adds_its_timestamp() {
    let bytes = [&[0x04, 0, 0, 40, 0, 0, 1, 8, 1, 0, 0, 0][..], b"a", &[0xc4], b"b"].concat();
    let timestamps: Vec<_> =
        read_in_all_ways(&bytes, 128).unwrap().iter().map(|m| m.timestamp).collect();
    assert_eq!(timestamps, [40, 80]);
}

#[test]
fn messages_of_several_chunk_streams_interleave() {
    let bytes = [
        &[0x06, 0, 0, 0, 0, 0, 6, 9, 1, 0, 0, 0][..],
        b"vid",
        &[0x04, 0, 0, 5, 0, 0, 4, 8, 1, 0, 0, 0],
        b"aud",
        &[0xc6],
        b"eo!",
        &[0xc4],
        b"o",
    ]
    .concat();
    let expected = vec![message(Kind::Video, 1, 0, b"video!"), message(Kind::Audio, 1, 5, b"audo")];
    assert_eq!(read_in_all_ways(&bytes, 3), Ok(expected));
}

#[test]
fn chunk_stream_numbers_have_one_two_or_three_bytes() {
    let header = [0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, b'x'];
    let bytes =
        [&[0x3f][..], &header, &[0x00, 255], &header, &[0x01, 0, 1], &header, &[0xc1, 0, 1, b'y']]
            .concat();
    assert_eq!(read_in_all_ways(&bytes, 128).unwrap().len(), 4);
    // 64 + 0 + 256 * 1 is the number 320 in three bytes, and has no shorter form.
    let unknown = Error::HeaderWithoutContext { chunk_stream: 321, header_type: 3 };
    assert_eq!(read_in_all_ways(&[&bytes[..], &[0xc1, 1, 1]].concat(), 128), Err(unknown));
}

#[test]
fn extended_timestamps_are_repeated_by_type_3_as_specified() {
    let time = 0x0102_0304_u32.to_be_bytes();
    let bytes = [
        &[0x04, 255, 255, 255, 0, 0, 5, 8, 1, 0, 0, 0][..],
        &time,
        b"abc",
        &[0xc4],
        &time,
        b"de",
        &[0x84, 255, 255, 255],
        &[1, 0, 0, 0],
        b"fgh",
        &[0xc4, 1, 0, 0, 0],
        b"ij",
        &[0x84, 0, 0, 7],
        b"klm",
        &[0xc4],
        b"no",
    ]
    .concat();
    let expected = vec![
        message(Kind::Audio, 1, 0x0102_0304, b"abcde"),
        message(Kind::Audio, 1, 0x0202_0304, b"fghij"),
        message(Kind::Audio, 1, 0x0202_030b, b"klmno"),
    ];
    assert_eq!(read_in_all_ways(&bytes, 3), Ok(expected));
}

#[test]
fn extended_timestamps_may_be_left_out_of_type_3_as_some_encoders_do() {
    let time = 0x0102_0304_u32.to_be_bytes();
    let bytes = [
        &[0x04, 255, 255, 255, 0, 0, 5, 8, 1, 0, 0, 0][..],
        &time,
        b"abc",
        &[0xc4],
        b"de",
        &[0x44, 0, 0, 1, 0, 0, 1, 8],
        b"f",
        &[0x04, 255, 255, 255, 0, 0, 5, 8, 1, 0, 0, 0],
        &time,
        b"abc",
        &[0xc4],
        b"de",
    ]
    .concat();
    let expected = vec![
        message(Kind::Audio, 1, 0x0102_0304, b"abcde"),
        message(Kind::Audio, 1, 0x0102_0305, b"f"),
        message(Kind::Audio, 1, 0x0102_0304, b"abcde"),
    ];
    assert_eq!(read_in_all_ways(&bytes, 3), Ok(expected));
}

#[test]
fn timestamps_wrap() {
    let bytes = [
        &[0x04, 255, 255, 255, 0, 0, 1, 8, 1, 0, 0, 0][..],
        &[255; 4],
        b"a",
        &[0x84, 0, 0, 3],
        b"b",
    ]
    .concat();
    let messages = read_in_all_ways(&bytes, 128).unwrap();
    assert_eq!((messages[0].timestamp, messages[1].timestamp), (u32::MAX, 2));
}

#[test]
fn the_first_header_may_be_of_type_1_but_no_less() {
    let librtmp = [0x42, 0, 0, 0, 0, 0, 1, 8, b'x'];
    assert_eq!(read_in_all_ways(&librtmp, 128), Ok(vec![message(Kind::Audio, 0, 0, b"x")]));
    for header_type in [2, 3] {
        let error = Error::HeaderWithoutContext { chunk_stream: 5, header_type };
        assert_eq!(read_in_all_ways(&[header_type << 6 | 5], 128), Err(error));
    }
}

#[test]
fn a_message_inside_another_one_of_its_chunk_stream_is_an_error() {
    let header = [0x04, 0, 0, 0, 0, 0, 5, 8, 1, 0, 0, 0];
    let bytes = [&header[..], b"abc", &header[..]].concat();
    assert_eq!(read_in_all_ways(&bytes, 3), Err(Error::InterruptedMessage { chunk_stream: 4 }));
}

#[test]
fn the_chunk_size_may_change_between_the_chunks_of_a_message() {
    let mut reader = reader();
    reader.set_chunk_size(2);
    let begin = [&[0x04, 0, 0, 0, 0, 0, 7, 8, 1, 0, 0, 0][..], b"ab", &[0xc4], b"cd"].concat();
    assert_eq!(read_all(&mut reader, &begin, 1), Ok(vec![]));
    reader.set_chunk_size(1000);
    let expected = vec![message(Kind::Audio, 1, 0, b"abcdefg")];
    assert_eq!(read_all(&mut reader, b"\xc4efg", 1), Ok(expected));
}

#[test]
fn an_aborted_message_is_forgotten() {
    let mut reader = reader();
    reader.set_chunk_size(2);
    let begin = [&[0x04, 0, 0, 9, 0, 0, 3, 8, 1, 0, 0, 0][..], b"ab"].concat();
    assert_eq!(read_all(&mut reader, &begin, 99), Ok(vec![]));
    reader.abort(4);
    reader.abort(5);
    assert_eq!(reader.reserved(), 0);
    let expected = vec![message(Kind::Audio, 1, 18, b"cde")];
    assert_eq!(read_all(&mut reader, b"\xc4cd\xc4e", 99), Ok(expected));
}

#[test]
fn a_message_without_a_body_is_whole_with_its_header() {
    let bytes = [0x04, 0, 0, 9, 0, 0, 0, 9, 1, 0, 0, 0, 0xc4];
    let messages = read_in_all_ways(&bytes, 128).unwrap();
    assert_eq!(messages, [message(Kind::Video, 1, 9, b""), message(Kind::Video, 1, 18, b"")]);
}

#[test]
fn memory_follows_what_arrives_and_not_what_is_announced() {
    let mut reader = reader();
    reader.set_chunk_size(1 << 24);
    let header = [0x06, 0, 0, 0, 0x7f, 0, 0, 9, 1, 0, 0, 0];
    assert_eq!(read_all(&mut reader, &header, 99), Ok(vec![]));
    assert_eq!(reader.reserved(), 64 * 1024);
    assert_eq!(read_all(&mut reader, &vec![0; 100_000], 5000), Ok(vec![]));
    assert_eq!(reader.reserved(), 128 * 1024);
}

#[test]
fn memory_depends_on_what_arrived_and_not_on_its_split() {
    let header = [0x06, 0, 0, 0, 0x7f, 0, 0, 9, 1, 0, 0, 0];
    let bytes = [&header[..], &vec![0; 150_000]].concat();
    for step in [100, 5000, 150_012] {
        let mut reader = reader();
        reader.set_chunk_size(1 << 24);
        assert_eq!(read_all(&mut reader, &bytes, step), Ok(vec![]));
        assert_eq!(reader.reserved(), 256 * 1024, "in pieces of {step}");
    }
}

#[test]
fn a_message_is_read_with_the_same_byte_whatever_the_split() {
    // The second header tells only with the four bytes behind it whether it repeats the timestamp.
    let bytes = [
        &[0x04, 255, 255, 255, 0, 0, 4, 5, 1, 0, 0, 0][..],
        &0x0102_0304_u32.to_be_bytes(),
        b"abc",
        &[0xc4],
        b"d",
        &[0x06, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0],
    ]
    .concat();
    for step in 1..=bytes.len() {
        let mut reader = reader();
        reader.set_chunk_size(3);
        let mut taken = Vec::new();
        for (index, mut piece) in bytes.chunks(step).enumerate() {
            let start = index * step;
            let length = piece.len();
            while reader.read(&mut piece).unwrap().is_some() {
                taken.push(start + length - piece.len());
            }
        }
        assert_eq!(taken, [bytes.len() - 9, bytes.len()], "in pieces of {step}");
    }
}

#[test]
fn limits_hold() {
    let limits = Limits {
        max_media_message: 1000,
        max_other_message: 100,
        max_partial_bytes: 2500,
        max_chunk_streams: 4,
        ..Limits::default()
    };
    let open = |id: u8, kind: u8, length: u16| {
        let [high, low] = length.to_be_bytes();
        [id, 0, 0, 0, 0, high, low, kind, 1, 0, 0, 0]
    };
    let result = |bytes: &[u8]| {
        let mut reader = ChunkReader::new(&limits);
        reader.set_chunk_size(1);
        read_all(&mut reader, bytes, 7)
    };
    let too_long = Error::MessageTooLong { kind: 9, length: 1001, limit: 1000 };
    assert_eq!(result(&open(6, 9, 1001)), Err(too_long));
    let too_long = Error::MessageTooLong { kind: 20, length: 101, limit: 100 };
    assert_eq!(result(&open(6, 20, 101)), Err(too_long));
    let opened = |ids: std::ops::Range<u8>, length| {
        ids.flat_map(|id| [&open(id, 9, length)[..], b"x"].concat()).collect::<Vec<_>>()
    };
    assert_eq!(result(&opened(2..6, 2)), Ok(vec![]));
    assert_eq!(result(&opened(2..7, 2)), Err(Error::TooManyChunkStreams(4)));
    assert_eq!(result(&opened(2..5, 1000)), Err(Error::TooMuchUnfinished(2500)));
}

/// Cuts messages into chunks as an encoder might: chunk streams take turns, and each header is of the
/// shortest type that fits.
struct Cutter {
    chunk_size: usize,
    repeat_extended: bool,
    last: std::collections::HashMap<u32, (u32, u32, Message)>,
}

impl Cutter {
    /// The chunks of one message, the first one with a header.
    fn cut(&mut self, chunk_stream: u32, message: &Message) -> Vec<Vec<u8>> {
        let basic = |format: u8| match chunk_stream {
            0..64 => vec![format << 6 | chunk_stream as u8],
            64..320 => vec![format << 6, (chunk_stream - 64) as u8],
            _ => vec![format << 6 | 1, (chunk_stream - 64) as u8, ((chunk_stream - 64) >> 8) as u8],
        };
        let length = &(message.body.len() as u32).to_be_bytes()[1..];
        let kind = message.kind.to_u8();
        let before = self.last.get(&chunk_stream).filter(|(.., m)| m.stream == message.stream);
        let (format, time) = match before {
            None => (0, message.timestamp),
            Some((timestamp, delta, last)) => {
                let time = message.timestamp.wrapping_sub(*timestamp);
                let alike = last.body.len() == message.body.len() && last.kind == message.kind;
                (
                    if !alike {
                        1
                    } else if time == *delta {
                        3
                    } else {
                        2
                    },
                    time,
                )
            }
        };
        let short = time.min(0x00ff_ffff).to_be_bytes();
        let mut header = basic(format);
        if format < 3 {
            header.extend_from_slice(&short[1..]);
        }
        if format < 2 {
            header.extend_from_slice(&[length, &[kind]].concat());
        }
        if format == 0 {
            header.extend_from_slice(&message.stream.to_le_bytes());
        }
        let extension = if time >= 0x00ff_ffff { time.to_be_bytes().to_vec() } else { vec![] };
        if format < 3 || self.repeat_extended {
            header.extend_from_slice(&extension);
        }
        self.last.insert(chunk_stream, (message.timestamp, time, message.clone()));
        let mut next = basic(3);
        if self.repeat_extended {
            next.extend_from_slice(&extension);
        }
        let mut chunks: Vec<_> = message.body.chunks(self.chunk_size).map(<[u8]>::to_vec).collect();
        if chunks.is_empty() {
            chunks.push(vec![]);
        }
        for (i, chunk) in chunks.iter_mut().enumerate() {
            let header = if i == 0 { &header } else { &next };
            chunk.splice(..0, header.iter().copied());
        }
        chunks
    }
}

fn any_message() -> impl Strategy<Value = (usize, Message)> {
    let kind = prop_oneof![Just(Kind::Audio), Just(Kind::Video), Just(Kind::Data)];
    let time = prop_oneof![0_u32..1000, 0x00ff_fff0_u32..0x0100_0010, any::<u32>()];
    let body = prop::collection::vec(any::<u8>(), 0..60);
    (0_usize..4, kind, 0_u32..2, time, body).prop_map(|(queue, kind, stream, timestamp, body)| {
        (queue, Message { kind, stream, timestamp, body: body.into() })
    })
}

proptest! {
    #[test]
    fn interleaved_messages_come_out_whole_under_any_split(
        messages in prop::collection::vec(any_message(), 1..20),
        turns in prop::collection::vec(0_usize..4, 0..200),
        chunk_size in 1_usize..70,
        repeat_extended in any::<bool>(),
        step in 1_usize..100,
    ) {
        // An encoder that does not repeat the timestamp is told from one that does by its first
        // continuation; bodies of equal bytes would make that ambiguous only by 1 in 2^32.
        let chunk_streams = [2, 63, 319, 65_599];
        let mut cutter =
            Cutter { chunk_size, repeat_extended, last: std::collections::HashMap::new() };
        let mut queues = vec![Vec::new(); 4];
        let mut expected = vec![Vec::new(); 4];
        for (queue, message) in messages {
            queues[queue].extend(cutter.cut(chunk_streams[queue], &message));
            expected[queue].push(message);
        }
        let mut bytes = Vec::new();
        let mut queues: Vec<_> = queues.into_iter().map(IntoIterator::into_iter).collect();
        for turn in turns.into_iter().chain([0, 1, 2, 3].repeat(2000)) {
            bytes.extend(queues[turn].next().unwrap_or_default());
        }
        // At the very end, the peek for a repeated timestamp may wait for bytes that never come.
        bytes.extend_from_slice(&[0x03, 0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 9]);
        let mut reader = reader();
        reader.set_chunk_size(chunk_size);
        let mut found = read_all(&mut reader, &bytes, step).unwrap();
        prop_assert_eq!(found.pop().unwrap().stream, 0x0909_0909);
        prop_assert_eq!(reader.reserved(), 0);
        prop_assert_eq!(found.len(), expected.iter().map(Vec::len).sum::<usize>());
        let mut expected: Vec<_> = expected.into_iter().map(IntoIterator::into_iter).collect();
        for message in found {
            let place = expected.iter_mut().position(|queue| queue.as_slice().first() == Some(&message));
            prop_assert!(place.is_some(), "{message:?} was not sent, or not in this order");
            expected[place.unwrap()].next();
        }
    }

    #[test]
    fn what_the_writer_cuts_the_reader_joins(
        (_, message) in any_message(),
        length in 0_usize..300,
        chunk_size in 1_usize..150,
        step in 1_usize..100,
    ) {
        let body = vec![5; length];
        let mut out = BytesMut::new();
        let header = (message.kind, message.stream, message.timestamp);
        write_message(&mut out, chunk_size, 6, header, &body);
        let mut reader = reader();
        reader.set_chunk_size(chunk_size);
        let expected = Message { body: body.into(), ..message };
        prop_assert_eq!(read_all(&mut reader, &out, step), Ok(vec![expected]));
    }

    #[test]
    fn no_bytes_panic_or_take_more_memory_than_the_limit(
        bytes in prop::collection::vec(prop_oneof![0_u8..12, any::<u8>()], 0..3000),
        step in 1_usize..200,
    ) {
        let limits = Limits { max_partial_bytes: 100_000, ..Limits::default() };
        let mut reader = ChunkReader::new(&limits);
        drop(read_all(&mut reader, &bytes, step));
        prop_assert!(reader.reserved() <= limits.max_partial_bytes);
    }
}
