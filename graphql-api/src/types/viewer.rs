use async_graphql::{Context, Enum, Error, Object};

use super::User;
use crate::{context::ApiContext, error::fault};

/// Who the server takes you for, and what you may do.
pub(crate) struct Viewer;

/// Something that a viewer may do.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::Permission")]
pub(crate) enum Permission {
    /// See the orders of every user.
    SeeAllOrders,
    /// Place, pay and cancel orders of every user.
    ChangeAllOrders,
    /// See your own orders.
    SeeOwnOrders,
    /// Place, pay and cancel your own orders.
    ChangeOwnOrders,
    /// See the e-mail address of every user.
    SeeAllEmails,
    /// Create users.
    CreateUsers,
}

/// Who the server takes you for, and what you may do.
#[Object]
impl Viewer {
    /// Your username; null when the server runs without authentication.
    async fn username<'c>(&self, context: &Context<'c>) -> Option<&'c str> {
        context.data_unchecked::<domain::Viewer>().username().map(domain::Username::as_str)
    }

    /// The user of your name, if there is one.
    async fn user(&self, context: &Context<'_>) -> Option<Result<User, Error>> {
        let user = context.users().find(context.viewer(), context.viewer().username()?).await;
        user.map_err(|error| fault(&error)).transpose().map(|user| user.map(User::from))
    }

    /// What you may do.
    async fn permissions(&self, context: &Context<'_>) -> Vec<Permission> {
        context.viewer().permissions().iter().map(|permission| (*permission).into()).collect()
    }
}
