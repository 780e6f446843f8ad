//! Thin safe wrappers over the C and C++ codecs: OpenH264 encodes H.264, Fraunhofer's FDK encodes AAC.
//!
//! Nothing here keeps time or spawns threads: a picture goes in and its access unit comes out of the
//! same call. This is one of the few crates where `unsafe` is allowed; every block of it is a call
//! into one of the two libraries, and says why it is sound.

#![allow(unsafe_code)]

pub mod aac;
mod assembler;
pub mod h264;

pub use assembler::{Assembler, Instructions, assembler};
