//! Rows become domain values here, and nowhere else. A value that the domain does not admit is an error that names the
//! table, the column and the row.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use domain::{Email, Order, OrderId, OrderState, RepositoryError, User, UserId, UserRef, Username, WithUser};

use crate::{
    error::repository_error,
    transaction::{Row, Value},
};

/// The columns of a user, in the order in which [`user`] reads them.
pub(crate) const USER_COLUMNS: [&str; 3] = ["id", "username", "email"];

/// The columns of an order, in the order in which [`order`] reads them.
pub(crate) const ORDER_COLUMNS: [&str; 4] = ["id", "date", "state", "user_id"];

/// The columns that follow [`ORDER_COLUMNS`] where the user is read along.
pub(crate) const ORDER_USER_COLUMNS: [&str; 2] = ["username", "email"];

/// A user from [`USER_COLUMNS`].
pub(crate) fn user(row: &impl Row) -> Result<User, RepositoryError> {
    let id = key(row, 0)?;
    user_from(row, id, 1)
}

/// An order from [`ORDER_COLUMNS`] and, if the user is read along, [`ORDER_USER_COLUMNS`].
pub(crate) fn order(row: &impl Row, with_user: WithUser) -> Result<Order, RepositoryError> {
    let id = key(row, 0)?;
    let date = day(row, 1, "orders", "date", id)?
        .ok_or_else(|| invalid("orders", "date", id, NoDay(String::new())))?;
    let state: String = value(row, 2, "orders", "state", id)?;
    let state = order_state(&state, "orders", id)?;
    let user: i64 = value(row, 3, "orders", "user_id", id)?;
    Ok(Order {
        id: OrderId(id),
        date,
        state,
        user: match with_user {
            WithUser::Yes => UserRef::Loaded(user_from(row, user, ORDER_COLUMNS.len())?),
            WithUser::No => UserRef::Id(UserId(user)),
        },
    })
}

/// The orders of some rows, in the same order.
pub(crate) fn orders(rows: &[impl Row], with_user: WithUser) -> Result<Vec<Order>, RepositoryError> {
    rows.iter().map(|row| order(row, with_user)).collect()
}

/// The state that is stored under `name` in the column `state` of `table`.
pub(crate) fn order_state(name: &str, table: &'static str, row: i64) -> Result<OrderState, RepositoryError> {
    OrderState::from_name(name).ok_or_else(|| invalid(table, "state", row, UnknownState(name.to_owned())))
}

/// The value at `index`, which is `column` of the row of `table` with the primary key `row`.
pub(crate) fn value<T: Value>(
    result: &impl Row,
    index: usize,
    table: &'static str,
    column: &'static str,
    row: i64,
) -> Result<T, RepositoryError> {
    result.get(index).map_err(|error| invalid(table, column, row, error))
}

/// The day at `index`, which was selected as text: PostgreSQL has days that the driver cannot count.
pub(crate) fn day(
    result: &impl Row,
    index: usize,
    table: &'static str,
    column: &'static str,
    row: i64,
) -> Result<Option<NaiveDate>, RepositoryError> {
    let text: Option<String> = value(result, index, table, column, row)?;
    let parse = |text: String| parse_day(&text).ok_or_else(|| invalid(table, column, row, NoDay(text)));
    text.map(parse).transpose()
}

/// The day that is written as `2026-04-12`, and in no other way.
pub(crate) fn parse_day(text: &str) -> Option<NaiveDate> {
    let is_in_place = |(place, byte): (usize, u8)| {
        if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
    };
    let is_written_so = text.len() == "2026-04-12".len() && text.bytes().enumerate().all(is_in_place);
    text.parse().ok().filter(|day: &NaiveDate| is_written_so && day.year() >= 1)
}

/// A primary key: the databases themselves keep those integers.
pub(crate) fn key(row: &impl Row, index: usize) -> Result<i64, RepositoryError> {
    row.get(index).map_err(repository_error)
}

fn user_from(row: &impl Row, id: i64, first: usize) -> Result<User, RepositoryError> {
    let username: String = value(row, first, "users", "username", id)?;
    let email: String = value(row, first + 1, "users", "email", id)?;
    user_of(id, &username, &email)
}

/// The user of those values.
pub(crate) fn user_of(id: i64, username: &str, email: &str) -> Result<User, RepositoryError> {
    let username = Username::parse(username).map_err(|refusal| invalid("users", "username", id, refusal))?;
    let email = Email::parse(email).map_err(|refusal| invalid("users", "email", id, refusal))?;
    Ok(User::new(UserId(id), username, email))
}

fn invalid(
    table: &'static str,
    column: &'static str,
    row: i64,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> RepositoryError {
    RepositoryError::InvalidStoredValue { table, column, row, source: source.into() }
}

#[derive(Debug)]
struct NoDay(String);

impl std::error::Error for NoDay {}

impl fmt::Display for NoDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no day of the years 0001 to 9999", self.0)
    }
}

#[derive(Debug)]
struct UnknownState(String);

impl std::error::Error for UnknownState {}

impl fmt::Display for UnknownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no state of an order", self.0)
    }
}
