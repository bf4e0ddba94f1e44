use std::{sync::Arc, thread::available_parallelism};

use actix_web::{App, HttpServer, web::Data};
use anyhow::Context;
use domain::{Orders, Ports, Users};
use graphql_api::Api;
use persistence::{OrderLog, SqlRepository};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    clock::SystemClock,
    http::{self, ServerState},
    migrate::open_migrated,
    origins::AllowedOrigins,
    settings::Settings,
};

/// Serves until SIGTERM or SIGINT. This is where every adapter meets its port.
pub(crate) async fn serve(settings: Settings) -> anyhow::Result<()> {
    settings.check()?;
    // From here on a signal is not the end of the process, but of what it does.
    let stop = stop_signal()?;
    let database = open_migrated(&settings).await?;
    if settings.database_url.is_embedded_default() && database.insert_sample_data().await? {
        tracing::info!("the database was empty and has the sample data now");
    }

    let log = OrderLog::start(database.clone(), settings.order_log()).await?;
    let repository = Arc::new(SqlRepository::new(database.clone(), log.clone()));
    let ports =
        Ports { orders: repository.clone(), feed: Arc::new(log.clone()), clock: Arc::new(SystemClock) };
    let users = Users::new(repository, Arc::new(log));
    let api = Api::new(Orders::new(ports, settings.limits()), users, settings.api());

    let origins = AllowedOrigins::new(&settings.allowed_origins, settings.addr);
    let state = Data::new(ServerState { api, database: database.clone(), origins });
    let body_limit = settings.body_limit;
    let server = HttpServer::new(move || {
        App::new()
            .wrap(state.origins.cors())
            .app_data(state.clone())
            .app_data(http::json_config(body_limit))
            .configure(http::routes)
    })
    .workers(settings.workers.map_or_else(cores, usize::from))
    .shutdown_signal(stop)
    .shutdown_timeout(settings.shutdown_timeout.as_secs())
    .bind(settings.addr)
    .with_context(|| format!("ORDERCAST_ADDR is {}", settings.addr))?;

    for address in server.addrs() {
        tracing::info!(%address, database = %settings.database_url, "serving http://{address}/graphql");
    }
    server.run().await?;
    tracing::info!("stopped");
    Ok(database.close().await?)
}

/// Ends with SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}
