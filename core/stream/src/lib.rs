//! A live stream as one structure: a bounded log of frames in groups, one writer, many cursors.
//!
//! Pure: no clock, file, socket or thread.

pub mod control;
