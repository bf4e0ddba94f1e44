use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// The log of every change of an order, filled by triggers.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const DROP_ON_SQLITE: &str = "
    DROP TRIGGER order_log_replace;
    DROP TRIGGER order_log_insert;
    DROP TRIGGER order_log_delete;
    DROP TRIGGER order_log_update;
    DROP TRIGGER order_log_rename;
    DROP TABLE order_log_replaced;
    DROP TABLE order_log_epoch;
    DROP TABLE order_log;
";

const DROP_ON_POSTGRES: &str = "
    DROP FUNCTION order_log_record CASCADE;
    DROP FUNCTION order_log_record_insert CASCADE;
    DROP FUNCTION order_log_record_truncate CASCADE;
    DROP FUNCTION order_log_keep_users CASCADE;
    DROP FUNCTION order_log_read;
    DROP FUNCTION order_log_settle;
    DROP TABLE order_log_epoch;
    DROP TABLE order_log_positions;
    DROP VIEW order_log_entries;
    DROP TABLE order_log;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = match manager.get_database_backend() {
            DbBackend::Sqlite => include_str!("order_log/sqlite.sql"),
            _ => include_str!("order_log/postgres.sql"),
        };
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = match manager.get_database_backend() {
            DbBackend::Sqlite => DROP_ON_SQLITE,
            _ => DROP_ON_POSTGRES,
        };
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}
