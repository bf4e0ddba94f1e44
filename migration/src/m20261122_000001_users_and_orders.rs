use sea_orm_migration::{prelude::*, schema, sea_orm::DbBackend};

/// Users, their orders, and the idempotency keys that orders were placed with.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Username,
    Email,
}

#[derive(DeriveIden)]
enum Orders {
    Table,
    Id,
    Date,
    State,
    UserId,
}

#[derive(DeriveIden)]
enum OrderPlacements {
    Table,
    UserId,
    IdempotencyKey,
    RequestedDate,
    State,
    OrderId,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        manager.create_table(users()).await?;
        manager.create_table(orders(sqlite)).await?;
        manager.create_index(orders_by_user()).await?;
        manager.create_table(order_placements(sqlite)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(OrderPlacements::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Orders::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Users::Table).to_owned()).await
    }
}

/// A key that the database counts up and never uses twice, and that a writer may also supply.
fn key(column: impl IntoIden) -> ColumnDef {
    ColumnDef::new(column).big_integer().auto_increment().primary_key().take()
}

/// SQLite keeps dates as text and would keep any text.
fn date(column: impl IntoIden, sqlite: bool) -> ColumnDef {
    let column = column.into_iden();
    let name = column.to_string();
    let years = Expr::cust(format!("{name} BETWEEN '0001-01-01' AND '9999-12-31'"));
    let check =
        if sqlite { years.and(Expr::cust(format!("{name} IS strftime('%Y-%m-%d', {name})"))) } else { years };
    ColumnDef::new(column).date().check(check).take()
}

fn state(column: impl IntoIden) -> ColumnDef {
    let column = column.into_iden();
    schema::text(column.clone()).check(Expr::col(column).is_in(["PAID", "UNPAID"])).take()
}

fn users() -> TableCreateStatement {
    Table::create()
        .table(Users::Table)
        .col(key(Users::Id))
        .col(schema::text_uniq(Users::Username))
        .col(schema::text(Users::Email))
        .take()
}

fn orders(sqlite: bool) -> TableCreateStatement {
    Table::create()
        .table(Orders::Table)
        .col(key(Orders::Id))
        .col(date(Orders::Date, sqlite).not_null())
        .col(state(Orders::State))
        .col(schema::big_integer(Orders::UserId))
        .foreign_key(ForeignKey::create().from(Orders::Table, Orders::UserId).to(Users::Table, Users::Id))
        .take()
}

/// A user's orders in list order.
fn orders_by_user() -> IndexCreateStatement {
    Index::create().name("orders_user_id_id").table(Orders::Table).col(Orders::UserId).col(Orders::Id).take()
}

fn order_placements(sqlite: bool) -> TableCreateStatement {
    Table::create()
        .table(OrderPlacements::Table)
        .col(schema::big_integer(OrderPlacements::UserId))
        .col(schema::text(OrderPlacements::IdempotencyKey))
        .col(date(OrderPlacements::RequestedDate, sqlite).null())
        .col(state(OrderPlacements::State))
        .col(schema::big_integer_null(OrderPlacements::OrderId))
        .primary_key(Index::create().col(OrderPlacements::UserId).col(OrderPlacements::IdempotencyKey))
        .foreign_key(
            ForeignKey::create()
                .from(OrderPlacements::Table, OrderPlacements::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from(OrderPlacements::Table, OrderPlacements::OrderId)
                .to(Orders::Table, Orders::Id)
                .on_delete(ForeignKeyAction::SetNull),
        )
        .index(Index::create().name("order_placements_order_id").col(OrderPlacements::OrderId).unique())
        .take()
}
