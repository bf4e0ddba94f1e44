//! The model of a live orders service: orders and users, what may be done with them, who may see what, and the
//! ports through which the use cases reach storage, the feed of changes and the clock.
//!
//! Nothing here knows SQL, GraphQL or HTTP; adapters in other crates do. A request comes in as a call of a use case
//! ([`Orders`], [`Users`]) with the [`Viewer`] who asks; the use case narrows it to the viewer's [`Scope`] and calls
//! a port ([`OrderRepository`], [`UserRepository`], [`OrderFeed`]).

mod causes;
mod event;
mod order;
mod orders;
mod page;
mod ports;
mod refusal;
mod user;
mod users;
mod viewer;

#[cfg(feature = "testing")]
pub mod testing;

pub use causes::WithCauses;
pub use event::{Cursor, Epoch, OrderChange, OrderEvent, OrderEventKind, Position, Version};
pub use order::{IdempotencyKey, NewOrder, Order, OrderFilter, OrderId, OrderState, Transition, UserRef};
pub use orders::{Done, Limits, Orders, PlaceOrder, Ports};
pub use page::{Direction, Page, PageArguments, PageError, PageRequest};
pub use ports::{
    Clock, FollowError, LogRange, NewestOrder, NewestOrderStream, OrderEventStream, OrderFeed, OrderQuery,
    OrderRepository, Placement, RepositoryError, TransitionOutcome, UserRepository, WithUser,
};
pub use refusal::{Failure, Refusal};
pub use user::{Email, NewUser, User, UserId, Username};
pub use users::Users;
pub use viewer::{Permission, Scope, View, Viewer};
