//! An RTMP client that we did not write: `rml_rtmp` over a plain socket.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions::{
    ClientSession, ClientSessionConfig, ClientSessionEvent as Event, ClientSessionResult,
    PublishRequestType,
};
use rml_rtmp::time::RtmpTimestamp;

use crate::flv::{Kind, Tag};
use crate::tcp;

/// How long the server may take to answer a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one read of the socket waits.
const READ: Duration = Duration::from_millis(20);

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An `onStatus` with this code.
    Status(String),
    /// The server closed the connection.
    Closed,
    /// No answer came in time.
    Silence,
}

/// A connected client.
pub struct Connection {
    stream: TcpStream,
    session: ClientSession,
    events: VecDeque<Event>,
    closed: bool,
}

/// A publisher that sends when it is told to, and otherwise stays silent.
pub struct Publisher(Connection);

/// A player.
pub struct Player(Connection);

impl Connection {
    fn open(port: u16, app: &str) -> Result<Self, Refusal> {
        Self::open_on(tcp::connect(port), port, app)
    }

    fn open_on(stream: io::Result<TcpStream>, port: u16, app: &str) -> Result<Self, Refusal> {
        let mut stream = stream.map_err(|_| Refusal::Closed)?;
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a positive time-out");
        let left = shake_hands(&mut stream).map_err(|_| Refusal::Closed)?;
        stream.set_read_timeout(Some(READ)).expect("a positive time-out");
        let mut config = ClientSessionConfig::new();
        config.tc_url = Some(format!("rtmp://127.0.0.1:{port}/{app}"));
        let (session, results) = ClientSession::new(config).expect("a session begins");
        let mut this = Self { stream, session, events: VecDeque::new(), closed: false };
        this.take(results);
        let results = this.session.handle_input(&left).expect("a valid answer");
        this.take(results);
        let request = this.session.request_connection(app.into()).expect("a request can be made");
        this.take(vec![request]);
        this.until(|event| matches!(event, Event::ConnectionRequestAccepted).then_some(()))?;
        Ok(this)
    }

    fn take(&mut self, results: Vec<ClientSessionResult>) {
        for result in results {
            match result {
                ClientSessionResult::OutboundResponse(packet) => {
                    self.closed |= self.stream.write_all(&packet.bytes).is_err();
                }
                ClientSessionResult::RaisedEvent(event) => self.events.push_back(event),
                ClientSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
    }

    /// Reads what has come, waiting a moment for it.
    fn pump(&mut self) {
        let mut buffer = [0; 16 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.closed = true,
            Ok(count) => {
                let results = self.session.handle_input(&buffer[..count]);
                let results = results.expect("the server speaks RTMP that rml_rtmp understands");
                self.take(results);
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock) => {}
            Err(_) => self.closed = true,
        }
    }

    /// Waits for the event that `pick` takes; a refusing status ends the wait.
    fn until<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> Result<T, Refusal> {
        let start = Instant::now();
        loop {
            while let Some(event) = self.events.pop_front() {
                if let Some(value) = pick(&event) {
                    return Ok(value);
                }
                match event {
                    Event::UnhandleableOnStatusCode { code } if is_refusal(&code) => {
                        return Err(Refusal::Status(code));
                    }
                    Event::ConnectionRequestRejected { description } => {
                        return Err(Refusal::Status(description));
                    }
                    _ => {}
                }
            }
            if self.closed {
                return Err(Refusal::Closed);
            }
            if start.elapsed() > PATIENCE {
                return Err(Refusal::Silence);
            }
            self.pump();
        }
    }
}

impl Publisher {
    /// Connects to the application and asks to publish.
    pub fn start(port: u16, app: &str, name: &str) -> Result<Self, Refusal> {
        Self::request(Connection::open(port, app)?, name)
    }

    fn request(mut connection: Connection, name: &str) -> Result<Self, Refusal> {
        let request = connection.session.request_publishing(name.into(), PublishRequestType::Live);
        connection.take(vec![request.expect("a request can be made")]);
        connection.until(|event| matches!(event, Event::PublishRequestAccepted).then_some(()))?;
        Ok(Self(connection))
    }

    /// The same from another of this machine's loopback addresses, such as 127.0.0.2.
    pub fn start_from(source: Ipv4Addr, port: u16, name: &str) -> Result<Self, Refusal> {
        Self::request(Connection::open_on(tcp::connect_from(source, port), port, "live")?, name)
    }

    /// Sends a tag of sound or picture; others are left out.
    pub fn send(&mut self, tag: &Tag) {
        let (body, time) = (Bytes::copy_from_slice(&tag.body), RtmpTimestamp::new(tag.timestamp));
        let result = match tag.kind {
            Kind::Audio => self.0.session.publish_audio_data(body, time, false),
            Kind::Video => self.0.session.publish_video_data(body, time, false),
            Kind::Script => return,
        };
        self.0.take(vec![result.expect("an accepted publisher may send")]);
    }

    /// Sends tags at the pace of their time stamps.
    pub fn send_paced(&mut self, tags: &[Tag]) {
        self.send_faster(tags, 1);
    }

    /// The same so many times faster.
    pub fn send_faster(&mut self, tags: &[Tag], times: u32) {
        let start = Instant::now();
        let first = tags.first().map_or(0, |tag| tag.timestamp);
        for tag in tags {
            let due = Duration::from_millis(u64::from(tag.timestamp.saturating_sub(first)));
            std::thread::sleep((due / times).saturating_sub(start.elapsed()));
            self.send(tag);
        }
    }

    /// Whether the server has closed the connection, waiting for it at most this long.
    pub fn is_cut_within(&mut self, limit: Duration) -> bool {
        let start = Instant::now();
        while !self.0.closed && start.elapsed() < limit {
            self.0.pump();
        }
        self.0.closed
    }
}

impl Player {
    /// Connects and asks to play.
    pub fn start(port: u16, id: &str) -> Result<Self, Refusal> {
        Self::request(Connection::open(port, "live")?, id)
    }

    /// The same with a receive buffer of a few kilobytes, which is full soon after reading stops.
    pub fn start_narrow(port: u16, id: &str) -> Result<Self, Refusal> {
        Self::request(Connection::open_on(tcp::connect_narrow(port), port, "live")?, id)
    }

    fn request(mut connection: Connection, id: &str) -> Result<Self, Refusal> {
        let request = connection.session.request_playback(id.into());
        connection.take(vec![request.expect("a request can be made")]);
        connection.until(|event| matches!(event, Event::PlaybackRequestAccepted).then_some(()))?;
        Ok(Self(connection))
    }

    /// The next tag of sound or picture.
    pub fn tag(&mut self) -> Result<Tag, Refusal> {
        self.0.until(|event| match event {
            Event::VideoDataReceived { timestamp, data } => {
                Some(Tag { kind: Kind::Video, timestamp: timestamp.value, body: data.to_vec() })
            }
            Event::AudioDataReceived { timestamp, data } => {
                Some(Tag { kind: Kind::Audio, timestamp: timestamp.value, body: data.to_vec() })
            }
            _ => None,
        })
    }

    /// All tags of a time.
    pub fn record(&mut self, time: Duration) -> Result<Vec<Tag>, Refusal> {
        let start = Instant::now();
        let mut tags = Vec::new();
        while start.elapsed() < time {
            tags.push(self.tag()?);
        }
        Ok(tags)
    }
}

fn is_refusal(code: &str) -> bool {
    let bad = ["Denied", "BadName", "Failed", "StreamNotFound", "Rejected"];
    bad.iter().any(|end| code.ends_with(end))
}

/// Shakes hands; gives what came after it.
fn shake_hands(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut handshake = Handshake::new(PeerType::Client);
    let first =
        handshake.generate_outbound_p0_and_p1().map_err(|e| io::Error::other(e.to_string()))?;
    stream.write_all(&first)?;
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match handshake.process_bytes(&buffer[..count]) {
            Ok(HandshakeProcessResult::InProgress { response_bytes }) => {
                stream.write_all(&response_bytes)?;
            }
            Ok(HandshakeProcessResult::Completed { response_bytes, remaining_bytes }) => {
                stream.write_all(&response_bytes)?;
                return Ok(remaining_bytes);
            }
            Err(error) => return Err(io::Error::other(error.to_string())),
        }
    }
}
