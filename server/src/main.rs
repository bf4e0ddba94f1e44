//! The `ordercast` binary: settings, the wiring of every adapter, and the transports.

mod authentication;
mod clock;
mod documents;
mod error;
mod http;
mod limits;
mod metrics;
mod migrate;
mod origins;
mod page;
mod request;
mod serve;
mod settings;
mod telemetry;
mod websocket;

use std::{io::Write, process::ExitCode};

use clap::Parser;

use crate::settings::{Command, CommandLine, Settings, TokenArguments};

#[actix_web::main]
async fn main() -> ExitCode {
    let CommandLine { command, settings } = CommandLine::parse();
    telemetry::start(&settings);
    let result = match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(settings).await,
        Command::Migrate { back } => migrate::migrate(&settings, back).await,
        Command::Schema => write_schema(),
        Command::Token(arguments) => write_token(&settings, arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write_schema() -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(graphql_api::Api::sdl().as_bytes())?)
}

fn write_token(settings: &Settings, arguments: TokenArguments) -> anyhow::Result<()> {
    let token = authentication::issue(&settings.authentication.settings()?, &arguments.request())?;
    Ok(writeln!(std::io::stdout(), "{token}")?)
}
