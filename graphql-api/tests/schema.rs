//! The committed schema, from which clients generate code, is the one that is served.

use std::{fs, path::Path};

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let committed = fs::read_to_string(file).expect("graphql-api/schema.graphql");
    let served = graphql_api::Api::sdl();
    let difference = committed.lines().zip(served.lines()).enumerate().find(|(_, (c, s))| c != s);
    assert!(
        committed == served,
        "graphql-api/schema.graphql is not the schema that is served; run \
         `cargo run -- schema > graphql-api/schema.graphql` and look at what changed. \
         The first line that differs (number, committed, served), if both have it: {difference:?}"
    );
}
