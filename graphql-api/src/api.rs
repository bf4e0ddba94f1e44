use async_graphql::{Request, Response, Schema, ServerError, Value, parser::parse_query};
use domain::{Orders, Users, Viewer};
use futures_util::{Stream, StreamExt, future::Either, stream};

use crate::{
    context::{MessagePosition, Resume, UseCases},
    error::{ErrorCode, with_code},
    loaders::Loaders,
    log_cursor,
    mutation::Mutation,
    query::Query,
    root_fields,
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

    /// Executes a query or a mutation. Every error has an `extensions.code`.
    pub async fn execute(&self, request: Request, viewer: &Viewer) -> Response {
        match self.prepare(request, viewer) {
            Ok(request) => with_codes(self.schema.execute(request).await),
            Err(error) => Response::from_errors(vec![error]),
        }
    }

    /// Executes an operation of any kind: a subscription gives a response per event, with its position in the order log
    /// as `extensions.cursor`; another operation gives one response.
    ///
    /// With `resume`, a cursor that the connection told before, `orderEvents` starts after it where it would start
    /// earlier or now.
    pub fn subscribe(
        &self,
        request: Request,
        viewer: &Viewer,
        resume: Option<String>,
    ) -> impl Stream<Item = Response> + Send + use<> {
        let request = match self.prepare(request, viewer) {
            Ok(request) => request,
            Err(error) => return Either::Right(stream::iter([Response::from_errors(vec![error])])),
        };
        let message = MessagePosition::default();
        let request = request.data(message.clone());
        let request = match resume {
            Some(resume) => request.data(Resume(Cursor(resume))),
            None => request,
        };
        Either::Left(self.schema.execute_stream(request).map(move |response| {
            let response = with_codes(response);
            match message.take() {
                Some(cursor) => response.extension("cursor", Value::String(log_cursor::encode(cursor).0)),
                None => response,
            }
        }))
    }

    fn prepare(&self, mut request: Request, viewer: &Viewer) -> Result<Request, ServerError> {
        let mut document = parse_query(&request.query)
            .map_err(|error| with_code(error.into(), ErrorCode::GraphqlParseFailed))?;
        root_fields::collect(&mut document);
        if let Some(position) = root_fields::second_of_subscription(&document) {
            let error = ServerError::new("a subscription has one root field", Some(position));
            return Err(with_code(error, ErrorCode::GraphqlValidationFailed));
        }
        request.set_parsed_query(document);
        let loaders = Loaders::new(&self.use_cases, viewer);
        Ok(request.data(viewer.clone()).data(loaders))
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
