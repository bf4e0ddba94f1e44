//! The in-memory adapter keeps the contract of the storage ports.

use std::sync::Arc;

use domain::testing::{
    InMemory,
    contract::{Adapter, rules},
};
use libtest_mimic::{Arguments, Trial};

fn main() {
    let trials = rules().into_iter().map(|rule| {
        Trial::test(format!("memory::{}", rule.name), move || {
            let runtime = tokio::runtime::Runtime::new()?;
            let storage = Arc::new(InMemory::new());
            let adapter = Adapter { orders: storage.clone(), users: storage.clone(), feed: storage };
            runtime.block_on((rule.check)(adapter));
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
