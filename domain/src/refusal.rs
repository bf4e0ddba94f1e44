use crate::{IdempotencyKey, OrderId, RepositoryError, Username};

/// Why a request is turned down: an expected outcome. Nothing was changed. The text is for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// See [`Username::parse`].
    #[error(
        "a username has 1 to {} characters: ASCII letters, digits, `_`, `-` and `.`",
        Username::MAX_CHARACTERS
    )]
    InvalidUsername,
    /// See [`Email::parse`](crate::Email::parse).
    #[error("this is not an e-mail address")]
    InvalidEmail,
    /// See [`IdempotencyKey::parse`].
    #[error(
        "an idempotency key has 1 to {} characters, none of them a control character",
        IdempotencyKey::MAX_CHARACTERS
    )]
    InvalidIdempotencyKey,
    /// Another user has the name.
    #[error("the username `{0}` is taken")]
    UsernameTaken(Username),
    /// No user has the name, or none that the viewer may place orders for.
    #[error("there is no user `{0}`")]
    UserNotFound(Username),
    /// No order has the id, or none that the viewer may see.
    #[error("there is no order {0}")]
    OrderNotFound(OrderId),
    /// Only an unpaid order can be paid.
    #[error("order {0} is paid already")]
    OrderAlreadyPaid(OrderId),
    /// Only an unpaid order can be cancelled.
    #[error("order {0} is paid and can no longer be cancelled")]
    OrderNotCancellable(OrderId),
    /// The key was used by the same user for other input.
    #[error("this idempotency key was used for an order with other input")]
    IdempotencyKeyReused,
    /// The key's order was cancelled or deleted since.
    #[error("the order that was placed with this idempotency key is no longer there")]
    IdempotentOrderGone,
    /// The viewer lacks the permission.
    #[error("you may not do this")]
    NotAllowed,
}

/// Why a command changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An expected outcome, to be told as a value.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A fault, to be logged where it is handled.
    #[error(transparent)]
    Fault(#[from] RepositoryError),
}
