use std::{num::NonZeroUsize, sync::Arc};

use async_graphql::{Request, Schema, ServerError, ValidationMode};
use domain::{Cursor, Orders, Users, Viewer};
use futures_util::{FutureExt, future::BoxFuture, stream};
use serde_json::{Map, Value as Json};

use crate::{
    context::UseCases,
    documents::Documents,
    execution::Execution,
    limits::{Limit, PageSizes, QueryLimits},
    log_cursor,
    mutation::Mutation,
    operation::{Message, Operation, OperationKind},
    prepared::PreparedRequest,
    query::Query,
    shared::{self, Follower, SharedExecution, SharedQueries, Source},
    subscription::Subscription,
    types,
};

pub(crate) type OrdercastSchema = Schema<Query, Mutation, Subscription>;

/// How much the API keeps in memory, and executes. Each is a setting of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiSettings {
    /// The most documents that are kept as they were parsed.
    pub documents: NonZeroUsize,
    /// The most messages that equal subscriptions keep for those of them that are a little behind.
    pub shared_messages: usize,
    /// What operations may ask for.
    pub limits: QueryLimits,
    /// What equal queries share.
    pub query_sharing: QuerySharing,
}

/// What equal queries of viewers who see the same share. Each is answered as if it was executed at some moment between its
/// arrival and its answer, whatever they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuerySharing {
    /// Nothing: each is executed.
    Nothing,
    /// Those that wait at one time are executed once; of answers to earlier ones at most so many bytes are kept, and told
    /// again while nothing that is stored has changed, where the storage can tell that.
    Executions {
        /// Bytes of answers, the least used of which make room.
        kept: usize,
    },
}

/// The API, ready to execute. Clones share it.
#[derive(Clone)]
pub struct Api {
    schema: OrdercastSchema,
    use_cases: UseCases,
    documents: Arc<Documents>,
    shared: Arc<SharedExecution>,
    errors: Limit,
    /// `None` where nothing is shared.
    queries: Option<Arc<SharedQueries>>,
}

impl Api {
    /// The API over these use cases. Subscriptions are executed on the current Tokio runtime, without which this panics.
    pub fn new(orders: Orders, users: Users, settings: ApiSettings) -> Self {
        let use_cases = UseCases { orders, users };
        // What is executed was validated before, in whole: the library need not do it again for each event.
        let schema = Schema::build(Query, Mutation, Subscription)
            .data(use_cases.clone())
            .validation_mode(ValidationMode::Fast)
            .limit_recursive_depth(usize::MAX)
            .finish();
        let limits = use_cases.orders.limits();
        let pages = PageSizes {
            default: limits.page_default,
            limit: limits.page_limit,
            all_orders: limits.list_limit,
        };
        let documents = Documents::new(settings.documents, &settings.limits, pages);
        let queries = match settings.query_sharing {
            QuerySharing::Nothing => None,
            QuerySharing::Executions { kept } => Some(Arc::new(SharedQueries::new(kept))),
        };
        Self {
            schema,
            use_cases,
            documents: Arc::new(documents),
            shared: SharedExecution::new(settings.shared_messages),
            errors: settings.limits.errors,
            queries,
        }
    }

    /// The schema in GraphQL's schema definition language.
    pub fn sdl() -> String {
        Schema::build(Query, Mutation, Subscription).finish().sdl()
    }

    /// Parses a request, and holds it against the limits and the schema, before anything is executed: its document, the
    /// operation it asks for and the variables, which come beside it, as JSON. Errors are those of the whole request; each
    /// has an `extensions.code`.
    pub fn prepare(
        &self,
        request: Request,
        variables: Map<String, Json>,
    ) -> Result<PreparedRequest, Vec<ServerError>> {
        PreparedRequest::new(request, variables, &self.documents)
    }

    /// Executes a query or a mutation; equal queries that wait at one time, of viewers who see the same, once. Every error
    /// has an `extensions.code`.
    pub async fn execute(&self, request: PreparedRequest, viewer: &Viewer) -> Message {
        let execution = self.execution(request, viewer);
        match &self.queries {
            Some(queries) => queries.respond(execution).await,
            None => execution.respond().await,
        }
    }

    /// Starts an operation of any kind: a subscription gives an answer per event, with its position in the order log
    /// as `extensions.cursor`; another operation gives one answer. Equal subscriptions of viewers who see the same are
    /// executed once.
    ///
    /// With `resume`, a cursor that the connection told before, `orderEvents` starts after it where it would start
    /// earlier or now.
    pub fn start(&self, request: PreparedRequest, viewer: &Viewer, resume: Option<&str>) -> Operation {
        match request.kind() {
            OperationKind::Subscription => {
                let execution = self.execution(request, viewer);
                Operation::starting(self.subscribe(execution, resume.map(str::to_owned)))
            }
            OperationKind::Query | OperationKind::Mutation => {
                let (api, viewer) = (self.clone(), viewer.clone());
                Operation::own(stream::once(async move { api.execute(request, &viewer).await }))
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
            errors: self.errors,
        }
    }
}
