//! How requests write to a SQLite database: `group` puts the changes that wait into one transaction (`transaction`) of the
//! one connection that writes (`writer`).
//!
//! The connection is rusqlite's and not SeaORM's: SeaORM's driver, sqlx, runs each on a thread of its own, and sends what
//! it reads over a channel, row by row and statement by statement. That was some twenty switches of threads for an order,
//! and more than half of what it cost.

mod group;
mod transaction;
mod writer;

pub(crate) use group::GroupWriter;
pub(crate) use writer::SqliteWriter;
