//! Who depends on whom, as the architecture has it: each layer knows the ones below it, and no technology but its own.

use std::{collections::BTreeSet, process::Command};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// A member, the members that it is built on, and those that its own tests use beside.
type Layer = (&'static str, &'static [&'static str], &'static [&'static str]);

const LAYERS: [Layer; 5] = [
    ("domain", &[], &["domain"]),
    ("persistence", &["domain"], &["domain", "migration"]),
    ("migration", &[], &[]),
    ("graphql-api", &["domain"], &["domain"]),
    ("server", &["domain", "graphql-api", "migration", "persistence"], &[]),
];

/// The package of end-to-end tests, which may know everything.
const TESTS: &str = "tests";

/// What a package's name starts with, and the members that may depend on it. The first that fits counts.
const TECHNOLOGIES: [(&str, &[&str]); 13] = [
    ("actix", &["server"]),
    ("async-graphql", &["graphql-api", "server"]),
    ("sea-orm-migration", &["migration"]),
    ("sea-", &["persistence"]),
    ("sqlx", &["persistence"]),
    ("rusqlite", &["persistence"]),
    ("hyper", &["server"]),
    ("http", &["server"]),
    ("tungstenite", &["server"]),
    ("reqwest", &[]),
    ("clap", &["server"]),
    ("tracing-subscriber", &["server"]),
    ("serde", &["graphql-api", "persistence", "server"]),
];

/// What the domain does not know, directly or through others.
const FOREIGN_TO_THE_DOMAIN: [&str; 9] =
    ["serde", "sea-", "sqlx", "async-graphql", "actix", "http", "hyper", "tokio", "tracing"];

#[test]
fn members_depend_only_on_those_that_they_may_know() {
    let metadata = metadata();
    let members: BTreeSet<_> = metadata.workspace_packages().iter().map(|member| name(member)).collect();
    let known: BTreeSet<_> = LAYERS.iter().map(|(member, ..)| *member).chain([TESTS]).collect();
    assert_eq!(members, known, "every member has its place in the table");

    for (member, built_on, tested_with) in LAYERS {
        let package = member_named(&metadata, member);
        let dependencies = |kinds: &[DependencyKind]| -> BTreeSet<&str> {
            let all = package.dependencies.iter().filter(|dependency| kinds.contains(&dependency.kind));
            all.map(|dependency| dependency.name.as_str()).filter(|name| members.contains(name)).collect()
        };
        let normal = dependencies(&[DependencyKind::Normal, DependencyKind::Build]);
        assert_eq!(normal, built_on.iter().copied().collect(), "what {member} is built on");
        let development = dependencies(&[DependencyKind::Development]);
        let allowed: BTreeSet<_> = built_on.iter().chain(tested_with).copied().collect();
        assert!(development.is_subset(&allowed), "{member} is tested with {development:?}");
    }
}

#[test]
fn a_technology_is_known_only_where_it_belongs() {
    let metadata = metadata();
    for member in metadata.workspace_packages() {
        let member_name = name(member);
        for dependency in &member.dependencies {
            let technology = TECHNOLOGIES.iter().find(|(prefix, _)| dependency.name.starts_with(prefix));
            // JSON in tests is a way to look at answers, not a way to make them.
            let is_for_tests =
                dependency.kind == DependencyKind::Development && dependency.name == "serde_json";
            let Some((_, may_know)) = technology.filter(|_| !is_for_tests && member_name != TESTS) else {
                continue;
            };
            assert!(may_know.contains(&member_name), "{member_name} depends on {}", dependency.name);
        }
    }
}

#[test]
fn the_technologies_are_where_they_are_expected() {
    // A table of prefixes that nothing starts with would allow everything.
    let metadata = metadata();
    for (member, dependency) in [
        ("server", "actix-web"),
        ("graphql-api", "async-graphql"),
        ("persistence", "sea-orm"),
        ("migration", "sea-orm-migration"),
    ] {
        let dependencies = &member_named(&metadata, member).dependencies;
        assert!(dependencies.iter().any(|found| found.name == dependency), "{member} uses {dependency}");
    }
}

#[test]
fn the_domain_knows_no_technology_even_through_others() {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command.args(["tree", "--package", "domain", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    let packages: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(packages.contains("chrono") && packages.contains("thiserror"), "{packages:?}");
    for package in packages {
        let foreign = FOREIGN_TO_THE_DOMAIN.iter().find(|prefix| package.starts_with(*prefix));
        assert_eq!(foreign, None, "the domain depends on {package}");
    }
}

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).no_deps().exec().expect("a workspace")
}

fn member_named<'m>(metadata: &'m Metadata, member: &str) -> &'m Package {
    let members = metadata.workspace_packages();
    members.into_iter().find(|package| name(package) == member).unwrap_or_else(|| panic!("no {member}"))
}

fn name(package: &Package) -> &str {
    package.name.as_str()
}
