use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::{Error, Result, Secret, random};

/// Symbols of a made password: 20 of 58 are 117 bits.
const MADE_LENGTH: usize = 20;
/// Memory in KiB, passes and lanes of Argon2id: the OWASP recommendation, about 30 ms.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// Hashes a password with Argon2id into a PHC string. Takes tens of milliseconds.
pub(crate) fn hash(password: &Secret) -> Result<String> {
    let hash = hasher()?
        .hash_password(password.expose().as_bytes())
        .map_err(|_| Error::Crypto("the password could not be hashed"))?;
    Ok(hash.to_string())
}

/// Whether the password fits the PHC string, or the bcrypt hash that the site made of it. A hash of another
/// kind fits nothing.
pub(crate) fn verify(password: &Secret, hash: &str) -> bool {
    if is_weak(hash) {
        return bcrypt::verify(password.expose(), hash).unwrap_or(false);
    }
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    let Ok(hasher) = hasher() else { return false };
    hasher.verify_password(password.expose().as_bytes(), &parsed).is_ok()
}

/// Whether a hash is bcrypt's, to be replaced by ours at the next log-in.
pub(crate) fn is_weak(hash: &str) -> bool {
    hash.starts_with("$2")
}

/// A random password of 117 bits that a person can copy by hand.
pub fn make_password() -> Result<Secret> {
    random::text(random::BASE58, MADE_LENGTH).map(Secret::new)
}

fn hasher() -> Result<Argon2<'static>> {
    let (memory_kib, passes, lanes) = COST;
    let params = Params::new(memory_kib, passes, lanes, None)
        .map_err(|_| Error::Crypto("the password cost is not supported"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_own_password_only() {
        let password = make_password().unwrap();
        let hash = hash(&password).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify(&password, &hash));
        assert!(!verify(&Secret::new("something else"), &hash));
    }

    #[test]
    fn a_bcrypt_hash_fits_its_password() {
        let hash = bcrypt::hash("the site's password", 4).unwrap();
        assert!(is_weak(&hash) && verify(&Secret::new("the site's password"), &hash));
        assert!(!verify(&Secret::new("another"), &hash));
    }

    #[test]
    fn a_foreign_hash_fits_nothing() {
        for hash in ["", "plain", "$2b$10$abcdefghijklmnopqrstuv"] {
            assert!(!verify(&Secret::new("plain"), hash));
        }
    }
}
