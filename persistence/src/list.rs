//! Pages of orders, read in as few messages as the driver allows: sqlx's SQLite driver hands each row from a thread of its
//! own to the one that waits, value by value, which costs more than SQLite needs to find the row. So there SQLite makes one
//! text of all rows.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    Direction, Order, OrderId, OrderQuery, OrderState, RepositoryError, User, UserId, UserRef, WithUser,
};
use lru::LruCache;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde::Deserialize;

use crate::{
    error::repository_error,
    order_query::{build, select_page},
    rows::{self, ORDER_COLUMNS, ORDER_USER_COLUMNS, parse_day, user_of},
};

/// An order as SQLite writes it: `ORDER_COLUMNS` and, if the user is read along, `ORDER_USER_COLUMNS`.
#[derive(Deserialize)]
struct Row<'r>(
    i64,
    #[serde(borrow)] Cow<'r, str>,
    #[serde(borrow)] Cow<'r, str>,
    i64,
    #[serde(borrow, default)] Option<Cow<'r, str>>,
    #[serde(borrow, default)] Option<Cow<'r, str>>,
);

/// Reads pages of orders. Clones share what they keep: the statements of the pages that were asked for last, which take
/// longer to write than to run.
#[derive(Clone)]
pub(crate) struct Pages(Arc<Mutex<LruCache<OrderQuery, Statement>>>);

/// The most statements that are kept.
const STATEMENTS: NonZeroUsize = NonZeroUsize::new(128).expect("above zero");

impl Pages {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(STATEMENTS))))
    }

    /// Reads a page, and one order more if there is more, in the order of the page's direction.
    pub(crate) async fn read(
        &self,
        connection: &DatabaseConnection,
        query: &OrderQuery,
    ) -> Result<Vec<Order>, RepositoryError> {
        let statement = self.statement(connection.get_database_backend(), query);
        match connection.get_database_backend() {
            DbBackend::Sqlite => match read_as_text(connection, statement, query).await? {
                Some(orders) => Ok(orders),
                None => read_rows(connection, build(DbBackend::Sqlite, &select_page(query)), query).await,
            },
            _ => read_rows(connection, statement, query).await,
        }
    }

    /// The statement to read the page by.
    fn statement(&self, backend: DbBackend, query: &OrderQuery) -> Statement {
        if let Some(statement) = self.kept().get(query) {
            return statement.clone();
        }
        let mut statement = build(backend, &select_page(query));
        if backend == DbBackend::Sqlite {
            let columns = columns(query.with_user).join(", ");
            statement.sql =
                format!("SELECT json_group_array(json_array({columns})) FROM ({})", statement.sql);
        }
        self.kept().put(query.clone(), statement.clone());
        statement
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<OrderQuery, Statement>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read_rows(
    connection: &DatabaseConnection,
    statement: Statement,
    query: &OrderQuery,
) -> Result<Vec<Order>, RepositoryError> {
    let rows = connection.query_all_raw(statement).await.map_err(repository_error)?;
    rows::orders(&rows, query.with_user)
}

/// `None` if a value is none that it should be. Read row by row, it is told by its place.
async fn read_as_text(
    connection: &DatabaseConnection,
    statement: Statement,
    query: &OrderQuery,
) -> Result<Option<Vec<Order>>, RepositoryError> {
    let row = match connection.query_one_raw(statement).await {
        Ok(row) => row,
        Err(error) => match repository_error(error) {
            error @ RepositoryError::Unavailable(_) => return Err(error),
            // Bytes in place of text.
            _ => return Ok(None),
        },
    };
    let text: Option<String> = row.and_then(|row| row.try_get_by_index(0).ok());
    let Some(mut orders) = text.as_deref().and_then(parse) else { return Ok(None) };
    // SQLite does not promise that the rows stay in the order of the inner statement, though they do.
    match query.page.direction {
        Direction::Forward => orders.sort_by_key(|order| order.id),
        Direction::Backward => orders.sort_by_key(|order| Reverse(order.id)),
    }
    Ok(Some(orders))
}

fn columns(with_user: WithUser) -> Vec<&'static str> {
    match with_user {
        WithUser::Yes => [&ORDER_COLUMNS[..], &ORDER_USER_COLUMNS].concat(),
        WithUser::No => ORDER_COLUMNS.to_vec(),
    }
}

fn parse(text: &str) -> Option<Vec<Order>> {
    let rows: Vec<Row<'_>> = serde_json::from_str(text).ok()?;
    let mut users = HashMap::new();
    rows.into_iter().map(|row| order(row, &mut users)).collect()
}

/// The order of a row; its user is one that was read before, if there is one.
fn order(row: Row<'_>, users: &mut HashMap<i64, User>) -> Option<Order> {
    let Row(id, date, state, user, username, email) = row;
    Some(Order {
        id: OrderId(id),
        date: parse_day(&date)?,
        state: OrderState::from_name(&state)?,
        user: match (username, email) {
            (Some(username), Some(email)) => UserRef::Loaded(match users.get(&user) {
                Some(user) => user.clone(),
                None => users.entry(user).or_insert(user_of(user, &username, &email).ok()?).clone(),
            }),
            _ => UserRef::Id(UserId(user)),
        },
    })
}
