//! Which tokens are believed, and what is told of those that are not.

mod claims;
mod keys;

use std::{fs, time::Duration};

use domain::{Username, Viewer};
use jsonwebtoken::get_current_timestamp;
use serde_json::{Value, json};

use super::{
    AuthenticationSettings, Authenticator, Identity, KeySourceSettings, Secret, TokenError,
    testing::SigningKey,
};

const SECRET: &str = "a secret of a test, which is long enough";

fn settings() -> AuthenticationSettings {
    let secret: Result<Secret, _> = SECRET.parse();
    AuthenticationSettings {
        secret: secret.ok(),
        leeway: Duration::from_secs(5),
        token_limit: 8192,
        ..AuthenticationSettings::default()
    }
}

/// Settings with these public keys, in a file of the directory.
fn settings_with(keys: &[Value], directory: &tempfile::TempDir) -> AuthenticationSettings {
    let file = directory.path().join("keys.json");
    fs::write(&file, json!({ "keys": keys }).to_string()).expect("a file");
    let second = Duration::from_secs(1);
    let source = KeySourceSettings {
        source: file.to_str().expect("UTF-8").parse().expect("any text"),
        interval: Duration::from_hours(1),
        pause: second,
        timeout: second,
        limit: 100_000,
    };
    AuthenticationSettings { keys: Some(source), ..settings() }
}

fn secret() -> SigningKey {
    SigningKey::secret(SECRET.as_bytes())
}

fn in_an_hour() -> u64 {
    get_current_timestamp() + 3600
}

/// The claims of a customer's token.
fn claims() -> Value {
    json!({ "sub": "caty88", "exp": in_an_hour() })
}

/// The same, with some of them changed; those that are null are left out.
fn claims_with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims
}

fn customer() -> Viewer {
    Viewer::Customer { username: Username::parse("caty88").expect("a username") }
}

fn start(settings: &AuthenticationSettings) -> Authenticator {
    Authenticator::start(settings).expect("good settings")
}

fn viewer(authenticator: &Authenticator, token: &str) -> Result<Viewer, TokenError> {
    authenticator.identify(Ok(Some(token))).map(|identity| identity.viewer)
}

#[test]
fn without_authentication_everyone_is_staff_whatever_they_send() {
    let authenticator = start(&AuthenticationSettings::default());
    for bearer in [Ok(None), Ok(Some("nonsense")), Err(TokenError::NoBearer), Err(TokenError::Several)] {
        assert_eq!(authenticator.identify(bearer), Ok(Identity::of_everyone()), "{bearer:?}");
    }
}

#[test]
fn a_client_that_says_nothing_is_asked_to() {
    assert_eq!(start(&settings()).identify(Ok(None)), Err(TokenError::Missing));
}

#[test]
fn every_reason_fits_into_a_close_frame_and_a_header() {
    use TokenError::{
        Expired, Malformed, Missing, NoBearer, NoClaim, NoRoles, NoUsername, NotYetValid, OfAnother, Revoked,
        Several, TooLong, UnknownKey, WrongAlgorithm, WrongAudience, WrongIssuer, WrongSignature,
    };
    for error in [
        Expired,
        Malformed,
        Missing,
        NoBearer,
        NoClaim("exp"),
        NoRoles,
        NoUsername,
        NotYetValid,
        OfAnother,
        Revoked,
        Several,
        TooLong,
        UnknownKey,
        WrongAlgorithm,
        WrongAudience,
        WrongIssuer,
        WrongSignature,
    ] {
        let text = error.to_string();
        let is_quotable = text.chars().all(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'));
        assert!(text.len() <= 123 && is_quotable, "{text}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", settings());
    assert!(!shown.contains("secret of a test"), "{shown}");
}
