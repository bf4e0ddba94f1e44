use crate::{Order, OrderId};

/// The arguments of a Relay connection field (GraphQL Cursor Connections Specification, section 4), the cursors
/// already read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageArguments {
    /// At most so many from the start.
    pub first: Option<i32>,
    /// Only orders after this one.
    pub after: Option<OrderId>,
    /// At most so many from the end.
    pub last: Option<i32>,
    /// Only orders before this one.
    pub before: Option<OrderId>,
}

/// Arguments of a page that make no sense. The text names the argument, for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// `first` and `last` together.
    #[error("`first` and `last` cannot be given together")]
    FirstAndLast,
    /// A negative count.
    #[error("`{argument}` must not be negative, and is {given}")]
    Negative {
        /// `first` or `last`.
        argument: &'static str,
        /// The count that was given.
        given: i32,
    },
    /// More than a page may hold.
    #[error("`{argument}` must be at most {limit}, and is {given}")]
    TooLarge {
        /// `first` or `last`.
        argument: &'static str,
        /// The count that was given.
        given: i32,
        /// The most that a page may hold, a setting.
        limit: u32,
    },
}

/// From which end of the list a page is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the oldest on.
    Forward,
    /// From the newest back; the page itself is still in list order.
    Backward,
}

/// A part of a list of orders. Lists are in ascending order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// The most orders to return.
    pub limit: u32,
    /// From which end.
    pub direction: Direction,
    /// Only ids above this one.
    pub after: Option<OrderId>,
    /// Only ids below this one.
    pub before: Option<OrderId>,
}

impl PageRequest {
    /// The first `limit` orders.
    pub fn first(limit: u32) -> Self {
        Self { limit, direction: Direction::Forward, after: None, before: None }
    }

    /// Checks a client's arguments. Without `first` and `last`, a page has `default` orders; it never has more than
    /// `limit`.
    pub fn parse(arguments: PageArguments, default: u32, limit: u32) -> Result<Self, PageError> {
        let count = |argument, given: i32| match u32::try_from(given) {
            Err(_) => Err(PageError::Negative { argument, given }),
            Ok(count) if count > limit => Err(PageError::TooLarge { argument, given, limit }),
            Ok(count) => Ok(count),
        };
        let (limit, direction) = match (arguments.first, arguments.last) {
            (Some(_), Some(_)) => return Err(PageError::FirstAndLast),
            (Some(first), None) => (count("first", first)?, Direction::Forward),
            (None, Some(last)) => (count("last", last)?, Direction::Backward),
            (None, None) => (default.min(limit), Direction::Forward),
        };
        Ok(Self { limit, direction, after: arguments.after, before: arguments.before })
    }
}

/// A part of a list, in list order, and whether there is more on either side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The orders, in ascending order of ids.
    pub orders: Vec<Order>,
    /// Whether orders come before the page. Going forward, what lies before `after` is not looked at, but taken to
    /// exist.
    pub has_previous: bool,
    /// Whether orders come after the page. Going backward, what lies after `before` is not looked at, but taken to
    /// exist.
    pub has_next: bool,
}

impl Page {
    /// Makes the page from what an adapter read for `request`: up to `limit + 1` orders, taken and given in the order
    /// of the request's direction.
    pub fn from_read(mut read: Vec<Order>, request: &PageRequest) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let has_more = read.len() > limit;
        read.truncate(limit);
        match request.direction {
            Direction::Forward => {
                Self { orders: read, has_previous: request.after.is_some(), has_next: has_more }
            }
            Direction::Backward => {
                read.reverse();
                Self { orders: read, has_previous: has_more, has_next: request.before.is_some() }
            }
        }
    }
}
