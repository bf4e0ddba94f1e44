use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::Value;

use super::Secret;

/// The keys that tokens are verified by at a time.
pub(crate) struct KeySet(Vec<Key>);

/// Tells keys apart, whatever they are called: the beginning of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyId(u64);

/// One of them.
pub(super) struct Key {
    pub(super) id: KeyId,
    /// Its name in the tokens that it signed. The shared secret has none.
    name: Option<String>,
    /// The only algorithm that it is used with, whatever a token names (RFC 8725, section 3.1).
    pub(super) algorithm: Algorithm,
    pub(super) verifies: DecodingKey,
    is_secret: bool,
}

/// The most keys of a set. Each may be tried for a token that names none.
const MOST_KEYS: usize = 64;

/// A JSON Web Key Set (RFC 7517, section 5).
#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

impl KeySet {
    /// The secret alone, if there is one.
    pub(super) fn of_secret(secret: Option<&Secret>) -> Self {
        let key = |secret: &Secret| Key {
            id: KeyId::of(Algorithm::HS256, &[secret.as_bytes()]),
            name: None,
            algorithm: Algorithm::HS256,
            verifies: DecodingKey::from_secret(secret.as_bytes()),
            is_secret: true,
        };
        Self(secret.map(key).into_iter().collect())
    }

    /// The secret, and those keys of a JSON Web Key Set that verify signatures; the others are left out, and named.
    pub(super) fn with_keys(secret: Option<&Secret>, json: &[u8]) -> anyhow::Result<Self> {
        let Jwks { keys } = serde_json::from_slice(json)?;
        anyhow::ensure!(keys.len() <= MOST_KEYS, "it has {} keys, more than {MOST_KEYS}", keys.len());
        let Self(mut all) = Self::of_secret(secret);
        for key in keys {
            let name = key["kid"].as_str().map(str::to_owned);
            match Key::parse(key) {
                Ok(key) => all.push(key),
                Err(reason) => tracing::warn!(kid = ?name, reason, "a key of the set is left out"),
            }
        }
        Ok(Self(all))
    }

    /// How many public keys it has.
    pub(super) fn public_keys(&self) -> usize {
        self.0.iter().filter(|key| !key.is_secret).count()
    }

    /// Those that may have signed a token that names `kid`, or none.
    pub(super) fn candidates(&self, kid: Option<&str>) -> impl Iterator<Item = &Key> {
        let may = move |key: &&Key| {
            key.is_secret || kid.is_none() || key.name.is_none() || key.name.as_deref() == kid
        };
        self.0.iter().filter(may)
    }

    /// Whether one of them has that name.
    pub(super) fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.name.as_deref() == Some(kid))
    }

    /// Whether that key is in use.
    pub(crate) fn contains(&self, id: KeyId) -> bool {
        self.0.iter().any(|key| key.id == id)
    }
}

impl Key {
    /// A key of a JSON Web Key Set that verifies RS256, ES256 or EdDSA; why it does not, otherwise.
    fn parse(json: Value) -> Result<Self, &'static str> {
        let key: Jwk =
            serde_json::from_value(json).map_err(|_| "it is no JSON Web Key that is understood here")?;
        let (algorithm, named) = match &key.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            AlgorithmParameters::OctetKey(_) => {
                return Err("a shared secret does not belong into a set of public keys");
            }
            _ => return Err("its type or curve is not one of RS256, ES256 and EdDSA"),
        };
        let common = &key.common;
        if common.key_algorithm.is_some_and(|algorithm| algorithm != named) {
            return Err("its algorithm is not one of RS256, ES256 and EdDSA");
        }
        let is_for_signatures =
            common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
                && common.key_operations.as_ref().is_none_or(|list| list.contains(&KeyOperations::Verify));
        if !is_for_signatures {
            return Err("it is not for signatures");
        }
        let verifies = DecodingKey::from_jwk(&key).map_err(|_| "its numbers cannot be read")?;
        Ok(Self {
            id: material(algorithm, &verifies)?,
            name: common.key_id.clone(),
            algorithm,
            verifies,
            is_secret: false,
        })
    }
}

/// The key's id, if its numbers are as large as they must be.
fn material(algorithm: Algorithm, key: &DecodingKey) -> Result<KeyId, &'static str> {
    use jsonwebtoken::DecodingKeyKind::{RsaModulusExponent, SecretOrDer};
    match (algorithm, key.kind()) {
        (Algorithm::RS256, RsaModulusExponent { n, e }) => {
            let length = n.iter().skip_while(|byte| **byte == 0).count();
            match length {
                256..=1024 => Ok(KeyId::of(algorithm, &[n, e])),
                _ => Err("an RSA key must have 2048 to 8192 bits"),
            }
        }
        (Algorithm::ES256, SecretOrDer(point)) if point.len() == 65 => Ok(KeyId::of(algorithm, &[point])),
        (Algorithm::EdDSA, SecretOrDer(point)) if point.len() == 32 => Ok(KeyId::of(algorithm, &[point])),
        _ => Err("its numbers are not as long as they must be"),
    }
}

impl KeyId {
    fn of(algorithm: Algorithm, material: &[&[u8]]) -> Self {
        let hash = digest(&SHA256, &[format!("{algorithm:?}").as_bytes(), &material.concat()].concat());
        let (first, _) = hash.as_ref().split_first_chunk::<8>().expect("a hash of 32 bytes");
        Self(u64::from_be_bytes(*first))
    }
}
