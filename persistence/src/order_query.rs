//! The statements that read orders.

use domain::{Direction, OrderFilter, OrderQuery, PageRequest, Scope, UserId, WithUser};
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, IntoColumnRef, Order, Query, SelectStatement, SimpleExpr, WindowStatement,
};

use crate::{
    entity::{orders, users},
    rows::{ORDER_COLUMNS, ORDER_USER_COLUMNS},
};
use sea_orm::{ColumnTrait, DbBackend, Statement, Value};

/// Selects every order within the scope that the filter lets through.
pub(crate) fn select_orders(scope: &Scope, filter: &OrderFilter, with_user: WithUser) -> SelectStatement {
    let mut select = Query::select();
    for (name, column) in order_columns() {
        select.expr_as(column, Alias::new(name));
    }
    select.from(orders::Entity);
    if with_user == WithUser::Yes {
        select
            .columns(ORDER_USER_COLUMNS.map(|column| (users::Entity, Alias::new(column)).into_column_ref()))
            .inner_join(
                users::Entity,
                Expr::col((users::Entity, users::Column::Id))
                    .equals((orders::Entity, orders::Column::UserId)),
            );
    }
    restrict(&mut select, scope, filter);
    select
}

/// Selects one page more than is asked for by one row, which tells whether there is more.
pub(crate) fn select_page(query: &OrderQuery) -> SelectStatement {
    let mut select = select_orders(&query.scope, &query.filter, query.with_user);
    restrict_to_page(&mut select, &query.page);
    select
        .order_by((orders::Entity, orders::Column::Id), order_of(query.page.direction))
        .limit(rows_to_read(&query.page));
    select
}

/// Selects the same page of each of these users, one row more each, grouped by user.
pub(crate) fn select_pages_by_user(ids: &[UserId], query: &OrderQuery) -> SelectStatement {
    let (id, user_id) = ((orders::Entity, orders::Column::Id), (orders::Entity, orders::Column::UserId));
    let (numbered, number) = (Alias::new("numbered"), Alias::new("number"));
    let mut select = select_orders(&query.scope, &query.filter, query.with_user);
    restrict_to_page(&mut select, &query.page);
    let window = WindowStatement::partition_by(user_id).order_by(id, order_of(query.page.direction)).take();
    select.and_where(of_users(ids)).expr_window_as(Func::cust("ROW_NUMBER"), window, number.clone());

    let columns = ORDER_COLUMNS.iter().chain(match query.with_user {
        WithUser::Yes => ORDER_USER_COLUMNS.iter(),
        WithUser::No => [].iter(),
    });
    Query::select()
        .columns(columns.map(|column| Alias::new(*column)))
        .from_subquery(select, numbered)
        .and_where(Expr::col(number.clone()).lte(rows_to_read(&query.page)))
        .order_by(Alias::new("user_id"), Order::Asc)
        .order_by(number, Order::Asc)
        .take()
}

/// Builds the statement. On SQLite its limit is a literal: a limit that is a parameter has SQLite parse and plan the
/// statement anew each time that it is bound, which costs more than running it.
pub(crate) fn build(backend: DbBackend, select: &SelectStatement) -> Statement {
    let mut statement = backend.build(select);
    if backend == DbBackend::Sqlite
        && let Some(sql) = statement.sql.strip_suffix(" LIMIT ?")
        && let Some(Value::BigUnsigned(Some(limit))) =
            statement.values.as_mut().and_then(|values| values.0.pop())
    {
        statement.sql = format!("{sql} LIMIT {limit}");
    }
    statement
}

/// Counts the orders within the scope that the filter lets through.
pub(crate) fn count_orders(scope: &Scope, filter: &OrderFilter) -> SelectStatement {
    let mut select = Query::select();
    select.expr(Expr::col((orders::Entity, orders::Column::Id)).count()).from(orders::Entity);
    restrict(&mut select, scope, filter);
    select
}

/// Counts the same of each of these users: rows of user and count.
pub(crate) fn count_orders_by_user(ids: &[UserId], scope: &Scope, filter: &OrderFilter) -> SelectStatement {
    let mut select = Query::select();
    select
        .column((orders::Entity, orders::Column::UserId))
        .expr(Expr::col((orders::Entity, orders::Column::Id)).count())
        .from(orders::Entity)
        .and_where(of_users(ids))
        .group_by_col((orders::Entity, orders::Column::UserId));
    restrict(&mut select, scope, filter);
    select
}

/// [`ORDER_COLUMNS`] as `rows` reads them: the day as text.
pub(crate) fn order_columns() -> [(&'static str, SimpleExpr); 4] {
    ORDER_COLUMNS.map(|name| {
        let column = Expr::col((orders::Entity, Alias::new(name)));
        (name, if name == "date" { column.cast_as(Alias::new("text")) } else { column })
    })
}

/// Whether an order is of the user of that name. It takes no join, so it serves statements that change orders, too.
pub(crate) fn is_of(username: &domain::Username) -> SimpleExpr {
    let user = Query::select()
        .column(users::Column::Id)
        .from(users::Entity)
        .and_where(users::Column::Username.eq(username.as_str()))
        .take();
    Expr::col((orders::Entity, orders::Column::UserId)).in_subquery(user)
}

/// Whether an order is within the scope; `None` where every order is.
pub(crate) fn within(scope: &Scope) -> Option<SimpleExpr> {
    match scope {
        Scope::All => None,
        Scope::Of(username) => Some(is_of(username)),
    }
}

fn of_users(ids: &[UserId]) -> SimpleExpr {
    orders::Column::UserId.is_in(ids.iter().map(|id| id.0))
}

fn restrict(select: &mut SelectStatement, scope: &Scope, filter: &OrderFilter) {
    let conditions = [
        within(scope),
        filter.username.as_ref().map(is_of),
        filter.state.map(|state| orders::Column::State.eq(state.name())),
        filter.date_from.map(|from| orders::Column::Date.gte(from)),
        filter.date_to.map(|to| orders::Column::Date.lte(to)),
    ];
    for condition in conditions.into_iter().flatten() {
        select.and_where(condition);
    }
}

fn restrict_to_page(select: &mut SelectStatement, page: &PageRequest) {
    if let Some(after) = page.after {
        select.and_where(orders::Column::Id.gt(after.0));
    }
    if let Some(before) = page.before {
        select.and_where(orders::Column::Id.lt(before.0));
    }
}

fn order_of(direction: Direction) -> Order {
    match direction {
        Direction::Forward => Order::Asc,
        Direction::Backward => Order::Desc,
    }
}

fn rows_to_read(page: &PageRequest) -> u64 {
    u64::from(page.limit) + 1
}
