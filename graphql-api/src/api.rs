use std::{num::NonZeroUsize, sync::Arc};

use async_graphql::{Request, Response, Schema, ServerError};
use domain::{Cursor, Orders, Users, Viewer};
use futures_util::{FutureExt, future::BoxFuture, stream};

use crate::{
    context::UseCases,
    documents::Documents,
    execution::Execution,
    log_cursor,
    mutation::Mutation,
    operation::{Message, Operation, OperationKind},
    prepared::PreparedRequest,
    query::Query,
    shared::{self, Follower, SharedExecution, Source},
    subscription::Subscription,
    types,
};

pub(crate) type OrdercastSchema = Schema<Query, Mutation, Subscription>;

/// How much the API keeps in memory. Each is a setting of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiSettings {
    /// The most documents that are kept as they were parsed.
    pub documents: NonZeroUsize,
    /// The most messages that equal subscriptions keep for those of them that are a little behind.
    pub shared_messages: usize,
}

/// The API, ready to execute. Clones share it.
#[derive(Clone)]
pub struct Api {
    schema: OrdercastSchema,
    use_cases: UseCases,
    documents: Arc<Documents>,
    shared: Arc<SharedExecution>,
}

impl Api {
    /// The API over these use cases. Subscriptions are executed on the current Tokio runtime, without which this panics.
    pub fn new(orders: Orders, users: Users, settings: ApiSettings) -> Self {
        let use_cases = UseCases { orders, users };
        let schema = Schema::build(Query, Mutation, Subscription).data(use_cases.clone()).finish();
        let documents = Arc::new(Documents::new(settings.documents));
        Self { schema, use_cases, documents, shared: SharedExecution::new(settings.shared_messages) }
    }

    /// The schema in GraphQL's schema definition language.
    pub fn sdl() -> String {
        Schema::build(Query, Mutation, Subscription).finish().sdl()
    }

    /// Parses a request and holds it against the limits, before anything is executed. Errors are those of the whole
    /// request; each has an `extensions.code`.
    pub fn prepare(&self, request: Request) -> Result<PreparedRequest, Vec<ServerError>> {
        PreparedRequest::new(request, &self.documents)
    }

    /// Executes a query or a mutation. Every error has an `extensions.code`.
    pub async fn execute(&self, request: PreparedRequest, viewer: &Viewer) -> Response {
        self.execution(request, viewer).respond().await
    }

    /// Starts an operation of any kind: a subscription gives an answer per event, with its position in the order log
    /// as `extensions.cursor`; another operation gives one answer. Equal subscriptions of viewers who see the same are
    /// executed once.
    ///
    /// With `resume`, a cursor that the connection told before, `orderEvents` starts after it where it would start
    /// earlier or now.
    pub fn start(&self, request: PreparedRequest, viewer: &Viewer, resume: Option<&str>) -> Operation {
        let kind = request.kind();
        let execution = self.execution(request, viewer);
        let resume = resume.map(str::to_owned);
        match kind {
            OperationKind::Subscription => Operation::starting(self.subscribe(execution, resume)),
            OperationKind::Query | OperationKind::Mutation => {
                let answer = async move { Message::only(execution.respond().await) };
                Operation::own(stream::once(answer))
            }
        }
    }

    /// Joins equal subscriptions, or executes the subscription by itself where it cannot be shared.
    fn subscribe(&self, execution: Execution, resume: Option<String>) -> BoxFuture<'static, Operation> {
        let shared = Arc::clone(&self.shared);
        async move {
            let Some((key, source)) = shared::shareable(&execution.request, execution.viewer.view()) else {
                return Operation::own(execution.follow(resume).messages);
            };
            let Source::Events { after } = source else {
                return Operation::shared(Follower::of_newest(shared.join(key, None, execution)));
            };
            let head = execution.use_cases.orders.position().await;
            let resume_cursor = resume.clone().map(types::Cursor);
            match (head, log_cursor::later(after.as_ref(), resume_cursor.as_ref())) {
                (Ok(head), Ok(after)) if after.is_none_or(|after: Cursor| after.epoch == head.epoch) => {
                    let member = shared.join(key, Some(head), execution);
                    Operation::shared(Follower::of_events(member, after.unwrap_or(head), head))
                }
                // The resolver says what is wrong.
                _ => Operation::own(execution.follow(resume).messages),
            }
        }
        .boxed()
    }

    fn execution(&self, request: PreparedRequest, viewer: &Viewer) -> Execution {
        Execution {
            schema: self.schema.clone(),
            use_cases: self.use_cases.clone(),
            request,
            viewer: viewer.clone(),
        }
    }
}
