use std::num::NonZeroUsize;

use clap::Args;
use domain::Limits;
use graphql_api::ApiSettings;

/// What operations may ask for, and what is kept for them.
#[derive(Args, Debug)]
pub(crate) struct QueryArguments {
    /// Orders in a page when a client gives neither `first` nor `last`.
    #[arg(long, env = "ORDERCAST_PAGE_DEFAULT", global = true, default_value = "50")]
    pub(crate) page_default: u32,

    /// The most orders in a page.
    #[arg(long, env = "ORDERCAST_PAGE_LIMIT", global = true, default_value = "1000")]
    pub(crate) page_limit: u32,

    /// The most orders that `getOrders` returns; with more it is an error.
    #[arg(long, env = "ORDERCAST_LIST_LIMIT", global = true, default_value = "10000")]
    pub(crate) list_limit: u32,

    /// The most documents that are kept as they were parsed.
    #[arg(long, env = "ORDERCAST_PARSED_DOCUMENTS", global = true, default_value = "1000")]
    pub(crate) parsed_documents: NonZeroUsize,

    /// The most messages that equal subscriptions keep for those of them that are a little behind; others execute again
    /// what they missed.
    #[arg(long, env = "ORDERCAST_SHARED_MESSAGES", global = true, default_value = "128")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) shared_messages: u32,
}

impl QueryArguments {
    /// The API's part.
    pub(crate) fn api(&self) -> ApiSettings {
        ApiSettings {
            documents: self.parsed_documents,
            shared_messages: usize::try_from(self.shared_messages).unwrap_or(usize::MAX),
        }
    }

    /// The use cases' part.
    pub(crate) fn limits(&self) -> Limits {
        Limits { page_default: self.page_default, page_limit: self.page_limit, list_limit: self.list_limit }
    }
}
