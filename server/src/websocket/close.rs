use std::borrow::Cow;

use crate::authentication::TokenError;
use tungstenite::{
    Error,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

/// Why the server closes a socket. Clients come back by themselves after some codes and not after others, so that what is
/// passing is retried and what is hopeless is not (npm's `graphql-ws`, PROTOCOL.md and client.ts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: u16,
    /// At most 123 bytes (RFC 6455, section 5.5), and shown to people by some clients.
    pub(crate) reason: Cow<'static, str>,
}

impl Close {
    /// The client ended the connection by a message.
    pub(crate) const TERMINATED: Self = Self::new(1000, "Terminated");
    /// The server ends; the client should come back, to another node or later.
    pub(crate) const RESTART: Self = Self::new(1012, "Service restart");
    pub(crate) const SLOW_CONSUMER: Self = Self::new(4290, "Slow consumer");
    /// The client sends far more than any needs to. It would do so again, and should not come back by itself: a code for
    /// what breaks a policy (RFC 6455, section 7.4.1), after which clients do not.
    pub(crate) const TOO_MANY_MESSAGES: Self = Self::new(1008, "Too many messages");
    pub(crate) const UNAUTHORIZED: Self = Self::new(4401, "Unauthorized");
    pub(crate) const NO_PROTOCOL: Self = Self::new(4406, "Subprotocol not acceptable");
    pub(crate) const INIT_TIMEOUT: Self = Self::new(4408, "Connection initialisation timeout");
    pub(crate) const SECOND_INIT: Self = Self::new(4429, "Too many initialisation requests");

    const FORBIDDEN: u16 = 4403;

    const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason: Cow::Borrowed(reason) }
    }

    /// The client may not, or no longer. Clients try that again, maybe with another token.
    pub(crate) fn forbidden(error: TokenError) -> Self {
        Self { code: Self::FORBIDDEN, reason: error.to_string().into() }
    }

    /// Whether it is about the client's token.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.code == Self::FORBIDDEN
    }

    /// The client sent what is no message of the protocol.
    pub(crate) fn bad_message(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code: 4400, reason: reason.into() }
    }

    /// The client started an operation under an id that is in use.
    pub(crate) fn id_in_use(id: &str) -> Self {
        Self { code: 4409, reason: format!("Subscriber for {id} already exists").into() }
    }

    /// What a fault of the frames, or of the messages in them, asks for; `None` where nothing can be sent any more.
    pub(crate) fn after(error: &Error) -> Option<Self> {
        match error {
            Error::Capacity(_) => Some(Self::new(1009, "Message too big")),
            Error::Utf8(_) => Some(Self::new(1007, "Text is not UTF-8")),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
            Error::Protocol(error) => Some(Self { code: 1002, reason: error.to_string().into() }),
            _ => None,
        }
    }

    pub(crate) fn to_frame(&self) -> CloseFrame {
        let reason = &self.reason[..self.reason.floor_char_boundary(123)];
        CloseFrame { code: CloseCode::from(self.code), reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        let frame = Close::id_in_use(&"ö".repeat(100)).to_frame();
        assert!(frame.reason.len() <= 123);
        assert!(frame.reason.ends_with('ö'));
    }
}
