//! What a client of `graphql-transport-ws`, or of the older protocol of `subscriptions-transport-ws`, gets for whatever it
//! does: each close code and each message, at the started server. What the frames below owe is in `rfc6455`.

mod authentication;
mod errors;
mod handshake;
mod initialisation;
mod keep_alive;
mod messages;
mod older_protocol;
mod operations;
mod revocation;
mod shutdown;
mod slow_readers;
mod support;
mod token_ends;
