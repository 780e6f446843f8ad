//! FLV tags and the bodies of RTMP audio and video messages, Enhanced RTMP included.
//!
//! An FLV tag's body and an RTMP message's payload are the same bytes. They are read as the FLV
//! specification 10.1 (annex E.4) and Enhanced RTMP v1 and v2 define them, and written in the legacy
//! form where the codec has one (H.264, AAC, MP3), else in the enhanced one.

mod audio;
mod enhanced;
mod error;
mod four_cc;
mod header;
mod message;
mod reader;
mod video;
mod write;

pub use audio::parse_audio;
pub use error::Error;
pub use four_cc::FourCc;
pub use header::{
    FILE_HEADER_LEN, TAG_HEADER_LEN, TagType, file_header, previous_tag_size, tag_header,
};
pub use message::{CodedFrame, Message};
pub use reader::{Reader, Tag};
pub use video::parse_video;
pub use write::{TagHeader, config_body, frame_header};

#[cfg(test)]
mod tests;
