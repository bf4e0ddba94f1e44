//! The four algorithms that tokens may be signed by, as `ring` has them: it is there already for TLS, so that there is one
//! library of cryptography.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result, new_error},
    signature::{Error, Signer, Verifier},
};
use ring::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
        UnparsedPublicKey, VerificationAlgorithm,
    },
};

/// Has the library use `ring`. Once is enough, and more does nothing.
pub(super) fn install() {
    // An error tells that it is there already.
    let _ = PROVIDER.install_default();
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // Only what makes key sets needs them.
    key_utils: KeyUtils::new_unimplemented(),
};

/// HS256.
struct Hmac(hmac::Key);

/// RS256.
struct Rsa(RsaPublicKeyComponents<Vec<u8>>);

/// ES256, or EdDSA with Ed25519.
struct Point(Algorithm, UnparsedPublicKey<Vec<u8>>);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as the library calls it")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hmac::new(key.as_bytes()))),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    }
}

/// What verifies that algorithm with the key, which must be one of that algorithm.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as the library calls it")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    use DecodingKeyKind::{RsaModulusExponent, SecretOrDer};
    let point = |how: &'static dyn VerificationAlgorithm, point: &[u8]| {
        Box::new(Point(*algorithm, UnparsedPublicKey::new(how, point.to_vec())))
    };
    match (algorithm, key.family(), key.kind()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac, SecretOrDer(secret)) => Ok(Box::new(Hmac::new(secret))),
        (Algorithm::RS256, AlgorithmFamily::Rsa, RsaModulusExponent { n, e }) => {
            Ok(Box::new(Rsa(RsaPublicKeyComponents { n: n.clone(), e: e.clone() })))
        }
        (Algorithm::ES256, AlgorithmFamily::Ec, SecretOrDer(key)) => Ok(point(&ECDSA_P256_SHA256_FIXED, key)),
        (Algorithm::EdDSA, AlgorithmFamily::Ed, SecretOrDer(key)) => Ok(point(&ED25519, key)),
        _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
    }
}

impl Hmac {
    fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }
}

impl Signer<Vec<u8>> for Hmac {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hmac {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| Error::new())
    }
}

impl Verifier<Vec<u8>> for Rsa {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).map_err(|_| Error::new())
    }
}

impl Verifier<Vec<u8>> for Point {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.1.verify(message, signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for Hmac {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hmac {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Rsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl JwtVerifier for Point {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}
