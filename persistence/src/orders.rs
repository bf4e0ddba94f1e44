use std::{collections::HashMap, sync::OnceLock};

use async_trait::async_trait;
use domain::{
    IdempotencyKey, NewOrder, Order, OrderFilter, OrderId, OrderQuery, OrderRepository, Page, Placement,
    RepositoryError, Scope, Transition, TransitionOutcome, UserId, WithUser,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, QueryResult, RuntimeErr, Statement,
    sea_query::{Alias, Expr, ExprTrait, OnConflict, Query, SelectStatement},
};

use crate::{
    SqlRepository,
    entity::{order_placements, orders, users},
    error::repository_error,
    log::TransactionId,
    order_query::{
        build, count_orders, count_orders_by_user, order_columns, select_orders, select_pages_by_user, within,
    },
    repository::{Change, ChangeError, Outcome, own_transaction},
    rows::{self, ORDER_COLUMNS, ORDER_USER_COLUMNS},
    transaction::{Row, Transaction},
    users::select_user,
};

#[async_trait]
impl OrderRepository for SqlRepository {
    async fn find(
        &self,
        scope: &Scope,
        id: OrderId,
        with_user: WithUser,
    ) -> Result<Option<Order>, RepositoryError> {
        let mut select = select_orders(scope, &OrderFilter::default(), with_user);
        select.and_where(orders::Column::Id.eq(id.0));
        let row = self.database().reader().query_one(&select).await.map_err(repository_error)?;
        row.map(|row| rows::order(&row, with_user)).transpose()
    }

    async fn page(&self, query: &OrderQuery) -> Result<Page, RepositoryError> {
        let read = self.pages().read(self.database().reader(), query).await?;
        Ok(Page::from_read(read, &query.page))
    }

    async fn pages_by_user(
        &self,
        users: &[UserId],
        query: &OrderQuery,
    ) -> Result<HashMap<UserId, Page>, RepositoryError> {
        let read = rows::orders(&self.read(&select_pages_by_user(users, query)).await?, query.with_user)?;
        let mut by_user: HashMap<_, Vec<_>> = users.iter().map(|user| (*user, Vec::new())).collect();
        for order in read {
            by_user.entry(order.user.id()).or_default().push(order);
        }
        let page = |read| Page::from_read(read, &query.page);
        Ok(by_user.into_iter().map(|(user, read)| (user, page(read))).collect())
    }

    async fn count(&self, scope: &Scope, filter: &OrderFilter) -> Result<u64, RepositoryError> {
        let read = self.read(&count_orders(scope, filter)).await?;
        read.first().map_or(Ok(0), |row| count(row, 0))
    }

    async fn count_by_user(
        &self,
        users: &[UserId],
        scope: &Scope,
        filter: &OrderFilter,
    ) -> Result<HashMap<UserId, u64>, RepositoryError> {
        let mut counts: HashMap<_, _> = users.iter().map(|user| (*user, 0)).collect();
        for row in self.read(&count_orders_by_user(users, scope, filter)).await? {
            counts.insert(UserId(rows::key(&row, 0)?), count(&row, 1)?);
        }
        Ok(counts)
    }

    async fn place(&self, order: &NewOrder) -> Result<Placement, RepositoryError> {
        let (mut placement, told) = self.write(PlaceOrder(order.clone())).await?;
        if let Placement::Placed(_, cursor) = &mut placement {
            *cursor = told;
        }
        Ok(placement)
    }

    async fn transition(
        &self,
        scope: &Scope,
        id: OrderId,
        transition: Transition,
    ) -> Result<TransitionOutcome, RepositoryError> {
        let (mut outcome, told) =
            self.write(TransitionOrder { scope: scope.clone(), id, transition }).await?;
        if let TransitionOutcome::Done(_, cursor) = &mut outcome {
            *cursor = told;
        }
        Ok(outcome)
    }
}

impl SqlRepository {
    async fn read(&self, select: &SelectStatement) -> Result<Vec<QueryResult>, RepositoryError> {
        let reader = self.database().reader();
        let statement = build(reader.get_database_backend(), select);
        reader.query_all_raw(statement).await.map_err(repository_error)
    }
}

fn count(row: &QueryResult, index: usize) -> Result<u64, RepositoryError> {
    rows::key(row, index).map(i64::unsigned_abs)
}

struct PlaceOrder(NewOrder);

#[async_trait]
impl Change for PlaceOrder {
    type Answer = Placement;

    async fn run<T: Transaction>(&self, transaction: &T) -> Result<Outcome<Placement>, ChangeError> {
        let Some(key) = &self.0.idempotency_key else {
            return Ok(match self.insert(transaction).await? {
                Some((placed, logged)) => Outcome::Commit(Placement::Placed(placed, None), Some(logged)),
                None => Outcome::Rollback(Placement::UserNotFound),
            });
        };
        let Some(row) = transaction.query_one(&select_user(&self.0.username)).await? else {
            return Ok(Outcome::Rollback(Placement::UserNotFound));
        };
        let user = rows::user(&row)?.id();
        if !self.claim_key(transaction, key, user).await? {
            return Ok(Outcome::Rollback(self.placed_before(transaction, key, user).await?));
        }
        let Some((placed, logged)) = self.insert(transaction).await? else {
            return Ok(Outcome::Rollback(Placement::UserNotFound));
        };
        name_by_key(transaction, key, &placed).await?;
        Ok(Outcome::Commit(Placement::Placed(placed, None), Some(logged)))
    }
}

impl PlaceOrder {
    /// Inserts the order, and returns it with the transaction's name in the log; `None` without such a user.
    async fn insert<T: Transaction>(
        &self,
        transaction: &T,
    ) -> Result<Option<(Order, TransactionId)>, ChangeError> {
        let insert = self.insert_statement(transaction.backend())?;
        let Some(row) = transaction.query_one_raw(insert).await? else { return Ok(None) };
        let logged = row.get(ORDER_COLUMNS.len() + ORDER_USER_COLUMNS.len())?;
        Ok(Some((rows::order(&row, WithUser::Yes)?, logged)))
    }

    /// Inserts the order of a user, and returns it. The text, which is the same for all, is made once.
    fn insert_statement(&self, backend: DbBackend) -> Result<Statement, DbErr> {
        static TEXTS: [OnceLock<String>; 2] = [const { OnceLock::new() }; 2];
        let text = &TEXTS[usize::from(backend == DbBackend::Sqlite)];
        let values = [self.0.date.into(), self.0.state.name().into(), self.0.username.as_str().into()];
        if let Some(text) = text.get() {
            return Ok(Statement::from_sql_and_values(backend, text, values));
        }
        let select = Query::select()
            .exprs([Expr::val(self.0.date), Expr::val(self.0.state.name())])
            .column(users::Column::Id)
            .from(users::Entity)
            .and_where(users::Column::Username.eq(self.0.username.as_str()))
            .take();
        let owner = |column: &'static str| {
            let owner = Query::select()
                .column((users::Entity, Alias::new(column)))
                .from(users::Entity)
                .and_where(
                    Expr::col((users::Entity, users::Column::Id))
                        .equals((orders::Entity, orders::Column::UserId)),
                )
                .take();
            Expr::SubQuery(None, Box::new(owner.into()))
        };
        let columns = order_columns().map(|(_, column)| column).into_iter();
        let columns = columns.chain(ORDER_USER_COLUMNS.map(owner));
        let logged = own_transaction(backend);
        let insert = Query::insert()
            .into_table(orders::Entity)
            .columns([orders::Column::Date, orders::Column::State, orders::Column::UserId])
            .select_from(select)
            .map_err(|error| DbErr::Query(RuntimeErr::Internal(error.to_string())))?
            .returning(Query::returning().exprs(columns.chain([logged])))
            .take();
        let statement = backend.build(&insert);
        Ok(Statement::from_sql_and_values(backend, text.get_or_init(|| statement.sql), values))
    }

    /// Takes the key for this transaction, after any other that holds it has ended; false if it was used before.
    async fn claim_key<T: Transaction>(
        &self,
        transaction: &T,
        key: &IdempotencyKey,
        user: UserId,
    ) -> Result<bool, ChangeError> {
        use order_placements::{Column, Entity};
        let insert = Query::insert()
            .into_table(Entity)
            .columns([Column::UserId, Column::IdempotencyKey, Column::RequestedDate, Column::State])
            .values_panic([
                user.0.into(),
                key.as_str().into(),
                self.0.requested_date.into(),
                self.0.state.name().into(),
            ])
            .on_conflict(
                OnConflict::columns([Column::UserId, Column::IdempotencyKey]).do_nothing().to_owned(),
            )
            .take();
        Ok(transaction.execute(&insert).await? == 1)
    }

    async fn placed_before<T: Transaction>(
        &self,
        transaction: &T,
        key: &IdempotencyKey,
        user: UserId,
    ) -> Result<Placement, ChangeError> {
        use order_placements::{Column, Entity};
        let select = Query::select()
            .expr(Expr::col(Column::RequestedDate).cast_as(Alias::new("text")))
            .columns([Column::State, Column::OrderId])
            .from(Entity)
            .and_where(Column::UserId.eq(user.0))
            .and_where(Column::IdempotencyKey.eq(key.as_str()))
            .take();
        let Some(row) = transaction.query_one(&select).await? else {
            return Ok(Placement::OrderGone);
        };
        let table = "order_placements";
        let date = rows::day(&row, 0, table, "requested_date", user.0)?;
        let state: String = rows::value(&row, 1, table, "state", user.0)?;
        let state = rows::order_state(&state, table, user.0)?;
        if (date, state) != (self.0.requested_date, self.0.state) {
            return Ok(Placement::KeyReused);
        }
        let Some(id): Option<i64> = rows::value(&row, 2, table, "order_id", user.0)? else {
            return Ok(Placement::OrderGone);
        };
        let mut select = select_orders(&Scope::All, &OrderFilter::default(), WithUser::Yes);
        select.and_where(orders::Column::Id.eq(id));
        Ok(match transaction.query_one(&select).await? {
            Some(row) => Placement::Placed(rows::order(&row, WithUser::Yes)?, None),
            None => Placement::OrderGone,
        })
    }
}

async fn name_by_key<T: Transaction>(
    transaction: &T,
    key: &IdempotencyKey,
    order: &Order,
) -> Result<(), ChangeError> {
    use order_placements::{Column, Entity};
    let update = Query::update()
        .table(Entity)
        .value(Column::OrderId, order.id.0)
        .and_where(Column::UserId.eq(order.user.id().0))
        .and_where(Column::IdempotencyKey.eq(key.as_str()))
        .take();
    transaction.execute(&update).await?;
    Ok(())
}

struct TransitionOrder {
    scope: Scope,
    id: OrderId,
    transition: Transition,
}

#[async_trait]
impl Change for TransitionOrder {
    type Answer = TransitionOutcome;

    async fn run<T: Transaction>(&self, transaction: &T) -> Result<Outcome<TransitionOutcome>, ChangeError> {
        if let Some(row) = self.change_row(transaction).await? {
            let logged = row.get(ORDER_COLUMNS.len())?;
            let order = rows::order(&row, WithUser::No)?;
            return Ok(Outcome::Commit(TransitionOutcome::Done(order, None), Some(logged)));
        }
        let mut select = select_orders(&self.scope, &OrderFilter::default(), WithUser::No);
        select.and_where(orders::Column::Id.eq(self.id.0));
        Ok(Outcome::Rollback(match transaction.query_one(&select).await? {
            Some(_) => TransitionOutcome::Refused,
            None => TransitionOutcome::NotFound,
        }))
    }
}

impl TransitionOrder {
    /// Changes the order if it is in the right state, in one statement: of those that race, one finds it so.
    async fn change_row<T: Transaction>(&self, transaction: &T) -> Result<Option<T::Row>, DbErr> {
        let conditions = [
            Some(orders::Column::Id.eq(self.id.0)),
            Some(orders::Column::State.eq(self.transition.from().name())),
            within(&self.scope),
        ];
        let conditions = conditions.into_iter().flatten();
        let logged = own_transaction(transaction.backend());
        let columns = order_columns().map(|(_, column)| column).into_iter().chain([logged]);
        let returning = Query::returning().exprs(columns);
        if let Some(state) = self.transition.to() {
            let mut update = Query::update();
            update.table(orders::Entity).value(orders::Column::State, state.name()).returning(returning);
            conditions.for_each(|condition| {
                update.and_where(condition);
            });
            transaction.query_one(&update).await
        } else {
            let mut delete = Query::delete();
            delete.from_table(orders::Entity).returning(returning);
            conditions.for_each(|condition| {
                delete.and_where(condition);
            });
            transaction.query_one(&delete).await
        }
    }
}
