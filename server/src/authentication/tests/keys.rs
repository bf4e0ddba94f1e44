//! Which keys are used, and with which algorithm.

use std::fs;

use serde_json::{Value, json};

use super::{claims, customer, secret, settings_with, start, viewer};
use crate::authentication::{
    Authenticator, TokenError,
    testing::{SigningKey, encode},
};

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
