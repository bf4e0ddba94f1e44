use std::{
    collections::HashMap,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    Direction, Order, OrderFeed, OrderFilter, OrderQuery, OrderRepository, OrderStream, PageRequest,
    RepositoryError, Scope, WithUser,
};
use futures_util::StreamExt;
use tokio::sync::{OnceCell, watch};
use tokio_stream::wrappers::WatchStream;

use crate::SqlRepository;

/// Tells of the newest order. A change is read once for each scope that somebody follows, whatever their number.
#[derive(Clone)]
pub struct SqlFeed {
    repository: SqlRepository,
    followed: Arc<Mutex<HashMap<Scope, Arc<Followed>>>>,
    /// The count of commits whose changes every follower was told.
    told: Arc<watch::Sender<u64>>,
}

/// The newest order of a scope, for all who follow it.
#[derive(Default)]
struct Followed {
    first_read: OnceCell<()>,
    /// `None` until it was read for the first time.
    newest: watch::Sender<Option<Newest>>,
}

/// `None` while there is no order.
type Newest = Option<Order>;

/// How long to wait after a read that failed, the first time and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How long a new follower waits for the feed to have caught up with the database.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(10);

impl SqlFeed {
    /// The feed of this repository's changes. It ends with the runtime.
    pub fn start(repository: SqlRepository) -> Self {
        let feed = Self { repository, followed: Arc::default(), told: Arc::default() };
        tokio::spawn(feed.clone().tell_changes());
        feed
    }

    async fn tell_changes(self) {
        let mut commits = self.repository.commits();
        while commits.changed().await.is_ok() {
            let counted = *commits.borrow_and_update();
            for (scope, followed) in self.still_followed() {
                let newest = Some(self.read_until_it_works(&scope).await);
                followed.newest.send_if_modified(|told| {
                    let modified = *told != newest;
                    *told = newest;
                    modified
                });
            }
            self.told.send_replace(counted);
        }
    }

    fn still_followed(&self) -> Vec<(Scope, Arc<Followed>)> {
        let mut scopes = self.scopes();
        scopes.retain(|_, followed| followed.newest.receiver_count() > 0);
        scopes.iter().map(|(scope, followed)| (scope.clone(), Arc::clone(followed))).collect()
    }

    async fn read_until_it_works(&self, scope: &Scope) -> Newest {
        let (mut wait, longest) = RETRY;
        loop {
            match self.read(scope).await {
                Ok(newest) => return newest,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "could not read the newest order"
                    );
                    tokio::time::sleep(wait).await;
                    wait = longest.min(wait * 2);
                }
            }
        }
    }

    /// Waits until followers were told of every change that was acknowledged.
    async fn catch_up(&self) -> Result<(), RepositoryError> {
        let acknowledged = *self.repository.commits().borrow();
        let mut told = self.told.subscribe();
        let caught_up = told.wait_for(|told| *told >= acknowledged);
        let timely = tokio::time::timeout(CATCH_UP_TIMEOUT, caught_up).await;
        timely.map(|_| ()).map_err(|elapsed| RepositoryError::Unavailable(elapsed.into()))
    }

    async fn read(&self, scope: &Scope) -> Result<Newest, RepositoryError> {
        let query = OrderQuery {
            scope: scope.clone(),
            filter: OrderFilter::default(),
            page: PageRequest { direction: Direction::Backward, ..PageRequest::first(1) },
            with_user: WithUser::Yes,
        };
        Ok(self.repository.page(&query).await?.orders.pop())
    }

    fn scopes(&self) -> MutexGuard<'_, HashMap<Scope, Arc<Followed>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl OrderFeed for SqlFeed {
    async fn newest(&self, scope: &Scope) -> Result<OrderStream, RepositoryError> {
        // Following comes before reading: a change after the read is then told.
        let (followed, receiver) = {
            let mut scopes = self.scopes();
            let followed = Arc::clone(scopes.entry(scope.clone()).or_default());
            let receiver = followed.newest.subscribe();
            (followed, receiver)
        };
        followed
            .first_read
            .get_or_try_init(async || {
                let newest = self.read(scope).await?;
                followed.newest.send_if_modified(|told| {
                    // A change that was told meanwhile is newer.
                    let first = told.is_none();
                    told.get_or_insert(newest);
                    first
                });
                Ok::<_, RepositoryError>(())
            })
            .await?;
        self.catch_up().await?;
        Ok(WatchStream::new(receiver).filter_map(ready).boxed())
    }
}
