//! No circle of imports within a crate: what a file needs does not need that file, however long the way round.
//! A file and its own parts are no exception: what both need lies in a file beside the parts, as `alert/addressee`, `mail/result`
//! and `phone/number` do. Only what a file takes from the root of its crate is not counted, which passes everything on.
//!
//! A module is a file. An item counts where it is defined, not where it is passed on: a parent's re-export of its
//! children is no edge, and what a child takes from its parent's re-exports it takes from the sibling that has it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    modules::{Crate, crates},
    refuse,
};

type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_imports_go_round_in_a_circle() {
    let of_crate = |(name, modules): (&str, Crate)| {
        let found = circles(&without_roots(modules.edges())).into_iter();
        found.map(|circle| format!("{name}: {}", circle.join(" → "))).collect::<Vec<_>>()
    };
    refuse(&crates().into_iter().flat_map(of_crate).collect::<Vec<_>>());
}

/// Without what a file takes from the root of its crate.
fn without_roots(mut edges: Edges) -> Edges {
    for used in edges.values_mut() {
        used.retain(|other| !matches!(&**other, "lib" | "main"));
    }
    edges
}

/// The shortest circle through each file that is in one; each circle once, beginning with its first file by name.
fn circles(edges: &Edges) -> Vec<Vec<String>> {
    let found: BTreeSet<Vec<String>> = edges.keys().filter_map(|start| shortest(edges, start)).map(turned).collect();
    found
        .into_iter()
        .map(|mut circle| {
            circle.push(circle[0].clone());
            circle
        })
        .collect()
}

fn shortest(edges: &Edges, start: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in edges.get(*way.last()?).into_iter().flatten() {
            if next == start {
                return Some(way.into_iter().map(str::to_owned).collect());
            }
            if seen.insert(next) {
                ways.push_back([&way[..], &[next]].concat());
            }
        }
    }
    None
}

/// The same circle, told from its first file by name.
fn turned(mut circle: Vec<String>) -> Vec<String> {
    let first = (0..circle.len()).min_by_key(|at| circle[*at].clone()).unwrap_or_default();
    circle.rotate_left(first);
    circle
}

#[test]
fn the_check_of_circles_finds_what_it_is_for() {
    let of = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(path, content)| (format!("shared/x/src/{path}"), (*content).to_owned()));
        circles(&Crate::read(files.collect()).edges())
    };
    let lib = ("lib.rs", "mod a; mod b;");
    let two = [lib, ("a.rs", "use crate::b::B; pub struct A(B);"), ("b.rs", "pub struct B; fn f(a: crate::a::A) {}")];
    assert_eq!(of(&two), [["a", "b", "a"]]);
    let one_way = [lib, ("a.rs", "use crate::b::B; pub struct A(B);"), ("b.rs", "pub struct B;")];
    assert!(of(&one_way).is_empty());
    // A parent that only passes its children on.
    let passed_on = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod one; mod two; pub use one::One; pub use two::*;"),
        ("a/one.rs", "use super::Two; pub struct One(Two);"),
        ("a/two.rs", "pub struct Two;"),
    ];
    assert!(of(&passed_on).is_empty());
    // The same with what the parent has itself.
    let round = [
        ("lib.rs", "mod a;"),
        ("a.rs", "mod one; pub struct Two; fn f() { one::f(Two) }"),
        ("a/one.rs", "use super::*; pub fn f(two: Two) {}"),
    ];
    assert_eq!(of(&round), [["a", "a/one", "a"]]);
    let root = [("lib.rs", "mod a; pub struct One; fn f() { a::f(One) }"), ("a.rs", "pub fn f(one: crate::One) {}")];
    assert_eq!(of(&root), [["a", "lib", "a"]]);
    let files = root.map(|(path, content)| (format!("shared/x/src/{path}"), content.to_owned()));
    assert!(circles(&without_roots(Crate::read(files.to_vec()).edges())).is_empty());
    let in_a_macro = [
        lib,
        ("a.rs", "fn f() { println!(\"{}\", crate::b::name()) }"),
        ("b.rs", "use super::a; pub fn name() { a::f() }"),
    ];
    assert_eq!(of(&in_a_macro), [["a", "b", "a"]]);
    let only_in_tests = [
        lib,
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("b.rs", "use crate::a::A; pub struct B(A);"),
    ];
    assert!(of(&only_in_tests).is_empty());
}
