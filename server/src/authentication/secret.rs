use std::{convert::Infallible, fmt, str::FromStr};

/// What tokens are signed and verified by. It is never shown.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// Fewer bytes than the hash has weaken it (RFC 7518, section 3.2).
    pub(crate) const LEAST_BYTES: usize = 32;

    /// Whether it is long enough.
    pub(crate) fn is_strong(&self) -> bool {
        self.0.len() >= Self::LEAST_BYTES
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> usize {
        self.0.len()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FromStr for Secret {
    // An error would be told with the text.
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
