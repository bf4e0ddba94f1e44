//! The API over a storage in memory, and over ports that fail: what each field answers, to whom, and with which errors.

mod access;
mod access_rows;
mod access_table;
mod answers;
mod cursors;
mod dates;
mod errors;
mod events;
mod faults;
mod limits;
mod limits_documents;
mod limits_texts;
mod limits_variables;
mod lists;
mod mutations;
mod queries;
mod refusals;
mod refused_cursors;
mod responses;
mod service;
mod shared_queries;
mod sharing;
mod subscriptions;
