use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Error, Result, Secret, random};

/// What every stream key begins with: a leaked one is recognised by people and by scanners.
const PREFIX: &str = "sk_live_";
/// Symbols after the prefix: 33 of 62 hold 196 bits, as 24 random bytes do.
const SYMBOLS: usize = 33;
/// The longest key that may exist, in bytes: the width of `live_streams.stream_key`.
pub(crate) const MAX_KEY: usize = 64;
/// The first byte of a sealed key: AES-256-GCM, 12-byte nonce, HKDF as below.
const SEAL_V1: u8 = 1;

/// Makes, hashes and seals stream keys under `KEY_SECRET`.
pub(crate) struct KeyRing {
    look_up: hmac::Key,
    seal: RandomizedNonceKey,
}

impl KeyRing {
    pub(crate) fn new(key_secret: &Secret) -> Result<Self> {
        let failed = |_| Error::Crypto("no sealing key");
        let secret = key_secret.expose().as_bytes();
        let mut sealing = [0; 32];
        Salt::new(HKDF_SHA256, b"stream key seal v1")
            .extract(secret)
            .expand(&[b"aes-256-gcm"], &AES_256_GCM)
            .and_then(|okm| okm.fill(&mut sealing))
            .map_err(failed)?;
        let seal = RandomizedNonceKey::new(&AES_256_GCM, &sealing).map_err(failed)?;
        Ok(Self { look_up: hmac::Key::new(hmac::HMAC_SHA256, secret), seal })
    }

    /// A new random key: letters, digits and underscores only, so that it needs no quoting in URLs
    /// and encoders' settings.
    pub(crate) fn generate() -> Result<Secret> {
        Ok(Secret::new(format!("{PREFIX}{}", random::text(random::BASE62, SYMBOLS)?)))
    }

    /// The hexadecimal HMAC-SHA256 by which a key is found: without `KEY_SECRET` it tells nothing.
    pub(crate) fn look_up(&self, key: &str) -> String {
        hex(hmac::sign(&self.look_up, key.as_bytes()).as_ref())
    }

    /// Names `KEY_SECRET` without telling anything about it.
    pub(crate) fn fingerprint(&self) -> String {
        // No stream key holds a space, so this is no key's look-up.
        fingerprint(&self.look_up, "KEY_SECRET")
    }

    /// Encrypts the key of a stream; it opens for that stream only.
    pub(crate) fn seal(&self, stream: &str, key: &Secret) -> Result<String> {
        let failed = |_| Error::Crypto("the key could not be sealed");
        let mut text = key.expose().as_bytes().to_vec();
        let nonce =
            self.seal.seal_in_place_append_tag(associated(stream), &mut text).map_err(failed)?;
        let sealed = [&[SEAL_V1], nonce.as_ref().as_slice(), &text].concat();
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The inverse of [`Self::seal`]; fails when the text was altered, belongs to another stream or to
    /// another secret.
    pub(crate) fn open(&self, stream: &str, sealed: &str) -> Result<Secret> {
        const DAMAGED: Error = Error::Corrupt("a sealed stream key");
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| DAMAGED)?;
        let (&version, rest) = sealed.split_first().ok_or(DAMAGED)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(DAMAGED)?;
        if version != SEAL_V1 {
            return Err(DAMAGED);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DAMAGED)?;
        let mut text = text.to_vec();
        let key =
            self.seal.open_in_place(nonce, associated(stream), &mut text).map_err(|_| DAMAGED)?;
        let key = std::str::from_utf8(key).map_err(|_| DAMAGED)?;
        Ok(Secret::new(key))
    }
}

/// Names `JWT_SECRET` without telling anything about it.
pub(crate) fn jwt_fingerprint(secret: &Secret) -> String {
    // What is signed in a token holds no space, so this is no token's signature.
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    fingerprint(&key, "JWT_SECRET")
}

fn fingerprint(key: &hmac::Key, name: &str) -> String {
    let tag = hmac::sign(key, format!("fingerprint of {name}").as_bytes());
    hex(&tag.as_ref()[..16])
}

/// Whether two texts are equal, in a time that depends on their lengths alone.
pub(crate) fn same(a: &str, b: &str) -> bool {
    constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

/// Binds a sealed key to its version and stream.
fn associated(stream: &str) -> Aad<Vec<u8>> {
    Aad::from([&[SEAL_V1], stream.as_bytes()].concat())
}

/// The hexadecimal SHA-256 of a text: for random ones, which need no slow hash, and for names of bounded
/// length.
pub fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(secret: &str) -> KeyRing {
        KeyRing::new(&Secret::new(secret.repeat(32))).unwrap()
    }

    #[test]
    fn made_keys_are_safe_in_urls_and_fit_the_column() {
        let key = KeyRing::generate().unwrap();
        let key = key.expose();
        assert!(key.starts_with(PREFIX) && key.len() == 41 && key.len() <= MAX_KEY);
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    }

    #[test]
    fn a_look_up_is_64_digits_and_depends_on_the_secret() {
        let look_up = ring("a").look_up("key");
        assert_eq!(look_up.len(), 64);
        assert_eq!(look_up, ring("a").look_up("key"));
        assert_ne!(look_up, ring("b").look_up("key"));
        assert_ne!(ring("a").fingerprint(), ring("b").fingerprint());
    }

    #[test]
    fn a_sealed_key_opens_for_its_stream_and_secret_only() {
        let key = KeyRing::generate().unwrap();
        let sealed = ring("a").seal("stream-1", &key).unwrap();
        assert_eq!(ring("a").open("stream-1", &sealed).unwrap(), key);
        assert!(ring("a").open("stream-2", &sealed).is_err());
        assert!(ring("b").open("stream-1", &sealed).is_err());
        assert_ne!(sealed, ring("a").seal("stream-1", &key).unwrap(), "a nonce repeats");
    }

    #[test]
    fn damaged_seals_are_refused() {
        let sealed = ring("a").seal("s", &Secret::new("key")).unwrap();
        for damaged in ["", "AA", "*", &sealed[..sealed.len() - 2], &format!("B{sealed}")] {
            assert!(ring("a").open("s", damaged).is_err(), "{damaged}");
        }
    }
}
