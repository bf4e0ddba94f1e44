use std::num::NonZeroUsize;

use clap::{ArgAction, Args};
use domain::Limits;
use graphql_api::{ApiSettings, Introspection, Limit, QueryLimits, QuerySharing};

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

    /// The most bytes of a document.
    #[arg(long, env = "ORDERCAST_DOCUMENT_LIMIT", global = true, default_value = "16384")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) document_limit: u32,

    /// The most lexical tokens of a document.
    #[arg(long, env = "ORDERCAST_TOKEN_LIMIT", global = true, default_value = "5000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) token_limit: u32,

    /// The most nested selection sets of a document; a fragment in its place is one, too.
    #[arg(long, env = "ORDERCAST_DEPTH_LIMIT", global = true, default_value = "32")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) depth_limit: u32,

    /// The most fields and fragments of a document, each fragment in every place where it is spread.
    #[arg(long, env = "ORDERCAST_SELECTION_LIMIT", global = true, default_value = "10000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) selection_limit: u32,

    /// The most aliases of a document.
    #[arg(long, env = "ORDERCAST_ALIAS_LIMIT", global = true, default_value = "100")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) alias_limit: u32,

    /// The most directives of a document.
    #[arg(long, env = "ORDERCAST_DIRECTIVE_LIMIT", global = true, default_value = "100")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) directive_limit: u32,

    /// The most fields at the root of an operation.
    #[arg(long, env = "ORDERCAST_ROOT_FIELD_LIMIT", global = true, default_value = "50")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) root_field_limit: u32,

    /// The most fields that an answer may have, each counted as often as the lists around it may have items.
    #[arg(long, env = "ORDERCAST_COMPLEXITY_LIMIT", global = true, default_value = "100000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) complexity_limit: u32,

    /// The most nested lists and objects of a value in a document or a variable.
    #[arg(long, env = "ORDERCAST_VALUE_DEPTH_LIMIT", global = true, default_value = "16")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) value_depth_limit: u32,

    /// The most bytes of the variables' values.
    #[arg(long, env = "ORDERCAST_VARIABLES_LIMIT", global = true, default_value = "16384")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) variables_limit: u32,

    /// The most errors in an answer.
    #[arg(long, env = "ORDERCAST_ERROR_LIMIT", global = true, default_value = "20")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) error_limit: u32,

    /// Whether documents may ask for the schema, as GraphiQL and code generators do.
    #[arg(long, env = "ORDERCAST_INTROSPECTION", global = true, default_value = "true", action = ArgAction::Set)]
    pub(crate) introspection: bool,

    /// Whether equal queries that wait at one time are executed once.
    #[arg(long, env = "ORDERCAST_QUERY_SHARING", global = true, default_value = "true", action = ArgAction::Set)]
    pub(crate) query_sharing: bool,

    /// Bytes of answers to queries that are kept to be told again while the database has not changed, which is looked at
    /// each time; with 0, on PostgreSQL and without sharing none are.
    #[arg(
        long,
        env = "ORDERCAST_QUERY_ANSWERS",
        global = true,
        default_value = "16777216",
        value_name = "BYTES"
    )]
    pub(crate) query_answers: usize,
}

impl QueryArguments {
    /// The API's part.
    pub(crate) fn api(&self) -> ApiSettings {
        ApiSettings {
            documents: self.parsed_documents,
            shared_messages: usize::try_from(self.shared_messages).unwrap_or(usize::MAX),
            query_sharing: if self.query_sharing {
                QuerySharing::Executions { kept: self.query_answers }
            } else {
                QuerySharing::Nothing
            },
            limits: self.operations(),
        }
    }

    /// What one operation may ask for.
    fn operations(&self) -> QueryLimits {
        let limit = |most, setting| Limit { most, setting };
        QueryLimits {
            document: limit(self.document_limit, "ORDERCAST_DOCUMENT_LIMIT"),
            tokens: limit(self.token_limit, "ORDERCAST_TOKEN_LIMIT"),
            depth: limit(self.depth_limit, "ORDERCAST_DEPTH_LIMIT"),
            selections: limit(self.selection_limit, "ORDERCAST_SELECTION_LIMIT"),
            aliases: limit(self.alias_limit, "ORDERCAST_ALIAS_LIMIT"),
            directives: limit(self.directive_limit, "ORDERCAST_DIRECTIVE_LIMIT"),
            root_fields: limit(self.root_field_limit, "ORDERCAST_ROOT_FIELD_LIMIT"),
            complexity: limit(self.complexity_limit, "ORDERCAST_COMPLEXITY_LIMIT"),
            value_depth: limit(self.value_depth_limit, "ORDERCAST_VALUE_DEPTH_LIMIT"),
            variables: limit(self.variables_limit, "ORDERCAST_VARIABLES_LIMIT"),
            errors: limit(self.error_limit, "ORDERCAST_ERROR_LIMIT"),
            introspection: Introspection { allowed: self.introspection, setting: "ORDERCAST_INTROSPECTION" },
        }
    }

    /// The use cases' part.
    pub(crate) fn limits(&self) -> Limits {
        Limits { page_default: self.page_default, page_limit: self.page_limit, list_limit: self.list_limit }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        queries: QueryArguments,
    }

    #[test]
    fn a_limit_names_the_setting_that_it_comes_from() {
        let settings: BTreeSet<_> = CommandLine::command()
            .get_arguments()
            .filter_map(|argument| Some(argument.get_env()?.to_str().expect("text").to_owned()))
            .collect();
        for (position, setting) in settings.iter().filter(|setting| setting.ends_with("_LIMIT")).enumerate() {
            let flag = setting.replace("ORDERCAST_", "--").replace('_', "-").to_lowercase();
            let value = u32::try_from(position).expect("few") + 7;
            let set = CommandLine::parse_from(["ordercast", &flag, &value.to_string()]).queries;
            let of_domain = ["ORDERCAST_PAGE_LIMIT", "ORDERCAST_LIST_LIMIT"];
            let limit = format!("Limit {{ most: {value}, setting: {setting:?} }}");
            let told = format!("{:?}", set.operations());
            assert_eq!(told.contains(&limit), !of_domain.contains(&setting.as_str()), "{setting}: {told}");
        }
        assert!(
            settings
                .contains(CommandLine::parse_from(["ordercast"]).queries.operations().introspection.setting)
        );
    }
}
