//! The operations of one socket: started, told, ended and cancelled.

use std::{future::poll_fn, rc::Rc, task::Poll};

use actix_web::rt;
use futures_util::StreamExt;
use graphql_api::{Message, Operation};
use tokio::task::AbortHandle;

use super::{connection::Connection, hub::Seat, protocol::ServerMessage};

/// An operation's id, as a JSON string.
pub(crate) type Id = Rc<str>;

/// The operations of one socket. There are few, so they are looked for one after another.
#[derive(Default)]
pub(crate) struct Operations(Vec<(Id, Slot)>);

enum Slot {
    /// A task tells it.
    Running(AbortHandle),
    /// The hub tells it.
    Parked(Seat),
}

/// What a poll of an operation comes to.
enum Step {
    Told(Message),
    Idle,
    Ended,
}

impl Operations {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|(other, _)| **other == *id)
    }

    /// Drops an operation, wherever it is; nothing if there is none of that id.
    pub(crate) fn stop(&mut self, connection: &Connection, id: &str) {
        if let Some(index) = self.0.iter().position(|(other, _)| **other == *id) {
            let (_, slot) = self.0.swap_remove(index);
            connection.metrics().sockets().ended(1);
            connection.set_has_several_operations(self.0.len() > 1);
            slot.stop(connection);
        }
    }

    /// Drops all operations.
    pub(crate) fn stop_all(&mut self, connection: &Connection) {
        connection.metrics().sockets().ended(self.0.len());
        for (_, slot) in std::mem::take(&mut self.0) {
            slot.stop(connection);
        }
    }

    fn set(&mut self, connection: &Connection, id: &Id, slot: Slot) {
        if let Some((_, current)) = self.0.iter_mut().find(|(other, _)| other == id) {
            *current = slot;
        } else {
            // Most sockets have one.
            self.0.reserve_exact(1);
            self.0.push((Rc::clone(id), slot));
            connection.metrics().sockets().began();
        }
        connection.set_has_several_operations(self.0.len() > 1);
    }

    fn remove(&mut self, connection: &Connection, id: &str) {
        let before = self.0.len();
        self.0.retain(|(other, _)| **other != *id);
        connection.metrics().sockets().ended(before - self.0.len());
        connection.set_has_several_operations(self.0.len() > 1);
    }
}

impl Slot {
    fn stop(self, connection: &Connection) {
        match self {
            Self::Running(task) => task.abort(),
            Self::Parked(seat) => connection.hub().leave(seat),
        }
    }
}

/// Has a task tell the operation, from its start or from where the hub left it.
pub(crate) fn go_on(connection: &Rc<Connection>, id: &Id, operation: Operation) {
    let task = rt::spawn(run(Rc::clone(connection), Rc::clone(id), operation));
    connection.operations().set(connection, id, Slot::Running(task.abort_handle()));
}

/// Ends an operation, with an error or without.
pub(crate) fn end(connection: &Connection, id: &Id, error: Option<&Message>) {
    match error {
        Some(Message::Error(errors)) => connection.send(&ServerMessage::Error { id, errors }),
        _ => connection.send(&ServerMessage::Complete { id }),
    }
    connection.operations().remove(connection, id);
}

/// Tells an operation at the pace at which the client takes it, until it ends or can be left to the hub.
async fn run(connection: Rc<Connection>, id: Id, mut operation: Operation) {
    loop {
        connection.drained().await;
        match step(&mut operation).await {
            Step::Told(Message::Next(answer)) => connection.tell(&id, &[answer]),
            Step::Told(error @ Message::Error(_)) => return end(&connection, &id, Some(&error)),
            Step::Ended => return end(&connection, &id, None),
            Step::Idle => {
                let joined =
                    operation.park().and_then(|parked| connection.hub().join(&connection, &id, parked));
                match joined {
                    Ok(seat) => return connection.operations().set(&connection, &id, Slot::Parked(seat)),
                    Err(behind) => operation = behind,
                }
            }
        }
    }
}

async fn step(operation: &mut Operation) -> Step {
    poll_fn(|context| match operation.poll_next_unpin(context) {
        Poll::Ready(Some(message)) => Poll::Ready(Step::Told(message)),
        Poll::Ready(None) => Poll::Ready(Step::Ended),
        Poll::Pending if operation.is_idle() => Poll::Ready(Step::Idle),
        Poll::Pending => Poll::Pending,
    })
    .await
}
