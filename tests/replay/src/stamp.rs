use testcard::stamp::{self, Stamp};

use crate::input::Input;

/// A luma plane of any size and content, with or without a stamp that was written and then damaged.
///
/// A stamp is read back from a plane that it was written to.
pub(crate) fn stamp(data: &[u8]) {
    let mut input = Input::new(data);
    let (width, height) = (usize::from(input.u16()) % 300, usize::from(input.u16()) % 200);
    let stride = width + input.below(9);
    let written = Stamp { frame: input.u32(), unix_ms: u64::from(input.u32()) << 16 | 7 };
    let burn = input.flag();
    let short = input.below(4);
    let mut luma: Vec<u8> = input.bytes(stride * height).to_vec();
    luma.resize((stride * height).saturating_sub(short), 128);
    if burn && stamp::write(&mut luma, stride, width, height, written).is_ok() {
        assert_eq!(stamp::read(&luma, stride, width, height), Some(written));
    }
    while !input.is_empty() && !luma.is_empty() {
        let at = input.u16() as usize % luma.len();
        luma[at] = input.u8();
    }
    stamp::read(&luma, stride, width, height);
    // A stride that the plane does not have is refused, not read.
    let stride = usize::MAX - usize::from(input.u8());
    assert_eq!(stamp::read(&luma, stride, width, height), None);
}
