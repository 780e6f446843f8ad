//! The built-in publisher of `serve --demo`: a test card, encoded here and sent over RTMP through the
//! front door, like any other publisher's.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use bytes::{Bytes, BytesMut};
use codecs::{aac, h264};
use media::codec::Codec;
use media::{CodecConfig, Frame, Metadata, Timestamp, Track, TrackId, TrackSet, flv};
use rtmp::client::{ClientSession, Config, Event};
use rtmp::{Millis, Output};
use store::{Secret, Store};
use testcard::{Card, Tone};

const TITLE: &str = "Test card";
const YOURS: &str = "My first stream";
const WIDTH: usize = 1280;
const HEIGHT: usize = 720;
const FRAME_RATE: u32 = 30;
const VIDEO_BITRATE: u32 = 1_500_000;
/// An IDR each two seconds.
const GROUP: u32 = 2 * FRAME_RATE;
const SAMPLE_RATE: u32 = 48_000;
const AUDIO_BITRATE: u32 = 128_000;
/// Added to all time stamps, so that the encoder's priming is not before zero.
const LEAD: Timestamp = Timestamp::from_millis(200);
/// Between two attempts.
const RETRY: Duration = Duration::from_secs(2);
/// Behind by this much, frames are left out.
const BEHIND: Duration = Duration::from_millis(500);

/// A stream of the demo with its key.
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) key: Secret,
}

/// What the demo needs in the database.
pub(crate) struct Prepared {
    /// The test card's stream.
    pub(crate) demo: Made,
    /// A stream for the newcomer to publish to.
    pub(crate) yours: Made,
}

/// Finds the demo's two streams, or adds them.
pub(crate) fn prepare(store: &Store) -> Result<Prepared> {
    let known = store.streams()?;
    let find = |title: &str| -> Result<Made> {
        let made = match known.iter().find(|stream| stream.title == title) {
            Some(stream) => store.reveal_key(&stream.id)?,
            None => store.add_stream(title, None)?,
        };
        Ok(Made { id: made.stream.id, key: made.key })
    };
    Ok(Prepared { demo: find(TITLE)?, yours: find(YOURS)? })
}

/// Starts to publish; tries again when the connection ends.
pub(crate) fn start(rtmp_port: u16, prepared: &Prepared) -> Result<()> {
    let key = prepared.demo.key.expose().to_owned();
    std::thread::Builder::new().name("demo".into()).spawn(move || {
        shard::lower_priority();
        loop {
            if let Err(error) = publish(rtmp_port, &key) {
                tracing::warn!(%error, "the demo's publish ended; trying again");
            }
            std::thread::sleep(RETRY);
        }
    })?;
    Ok(())
}

fn publish(rtmp_port: u16, key: &str) -> Result<()> {
    let mut line = Line::open(rtmp_port, key)?;
    let mut picture = Picture::new()?;
    let mut sound = Sound::new()?;
    line.describe()?;
    line.send(TrackId::audio(0), LEAD, &sound.header)?;
    let start = Instant::now();
    let start_ms = shard::unix_millis();
    let mut index = 0_u32;
    loop {
        let due = start + Duration::from_secs(1) * index / FRAME_RATE;
        line.wait_until(due)?;
        if due.elapsed() > BEHIND {
            index = (start.elapsed().as_secs_f64() * f64::from(FRAME_RATE)) as u32;
            continue;
        }
        let dts =
            LEAD + Timestamp::from_ticks(i64::from(index) * Timestamp::HZ / i64::from(FRAME_RATE));
        picture.send(&mut line, index, dts)?;
        sound.send(&mut line, start_ms, dts)?;
        index += 1;
    }
}

/// The test card and its encoder.
struct Picture {
    card: Card,
    encoder: h264::Encoder,
    config: Option<CodecConfig>,
}

impl Picture {
    fn new() -> Result<Self> {
        let card = Card::new(WIDTH, HEIGHT, "DEMO STREAM").map_err(|error| anyhow!("{error}"))?;
        let encoder = h264::Encoder::new(h264::Settings {
            width: WIDTH as u32,
            height: HEIGHT as u32,
            frame_rate: FRAME_RATE as f32,
            bitrate: VIDEO_BITRATE,
            complexity: h264::Complexity::Low,
            colour: h264::Colour::Bt709,
        })?;
        Ok(Self { card, encoder, config: None })
    }

    fn send(&mut self, line: &mut Line, index: u32, dts: Timestamp) -> Result<()> {
        let drawn = self.card.draw(index, shard::unix_millis() as u64);
        let picture = h264::I420 {
            y: drawn.y,
            u: drawn.u,
            v: drawn.v,
            y_stride: drawn.y_stride,
            uv_stride: drawn.uv_stride,
        };
        let encoded =
            self.encoder.encode(&picture, index.is_multiple_of(GROUP) || self.config.is_none())?;
        let keyframe = encoded.is_keyframe();
        if let Some(sets) = &encoded.parameter_sets
            && self.config.is_none()
        {
            let config = media::codec::parse(Codec::H264, &sets.decoder_configuration())?;
            let track = Track { id: TrackId::video(0), config };
            let header = flv::config_body(&track).context("H.264 has a sequence header")?;
            line.send(track.id, dts, &header)?;
            self.config = Some(track.config);
        }
        let config = self.config.as_ref().context("the first picture is an IDR")?;
        let track = TrackId::video(0);
        line.frame(config, &Frame { track, dts, pts: dts, keyframe, data: encoded.data })
    }
}

/// The tone and its encoder.
struct Sound {
    tone: Tone,
    encoder: aac::Encoder,
    config: CodecConfig,
    header: Bytes,
    samples: u64,
    pcm: Vec<i16>,
}

impl Sound {
    fn new() -> Result<Self> {
        let settings =
            aac::Settings { sample_rate: SAMPLE_RATE, channels: 2, bitrate: AUDIO_BITRATE };
        let encoder = aac::Encoder::new(settings)?;
        let config = media::codec::parse(Codec::Aac, &encoder.config())?;
        let track = Track { id: TrackId::audio(0), config };
        let header = flv::config_body(&track).context("AAC has a sequence header")?;
        let tone = Tone::new(SAMPLE_RATE).map_err(|error| anyhow!("{error}"))?;
        let pcm = vec![0; 2 * aac::Encoder::FRAME_LENGTH as usize];
        Ok(Self { tone, encoder, config: track.config, header, samples: 0, pcm })
    }

    /// Sends the sound up to the picture's time.
    fn send(&mut self, line: &mut Line, start_ms: i64, until: Timestamp) -> Result<()> {
        // The beep is on the full second of the wall clock that the picture shows.
        let into_second = start_ms.rem_euclid(1000) as u64 * u64::from(SAMPLE_RATE) / 1000;
        while LEAD + Timestamp::from_scale(self.samples as i64, SAMPLE_RATE) < until {
            self.tone.fill(into_second + self.samples, &mut self.pcm);
            self.samples += u64::from(aac::Encoder::FRAME_LENGTH);
            for packet in self.encoder.encode(&self.pcm)? {
                let dts = LEAD + Timestamp::from_scale(packet.first_sample, SAMPLE_RATE);
                let track = TrackId::audio(0);
                let frame = Frame { track, dts, pts: dts, keyframe: true, data: packet.data };
                line.frame(&self.config, &frame)?;
            }
        }
        Ok(())
    }
}

/// The connection to our own RTMP port.
struct Line {
    socket: TcpStream,
    session: ClientSession,
    body: BytesMut,
}

impl Line {
    fn open(rtmp_port: u16, key: &str) -> Result<Self> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, rtmp_port))?;
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(Duration::from_secs(10)))?;
        let url = rtmp::Url::parse(&format!("rtmp://localhost:{rtmp_port}/live/{key}"))
            .context("the demo's own address")?;
        let random = shard::millis().to_le_bytes();
        let session = ClientSession::new_publish(Config::new(url), now(), random);
        let mut line = Self { socket, session, body: BytesMut::new() };
        let give_up = Instant::now() + Duration::from_secs(10);
        while !line.drain()? {
            if Instant::now() > give_up {
                bail!("the server did not answer");
            }
            line.read(Duration::from_millis(50))?;
        }
        Ok(line)
    }

    /// Tells the frame rate, which the encoder's parameter sets do not.
    fn describe(&mut self) -> Result<()> {
        let metadata = Metadata {
            width: Some(WIDTH as f64),
            height: Some(HEIGHT as f64),
            frame_rate: Some(f64::from(FRAME_RATE)),
            ..Metadata::default()
        };
        let mut body = Vec::new();
        media::metadata::write_on_metadata(&TrackSet::default(), Some(&metadata), &mut body);
        self.session.send_data(0, &body);
        self.drain().map(drop)
    }

    fn frame(&mut self, config: &CodecConfig, frame: &Frame) -> Result<()> {
        self.body.extend_from_slice(&flv::frame_header(config, frame));
        self.body.extend_from_slice(&frame.data);
        let body = self.body.split().freeze();
        self.send(frame.track, frame.dts, &body)
    }

    fn send(&mut self, track: TrackId, dts: Timestamp, body: &Bytes) -> Result<()> {
        let timestamp = dts.millis();
        match track.kind {
            media::Kind::Video => self.session.send_video(timestamp, body),
            media::Kind::Audio => self.session.send_audio(timestamp, body),
        };
        self.drain().map(drop)
    }

    /// Waits, reading what the server says meanwhile.
    fn wait_until(&mut self, due: Instant) -> Result<()> {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left < Duration::from_millis(1) {
                return Ok(());
            }
            self.read(left)?;
            self.drain()?;
        }
    }

    fn read(&mut self, patience: Duration) -> Result<()> {
        self.socket.set_read_timeout(Some(patience))?;
        let mut buffer = [0; 4096];
        match self.socket.read(&mut buffer) {
            Ok(0) => bail!("the server closed the connection"),
            Ok(count) => Ok(self.session.handle_input(now(), &buffer[..count])?),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sends what is to be sent; true once the server lets us publish.
    fn drain(&mut self) -> Result<bool> {
        let mut publishing = false;
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(bytes) => self.socket.write_all(&bytes)?,
                Output::Event(Event::Publishing) => publishing = true,
                Output::Event(
                    Event::Rejected { description, .. } | Event::Ended { description, .. },
                ) => {
                    bail!("{description}");
                }
                Output::Event(_) => {}
                Output::Close => bail!("the session is over"),
            }
        }
        Ok(publishing)
    }
}

fn now() -> Millis {
    Millis(shard::millis())
}
