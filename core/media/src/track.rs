use bytes::Bytes;

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// A track's place in its stream: its kind and its number among the tracks of that kind.
///
/// Number 0 is the default track, the only one that plain RTMP and FLV know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId {
    /// Video or audio.
    pub kind: Kind,
    /// 0 for the default track, 1 and up for the further ones of Enhanced RTMP multitrack.
    pub number: u8,
}

impl TrackId {
    /// The video track with this number.
    pub const fn video(number: u8) -> Self {
        Self { kind: Kind::Video, number }
    }

    /// The audio track with this number.
    pub const fn audio(number: u8) -> Self {
        Self { kind: Kind::Audio, number }
    }

    /// Whether this is the default track of its kind.
    pub const fn is_default(self) -> bool {
        self.number == 0
    }
}

/// A track and how to decode it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its place in the stream.
    pub id: TrackId,
    /// Its codec's configuration.
    pub config: CodecConfig,
}

/// A codec with its out-of-band configuration, as an MP4 sample entry wants it.
///
/// `record` is the body of the codec's configuration box (`avcC`, `hvcC`, `av1C`, `vpcC`, `dOps`,
/// `dfLa`) or, for AAC, the AudioSpecificConfig. The bodies of `vpcC` and `dfLa`, which are full
/// boxes, begin with their version and flags.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the codecs' own names")]
pub enum CodecConfig {
    H264 { record: Bytes, info: VideoInfo },
    Hevc { record: Bytes, info: VideoInfo },
    Av1 { record: Bytes, info: VideoInfo },
    Vp9 { record: Bytes, info: VideoInfo },
    Aac { record: Bytes, info: AudioInfo },
    Opus { record: Bytes, info: AudioInfo },
    Flac { record: Bytes, info: AudioInfo },
    Mp3 { info: AudioInfo },
}

impl CodecConfig {
    /// Video or audio.
    pub const fn kind(&self) -> Kind {
        if self.video().is_some() { Kind::Video } else { Kind::Audio }
    }

    /// The picture's properties, for a video codec.
    pub const fn video(&self) -> Option<&VideoInfo> {
        match self {
            Self::H264 { info, .. }
            | Self::Hevc { info, .. }
            | Self::Av1 { info, .. }
            | Self::Vp9 { info, .. } => Some(info),
            Self::Aac { .. } | Self::Opus { .. } | Self::Flac { .. } | Self::Mp3 { .. } => None,
        }
    }

    /// The sound's properties, for an audio codec.
    pub const fn audio(&self) -> Option<&AudioInfo> {
        match self {
            Self::Aac { info, .. }
            | Self::Opus { info, .. }
            | Self::Flac { info, .. }
            | Self::Mp3 { info } => Some(info),
            Self::H264 { .. } | Self::Hevc { .. } | Self::Av1 { .. } | Self::Vp9 { .. } => None,
        }
    }

    /// The codec's configuration record; empty for MP3, which has none.
    pub fn record(&self) -> Bytes {
        match self {
            Self::H264 { record, .. }
            | Self::Hevc { record, .. }
            | Self::Av1 { record, .. }
            | Self::Vp9 { record, .. }
            | Self::Aac { record, .. }
            | Self::Opus { record, .. }
            | Self::Flac { record, .. } => record.clone(),
            Self::Mp3 { .. } => Bytes::new(),
        }
    }

    /// The RFC 6381 `codecs` string, such as `avc1.64001f` or `mp4a.40.2`.
    pub fn rfc6381(&self) -> &str {
        match (self.video(), self.audio()) {
            (Some(info), _) => &info.codec_string,
            (None, Some(info)) => &info.codec_string,
            // Every codec is one or the other.
            (None, None) => "",
        }
    }

    /// The name that people use, such as `H.264`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::H264 { .. } => "H.264",
            Self::Hevc { .. } => "HEVC",
            Self::Av1 { .. } => "AV1",
            Self::Vp9 { .. } => "VP9",
            Self::Aac { .. } => "AAC",
            Self::Opus { .. } => "Opus",
            Self::Flac { .. } => "FLAC",
            Self::Mp3 { .. } => "MP3",
        }
    }
}

/// How colour is sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the standard's own names")]
pub enum Chroma {
    Monochrome,
    #[default]
    Yuv420,
    Yuv422,
    Yuv444,
}

/// What a video track's parameter sets say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VideoInfo {
    /// Width in pixels after cropping.
    pub width: u32,
    /// Height in pixels after cropping.
    pub height: u32,
    /// RFC 6381 `codecs` string.
    pub codec_string: String,
    /// Frames a second as numerator and denominator, when the parameter sets declare them.
    pub frame_rate: Option<(u32, u32)>,
    /// Colour sampling; browsers decode 4:2:0 only.
    pub chroma: Chroma,
    /// Bits a sample; browsers decode 8 of H.264.
    pub bit_depth: u8,
    /// Whether pictures may be coded as fields; browsers do not decode these.
    pub interlaced: bool,
}

/// What an audio track's configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AudioInfo {
    /// Samples a second of the decoded sound.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u8,
    /// RFC 6381 `codecs` string.
    pub codec_string: String,
    /// Samples in each frame, in units of `sample_rate`, where the codec fixes them (AAC 1024 or
    /// 2048 with SBR, MP3 1152); 0 when each frame says (Opus, FLAC).
    pub samples_per_frame: u32,
}
