use chrono::{DateTime, Utc};

use crate::{Order, OrderFilter, OrderState, Scope, User};

/// A place in the order log: everything up to it is before, everything behind it after. Equal on every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub i64);

/// Names one order log. It changes when a database is restored or its log reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub i64);

/// A place in one order log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Which log.
    pub epoch: Epoch,
    /// Where in it.
    pub position: Position,
}

/// Names a state of all that is stored, as one node sees it: reads at two moments of one version show the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// Another one after each commit, by anyone.
    pub storage: u64,
    /// How far the node has read the log.
    pub position: Position,
}

/// A committed change of an order, by anyone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// The event's place in the log; following `after` it continues behind this event.
    pub cursor: Cursor,
    /// When the change was made, by the database's clock, before it was committed. In milliseconds.
    pub occurred_at: DateTime<Utc>,
    /// What changed.
    pub change: OrderChange,
}

/// What became of an order. The orders have their users loaded, as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderChange {
    /// It is new.
    Placed(Order),
    /// It was one way and is another.
    Changed {
        /// As it was.
        before: Order,
        /// As it is.
        after: Order,
    },
    /// It is no more. As it was.
    Deleted(Order),
}

/// The kinds of changes, as clients tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderEventKind {
    /// See [`OrderChange::Placed`].
    Placed,
    /// The state changed, and maybe more.
    StateChanged,
    /// Something else changed.
    Updated,
    /// See [`OrderChange::Deleted`].
    Deleted,
}

impl OrderChange {
    /// The change from `before` to `after`; `None` when there is an order on neither side.
    pub fn new(before: Option<Order>, after: Option<Order>) -> Option<Self> {
        match (before, after) {
            (None, None) => None,
            (None, Some(after)) => Some(Self::Placed(after)),
            (Some(before), None) => Some(Self::Deleted(before)),
            (Some(before), Some(after)) => Some(Self::Changed { before, after }),
        }
    }

    /// The order before the change.
    pub fn before(&self) -> Option<&Order> {
        match self {
            Self::Placed(_) => None,
            Self::Changed { before, .. } | Self::Deleted(before) => Some(before),
        }
    }

    /// The order after the change.
    pub fn after(&self) -> Option<&Order> {
        match self {
            Self::Placed(after) | Self::Changed { after, .. } => Some(after),
            Self::Deleted(_) => None,
        }
    }

    /// The order as it is after the change; as it was before, when it is no more.
    pub fn order(&self) -> &Order {
        match self {
            Self::Placed(order) | Self::Changed { after: order, .. } | Self::Deleted(order) => order,
        }
    }

    /// What kind of change it is.
    pub fn kind(&self) -> OrderEventKind {
        match self {
            Self::Placed(_) => OrderEventKind::Placed,
            Self::Changed { before, after } if before.state != after.state => OrderEventKind::StateChanged,
            Self::Changed { .. } => OrderEventKind::Updated,
            Self::Deleted(_) => OrderEventKind::Deleted,
        }
    }

    /// The state before, where the kind is [`OrderEventKind::StateChanged`].
    pub fn previous_state(&self) -> Option<OrderState> {
        match (self.kind(), self.before()) {
            (OrderEventKind::StateChanged, Some(before)) => Some(before.state),
            _ => None,
        }
    }

    /// Whether the order matches before or after the change, so that a follower learns of one that no longer does.
    pub fn matches(&self, filter: &OrderFilter) -> bool {
        [self.before(), self.after()].into_iter().flatten().any(|order| filter.matches(order))
    }

    /// The change as it looks from within the scope: an order that comes into it is placed, one that leaves it is
    /// deleted; `None` when it stays outside.
    #[must_use]
    pub fn within(&self, scope: &Scope) -> Option<Self> {
        let visible =
            |order: &&Order| order.user.loaded().is_some_and(|user| scope.includes(user.username()));
        Self::new(self.before().filter(visible).cloned(), self.after().filter(visible).cloned())
    }
}

impl OrderFilter {
    /// Whether every condition holds for the order, whose user is loaded.
    pub fn matches(&self, order: &Order) -> bool {
        let owner = order.user.loaded().map(User::username);
        self.state.is_none_or(|state| state == order.state)
            && (self.username.is_none() || self.username.as_ref() == owner)
            && self.date_from.is_none_or(|from| from <= order.date)
            && self.date_to.is_none_or(|to| order.date <= to)
    }
}
