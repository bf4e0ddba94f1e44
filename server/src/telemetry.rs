use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{LogFormat, Settings};

/// Writes log events to the standard error stream.
pub(crate) fn start(settings: &Settings) {
    let filter = EnvFilter::builder().parse_lossy(&settings.logging.log);
    let events = tracing_subscriber::registry().with(filter).with(filter_fn(tells_no_message));
    let lines = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    match settings.logging.log_format {
        LogFormat::Text => events.with(lines).init(),
        LogFormat::Json => events.with(lines.json().flatten_event(true)).init(),
    }
}

/// The library of WebSockets tells messages as they come, and those that introduce clients have tokens.
fn tells_no_message(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO || !event.target().starts_with("tungstenite")
}
