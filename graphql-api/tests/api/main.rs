//! The API over a storage in memory, and over ports that fail: what each field answers, to whom, and with which errors.

mod access;
mod cursors;
mod dates;
mod errors;
mod events;
mod faults;
mod mutations;
mod queries;
mod refusals;
mod refused_cursors;
mod responses;
mod service;
mod sharing;
mod subscriptions;
