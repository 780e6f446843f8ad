use super::Error;

/// Reads bits, most significant first, and the Exp-Golomb codes of H.264 and HEVC (H.264 9.1).
///
/// Every read past the end is [`Error::Truncated`], naming the structure.
#[derive(Clone, Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    position: usize,
    what: &'static str,
}

impl<'a> Bits<'a> {
    /// Reads `data`; `what` names the structure in errors.
    pub(super) fn new(data: &'a [u8], what: &'static str) -> Self {
        Self { data, position: 0, what }
    }

    /// The next `count` bits, at most 32.
    pub(super) fn read(&mut self, count: u32) -> Result<u32, Error> {
        debug_assert!(count <= 32);
        if self.remaining() < count as usize {
            return Err(Error::Truncated { what: self.what });
        }
        let mut value = 0_u64;
        for _ in 0..count {
            let byte = self.data[self.position / 8];
            value = value << 1 | u64::from(byte >> (7 - self.position % 8) & 1);
            self.position += 1;
        }
        Ok(value as u32)
    }

    /// The next bit.
    pub(super) fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.read(1)? == 1)
    }

    /// Passes over `count` bits.
    pub(super) fn skip(&mut self, count: usize) -> Result<(), Error> {
        if self.remaining() < count {
            return Err(Error::Truncated { what: self.what });
        }
        self.position += count;
        Ok(())
    }

    /// An unsigned Exp-Golomb code, `ue(v)`; AV1's `uvlc()` is the same code.
    pub(super) fn ue(&mut self) -> Result<u32, Error> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return Err(Error::Invalid { what: self.what, why: "a number has over 32 bits" });
            }
        }
        Ok((1_u32 << zeros) - 1 + self.read(zeros)?)
    }

    /// An unsigned Exp-Golomb code that must not be above `max`; `field` names it in the error.
    pub(super) fn ue_up_to(&mut self, max: u32, field: &'static str) -> Result<u32, Error> {
        let value = self.ue()?;
        if value > max {
            return Err(Error::OutOfRange { what: self.what, field, value });
        }
        Ok(value)
    }

    /// Bits left.
    pub(super) fn remaining(&self) -> usize {
        self.data.len() * 8 - self.position
    }
}

/// The RBSP of a NAL unit: its bytes without the emulation prevention bytes (H.264 7.3.1).
pub(super) fn unescape(nal: &[u8]) -> Vec<u8> {
    let mut rbsp = Vec::with_capacity(nal.len());
    let mut zeros = 0;
    for &byte in nal {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        rbsp.push(byte);
    }
    rbsp
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_follow_the_table_of_the_standard() {
        // 1 010 011 00100 00111 and padding.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0011, 0b1000_0000], "test");
        let codes: Vec<u32> = (0..5).map(|_| bits.ue().unwrap()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 6]);
    }

    #[test]
    fn reading_past_the_end_names_the_structure() {
        let mut bits = Bits::new(&[0xff], "test");
        assert_eq!(bits.read(9), Err(Error::Truncated { what: "test" }));
        assert_eq!(bits.read(8), Ok(0xff));
        assert!(Bits::new(&[0; 8], "test").ue().is_err());
    }

    #[test]
    fn emulation_prevention_is_removed() {
        assert_eq!(unescape(&[1, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3]), [1, 0, 0, 1, 0, 0, 0, 0]);
    }
}
