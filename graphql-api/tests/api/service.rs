//! The API under test, and those who ask it.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use async_graphql::{Request, Response, ServerError, Variables};
use chrono::{DateTime, Utc};
use domain::{
    Limits, OrderFeed, OrderId, OrderRepository, OrderState, Orders, Placement, Ports, Scope, Transition,
    UserRepository, Username, Users, Viewer,
    testing::{
        InMemory, MockClock,
        contract::{new_order, new_user},
    },
};
use futures_util::StreamExt;
use graphql_api::{
    Answer, Api, ApiSettings, Introspection, Limit, Message, Operation, PreparedRequest, QueryLimits,
    QuerySharing,
};
use serde_json::Value;

pub(crate) const LIMITS: Limits = Limits { page_default: 3, page_limit: 5, list_limit: 8 };

/// Few, so that followers fall behind soon and documents are dropped.
pub(crate) const SETTINGS: ApiSettings = ApiSettings {
    documents: NonZeroUsize::MIN,
    shared_messages: 4,
    limits: QUERY_LIMITS,
    query_sharing: QuerySharing::Executions { kept: 16 * 1024 },
};

/// The server's own defaults.
pub(crate) const QUERY_LIMITS: QueryLimits = {
    QueryLimits {
        document: Limit { most: 16_384, setting: "ORDERCAST_DOCUMENT_LIMIT" },
        tokens: Limit { most: 5000, setting: "ORDERCAST_TOKEN_LIMIT" },
        depth: Limit { most: 32, setting: "ORDERCAST_DEPTH_LIMIT" },
        selections: Limit { most: 10_000, setting: "ORDERCAST_SELECTION_LIMIT" },
        aliases: Limit { most: 100, setting: "ORDERCAST_ALIAS_LIMIT" },
        directives: Limit { most: 100, setting: "ORDERCAST_DIRECTIVE_LIMIT" },
        root_fields: Limit { most: 50, setting: "ORDERCAST_ROOT_FIELD_LIMIT" },
        complexity: Limit { most: 100_000, setting: "ORDERCAST_COMPLEXITY_LIMIT" },
        value_depth: Limit { most: 16, setting: "ORDERCAST_VALUE_DEPTH_LIMIT" },
        variables: Limit { most: 16_384, setting: "ORDERCAST_VARIABLES_LIMIT" },
        errors: Limit { most: 20, setting: "ORDERCAST_ERROR_LIMIT" },
        introspection: Introspection { allowed: true, setting: "ORDERCAST_INTROSPECTION" },
    }
};

const WORKS: &str = "a storage that works";

/// Far longer than anything here takes, so that a slow machine is no failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// The API over a storage in memory, which tests reach past it as another program would.
pub(crate) struct Service {
    storage: Arc<InMemory>,
    api: Api,
}

impl Service {
    /// With the users `caty88` and `joe`, whose ids are 1 and 2, and no orders.
    pub(crate) async fn new() -> Self {
        Self::with_limits(&QUERY_LIMITS).await
    }

    /// The same, with limits of its own for what operations ask for.
    pub(crate) async fn with_limits(limits: &QueryLimits) -> Self {
        let storage = Arc::new(InMemory::new());
        let ports = Ports { orders: storage.clone(), feed: storage.clone(), clock: Arc::new(clock()) };
        let (orders, users) = (Orders::new(ports, LIMITS), Users::new(storage.clone(), storage.clone()));
        let api = Api::new(orders, users, ApiSettings { limits: *limits, ..SETTINGS });
        for username in ["caty88", "joe"] {
            storage.create(&new_user(username)).await.expect(WORKS).expect("a free name");
        }
        Self { storage, api }
    }

    /// Places an unpaid order for that day of April 2026. The first has the id 1, and each next one a higher by 1.
    pub(crate) async fn place(&self, username: &str, day: u32) -> OrderId {
        let placed = self.storage.place(&new_order(&name(username), day)).await.expect(WORKS);
        match placed {
            Placement::Placed(order, ..) => order.id,
            other => panic!("expected a placed order, got {other:?}"),
        }
    }

    pub(crate) async fn transition(&self, id: OrderId, transition: Transition) {
        self.storage.transition(&Scope::All, id, transition).await.expect(WORKS);
    }

    /// The states of the orders that are there, by ascending id.
    pub(crate) async fn stored(&self) -> Vec<(i64, OrderState)> {
        let query = domain::OrderQuery {
            scope: Scope::All,
            filter: domain::OrderFilter::default(),
            page: domain::PageRequest::first(1000),
            with_user: domain::WithUser::No,
        };
        let page = self.storage.page(&query).await.expect(WORKS);
        page.orders.iter().map(|order| (order.id.0, order.state)).collect()
    }

    pub(crate) fn staff(&self) -> Client {
        self.client(Viewer::unauthenticated_staff())
    }

    pub(crate) fn customer(&self, username: &str) -> Client {
        self.client(Viewer::Customer { username: name(username) })
    }

    pub(crate) fn client(&self, viewer: Viewer) -> Client {
        Client { api: self.api.clone(), viewer }
    }
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Client {
    api: Api,
    viewer: Viewer,
}

impl Client {
    /// Staff that asks an API over these ports, the clock apart.
    pub(crate) fn over(
        orders: impl OrderRepository + 'static,
        users: impl UserRepository + 'static,
        feed: Arc<dyn OrderFeed>,
    ) -> Self {
        // Each request reaches the ports.
        Self::sharing(Arc::new(orders), Arc::new(users), feed, QuerySharing::Nothing)
    }

    /// The same, sharing so much.
    pub(crate) fn sharing(
        orders: Arc<dyn OrderRepository>,
        users: Arc<dyn UserRepository>,
        feed: Arc<dyn OrderFeed>,
        query_sharing: QuerySharing,
    ) -> Self {
        let users = Users::new(users, feed.clone());
        let ports = Ports { orders, feed, clock: Arc::new(clock()) };
        let settings = ApiSettings { query_sharing, ..SETTINGS };
        let api = Api::new(Orders::new(ports, LIMITS), users, settings);
        Self { api, viewer: Viewer::unauthenticated_staff() }
    }

    /// The same API, asked by a customer.
    pub(crate) fn for_customer(self, username: &str) -> Self {
        Self { viewer: Viewer::Customer { username: name(username) }, ..self }
    }

    /// The whole answer, as it goes to the client.
    pub(crate) async fn ask(&self, request: impl Into<Request>) -> Value {
        json(&self.respond(request).await)
    }

    /// The answer as transports tell it.
    pub(crate) async fn respond(&self, request: impl Into<Request>) -> Message {
        let request = match self.prepare(request.into()) {
            Ok(request) => request,
            Err(errors) => return Message::Error(errors.into()),
        };
        let answer = self.api.execute(request, &self.viewer);
        tokio::time::timeout(PATIENCE, answer).await.expect("an answer in time")
    }

    /// The answer's data; there must be no errors.
    pub(crate) async fn data(&self, request: impl Into<Request>) -> Value {
        data_of(self.ask(request).await)
    }

    pub(crate) fn follow(&self, request: impl Into<Request>) -> Following {
        self.start(request.into(), None)
    }

    /// Follows on a connection that resumes from this cursor.
    pub(crate) fn resume(&self, request: impl Into<Request>, cursor: &Value) -> Following {
        self.start(request.into(), Some(cursor.as_str().expect("a cursor")))
    }

    fn prepare(&self, mut request: Request) -> Result<PreparedRequest, Vec<ServerError>> {
        let variables = std::mem::take(&mut request.variables).into_value().into_json();
        match variables.expect("plain values") {
            Value::Object(variables) => self.api.prepare(request, variables),
            other => panic!("variables are an object, and not {other}"),
        }
    }

    fn start(&self, request: Request, resume: Option<&str>) -> Following {
        match self.prepare(request) {
            Ok(request) => Following(self.api.start(request, &self.viewer, resume)),
            Err(errors) => Following(Operation::refused(errors)),
        }
    }
}

/// A subscription under way.
pub(crate) struct Following(Operation);

impl Following {
    /// The next whole answer; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        next.expect("the stream tells in time").as_ref().map(json)
    }

    /// The next answer, as it goes to transports.
    pub(crate) async fn next_answer(&mut self) -> Answer {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the stream tells in time");
        match next {
            Some(Message::Next(answer)) => answer,
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    /// What there is to tell until everything that runs beside has come to rest: only then a clock goes on that stands
    /// still.
    pub(crate) async fn all_so_far(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(message) = tokio::time::timeout(PATIENCE, self.0.next()).await {
            match message {
                Some(Message::Next(answer)) => told.push(answer.json.to_string()),
                other => panic!("expected an answer, got {other:?}"),
            }
        }
        told
    }

    /// The data of the next answer; there must be one, without errors.
    pub(crate) async fn data(&mut self) -> Value {
        data_of(self.next().await.expect("the stream goes on"))
    }

    /// Whether there is nothing to tell now.
    pub(crate) fn is_silent(&mut self) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        self.0.poll_next_unpin(&mut context).is_pending()
    }
}

pub(crate) fn with_variables(document: &str, variables: Value) -> Request {
    Request::new(document).variables(Variables::from_json(variables))
}

pub(crate) fn name(username: &str) -> Username {
    Username::parse(username).expect("a valid username")
}

/// The codes of an answer's errors.
pub(crate) fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().expect("a code")).collect()
}

fn json(message: &Message) -> Value {
    match message {
        Message::Next(answer) => serde_json::from_str(&answer.json).expect("an answer is JSON"),
        Message::Error(errors) => {
            serde_json::to_value(Response::from_errors(errors.to_vec())).expect("errors are JSON")
        }
    }
}

fn data_of(mut answer: Value) -> Value {
    assert!(answer.get("errors").is_none(), "expected no errors, got {answer}");
    answer["data"].take()
}

/// Stands still on the talk's day, a second before midnight.
fn clock() -> MockClock {
    let now: DateTime<Utc> = "2026-04-12T23:59:59Z".parse().expect("a time");
    let mut clock = MockClock::new();
    clock.expect_now().return_const(now);
    clock
}
