use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, PaginatorTrait};

use crate::{
    Database,
    entity::{orders, users},
};
use sea_orm::sea_query::Query;

impl Database {
    /// Puts the sample data of the first start into an empty SQLite database, and tells whether it did. A database that
    /// holds anything, or is on PostgreSQL, stays as it is.
    pub async fn insert_sample_data(&self) -> Result<bool, DbErr> {
        if self.backend() != DbBackend::Sqlite {
            return Ok(false);
        }
        let transaction = self.begin_write().await?;
        let users = users::Entity::find().count(&transaction).await?;
        let orders = orders::Entity::find().count(&transaction).await?;
        if users + orders > 0 {
            return Ok(false);
        }
        insert_order(&transaction, "joe", "joe@dev.io", "2026-04-11", "UNPAID").await?;
        insert_order(&transaction, "caty88", "caty@dev.io", "2026-04-12", "PAID").await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn insert_order(
    transaction: &DatabaseTransaction,
    username: &str,
    email: &str,
    date: &str,
    state: &str,
) -> Result<(), DbErr> {
    let insert = Query::insert()
        .into_table(users::Entity)
        .columns([users::Column::Username, users::Column::Email])
        .values_panic([username.into(), email.into()])
        .returning_col(users::Column::Id)
        .take();
    let row = transaction.query_one(&insert).await?.ok_or(DbErr::RecordNotInserted)?;
    let user: i64 = row.try_get_by_index(0)?;
    let insert = Query::insert()
        .into_table(orders::Entity)
        .columns([orders::Column::Date, orders::Column::State, orders::Column::UserId])
        .values_panic([date.into(), state.into(), user.into()])
        .take();
    transaction.execute(&insert).await.map(|_| ())
}
