use std::fmt;

use chrono::NaiveDate;

use crate::{Refusal, User, UserId, Username};

/// The key of an order. Higher means placed later, but other programs may also supply ids of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub i64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An order as it is, or as it was just before its deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The order's key.
    pub id: OrderId,
    /// The day the order is for, without a time zone.
    pub date: NaiveDate,
    /// Whether it is paid.
    pub state: OrderState,
    /// Whose order it is.
    pub user: UserRef,
}

/// The user of an order: whole where the read asked for it ([`WithUser::Yes`](crate::WithUser)), else by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// Not read.
    Id(UserId),
    /// Read together with the order.
    Loaded(User),
}

impl UserRef {
    /// The user's key, loaded or not.
    pub fn id(&self) -> UserId {
        match self {
            Self::Id(id) => *id,
            Self::Loaded(user) => user.id(),
        }
    }

    /// The user, if the read loaded it.
    pub fn loaded(&self) -> Option<&User> {
        match self {
            Self::Id(_) => None,
            Self::Loaded(user) => Some(user),
        }
    }
}

/// The states of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Paid: final.
    Paid,
    /// Not paid yet: may be paid, and may be cancelled.
    Unpaid,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 2] = [Self::Paid, Self::Unpaid];

    /// The state's name, as the API and the database write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paid => "PAID",
            Self::Unpaid => "UNPAID",
        }
    }

    /// The state that `name` names, exactly as [`name`](Self::name) writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a client may do to an order that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// `UNPAID` becomes `PAID`.
    Pay,
    /// An `UNPAID` order is deleted.
    Cancel,
}

impl Transition {
    /// Every transition.
    pub const ALL: [Self; 2] = [Self::Pay, Self::Cancel];

    /// The state that an order must be in.
    pub fn from(self) -> OrderState {
        match self {
            Self::Pay | Self::Cancel => OrderState::Unpaid,
        }
    }

    /// The state that follows; `None` when the order ends to exist.
    pub fn to(self) -> Option<OrderState> {
        match self {
            Self::Pay => Some(OrderState::Paid),
            Self::Cancel => None,
        }
    }

    /// Why the transition is refused for an order that is not in [`from`](Self::from).
    pub fn refusal(self, id: OrderId) -> Refusal {
        match self {
            Self::Pay => Refusal::OrderAlreadyPaid(id),
            Self::Cancel => Refusal::OrderNotCancellable(id),
        }
    }
}

/// An order to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Whose order it will be.
    pub username: Username,
    /// The day it is for.
    pub date: NaiveDate,
    /// The day that the client asked for; `None` when it left the choice to us. With an idempotency key this is what
    /// a repetition is compared by: it stays the same past midnight.
    pub requested_date: Option<NaiveDate>,
    /// The state it starts in.
    pub state: OrderState,
    /// Makes a repetition of the same request return the first order.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// A client's name for one intention to place an order: 1 to 255 characters without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The most characters that a key may have.
    pub const MAX_CHARACTERS: usize = 255;

    /// Takes `text` as a key, or refuses it with [`Refusal::InvalidIdempotencyKey`].
    pub fn parse(text: impl Into<String>) -> Result<Self, Refusal> {
        let text = text.into();
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) {
            Ok(Self(text))
        } else {
            Err(Refusal::InvalidIdempotencyKey)
        }
    }

    /// The key as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which orders a list shows. Every condition that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OrderFilter {
    /// Orders in this state.
    pub state: Option<OrderState>,
    /// Orders of this user.
    pub username: Option<Username>,
    /// Orders for this day or a later one.
    pub date_from: Option<NaiveDate>,
    /// Orders for this day or an earlier one.
    pub date_to: Option<NaiveDate>,
}
