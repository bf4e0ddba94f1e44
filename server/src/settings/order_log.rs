use std::time::Duration;

use clap::Args;
use persistence::LogSettings;

/// What the order log keeps, and how it is read.
#[derive(Args, Debug)]
pub(crate) struct OrderLogArguments {
    /// The most events of the order log in memory; followers that are further behind read the database.
    #[arg(long, env = "ORDERCAST_EVENTS_IN_MEMORY", global = true, default_value = "10000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) events_in_memory: u32,

    /// The most events that the order log keeps.
    #[arg(long, env = "ORDERCAST_EVENTS_KEPT", global = true, default_value = "1000000")]
    pub(crate) events_kept: u32,

    /// How long the order log keeps events.
    #[arg(long, env = "ORDERCAST_EVENTS_KEPT_FOR", global = true, default_value = "7days")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) events_kept_for: Duration,

    /// How often the order log is looked at for changes by other programs, which do not notify.
    #[arg(long, env = "ORDERCAST_POLL_INTERVAL", global = true, default_value = "100ms")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) poll_interval: Duration,
}

impl OrderLogArguments {
    /// The order log's part.
    pub(crate) fn settings(&self) -> LogSettings {
        LogSettings {
            ring_events: usize::try_from(self.events_in_memory).unwrap_or(usize::MAX),
            poll_interval: self.poll_interval,
            keep_events: self.events_kept,
            keep_age: self.events_kept_for,
        }
    }
}
