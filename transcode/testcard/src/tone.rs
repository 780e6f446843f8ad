use std::f32::consts::TAU;

use crate::{Error, FLASH_MS};

/// A quiet 440 Hz tone with a short beep of 1000 Hz on each full second.
///
/// Both frequencies are whole numbers of periods a second, so one second of sound, repeated, has no
/// seam; a place in the sound is just a count of samples from any full second.
#[derive(Clone, Debug)]
pub struct Tone {
    second: Vec<i16>,
}

impl Tone {
    /// Hz.
    pub const MIN_RATE: u32 = 8_000;
    /// Hz.
    pub const MAX_RATE: u32 = 192_000;

    const HUM_HZ: f32 = 440.0;
    /// -30 dB of full scale.
    const HUM_LEVEL: f32 = 0.0316;
    const BEEP_HZ: f32 = 1000.0;
    /// -16 dB of full scale.
    const BEEP_LEVEL: f32 = 0.158;
    /// How long the beep swells and fades: short enough for the ear to take it as sharp, without click.
    const RAMP_SECONDS: f32 = 0.003;

    /// Computes one second of the tone at this sample rate.
    pub fn new(rate: u32) -> Result<Self, Error> {
        if !(Self::MIN_RATE..=Self::MAX_RATE).contains(&rate) {
            return Err(Error::Rate(rate));
        }
        let second = (0..rate).map(|sample| {
            let t = sample as f32 / rate as f32;
            let hum = Self::HUM_LEVEL * (TAU * (Self::HUM_HZ * t).fract()).sin();
            let beep = Self::BEEP_LEVEL * envelope(t) * (TAU * (Self::BEEP_HZ * t).fract()).sin();
            ((hum + beep) * f32::from(i16::MAX)) as i16
        });
        Ok(Self { second: second.collect() })
    }

    /// Fills `stereo` (left and right in turn, the same on both) with the sound that begins
    /// `first_sample` samples after a full second.
    pub fn fill(&self, first_sample: u64, stereo: &mut [i16]) {
        // Within a second the index fits any usize.
        let start = (first_sample % self.second.len() as u64) as usize;
        let sound = self.second.iter().cycle().skip(start);
        for (pair, &value) in stereo.chunks_mut(2).zip(sound) {
            pair.fill(value);
        }
    }
}

/// The beep's loudness at a time within the second.
fn envelope(t: f32) -> f32 {
    let left = FLASH_MS as f32 / 1000.0 - t;
    (t.min(left) / Tone::RAMP_SECONDS).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(rate: u32, first: u64, samples: usize) -> Vec<i16> {
        let mut stereo = vec![0; samples * 2];
        Tone::new(rate).unwrap().fill(first, &mut stereo);
        assert!(stereo.chunks(2).all(|pair| pair[0] == pair[1]));
        stereo.into_iter().step_by(2).collect()
    }

    fn peak(samples: &[i16]) -> u16 {
        samples.iter().map(|s| s.unsigned_abs()).max().unwrap()
    }

    #[test]
    fn the_sound_is_the_same_however_it_is_cut() {
        let whole = left(44_100, 0, 100_000);
        let cut: Vec<i16> = (0..100).flat_map(|block| left(44_100, block * 1000, 1000)).collect();
        assert_eq!(whole, cut);
    }

    #[test]
    fn the_tone_has_no_seam_at_the_full_second() {
        let around = left(48_000, 47_900, 200);
        let step = around.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap();
        assert!(step < 700, "{step}");
    }

    #[test]
    fn the_beep_sounds_from_the_full_second_for_a_tenth() {
        let second = left(48_000, 48_000 * 1_700_000_000, 48_000);
        assert!(peak(&second[0..480]) > 5000);
        assert!(peak(&second[4200..4600]) > 5000);
        assert!(peak(&second[4800..]) < 1100);
        assert!(peak(&second[4800..]) > 900);
    }

    #[test]
    fn a_rate_out_of_range_is_an_error() {
        assert_eq!(Tone::new(0).unwrap_err(), Error::Rate(0));
        assert!(Tone::new(200_000).is_err());
    }
}
