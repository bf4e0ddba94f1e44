use std::{sync::Arc, time::Duration};

use anyhow::Context;
use futures_util::{FutureExt, future, future::BoxFuture};
use tokio::{sync::watch, time::sleep};

use super::{
    AuthenticationSettings, Identity, KeySet, TokenError, crypto, refresh::Refresh, token::TokenRules,
};

/// Tells who clients are. Every transport asks the same one.
pub(crate) struct Authenticator(Option<Verification>);

/// Of a server with authentication.
struct Verification {
    rules: TokenRules,
    keys: watch::Receiver<Arc<KeySet>>,
    refresh: Option<Refresh>,
    warning: Duration,
    /// Holds the keys where nobody changes them.
    _unchanged: Option<watch::Sender<Arc<KeySet>>>,
}

impl Authenticator {
    /// Starts verifying, with a key set that was read. Without a secret and a key set everyone is staff.
    pub(crate) fn start(settings: &AuthenticationSettings) -> anyhow::Result<Self> {
        if !settings.is_on() {
            return Ok(Self(None));
        }
        crypto::install();
        let (refresh, keys, unchanged) = if let Some(source) = &settings.keys {
            let started = Refresh::start(source.clone(), settings.secret.clone());
            let (refresh, keys) = started.with_context(|| format!("ORDERCAST_JWKS is {}", source.source))?;
            (Some(refresh), keys, None)
        } else {
            let secret = KeySet::of_secret(settings.secret.as_ref());
            let (unchanged, keys) = watch::channel(Arc::new(secret));
            (None, keys, Some(unchanged))
        };
        let rules = TokenRules::new(settings);
        let warning = settings.warning;
        Ok(Self(Some(Verification { rules, keys, refresh, warning, _unchanged: unchanged })))
    }

    /// Who a client is, by what it sent as its token. Without authentication nothing that it sent matters.
    pub(crate) fn identify(&self, bearer: Result<Option<&str>, TokenError>) -> Result<Identity, TokenError> {
        match &self.0 {
            None => Ok(Identity::of_everyone()),
            Some(verification) => verification.verify(bearer?.ok_or(TokenError::Missing)?),
        }
    }

    /// The same. A token of a key that is not known has the key set read once more, which may take a while.
    pub(crate) async fn identify_patiently(
        &self,
        bearer: Result<Option<&str>, TokenError>,
    ) -> Result<Identity, TokenError> {
        match self.identify(bearer) {
            Err(TokenError::UnknownKey) if self.may_learn_keys() => {
                self.learn_keys().await;
                self.identify(bearer)
            }
            identified => identified,
        }
    }

    /// Whether a key that is not known may become known.
    pub(crate) fn may_learn_keys(&self) -> bool {
        self.refresh().is_some()
    }

    /// Has the key set read once more, if that is not too soon.
    pub(crate) async fn learn_keys(&self) {
        if let Some(refresh) = self.refresh() {
            refresh.read_again().await;
        }
    }

    /// The keys that are in use, as they change; `None` where they do not.
    pub(crate) fn keys(&self) -> Option<watch::Receiver<Arc<KeySet>>> {
        self.refresh().and(self.0.as_ref()).map(|verification| verification.keys.clone())
    }

    /// Whether an identity that was told before still holds.
    pub(crate) fn check(&self, identity: &Identity) -> Result<(), TokenError> {
        match (&self.0, identity.validity) {
            (Some(verification), Some(validity)) if !verification.keys.borrow().contains(validity.key) => {
                Err(TokenError::Revoked)
            }
            (Some(_), Some(validity)) if validity.time_left().is_zero() => Err(TokenError::Expired),
            _ => Ok(()),
        }
    }

    /// How long before a token ends the client of a WebSocket is told so.
    pub(crate) fn warning(&self) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |verification| verification.warning)
    }

    /// Waits until an identity holds no longer, and tells why.
    pub(crate) fn end_of(&self, identity: &Identity) -> BoxFuture<'static, TokenError> {
        let (Some(verification), Some(validity)) = (&self.0, identity.validity) else {
            return future::pending().boxed();
        };
        let mut keys = verification.keys.clone();
        let revoked = async move {
            loop {
                if !keys.borrow_and_update().contains(validity.key) {
                    return TokenError::Revoked;
                }
                if keys.changed().await.is_err() {
                    return future::pending().await;
                }
            }
        };
        let expired = async move {
            loop {
                let left = validity.time_left();
                if left.is_zero() {
                    return TokenError::Expired;
                }
                // A clock may be set meanwhile.
                sleep(left.min(Duration::from_mins(1))).await;
            }
        };
        async move {
            tokio::select! {
                error = revoked => error,
                error = expired => error,
            }
        }
        .boxed()
    }

    fn refresh(&self) -> Option<&Refresh> {
        self.0.as_ref()?.refresh.as_ref()
    }
}

impl Verification {
    fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        let keys = Arc::clone(&self.keys.borrow());
        self.rules.verify(token, &keys)
    }
}
