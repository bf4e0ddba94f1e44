use std::sync::Arc;

use async_graphql::{Request, Response, ServerError, Value};
use domain::{Cursor, Position, Viewer};
use futures_util::{StreamExt, stream::BoxStream};

use crate::{
    api::OrdercastSchema,
    context::{HasOneRootField, MessagePosition, Resume, Span, UseCases},
    error::{ErrorCode, with_code},
    limits::{Limit, limit_errors},
    loaders::Loaders,
    log_cursor,
    operation::{Answer, Message, OperationKind},
    prepared::PreparedRequest,
    types,
};

/// A request of a viewer, which can be executed any number of times.
#[derive(Clone)]
pub(crate) struct Execution {
    pub(crate) schema: OrdercastSchema,
    pub(crate) use_cases: UseCases,
    pub(crate) request: PreparedRequest,
    pub(crate) viewer: Viewer,
    /// The most errors of an answer.
    pub(crate) errors: Limit,
}

/// A subscription that is being executed.
pub(crate) struct Running {
    pub(crate) messages: BoxStream<'static, Message>,
    /// The position of the message that is under way.
    pub(crate) position: MessagePosition,
}

impl Execution {
    /// Executes a query or a mutation.
    pub(crate) async fn respond(&self) -> Message {
        let mut response = self.schema.execute(self.request()).await;
        if self.request.kind() == OperationKind::Query {
            argument_errors_of_request(&mut response);
        }
        Message::only(with_codes(response, self.errors))
    }

    /// Executes a subscription from where the client asks for, on a connection that resumes after a cursor.
    pub(crate) fn follow(&self, resume: Option<String>) -> Running {
        let request = self.request();
        self.run(match resume {
            Some(resume) => request.data(Resume(types::Cursor(resume))),
            None => request,
        })
    }

    /// Executes a subscription to events from after the cursor on.
    pub(crate) fn follow_after(&self, after: Cursor) -> Running {
        self.run(self.request().data(Span { after, until: None }))
    }

    /// Executes a subscription to events for those after the cursor and up to the position.
    pub(crate) fn replay(&self, after: Cursor, until: Position) -> BoxStream<'static, Message> {
        self.run(self.request().data(Span { after, until: Some(until) })).messages
    }

    fn run(&self, request: Request) -> Running {
        let position = MessagePosition::default();
        let responses = self.schema.execute_stream(request.data(position.clone()));
        let (told, errors) = (position.clone(), self.errors);
        let messages = responses.map(move |response| message(with_codes(response, errors), told.take()));
        Running { messages: messages.boxed(), position }
    }

    fn request(&self) -> Request {
        let loaders = Loaders::new(&self.use_cases, &self.viewer);
        let has_one_root_field = HasOneRootField(self.request.has_one_root_field());
        self.request.to_request().data(self.viewer.clone()).data(loaders).data(has_one_root_field)
    }
}

/// A response that has no position comes from no event: the subscription could not be started, or its source failed.
fn message(response: Response, position: Option<Cursor>) -> Message {
    match position {
        Some(cursor) => {
            let text = log_cursor::encode(cursor).0;
            let response = response.extension("cursor", Value::String(text.clone()));
            Message::Next(Answer::at(cursor, text, &response))
        }
        None if response.is_err() => Message::Error(Arc::new(response.errors)),
        None => Message::Next(Answer::new(&response)),
    }
}

/// Makes arguments that cannot be read errors of the whole request, which have no path (GraphQL, October 2021, sections
/// 6.1.2 and 7.1.2). The library finds those of custom types only where the field is executed. A mutation's stay where they
/// are, because fields before them may have changed something.
fn argument_errors_of_request(response: &mut Response) {
    let has_code = |error: &ServerError| {
        error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some())
    };
    if response.data == Value::Null {
        for error in response.errors.iter_mut().filter(|error| !error.path.is_empty() && !has_code(error)) {
            error.path.clear();
            error.extensions.get_or_insert_default().set("code", ErrorCode::BadUserInput.name());
        }
    }
}

/// Names the library's own errors. Those of resolvers have a code already; of the others, those with a path come from
/// arguments that did not parse, and those without from the document's validation. Keeps as many as the limit allows.
fn with_codes(mut response: Response, limit: Limit) -> Response {
    let name = |error: ServerError| {
        let is_in_document = error.path.is_empty();
        let code = if is_in_document { ErrorCode::GraphqlValidationFailed } else { ErrorCode::BadUserInput };
        with_code(error, code)
    };
    response.errors = limit_errors(response.errors.into_iter().map(name).collect(), limit);
    response
}
