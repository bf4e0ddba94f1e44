use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::connection::Connection;

/// What is looked at when its time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Whether the client has introduced itself.
    Init,
    /// Whether the client's token still holds.
    Token,
    /// Whether the client is still there.
    KeepAlive,
    /// Whether the client takes what is sent to it.
    Progress,
    /// Whether a connection that is being closed is gone.
    Closing,
}

/// The timers of one thread's sockets, in slots of a quarter of a second: setting one costs a push, and nothing runs for a
/// socket in between.
pub(crate) struct Timer {
    slots: RefCell<Vec<Vec<Due>>>,
    /// How many slots have gone by.
    now: Cell<u64>,
}

/// What is due, and in which slot, counted from the start.
#[derive(Clone)]
struct Due {
    connection: Weak<Connection>,
    check: Check,
    slot: u64,
}

const SLOT: Duration = Duration::from_millis(250);

/// Two minutes and a bit; what is due later comes by more than once.
const SLOTS: usize = 512;

impl Timer {
    pub(crate) fn start() -> Rc<Self> {
        let slots = RefCell::new(vec![Vec::new(); SLOTS]);
        let timer = Rc::new(Self { slots, now: Cell::new(0) });
        let running = Rc::downgrade(&timer);
        actix_web::rt::spawn(async move {
            let mut ticks = interval(SLOT);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(timer) = running.upgrade() else { return };
                timer.tick();
            }
        });
        timer
    }

    /// Has the connection look at something after the delay, or up to a slot later.
    pub(crate) fn set(&self, connection: &Weak<Connection>, check: Check, delay: Duration) {
        let slots = delay.as_millis().div_ceil(SLOT.as_millis());
        let slot = self.now.get() + 1 + u64::try_from(slots).unwrap_or(u64::MAX / 2);
        self.insert(Due { connection: connection.clone(), check, slot });
    }

    fn insert(&self, due: Due) {
        self.slots.borrow_mut()[index(due.slot)].push(due);
    }

    fn tick(&self) {
        let now = self.now.get() + 1;
        self.now.set(now);
        let timers = std::mem::take(&mut self.slots.borrow_mut()[index(now)]);
        let at = Instant::now();
        for due in timers {
            if due.slot > now {
                self.insert(due);
            } else if let Some(connection) = due.connection.upgrade()
                && let Some(delay) = connection.check(due.check, at)
            {
                self.set(&due.connection, due.check, delay);
            }
        }
    }
}

fn index(slot: u64) -> usize {
    usize::try_from(slot % SLOTS as u64).unwrap_or_default()
}
