use anyhow::{Context, bail};
use migration::Status;
use persistence::Database;

use crate::settings::Settings;

/// Brings the schema up to date, or takes the last `back` migrations back.
pub(crate) async fn migrate(settings: &Settings, back: Option<u32>) -> anyhow::Result<()> {
    let database = open(settings).await?;
    match back {
        None => migration::up(database.schema_connection()).await?,
        Some(steps) => migration::down(database.schema_connection(), steps).await?,
    }
    tracing::info!(database = %settings.database.database_url, "the schema is as asked for");
    Ok(database.close().await?)
}

/// Opens the database, whose schema is the one that this binary knows: an embedded database is migrated first, another
/// one is the operator's to migrate.
pub(crate) async fn open_migrated(settings: &Settings) -> anyhow::Result<Database> {
    let database = open(settings).await?;
    if settings.database.database_url.is_embedded() {
        migration::up(database.schema_connection()).await?;
    }
    match migration::status(database.schema_connection()).await? {
        Status::Current => Ok(database),
        Status::Pending(count) => {
            bail!("the database lacks {count} of the schema's migrations; run `ordercast migrate` first")
        }
    }
}

async fn open(settings: &Settings) -> anyhow::Result<Database> {
    let opened = Database::open(&settings.database.settings()).await;
    opened.with_context(|| format!("ORDERCAST_DATABASE_URL is {}", settings.database.database_url))
}
