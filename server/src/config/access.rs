//! Who may do what: settings. `crate::access` judges by them.

use std::fmt;
use std::str::FromStr;

use super::pages::{AllowedHost, AllowedOrigin};
use super::{Role, UnknownRole};

/// Who may do what on a server.
#[derive(Debug, Clone, Default)]
pub struct AccessConfig {
    /// What tokens are signed with; one that nobody knows is drawn if none is given.
    pub secret: Option<Secret>,
    /// What those without a token may do.
    pub anonymous: Anonymous,
    /// Pages that may use the server, beside its own.
    pub allow_origins: Vec<AllowedOrigin>,
    /// Whether all requests come through a proxy, which names their addresses in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Names by which a server on a loopback address may be called, as by a proxy.
    pub allow_hosts: Vec<AllowedHost>,
}

/// What those without a token may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Everything on a loopback address, nothing elsewhere.
    #[default]
    ByAddress,
    /// Nothing.
    Nothing,
    /// What this role may.
    May(Role),
}

impl FromStr for Anonymous {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        if name == "none" { Ok(Self::Nothing) } else { name.parse().map(Self::May) }
    }
}

/// The key that tokens are signed with. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The least length, bytes: as long as the hash that signs (RFC 7518, 3.2).
    const MIN_BYTES: usize = 32;

    /// A secret of 32 bytes or more.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, SecretError> {
        let bytes = bytes.into();
        if bytes.len() < Self::MIN_BYTES { Err(SecretError) } else { Ok(Self(bytes)) }
    }

    /// A secret that nobody knows.
    #[must_use]
    pub fn random() -> Self {
        Self(Self::random_text().into_bytes())
    }

    /// The same, to be kept in a file.
    #[must_use]
    pub fn random_text() -> String {
        // 122 random bits each.
        (0..3).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A secret that is too short to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret has at least {} bytes", Secret::MIN_BYTES)]
pub struct SecretError;
