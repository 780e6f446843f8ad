//! A moving test picture with sound, for demonstrations and tests: colour bars and ramps, a clock, the
//! frame number, a sweeping dial whose lamp flashes with the tone's beep on each full second, and a
//! [`stamp`] that programs read back from the picture, however it was scaled and compressed.
//!
//! Pure: the caller gives the frame number and the time.

mod canvas;
mod card;
mod dial;
mod font;
mod layout;
pub mod stamp;
mod tone;

pub use card::{Card, Picture};
pub use tone::Tone;

/// How long the lamp is lit and the beep sounds, from each full second on, in milliseconds.
pub const FLASH_MS: u32 = 100;

/// The asked size or rate cannot be drawn or sounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The picture's sides, in pixels.
    Size {
        /// Width.
        width: usize,
        /// Height.
        height: usize,
    },
    /// The plane is shorter than its stride and height promise, in bytes.
    Plane {
        /// Needed.
        need: usize,
        /// Given.
        have: usize,
    },
    /// The sample rate, in Hz.
    Rate(u32),
}

impl std::error::Error for Error {}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Size { width, height } => write!(
                f,
                "cannot draw {width}x{height}: a test card needs even sides from {}x{} to {} pixels, \
                 a stamp at least {}x{}",
                Card::MIN_WIDTH,
                Card::MIN_HEIGHT,
                Card::MAX_SIDE,
                stamp::MIN_WIDTH,
                stamp::MIN_HEIGHT
            ),
            Self::Plane { need, have } => {
                write!(f, "the plane holds {have} bytes, its stride and height need {need}")
            }
            Self::Rate(rate) => write!(
                f,
                "cannot sound at {rate} Hz: the tone takes {} to {}",
                Tone::MIN_RATE,
                Tone::MAX_RATE
            ),
        }
    }
}
