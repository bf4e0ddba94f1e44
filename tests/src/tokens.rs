use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};

/// What servers of tests verify tokens by.
pub const SECRET: &str = "a secret of tests, which is long enough";

/// A key that signs tokens.
pub struct TokenKey(Kind);

enum Kind {
    Secret(hmac::Key),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl TokenKey {
    /// A secret that both sides know.
    pub fn secret(secret: &str) -> Self {
        Self(Kind::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())))
    }

    /// A new key for ES256.
    pub fn p256() -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("a key");
        Self(Kind::P256(EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).expect("a key")))
    }

    /// A new key for EdDSA.
    pub fn ed25519() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self(Kind::Ed25519(Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key")))
    }

    /// The public half as a JSON Web Key of that name.
    pub fn jwk(&self, kid: &str) -> Value {
        match &self.0 {
            Kind::Secret(_) => panic!("a secret has no public half"),
            Kind::P256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({ "kid": kid, "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
            }
            Kind::Ed25519(key) => {
                json!({ "kid": kid, "kty": "OKP", "crv": "Ed25519", "x": encode(key.public_key()) })
            }
        }
    }

    /// A token of the key's own algorithm.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&json!({ "alg": self.algorithm() }), claims)
    }

    /// The same, which names the key.
    pub fn token_named(&self, kid: &str, claims: &Value) -> String {
        self.sign(&json!({ "alg": self.algorithm(), "kid": kid }), claims)
    }

    /// A token with any header.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = match &self.0 {
            Kind::Secret(key) => encode(hmac::sign(key, message.as_bytes())),
            Kind::P256(key) => {
                encode(key.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature"))
            }
            Kind::Ed25519(key) => encode(key.sign(message.as_bytes())),
        };
        format!("{message}.{signature}")
    }

    fn algorithm(&self) -> &'static str {
        match self.0 {
            Kind::Secret(_) => "HS256",
            Kind::P256(_) => "ES256",
            Kind::Ed25519(_) => "EdDSA",
        }
    }
}

/// The claims of a customer's token that is good for so many seconds.
pub fn claims(username: &str, seconds: u64) -> Value {
    json!({ "sub": username, "exp": now() + seconds })
}

/// The time as tokens have it.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
