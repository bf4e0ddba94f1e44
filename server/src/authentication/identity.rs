use std::{
    num::NonZeroU64,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use domain::Viewer;

use super::key_set::KeyId;

/// Who a client is. Small, because each socket keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Who asks.
    pub(crate) viewer: Viewer,
    /// How long that holds; `None` for good, on a server without authentication.
    pub(crate) validity: Option<Validity>,
}

/// How long an identity holds: until a time, and as long as the key is in use that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    /// In seconds since 1970.
    ends: NonZeroU64,
    pub(crate) key: KeyId,
}

impl Identity {
    /// That of everyone on a server without authentication.
    pub(crate) fn of_everyone() -> Self {
        Self { viewer: Viewer::unauthenticated_staff(), validity: None }
    }

    /// Takes over the validity of a newer token of the same viewer, if it ends no sooner.
    pub(crate) fn extend(&mut self, newer: &Self) {
        if let (Some(validity), Some(newer)) = (&mut self.validity, newer.validity)
            && newer.ends >= validity.ends
        {
            *validity = newer;
        }
    }
}

impl Validity {
    pub(super) fn new(ends: u64, key: KeyId) -> Self {
        Self { ends: NonZeroU64::new(ends).unwrap_or(NonZeroU64::MIN), key }
    }

    /// When it ends, in seconds since 1970.
    pub(crate) fn ends(self) -> u64 {
        self.ends.get()
    }

    /// How long it still holds, by the system's clock.
    pub(crate) fn time_left(self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Duration::from_secs(self.ends.get()).saturating_sub(now)
    }
}
