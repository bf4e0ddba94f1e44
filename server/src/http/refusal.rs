use std::borrow::Cow;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use async_graphql::ServerError;

use super::{accept::JsonType, answer};
use crate::{authentication::TokenError, error::with_code, request::Malformed};

/// A request that is turned down before its operation is known or executed. It is answered as GraphQL answers errors, with
/// a status that any HTTP client understands.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    allow: Option<&'static str>,
    /// How the client could say who it is (RFC 6750, section 3).
    challenge: Option<String>,
    /// In seconds.
    retry_after: Option<u64>,
}

impl From<Malformed> for Refusal {
    fn from(reason: Malformed) -> Self {
        Self::bad_request(reason)
    }
}

impl Refusal {
    /// The request makes no sense.
    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// One that its status says best.
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code: "BAD_USER_INPUT",
            message: message.into(),
            allow: None,
            challenge: None,
            retry_after: None,
        }
    }

    /// More than a limit allows.
    pub(crate) fn over_limit(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: "LIMIT_EXCEEDED", ..Self::new(status, message) }
    }

    /// The client took too long.
    pub(crate) fn too_late(message: &'static str) -> Self {
        Self::over_limit(StatusCode::REQUEST_TIMEOUT, message)
    }

    /// The client may not.
    pub(crate) fn forbidden(message: &'static str) -> Self {
        Self { code: "FORBIDDEN", ..Self::new(StatusCode::FORBIDDEN, message) }
    }

    /// The client does not say who it is, or nothing that is believed.
    pub(crate) fn unauthenticated(error: TokenError) -> Self {
        let message = error.to_string();
        let challenge = if error.is_missing() {
            r#"Bearer realm="ordercast""#.to_owned()
        } else {
            format!(r#"Bearer realm="ordercast", error="invalid_token", error_description="{message}""#)
        };
        let refusal = Self::new(StatusCode::UNAUTHORIZED, message);
        Self { code: "UNAUTHENTICATED", challenge: Some(challenge), ..refusal }
    }

    /// Another method would do.
    pub(crate) fn method(allow: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// The client may try again after so many seconds.
    pub(crate) fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The answer to a client of which it is not known yet what it can read.
    pub(crate) fn answer_json(&self) -> HttpResponse {
        self.answer(JsonType::Json)
    }

    /// The answer.
    pub(crate) fn answer(&self, json: JsonType) -> HttpResponse {
        let mut response = answer::errors(self.status, &[self.to_server_error()], json);
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
        }
        if let Some(challenge) = &self.challenge {
            let challenge = header::HeaderValue::from_str(challenge).expect("reasons are ASCII");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }

    /// The error as GraphQL tells errors.
    pub(crate) fn to_server_error(&self) -> ServerError {
        with_code(self.message.clone(), self.code)
    }
}
