//! Which tokens are believed, and what is told of those that are not.

use std::{fs, time::Duration};

use domain::{Username, Viewer};
use jsonwebtoken::get_current_timestamp;
use serde_json::{Value, json};

use super::{
    AuthenticationSettings, Authenticator, Identity, KeySourceSettings, Secret, TokenError,
    testing::{SigningKey, encode},
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
fn tokens_of_each_algorithm_are_believed() {
    let directory = tempfile::tempdir().expect("a directory");
    let keys = [SigningKey::rsa(), SigningKey::p256(), SigningKey::ed25519()];
    let set: Vec<_> = keys.iter().map(|key| key.jwk(key.algorithm())).collect();
    let authenticator = start(&settings_with(&set, &directory));
    for key in keys.into_iter().chain([secret()]) {
        let name = key.algorithm();
        assert_eq!(
            viewer(&authenticator, &key.token(&claims())),
            Ok(customer()),
            "{name} without a key's name"
        );
        let header = json!({ "alg": name, "kid": name, "typ": "at+jwt" });
        assert_eq!(viewer(&authenticator, &key.sign(&header, &claims())), Ok(customer()), "{name}");
    }
}

#[test]
fn roles_make_staff() {
    let authenticator = start(&settings());
    let staff = Viewer::Staff { username: Username::parse("caty88").ok() };
    for (roles, expected) in [
        (json!(null), Ok(customer())),
        (json!([]), Ok(customer())),
        (json!(["customer", "Staff", "admin"]), Ok(customer())),
        (json!(["staff"]), Ok(staff.clone())),
        (json!(["a", "staff"]), Ok(staff)),
        (json!("staff"), Err(TokenError::NoRoles)),
        (json!({ "staff": true }), Err(TokenError::NoRoles)),
        (json!(["staff", 1]), Err(TokenError::NoRoles)),
        (json!(true), Err(TokenError::NoRoles)),
    ] {
        let token = secret().token(&claims_with(&json!({ "roles": roles })));
        assert_eq!(viewer(&authenticator, &token), expected, "{roles}");
    }
}

#[test]
fn claims_that_do_not_hold_are_named() {
    let authenticator = start(&settings());
    let now = get_current_timestamp();
    for (changes, error) in [
        (json!({ "exp": now - 60 }), TokenError::Expired),
        (json!({ "exp": 0 }), TokenError::Expired),
        (json!({ "exp": null }), TokenError::NoClaim("exp")),
        (json!({ "exp": (now + 60).to_string() }), TokenError::NoClaim("exp")),
        (json!({ "exp": -1 }), TokenError::NoClaim("exp")),
        (json!({ "exp": 1e300 }), TokenError::NoClaim("exp")),
        (json!({ "nbf": now + 60 }), TokenError::NotYetValid),
        (json!({ "nbf": "now" }), TokenError::NoClaim("nbf")),
        (json!({ "aud": "shop" }), TokenError::WrongAudience),
        (json!({ "sub": null }), TokenError::NoClaim("sub")),
        (json!({ "sub": 88 }), TokenError::NoClaim("sub")),
        (json!({ "sub": ["caty88"] }), TokenError::Malformed),
        (json!({ "sub": "" }), TokenError::NoUsername),
        (json!({ "sub": "caty 88" }), TokenError::NoUsername),
        (json!({ "sub": "x".repeat(65) }), TokenError::NoUsername),
        (json!({ "sub": "caty88\u{0}" }), TokenError::NoUsername),
    ] {
        assert_eq!(viewer(&authenticator, &secret().token(&claims_with(&changes))), Err(error), "{changes}");
    }
    for changes in [
        json!({ "exp": now - 1 }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": now.to_string().parse::<f64>().expect("a number") + 60.5 }),
        json!({ "nbf": now + 1 }),
        json!({ "iat": now + 3600, "jti": "1", "iss": "anyone" }),
    ] {
        assert_eq!(
            viewer(&authenticator, &secret().token(&claims_with(&changes))),
            Ok(customer()),
            "{changes}"
        );
    }
}

#[test]
fn issuer_and_audience_are_what_the_settings_say() {
    let authenticator = start(&AuthenticationSettings {
        issuer: Some("https://login.example".to_owned()),
        audience: Some("ordercast".to_owned()),
        ..settings()
    });
    let good = json!({ "iss": "https://login.example", "aud": "ordercast" });
    for (changes, expected) in [
        (json!({}), Ok(customer())),
        (json!({ "aud": ["shop", "ordercast"] }), Ok(customer())),
        (json!({ "iss": null }), Err(TokenError::NoClaim("iss"))),
        (json!({ "iss": "https://login.example/" }), Err(TokenError::WrongIssuer)),
        (json!({ "aud": null }), Err(TokenError::NoClaim("aud"))),
        (json!({ "aud": "Ordercast" }), Err(TokenError::WrongAudience)),
        (json!({ "aud": [] }), Err(TokenError::WrongAudience)),
        (json!({ "aud": ["shop"] }), Err(TokenError::WrongAudience)),
        (json!({ "aud": 1 }), Err(TokenError::NoClaim("aud"))),
    ] {
        let mut all = good.clone();
        all.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        assert_eq!(viewer(&authenticator, &secret().token(&claims_with(&all))), expected, "{changes}");
    }
}

#[test]
fn the_key_says_which_algorithm_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let (rsa, p256, ed25519) = (SigningKey::rsa(), SigningKey::p256(), SigningKey::ed25519());
    let public = rsa.jwk("rsa");
    let authenticator =
        start(&settings_with(&[public.clone(), p256.jwk("ec"), ed25519.jwk("ed")], &directory));
    let modulus = public["n"].as_str().expect("a number");
    let none = encode(json!({ "alg": "none" }).to_string());
    let payload = encode(claims().to_string());
    let mut refused = vec![
        format!("{none}.{payload}."),
        format!("{}.{payload}.", encode(json!({ "alg": "HS256" }).to_string())),
        // HS256 by what everybody knows of the RSA key, in whatever form.
        SigningKey::secret(modulus.as_bytes()).token(&claims()),
        SigningKey::secret(public.to_string().as_bytes()).token(&claims()),
        SigningKey::secret(modulus.as_bytes()).sign(&json!({ "alg": "HS256", "kid": "rsa" }), &claims()),
        // By another's key, which the token brings along.
        SigningKey::ed25519().sign(
            &json!({ "alg": "EdDSA", "jwk": ed25519.jwk("ed"), "jku": "https://evil.example/keys" }),
            &claims(),
        ),
        SigningKey::p256().sign(&json!({ "alg": "ES256", "kid": "ec" }), &claims()),
        SigningKey::secret(&[b'x'; 32]).token(&claims()),
        SigningKey::secret(b"").token(&claims()),
    ];
    for algorithm in
        ["HS256", "HS384", "HS512", "RS384", "RS512", "PS256", "ES384", "EdDSA", "none", "None", "", "RS256 "]
    {
        for kid in [None, Some("rsa"), Some("ec"), Some("ed")] {
            let mut header = json!({ "alg": algorithm, "kid": kid });
            header.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
            refused.extend([&rsa, &p256].map(|key| key.sign(&header, &claims())));
            if algorithm != "EdDSA" {
                refused.push(ed25519.sign(&header, &claims()));
            }
        }
    }
    for token in refused {
        let error = viewer(&authenticator, &token).expect_err(&token);
        let expected = [TokenError::WrongAlgorithm, TokenError::WrongSignature, TokenError::Malformed];
        assert!(expected.contains(&error), "{error:?}: {token}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let authenticator = start(&settings());
    let good = secret().token(&claims());
    let (header, rest) = good.split_once('.').expect("parts");
    let critical = json!({ "alg": "HS256", "crit": ["b64"], "b64": false });
    for (token, error) in [
        (String::new(), TokenError::Malformed),
        ("nonsense".to_owned(), TokenError::Malformed),
        ("a.b.c".to_owned(), TokenError::Malformed),
        ("..".to_owned(), TokenError::Malformed),
        (header.to_owned(), TokenError::Malformed),
        (format!("{good}.{good}"), TokenError::Malformed),
        (format!("{header}={}.{rest}", ""), TokenError::Malformed),
        (format!("{good}="), TokenError::Malformed),
        (good[..good.len() - 1].to_owned(), TokenError::Malformed),
        (secret().sign(&critical, &claims()), TokenError::Malformed),
        (secret().sign_parts(header, &encode("[]")), TokenError::Malformed),
        (secret().sign_parts(header, &encode("\"caty88\"")), TokenError::Malformed),
        (secret().sign_parts(header, &encode("[".repeat(5000))), TokenError::Malformed),
        (
            secret().sign_parts(header, &encode(r#"{"sub":"joe","sub":"caty88","exp":9999999999}"#)),
            TokenError::Malformed,
        ),
        (secret().sign_parts(header, "\u{f6}"), TokenError::Malformed),
        ("x".repeat(8193), TokenError::TooLong),
        (format!("{header}.{}", "y".repeat(100 * 1024)), TokenError::TooLong),
    ] {
        assert_eq!(viewer(&authenticator, &token), Err(error), "{token}");
    }
    assert_eq!(viewer(&authenticator, &good), Ok(customer()));
}

#[test]
fn keys_that_are_not_for_this_are_left_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let (good, other) = (SigningKey::ed25519(), SigningKey::p256());
    let shared = SigningKey::secret(&[b'k'; 40]);
    let with = |name: &str, value: Value| {
        let mut key = other.jwk("other");
        key[name] = value;
        key
    };
    for unusable in [
        with("use", json!("enc")),
        with("key_ops", json!(["encrypt"])),
        with("alg", json!("ES384")),
        with("crv", json!("P-384")),
        with("x", json!("AA")),
        with("kty", json!("XX")),
        shared.jwk("other"),
        json!({ "kty": "RSA", "kid": "other", "n": encode([0xff; 128]), "e": "AQAB" }),
        json!("key"),
    ] {
        let authenticator = start(&settings_with(&[unusable.clone(), good.jwk("good")], &directory));
        assert_eq!(viewer(&authenticator, &good.token(&claims())), Ok(customer()), "{unusable}");
        for key in [&other, &shared] {
            assert!(viewer(&authenticator, &key.token(&claims())).is_err(), "{unusable}");
        }
        assert!(Authenticator::start(&settings_with(&[unusable], &directory)).is_err(), "no key is left");
    }
    for text in ["", "{", "[]", "{}", r#"{"keys":{}}"#] {
        let settings = settings_with(&[], &directory);
        fs::write(directory.path().join("keys.json"), text).expect("a file");
        let error = Authenticator::start(&settings).err().map(|error| format!("{error:#}")).expect(text);
        assert!(error.contains("ORDERCAST_JWKS") && error.contains("keys.json"), "{text}: {error}");
    }
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
