use reqwest::{Method, header};
use serde_json::{Value, json};
use tests::{Api, Protocol, RawSocket, Server, assert_nothing_internal};

use crate::{
    case::{Case, Target},
    servers,
};

/// An operation, and what it is answered with over HTTP and over a WebSocket.
pub(crate) struct GraphqlCase {
    name: String,
    request: Value,
    expected: Expected,
    target: Target,
}

/// What an operation is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// Data, and no errors.
    Data,
    /// Exactly this data, and no errors.
    Exactly(Value),
    /// Data, in which this code tells why nothing was changed.
    TurnedDown(&'static str),
    /// Data, in which a field is null because of an error of this code, or the whole is.
    Field(&'static str),
    /// Errors, the first of them of this code, and no data: nothing was executed.
    Refused(&'static str),
    /// `LIMIT_EXCEEDED` of that limit, and no data.
    Limit(&'static str),
}

pub(crate) use Expected::{Data, Exactly, Field, Limit, Refused, TurnedDown};

pub(crate) const PARSE: Expected = Refused("GRAPHQL_PARSE_FAILED");
pub(crate) const INVALID: Expected = Refused("GRAPHQL_VALIDATION_FAILED");
pub(crate) const INPUT: Expected = Refused("BAD_USER_INPUT");
pub(crate) const NO_VALUE: Expected = Field("BAD_USER_INPUT");

/// The repetitions of an item that is told its number.
pub(crate) fn times(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect()
}

/// A document that asks for this of a user.
pub(crate) fn in_user(inner: &str) -> String {
    format!("{{ viewer {{ user {{ {inner} }} }} }}")
}

/// A document alone, at the open server.
pub(crate) fn document(
    name: impl Into<String>,
    document: impl Into<String>,
    expected: Expected,
) -> GraphqlCase {
    request(name, json!({ "query": document.into() }), expected)
}

/// A whole request, at the open server.
pub(crate) fn request(name: impl Into<String>, request: Value, expected: Expected) -> GraphqlCase {
    GraphqlCase { name: name.into(), request, expected, target: Target::Open }
}

impl GraphqlCase {
    /// The same of a customer, at the guarded server.
    pub(crate) fn of_a_customer(self) -> Self {
        Self { target: Target::Guarded, ..self }
    }

    /// As a row of the table.
    pub(crate) fn into_case(self, table: &'static str) -> Case {
        Case::new(table, self.name.clone(), self.target, move |server| self.run(server))
    }

    fn run(&self, server: &Server) {
        let api = match self.target {
            Target::Open => server.api().clone(),
            Target::Guarded => servers::customer(server),
        };
        self.expected.check(&self.over_http(&api));
        self.expected.check(&self.over_a_socket(&api));
    }

    fn over_http(&self, api: &Api) -> Value {
        let request = api.request(Method::POST, "/graphql").json(&self.request);
        let answer = request.header(header::ACCEPT, "application/graphql-response+json").send();
        let answer = answer.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().expect("text");
        assert_nothing_internal(&text);
        let executed = !matches!(self.expected, Refused(_) | Limit(_));
        assert_eq!(status == 200, executed, "{status}: {text}");
        assert!(status < 500, "{status}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("not JSON ({error}): {text}"))
    }

    fn over_a_socket(&self, api: &Api) -> Value {
        let mut socket = RawSocket::start(api, Protocol::GraphqlTransportWs);
        socket.start_operation("1", &self.request);
        let mut message = socket.next_message();
        assert_nothing_internal(&message.to_string());
        assert_eq!(message["id"], "1", "{message}");
        let payload = message["payload"].take();
        match message["type"].as_str() {
            Some("next") => {
                socket.expect(&json!({ "id": "1", "type": "complete" }));
                payload
            }
            Some("error") => json!({ "errors": payload }),
            _ => panic!("neither an answer nor errors: {message}"),
        }
    }
}

impl Expected {
    fn check(&self, answer: &Value) {
        let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
        let first = &errors.first().unwrap_or(&Value::Null)["extensions"];
        let data = &answer["data"];
        let met = match self {
            Data => errors.is_empty() && !data.is_null(),
            Exactly(expected) => errors.is_empty() && data == expected,
            TurnedDown(code) => errors.is_empty() && turned_down(data).is_some_and(|found| found == *code),
            Field(code) => first["code"] == *code && errors[0]["path"].is_array(),
            Refused(code) => first["code"] == *code && answer.get("data").is_none(),
            Limit(name) => {
                let named = first["setting"].as_str().is_some_and(|name| name.starts_with("ORDERCAST_"));
                first["code"] == "LIMIT_EXCEEDED"
                    && first["limit"] == *name
                    && named
                    && answer.get("data").is_none()
            }
        };
        assert!(met, "expected {self:?}, and got {answer}");
    }
}

/// The code in the payload of a mutation with one field.
fn turned_down(data: &Value) -> Option<&str> {
    let (_, payload) = data.as_object()?.iter().next()?;
    payload["errors"][0]["code"].as_str()
}
