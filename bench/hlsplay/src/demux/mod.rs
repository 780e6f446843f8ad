//! Access units out of segments as they arrive: MPEG-TS and fragmented MP4.
//!
//! Only the head of each unit is given out, enough for parameter sets and SEI messages. Nothing is
//! allocated for a unit once the buffers have grown.

mod head;
mod mp4;
mod ts;

use media::Timestamp;

/// The most bytes of an access unit that are given out.
pub const HEAD: usize = 4096;

/// Why media cannot be read. The server, or its publisher, is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DemuxError {
    /// A resource begins like neither MPEG-TS nor MP4.
    #[error("the resource is neither MPEG-TS nor MP4")]
    UnknownFormat,
    /// What is wrong with an MP4 box.
    #[error("broken MP4: {0}")]
    Mp4(&'static str),
    /// What is wrong with a transport stream.
    #[error("broken MPEG-TS: {0}")]
    Ts(&'static str),
}

/// A coded picture, or coded sound: one frame in MP4, the frames of one packet in MPEG-TS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessUnit<'u> {
    /// Picture or sound.
    pub video: bool,
    /// Whether decoding can start here; always for sound.
    pub keyframe: bool,
    /// Its decode time. In MPEG-TS unrolled from 33 bits, from wherever the stream began.
    pub dts: Timestamp,
    /// Its first bytes, at most [`HEAD`].
    pub head: &'u [u8],
}

/// What takes the access units, each as soon as the last byte of it came.
pub type Out<'o> = dyn FnMut(AccessUnit<'_>) + 'o;

/// Takes the resources of one media playlist apart, initialization sections and segments, in order.
#[derive(Debug, Default)]
pub struct Demuxer {
    format: Format,
    mp4: mp4::Mp4,
    /// Boxed, for most players never need it.
    ts: Option<Box<ts::Ts>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    /// The resource has not begun.
    #[default]
    Unknown,
    Mp4,
    Ts,
}

impl Demuxer {
    /// A resource begins.
    pub fn begin(&mut self) {
        self.format = Format::Unknown;
        self.mp4.begin();
        if let Some(ts) = &mut self.ts {
            ts.begin();
        }
    }

    /// Takes the next bytes of the resource.
    ///
    /// # Errors
    /// They make no sense: leave the rest of the resource out and begin with the next one.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Out<'_>) -> Result<(), DemuxError> {
        let Some(first) = bytes.first() else { return Ok(()) };
        if self.format == Format::Unknown {
            self.format = match first {
                &ts::SYNC => Format::Ts,
                // The size of the first box, below 16 MiB.
                0 => Format::Mp4,
                _ => return Err(DemuxError::UnknownFormat),
            };
        }
        match self.format {
            Format::Ts => self.ts.get_or_insert_default().feed(bytes, out),
            Format::Mp4 | Format::Unknown => self.mp4.feed(bytes, out),
        }
    }

    /// The resource is complete.
    pub fn end(&mut self, out: &mut Out<'_>) {
        if let (Format::Ts, Some(ts)) = (self.format, &mut self.ts) {
            ts.end(out);
        }
        self.format = Format::Unknown;
    }
}

#[cfg(test)]
mod tests;
