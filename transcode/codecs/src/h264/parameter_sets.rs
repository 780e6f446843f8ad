use bytes::Bytes;

/// The parameter sets that an IDR picture's group is decoded with: bare NAL units, header byte first,
/// without start code or length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSets {
    /// The sequence parameter set (H.264 7.3.2.1).
    pub sps: Bytes,
    /// The picture parameter set (H.264 7.3.2.2).
    pub pps: Bytes,
}

impl ParameterSets {
    /// The AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1), the body of an `avcC` box and of
    /// an RTMP sequence header, for access units with 4-byte lengths.
    pub fn decoder_configuration(&self) -> Bytes {
        let mut record = Vec::with_capacity(self.sps.len() + self.pps.len() + 15);
        record.push(1);
        // Profile, constraint flags, level. The encoder's SPS is never shorter.
        let profile: Vec<u8> = self.sps.iter().copied().skip(1).chain([0; 3]).take(3).collect();
        record.extend_from_slice(&profile);
        record.push(0b1111_1100 | (4 - 1));
        record.push(0b1110_0000 | 1);
        push_unit(&mut record, &self.sps);
        record.push(1);
        push_unit(&mut record, &self.pps);
        if matches!(profile[0], 100 | 110 | 122 | 144) {
            // 4:2:0, 8 bits of luma and chroma, no SPS extension.
            record.extend_from_slice(&[0b1111_1100 | 1, 0b1111_1000, 0b1111_1000, 0]);
        }
        Bytes::from(record)
    }
}

fn push_unit(record: &mut Vec<u8>, unit: &[u8]) {
    // The encoder's parameter sets are some dozen bytes long.
    record.extend_from_slice(&(unit.len() as u16).to_be_bytes());
    record.extend_from_slice(unit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_a_high_profile_stream_carries_the_chroma_format() {
        let sets = ParameterSets {
            sps: Bytes::from_static(&[0x67, 100, 0, 31, 0xac]),
            pps: Bytes::from_static(&[0x68, 0xee]),
        };
        assert_eq!(
            sets.decoder_configuration()[..],
            [
                1, 100, 0, 31, 0xff, 0xe1, 0, 5, 0x67, 100, 0, 31, 0xac, 1, 0, 2, 0x68, 0xee, 0xfd,
                0xf8, 0xf8, 0
            ]
        );
    }
}
