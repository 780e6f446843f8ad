//! Made-up media: every frame says in its own bytes which one it is.

use bytes::Bytes;
use media::{Kind, TrackId};
use shard::Rng;

/// Which frame it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stamp {
    /// The stream.
    pub(crate) stream: u8,
    /// The publisher's connection among all of the stream's.
    pub(crate) conn: u16,
    /// The track.
    pub(crate) kind: Kind,
    /// Its number among the track's frames of this connection.
    pub(crate) number: u32,
}

impl Stamp {
    pub(crate) fn track(self) -> TrackId {
        TrackId { kind: self.kind, number: 0 }
    }
}

/// Bytes that a stamp begins with.
const MARK: [u8; 2] = [0xd5, 0x17];
/// A stamp's bytes.
const STAMP: usize = 10;
/// Bytes of an H.264 frame before its stamp: a NAL unit's length and first byte.
const NAL: usize = 5;

/// `avcC` of an x264 stream of 320x180 and of one of 1920x1080, as ffmpeg wrote them.
const AVCC: [&[u8]; 2] = [
    b"\x01\x64\x00\x0d\xff\xe1\x00\x1a\x67\x64\x00\x0d\xac\xd9\x41\x41\x9f\x9f\x01\x10\x00\x00\x03\
      \x00\x10\x00\x00\x03\x03\xc0\xf1\x42\x99\x60\x01\x00\x06\x68\xeb\xe3\xcb\x22\xc0\xfd\xf8\xf8\
      \x00",
    b"\x01\x42\xc0\x28\xff\xe1\x00\x17\x67\x42\xc0\x28\xda\x01\xe0\x08\x9f\x97\x01\x10\x00\
      \x00\x3e\x90\x00\x0e\xa6\x00\xf1\x83\x2a\x01\x00\x04\x68\xce\x0f\xc8",
];
/// AudioSpecificConfig of AAC LC, stereo, at 48 kHz and at 16 kHz.
const ASC: [(&[u8], u32); 2] = [(&[0x11, 0x90], 48_000), (&[0x14, 0x10], 16_000)];

/// What an encoder is set to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take {
    /// Pictures a second; 0: no pictures.
    pub(crate) rate: u64,
    /// Pictures from one key frame to the next.
    pub(crate) group: u32,
    /// Milliseconds by which some pictures are shown later than decoded.
    reorder: u64,
    picture: usize,
    sound: Option<usize>,
    size: usize,
}

impl Take {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let sound = rng.chance(7, 8).then(|| rng.pick(&[0, 1, 1]));
        let rate =
            if sound.is_some() && rng.chance(1, 8) { 0 } else { rng.pick(&[10, 15, 25, 30]) };
        let seconds = rng.pick(&[500, 1000, 1000, 2000, 2000, 4000, 9000]);
        Self {
            rate,
            group: (rate * seconds / 1000).max(1) as u32,
            reorder: if rng.chance(1, 4) { 2 * 1000 / rate.max(1) } else { 0 },
            picture: rng.below(AVCC.len()),
            sound,
            size: rng.pick(&[20, 200, 200, 1500]),
        }
    }

    /// The same with another picture size, as when an encoder is set anew while it runs.
    pub(crate) fn resized(self) -> Self {
        Self { picture: 1 - self.picture, ..self }
    }

    pub(crate) fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Video => self.rate > 0,
            Kind::Audio => self.sound.is_some(),
        }
    }

    /// When a frame is due after the first, in milliseconds, for RTMP rounds to these.
    pub(crate) fn due(&self, kind: Kind, number: u32) -> u64 {
        let number = u64::from(number);
        match kind {
            Kind::Video => number * 1000 / self.rate.max(1),
            Kind::Audio => {
                let hz = self.sound.map_or(1, |sound| u64::from(ASC[sound].1));
                number * 1_024_000 / hz
            }
        }
    }

    /// The codec's configuration.
    pub(crate) fn record(&self, kind: Kind) -> &'static [u8] {
        match kind {
            Kind::Video => AVCC[self.picture],
            Kind::Audio => self.sound.map_or(&[], |sound| ASC[sound].0),
        }
    }

    /// The body of the message that begins a track.
    pub(crate) fn config(&self, kind: Kind) -> Vec<u8> {
        let head: &[u8] = match kind {
            Kind::Video => &[0x17, 0, 0, 0, 0],
            Kind::Audio => &[0xaf, 0],
        };
        [head, self.record(kind)].concat()
    }

    /// The body of a frame's message.
    pub(crate) fn body(&self, stamp: Stamp) -> Vec<u8> {
        let key = self.is_key(stamp);
        let mut body = match stamp.kind {
            Kind::Video => {
                let lag = self.lag(stamp.number).to_be_bytes();
                vec![if key { 0x17 } else { 0x27 }, 1, lag[1], lag[2], lag[3]]
            }
            Kind::Audio => vec![0xaf, 1],
        };
        let len = self.size / if key && stamp.kind == Kind::Video { 1 } else { 4 };
        body.extend_from_slice(&frame(stamp, key, len + stamp.number as usize % 7));
        body
    }

    /// Milliseconds from decoding to showing a picture.
    fn lag(&self, number: u32) -> u32 {
        if number % 3 == 1 { self.reorder as u32 } else { self.reorder as u32 / 2 }
    }

    pub(crate) fn is_key(&self, stamp: Stamp) -> bool {
        stamp.kind == Kind::Audio || stamp.number.is_multiple_of(self.group)
    }
}

/// A coded frame with so many bytes behind its stamp.
fn frame(stamp: Stamp, key: bool, len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(NAL + STAMP + len);
    if stamp.kind == Kind::Video {
        out.extend_from_slice(&((1 + STAMP + len) as u32).to_be_bytes());
        out.push(if key { 0x65 } else { 0x41 });
    }
    out.extend_from_slice(&MARK);
    out.push(stamp.stream);
    out.extend_from_slice(&stamp.conn.to_be_bytes());
    out.push(u8::from(stamp.kind == Kind::Audio));
    out.extend_from_slice(&stamp.number.to_be_bytes());
    out.extend((0..len).map(|at| (stamp.number as usize * 31 + at * 7) as u8));
    out
}

/// Which frame these bytes are; `None` when they are none of ours or not whole.
pub(crate) fn stamp_of(kind: Kind, data: &[u8]) -> Option<Stamp> {
    let start = if kind == Kind::Video { NAL } else { 0 };
    let bytes = data.get(start..start + STAMP)?;
    let audio = u8::from(kind == Kind::Audio);
    if bytes[..2] != MARK || bytes[5] != audio {
        return None;
    }
    let stamp = Stamp {
        stream: bytes[2],
        conn: u16::from_be_bytes([bytes[3], bytes[4]]),
        kind,
        number: u32::from_be_bytes([bytes[6], bytes[7], bytes[8], bytes[9]]),
    };
    let key = kind == Kind::Audio || data[4] == 0x65;
    (frame(stamp, key, data.len() - start - STAMP) == data).then_some(stamp)
}

/// An encoder's `onMetaData`, in AMF0.
pub(crate) fn metadata() -> Bytes {
    let name = |text: &[u8]| [&[2, 0, text.len() as u8][..], text].concat();
    let width = [&b"\x00\x05width\x00"[..], &320_f64.to_be_bytes()].concat();
    let object = [b"\x08\x00\x00\x00\x01", &width[..], b"\x00\x00\x09"].concat();
    Bytes::from([name(b"@setDataFrame"), name(b"onMetaData"), object].concat())
}
