//! The history of the database schema, forward and back, on SQLite and PostgreSQL.

mod m20261122_000001_users_and_orders;
mod m20261122_000002_order_log;

use std::collections::BTreeSet;

use sea_orm_migration::{
    prelude::*,
    sea_orm::{
        DatabaseConnection, DatabaseTransaction, DbBackend, IntoDatabaseExecutor, SqliteTransactionMode,
        TransactionOptions, TransactionTrait,
    },
};

/// Every migration, oldest first.
struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_users_and_orders::Migration),
            Box::new(m20261122_000002_order_log::Migration),
        ]
    }
}

/// How a database's schema compares with the one that this binary knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The same.
    Current,
    /// Older: so many migrations are still to be applied.
    Pending(usize),
}

/// Why a schema was not looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database was migrated by a newer binary.
    #[error(
        "the database is newer than this binary, which does not know its migration `{}`; use the binary that applied it",
        .unknown.join("`, `")
    )]
    Newer {
        /// The migrations that this binary does not know.
        unknown: Vec<String>,
    },
    /// Anything else.
    #[error("the database's schema could not be read or changed")]
    Database(#[from] DbErr),
}

/// Compares the schema without changing anything.
pub async fn status(database: &DatabaseConnection) -> Result<Status, MigrationError> {
    let applied = applied(database).await?;
    match known().difference(&applied).count() {
        0 => Ok(Status::Current),
        pending => Ok(Status::Pending(pending)),
    }
}

/// Applies what is pending, all or nothing. Processes that start together wait for each other.
pub async fn up(database: &DatabaseConnection) -> Result<(), MigrationError> {
    let transaction = begin(database).await?;
    applied(&transaction).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await?;
    Ok(())
}

/// Takes back the last `steps` migrations, all or nothing, with the data that only they can hold.
pub async fn down(database: &DatabaseConnection, steps: u32) -> Result<(), MigrationError> {
    let transaction = begin(database).await?;
    applied(&transaction).await?;
    Migrator::down(&transaction, Some(steps)).await?;
    transaction.commit().await?;
    Ok(())
}

/// A transaction that no other migration runs beside.
async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = database.begin_with_options(options).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // "order" in ASCII: any number that other programs are unlikely to lock.
        transaction.execute_unprepared("SELECT pg_advisory_xact_lock(478560413042)").await?;
    }
    Ok(transaction)
}

fn known() -> BTreeSet<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

async fn applied<'c>(database: impl IntoDatabaseExecutor<'c>) -> Result<BTreeSet<String>, MigrationError> {
    let manager = SchemaManager::new(database);
    if !manager.has_table(Migrator::migration_table_name().to_string()).await? {
        return Ok(BTreeSet::new());
    }
    let models = Migrator::get_migration_models(manager.get_connection()).await?;
    let applied: BTreeSet<_> = models.into_iter().map(|model| model.version).collect();
    let unknown: Vec<_> = applied.difference(&known()).cloned().collect();
    if unknown.is_empty() { Ok(applied) } else { Err(MigrationError::Newer { unknown }) }
}
