//! Who a client is: what transports take from its token (RFC 7519), and for how long that holds.
//!
//! `bearer` finds the token in headers and messages. An [`Authenticator`] verifies it by the rules of `token` and with the
//! keys of a `key_set`, which is the shared secret's and what `key_source` reads again and again in `refresh`. Signatures
//! are `ring`'s, by way of `crypto`.

mod authenticator;
pub(crate) mod bearer;
mod crypto;
#[cfg(test)]
mod fuzz;
mod identity;
mod issue;
mod key_set;
mod key_source;
mod refresh;
mod secret;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

pub(crate) use self::{
    authenticator::Authenticator,
    identity::{Identity, Validity},
    issue::{Role, TokenRequest, issue},
    key_set::KeySet,
    key_source::KeySource,
    secret::Secret,
    token::TokenError,
};

/// What tokens have to be. Each is a setting.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthenticationSettings {
    /// What tokens of the algorithm HS256 are signed by.
    pub(crate) secret: Option<Secret>,
    /// Where the public keys of other tokens are.
    pub(crate) keys: Option<KeySourceSettings>,
    /// What a token must name as its issuer, `iss`.
    pub(crate) issuer: Option<String>,
    /// What a token must have among its audience, `aud`. Without it, tokens for an audience are refused (RFC 7519, section
    /// 4.1.3).
    pub(crate) audience: Option<String>,
    /// How far clocks may be apart.
    pub(crate) leeway: Duration,
    /// The most bytes of a token.
    pub(crate) token_limit: usize,
    /// How long before a token ends the client of a WebSocket is told so.
    pub(crate) warning: Duration,
}

/// Where public keys are, and how they are read. Each is a setting.
#[derive(Clone, Debug)]
pub(crate) struct KeySourceSettings {
    /// A file or a URL.
    pub(crate) source: KeySource,
    /// How often it is read.
    pub(crate) interval: Duration,
    /// How soon it may be read again for a key that is not known.
    pub(crate) pause: Duration,
    /// How long reading may take.
    pub(crate) timeout: Duration,
    /// The most bytes of it.
    pub(crate) limit: usize,
}

impl AuthenticationSettings {
    /// Whether clients are asked who they are.
    pub(crate) fn is_on(&self) -> bool {
        self.secret.is_some() || self.keys.is_some()
    }
}
