//! The libraries as they come: async-graphql's executor, and async-graphql-actix-web's handlers for HTTP and WebSockets. Each
//! subscription is executed for each subscriber, over a channel in memory; there is no database. One worker.

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, guard,
    web::{self, Data, Payload},
};
use async_graphql::{Enum, Object, Schema, SimpleObject, Subscription};
use async_graphql_actix_web::{GraphQL, GraphQLSubscription};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast::{self, Sender};

use crate::report;

/// What makes it tell its subscribers something.
pub(crate) const MUTATION: &str = "mutation { tick }";

/// Events that a subscriber may be behind.
const BEHIND: usize = 1024;

type StockSchema = Schema<Query, Mutation, Subscriptions>;

#[derive(Clone, SimpleObject)]
struct User {
    username: &'static str,
    email: &'static str,
}

#[derive(Clone, Copy, Enum, Eq, PartialEq)]
enum OrderState {
    Paid,
}

#[derive(Clone, SimpleObject)]
struct Order {
    date: &'static str,
    state: OrderState,
    user: User,
}

const ORDER: Order = Order {
    date: "2026-04-12",
    state: OrderState::Paid,
    user: User { username: "caty88", email: "caty@dev.io" },
};

struct Query;

#[Object]
impl Query {
    async fn get_orders(&self) -> Vec<Order> {
        vec![ORDER, ORDER]
    }
}

struct Mutation(Sender<()>);

#[Object]
impl Mutation {
    async fn tick(&self) -> bool {
        self.0.send(()).is_ok()
    }
}

struct Subscriptions(Sender<()>);

#[Subscription]
impl Subscriptions {
    /// The newest order, and again at each tick.
    async fn get_order(&self) -> impl Stream<Item = Order> {
        let ticks = stream::unfold(self.0.subscribe(), |mut ticks| async move {
            ticks.recv().await.ok().map(|()| (ORDER, ticks))
        });
        stream::iter([ORDER]).chain(ticks)
    }
}

/// Serves until it is killed, after it told its address.
pub(crate) fn serve() -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let (ticks, _) = broadcast::channel(BEHIND);
        let schema = Schema::build(Query, Mutation(ticks.clone()), Subscriptions(ticks)).finish();
        let server = HttpServer::new(move || {
            let graphql = web::resource("/graphql")
                .route(web::get().guard(guard::Header("upgrade", "websocket")).to(follow))
                .route(web::post().to(GraphQL::new(schema.clone())));
            App::new().app_data(Data::new(schema.clone())).service(graphql)
        });
        let server = server.workers(1).max_connections(1_000_000).bind(("127.0.0.1", 0))?;
        let address = server.addrs()[0];
        report::print(&address.to_string());
        Ok(server.run().await?)
    })
}

async fn follow(
    schema: Data<StockSchema>,
    request: HttpRequest,
    payload: Payload,
) -> actix_web::Result<HttpResponse> {
    GraphQLSubscription::new(StockSchema::clone(&schema)).start(&request, payload)
}
