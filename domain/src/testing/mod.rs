//! For tests, of this project and of services built on it: mocks of the ports, an adapter in memory, and the contract
//! that every adapter keeps.

pub mod contract;
mod memory;

pub use crate::ports::{MockClock, MockOrderFeed, MockOrderRepository, MockUserRepository};
pub use memory::InMemory;
