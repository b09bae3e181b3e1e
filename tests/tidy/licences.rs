//! Everything that is built in may be built in: its licence is one of those that `.deny.toml` allows.
//!
//! `cargo deny` asks the same and, with a network, for advisories too; this works on every machine.

use std::fs;

use spdx::{Expression, LicenseReq, ParseMode};

use crate::{
    cargo::{Package, packages},
    refuse,
    repository::root,
};

fn allowed() -> Vec<String> {
    let deny: toml::Table = fs::read_to_string(root().join(".deny.toml")).unwrap().parse().unwrap();
    let list = deny["licenses"]["allow"].as_array().unwrap();
    list.iter().map(|licence| licence.as_str().unwrap().to_owned()).collect()
}

fn wrong(package: &Package, allowed: &[String]) -> Option<String> {
    let who = format!("{} {}", package.name, package.version);
    let Some(licence) = &package.licence else { return Some(format!("{who}: names no licence")) };
    let expression = match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("{who}: {licence:?} is no licence: {}", error.reason)),
    };
    let is_allowed = |required: &LicenseReq| allowed.iter().any(|name| *name == required.to_string());
    (!expression.evaluate(is_allowed)).then(|| format!("{who}: {licence} is not among the allowed"))
}

#[test]
fn every_licence_is_allowed() {
    let allowed = allowed();
    assert!(packages().len() > 100, "cargo knows what Ripen is built from");
    refuse(&packages().iter().filter_map(|package| wrong(package, &allowed)).collect::<Vec<_>>());
}

#[test]
fn the_check_of_licences_finds_what_it_is_for() {
    let allowed = ["MIT".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    for (licence, is_right) in [
        (Some("MIT"), true),
        (Some("MIT OR Apache-2.0"), true),
        (Some("MIT/Apache-2.0"), true),
        (Some("MIT AND Unicode-3.0"), false),
        (Some("Apache-2.0"), false),
        (Some("Apache-2.0 WITH LLVM-exception"), true),
        (Some("GPL-3.0-only"), false),
        (Some("free as in beer"), false),
        (None, false),
    ] {
        let package = Package {
            name: "x".to_owned(),
            version: "1".to_owned(),
            licence: licence.map(str::to_owned),
            folder: None,
            dependencies: Vec::new(),
        };
        assert_eq!(wrong(&package, &allowed).is_none(), is_right, "{licence:?}");
    }
}
