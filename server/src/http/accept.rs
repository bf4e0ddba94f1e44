use actix_web::{
    HttpRequest,
    http::header::{self, Accept, Header, Quality, QualityItem},
    mime::Mime,
};
use graphql_api::OperationKind;

/// A media type of answers in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonType {
    /// `application/graphql-response+json`, whose status tells whether the request could be executed.
    GraphqlResponse,
    /// `application/json`, whose status is 200 for every well-formed request, as older clients expect.
    Json,
}

/// How an operation is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// In one piece.
    Json(JsonType),
    /// As server-sent events.
    EventStream,
    /// In parts, by Apollo's subscription protocol for HTTP.
    Multipart,
}

/// What the client accepts (RFC 9110, section 12.5.1).
#[derive(Debug)]
pub(crate) struct Accepted(Vec<QualityItem<Mime>>);

/// How much a client wants a media type: its quality, and whether it names the type rather than a range.
type Preference = (Quality, bool);

impl Accepted {
    /// Reads the header. Without one, anything is accepted.
    pub(crate) fn by(request: &HttpRequest) -> Self {
        if request.headers().contains_key(header::ACCEPT) {
            Self(Accept::parse(request).map(|accept| accept.0).unwrap_or_default())
        } else {
            Self(Accept::star().0)
        }
    }

    /// How an operation of that kind is answered; `None` if no way to do so is accepted. What a client wants equally is
    /// chosen by what the operation gives: one answer, or many.
    pub(crate) fn format(&self, kind: OperationKind) -> Option<Format> {
        let formats = match kind {
            OperationKind::Query | OperationKind::Mutation => {
                if let Some(json) = self.json() {
                    return Some(Format::Json(json));
                }
                [Format::EventStream, Format::Multipart]
            }
            OperationKind::Subscription => [Format::EventStream, Format::Multipart],
        };
        best(formats.map(|format| (format, self.preference(format))))
    }

    /// In which type an answer in one piece is given.
    pub(crate) fn json(&self) -> Option<JsonType> {
        let json = (JsonType::Json, self.preference(Format::Json(JsonType::Json)));
        let response = (JsonType::GraphqlResponse, self.preference(Format::Json(JsonType::GraphqlResponse)));
        // `*/*` and `application/*` mean the type that every client can read.
        let is_named = response.1.is_some_and(|(_, named)| named);
        best(if is_named { [response, json] } else { [json, response] })
    }

    /// Whether server-sent events are accepted, and answers in one piece are not.
    pub(crate) fn only_events(&self) -> bool {
        self.json().is_none() && self.preference(Format::EventStream).is_some()
    }

    /// The quality of the most specific range that the format is in; `None` if it is not acceptable.
    fn preference(&self, format: Format) -> Option<Preference> {
        let specificity = |range: &Mime| match (range.type_().as_str(), range.subtype().as_str()) {
            ("*", "*") => Some(0),
            (kind, "*") if kind == format.kind() => Some(1),
            _ if format.is_named_by(range) => Some(2),
            _ => None,
        };
        let ranges = self.0.iter().filter_map(|range| Some((specificity(&range.item)?, range.quality)));
        let (specificity, quality) = ranges.max_by_key(|(specificity, _)| *specificity)?;
        // Clients that do not know the protocol of these parts cannot read them.
        let is_understood = format != Format::Multipart || specificity == 2;
        (quality > Quality::ZERO && is_understood).then_some((quality, specificity == 2))
    }
}

impl Format {
    fn kind(self) -> &'static str {
        match self {
            Self::Json(_) => "application",
            Self::EventStream => "text",
            Self::Multipart => "multipart",
        }
    }

    /// Whether a media type, with its parameters, is this format.
    fn is_named_by(self, range: &Mime) -> bool {
        match self {
            Self::Json(json) => range.essence_str() == json.name(),
            Self::EventStream => range.essence_str() == "text/event-stream",
            Self::Multipart => {
                let version = range.get_param("subscriptionspec");
                range.essence_str() == "multipart/mixed" && version.is_some_and(|version| version == "1.0")
            }
        }
    }
}

impl JsonType {
    /// The media type, without parameters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json => "application/json",
        }
    }

    /// The value of `Content-Type`.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The most wanted; of equals, one that is named, and then the first.
fn best<T>(choices: [(T, Option<Preference>); 2]) -> Option<T> {
    let [(first, wanted_first), (second, wanted_second)] = choices;
    match (wanted_first, wanted_second) {
        (None, None) => None,
        (first_wanted, second_wanted) if second_wanted > first_wanted => Some(second),
        _ => Some(first),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const JSON: Option<Format> = Some(Format::Json(JsonType::Json));
    const RESPONSE: Option<Format> = Some(Format::Json(JsonType::GraphqlResponse));
    const EVENTS: Option<Format> = Some(Format::EventStream);
    const PARTS: Option<Format> = Some(Format::Multipart);

    fn formats(accept: Option<&str>) -> (Option<Format>, Option<Format>) {
        let mut request = TestRequest::default();
        if let Some(accept) = accept {
            request = request.insert_header((header::ACCEPT, accept));
        }
        let accepted = Accepted::by(&request.to_http_request());
        (accepted.format(OperationKind::Query), accepted.format(OperationKind::Subscription))
    }

    #[test]
    fn each_client_gets_what_it_can_read() {
        for (client, accept, query, subscription) in [
            ("without a header", None, JSON, EVENTS),
            ("curl, fetch", Some("*/*"), JSON, EVENTS),
            ("EventSource, graphql-sse", Some("text/event-stream"), EVENTS, EVENTS),
            ("Apollo", Some("application/graphql-response+json,application/json;q=0.9"), RESPONSE, None),
            (
                "Apollo, subscribing",
                Some(
                    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9",
                ),
                RESPONSE,
                PARTS,
            ),
            (
                "urql",
                Some(
                    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
                ),
                RESPONSE,
                EVENTS,
            ),
            (
                "a browser's address bar",
                Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
                JSON,
                EVENTS,
            ),
        ] {
            assert_eq!(formats(accept), (query, subscription), "{client}");
        }
    }

    #[test]
    fn qualities_and_specific_ranges_decide() {
        for (accept, query, subscription) in [
            ("application/json, application/graphql-response+json;q=0.5", JSON, None),
            ("application/json;q=0.5, application/graphql-response+json", RESPONSE, None),
            ("application/json;q=0, */*", RESPONSE, EVENTS),
            ("application/*;q=0, */*", EVENTS, EVENTS),
            ("application/*", JSON, None),
            ("text/*", EVENTS, EVENTS),
            ("text/event-stream;q=0.1, multipart/mixed;subscriptionSpec=1.0", PARTS, PARTS),
            ("*/*, multipart/mixed;subscriptionSpec=\"1.0\"", JSON, PARTS),
            ("multipart/mixed", None, None),
            ("multipart/mixed;subscriptionSpec=2.0", None, None),
            ("multipart/*", None, None),
            ("text/html", None, None),
            ("application/json;charset=utf-8", JSON, None),
            ("APPLICATION/JSON", JSON, None),
            ("no media type", None, None),
        ] {
            let (on_query, on_subscription) = formats(Some(accept));
            // A query in a stream is its one answer.
            assert_eq!((on_query, on_subscription), (query, subscription), "{accept}");
        }
    }
}
