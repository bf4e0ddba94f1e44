use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{Client, ClientNetwork};

/// How many connections there may be at once, of HTTP and WebSockets alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    /// Of all clients.
    pub(crate) total: usize,
    /// Of one client's address.
    pub(crate) per_address: usize,
}

/// The connections of the whole server, counted.
pub(crate) struct Connections {
    limits: ConnectionLimits,
    open: AtomicUsize,
    accepted: AtomicU64,
    /// No more than there are connections.
    by_network: Mutex<HashMap<ClientNetwork, usize>>,
}

/// The limit that a connection, or a client, would be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMany {
    OfAll(usize),
    OfOneAddress(usize),
}

/// A connection that is counted until this is dropped.
pub(crate) struct Permit {
    connections: Arc<Connections>,
    /// Tells the connection from all others that there were.
    id: u64,
    /// Whose it is. Unknown for a proxy's, which carries requests of many.
    network: Option<ClientNetwork>,
}

/// A client behind a proxy, that is counted as a connection of its own until this is dropped.
pub(crate) struct ClientPermit {
    connections: Arc<Connections>,
    network: ClientNetwork,
}

impl Connections {
    /// None yet.
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self { limits, open: AtomicUsize::new(0), accepted: AtomicU64::new(0), by_network: Mutex::default() }
    }

    /// Counts a connection, of that client or of a proxy.
    pub(crate) fn admit(self: &Arc<Self>, network: Option<ClientNetwork>) -> Result<Permit, TooMany> {
        let id = self.accepted.fetch_add(1, Ordering::Relaxed);
        let open = self.open.fetch_add(1, Ordering::Relaxed);
        // From here on dropping it undoes the counting.
        let mut permit = Permit { connections: Arc::clone(self), id, network: None };
        if open >= self.limits.total {
            return Err(TooMany::OfAll(self.limits.total));
        }
        if let Some(network) = network {
            permit.count_as(network)?;
        }
        Ok(permit)
    }

    /// Counts what a client does by way of a proxy.
    pub(crate) fn admit_client(self: &Arc<Self>, network: ClientNetwork) -> Result<ClientPermit, TooMany> {
        self.count(network)?;
        Ok(ClientPermit { connections: Arc::clone(self), network })
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// How many came, with those that were refused.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    fn count(&self, network: ClientNetwork) -> Result<(), TooMany> {
        let mut networks = self.lock();
        let count = networks.entry(network).or_default();
        // There is no entry without connections, so a new one is below any limit.
        if *count >= self.limits.per_address {
            return Err(TooMany::OfOneAddress(self.limits.per_address));
        }
        *count += 1;
        Ok(())
    }

    fn discount(&self, network: ClientNetwork) {
        if let Entry::Occupied(mut entry) = self.lock().entry(network) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClientNetwork, usize>> {
        self.by_network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Tells the connection from all others.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Whose connection it is, where that is known.
    pub(crate) fn client(&self) -> Option<Client> {
        self.network.map(|network| Client { network, connection: self.id })
    }

    /// Counts the connection as one of this client, who has it for itself from now on.
    pub(crate) fn count_as(&mut self, network: ClientNetwork) -> Result<(), TooMany> {
        self.connections.count(network)?;
        if let Some(before) = self.network.replace(network) {
            self.connections.discount(before);
        }
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(network) = self.network {
            self.connections.discount(network);
        }
        self.connections.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for ClientPermit {
    fn drop(&mut self) {
        self.connections.discount(self.network);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn network(last: u8) -> ClientNetwork {
        std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)).into()
    }

    fn connections(total: usize, per_address: usize) -> Arc<Connections> {
        Arc::new(Connections::new(ConnectionLimits { total, per_address }))
    }

    #[test]
    fn what_is_over_a_limit_is_refused_until_another_ends() {
        let connections = connections(3, 2);
        let first = connections.admit(Some(network(1))).expect("the first");
        let second = connections.admit(Some(network(1))).expect("the second");
        assert_eq!(connections.admit(Some(network(1))).err(), Some(TooMany::OfOneAddress(2)));
        let other = connections.admit(Some(network(2))).expect("another address");
        assert_eq!(connections.admit(Some(network(3))).err(), Some(TooMany::OfAll(3)));
        drop(first);
        let third = connections.admit(Some(network(1))).expect("one has ended");
        assert_eq!(connections.open(), 3);
        drop((second, other, third));
        assert_eq!((connections.open(), connections.lock().len()), (0, 0));
    }

    #[test]
    fn clients_of_a_proxy_are_counted_each() {
        let connections = connections(10, 1);
        let mut socket = connections.admit(None).expect("a proxy's connection");
        let requests = connections.admit(None).expect("another");
        let request = connections.admit_client(network(1)).expect("its client");
        assert_eq!(socket.count_as(network(1)).err(), Some(TooMany::OfOneAddress(1)));
        socket.count_as(network(2)).expect("another client");
        assert_eq!(connections.admit_client(network(2)).err(), Some(TooMany::OfOneAddress(1)));
        drop((request, requests, socket));
        assert_eq!((connections.open(), connections.lock().len()), (0, 0));
    }
}
