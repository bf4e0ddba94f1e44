//! Whatever comes as a token, it is turned down without a fault unless it is signed rightly.
//!
//! `cargo test -p server authentication::fuzz` does some executions, and more with `ORDERCAST_TEST_SCALE`. An execution
//! follows from its number alone: one that failed is done again by `ORDERCAST_TEST_EXECUTION=<its number>`.

use std::{collections::BTreeMap, env, fs, time::Duration};

use fastrand::Rng;
use jsonwebtoken::get_current_timestamp;
use serde_json::{Value, json};

use super::{
    AuthenticationSettings, Authenticator, KeySourceSettings, TokenError, bearer,
    testing::{SigningKey, encode},
};

const EXECUTIONS: u64 = 5_000;

const SECRET: &str = "a secret of a test, which is long enough";

/// What must have happened, or the tokens are not worth much.
const OUTCOMES: [&str; 9] = [
    "Malformed",
    "WrongAlgorithm",
    "WrongSignature",
    "Expired",
    "NoClaim",
    "NoUsername",
    "NoRoles",
    "TooLong",
    "believed",
];

#[test]
fn any_text_is_refused_unless_it_is_signed() {
    let number = |variable: &str| {
        env::var(variable).ok().map(|value| value.parse::<u64>().expect("a number in the environment"))
    };
    let directory = tempfile::tempdir().expect("a directory");
    let keys =
        [SigningKey::secret(SECRET.as_bytes()), SigningKey::rsa(), SigningKey::p256(), SigningKey::ed25519()];
    let authenticator = authenticator(&keys, &directory);
    let mut outcomes = BTreeMap::new();
    let executions = EXECUTIONS * number("ORDERCAST_TEST_SCALE").unwrap_or(1);
    let numbers = number("ORDERCAST_TEST_EXECUTION").map_or(0..executions, |only| only..only + 1);
    let is_whole = numbers.start == 0;
    for number in numbers {
        let failed = Failed(number);
        let outcome = execute(&authenticator, &keys, number);
        std::mem::forget(failed);
        *outcomes.entry(outcome).or_insert(0_u64) += 1;
    }
    eprintln!("{executions} executions: {outcomes:?}");
    for outcome in OUTCOMES.iter().filter(|_| is_whole) {
        assert!(outcomes.keys().any(|happened| happened.starts_with(outcome)), "`{outcome}` never happened");
    }
}

/// Tells how to do an execution again.
struct Failed(u64);

impl Drop for Failed {
    fn drop(&mut self) {
        eprintln!("ORDERCAST_TEST_EXECUTION={} failed", self.0);
    }
}

fn authenticator(keys: &[SigningKey], directory: &tempfile::TempDir) -> Authenticator {
    let file = directory.path().join("keys.json");
    let set: Vec<_> = keys[1..].iter().map(|key| key.jwk(key.algorithm())).collect();
    fs::write(&file, json!({ "keys": set }).to_string()).expect("a file");
    let hour = Duration::from_hours(1);
    let source = KeySourceSettings {
        source: file.to_str().expect("UTF-8").parse().expect("any text"),
        interval: hour,
        pause: hour,
        timeout: hour,
        limit: 100_000,
    };
    let settings = AuthenticationSettings {
        secret: SECRET.parse().ok(),
        keys: Some(source),
        token_limit: 4096,
        ..AuthenticationSettings::default()
    };
    Authenticator::start(&settings).expect("good settings")
}

/// What came of it.
fn execute(authenticator: &Authenticator, keys: &[SigningKey], number: u64) -> String {
    let mut rng = Rng::with_seed(number);
    let key = &keys[rng.usize(0..keys.len())];
    let signed = key.sign_parts(&header(&mut rng, key), &claims(&mut rng));
    let mut token = signed.clone().into_bytes();
    match rng.u8(0..8) {
        0 => token = (0..rng.usize(0..200)).map(|_| rng.u8(..)).collect(),
        1..=3 => mutate(&mut rng, &mut token),
        _ => {}
    }
    let token = String::from_utf8_lossy(&token);
    // By way of a message, as it comes on a socket.
    let payload = json!({ "Authorization": format!("Bearer {token}") });
    let found = bearer::in_payload(&payload);
    match authenticator.identify(found) {
        Ok(identity) => {
            assert_eq!(found, Ok(Some(signed.as_str())), "only what was signed is believed");
            assert!(identity.validity.is_some_and(|validity| !validity.time_left().is_zero()));
            "believed".to_owned()
        }
        Err(TokenError::NoClaim(_)) => "NoClaim".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

fn header(rng: &mut Rng, key: &SigningKey) -> String {
    let algorithms = ["none", "HS256", "HS512", "RS256", "PS256", "ES256", "EdDSA"];
    let algorithm =
        if rng.u8(0..4) > 0 { key.algorithm() } else { algorithms[rng.usize(0..algorithms.len())] };
    let mut header = json!({ "alg": algorithm, "typ": "JWT" });
    match rng.u8(0..8) {
        0 => header["kid"] = json!(algorithms[rng.usize(0..algorithms.len())]),
        1 => header["kid"] = json!(key.algorithm()),
        2 => header["crit"] = json!(["exp"]),
        3 => header["jwk"] = any_value(rng, 3),
        _ => {}
    }
    part(rng, &header)
}

fn claims(rng: &mut Rng) -> String {
    let mut claims = json!({ "sub": "caty88", "exp": get_current_timestamp() + 3600 });
    match rng.u8(0..12) {
        0 => claims["exp"] = json!(get_current_timestamp() - rng.u64(1..1_000_000)),
        1 => claims["exp"] = any_value(rng, 2),
        2 => claims["sub"] = any_value(rng, 2),
        3 => claims["roles"] = any_value(rng, 3),
        4 => claims["aud"] = any_value(rng, 2),
        5 => claims["nbf"] = any_value(rng, 2),
        6 => claims = any_value(rng, 4),
        7 => claims["more"] = json!("x".repeat(rng.usize(0..5000))),
        _ => {}
    }
    part(rng, &claims)
}

/// Encodes a part, now and then spoilt. What is signed is signed as it is.
fn part(rng: &mut Rng, value: &Value) -> String {
    let mut json = value.to_string().into_bytes();
    if rng.u8(0..20) == 0 {
        mutate(rng, &mut json);
    }
    encode(json)
}

fn any_value(rng: &mut Rng, depth: u8) -> Value {
    match rng.u8(0..if depth > 0 { 9 } else { 7 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.u64(..)),
        3 => json!(rng.i64(..)),
        4 => json!(rng.f64() * 1e300),
        5 => json!(["staff", "", "caty88", "\u{0}\u{1f980}"][rng.usize(0..4)]),
        6 => json!(rng.u8(..).to_string()),
        7 => (0..rng.usize(0..3)).map(|_| any_value(rng, depth - 1)).collect(),
        _ => json!({ "kty": any_value(rng, depth - 1), "sub": any_value(rng, depth - 1) }),
    }
}

/// Spoils a few places.
fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..=3) {
        let at = rng.usize(0..=bytes.len());
        let end = (at + rng.usize(0..8)).min(bytes.len());
        match rng.u8(0..5) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(0..8),
            1 if at < bytes.len() => bytes[at] = rng.u8(..),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            _ => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
}
