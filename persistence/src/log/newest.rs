use std::{
    collections::{HashMap, hash_map::Entry},
    future::ready,
};

use domain::{
    Cursor, Direction, NewestOrder, NewestOrderStream, Order, OrderEvent, OrderFilter, OrderQuery,
    PageRequest, RepositoryError, Scope, WithCauses, WithUser,
};
use futures_util::StreamExt;
use sea_orm::ConnectionTrait;
use tokio::sync::{oneshot, watch};
use tokio_stream::wrappers::WatchStream;

use super::{PATIENCE, Shared};
use crate::{
    error::repository_error,
    order_query::{build, select_page},
    rows,
};

/// Somebody who wants to follow the newest order of a scope.
pub(crate) struct FollowNewest {
    pub(crate) scope: Scope,
    answer: oneshot::Sender<Result<watch::Receiver<Option<NewestOrder>>, RepositoryError>>,
}

/// The newest order of each scope that somebody follows, kept up to date by the events.
#[derive(Default)]
pub(crate) struct NewestOrders(HashMap<Scope, Followed>);

struct Followed {
    newest: Option<Order>,
    /// The newest order was deleted: only the database knows which one is the newest now.
    deleted: bool,
    /// `None` until it is told for the first time.
    told: watch::Sender<Option<NewestOrder>>,
}

/// Follows the newest order of a scope.
pub(crate) async fn follow(shared: &Shared, scope: &Scope) -> Result<NewestOrderStream, RepositoryError> {
    let (answer, answered) = oneshot::channel();
    let request = FollowNewest { scope: scope.clone(), answer };
    let follow = async {
        shared.follow_newest.send(request).await.ok()?;
        answered.await.ok()
    };
    match tokio::time::timeout(PATIENCE, follow).await {
        Ok(Some(newest)) => {
            let newest = newest?;
            // An order may have gone and come back between two looks.
            let mut told = None;
            let news = WatchStream::new(newest).filter_map(move |newest| {
                let news = newest.filter(|newest| told.as_ref() != Some(&newest.order));
                if let Some(news) = &news {
                    told = Some(news.order.clone());
                }
                ready(news)
            });
            Ok(news.boxed())
        }
        _ => Err(RepositoryError::Unavailable("the order log could not be read in time".into())),
    }
}

impl NewestOrders {
    /// Reads the newest order of the scope, if nobody followed it so far. What goes wrong is this follower's alone: it
    /// is told, and `None` returned.
    pub(crate) async fn admit(&mut self, shared: &Shared, request: FollowNewest) -> Option<FollowNewest> {
        if let Entry::Vacant(vacant) = self.0.entry(request.scope.clone()) {
            match read(shared, &request.scope).await {
                Ok(newest) => {
                    vacant.insert(Followed { newest, deleted: false, told: watch::Sender::new(None) });
                }
                Err(error) => {
                    // A follower that went away meanwhile needs no answer.
                    let _ = request.answer.send(Err(error));
                    return None;
                }
            }
        }
        Some(request)
    }

    /// Reads the newest orders of the scopes whose newest order was deleted, and tells whether there were any. A scope
    /// whose newest order is stored with an invalid value is silent until another one is the newest.
    pub(crate) async fn read_again_after_deletion(
        &mut self,
        shared: &Shared,
    ) -> Result<bool, RepositoryError> {
        let mut any = false;
        for (scope, followed) in self.0.iter_mut().filter(|(_, followed)| followed.deleted) {
            match read(shared, scope).await {
                Ok(newest) => followed.newest = newest,
                Err(error @ RepositoryError::InvalidStoredValue { .. }) => {
                    tracing::error!(error = %WithCauses(&error), "the newest order cannot be told");
                }
                Err(error) => return Err(error),
            }
            followed.deleted = false;
            any = true;
        }
        Ok(any)
    }

    /// Takes an event into account, in the order of the log.
    pub(crate) fn apply(&mut self, event: &OrderEvent) {
        let owners = [event.change.before(), event.change.after()].into_iter().flatten();
        let owners =
            owners.filter_map(|order| order.user.loaded()).map(|user| Scope::Of(user.username().clone()));
        for scope in owners.chain([Scope::All]) {
            if let Some(followed) = self.0.get_mut(&scope)
                && let Some(change) = event.change.within(&scope)
            {
                let newest = followed.newest.as_ref().map(|order| order.id);
                match change.after() {
                    Some(after) if newest.is_none_or(|newest| newest <= after.id) => {
                        followed.newest = Some(after.clone());
                    }
                    None if newest == Some(change.order().id) => followed.deleted = true,
                    _ => {}
                }
            }
        }
    }

    /// Forgets the scopes that nobody follows any more.
    pub(crate) fn forget_unfollowed(&mut self) {
        self.0.retain(|_, followed| followed.told.receiver_count() > 0);
    }

    /// Tells the followers of each scope.
    pub(crate) fn tell(&mut self, cursor: Cursor) {
        for followed in self.0.values_mut() {
            followed.told.send_if_modified(|told| {
                let modified = told.as_ref().is_none_or(|told| told.order != followed.newest);
                *told = Some(NewestOrder { cursor, order: followed.newest.clone() });
                modified
            });
        }
    }

    /// Hands a follower what its scope is told.
    pub(crate) fn answer(&self, request: FollowNewest) {
        if let Some(followed) = self.0.get(&request.scope) {
            // A follower that went away meanwhile needs no answer.
            let _ = request.answer.send(Ok(followed.told.subscribe()));
        }
    }
}

async fn read(shared: &Shared, scope: &Scope) -> Result<Option<Order>, RepositoryError> {
    let query = OrderQuery {
        scope: scope.clone(),
        filter: OrderFilter::default(),
        page: PageRequest { direction: Direction::Backward, ..PageRequest::first(1) },
        with_user: WithUser::Yes,
    };
    let watcher = shared.database.watcher();
    let statement = build(watcher.get_database_backend(), &select_page(&query));
    let row = watcher.query_one_raw(statement).await.map_err(repository_error)?;
    row.map(|row| rows::order(&row, WithUser::Yes)).transpose()
}
