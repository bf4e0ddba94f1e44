use std::{cell::RefCell, ops::Range, rc::Rc, sync::Arc};

use anyhow::{bail, ensure};
use tokio::{sync::Semaphore, task::spawn_local};

use crate::{
    deliveries::Deliveries,
    follower::Follower,
    subject::{Subject, Trigger},
};

/// What clients subscribe to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Documents {
    /// The same for all.
    Same(&'static str),
    /// So many that differ in the name of the operation.
    Named(&'static str, usize),
    /// So many that differ in what they select: the field `state` under different aliases.
    Aliased(&'static str, usize),
}

/// The clients of one server.
pub(crate) struct Clients<'a> {
    pub(crate) deliveries: Rc<Deliveries>,
    pub(crate) trigger: Trigger<'a>,
    subject: &'a Subject,
    documents: Documents,
    buffer: Rc<RefCell<Vec<u8>>>,
    opened: usize,
}

/// Connections that are opened at a time.
const AT_A_TIME: usize = 64;
/// Bytes that are read at a time.
const BUFFER: usize = 64 * 1024;

impl<'a> Clients<'a> {
    /// Room for so many clients.
    pub(crate) async fn new(
        subject: &'a Subject,
        documents: Documents,
        clients: usize,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            deliveries: Rc::new(Deliveries::new(clients)),
            trigger: subject.trigger().await?,
            subject,
            documents,
            buffer: Rc::new(RefCell::new(vec![0; BUFFER])),
            opened: 0,
        })
    }

    /// Connects those clients, and waits until each was told something: then its subscription runs.
    pub(crate) async fn open(&mut self, clients: Range<usize>) -> anyhow::Result<()> {
        let turns = Arc::new(Semaphore::new(AT_A_TIME));
        self.opened = clients.end;
        for number in clients {
            let turn = Arc::clone(&turns).acquire_owned().await?;
            let follower = Follower {
                number,
                document: self.documents.of(number),
                deliveries: Rc::clone(&self.deliveries),
                buffer: Rc::clone(&self.buffer),
            };
            spawn_local(follower.follow(self.subject.endpoint.clone(), turn));
        }
        self.deliveries.acknowledged(self.opened).await?;
        for _ in 0..10 {
            self.trigger.cause().await?;
            self.deliveries.silence().await;
            let counts = self.deliveries.counts();
            ensure!(counts.errors == 0 && counts.ended == 0, "a subscription failed: {:?}", counts.why);
            if counts.untold(self.opened) == 0 {
                return Ok(());
            }
        }
        bail!("{} clients were told nothing", self.deliveries.counts().untold(self.opened))
    }
}

impl Documents {
    /// That of a client.
    fn of(self, client: usize) -> String {
        match self {
            Self::Same(document) => document.to_owned(),
            Self::Named(document, different) => {
                document.replacen("subscription", &format!("subscription S{:04}", client % different), 1)
            }
            Self::Aliased(document, different) => {
                document.replacen(" state ", &format!(" s{:04}: state ", client % different), 1)
            }
        }
    }
}
