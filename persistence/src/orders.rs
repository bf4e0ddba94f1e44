use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    NewOrder, Order, OrderFilter, OrderId, OrderQuery, OrderRepository, Page, Placement, RepositoryError,
    Scope, Transition, TransitionOutcome, User, UserId, UserRef, WithUser,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, QueryResult,
    sea_query::{Alias, Expr, ExprTrait, OnConflict, Query, SelectStatement},
};

use crate::{
    SqlRepository,
    entity::{order_placements, orders},
    error::repository_error,
    order_query::{
        count_orders, count_orders_by_user, order_columns, select_orders, select_page, select_pages_by_user,
        within,
    },
    repository::{Change, ChangeError, Outcome},
    rows,
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
        let read = rows::orders(&self.read(&select_page(query)).await?, query.with_user)?;
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
        self.database().reader().query_all(select).await.map_err(repository_error)
    }
}

fn count(row: &QueryResult, index: usize) -> Result<u64, RepositoryError> {
    rows::key(row, index).map(i64::unsigned_abs)
}

struct PlaceOrder(NewOrder);

#[async_trait]
impl Change for PlaceOrder {
    type Answer = Placement;
    const IS_LOGGED: bool = true;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Outcome<Placement>, ChangeError> {
        let Some(row) = transaction.query_one(&select_user(&self.0.username)).await? else {
            return Ok(Outcome::Rollback(Placement::UserNotFound));
        };
        let user = rows::user(&row)?;
        if !self.claim_key(transaction, &user).await? {
            return Ok(Outcome::Rollback(self.placed_before(transaction, &user).await?));
        }
        let insert = Query::insert()
            .into_table(orders::Entity)
            .columns([orders::Column::Date, orders::Column::State, orders::Column::UserId])
            .values_panic([self.0.date.into(), self.0.state.name().into(), user.id().0.into()])
            .returning_col(orders::Column::Id)
            .take();
        let row = transaction.query_one(&insert).await?;
        let row = row.ok_or(sea_orm::DbErr::RecordNotInserted)?;
        let id = OrderId(rows::key(&row, 0)?);
        self.name_by_key(transaction, &user, id).await?;
        let placed = Order { id, date: self.0.date, state: self.0.state, user: UserRef::Loaded(user) };
        Ok(Outcome::Commit(Placement::Placed(placed, None)))
    }
}

impl PlaceOrder {
    /// Takes the key for this transaction, after any other that holds it has ended; false if it was used before.
    async fn claim_key(&self, transaction: &DatabaseTransaction, user: &User) -> Result<bool, ChangeError> {
        use order_placements::{Column, Entity};
        let Some(key) = &self.0.idempotency_key else {
            return Ok(true);
        };
        let insert = Query::insert()
            .into_table(Entity)
            .columns([Column::UserId, Column::IdempotencyKey, Column::RequestedDate, Column::State])
            .values_panic([
                user.id().0.into(),
                key.as_str().into(),
                self.0.requested_date.into(),
                self.0.state.name().into(),
            ])
            .on_conflict(
                OnConflict::columns([Column::UserId, Column::IdempotencyKey]).do_nothing().to_owned(),
            )
            .take();
        Ok(transaction.execute(&insert).await?.rows_affected() == 1)
    }

    async fn name_by_key(
        &self,
        transaction: &DatabaseTransaction,
        user: &User,
        id: OrderId,
    ) -> Result<(), ChangeError> {
        use order_placements::{Column, Entity};
        if let Some(key) = &self.0.idempotency_key {
            let update = Query::update()
                .table(Entity)
                .value(Column::OrderId, id.0)
                .and_where(Column::UserId.eq(user.id().0))
                .and_where(Column::IdempotencyKey.eq(key.as_str()))
                .take();
            transaction.execute(&update).await?;
        }
        Ok(())
    }

    async fn placed_before(
        &self,
        transaction: &DatabaseTransaction,
        user: &User,
    ) -> Result<Placement, ChangeError> {
        use order_placements::{Column, Entity};
        let key = self.0.idempotency_key.as_ref().map(domain::IdempotencyKey::as_str);
        let select = Query::select()
            .expr(Expr::col(Column::RequestedDate).cast_as(Alias::new("text")))
            .columns([Column::State, Column::OrderId])
            .from(Entity)
            .and_where(Column::UserId.eq(user.id().0))
            .and_where(Column::IdempotencyKey.eq(key))
            .take();
        let Some(row) = transaction.query_one(&select).await? else {
            return Ok(Placement::OrderGone);
        };
        let table = "order_placements";
        let date = rows::day(&row, 0, table, "requested_date", user.id().0)?;
        let state: String = rows::value(&row, 1, table, "state", user.id().0)?;
        let state = rows::order_state(&state, table, user.id().0)?;
        if (date, state) != (self.0.requested_date, self.0.state) {
            return Ok(Placement::KeyReused);
        }
        let Some(id): Option<i64> = rows::value(&row, 2, table, "order_id", user.id().0)? else {
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

struct TransitionOrder {
    scope: Scope,
    id: OrderId,
    transition: Transition,
}

#[async_trait]
impl Change for TransitionOrder {
    type Answer = TransitionOutcome;
    const IS_LOGGED: bool = true;

    async fn run(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Outcome<TransitionOutcome>, ChangeError> {
        if let Some(row) = self.change_row(transaction).await? {
            let order = rows::order(&row, WithUser::No)?;
            return Ok(Outcome::Commit(TransitionOutcome::Done(order, None)));
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
    async fn change_row(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Option<QueryResult>, ChangeError> {
        let conditions = [
            Some(orders::Column::Id.eq(self.id.0)),
            Some(orders::Column::State.eq(self.transition.from().name())),
            within(&self.scope),
        ];
        let conditions = conditions.into_iter().flatten();
        let returning = Query::returning().exprs(order_columns().map(|(_, column)| column));
        let changed = if let Some(state) = self.transition.to() {
            let mut update = Query::update();
            update.table(orders::Entity).value(orders::Column::State, state.name()).returning(returning);
            conditions.for_each(|condition| {
                update.and_where(condition);
            });
            transaction.query_one(&update).await?
        } else {
            let mut delete = Query::delete();
            delete.from_table(orders::Entity).returning(returning);
            conditions.for_each(|condition| {
                delete.and_where(condition);
            });
            transaction.query_one(&delete).await?
        };
        Ok(changed)
    }
}
