//! A shard's viewers' side as the server wires it, with one stream and viewers on loopback.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use delivery::{Context, Counters, Parts, Settings};
use media::{AudioInfo, CodecConfig, Entry, Frame, Timestamp, Track, TrackId, TrackSet, VideoInfo};
use rtmp::Output;
use rtmp::server::Event;
use shard::{Acceptor, Conn, Driver, Health};
use stream::control::StreamId;
use stream::{Directory, Hub, Limits, Listing, Protocol, Signal, Stream, StreamStats};

use crate::viewers;

/// The stream's id.
pub(crate) const ID: &str = "steady";
/// A frame of video, sent out of the staging file, and one of audio, copied by the kernel.
static VIDEO: [u8; 10_000] = [1; 10_000];
static AUDIO: [u8; 350] = [2; 350];
/// So far apart that the log, which keeps 3 s, is at its full length soon.
const FRAME_MS: i64 = 100;
/// Frames of a group.
const GROUP: usize = 10;

pub(crate) struct Stage {
    stream: Rc<Stream>,
    counters: Arc<Counters>,
    viewers: Vec<TcpStream>,
    buffer: Vec<u8>,
    pushed: usize,
    /// Bytes that the viewers have read.
    read: u64,
    turn: Rc<Turn>,
}

/// Lets the ready tasks run once without an allocation, which `shard::yield_now` is not.
#[derive(Default)]
struct Turn {
    ask: Signal,
    answer: Signal,
}

impl Turn {
    fn start() -> Rc<Self> {
        let turn = Rc::new(Self::default());
        let answering = Rc::clone(&turn);
        shard::spawn("turn", async move {
            let mut seen = 0;
            loop {
                seen = answering.ask.changed(seen).await;
                answering.answer.raise();
            }
        });
        turn
    }

    async fn take(&self) {
        let seen = self.answer.count();
        self.ask.raise();
        self.answer.changed(seen).await;
    }
}

impl Stage {
    /// Connects the viewers, who start at the stream's first group.
    pub(crate) async fn open(
        driver: Driver,
        health: Arc<Health>,
        protocol: Protocol,
        viewers: usize,
    ) -> Self {
        let stream = stream();
        let context = context(driver, health, &stream);
        let address = free_port();
        let port = Rc::clone(&context);
        let acceptor = Acceptor::bind(address).unwrap();
        shard::spawn("port", acceptor.run(move |conn| serve(&port, conn, protocol)));
        let connecting = std::thread::spawn(move || {
            (0..viewers).map(|_| viewers::connect(address, protocol)).collect::<Vec<_>>()
        });
        while !connecting.is_finished() || stream.stats().all_viewers() < viewers as u64 {
            shard::sleep(Duration::from_millis(2)).await;
        }
        let mut stage = Self {
            stream,
            counters: Arc::clone(&context.counters),
            viewers: connecting.join().unwrap(),
            buffer: vec![0; 256 << 10],
            pushed: 0,
            read: 0,
            turn: Turn::start(),
        };
        stage.read();
        stage
    }

    /// Sends so many frames, each in a batch of its own that all viewers have read before the next.
    pub(crate) async fn play(&mut self, frames: usize) {
        for _ in 0..frames {
            self.stream.push(Entry::Frame(frame(self.pushed)));
            self.pushed += 1;
            self.stream.flush();
            let due = self.counters.frames_out.load(Relaxed) + self.viewers.len() as u64;
            self.turn.take().await;
            while self.counters.frames_out.load(Relaxed) < due {
                // Somebody's socket was full: the runtime has to look at it.
                shard::sleep(Duration::from_millis(1)).await;
            }
            self.read();
        }
    }

    /// Every viewer got every frame, in the steady state.
    pub(crate) fn finish(&mut self, frames: usize) {
        assert_eq!(self.pushed, frames);
        assert_eq!(self.counters.skipped.load(Relaxed), 0);
        let payload: usize = (0..frames).map(|number| frame(number).data.len()).sum();
        let least = (payload * self.viewers.len()) as u64;
        // What is on its way through the kernel arrives without help of this thread.
        while self.read < least {
            self.read();
        }
    }

    fn read(&mut self) {
        for viewer in &self.viewers {
            self.read += viewers::drain(viewer, &mut self.buffer);
        }
    }
}

/// The frame with this number: video and audio in turn.
fn frame(number: usize) -> Frame {
    let dts = Timestamp::from_millis(number as i64 * FRAME_MS);
    let (track, data) = if number.is_multiple_of(2) {
        (TrackId::video(0), Bytes::from_static(&VIDEO))
    } else {
        (TrackId::audio(0), Bytes::from_static(&AUDIO))
    };
    let keyframe = track == TrackId::audio(0) || number.is_multiple_of(GROUP);
    Frame { track, dts, pts: dts, keyframe, data }
}

fn stream() -> Rc<Stream> {
    let record = Bytes::from_static(&[1, 66, 0, 30]);
    let h264 = CodecConfig::H264 { record, info: VideoInfo::default() };
    let record = Bytes::from_static(&[0x12, 0x10]);
    let aac = CodecConfig::Aac { record, info: AudioInfo::default() };
    let tracks = vec![
        Track { id: TrackId::video(0), config: h264 },
        Track { id: TrackId::audio(0), config: aac },
    ];
    let id = StreamId::parse(ID).unwrap();
    let stream = Stream::new(id, Limits::default(), Arc::<StreamStats>::default());
    stream.push(Entry::Tracks(Arc::new(TrackSet { tracks, discontinuity: 0 })));
    stream
}

fn context(driver: Driver, health: Arc<Health>, stream: &Rc<Stream>) -> Rc<Context> {
    let (hub, directory) = (Rc::<RefCell<Hub>>::default(), Rc::<RefCell<Directory>>::default());
    hub.borrow_mut().put(Rc::clone(stream));
    directory.borrow_mut().put(Listing {
        id: stream.id().clone(),
        title: "Steady".into(),
        home: 0,
        session: 1,
        started_ms: 1,
        publisher: None,
        tracks: Arc::clone(stream.log().tracks()),
        stats: Arc::clone(stream.stats()),
    });
    Context::new(Parts {
        shard: 0,
        driver,
        settings: Settings {
            gather: Duration::ZERO,
            shards: 1,
            segment: Timestamp::from_millis(2000),
            part: Timestamp::from_millis(250),
            window: 6,
            cors: http1::CorsPolicy::Any,
            trusted_proxies: Vec::new(),
            embed_origins: Vec::new(),
            key_playback: false,
        },
        hub,
        directory,
        counters: Arc::default(),
        health,
        post: Box::new(|_, _| false),
        describe: Box::new(|_| Box::pin(async { None })),
        resolve: Box::new(|_| Box::pin(async { None })),
        elsewhere: None,
    })
}

fn serve(context: &Rc<Context>, conn: Conn, protocol: Protocol) {
    let context = Rc::clone(context);
    shard::spawn("viewer", async move {
        if protocol == Protocol::Rtmp {
            serve_rtmp(context, conn).await;
        } else {
            delivery::serve_http(context, conn).await;
        }
    });
}

async fn serve_rtmp(context: Rc<Context>, conn: Conn) {
    let mut session = link::accept([3; rtmp::RANDOM_LEN]);
    loop {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => link::send(&conn, &bytes).await.unwrap(),
                Output::Event(Event::Play { request, name, .. }) => {
                    // Ends with the viewer's connection.
                    drop(
                        delivery::play_rtmp(context, Rc::new(conn), session, request, &name, None)
                            .await,
                    );
                    return;
                }
                _ => {}
            }
        }
        link::fill(&conn, &mut session).await.unwrap();
    }
}

/// A port that was free a moment ago.
fn free_port() -> SocketAddr {
    let claim = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    claim.local_addr().unwrap()
}
