//! What the server owes to HTTP: GraphQL over it, its streams, and the browsers and monitors that speak it.

mod authentication;
mod batches;
mod channels;
mod documents;
mod events;
mod key_sets;
mod pages;
mod parts;
mod requests;
mod support;
mod token_ends;
mod transports;
