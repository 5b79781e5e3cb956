//! Tokens: JSON Web Tokens (RFC 7519), signed with HS256.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use daladala_protocol::{Code, Refusal};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::config::{Role, Secret};

/// The longest token that is looked at, bytes: several times what ours have.
const MAX_TOKEN_BYTES: usize = 1024;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// What its bearer may do.
    pub role: Role,
    /// When it expires, seconds since 1970-01-01 UTC.
    pub exp: u64,
    /// Whom it was made for; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The only room it is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
}

impl Claims {
    /// For `role`, good for `time`.
    #[must_use]
    pub fn new(role: Role, time: Duration) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { role, exp: now.saturating_add(time).as_secs(), sub: None, room: None }
    }
}

/// A token that says `claims`.
///
/// # Errors
/// If the claims cannot be signed, which HS256 always can.
pub fn make_token(secret: &Secret, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.bytes()))
}

pub(super) struct Signer {
    key: DecodingKey,
    validation: Validation,
}

impl Signer {
    pub(super) fn new(secret: &Secret) -> Self {
        // One algorithm, so that a token cannot choose a weaker one; and no leeway, for both clocks are ours.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        Self { key: DecodingKey::from_secret(secret.bytes()), validation }
    }

    pub(super) fn read(&self, token: &str) -> Result<Claims, Refusal> {
        let refused = |message: &str| Refusal::new(Code::AuthRequired, message);
        if token.len() > MAX_TOKEN_BYTES {
            return Err(refused("this is no token of this server"));
        }
        let claims = decode::<Claims>(token, &self.key, &self.validation).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => refused("the token has expired: a new one is needed"),
            _ => refused("this is no token of this server"),
        })?;
        Ok(claims.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> Secret {
        Secret::new([byte; 32]).expect("long enough")
    }

    #[test]
    fn what_is_signed_is_read() {
        let claims = Claims { room: Some("mine".into()), ..Claims::new(Role::Drive, Duration::from_mins(1)) };
        let token = make_token(&secret(1), &claims).expect("signed");
        assert_eq!(Signer::new(&secret(1)).read(&token), Ok(claims));
    }

    #[test]
    fn what_is_not_ours_or_has_expired_is_refused() {
        let signer = Signer::new(&secret(1));
        let good = make_token(&secret(1), &Claims::new(Role::Admin, Duration::from_mins(1))).expect("signed");
        let old = Claims {
            exp: Claims::new(Role::Admin, Duration::ZERO).exp - 1,
            ..Claims::new(Role::Admin, Duration::ZERO)
        };
        let old = make_token(&secret(1), &old).expect("signed");
        assert!(signer.read(&old).expect_err("refused").message.contains("expired"));
        let other = make_token(&secret(2), &Claims::new(Role::Admin, Duration::from_mins(1))).expect("signed");
        // {"alg":"none","typ":"JWT"} before the good claims, without a signature.
        let claims = good.split('.').nth(1).expect("three parts");
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
        let long = "a".repeat(MAX_TOKEN_BYTES + 1);
        for bad in [other.as_str(), &unsigned, "", "a.b.c", &good[..good.len() - 2], &long] {
            assert_eq!(signer.read(bad).expect_err("refused").code, Code::AuthRequired, "{bad}");
        }
    }
}
