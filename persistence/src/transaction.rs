//! What a change needs of a transaction, by whichever driver it is run.

use async_trait::async_trait;
use rusqlite::types::FromSql;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement, StatementBuilder,
    TryGetable,
};

/// A transaction in which statements run.
#[async_trait]
pub(crate) trait Transaction: Sync {
    /// A row that a statement returns.
    type Row: Row + Send;

    /// The kind of database, whose dialect statements are in.
    fn backend(&self) -> DbBackend;

    /// Runs a statement in the database's dialect, and takes the first of its rows.
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<Self::Row>, DbErr>;

    /// The same, and tells how many rows it changed.
    async fn execute_raw(&self, statement: Statement) -> Result<u64, DbErr>;

    /// Runs a statement, and takes the first of its rows.
    async fn query_one<S: StatementBuilder + Sync>(&self, statement: &S) -> Result<Option<Self::Row>, DbErr> {
        self.query_one_raw(self.backend().build(statement)).await
    }

    /// Runs a statement, and tells how many rows it changed.
    async fn execute<S: StatementBuilder + Sync>(&self, statement: &S) -> Result<u64, DbErr> {
        self.execute_raw(self.backend().build(statement)).await
    }
}

/// A row that was read.
pub(crate) trait Row {
    /// The value of the column at `index`. A value of another type is an error.
    fn get<T: Value>(&self, index: usize) -> Result<T, DbErr>;
}

/// A value that each driver reads.
pub(crate) trait Value: TryGetable + FromSql {}

impl<T: TryGetable + FromSql> Value for T {}

impl Row for QueryResult {
    fn get<T: Value>(&self, index: usize) -> Result<T, DbErr> {
        self.try_get_by_index(index)
    }
}

#[async_trait]
impl Transaction for DatabaseTransaction {
    type Row = QueryResult;

    fn backend(&self) -> DbBackend {
        self.get_database_backend()
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        ConnectionTrait::query_one_raw(self, statement).await
    }

    async fn execute_raw(&self, statement: Statement) -> Result<u64, DbErr> {
        Ok(ConnectionTrait::execute_raw(self, statement).await?.rows_affected())
    }
}
