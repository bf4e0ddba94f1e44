use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, Connection, SqliteConnection, query_scalar, sqlite::SqliteConnectOptions},
};
use tokio::sync::Mutex;

/// Tells whether a SQLite file has changed, by a connection that is kept for that and that nobody writes by.
pub(crate) struct FileVersion {
    file: SqliteConnectOptions,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    connection: Option<SqliteConnection>,
    /// How often it was opened: each counts from the start.
    opened: u32,
}

impl FileVersion {
    /// Opens the file when it is first asked.
    pub(crate) fn of(file: SqliteConnectOptions) -> Self {
        Self { file, kept: Mutex::default() }
    }

    /// A number that is another one after each commit, by a connection of any program.
    pub(crate) async fn now(&self) -> Result<u64, DbErr> {
        self.ask().await.map_err(failed)
    }

    /// Closes the connection.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        match self.kept.lock().await.connection.take() {
            Some(connection) => connection.close().await.map_err(failed),
            None => Ok(()),
        }
    }

    async fn ask(&self) -> Result<u64, sqlx::Error> {
        let kept = &mut *self.kept.lock().await;
        // One that fails, or whose answer is not awaited, is not used again.
        let mut connection = if let Some(connection) = kept.connection.take() {
            connection
        } else {
            kept.opened += 1;
            SqliteConnection::connect_with(&self.file).await?
        };
        // It counts the commits that other connections than this one made (SQLite, "PRAGMA data_version").
        let commits: u32 = query_scalar("PRAGMA data_version").fetch_one(&mut connection).await?;
        kept.connection = Some(connection);
        Ok(u64::from(kept.opened) << 32 | u64::from(commits))
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
