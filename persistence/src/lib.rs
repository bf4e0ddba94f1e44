//! The domain's storage ports on SQLite and PostgreSQL, by the same code over SeaORM.
//!
//! [`Database::open`] chooses by the URL. [`SqlRepository`] keeps orders and users. The database's triggers log every
//! change of an order, whoever makes it; [`OrderLog`] reads the log once and tells all who follow it.

mod database;
mod entity;
mod error;
mod list;
mod log;
mod order_query;
mod orders;
mod repository;
mod rows;
mod sample;
mod sqlite;
mod transaction;
mod users;
mod version;

pub use database::{ConnectionPool, Database, DatabaseSettings, OpenError};
pub use log::{LogProgress, LogSettings, OrderLog};
pub use repository::SqlRepository;
