use std::fmt;
use std::sync::Arc;

use crate::Kind;
use crate::field::{Fault, Field};
use crate::resolve::HIDDEN;
use crate::source::Given;
use crate::value::url::split;

/// A value that must not be seen: `Debug` shows nothing of it and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Fewer different bytes than this are not random: `openssl rand -hex 32` has about 15.
const MIN_DIFFERENT_BYTES: usize = 8;

/// What example secrets contain once only their letters are left, in lower case.
const EXAMPLES: &[&str] = &[
    "yoursecret",
    "yourjwt",
    "yoursupersecret",
    "yourverysecret",
    "yourkeysecret",
    "changeme",
    "changethis",
    "changeit",
    "replaceme",
    "replacethis",
    "examplesecret",
    "secretkeyhere",
    "secrethere",
];

impl Field for Secret {
    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        match kind {
            Kind::Secret(min) if text.len() < *min => return Err(Fault::hidden("is too short")),
            Kind::SigningSecret(min) => {
                // The example is named as such even where it is also too short: that is the cause.
                if is_example(text) {
                    return Err(Fault::hidden("is a published example, which everybody knows"));
                }
                if text.len() < *min {
                    return Err(Fault::hidden(&format!("is shorter than {min} bytes")));
                }
                if different_bytes(text) < MIN_DIFFERENT_BYTES {
                    return Err(Fault::hidden("is too regular to be a secret"));
                }
            }
            Kind::Url(schemes) => {
                split(text, schemes).map_err(Fault::hidden)?;
            }
            _ => {}
        }
        Ok(Self(text.into()))
    }
}

fn is_example(text: &str) -> bool {
    let letters: String =
        text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
    EXAMPLES.iter().any(|example| letters.contains(example))
}

fn different_bytes(text: &str) -> usize {
    let mut seen = [false; 256];
    for byte in text.bytes() {
        seen[usize::from(byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signing(text: &str) -> Result<Secret, String> {
        let given = Given::Text(text.to_owned());
        Secret::parse(&Kind::SigningSecret(32), &given).map_err(|fault| fault.sentence(true))
    }

    #[test]
    fn weak_and_example_signing_secrets_are_refused() {
        for (weak, why) in [
            ("your-secret-key", "published example"),
            ("your-super-secret-jwt-key-change-this-in-production", "published example"),
            ("CHANGE_ME_0123456789012345678901234567890123456789", "published example"),
            ("hunter2", "shorter than 32 bytes"),
            (&"a".repeat(64), "too regular"),
            (&"abc123".repeat(8), "too regular"),
        ] {
            let error = signing(weak).unwrap_err();
            assert!(error.contains(why), "{weak}: {error}");
            assert!(!error.contains(weak));
        }
        let strong = "6f2d8c5b9f4e4b0c8a7d1e3f5a6b7c8d";
        assert_eq!(signing(strong).unwrap().expose(), strong);
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = signing("6f2d8c5b9f4e4b0c8a7d1e3f5a6b7c8d").unwrap();
        assert_eq!(format!("{secret:?} {:?}", Some(secret.clone())), "[secret] Some([secret])");
    }
}
