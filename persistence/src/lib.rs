//! The domain's storage ports on SQLite and PostgreSQL, by the same code over SeaORM.
//!
//! [`Database::open`] chooses by the URL. [`SqlRepository`] keeps orders and users, and after each commit wakes
//! [`SqlFeed`], which reads the newest order once for all who follow it.

mod database;
mod entity;
mod error;
mod feed;
mod order_query;
mod orders;
mod repository;
mod rows;
mod sample;
mod users;

pub use database::{Database, DatabaseSettings, OpenError};
pub use feed::SqlFeed;
pub use repository::SqlRepository;
