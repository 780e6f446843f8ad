//! Access tokens: JWT (RFC 7519) signed with HS256, ours and those of the surrounding site.

use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use store::{Secret, User, UtcTime};

use control::InForce;

/// How long an access token holds: short, so that what it was made for is soon looked at again.
const LIFETIME: Duration = Duration::from_mins(10);
/// How far the clocks of two machines may be apart, in seconds.
const LEEWAY: u64 = 5;
/// `iss` and `aud` of our tokens where the configuration names none.
const OURS: &str = "shardcast";
/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 4096;

/// Makes and checks access tokens with `JWT_SECRET`.
#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
}

/// The cryptographic library does not sign.
#[derive(Debug, thiserror::Error)]
#[error("tokens cannot be signed and checked: the cryptographic library failed")]
pub struct TokensError;

/// What a token says of its user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user's number.
    #[serde(deserialize_with = "number")]
    pub(crate) user_id: i64,
    /// When it was made, in seconds since 1970.
    #[serde(default)]
    pub(crate) iat: f64,
    /// The user's email.
    #[serde(default)]
    pub(crate) email: String,
    /// Our log-in that it belongs to; tokens of the site have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<String>,
}

#[derive(Serialize)]
struct Made<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    user_id: i64,
    username: &'a str,
    email: &'a str,
    role: &'a str,
    sid: &'a str,
}

impl Tokens {
    /// Signs and checks once, since the library tells only then that it cannot.
    pub fn new(secret: &Secret) -> Result<Self, TokensError> {
        let bytes = secret.expose().as_bytes();
        let tokens = Self {
            signing: EncodingKey::from_secret(bytes),
            checking: DecodingKey::from_secret(bytes),
        };
        let trial = serde_json::json!({ "exp": i64::MAX / 2, "user_id": 1 });
        let signed =
            encode(&Header::default(), &trial, &tokens.signing).map_err(|_| TokensError)?;
        let rules = Validation::new(Algorithm::HS256);
        decode::<Claims>(signed, &tokens.checking, &rules).map_err(|_| TokensError)?;
        Ok(tokens)
    }

    /// A token for the user's log-in and how long it holds. None when the library fails.
    pub(crate) fn make(
        &self,
        settings: &InForce,
        user: &User,
        login: &str,
        now: UtcTime,
    ) -> Option<(Secret, Duration)> {
        let lifetime = LIFETIME.min(settings.config.jwt_expires_in);
        let claims = Made {
            iss: settings.config.jwt_issuer.as_deref().unwrap_or(OURS),
            aud: settings.config.jwt_audience.as_deref().unwrap_or(OURS),
            iat: now.unix(),
            exp: now.unix() + lifetime.as_secs() as i64,
            user_id: user.id,
            username: &user.name,
            email: &user.email,
            role: user.role.as_str(),
            sid: login,
        };
        let token = encode(&Header::default(), &claims, &self.signing).ok()?;
        Some((Secret::new(token), lifetime))
    }

    /// What the token says, when it was signed with our secret by HS256, is in force and is meant for us.
    /// The reason otherwise, which tells nothing that its bearer does not know.
    pub(crate) fn read(&self, settings: &InForce, token: &str) -> Result<Claims, &'static str> {
        use jsonwebtoken::errors::ErrorKind;
        if token.len() > MAX_TOKEN {
            return Err("The token is too long.");
        }
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = LEEWAY;
        rules.validate_nbf = true;
        rules.validate_aud = settings.config.jwt_audience.is_some();
        let mut required = vec!["exp"];
        if let Some(issuer) = &settings.config.jwt_issuer {
            rules.iss = Some(HashSet::from([issuer.clone()]));
            required.push("iss");
        }
        if let Some(audience) = &settings.config.jwt_audience {
            rules.aud = Some(HashSet::from([audience.clone()]));
            required.push("aud");
        }
        rules.set_required_spec_claims(&required);
        match decode::<Claims>(token, &self.checking, &rules) {
            Ok(token) => Ok(token.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::ExpiredSignature => "The token has expired: refresh it or log in again.",
                ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => {
                    "The token was made for another service."
                }
                ErrorKind::ImmatureSignature => "The token is not in force yet.",
                _ => "The token is not one of ours.",
            }),
        }
    }
}

/// A number, or its text, as sites write both.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests;
