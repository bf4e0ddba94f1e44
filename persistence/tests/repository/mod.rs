//! The repository under test.

use persistence::{Database, OrderLog, SqlRepository};

use crate::storage::log_settings;

/// The repository in this database, and its log.
pub(crate) async fn repository_in(database: &Database) -> (SqlRepository, OrderLog) {
    let log = OrderLog::start(database.clone(), log_settings()).await.expect("the log can be read");
    (SqlRepository::new(database.clone(), log.clone()), log)
}
