//! What documents are answered with, as tables of tests say it.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::service::{Client, Service, codes};

/// What a document is answered with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// Data, and no errors.
    Data,
    /// Errors of that code only, and no data.
    Code(&'static str),
    /// Data, in which a field is null because of an error of that code.
    Field(&'static str),
    /// `LIMIT_EXCEEDED` of that limit.
    Limit(&'static str),
}

pub(crate) use Expected::{Code, Data, Field, Limit};

pub(crate) const PARSE: Expected = Code("GRAPHQL_PARSE_FAILED");
pub(crate) const INVALID: Expected = Code("GRAPHQL_VALIDATION_FAILED");
pub(crate) const FIELD: Expected = Field("BAD_USER_INPUT");
pub(crate) const INPUT: Expected = Code("BAD_USER_INPUT");

/// Far more than any of them needs, also on a slow machine and without optimisations.
const AT_MOST: Duration = Duration::from_secs(5);

/// Each document is answered so, under the server's own limits, at once and from what is kept, as any operation.
pub(crate) async fn assert_answers(cases: Vec<(String, Expected)>) {
    let client = Service::new().await.staff();
    for (document, expected) in cases {
        let started = Instant::now();
        let answer = client.ask(document.as_str()).await;
        let shown: String = document.chars().take(120).collect();
        assert!(started.elapsed() < AT_MOST, "{shown} took {:?}", started.elapsed());
        assert_answer(&answer, expected, &shown);
        // From the cache, and as a subscription, it is the same.
        assert_answer(&client.ask(document.as_str()).await, expected, &shown);
        assert_follows(&client, &document, expected, &shown).await;
    }
}

async fn assert_follows(client: &Client, document: &str, expected: Expected, shown: &str) {
    if !matches!(expected, Data | Field(_)) {
        let told = client.follow(document).next().await.expect("errors");
        assert_answer(&told, expected, shown);
    }
}

fn assert_answer(answer: &Value, expected: Expected, shown: &str) {
    match expected {
        Data => assert!(answer.get("errors").is_none() && !answer["data"].is_null(), "{shown}: {answer}"),
        Code(code) => {
            let told = codes(answer);
            let all = told.iter().all(|told| *told == code || *told == "LIMIT_EXCEEDED");
            assert!(all && told.first() == Some(&code), "{code} is expected for {shown}: {answer}");
            assert!(answer["data"].is_null(), "{shown}: {answer}");
        }
        Field(code) => assert!(codes(answer) == [code] && !answer["data"].is_null(), "{shown}: {answer}"),
        Limit(name) => {
            let error = &answer["errors"][0]["extensions"];
            assert_eq!(
                (&error["code"], &error["limit"]),
                (&"LIMIT_EXCEEDED".into(), &name.into()),
                "{shown}: {answer}"
            );
            assert!(answer["data"].is_null(), "{shown}: {answer}");
        }
    }
}

/// So many items, one behind the other.
pub(crate) fn repeated(count: usize, item: &dyn Fn(usize) -> String) -> String {
    (0..count).map(item).collect()
}
