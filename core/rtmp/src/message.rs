use bytes::{Buf, Bytes};

/// A message's type (RTMP, sections 5.4, 6.2 and 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SetChunkSize,
    Abort,
    Acknowledgement,
    UserControl,
    WindowSize,
    PeerBandwidth,
    Audio,
    Video,
    /// A data message whose body begins with an AMF3 format byte.
    DataAmf3,
    /// A command whose body begins with an AMF3 format byte.
    CommandAmf3,
    Data,
    Command,
    Aggregate,
    /// Shared objects, and what RTMP does not define.
    Other(u8),
}

impl Kind {
    /// From the wire.
    pub(crate) const fn from_u8(kind: u8) -> Self {
        match kind {
            1 => Self::SetChunkSize,
            2 => Self::Abort,
            3 => Self::Acknowledgement,
            4 => Self::UserControl,
            5 => Self::WindowSize,
            6 => Self::PeerBandwidth,
            8 => Self::Audio,
            9 => Self::Video,
            15 => Self::DataAmf3,
            17 => Self::CommandAmf3,
            18 => Self::Data,
            20 => Self::Command,
            22 => Self::Aggregate,
            other => Self::Other(other),
        }
    }

    /// As on the wire.
    pub(crate) const fn to_u8(self) -> u8 {
        match self {
            Self::SetChunkSize => 1,
            Self::Abort => 2,
            Self::Acknowledgement => 3,
            Self::UserControl => 4,
            Self::WindowSize => 5,
            Self::PeerBandwidth => 6,
            Self::Audio => 8,
            Self::Video => 9,
            Self::DataAmf3 => 15,
            Self::CommandAmf3 => 17,
            Self::Data => 18,
            Self::Command => 20,
            Self::Aggregate => 22,
            Self::Other(other) => other,
        }
    }

    /// Whether messages of this type carry media, and so may be long.
    pub(crate) const fn is_media(self) -> bool {
        matches!(self, Self::Audio | Self::Video | Self::Aggregate)
    }
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    /// The message stream; 0 is the connection itself.
    pub(crate) stream: u32,
    /// Milliseconds, modulo 2^32.
    pub(crate) timestamp: u32,
    /// One allocation, shared by nobody but the other parts of an aggregate.
    pub(crate) body: Bytes,
}

impl Message {
    /// The AMF0 part of a command's or data message's body. The AMF3 types put a format byte in front,
    /// and every known encoder then goes on in AMF0.
    ///
    /// Of any other message it is the whole body. Takes the message, as a shared body would cost another
    /// allocation.
    pub(crate) fn into_amf0(mut self) -> Bytes {
        let prefixed = matches!(self.kind, Kind::DataAmf3 | Kind::CommandAmf3);
        if prefixed && self.body.first() == Some(&0) {
            self.body.advance(1);
        }
        self.body
    }
}
