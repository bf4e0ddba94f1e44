use std::{
    future::ready,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::Arc,
    thread::available_parallelism,
    time::Duration,
};

use actix_http::HttpService;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, Server, ServerHandle},
    http::KeepAlive,
    middleware::from_fn,
    rt::net::TcpStream,
    web::Data,
};
use anyhow::Context;
use domain::{Orders, Ports, Users};
use graphql_api::Api;
use persistence::{Database, OrderLog, SqlRepository};
use tokio::{
    net::TcpSocket,
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::timeout,
};

use crate::{
    authentication::Authenticator,
    clock::SystemClock,
    http::{self, EventChannels, ServerState, StreamContext},
    limits::{self, LimitedStream},
    metrics::Metrics,
    migrate::open_migrated,
    origins::AllowedOrigins,
    page,
    settings::Settings,
    websocket::{self, OpenSockets, Worker},
};

/// How long a client that is answered before its request has come to its end may take to notice.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or SIGINT. This is where every adapter meets its port.
pub(crate) async fn serve(settings: Settings) -> anyhow::Result<()> {
    settings.check()?;
    // From here on a signal is not the end of the process, but of what it does.
    let stop = stop_signal()?;
    let documents = settings.requests.documents()?;
    let authenticator = Arc::new(Authenticator::start(&settings.authentication.settings()?)?);
    let open_files = raise_limit_of_open_files();
    let database = open_migrated(&settings).await?;
    if settings.database.database_url.is_embedded_default() && database.insert_sample_data().await? {
        tracing::info!("the database was empty and has the sample data now");
    }

    let log = OrderLog::start(database.clone(), settings.order_log.settings()).await?;
    let api = api(&settings, &database, &log);

    let (stopping, is_stopping) = watch::channel(None);
    let edge = Arc::new(settings.limits.limits(open_files, settings.sockets.slow_timeout));
    tokio::spawn(Arc::clone(&edge).forget_idle());
    let metrics = Metrics::new(&edge.refused);
    let state = Arc::new(ServerState {
        api,
        database: database.clone(),
        log,
        documents,
        origins: AllowedOrigins::new(&settings.allowed_origins, settings.addr),
        sockets: settings.sockets.settings(),
        open_sockets: Arc::default(),
        channels: EventChannels::new(settings.requests.event_channels()),
        streams: StreamContext {
            authenticator: Arc::clone(&authenticator),
            keep_alive: settings.sockets.keep_alive,
            stopping: is_stopping.clone(),
            metrics: metrics.clone(),
        },
        authenticator,
        limits: settings.requests.limits(),
        metrics,
        metrics_for: settings.limits.metrics,
        edge,
    });
    let open_sockets = Arc::clone(&state.open_sockets);
    let has_page = settings.page;
    let listener = listen(settings.addr)?;
    let address = listener.local_addr()?;
    let (request_timeout, idle_timeout) = (settings.limits.request_timeout, settings.limits.idle_timeout);
    let server = Server::build()
        .workers(settings.workers.map_or_else(cores, usize::from))
        .disable_signals()
        // Those that are refused are connections too, for a moment; a server that accepts none keeps everyone waiting.
        .max_concurrent_connections(usize::MAX >> 1)
        .shutdown_timeout(settings.shutdown_timeout.as_secs().max(1));
    let gracefully = server.graceful_shutdown_signal();
    let server = server.listen("ordercast", listener, move || {
        let (app_state, socket_state) = (Arc::clone(&state), Arc::clone(&state));
        let (gracefully, is_stopping) = (gracefully.clone(), is_stopping.clone());
        let app = App::new()
            .wrap(state.origins.cors())
            .wrap(from_fn(limits::at_the_edge))
            .app_data(Data::from(app_state))
            .configure(http::routes)
            .configure(|config| {
                if has_page {
                    page::routes(config);
                }
            })
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        let edge = Arc::clone(&state.edge);
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let gracefully = gracefully.clone();
                async move { gracefully.notified().await }
            })
            .client_request_timeout(request_timeout)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .keep_alive(KeepAlive::Timeout(idle_timeout))
            .on_connect_ext(|stream: &LimitedStream, data| {
                data.insert(Rc::clone(stream.peer()));
            })
            .upgrade(fn_factory(move || {
                let worker = Worker::start(Arc::clone(&socket_state), is_stopping.clone());
                ready(Ok::<_, ()>(fn_service(move |(request, connection)| {
                    websocket::serve(Rc::clone(&worker), request, connection)
                })))
            }))
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            let edge = Arc::clone(&edge);
            async move {
                let address = stream.peer_addr().ok();
                Ok((limits::accept(&edge, stream).await?, address))
            }
        })
        .and_then(http)
    })?;
    let server = server.run();

    let patience = settings.shutdown_timeout;
    actix_web::rt::spawn(end(stop, server.handle(), stopping, open_sockets, patience));
    tracing::info!(%address, database = %settings.database.database_url, "serving http://{address}/graphql");
    server.await?;
    tracing::info!("stopped");
    Ok(database.close().await?)
}

/// The API, over the adapters of this database.
fn api(settings: &Settings, database: &Database, log: &OrderLog) -> Api {
    let repository = Arc::new(SqlRepository::new(database.clone(), log.clone()));
    let ports =
        Ports { orders: repository.clone(), feed: Arc::new(log.clone()), clock: Arc::new(SystemClock) };
    let users = Users::new(repository, Arc::new(log.clone()));
    Api::new(Orders::new(ports, settings.queries.limits()), users, settings.queries.api())
}

/// Ends the server once `stop` does: tells connections so, and waits for them.
async fn end(
    stop: impl Future<Output = ()>,
    server: ServerHandle,
    stopping: watch::Sender<Option<Duration>>,
    open_sockets: Arc<OpenSockets>,
    patience: Duration,
) {
    stop.await;
    server.pause().await;
    stopping.send_replace(Some(patience));
    let in_time = timeout(patience, open_sockets.closed()).await.is_ok();
    server.stop(in_time).await;
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
fn raise_limit_of_open_files() -> u64 {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => {
            tracing::info!(files, "open files, and so connections, are limited");
            files
        }
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays as it is");
            rlimit::Resource::NOFILE.get_soft().unwrap_or(u64::MAX)
        }
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
