use std::{
    sync::{Arc, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use domain::{RepositoryError, WithCauses};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::time::sleep;

use super::{Shared, rows};
use crate::error::repository_error;

/// How often it is looked for events that are no longer kept.
const INTERVAL: Duration = Duration::from_secs(30);

/// The most events that one transaction deletes: how long it keeps writers waiting on SQLite.
const BATCH: i64 = 500;

/// Starts to delete what is no longer kept, in the background.
pub(crate) fn start(shared: &Arc<Shared>) {
    tokio::spawn(run(Arc::downgrade(shared)));
}

async fn run(shared: Weak<Shared>) {
    while let Some(shared) = shared.upgrade() {
        if let Err(error) = prune(&shared).await {
            tracing::warn!(error = %WithCauses(&error), "could not delete old events; trying again later");
        }
        drop(shared);
        sleep(INTERVAL).await;
    }
}

/// Deletes in small transactions until nothing is left that should go.
pub(crate) async fn prune(shared: &Shared) -> Result<(), RepositoryError> {
    let head = rows::head(&shared.database).await?;
    let newest_to_go = head.0 - i64::from(shared.settings.keep_events);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let kept_since = now.saturating_sub(shared.settings.keep_age).as_millis();
    let kept_since = i64::try_from(kept_since).unwrap_or(i64::MAX);
    while prune_batch(shared, newest_to_go, kept_since).await? == BATCH.unsigned_abs() {
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn prune_batch(shared: &Shared, newest_to_go: i64, kept_since: i64) -> Result<u64, RepositoryError> {
    // Only from the old end, so that what is kept has no holes.
    let sql = match shared.database.backend() {
        DbBackend::Postgres => {
            "WITH oldest AS (
                SELECT position, transaction, entry, occurred_at
                FROM order_log_positions JOIN order_log USING (transaction, entry)
                ORDER BY position LIMIT $3
            ), going AS (
                SELECT * FROM oldest WHERE position <= $1 OR position < (
                    SELECT coalesce(
                        min(position) FILTER (WHERE occurred_at >= to_timestamp($2 / 1000.0)),
                        max(position) + 1) FROM oldest)
            ), positions AS (
                -- The last position marks what is settled, and stays.
                DELETE FROM order_log_positions WHERE position <= (SELECT max(position) FROM going)
                    AND position < (SELECT max(position) FROM order_log_positions)
            )
            DELETE FROM order_log USING going
                WHERE order_log.transaction = going.transaction AND order_log.entry = going.entry"
        }
        _ => {
            "DELETE FROM order_log WHERE position IN (
                SELECT position FROM (SELECT position FROM order_log ORDER BY position LIMIT ?3)
                WHERE position <= ?1 OR position < coalesce(
                    (SELECT position FROM order_log WHERE occurred_at >= ?2 ORDER BY position LIMIT 1),
                    (SELECT max(position) + 1 FROM order_log)))"
        }
    };
    let values = [newest_to_go.into(), kept_since.into(), BATCH.into()];
    let statement = Statement::from_sql_and_values(shared.database.backend(), sql, values);
    match shared.database.sqlite_writer() {
        Some(writer) => writer.execute(statement).await,
        None => shared.database.writer().execute_raw(statement).await.map(|deleted| deleted.rows_affected()),
    }
    .map_err(repository_error)
}
