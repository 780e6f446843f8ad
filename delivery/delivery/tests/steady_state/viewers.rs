//! The viewers' ends of the connections: they ask, then read and throw away, and allocate nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rtmp::client::{ClientSession, Config, Event};
use rtmp::{Millis, Output, RANDOM_LEN, Url};
use stream::Protocol;

use crate::stage::ID;

const PATIENCE: Duration = Duration::from_secs(20);

/// Connects a viewer and asks for the stream; what is played is read later, without blocking.
pub(crate) fn connect(address: SocketAddr, protocol: Protocol) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    match protocol {
        Protocol::Rtmp => ask_rtmp(&mut socket, address),
        Protocol::Flv => ask_http(&mut socket, ""),
        _ => ask_http(
            &mut socket,
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        ),
    }
    socket.set_nonblocking(true).unwrap();
    socket
}

fn ask_http(socket: &mut TcpStream, fields: &str) {
    let request = format!("GET /live/{ID}.flv HTTP/1.1\r\nHost: test\r\n{fields}\r\n");
    socket.write_all(request.as_bytes()).unwrap();
}

fn ask_rtmp(socket: &mut TcpStream, address: SocketAddr) {
    let url = Url::parse(&format!("rtmp://{address}/live/{ID}")).unwrap();
    let mut session = ClientSession::new_play(Config::new(url), Millis(0), [7; RANDOM_LEN]);
    let mut buffer = vec![0; 4096];
    loop {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => socket.write_all(&bytes).unwrap(),
                Output::Event(Event::Playing) => return,
                other => panic!("the viewer was refused: {other:?}"),
            }
        }
        let count = socket.read(&mut buffer).unwrap();
        session.handle_input(Millis(0), &buffer[..count]).unwrap();
    }
}

/// Reads what has arrived.
pub(crate) fn drain(mut socket: &TcpStream, buffer: &mut [u8]) -> u64 {
    let mut total = 0;
    loop {
        match socket.read(buffer) {
            Ok(0) => panic!("the server closed a viewer's connection"),
            Ok(count) => total += count as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return total,
            Err(error) => panic!("{error}"),
        }
    }
}
