use async_graphql::{Context, Error, Subscription as GraphqlSubscription};
use futures_util::{Stream, StreamExt};

use crate::{
    context::{ApiContext, Span},
    error::fault,
    log_cursor::{cannot_follow, start},
    types::{Cursor, Order, OrderEvent, OrderFilter},
};

/// The root of subscriptions.
pub(crate) struct Subscription;

/// What can be followed. Each message's `extensions.cursor` is its position in the order log.
#[GraphqlSubscription]
impl Subscription {
    /// The newest order at once, then whenever it changes or a newer one comes; null while there is none. A client
    /// that falls behind skips to the newest.
    async fn get_order(
        &self,
        context: &Context<'_>,
    ) -> Result<impl Stream<Item = Option<Order>> + use<>, Error> {
        let message = context.message().clone();
        let newest = context.orders().watch_newest(context.viewer()).await;
        Ok(newest.map_err(|error| fault(&error))?.map(move |newest| {
            message.is_at(newest.cursor);
            newest.order.map(Order::from)
        }))
    }

    /// Every change, by anyone, in commit order; never skips one.
    async fn order_events(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "Only what comes after this cursor, also if it lies in the past; from now on without it."
        )]
        after: Option<Cursor>,
        #[graphql(name = "where", desc = "Only changes of orders like this, before or after the change.")]
        filter: Option<OrderFilter>,
    ) -> Result<impl Stream<Item = Result<OrderEvent, Error>> + use<>, Error> {
        let message = context.message().clone();
        let filter = OrderFilter::parse(filter)?;
        let (orders, viewer) = (context.orders(), context.viewer());
        let events = match context.span() {
            Some(Span { after, until: None }) => orders.watch_events(viewer, Some(after), filter).await,
            Some(Span { after, until: Some(until) }) => {
                orders.replay_events(viewer, after, until, filter).await
            }
            None => {
                let after = start(orders, after.as_ref(), context.resume()).await?;
                orders.watch_events(viewer, after, filter).await
            }
        };
        Ok(events.map_err(|refused| cannot_follow(&refused))?.map(move |event| match event {
            Ok(event) => {
                message.is_at(event.cursor);
                Ok(OrderEvent(event))
            }
            Err(refused) => Err(cannot_follow(&refused)),
        }))
    }
}
