use std::sync::Arc;

use async_graphql::{
    Request, Schema, ServerError, ValidationResult, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::ExecutableDocument,
};
use futures_util::FutureExt;

use super::invalid;
use crate::{api::OrdercastSchema, mutation::Mutation, query::Query, subscription::Subscription};

/// The library's rules of documents. It has no way in to them but the execution, which is stopped behind them.
pub(super) struct LibraryRules(OrdercastSchema);

impl LibraryRules {
    /// The rules, whose errors name similar fields if `suggestions` says so.
    pub(super) fn new(suggestions: bool) -> Self {
        let schema = Schema::build(Query, Mutation, Subscription)
            .limit_recursive_depth(usize::MAX)
            .extension(StopAfterValidation);
        let schema = if suggestions { schema } else { schema.disable_suggestions() };
        Self(schema.finish())
    }

    /// Every error of a document that is within the limits.
    pub(super) fn check(&self, document: &ExecutableDocument) -> Result<(), Vec<ServerError>> {
        let mut request = Request::new("");
        request.set_parsed_query(document.clone());
        let response = self.0.execute(request).now_or_never();
        let errors = response.expect("validation waits for nothing").errors;
        if errors.is_empty() { Ok(()) } else { Err(errors.into_iter().map(invalid).collect()) }
    }
}

/// Makes an end, without an error, of what is valid.
struct StopAfterValidation;

impl ExtensionFactory for StopAfterValidation {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for StopAfterValidation {
    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(context).await?;
        Err(Vec::new())
    }
}
