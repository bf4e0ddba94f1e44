use async_graphql::{Context, Error, Object};

use crate::{
    context::ApiContext,
    types::{
        CancelOrderInput, CancelOrderPayload, CreateUserInput, CreateUserPayload, PayOrderInput,
        PayOrderPayload, PlaceOrderInput, PlaceOrderPayload, outcome, parse_order_id,
    },
};

/// The root of mutations.
pub(crate) struct Mutation;

/// What can be changed. An expected outcome other than the one asked for is a value in the payload's `errors`; then
/// nothing was changed.
#[Object]
impl Mutation {
    /// Creates a user.
    async fn create_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The user.")] input: CreateUserInput,
    ) -> Result<CreateUserPayload, Error> {
        match input.parse() {
            Ok(user) => Ok(outcome(context.users().create(context.viewer(), user).await)?.into()),
            Err(errors) => Ok(Err(errors).into()),
        }
    }

    /// Places an order.
    async fn place_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The order.")] input: PlaceOrderInput,
    ) -> Result<PlaceOrderPayload, Error> {
        match input.parse() {
            Ok(order) => Ok(outcome(context.orders().place(context.viewer(), order).await)?.into()),
            Err(errors) => Ok(Err(errors).into()),
        }
    }

    /// Pays an unpaid order.
    async fn pay_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The order.")] input: PayOrderInput,
    ) -> Result<PayOrderPayload, Error> {
        match parse_order_id(&input.id) {
            Ok(id) => Ok(outcome(context.orders().pay(context.viewer(), id).await)?.into()),
            Err(errors) => Ok(Err(errors).into()),
        }
    }

    /// Cancels an unpaid order: it is deleted.
    async fn cancel_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The order.")] input: CancelOrderInput,
    ) -> Result<CancelOrderPayload, Error> {
        match parse_order_id(&input.id) {
            Ok(id) => Ok(outcome(context.orders().cancel(context.viewer(), id).await)?.into()),
            Err(errors) => Ok(Err(errors).into()),
        }
    }
}
