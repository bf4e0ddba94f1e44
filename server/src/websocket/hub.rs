use std::{
    cell::RefCell,
    collections::HashMap,
    iter::from_fn,
    rc::{Rc, Weak},
};

use actix_web::rt;
use arrayvec::ArrayVec;
use graphql_api::{Answer, Batch, ChannelId, Listener, Message, Operation, Parked, Place};
use slab::Slab;
use tokio::task::AbortHandle;

use super::{
    connection::Connection,
    frames::{Frames, MemberId},
    operations::{self, Id},
    protocol::Protocol,
};

/// The parked subscriptions of one thread's sockets. Each channel is heard by one task, which writes what it tells to the
/// sockets of all that follow it.
pub(crate) struct Hub {
    channels: RefCell<HashMap<ChannelId, Audience>>,
    /// Connections with several operations, which get what all of these are told in one write.
    unflushed: RefCell<Vec<Rc<Connection>>>,
}

/// Those who follow one channel.
struct Audience {
    members: Slab<Member>,
    /// How far the channel was heard.
    place: Place,
    /// Whether only the newest of its messages counts.
    is_newest: bool,
    /// The task that hears it.
    hearing: AbortHandle,
}

struct Member {
    connection: Rc<Connection>,
    id: MemberId,
    parked: Parked,
}

/// Where a parked subscription is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    channel: ChannelId,
    member: usize,
}

/// Why a member cannot be told with the others.
struct Behind;

impl Hub {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self { channels: RefCell::default(), unflushed: RefCell::default() })
    }

    /// Has the subscription told what comes. `Err` is one that has to catch up by itself first.
    pub(crate) fn join(
        self: &Rc<Self>,
        connection: &Rc<Connection>,
        id: &Id,
        mut parked: Parked,
    ) -> Result<Seat, Operation> {
        let channel = parked.channel();
        let mut channels = self.channels.borrow_mut();
        let audience = channels.entry(channel).or_insert_with(|| {
            let listener = parked.listen();
            let place = listener.place();
            let hearing = rt::spawn(hear(Rc::downgrade(self), channel, listener)).abort_handle();
            Audience { members: Slab::new(), place, is_newest: parked.is_newest(), hearing }
        });
        // The others may have been told more meanwhile.
        while parked.number() < audience.place.number {
            match parked.read() {
                Some(Batch::Answers { answers, .. }) => connection.tell(id, &answers),
                _ => return Err(Operation::unpark(parked, None)),
            }
        }
        let (connection, id) = (Rc::clone(connection), MemberId::new(id));
        let member = audience.members.insert(Member { connection, id, parked });
        Ok(Seat { channel, member })
    }

    /// Tells the subscription nothing any more.
    pub(crate) fn leave(&self, seat: Seat) {
        let mut channels = self.channels.borrow_mut();
        if let Some(audience) = channels.get_mut(&seat.channel) {
            audience.members.try_remove(seat.member);
            if audience.members.is_empty() {
                channels.remove(&seat.channel);
            }
        }
    }

    /// Writes what a channel told to those who follow it. Those who are behind go on by themselves.
    fn deliver(self: &Rc<Self>, channel: ChannelId, first: u64, answers: &[Answer], place: Place) {
        let mut channels = self.channels.borrow_mut();
        let Some(audience) = channels.get_mut(&channel) else { return };
        if let Some((_, member)) = audience.members.iter().next() {
            member.connection.metrics().sockets().told(audience.members.len() * answers.len());
        }
        let mut made: Vec<Frames> = Vec::new();
        let mut behind = Vec::new();
        for (key, member, protocol) in ahead(&audience.members) {
            let told = member.parked.number().saturating_sub(first);
            let id = member.id.as_str();
            let result = if told == 0 {
                let index = made.iter().position(|frames| frames.fit(protocol, id)).unwrap_or_else(|| {
                    made.push(Frames::new(protocol, id, answers));
                    made.len() - 1
                });
                self.tell(member, audience.is_newest, made[index].with(id))
            } else {
                // It came while these were under way, and has read some of them itself.
                let rest =
                    usize::try_from(told).ok().and_then(|told| answers.get(told..)).unwrap_or_default();
                if rest.is_empty() {
                    continue;
                }
                self.tell(member, audience.is_newest, Frames::new(protocol, id, rest).with(id))
            };
            if result.is_err() {
                behind.push(key);
            }
        }
        for Member { connection, id, parked } in behind.into_iter().map(|key| audience.members.remove(key)) {
            operations::go_on(
                &connection,
                &id.as_str().into(),
                Operation::unpark(parked, Some(audience.place)),
            );
        }
        audience.place = place;
        if audience.members.is_empty() {
            channels.remove(&channel);
        }
    }

    fn tell(self: &Rc<Self>, member: &Member, is_newest: bool, frames: &[u8]) -> Result<(), Behind> {
        let connection = &member.connection;
        if !connection.is_free() && (!connection.has_room() || (is_newest && connection.is_blocked())) {
            return Err(Behind);
        }
        if connection.has_several_operations() {
            let is_first = connection.keep(frames);
            if is_first {
                self.flush_later(connection);
            }
        } else {
            connection.send_frames(frames);
        }
        Ok(())
    }

    /// Flushes the connection after the channels that have something to tell now.
    fn flush_later(self: &Rc<Self>, connection: &Rc<Connection>) {
        let mut unflushed = self.unflushed.borrow_mut();
        if unflushed.is_empty() {
            let hub = Rc::clone(self);
            // Tasks that are ready run before this one.
            rt::spawn(async move {
                for connection in hub.unflushed.take() {
                    connection.flush();
                }
            });
        }
        unflushed.push(Rc::clone(connection));
    }

    /// Has each of the channel's members go on by itself.
    fn dismiss(&self, channel: ChannelId) {
        let Some(mut audience) = self.channels.borrow_mut().remove(&channel) else { return };
        let place = audience.place;
        for Member { connection, id, parked } in audience.members.drain() {
            operations::go_on(&connection, &id.as_str().into(), Operation::unpark(parked, Some(place)));
        }
    }

    /// Ends the subscriptions of all of the channel's members.
    fn end(&self, channel: ChannelId, error: Option<&Message>) {
        let Some(mut audience) = self.channels.borrow_mut().remove(&channel) else { return };
        for Member { connection, id, .. } in audience.members.drain() {
            operations::end(&connection, &id.as_str().into(), error);
        }
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        self.hearing.abort();
    }
}

/// The members, each with its protocol. The connections of some are looked at together, before the first of these is written
/// to: where there are many, each comes from memory, and those that do at one time take hardly longer than one.
fn ahead(members: &Slab<Member>) -> impl Iterator<Item = (usize, &Member, Protocol)> {
    const AHEAD: usize = 16;
    let mut members = members.iter().map(|(key, member)| (key, member, member.connection.protocol()));
    from_fn(move || {
        let some: ArrayVec<_, AHEAD> = members.by_ref().take(AHEAD).collect();
        (!some.is_empty()).then_some(some)
    })
    .flatten()
}

/// Hears a channel for those who follow it.
async fn hear(hub: Weak<Hub>, channel: ChannelId, mut listener: Listener) {
    loop {
        let batch = listener.next().await;
        let Some(hub) = hub.upgrade() else { return };
        match batch {
            Batch::Answers { first, answers } => hub.deliver(channel, first, &answers, listener.place()),
            Batch::Missed => return hub.dismiss(channel),
            Batch::Ended(error) => return hub.end(channel, error.as_ref()),
        }
    }
}
