use std::sync::Arc;

use async_graphql::{Request, Response, Schema, ServerError, Value};
use domain::{Orders, Users, Viewer};
use futures_util::StreamExt;

use crate::{
    context::{MessagePosition, Resume, UseCases},
    error::{ErrorCode, with_code},
    loaders::Loaders,
    log_cursor,
    mutation::Mutation,
    operation::{Answer, Message, Operation},
    prepared::PreparedRequest,
    query::Query,
    subscription::Subscription,
    types::Cursor,
};

type OrdercastSchema = Schema<Query, Mutation, Subscription>;

/// The API, ready to execute. Clones share it.
#[derive(Clone)]
pub struct Api {
    schema: OrdercastSchema,
    use_cases: UseCases,
}

impl Api {
    /// The API over these use cases.
    pub fn new(orders: Orders, users: Users) -> Self {
        let use_cases = UseCases { orders, users };
        let schema = Schema::build(Query, Mutation, Subscription).data(use_cases.clone()).finish();
        Self { schema, use_cases }
    }

    /// The schema in GraphQL's schema definition language.
    pub fn sdl() -> String {
        Schema::build(Query, Mutation, Subscription).finish().sdl()
    }

    /// Parses a request and holds it against the limits, before anything is executed. Errors are those of the whole
    /// request; each has an `extensions.code`.
    pub fn prepare(&self, request: Request) -> Result<PreparedRequest, Vec<ServerError>> {
        PreparedRequest::new(request)
    }

    /// Executes a query or a mutation. Every error has an `extensions.code`.
    pub async fn execute(&self, request: PreparedRequest, viewer: &Viewer) -> Response {
        with_codes(self.schema.execute(self.with_data(request, viewer)).await)
    }

    /// Starts an operation of any kind: a subscription gives an answer per event, with its position in the order log
    /// as `extensions.cursor`; another operation gives one answer.
    ///
    /// With `resume`, a cursor that the connection told before, `orderEvents` starts after it where it would start
    /// earlier or now.
    pub fn start(&self, request: PreparedRequest, viewer: &Viewer, resume: Option<&str>) -> Operation {
        let position = MessagePosition::default();
        let mut request = self.with_data(request, viewer).data(position.clone());
        if let Some(resume) = resume {
            request = request.data(Resume(Cursor(resume.to_owned())));
        }
        Operation::new(self.schema.execute_stream(request).map(move |response| {
            let response = with_codes(response);
            match position.take() {
                Some(cursor) => {
                    let cursor = log_cursor::encode(cursor).0;
                    let response = response.extension("cursor", Value::String(cursor.clone()));
                    Message::Next(Answer::new(&response, Some(cursor)))
                }
                None if response.is_err() && response.data == Value::Null => {
                    Message::Error(Arc::new(response.errors))
                }
                None => Message::Next(Answer::new(&response, None)),
            }
        }))
    }

    fn with_data(&self, prepared: PreparedRequest, viewer: &Viewer) -> Request {
        let loaders = Loaders::new(&self.use_cases, viewer);
        prepared.request.data(viewer.clone()).data(loaders)
    }
}

/// Names the library's own errors. Those of resolvers have a code already; of the others, those with a path come from
/// arguments that did not parse, and those without from the document's validation.
fn with_codes(mut response: Response) -> Response {
    response.errors = std::mem::take(&mut response.errors)
        .into_iter()
        .map(|error| {
            let code = if error.path.is_empty() {
                ErrorCode::GraphqlValidationFailed
            } else {
                ErrorCode::BadUserInput
            };
            with_code(error, code)
        })
        .collect();
    response
}
