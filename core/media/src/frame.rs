use bytes::Bytes;

use crate::{Timestamp, TrackId};

/// One coded picture (an access unit) or one coded audio unit.
///
/// `data` is the bare payload, shared by every reader and never copied in user space: H.264 and HEVC
/// as length-prefixed NAL units (4-byte lengths, as in `avcC`/`hvcC` samples), AV1 as OBUs in low
/// overhead format, AAC without ADTS, Opus as one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The track that the frame belongs to.
    pub track: TrackId,
    /// When it is to be decoded.
    pub dts: Timestamp,
    /// When it is to be shown; never before `dts`.
    pub pts: Timestamp,
    /// For video: decoding may start here (an IDR or other random access point). Always true for audio.
    pub keyframe: bool,
    /// The coded bytes.
    pub data: Bytes,
}
