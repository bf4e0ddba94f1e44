//! Reads for many objects of one response at once, so that a nested field costs one statement however often it occurs.

use std::{collections::HashMap, hash::Hash};

use async_graphql::{
    Error,
    dataloader::{DataLoader, Loader},
    runtime::{TokioSpawner, TokioTimer},
};
use domain::{OrderFilter, Page, PageRequest, User, UserId, Viewer, WithUser};

use crate::{context::UseCases, error::fault};

/// The loaders of one request. They batch and do not cache: a subscription's next event reads anew.
pub(crate) struct Loaders(DataLoader<Batch>);

/// A page of one user's orders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OrdersOfUser {
    pub(crate) user: UserId,
    pub(crate) filter: OrderFilter,
    pub(crate) page: PageRequest,
    pub(crate) with_user: WithUser,
}

/// How many orders one user has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OrderCountOfUser {
    pub(crate) user: UserId,
    pub(crate) filter: OrderFilter,
}

impl Loaders {
    /// The most objects that one statement is for.
    const BATCH_LIMIT: usize = 1000;

    pub(crate) fn new(use_cases: &UseCases, viewer: &Viewer) -> Self {
        let batch = Batch { use_cases: use_cases.clone(), viewer: viewer.clone() };
        Self(
            DataLoader::new(batch, TokioSpawner::current(), TokioTimer::default())
                .max_batch_size(Self::BATCH_LIMIT),
        )
    }

    pub(crate) async fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        self.0.load_one(id).await
    }

    pub(crate) async fn orders_of_user(&self, orders: OrdersOfUser) -> Result<Page, Error> {
        Ok(self.0.load_one(orders).await?.unwrap_or_default())
    }

    pub(crate) async fn order_count_of_user(&self, count: OrderCountOfUser) -> Result<u64, Error> {
        Ok(self.0.load_one(count).await?.unwrap_or_default())
    }
}

struct Batch {
    use_cases: UseCases,
    viewer: Viewer,
}

impl Loader<UserId> for Batch {
    type Value = User;
    type Error = Error;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>, Error> {
        let users = self.use_cases.users.find_by_ids(&self.viewer, ids).await;
        Ok(users.map_err(|error| fault(&error))?.into_iter().map(|user| (user.id(), user)).collect())
    }
}

impl Loader<OrdersOfUser> for Batch {
    type Value = Page;
    type Error = Error;

    async fn load(&self, keys: &[OrdersOfUser]) -> Result<HashMap<OrdersOfUser, Page>, Error> {
        let mut loaded = HashMap::new();
        for group in groups(keys, |key| (&key.filter, key.page, key.with_user)) {
            let users: Vec<_> = group.iter().map(|key| key.user).collect();
            let OrdersOfUser { filter, page, with_user, .. } = group[0].clone();
            let orders = &self.use_cases.orders;
            let pages = orders.pages_by_user(&self.viewer, &users, filter, page, with_user).await;
            collect(&mut loaded, group, |key| key.user, pages.map_err(|error| fault(&error))?);
        }
        Ok(loaded)
    }
}

impl Loader<OrderCountOfUser> for Batch {
    type Value = u64;
    type Error = Error;

    async fn load(&self, keys: &[OrderCountOfUser]) -> Result<HashMap<OrderCountOfUser, u64>, Error> {
        let mut loaded = HashMap::new();
        for group in groups(keys, |key| &key.filter) {
            let users: Vec<_> = group.iter().map(|key| key.user).collect();
            let counts = self.use_cases.orders.count_by_user(&self.viewer, &users, &group[0].filter).await;
            collect(&mut loaded, group, |key| key.user, counts.map_err(|error| fault(&error))?);
        }
        Ok(loaded)
    }
}

/// Sorts the keys that differ only in their user together.
fn groups<'k, K, G: Eq + Hash>(keys: &'k [K], group_of: impl Fn(&'k K) -> G) -> Vec<Vec<&'k K>> {
    let mut groups: HashMap<G, Vec<&K>> = HashMap::new();
    for key in keys {
        groups.entry(group_of(key)).or_default().push(key);
    }
    groups.into_values().collect()
}

/// Files what was loaded for the users of a group under the group's keys.
fn collect<K: Clone + Eq + Hash, V>(
    loaded: &mut HashMap<K, V>,
    group: Vec<&K>,
    user_of: impl Fn(&K) -> UserId,
    mut by_user: HashMap<UserId, V>,
) {
    for key in group {
        if let Some(value) = by_user.remove(&user_of(key)) {
            loaded.insert(key.clone(), value);
        }
    }
}
