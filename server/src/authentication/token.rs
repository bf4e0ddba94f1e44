use std::time::Duration;

use domain::{Username, Viewer};
use jsonwebtoken::{
    Algorithm, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
};
use serde::Deserialize;
use serde_json::Value;

use super::{AuthenticationSettings, Identity, KeySet, Validity, key_set::Key};

/// The role that makes staff of a user.
pub(super) const STAFF: &str = "staff";

/// Why a client is not let in. Clients are told so, in less than the 123 bytes of a close frame's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("Authentication required: send a token as `Authorization: Bearer ..`")]
    Missing,
    #[error("`Authorization` must be `Bearer` and a token")]
    NoBearer,
    #[error("`Authorization` came more than once")]
    Several,
    #[error("The token is longer than this server takes")]
    TooLong,
    #[error("The token is no JWT that is understood here")]
    Malformed,
    #[error("The token is signed by another algorithm than its key's")]
    WrongAlgorithm,
    #[error("The token is signed by a key that is not in use")]
    UnknownKey,
    #[error("The token's signature is wrong")]
    WrongSignature,
    #[error("The token has expired")]
    Expired,
    #[error("The token is not valid yet")]
    NotYetValid,
    #[error("The token has no `{0}` of the right type")]
    NoClaim(&'static str),
    #[error("The token is of another issuer")]
    WrongIssuer,
    #[error("The token is for another audience")]
    WrongAudience,
    #[error("The token's `sub` is no username")]
    NoUsername,
    #[error("The token's `roles` are no list of names")]
    NoRoles,
    #[error("The token's key is no longer in use")]
    Revoked,
    #[error("The token is another user's, or gives other rights")]
    OfAnother,
}

/// What tokens have to be.
pub(super) struct TokenRules {
    validation: Validation,
    leeway: u64,
    limit: usize,
}

/// What a token says. Types are looked at one by one, so that the wrong one is named.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Value,
    #[serde(default)]
    roles: Value,
    #[serde(default)]
    exp: Value,
}

impl TokenError {
    /// Whether the client sent nothing that this server takes for a token.
    pub(crate) fn is_missing(self) -> bool {
        matches!(self, Self::Missing | Self::NoBearer)
    }
}

impl TokenRules {
    pub(super) fn new(settings: &AuthenticationSettings) -> Self {
        let leeway = settings.leeway.as_secs();
        // The algorithm is each key's own.
        let mut validation = Validation::new(Algorithm::HS256);
        let mut required = vec!["exp"];
        validation.leeway = leeway;
        validation.validate_nbf = true;
        if let Some(issuer) = &settings.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        if let Some(audience) = &settings.audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        Self { validation, leeway, limit: settings.token_limit }
    }

    /// Who a token says that its bearer is. Only keys of the set decide which algorithm that takes.
    pub(super) fn verify(&self, token: &str, keys: &KeySet) -> Result<Identity, TokenError> {
        if token.len() > self.limit {
            return Err(TokenError::TooLong);
        }
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        // What must be understood is not (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let mut refused = TokenError::UnknownKey;
        for key in keys.candidates(header.kid.as_deref()) {
            match self.verify_with(token, key) {
                Err(TokenError::WrongAlgorithm) if refused == TokenError::WrongSignature => {}
                Err(error @ (TokenError::WrongSignature | TokenError::WrongAlgorithm)) => refused = error,
                verified => return verified,
            }
        }
        let is_known = header.kid.is_none_or(|kid| keys.has(&kid));
        Err(if is_known { refused } else { TokenError::UnknownKey })
    }

    fn verify_with(&self, token: &str, key: &Key) -> Result<Identity, TokenError> {
        let mut validation = self.validation.clone();
        validation.algorithms = vec![key.algorithm];
        let token = decode::<Claims>(token, &key.verifies, &validation).map_err(|error| reason(&error))?;
        let Claims { sub, roles, exp } = token.claims;
        let sub = sub.as_str().ok_or(TokenError::NoClaim("sub"))?;
        let username = Username::parse(sub).map_err(|_| TokenError::NoUsername)?;
        let ends = seconds(&exp).ok_or(TokenError::NoClaim("exp"))?.saturating_add(self.leeway);
        let validity = Validity::new(ends, key.id);
        // It must be before that time (RFC 7519, section 4.1.4). The library lets the second pass.
        if validity.time_left().is_zero() {
            return Err(TokenError::Expired);
        }
        let viewer = if is_staff(&roles)? {
            Viewer::Staff { username: Some(username) }
        } else {
            Viewer::Customer { username }
        };
        Ok(Identity { viewer, validity: Some(validity) })
    }
}

fn reason(error: &Error) -> TokenError {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::WrongSignature,
        ErrorKind::InvalidAlgorithm => TokenError::WrongAlgorithm,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYetValid,
        ErrorKind::InvalidIssuer => TokenError::WrongIssuer,
        ErrorKind::InvalidAudience => TokenError::WrongAudience,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => {
            let known = ["exp", "nbf", "iss", "aud"].into_iter().find(|known| known == claim);
            known.map_or(TokenError::Malformed, TokenError::NoClaim)
        }
        _ => TokenError::Malformed,
    }
}

/// A time as tokens have it: seconds since 1970, which need not be whole (RFC 7519, section 2).
fn seconds(time: &Value) -> Option<u64> {
    time.as_u64().or_else(|| {
        let seconds = Duration::try_from_secs_f64(time.as_f64()?).ok()?;
        Some(seconds.as_secs())
    })
}

fn is_staff(roles: &Value) -> Result<bool, TokenError> {
    match roles {
        Value::Null => Ok(false),
        Value::Array(roles) if roles.iter().all(Value::is_string) => {
            Ok(roles.iter().any(|role| role.as_str() == Some(STAFF)))
        }
        _ => Err(TokenError::NoRoles),
    }
}
