use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::ValueEnum;
use domain::Username;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;

use super::{AuthenticationSettings, crypto, token::STAFF};

/// The token that is asked for.
pub(crate) struct TokenRequest {
    /// Whose.
    pub(crate) username: Username,
    /// Beyond those of a customer.
    pub(crate) roles: Vec<Role>,
    /// For how long.
    pub(crate) expires: Duration,
}

/// What a user may be beside a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Sees and changes everything.
    Staff,
}

#[derive(Serialize)]
struct Claims<'r> {
    sub: &'r str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'static str>,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'r str>,
}

/// Signs a token by the secret, such that a server of the same settings takes it.
pub(crate) fn issue(settings: &AuthenticationSettings, request: &TokenRequest) -> anyhow::Result<String> {
    let secret = settings.secret.as_ref();
    let secret = secret.context("a token is signed by ORDERCAST_JWT_SECRET, which is not set")?;
    crypto::install();
    let iat = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    let claims = Claims {
        sub: request.username.as_str(),
        roles: request.roles.iter().map(|Role::Staff| STAFF).collect(),
        iat,
        exp: iat.saturating_add(request.expires.as_secs()),
        iss: settings.issuer.as_deref(),
        aud: settings.audience.as_deref(),
    };
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes()))?)
}
