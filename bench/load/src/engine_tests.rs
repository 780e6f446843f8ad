//! Players against servers that misbehave in known ways.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use media::flv::{TagType, file_header, previous_tag_size, tag_header};
use shard::Preference;

use crate::board::Board;
use crate::engine::{Engine, Plan};
use crate::options::Play;
use crate::roles::Shares;
use crate::schedule::{Schedule, unix_micros};
use crate::stamp::{Codec, Stamp};
use crate::tally::Tally;
use crate::target::Template;

/// A run that takes longer than this has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often a test looks at the board.
const GLANCE: Duration = Duration::from_millis(20);

/// An FLV stream of pictures with these numbers, each of at least so many bytes.
fn stream(numbers: &[u32], size: usize) -> Vec<u8> {
    let mut bytes = file_header(false, true).to_vec();
    let begun_us = unix_micros();
    for (index, &number) in numbers.iter().enumerate() {
        let stamp = Stamp { publisher: 0, number, sent_us: begun_us + u64::from(number) };
        let nal = stamp.nal(Codec::H264);
        let mut body = vec![0x17, 1, 0, 0, 0];
        body.extend((nal.len() as u32).to_be_bytes());
        body.extend(nal);
        body.resize(body.len().max(size), 1);
        bytes.extend(tag_header(TagType::Video, index as u32 * 40, body.len()));
        bytes.extend(&body);
        bytes.extend(previous_tag_size(body.len()));
    }
    bytes
}

/// Answers each of `players` and then holds the connections until `over` is dropped.
fn serve(listener: &TcpListener, players: usize, answer: &[u8], over: &Receiver<()>) {
    let mut clients: Vec<TcpStream> = (0..players).map(|_| listener.accept().unwrap().0).collect();
    for client in &mut clients {
        assert_ne!(client.read(&mut [0; 4096]).unwrap(), 0);
        // It fits into the sockets' buffers, whether it is read or not.
        client.write_all(answer).unwrap();
    }
    assert!(over.recv().is_err());
}

/// Runs players against a server that answers so, until so many bytes or the end of all have come.
fn play(url: &str, options: &Play, answer: &[u8], enough: u64) -> Tally {
    let (driver, _) = shard::choose(Preference::Auto).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = Template::parse(&url.replace("PORT", &port.to_string())).unwrap().at(0, "");
    let schedule = Arc::new(Schedule::new(Duration::ZERO, PATIENCE));
    let board = Arc::new(Board::default());
    let plan = Plan {
        schedule: Arc::clone(&schedule),
        board: Arc::clone(&board),
        options: options.clone(),
        targets: vec![target],
        per_second: 1e6,
        source_ips: Vec::new(),
        shard: 0,
        shards: 1,
    };
    let (report, reported) = channel();
    let shard = shard::start_anywhere(0, driver, Arc::default(), move || async move {
        report.send(Engine::run(plan).await).unwrap();
    });
    let (keep, over) = channel();
    let (players, mut bytes, mut trouble) = (options.players, 0, 0);
    std::thread::scope(|scope| {
        scope.spawn(move || serve(&listener, players, answer, &over));
        while bytes < enough && trouble < players as u64 {
            let glance = board.look();
            bytes += glance.bytes;
            trouble = glance.trouble;
            assert!(schedule.now() < schedule.closes(), "only {bytes} bytes came");
            assert!(reported.recv_timeout(GLANCE).is_err(), "the run ended early");
        }
        // The server closes all connections, and then the run ends.
        drop(keep);
    });
    schedule.close_now();
    let tally = reported.recv_timeout(PATIENCE).unwrap();
    shard.unwrap().join().unwrap();
    tally
}

fn players(players: usize) -> Play {
    Play {
        players,
        streams: 1,
        parse_one_in: 1,
        shares: Shares::default(),
        slow_rate: 0.5,
        low_latency: None,
        api: None,
    }
}

const PLAIN: &str = "HTTP/1.1 200 OK\r\n\r\n";
/// One lost, one doubled, one late.
const FAULTY: [u32; 7] = [0, 1, 1, 2, 5, 3, 6];

fn assert_faults(tally: &Tally, players: u64) {
    let counted = (tally.connections.connected, tally.frames.received, tally.frames.lost);
    assert_eq!(counted, (players, 7 * players, players as i64), "{tally:?}");
    assert_eq!((tally.frames.doubled, tally.frames.reordered), (players, players));
    assert_eq!(tally.latency.spread().unwrap().count, 7 * players);
    assert_eq!(tally.first_frame.spread().unwrap().count, players);
}

#[test]
fn faults_are_counted_over_plain_http() {
    let answer = [PLAIN.as_bytes(), &stream(&FAULTY, 0)].concat();
    let tally = play("http://127.0.0.1:PORT/a.flv", &players(3), &answer, 3 * answer.len() as u64);
    assert_faults(&tally, 3);
    assert_eq!(tally.bytes, 3 * answer.len() as u64);
}

#[test]
fn faults_are_counted_over_chunked_http() {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in stream(&FAULTY, 0).chunks(100) {
        answer.extend(format!("{:x}\r\n", piece.len()).bytes());
        answer.extend(piece);
        answer.extend(b"\r\n");
    }
    let tally = play("http://127.0.0.1:PORT/a.flv", &players(1), &answer, answer.len() as u64);
    assert_faults(&tally, 1);
}

#[test]
fn faults_are_counted_over_websocket() {
    let mut answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".to_vec();
    for piece in stream(&FAULTY, 0).chunks(100) {
        answer.extend([0x82, piece.len() as u8]);
        answer.extend(piece);
    }
    let tally = play("ws://127.0.0.1:PORT/a.flv", &players(1), &answer, answer.len() as u64);
    assert_faults(&tally, 1);
}

#[test]
fn throttling_is_a_refusal_with_its_reason() {
    let answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    let tally = play("http://127.0.0.1:PORT/a.flv", &players(2), answer, u64::MAX);
    let connections = &tally.connections;
    assert_eq!((connections.asked, connections.connected, connections.refused), (2, 0, 2));
    assert_eq!(connections.reasons["throttled: HTTP 503 Service Unavailable"], 2);
}

#[test]
fn drained_players_count_bytes_and_frozen_ones_read_nothing() {
    let numbers: Vec<u32> = (0..100).collect();
    let answer = [PLAIN.as_bytes(), &stream(&numbers, 1500)].concat();
    let shares = Shares { frozen: 0.25, ..Shares::default() };
    let options = Play { parse_one_in: 3, shares, ..players(4) };
    let length = answer.len() as u64;
    let tally = play("http://127.0.0.1:PORT/a.flv", &options, &answer, 3 * length);
    assert_eq!((tally.players.well_behaved, tally.players.parsed), (3, 1));
    assert_eq!((tally.misbehaving.frozen, tally.misbehaving.closed_by_server), (1, 1));
    assert_eq!((tally.frames.received, tally.frames.lost), (100, 0));
    assert_eq!((tally.players.without_a_frame, tally.players.stalls), (0, 0));
    assert!(tally.bytes >= 3 * length, "{} of {length}", tally.bytes);
}
