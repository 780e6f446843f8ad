use bytes::Bytes;
use media::CodecConfig;

/// A coded audio frame without sound, to stand where the source sent nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    /// The coded frame.
    pub(super) data: Bytes,
    /// Its samples, in ticks of the track's timescale.
    pub(super) samples: u32,
}

/// The silent frame of a track; `None` for a codec or channel layout that we cannot write one for.
pub(super) fn silence(config: &CodecConfig) -> Option<Silence> {
    match config {
        CodecConfig::Aac { record, info } => {
            let samples = info.samples_per_frame;
            (samples > 0).then_some(())?;
            Some(Silence { data: aac(channel_configuration(record)?)?, samples })
        }
        // RFC 6716 section 3.1: TOC of one 20 ms CELT frame; the coded frame is digital silence.
        CodecConfig::Opus { info, .. } if info.channels <= 2 => {
            Some(Silence { data: Bytes::from_static(&[0xf8, 0xff, 0xfe]), samples: 960 })
        }
        _ => None,
    }
}

/// The channel configuration of an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) of AAC-LC, alone or
/// with SBR or PS around it.
fn channel_configuration(record: &[u8]) -> Option<u8> {
    let (&first, &second) = (record.first()?, record.get(1)?);
    let object_type = first >> 3;
    let frequency_index = (first & 7) << 1 | second >> 7;
    (matches!(object_type, 2 | 5 | 29) && frequency_index != 15).then_some(second >> 3 & 15)
}

/// Syntactic elements of a raw data block (ISO/IEC 14496-3 4.4.2.1).
#[derive(Clone, Copy)]
enum Element {
    Single,
    Pair,
    LowFrequency,
}

fn elements(channel_configuration: u8) -> Option<&'static [Element]> {
    use Element::{LowFrequency, Pair, Single};
    Some(match channel_configuration {
        1 => &[Single],
        2 => &[Pair],
        3 => &[Single, Pair],
        4 => &[Single, Pair, Single],
        5 => &[Single, Pair, Pair],
        6 => &[Single, Pair, Pair, LowFrequency],
        7 => &[Single, Pair, Pair, Pair, LowFrequency],
        _ => return None,
    })
}

/// A raw data block in which every channel has `max_sfb` 0: no spectrum, so no sound.
fn aac(channel_configuration: u8) -> Option<Bytes> {
    let mut bits = BitWriter::default();
    let mut tags = [0u32; 4];
    for element in elements(channel_configuration)? {
        let id: u32 = match element {
            Element::Single => 0,
            Element::Pair => 1,
            Element::LowFrequency => 3,
        };
        let tag = &mut tags[id as usize];
        bits.put(id, 3);
        bits.put(*tag, 4);
        *tag += 1;
        match element {
            Element::Single | Element::LowFrequency => {
                bits.put(0, 8); // global_gain
                ics_info(&mut bits);
                bits.put(0, 3); // no pulse, TNS or gain control data
            }
            Element::Pair => {
                bits.put(1, 1); // common_window
                ics_info(&mut bits);
                bits.put(0, 2); // ms_mask_present
                for _ in 0..2 {
                    bits.put(0, 8 + 3);
                }
            }
        }
    }
    bits.put(7, 3); // ID_END
    Some(Bytes::from(bits.bytes))
}

/// One long window of sine shape, `max_sfb` 0, no prediction.
fn ics_info(bits: &mut BitWriter) {
    bits.put(0, 1 + 2 + 1 + 6 + 1);
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    fn put(&mut self, value: u32, count: u32) {
        for shift in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (value >> shift & 1) as u8;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_silent_frames_of_mono_and_stereo_are_a_few_bytes() {
        assert_eq!(aac(1).unwrap().as_ref(), [0x00, 0x00, 0x00, 0x07].as_ref());
        assert_eq!(aac(2).unwrap().len(), 6);
        assert_eq!(aac(0), None);
    }

    #[test]
    fn the_channel_configuration_is_read_from_the_record() {
        assert_eq!(channel_configuration(&[0x11, 0x90]), Some(2), "AAC-LC, 48 kHz, stereo");
        assert_eq!(channel_configuration(&[0x12, 0x08]), Some(1), "AAC-LC, 44.1 kHz, mono");
        assert_eq!(channel_configuration(&[0x0a, 0x10]), None, "AAC Main");
        assert_eq!(channel_configuration(&[0x11]), None);
    }
}
