use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::{Error, Result};

/// Letters and digits.
pub(crate) const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Letters and digits without those that look alike (`0`, `O`, `I`, `l`).
pub(crate) const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Fills the array with random bytes of the operating system.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Crypto("no random numbers"))?;
    Ok(bytes)
}

/// A random text of `length` symbols, each equally likely: bytes past the largest multiple of the
/// alphabet's size are thrown away instead of folded.
pub(crate) fn text(alphabet: &[u8], length: usize) -> Result<String> {
    let limit = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let fair = bytes::<64>()?.into_iter().map(usize::from).filter(|byte| *byte < limit);
        let wanted = length - text.len();
        text.extend(fair.take(wanted).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_length_and_the_symbols_asked_for_and_differ() {
        let one = text(BASE58, 200).unwrap();
        assert_eq!(one.len(), 200);
        assert!(one.bytes().all(|b| BASE58.contains(&b)));
        assert_ne!(one, text(BASE58, 200).unwrap());
    }
}
