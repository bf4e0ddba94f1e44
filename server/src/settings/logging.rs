use clap::{Args, ValueEnum};

/// What is logged.
#[derive(Args, Debug)]
pub(crate) struct LoggingArguments {
    /// What is logged, as in `info,sqlx=debug`.
    #[arg(long, env = "ORDERCAST_LOG", global = true, default_value = "info")]
    pub(crate) log: String,

    /// How it is logged, to the standard error stream.
    #[arg(long, env = "ORDERCAST_LOG_FORMAT", global = true, default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// How log events are written.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line, for programs.
    Json,
}
