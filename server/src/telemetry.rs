use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// The web framework logs as an error what is only a stranger's nonsense: it is answered, and counted. The setting may say
/// otherwise.
const STRANGERS: &str = "actix_http::h1::dispatcher=off";

/// Those that would quote headers and messages of clients. A level for everything, such as `trace`, leaves them at this.
const SECRETS: [&str; 2] = ["actix_http=info", "tungstenite=info"];

/// Writes log events to the standard error stream.
pub(crate) fn start(settings: &Settings) {
    let filter = EnvFilter::builder().parse_lossy(format!("{STRANGERS},{}", settings.logging.log));
    let filter = SECRETS.iter().fold(filter, |filter, bound| match bound.parse() {
        Ok(bound) => filter.add_directive(bound),
        Err(_) => filter,
    });
    let events = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match settings.logging.log_format {
        LogFormat::Text => events.init(),
        LogFormat::Json => events.json().flatten_event(true).init(),
    }
}
