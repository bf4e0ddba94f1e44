use async_graphql::{Enum, Error, ID, InputObject, SimpleObject};
use domain::{Done, Email, Failure, IdempotencyKey, NewUser, PlaceOrder, Refusal, Username};

use super::{Cursor, Date, Order, OrderState, User};
use crate::{error::fault, log_cursor, node_id::NodeId};

/// A user to be created.
#[derive(InputObject)]
pub(crate) struct CreateUserInput {
    /// A free name: 1 to 64 letters, digits, `_`, `-` and `.`.
    username: String,
    /// The user's e-mail address.
    email: String,
}

/// An order to be placed.
#[derive(InputObject)]
pub(crate) struct PlaceOrderInput {
    /// Whose order it will be.
    username: String,
    /// The day it is for; today (UTC) without one.
    date: Option<Date>,
    /// The state it starts in.
    #[graphql(default_with = "OrderState::Unpaid")]
    state: OrderState,
    /// A name of your own for this intention, 1 to 255 characters. The same key for the same user places one order,
    /// however often it is sent: a repetition returns the first.
    idempotency_key: Option<String>,
}

/// The order to be paid.
#[derive(InputObject)]
pub(crate) struct PayOrderInput {
    /// The order's id.
    pub(crate) id: ID,
}

/// The order to be cancelled.
#[derive(InputObject)]
pub(crate) struct CancelOrderInput {
    /// The order's id.
    pub(crate) id: ID,
}

/// Why a mutation changed nothing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderErrorCode {
    /// The username has characters, or a length, that no username has.
    InvalidUsername,
    /// The text is not an e-mail address.
    InvalidEmail,
    /// The idempotency key is empty, too long or has control characters.
    InvalidIdempotencyKey,
    /// The id is not the id of an order.
    InvalidId,
    /// Another user has the name.
    UsernameTaken,
    /// There is no such user.
    UserNotFound,
    /// There is no such order.
    OrderNotFound,
    /// The order is paid already.
    OrderAlreadyPaid,
    /// The order is paid and can no longer be cancelled.
    OrderNotCancellable,
    /// The idempotency key was used with other input.
    IdempotencyKeyReused,
    /// The order that was placed with this idempotency key is no longer there.
    IdempotentOrderGone,
    /// You may not do this.
    NotAllowed,
}

/// An expected outcome other than the one that was asked for.
#[derive(SimpleObject)]
pub(crate) struct OrderError {
    /// What it is, for programs.
    code: OrderErrorCode,
    /// The input field that it is about, if it is about one.
    field: Option<&'static str>,
    /// What it is, for people.
    message: String,
}

impl OrderError {
    fn invalid_id(id: &ID) -> Self {
        Self {
            code: OrderErrorCode::InvalidId,
            field: Some("id"),
            message: format!("`{}` is not the id of an order", id.as_str()),
        }
    }
}

impl From<Refusal> for OrderError {
    fn from(refusal: Refusal) -> Self {
        let (code, field) = match &refusal {
            Refusal::InvalidUsername => (OrderErrorCode::InvalidUsername, Some("username")),
            Refusal::InvalidEmail => (OrderErrorCode::InvalidEmail, Some("email")),
            Refusal::InvalidIdempotencyKey => (OrderErrorCode::InvalidIdempotencyKey, Some("idempotencyKey")),
            Refusal::UsernameTaken(_) => (OrderErrorCode::UsernameTaken, Some("username")),
            Refusal::UserNotFound(_) => (OrderErrorCode::UserNotFound, Some("username")),
            Refusal::OrderNotFound(_) => (OrderErrorCode::OrderNotFound, Some("id")),
            Refusal::OrderAlreadyPaid(_) => (OrderErrorCode::OrderAlreadyPaid, Some("id")),
            Refusal::OrderNotCancellable(_) => (OrderErrorCode::OrderNotCancellable, Some("id")),
            Refusal::IdempotencyKeyReused => (OrderErrorCode::IdempotencyKeyReused, Some("idempotencyKey")),
            Refusal::IdempotentOrderGone => (OrderErrorCode::IdempotentOrderGone, Some("idempotencyKey")),
            Refusal::NotAllowed => (OrderErrorCode::NotAllowed, None),
        };
        Self { code, field, message: refusal.to_string() }
    }
}

/// Reads the id of an order.
pub(crate) fn parse_order_id(id: &ID) -> Result<domain::OrderId, Vec<OrderError>> {
    NodeId::parse_order(id).ok_or_else(|| vec![OrderError::invalid_id(id)])
}

impl CreateUserInput {
    /// Checks every field.
    pub(crate) fn parse(&self) -> Result<NewUser, Vec<OrderError>> {
        match (Username::parse(&self.username), Email::parse(&self.email)) {
            (Ok(username), Ok(email)) => Ok(NewUser { username, email }),
            (username, email) => Err(refusals([username.err(), email.err()])),
        }
    }
}

impl PlaceOrderInput {
    /// Checks every field.
    pub(crate) fn parse(self) -> Result<PlaceOrder, Vec<OrderError>> {
        let key = self.idempotency_key.map(IdempotencyKey::parse).transpose();
        match (Username::parse(&self.username), key) {
            (Ok(username), Ok(idempotency_key)) => Ok(PlaceOrder {
                username,
                date: self.date.map(|date| date.0),
                state: self.state.into(),
                idempotency_key,
            }),
            (username, key) => Err(refusals([username.err(), key.err()])),
        }
    }
}

fn refusals<const N: usize>(refusals: [Option<Refusal>; N]) -> Vec<OrderError> {
    refusals.into_iter().flatten().map(OrderError::from).collect()
}

/// Sorts the result of a use case: refusals are values, faults are errors.
pub(crate) fn outcome<T>(result: Result<T, Failure>) -> Result<Result<T, Vec<OrderError>>, Error> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(Failure::Refused(refusal)) => Ok(Err(vec![refusal.into()])),
        Err(Failure::Fault(error)) => Err(fault(&error)),
    }
}

macro_rules! payloads {
    ($($(#[$documentation:meta])* $payload:ident { $(#[$field_documentation:meta])* $field:ident: $object:ident })*) => {$(
        $(#[$documentation])*
        #[derive(SimpleObject)]
        pub(crate) struct $payload {
            $(#[$field_documentation])*
            $field: Option<$object>,
            /// The position of the change in the order log: follow `orderEvents` up to it to read your own write on any
            /// node. Null when there are errors.
            cursor: Option<Cursor>,
            /// Why nothing was changed; empty when it was.
            errors: Vec<OrderError>,
        }

        impl From<Result<Done<domain::$object>, Vec<OrderError>>> for $payload {
            fn from(outcome: Result<Done<domain::$object>, Vec<OrderError>>) -> Self {
                match outcome {
                    Ok(Done { value, cursor }) => Self {
                        $field: Some(value.into()),
                        cursor: cursor.map(log_cursor::encode),
                        errors: Vec::new(),
                    },
                    Err(errors) => Self { $field: None, cursor: None, errors },
                }
            }
        }
    )*};
}

payloads! {
    /// What became of `createUser`.
    CreateUserPayload {
        /// The new user; null when there are errors.
        user: User
    }
    /// What became of `placeOrder`.
    PlaceOrderPayload {
        /// The order; null when there are errors.
        order: Order
    }
    /// What became of `payOrder`.
    PayOrderPayload {
        /// The order as it is now; null when there are errors.
        order: Order
    }
    /// What became of `cancelOrder`.
    CancelOrderPayload {
        /// The order as it was; null when there are errors.
        order: Order
    }
}
