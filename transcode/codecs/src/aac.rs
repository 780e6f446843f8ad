//! AAC-LC encoding: Fraunhofer's FDK library behind a safe wrapper.

mod encoder;

pub use encoder::{Encoder, Packet};

/// What an encoder is to make: AAC-LC at a constant bitrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Samples a second: one of [`Settings::RATES`].
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Target in bit/s: from 8000 for each channel to 6 bits for each sample.
    pub bitrate: u32,
}

impl Settings {
    /// The sample rates that AAC has an index for (ISO/IEC 14496-3, table 1.18) and this encoder takes.
    pub const RATES: [u32; 12] = [
        8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200,
        96_000,
    ];
    /// bit/s for each channel.
    pub const MIN_BITRATE_PER_CHANNEL: u32 = 8_000;
    /// The format's limit: 6144 bits for each channel of a frame of 1024 samples.
    pub const MAX_BITS_PER_SAMPLE: u32 = 6;

    /// Checks the ranges; the error says which value is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let Self { sample_rate, channels, bitrate } = *self;
        if !Self::RATES.contains(&sample_rate) {
            return Err(Error::SampleRate(sample_rate));
        }
        if !(1..=2).contains(&channels) {
            return Err(Error::Channels(channels));
        }
        let min = Self::MIN_BITRATE_PER_CHANNEL * u32::from(channels);
        let max = Self::MAX_BITS_PER_SAMPLE * sample_rate * u32::from(channels);
        if (min..=max).contains(&bitrate) {
            Ok(())
        } else {
            Err(Error::Bitrate { bitrate, min, max })
        }
    }
}

/// Why an encoder could not be made or sound not be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller asked for a rate that AAC does not have.
    #[error("cannot encode AAC at {0} Hz: resample to one of {rates:?}", rates = Settings::RATES)]
    SampleRate(u32),
    /// The caller asked for more or fewer channels than this encoder takes.
    #[error("cannot encode {0} channels: mix to 1 or 2")]
    Channels(u8),
    /// The caller asked for a bitrate that AAC-LC or the library cannot keep at this sample rate.
    #[error(
        "cannot encode AAC-LC at {bitrate} bit/s: this rate and channel count take {min} to {max}"
    )]
    Bitrate {
        /// Asked for.
        bitrate: u32,
        /// Lowest.
        min: u32,
        /// Highest.
        max: u32,
    },
    /// The caller's samples are not whole sample frames.
    #[error("{samples} samples are not a multiple of {channels} channels")]
    Interleave {
        /// Samples in the slice.
        samples: usize,
        /// The encoder's channels.
        channels: u8,
    },
    /// The library refused or failed; the encoder takes no more sound.
    #[error("FDK AAC failed in {call} with code {code:#x}: drop this encoder and make another")]
    Library {
        /// The function of the library.
        call: &'static str,
        /// Its return value.
        code: u32,
    },
    /// An earlier call failed.
    #[error("this AAC encoder has failed before: drop it and make another")]
    Failed,
}
