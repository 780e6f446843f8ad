//! H.264 encoding: OpenH264 behind a safe wrapper.
//!
//! Settings are the ones that live streaming wants: High profile with CABAC, constant bitrate within
//! 1 % over seconds, no picture ever skipped, one slice, one thread, no B-frames (each access unit
//! comes out of the call that put its picture in), and IDR pictures exactly where the caller asks, so
//! that all renditions of a stream start their groups on the same pictures.

mod encoder;
mod parameter_sets;
mod settings;

pub use encoder::{Encoded, Encoder, I420};
pub use parameter_sets::ParameterSets;
pub use settings::{Colour, Complexity, Settings};

/// Why an encoder could not be made or a picture not be encoded.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The caller asked for a size that cannot be encoded.
    #[error(
        "cannot encode {width}x{height}: both sides must be even and from {} to {} pixels, {} pixels in all at most",
        Settings::MIN_SIDE,
        Settings::MAX_SIDE,
        Settings::MAX_PIXELS
    )]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The caller asked for a frame rate that cannot be encoded.
    #[error("cannot encode {0} frames a second: the encoder takes 1 to {max}", max = Settings::MAX_FRAME_RATE)]
    FrameRate(f32),
    /// The caller asked for a bitrate that cannot be kept.
    #[error(
        "cannot encode at {0} bit/s: the encoder takes {min} to {max}",
        min = Settings::MIN_BITRATE, max = Settings::MAX_BITRATE
    )]
    Bitrate(u32),
    /// The caller's picture does not hold what its strides and the encoder's size promise.
    #[error(
        "the {plane} plane holds {have} bytes with stride {stride}, the encoder's size needs {need}"
    )]
    Plane {
        /// `Y`, `U` or `V`.
        plane: char,
        /// Bytes from one row to the next.
        stride: usize,
        /// Bytes in the slice.
        have: usize,
        /// Bytes that are read.
        need: usize,
    },
    /// The library refused or failed; the encoder takes no more pictures.
    #[error("OpenH264 failed in {call} with code {code}: drop this encoder and make another")]
    Library {
        /// The function of the library.
        call: &'static str,
        /// Its return value.
        code: i32,
    },
    /// An earlier call failed.
    #[error("this H.264 encoder has failed before: drop it and make another")]
    Failed,
}
