use async_graphql::{Error, InputObject};
use domain::Username;

use super::{Date, OrderState};
use crate::error::bad_input;

/// Which orders are wanted. Every condition that is given must hold.
#[derive(InputObject)]
pub(crate) struct OrderFilter {
    /// Orders in this state.
    state: Option<OrderState>,
    /// Orders of this user.
    username: Option<String>,
    /// Orders for this day or a later one.
    date_from: Option<Date>,
    /// Orders for this day or an earlier one.
    date_to: Option<Date>,
}

impl OrderFilter {
    /// Checks what a client gave as `where`.
    pub(crate) fn parse(filter: Option<Self>) -> Result<domain::OrderFilter, Error> {
        let Some(filter) = filter else {
            return Ok(domain::OrderFilter::default());
        };
        let username = filter.username.as_deref().map(Username::parse).transpose();
        Ok(domain::OrderFilter {
            state: filter.state.map(Into::into),
            username: username.map_err(|refusal| bad_input(format!("`where.username`: {refusal}")))?,
            date_from: filter.date_from.map(|date| date.0),
            date_to: filter.date_to.map(|date| date.0),
        })
    }
}
