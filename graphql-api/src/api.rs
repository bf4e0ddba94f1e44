use async_graphql::{Request, Response, Schema, ServerError, parser::parse_query};
use domain::{Orders, Users, Viewer};
use futures_util::{Stream, StreamExt, future::Either, stream};

use crate::{
    context::UseCases,
    error::{ErrorCode, with_code},
    loaders::Loaders,
    mutation::Mutation,
    query::Query,
    subscription::Subscription,
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

    /// Executes an operation of any kind: a subscription gives a response per event, another operation gives one.
    pub fn subscribe(
        &self,
        request: Request,
        viewer: &Viewer,
    ) -> impl Stream<Item = Response> + Send + use<> {
        match self.prepare(request, viewer) {
            Ok(request) => Either::Left(self.schema.execute_stream(request).map(with_codes)),
            Err(error) => Either::Right(stream::iter([Response::from_errors(vec![error])])),
        }
    }

    fn prepare(&self, mut request: Request, viewer: &Viewer) -> Result<Request, ServerError> {
        let document = parse_query(&request.query)
            .map_err(|error| with_code(error.into(), ErrorCode::GraphqlParseFailed))?;
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
