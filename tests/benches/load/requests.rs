use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use memchr::memmem;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::subject::Endpoint;

/// A connection that requests are posted on, one after another (HTTP/1.1, RFC 9112).
pub(crate) struct Requests {
    stream: TcpStream,
    /// When it was last used.
    used: Instant,
    endpoint: Endpoint,
    answer: Vec<u8>,
}

/// Servers close connections that are idle for some seconds.
const FRESH: Duration = Duration::from_secs(1);

impl Requests {
    pub(crate) async fn connect(endpoint: &Endpoint) -> anyhow::Result<Self> {
        let stream = open(endpoint).await?;
        Ok(Self { stream, used: Instant::now(), endpoint: endpoint.clone(), answer: Vec::new() })
    }

    /// Posts a document, and returns the body of the answer, which must tell of no errors.
    pub(crate) async fn graphql(&mut self, document: &str) -> anyhow::Result<&[u8]> {
        let path = self.endpoint.path.clone();
        let body = self.post(&path, json!({ "query": document }).to_string().as_bytes()).await?;
        // An empty list of errors is that of a mutation's payload.
        let failed = memmem::find(body, br#""errors":[{"#).is_some();
        ensure!(!failed, "`{document}` failed: {}", String::from_utf8_lossy(body));
        Ok(body)
    }

    /// Posts a body, and returns that of the answer.
    pub(crate) async fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<&[u8]> {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.endpoint.address,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        if self.used.elapsed() > FRESH {
            self.stream = open(&self.endpoint).await?;
        }
        self.stream.write_all(&request).await?;
        self.answer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "closed before the answer");
            let Some(end) = memmem::find(&self.answer, b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.answer[..end]).context("an answer's head")?;
            let Some(length) = content_length(head) else { bail!("an answer without its length: {head}") };
            let (start, received) = (end + 4, self.answer.len());
            if received >= start + length {
                self.used = Instant::now();
                ensure!(head.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(&self.answer));
                return Ok(&self.answer[start..start + length]);
            }
        }
    }
}

async fn open(endpoint: &Endpoint) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(endpoint.address).await.context("connecting")?;
    stream.set_nodelay(true)?;
    stream.set_zero_linger()?;
    Ok(stream)
}

/// The length that a request's or an answer's head tells.
pub(crate) fn content_length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })
}
