use std::{
    hash::{BuildHasher, Hash, RandomState},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

use super::{Client, ClientNetwork};

/// How much clients may ask for in a second. Of each, what is for five seconds may come at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimits {
    /// Operations on one connection.
    pub(crate) per_connection: NonZeroU32,
    /// Operations, and handshakes of WebSockets, of one address.
    pub(crate) per_address: NonZeroU32,
    /// Messages of a client on one WebSocket, whatever they are.
    pub(crate) messages: NonZeroU32,
}

/// The rates of the clients of the whole server.
pub(crate) struct Rates {
    connections: Rate<u64>,
    addresses: Rate<ClientNetwork>,
    messages: Rate<u64>,
}

/// A rate that is exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TooFast {
    /// The rate, by a short name.
    pub(crate) rate: &'static str,
    /// What is told to the client.
    pub(crate) message: String,
    /// When the next would be taken.
    pub(crate) retry_after: Duration,
}

/// One rate for each key, of those who were active lately: the others are as good as new, and are forgotten.
struct Rate<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    per_second: NonZeroU32,
    hasher: RandomState,
}

type Limiter<K> = RateLimiter<
    Key<K>,
    HashMapStateStore<Key<K>>,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as Clock>::Instant>,
>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key<K> {
    Own(K),
    /// Where there are too many to keep each.
    Shared(u64),
}

/// For how many seconds what is allowed may come at once.
const BURST_SECONDS: u32 = 5;

/// The most keys of a rate. Those beyond share some.
const KEYS: usize = 100_000;
const SHARED_KEYS: u64 = 1024;

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self {
            connections: Rate::new(limits.per_connection),
            addresses: Rate::new(limits.per_address),
            messages: Rate::new(limits.messages),
        }
    }

    /// Whether a client may start so many operations on this connection now.
    pub(crate) fn operations(&self, client: Client, count: NonZeroU32) -> Result<(), TooFast> {
        self.connections.check(client.connection, count).map_err(|retry_after| TooFast {
            rate: "connection",
            message: format!(
                "a connection may start {} operations a second (ORDERCAST_OPERATIONS_PER_CONNECTION)",
                self.connections.per_second
            ),
            retry_after,
        })?;
        self.address(client.network, count)
    }

    /// Whether a client may open a WebSocket now.
    pub(crate) fn handshake(&self, client: ClientNetwork) -> Result<(), TooFast> {
        self.address(client, NonZeroU32::MIN)
    }

    /// Whether a client may send a message on this WebSocket now.
    pub(crate) fn message(&self, client: Client) -> bool {
        self.messages.check(client.connection, NonZeroU32::MIN).is_ok()
    }

    /// Forgets those who were not active lately. To be called now and then.
    pub(crate) fn forget_idle(&self) {
        self.connections.forget_idle();
        self.addresses.forget_idle();
        self.messages.forget_idle();
    }

    fn address(&self, client: ClientNetwork, count: NonZeroU32) -> Result<(), TooFast> {
        self.addresses.check(client, count).map_err(|retry_after| TooFast {
            rate: "address",
            message: format!(
                "a client's address may start {} operations a second (ORDERCAST_OPERATIONS_PER_ADDRESS)",
                self.addresses.per_second
            ),
            retry_after,
        })
    }
}

impl<K: Hash + Eq + Clone> Rate<K> {
    fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(const { NonZeroU32::new(BURST_SECONDS).expect("above zero") });
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self {
            limiter: RateLimiter::hashmap_with_clock(quota, MonotonicClock),
            per_second,
            hasher: RandomState::new(),
        }
    }

    /// How long to wait, if that many are too many now.
    fn check(&self, key: K, count: NonZeroU32) -> Result<(), Duration> {
        let key = if self.limiter.len() < KEYS {
            Key::Own(key)
        } else {
            Key::Shared(self.hasher.hash_one(key) % SHARED_KEYS)
        };
        match self.limiter.check_key_n(&key, count) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_yet)) => Err(not_yet.wait_time_from(MonotonicClock.now())),
            // More at once than there may ever be.
            Err(_) => Err(Duration::from_secs(u64::from(BURST_SECONDS))),
        }
    }

    fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).expect("above zero")
    }

    #[test]
    fn what_is_beyond_a_rate_is_told_when_to_come_back() {
        let rate = Rate::new(number(1));
        for _ in 0..5 {
            assert_eq!(rate.check(1, number(1)), Ok(()));
        }
        let wait = rate.check(1, number(1)).expect_err("five at once, one a second");
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(rate.check(2, number(5)), Ok(()), "another key has its own");
        assert!(rate.check(3, number(6)).is_err(), "more than may ever come at once");
    }

    #[test]
    fn keys_are_kept_only_while_they_matter_and_never_too_many() {
        // A second's worth is a billion: a key is as good as new at once.
        let rate = Rate::new(number(1_000_000_000));
        for key in 0..KEYS + 5000 {
            assert_eq!(rate.check(key, number(1)), Ok(()));
        }
        let most = KEYS + usize::try_from(SHARED_KEYS).expect("a small number");
        assert!((KEYS..=most).contains(&rate.limiter.len()), "{}", rate.limiter.len());
        rate.forget_idle();
        assert_eq!(rate.limiter.len(), 0);
    }

    #[test]
    fn a_limit_that_is_exceeded_is_named_with_its_value() {
        let limits = RateLimits { per_connection: number(2), per_address: number(3), messages: number(1) };
        let rates = Rates::new(limits);
        let network = ClientNetwork::V4([192, 0, 2, 1]);
        let client = |connection| Client { network, connection };
        assert_eq!(rates.operations(client(1), number(10)), Ok(()));
        let refused = rates.operations(client(1), number(1)).expect_err("ten at once, two a second");
        assert!(refused.message.contains("2 operations a second (ORDERCAST_OPERATIONS_PER_CONNECTION)"));
        assert_eq!(rates.operations(client(2), number(5)), Ok(()));
        let refused = rates.operations(client(3), number(1)).expect_err("fifteen at once, three a second");
        assert!(refused.message.contains("3 operations a second (ORDERCAST_OPERATIONS_PER_ADDRESS)"));
        assert_eq!(rates.handshake(network).err().map(|refused| refused.rate), Some("address"));
    }
}
