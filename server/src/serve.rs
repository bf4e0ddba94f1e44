use std::{
    future::ready,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::Arc,
    thread::available_parallelism,
};

use actix_http::HttpService;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, Server},
    web::Data,
};
use anyhow::Context;
use domain::{Orders, Ports, Users};
use graphql_api::Api;
use persistence::{OrderLog, SqlRepository};
use tokio::{
    net::TcpSocket,
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::timeout,
};

use crate::{
    clock::SystemClock,
    http::{self, EventChannels, ServerState, StreamContext},
    migrate::open_migrated,
    origins::AllowedOrigins,
    page,
    settings::Settings,
    websocket::{self, Worker},
};

/// Serves until SIGTERM or SIGINT. This is where every adapter meets its port.
pub(crate) async fn serve(settings: Settings) -> anyhow::Result<()> {
    settings.check()?;
    // From here on a signal is not the end of the process, but of what it does.
    let stop = stop_signal()?;
    let documents = settings.requests.documents()?;
    raise_limit_of_open_files();
    let database = open_migrated(&settings).await?;
    if settings.database.database_url.is_embedded_default() && database.insert_sample_data().await? {
        tracing::info!("the database was empty and has the sample data now");
    }

    let log = OrderLog::start(database.clone(), settings.order_log.settings()).await?;
    let repository = Arc::new(SqlRepository::new(database.clone(), log.clone()));
    let ports =
        Ports { orders: repository.clone(), feed: Arc::new(log.clone()), clock: Arc::new(SystemClock) };
    let users = Users::new(repository, Arc::new(log));
    let api = Api::new(Orders::new(ports, settings.queries.limits()), users, settings.queries.api());

    let (stopping, is_stopping) = watch::channel(None);
    let state = Arc::new(ServerState {
        api,
        database: database.clone(),
        documents,
        origins: AllowedOrigins::new(&settings.allowed_origins, settings.addr),
        sockets: settings.sockets.settings(),
        open_sockets: Arc::default(),
        channels: EventChannels::new(settings.requests.event_channels()),
        streams: StreamContext { keep_alive: settings.sockets.keep_alive, stopping: is_stopping.clone() },
        limits: settings.requests.limits(),
    });
    let open_sockets = Arc::clone(&state.open_sockets);
    let has_page = settings.page;
    let listener = listen(settings.addr)?;
    let address = listener.local_addr()?;
    let slow_timeout = settings.sockets.slow_timeout;
    let server = Server::build()
        .workers(settings.workers.map_or_else(cores, usize::from))
        .disable_signals()
        .shutdown_timeout(settings.shutdown_timeout.as_secs().max(1));
    let gracefully = server.graceful_shutdown_signal();
    let server = server.listen("ordercast", listener, move || {
        let (app_state, socket_state) = (Arc::clone(&state), Arc::clone(&state));
        let (gracefully, is_stopping) = (gracefully.clone(), is_stopping.clone());
        let app = App::new()
            .wrap(state.origins.cors())
            .app_data(Data::from(app_state))
            .configure(http::routes)
            .configure(|config| {
                if has_page {
                    page::routes(config);
                }
            })
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let gracefully = gracefully.clone();
                async move { gracefully.notified().await }
            })
            .tcp_nodelay(true)
            .on_connect_ext(http::end_when_slow(slow_timeout))
            .upgrade(fn_factory(move || {
                let worker = Worker::start(Arc::clone(&socket_state), is_stopping.clone());
                ready(Ok::<_, ()>(fn_service(move |(request, connection)| {
                    websocket::serve(Rc::clone(&worker), request, connection)
                })))
            }))
            .finish(map_config(app, |()| AppConfig::default()))
            .tcp()
    })?;
    let server = server.run();

    let handle = server.handle();
    let patience = settings.shutdown_timeout;
    actix_web::rt::spawn(async move {
        stop.await;
        handle.pause().await;
        stopping.send_replace(Some(patience));
        let in_time = timeout(patience, open_sockets.closed()).await.is_ok();
        handle.stop(in_time).await;
    });
    tracing::info!(%address, database = %settings.database.database_url, "serving http://{address}/graphql");
    server.await?;
    tracing::info!("stopped");
    Ok(database.close().await?)
}

/// Listens on the address. Clients that come back all at once find room to wait.
fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(4096)?.into_std()
    };
    listen().with_context(|| format!("ORDERCAST_ADDR is {address}"))
}

/// As many files and sockets as the system lets the process have.
fn raise_limit_of_open_files() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::info!(files, "open files, and so connections, are limited"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
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
