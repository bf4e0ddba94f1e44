use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{LogFormat, Settings};

/// The web framework logs as an error what is only a stranger's nonsense: it is answered, and counted. The setting may say
/// otherwise.
const STRANGERS: &str = "actix_http::h1::dispatcher=off";

/// Libraries that quote below this level what clients send, headers and messages that have tokens, or the key set's URL, which may
/// have a password. No setting has them do so.
const QUOTES: [&str; 3] = ["actix_http", "tungstenite", "ureq"];

/// Writes log events to the standard error stream.
pub(crate) fn start(settings: &Settings) {
    let filter = EnvFilter::builder().parse_lossy(format!("{STRANGERS},{}", settings.logging.log));
    let events = tracing_subscriber::registry().with(filter).with(filter_fn(quotes_nobody));
    let lines = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    match settings.logging.log_format {
        LogFormat::Text => events.with(lines).init(),
        LogFormat::Json => events.with(lines.json().flatten_event(true)).init(),
    }
}

/// Whether an event is none in which a library may quote what is secret.
fn quotes_nobody(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO || !QUOTES.iter().any(|library| event.target().starts_with(library))
}
