/// A fuzzer's bytes as a source of choices, read from the front. Behind the end all is 0, so that every
/// input is a valid one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    left: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { left: data }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(crate) fn u8(&mut self) -> u8 {
        let Some((&byte, left)) = self.left.split_first() else { return 0 };
        self.left = left;
        byte
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.u8(), self.u8()])
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from(self.u16()) << 16 | u32::from(self.u16())
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.u8() & 1 == 1
    }

    /// A number under `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.u8()) % end
    }

    /// The next `count` bytes, or what is left of them.
    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, left) = self.left.split_at(count.min(self.left.len()));
        self.left = left;
        taken
    }

    /// Everything that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.left)
    }
}

/// Cuts `data` into pieces as a network would: 0 leaves it whole, 1 gives single bytes, any other
/// `seed` its own mixture of short and long pieces.
pub(crate) fn pieces(data: &[u8], seed: u16) -> impl Iterator<Item = &[u8]> {
    let mut left = data;
    let mut state = u32::from(seed);
    std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let size = match seed {
            0 => left.len(),
            1 => 1,
            _ => {
                // Numerical Recipes' generator: the high bits are the good ones.
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let most = [4, 16, 128, 2048][(state >> 30) as usize];
                (state >> 8) as usize % most + 1
            }
        };
        let (piece, rest) = left.split_at(size.min(left.len()));
        left = rest;
        Some(piece)
    })
}

/// Text to put where a secret stands, so that it is found where it must not be. It depends on all of
/// the input, which therefore cannot hold it in another place.
pub(crate) fn mark(data: &[u8]) -> String {
    // FNV-1a.
    let hash = data.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_to_the_whole_whatever_the_seed() {
        let data: Vec<u8> = (0..255).collect();
        for seed in 0..50 {
            assert_eq!(pieces(&data, seed).collect::<Vec<_>>().concat(), data, "{seed}");
        }
        assert_eq!(pieces(&data, 1).count(), data.len());
        assert_eq!(pieces(&data, 0).count(), 1);
    }
}
