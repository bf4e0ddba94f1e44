use async_graphql::{Context, Error, Subscription as GraphqlSubscription};
use futures_util::{Stream, StreamExt};

use crate::{context::ApiContext, error::fault, types::Order};

/// The root of subscriptions.
pub(crate) struct Subscription;

/// What can be followed.
#[GraphqlSubscription]
impl Subscription {
    /// The newest order at once, then whenever it changes or a newer one comes; null while there is none. A client
    /// that falls behind skips to the newest.
    async fn get_order(
        &self,
        context: &Context<'_>,
    ) -> Result<impl Stream<Item = Option<Order>> + use<>, Error> {
        let newest = context.orders().watch_newest(context.viewer()).await;
        Ok(newest.map_err(|error| fault(&error))?.map(|order| order.map(Order::from)))
    }
}
