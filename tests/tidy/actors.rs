//! Only authentication and start-up say who acts: nowhere else is an `Actor` made, so that nobody can act as another by a
//! slip. A `Scope` comes from an actor and needs no check: nothing outside of its file can make one.

use std::collections::BTreeSet;

use syn::visit::Visit;

use crate::{
    refuse,
    shipped::{Source, parse, shipped},
};

/// Where actors are made, and why there.
const MADE: &[(&str, &str)] = &[
    ("services/desk/src/endpoints/caller.rs", "authentication of tokens and links"),
    ("services/dispatcher/src/context.rs", "start-up of the role"),
    ("services/qualifier/src/context.rs", "start-up of the role"),
    ("services/ripen/src/database.rs", "the operator at the command line"),
    ("services/ripen/src/demo.rs", "start-up of the demo"),
];

/// Where the type itself lives.
const ITSELF: &str = "shared/domain/src/actor.rs";

#[test]
fn only_authentication_and_start_up_make_an_actor() {
    let listed = |path: &str| path == ITSELF || MADE.iter().any(|(file, _)| *file == path);
    let sources = shipped().iter().filter(|source| !listed(&source.path));
    let made = sources.flat_map(|source| {
        let path = &source.path;
        makers(source).into_iter().map(move |name| format!("{path} makes an actor by `Actor::{name}`: it is given one"))
    });
    let idle = MADE
        .iter()
        .filter(|(file, _)| !shipped().iter().any(|source| source.path == *file && !makers(source).is_empty()));
    let idle = idle.map(|(file, _)| format!("tests/tidy/actors.rs lists {file}, which is not there or makes none"));
    refuse(&made.chain(idle).collect::<Vec<_>>());
}

/// The functions of `Actor` that are named without an actor before them: those that make one.
fn makers(source: &Source) -> BTreeSet<String> {
    struct Found(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Found {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            // A method that is handed on, as in `.map(Actor::scope)`, makes none.
            if let [.., of, name] = &names[..]
                && of == "Actor"
                && !["scope", "may", "name", "to_string"].contains(&name.as_str())
            {
                self.0.insert(name.clone());
            }
            syn::visit::visit_path(self, path);
        }
    }
    let mut found = Found(BTreeSet::new());
    found.visit_file(&source.file);
    found.0
}

#[test]
fn the_check_of_actors_finds_what_it_is_for() {
    let of = |content: &str| makers(&parse("services/x/src/a.rs", content)).into_iter().collect::<Vec<_>>();
    assert_eq!(
        of("fn f() { let a = Actor::operator(name); g(domain::actor::Actor::system(System::Desk).scope()); }"),
        ["operator", "system"]
    );
    assert!(of("fn f(actor: &Actor) -> Scope { given.map(Actor::scope); actor.scope() }").is_empty());
    assert!(of("#[cfg(test)] mod tests { fn f() { Actor::operator(name); } }").is_empty());
}
