//! The statements that read the log, and its rows as events.

use chrono::DateTime;
use domain::{
    Epoch, Order, OrderChange, OrderEvent, OrderId, Position, RepositoryError, UserRef, WithCauses,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};

use super::TransactionId;
use crate::{
    Database,
    error::repository_error,
    rows::{day, key, order_state, user_of, value},
    transaction::Row,
};

/// Reads the rows behind a position; their order and number follow.
pub(crate) const READ_ON_SQLITE: &str = "SELECT position, occurred_at, order_id, \
    CAST(before_date AS text), before_state, before_user_id, before_username, before_email, \
    CAST(after_date AS text), after_state, after_user_id, after_username, after_email, '' \
    FROM order_log WHERE position > ? ORDER BY position";

const READ_ON_POSTGRES: &str = "
    SELECT position, (date_part('epoch', occurred_at) * 1000)::bigint, order_id,
        CAST(before_date AS text), before_state, before_user_id, before_username, before_email,
        CAST(after_date AS text), after_state, after_user_id, after_username, after_email, transaction::text
    FROM (SELECT * FROM order_log_positions WHERE position > $1 ORDER BY position LIMIT $2) AS next
        JOIN order_log_entries USING (transaction, entry)
    ORDER BY position";

/// A row of the log.
pub(crate) struct LogRow {
    pub(crate) position: Position,
    pub(crate) transaction: TransactionId,
    /// `None` when its values are not valid: that is logged, and nobody waits for it to be repaired.
    pub(crate) event: Option<OrderEvent>,
}

/// Prepares to read the log, and tells its name. A log that was restored into another PostgreSQL cluster, whose
/// transactions have other numbers, gets a new name and starts empty.
pub(crate) async fn open(database: &Database) -> Result<Epoch, RepositoryError> {
    if database.backend() == DbBackend::Postgres {
        database
            .execute_on_writer(
                "DO $$ BEGIN
                    PERFORM pg_advisory_xact_lock(478560413043);
                    IF (SELECT pg_snapshot_xmax(snapshot) > pg_snapshot_xmax(pg_current_snapshot())
                        FROM order_log_positions ORDER BY position DESC LIMIT 1)
                    THEN
                        UPDATE order_log_epoch SET epoch = hashtextextended(gen_random_uuid()::text, 0);
                        TRUNCATE order_log, order_log_positions;
                        INSERT INTO order_log_positions
                            VALUES (0, pg_current_xact_id(), 0, pg_current_snapshot());
                    END IF;
                END $$",
            )
            .await
            .map_err(repository_error)?;
    }
    Ok(Epoch(number(database, "SELECT epoch FROM order_log_epoch").await?))
}

/// Gives positions to what was committed; a SQLite log has them from the start.
pub(crate) async fn settle(database: &Database) -> Result<(), RepositoryError> {
    if database.backend() == DbBackend::Postgres {
        database.execute_on_writer("SELECT order_log_settle()").await.map_err(repository_error)?;
    }
    Ok(())
}

/// The same, and reads at most `count` rows behind the position, in order. Other nodes are notified of what was settled.
pub(crate) async fn settle_and_read(
    database: &Database,
    epoch: Epoch,
    position: Position,
    count: u32,
) -> Result<Vec<LogRow>, RepositoryError> {
    match database.backend() {
        DbBackend::Postgres => {
            let sql = "SELECT * FROM order_log_read($1, $2, $3)";
            let node = database.node().to_string();
            read(
                database.watcher(),
                epoch,
                sql,
                vec![position.0.into(), i64::from(count).into(), node.into()],
            )
            .await
        }
        _ => read_after(database.watcher(), epoch, position, count).await,
    }
}

/// The newest position.
pub(crate) async fn head(database: &Database) -> Result<Position, RepositoryError> {
    let sql = match database.backend() {
        DbBackend::Postgres => "SELECT max(position) FROM order_log_positions",
        _ => "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'order_log'",
    };
    number(database, sql).await.map(Position)
}

/// The oldest position that every kept event is behind.
pub(crate) async fn oldest(database: &Database) -> Result<Position, RepositoryError> {
    let sql = match database.backend() {
        // The first row is a mark without an event, or the last one that was pruned.
        DbBackend::Postgres => {
            "SELECT position - (order_log.entry IS NOT NULL)::int
            FROM (SELECT * FROM order_log_positions ORDER BY position LIMIT 1) AS first
                LEFT JOIN order_log USING (transaction, entry)"
        }
        _ => {
            "SELECT coalesce(
                (SELECT min(position) - 1 FROM order_log),
                (SELECT seq FROM sqlite_sequence WHERE name = 'order_log'),
                0)"
        }
    };
    number(database, sql).await.map(Position)
}

/// At most `count` rows behind the position, in order.
pub(crate) async fn read_after(
    connection: &DatabaseConnection,
    epoch: Epoch,
    position: Position,
    count: u32,
) -> Result<Vec<LogRow>, RepositoryError> {
    match connection.get_database_backend() {
        DbBackend::Postgres => {
            read(connection, epoch, READ_ON_POSTGRES, vec![position.0.into(), i64::from(count).into()]).await
        }
        // A limit that is a parameter has SQLite plan the statement anew each time.
        _ => {
            read(connection, epoch, &format!("{READ_ON_SQLITE} LIMIT {count}"), vec![position.0.into()]).await
        }
    }
}

async fn read(
    connection: &DatabaseConnection,
    epoch: Epoch,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<LogRow>, RepositoryError> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await.map_err(repository_error)?;
    rows.iter().map(|row| read_row(row, epoch)).collect()
}

/// The number in the first column of the only row.
pub(crate) async fn number(database: &Database, sql: &str) -> Result<i64, RepositoryError> {
    let statement = Statement::from_string(database.backend(), sql);
    let row = database.reader().query_one_raw(statement).await.map_err(repository_error)?;
    row.map_or(Ok(0), |row| key(&row, 0))
}

/// A row of one of the statements that read the log.
pub(crate) fn read_row(row: &impl Row, epoch: Epoch) -> Result<LogRow, RepositoryError> {
    let position = key(row, 0)?;
    let transaction = value(row, 13, "order_log", "transaction", position)?;
    let event = read_event(row, epoch, position).unwrap_or_else(|error| {
        tracing::error!(error = %WithCauses(&error), position, "an event of the order log cannot be told");
        None
    });
    Ok(LogRow { position: Position(position), transaction, event })
}

fn read_event(row: &impl Row, epoch: Epoch, position: i64) -> Result<Option<OrderEvent>, RepositoryError> {
    let milliseconds = value(row, 1, "order_log", "occurred_at", position)?;
    let id = OrderId(value(row, 2, "order_log", "order_id", position)?);
    let change = OrderChange::new(read_order(row, 3, id, position)?, read_order(row, 8, id, position)?);
    Ok(change.map(|change| OrderEvent {
        cursor: domain::Cursor { epoch, position: Position(position) },
        occurred_at: DateTime::from_timestamp_millis(milliseconds).unwrap_or_default(),
        change,
    }))
}

/// The order in the five columns from `first` on.
fn read_order(
    row: &impl Row,
    first: usize,
    id: OrderId,
    position: i64,
) -> Result<Option<Order>, RepositoryError> {
    let Some(date) = day(row, first, "order_log", "date", position)? else {
        return Ok(None);
    };
    let state: String = value(row, first + 1, "order_log", "state", position)?;
    let user = value(row, first + 2, "order_log", "user_id", position)?;
    let username: Option<String> = value(row, first + 3, "order_log", "username", position)?;
    let email: Option<String> = value(row, first + 4, "order_log", "email", position)?;
    Ok(Some(Order {
        id,
        date,
        state: order_state(&state, "order_log", position)?,
        user: UserRef::Loaded(user_of(
            user,
            username.as_deref().unwrap_or("deleted-user"),
            email.as_deref().unwrap_or("deleted-user@invalid"),
        )?),
    }))
}
