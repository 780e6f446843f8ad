//! CMAF boxes: initialization segments by `mp4-atom`, movie fragments by hand into one buffer.

mod fragment;
mod init;
mod sample_entry;

pub(crate) use fragment::{Sample, fragment};
pub use init::ConfigError;
pub(crate) use init::{init_segment, timescale};

/// The one track of every file.
const TRACK_ID: u32 = 1;
