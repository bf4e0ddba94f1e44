use std::{fmt, sync::Arc};

use crate::{Refusal, Viewer};

/// The key of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A user's unique name: 1 to 64 ASCII letters, digits, `_`, `-` and `.`; upper and lower case differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(Arc<str>);

impl Username {
    /// The most characters that a username may have.
    pub const MAX_CHARACTERS: usize = 64;

    /// Takes `text` as a username, or refuses it with [`Refusal::InvalidUsername`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if (1..=Self::MAX_CHARACTERS).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(Refusal::InvalidUsername)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An e-mail address (RFC 5322, section 3.4.1, and RFC 6531's letters), without a display name. Not shown by `Debug`: logs must not carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(Arc<str>);

impl Email {
    /// Takes `text` as an address, or refuses it with [`Refusal::InvalidEmail`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        match email_address::EmailAddress::parse_with_options(text, options) {
            // The library lets an empty display name with its brackets through, and line breaks in quotes.
            Ok(address) if address.email() == text && !text.contains(char::is_control) => {
                Ok(Self(text.into()))
            }
            Ok(_) | Err(_) => Err(Refusal::InvalidEmail),
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

/// A user. The address is reached only through [`email_for`](Self::email_for), so that nobody forgets to ask whether
/// the viewer may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    id: UserId,
    username: Username,
    email: Email,
}

impl User {
    /// A user as stored.
    pub fn new(id: UserId, username: Username, email: Email) -> Self {
        Self { id, username, email }
    }

    /// The user's key.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The user's name.
    pub fn username(&self) -> &Username {
        &self.username
    }

    /// The user's address; `None` for a viewer who may not see it.
    pub fn email_for(&self, viewer: &Viewer) -> Option<&Email> {
        viewer.may_see_email_of(&self.username).then_some(&self.email)
    }
}

/// A user to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// The name, which must be free.
    pub username: Username,
    /// The address.
    pub email: Email,
}
