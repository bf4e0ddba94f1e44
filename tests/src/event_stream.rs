use std::io::{BufRead, BufReader};

use reqwest::{
    blocking::{RequestBuilder, Response},
    header,
};
use serde_json::Value;

/// A client's end of a stream of server-sent events.
pub struct EventStream {
    lines: BufReader<Response>,
}

/// An event, as the HTML standard has clients read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamEvent {
    /// What it is called.
    pub event: String,
    /// What a client that comes back sends as `Last-Event-ID`.
    pub id: Option<String>,
    /// Its data.
    pub data: Option<String>,
}

impl EventStream {
    /// Sends a request that must be answered with a stream of events.
    pub fn open(request: RequestBuilder) -> Self {
        let response = request.send().expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
        Self { lines: BufReader::new(response) }
    }

    /// The answer's head.
    pub fn head(&self) -> &Response {
        self.lines.get_ref()
    }

    /// The next event; `None` when the stream ended.
    pub fn next_event(&mut self) -> Option<StreamEvent> {
        loop {
            let block = self.next_block()?;
            let mut event = StreamEvent::default();
            for line in block.lines() {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
                match name {
                    "event" => event.event = value,
                    "id" => event.id = Some(value),
                    "data" => event.data = Some(value),
                    "" => {}
                    _ => panic!("`{line}` is no line of an event"),
                }
            }
            if event != StreamEvent::default() {
                return Some(event);
            }
        }
    }

    /// Waits until a subscription to events is under way, and returns the cursor that it starts after.
    pub fn wait_for_start(&mut self) -> String {
        let start = self.next_event().expect("the stream is open");
        assert_eq!((start.event.as_str(), &start.data), ("", &None), "an event that clients pass over");
        start.id.expect("a cursor")
    }

    /// Reads up to the next comment, passing over events.
    pub fn wait_for_comment(&mut self) {
        while self.next_block().expect("the stream is open") != ":\n" {}
    }

    /// The next event with data, which must be an answer.
    pub fn next_answer(&mut self) -> (Value, Option<String>) {
        let mut events = std::iter::from_fn(|| self.next_event());
        let event = events.find(|event| event.data.is_some()).expect("the stream is open");
        assert_eq!(event.event, "next", "{event:?}");
        (event.json(), event.id)
    }

    /// Lines up to an empty one; `None` when the stream ended or broke.
    fn next_block(&mut self) -> Option<String> {
        let mut block = String::new();
        loop {
            let start = block.len();
            if self.lines.read_line(&mut block).ok()? == 0 {
                return None;
            }
            if &block[start..] == "\n" {
                block.truncate(start);
                return Some(block);
            }
        }
    }
}

impl StreamEvent {
    /// Its data, which must be JSON.
    pub fn json(&self) -> Value {
        let data = self.data.as_deref().unwrap_or_default();
        serde_json::from_str(data).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }
}
