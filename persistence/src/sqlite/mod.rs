//! How requests write to a SQLite database: `group` puts the changes that wait into one transaction (`transaction`) of the
//! one connection that writes (`writer`).
//!
//! The connection is rusqlite's and not SeaORM's: SeaORM's driver, sqlx, runs each connection on a thread of its own, and
//! sends what that reads over a channel, row by row and statement by statement. For one order these are some twenty
//! switches of threads, and a third more CPU time; 64 clients place less than a third as many orders.

mod group;
mod transaction;
mod writer;

pub(crate) use group::GroupWriter;
pub(crate) use writer::SqliteWriter;
