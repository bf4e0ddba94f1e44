use std::borrow::Cow;

use async_graphql::{Extensions, Request, Value};
use serde_json::{Map, Value as Json};
use url::form_urlencoded;

/// Why what was sent is no GraphQL request, as its client is told.
pub(crate) type Malformed = Cow<'static, str>;

/// The parameters of a GraphQL request (GraphQL over HTTP, section 5), each of the type that it must have.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Parameters {
    /// The document.
    pub(crate) query: Option<String>,
    /// The name of a document that the server has.
    pub(crate) document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Json>>,
    extensions: Option<Map<String, Json>>,
}

impl Parameters {
    /// Those of a request in JSON. Members of other names are left to other programs.
    pub(crate) fn from_json(request: Json) -> Result<Self, Malformed> {
        let Json::Object(mut members) = request else {
            let kind = kind(&request);
            return Err(format!("a request must be a JSON object with `query`, not {kind}").into());
        };
        Ok(Self {
            query: text(&mut members, "query")?,
            document_id: text(&mut members, "documentId")?,
            operation_name: text(&mut members, "operationName")?,
            variables: object(&mut members, "variables")?,
            extensions: object(&mut members, "extensions")?,
        })
    }

    /// Those of a URL's query string.
    pub(crate) fn from_query_string(query: &str) -> Result<Self, Malformed> {
        let mut members = Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = match &*name {
                "query" | "documentId" | "operationName" => Json::String(value.into_owned()),
                // Left empty by forms.
                "variables" | "extensions" if value.is_empty() => Json::Null,
                "variables" | "extensions" => {
                    serde_json::from_str(&value).map_err(|error| format!("`{name}` is not JSON: {error}"))?
                }
                _ => continue,
            };
            if members.insert(name.clone().into_owned(), value).is_some() {
                return Err(format!("`{name}` is given twice").into());
            }
        }
        Self::from_json(Json::Object(members))
    }

    /// Whether it names a document in no way.
    pub(crate) fn has_no_document(&self) -> bool {
        let has_hash = self.extensions.as_ref().is_some_and(|all| all.contains_key("persistedQuery"));
        self.query.is_none() && self.document_id.is_none() && !has_hash
    }

    /// The id that `extensions.operationId` gives the operation on a connection of several.
    pub(crate) fn operation_id(&self) -> Option<&str> {
        self.extensions.as_ref()?.get("operationId")?.as_str().filter(|id| !id.is_empty())
    }

    /// The request, without the document if that is only named, and the variables.
    pub(crate) fn into_request(self) -> Result<(Request, Map<String, Json>), Malformed> {
        let mut request = Request::new(self.query.unwrap_or_default());
        request.operation_name = self.operation_name.filter(|name| !name.is_empty());
        let extensions = self.extensions.unwrap_or_default().into_iter();
        let extensions = extensions.map(|(name, value)| Value::from_json(value).map(|value| (name, value)));
        let extensions: Result<_, _> = extensions.collect();
        request.extensions =
            Extensions(extensions.map_err(|error| format!("`extensions` cannot be read: {error}"))?);
        Ok((request, self.variables.unwrap_or_default()))
    }
}

fn text(members: &mut Map<String, Json>, name: &str) -> Result<Option<String>, Malformed> {
    match members.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{name}` must be a string, not {}", kind(&other)).into()),
    }
}

fn object(members: &mut Map<String, Json>, name: &str) -> Result<Option<Map<String, Json>>, Malformed> {
    match members.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(object)) => Ok(Some(object)),
        Some(other) => Err(format!("`{name}` must be an object, not {}", kind(&other)).into()),
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_of_another_type_is_named() {
        for (body, named) in [
            (json!({ "query": 1 }), "`query` must be a string, not a number"),
            (json!({ "operationName": [] }), "`operationName` must be a string, not an array"),
            (json!({ "variables": "{}" }), "`variables` must be an object, not a string"),
            (json!({ "extensions": true }), "`extensions` must be an object, not a boolean"),
            (json!([]), "a request must be a JSON object with `query`, not an array"),
        ] {
            assert_eq!(Parameters::from_json(body.clone()), Err(named.into()), "{body}");
        }
    }

    #[test]
    fn a_query_string_says_the_same_as_a_body() {
        let query = "query=%7B+viewer+%7D&operationName=a&variables=%7B%22a%22:1%7D&extensions=null&token=x";
        let body = json!({ "query": "{ viewer }", "operationName": "a", "variables": { "a": 1 } });
        assert_eq!(Parameters::from_query_string(query), Parameters::from_json(body));
        for query in ["query=a&query=b", "variables=%7B", "variables=[]", "extensions=1"] {
            assert!(Parameters::from_query_string(query).is_err(), "{query}");
        }
    }
}
