//! Only authentication and start-up say who acts: nowhere else is an `Actor` made, so that nobody can act as another by a
//! slip. A `Scope` comes from an actor and needs no check: nothing outside of its file can make one.
//!
//! And the store writes down who it was from that actor, or from a `SaidBy` where somebody else's word is recorded, never from a
//! text that anybody could have put together. What is read may be text.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::{FnArg, Pat, Signature, Type, UseTree, visit::Visit};

use crate::{
    refuse,
    shipped::{Source, parse, shipped},
};

/// A place where an actor is made: the file, the function, and the function of `Actor`.
type Place = (&'static str, &'static str, &'static str);

/// Where actors are made, and why there.
const MADE: &[(Place, &str)] = &[
    (("services/desk/src/endpoints/caller.rs", "actor", "token"), "authentication of tokens"),
    (
        ("services/desk/src/endpoints/caller.rs", "by_nobody", "system"),
        "authentication of links: it looks up who that is",
    ),
    (("services/desk/src/endpoints/calls.rs", "signed", "system"), "authentication of the telephone, by its signature"),
    (("services/desk/src/endpoints/caller.rs", "actor_of_link", "rep_link"), "authentication of links"),
    (("services/desk/src/endpoints/caller.rs", "actor_of_link", "mail_link"), "authentication of links"),
    (("services/desk/src/endpoints/caller.rs", "actor_of_rep", "rep_link"), "authentication of links"),
    (("services/dispatcher/src/context.rs", "actor", "system"), "start-up of the role"),
    (("services/qualifier/src/context.rs", "actor", "system"), "start-up of the role"),
    (
        ("services/ripen/src/app.rs", "note_loosening", "system"),
        "start-up of a role that calls: what its configuration loosens",
    ),
    (("services/ripen/src/database.rs", "operator", "operator"), "the operator at the command line"),
    (("services/ripen/src/database.rs", "actor_or", "operator"), "the operator who says another's name"),
    (("services/ripen/src/demo/mod.rs", "run", "system"), "start-up of the demo"),
    (("services/ripen/src/demo/mod.rs", "prepare", "system"), "start-up of the demo: whether it may, and its past"),
    (
        ("services/ripen/src/demo/outcomes.rs", "say", "rep_link"),
        "the past of the demo: a rep says what became of a lead",
    ),
    (("services/ripen/src/first_admin.rs", "make", "system"), "start-up of a desk that nobody can sign in to"),
    (
        ("shared/actions/src/sign_in.rs", "with_actor", "user"),
        "authentication by password, mailed link, session and token",
    ),
    (("shared/actions/src/user_link.rs", "forgotten", "system"), "whoever asks for another password is nobody yet"),
];

/// Where the type itself lives.
const ITSELF: &str = "shared/domain/src/actor.rs";

/// What an actor does, which makes none when it is handed on, as in `.map(Actor::scope)`.
const DOES: [&str; 4] = ["scope", "may", "name", "to_string"];

#[test]
fn only_authentication_and_start_up_make_an_actor() {
    let names = names(shipped().iter());
    let made = || shipped().iter().filter(|source| source.path != ITSELF).flat_map(|source| makers(source, &names));
    let listed = |made: &Made| MADE.iter().any(|(place, _)| made.is_at(*place));
    let unlisted = made().filter(|made| !listed(made)).map(|made| {
        format!("{}: `{}` makes an actor by `Actor::{}`: it is given one", made.path, made.function, made.maker)
    });
    let idle = MADE.iter().filter(|(place, _)| !made().any(|made| made.is_at(*place)));
    let idle = idle.map(|((file, function, maker), _)| {
        format!("tests/tidy/actors.rs lists `Actor::{maker}` in `{function}` of {file}, which is not there")
    });
    refuse(&unlisted.chain(idle).collect::<Vec<_>>());
}

/// An actor that is made.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Made {
    path: String,
    /// The innermost function around it; empty outside of any.
    function: String,
    maker: String,
}

impl Made {
    fn is_at(&self, (path, function, maker): Place) -> bool {
        (self.path.as_str(), self.function.as_str(), self.maker.as_str()) == (path, function, maker)
    }
}

/// What `Actor` is called: itself, and whatever any source renames it to. A name that one file gives may be used in another.
fn names<'s>(sources: impl Iterator<Item = &'s Source> + Clone) -> BTreeSet<String> {
    let mut names = BTreeSet::from(["Actor".to_owned()]);
    // A renamed name can be renamed again.
    loop {
        let before = names.len();
        for source in sources.clone() {
            let mut renames = Renames { known: &names, found: Vec::new() };
            renames.visit_file(&source.file);
            let found = renames.found;
            names.extend(found);
        }
        if names.len() == before {
            return names;
        }
    }
}

struct Renames<'n> {
    known: &'n BTreeSet<String>,
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Renames<'_> {
    fn visit_use_tree(&mut self, tree: &'ast UseTree) {
        if let UseTree::Rename(rename) = tree
            && self.known.contains(&rename.ident.to_string())
        {
            self.found.push(rename.rename.to_string());
        }
        syn::visit::visit_use_tree(self, tree);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        if is_named(&item.ty, self.known) {
            self.found.push(item.ident.to_string());
        }
    }

    fn visit_impl_item_type(&mut self, item: &'ast syn::ImplItemType) {
        if is_named(&item.ty, self.known) {
            self.found.push(item.ident.to_string());
        }
    }
}

fn is_named(found: &Type, names: &BTreeSet<String>) -> bool {
    let Type::Path(path) = found else { return false };
    path.path.segments.last().is_some_and(|last| names.contains(&last.ident.to_string()))
}

/// The functions of `Actor` that are named without an actor before them: those that make one.
fn makers(source: &Source, names: &BTreeSet<String>) -> BTreeSet<Made> {
    let mut found = Makers { path: &source.path, names, functions: Vec::new(), found: BTreeSet::new() };
    found.visit_file(&source.file);
    found.found
}

struct Makers<'s> {
    path: &'s str,
    names: &'s BTreeSet<String>,
    functions: Vec<String>,
    found: BTreeSet<Made>,
}

impl Makers<'_> {
    fn meet(&mut self, of: &str, name: &str) {
        if self.names.contains(of) && !DOES.contains(&name) {
            let function = self.functions.last().cloned().unwrap_or_default();
            self.found.insert(Made { path: self.path.to_owned(), function, maker: name.to_owned() });
        }
    }

    /// What stands in the brackets of a macro, which nobody has parsed: `Actor::operator` and `<Actor>::operator`.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(of) => {
                    let signs: Vec<String> = tokens[at + 1..].iter().take(4).map(ToString::to_string).collect();
                    let signs: Vec<&str> = signs.iter().map(String::as_str).collect();
                    if let [":", ":", name, ..] | [">", ":", ":", name] = signs[..] {
                        self.meet(&of.to_string(), name);
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Makers<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.functions.push(item.sig.ident.to_string());
        syn::visit::visit_item_fn(self, item);
        self.functions.pop();
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.functions.push(item.sig.ident.to_string());
        syn::visit::visit_impl_item_fn(self, item);
        self.functions.pop();
    }

    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {
        // A path to the type itself, or one that renames it, makes none.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [.., of, name] = &names[..] {
            self.meet(of, name);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let name = path.path.segments.last().map(|last| last.ident.to_string());
        if let Some((of, name)) = path.qself.as_ref().zip(name)
            && is_named(&of.ty, self.names)
        {
            self.meet("Actor", &name);
        }
        syn::visit::visit_expr_path(self, path);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        // Within its own `impl` an actor is called `Self`, so that nothing here would see it made.
        if is_named(&item.self_ty, self.names) {
            self.meet("Actor", "impl");
        }
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.tokens(found.tokens.clone());
    }
}

#[test]
fn the_check_of_actors_finds_what_it_is_for() {
    let of = |content: &str| {
        let source = parse("services/x/src/a.rs", content);
        let names = names([&source].into_iter());
        makers(&source, &names).into_iter().map(|made| format!("{}: {}", made.function, made.maker)).collect::<Vec<_>>()
    };
    assert_eq!(
        of("fn f() { let a = Actor::operator(name); g(domain::actor::Actor::system(System::Desk).scope()); }"),
        ["f: operator", "f: system"]
    );
    assert!(of("fn f(actor: &Actor) -> Scope { given.map(Actor::scope); actor.scope() }").is_empty());
    assert!(of("use ripen_domain::actor::Actor; type Of<'a> = &'a Actor;").is_empty());
    assert!(of("#[cfg(test)] mod tests { fn f() { Actor::operator(name); } }").is_empty());
    for evasion in [
        "use domain::actor::Actor as Who; fn f() { Who::operator(name) }",
        "use domain::actor::{System, Actor as Who}; fn f() { given.map(Who::operator) }",
        "use domain::actor::Actor as Who; use Who as Person; fn f() { Person::operator(name) }",
        "type Who = domain::actor::Actor; fn f() { Who::operator(name) }",
        "fn f() { type Who = Actor; Who::operator(name) }",
        "fn f() { <Actor>::operator(name) }",
        "fn f() { <domain::actor::Actor>::operator(name) }",
        "fn f() { vec![Actor::operator(name)]; }",
        "fn f() { select! { a = b => { g(<Actor>::operator(name)) } } }",
        "use domain::actor::Actor as Who; fn f() { vec![domain::Who::operator(name)]; }",
        "impl A { async fn f() { async { Actor::operator(name) } } }",
    ] {
        assert_eq!(of(evasion), ["f: operator"], "{evasion}");
    }
    assert_eq!(of("impl Actor { fn f() -> Self { Self::operator(name) } }"), [": impl"]);
    assert_eq!(of("impl Default for Actor { fn default() -> Self { Self::operator(name) } }"), [": impl"]);
    let of_another = parse("services/x/src/b.rs", "fn f() { Who::operator(name) }");
    let renames = parse("services/x/src/lib.rs", "pub use domain::actor::Actor as Who;");
    assert_eq!(makers(&of_another, &names([&of_another, &renames].into_iter())).len(), 1);
}

#[test]
fn who_did_it_is_written_from_an_actor() {
    let store: Vec<&Source> = shipped().iter().filter(|source| source.path.starts_with("shared/store/src/")).collect();
    let records = texts_of_who(&store);
    refuse(&store.iter().flat_map(|source| written_texts(source, &records)).collect::<Vec<_>>());
}

/// Whether something is named for who did it: `by`, `taken_by`.
fn names_who(name: &str) -> bool {
    name == "by" || name.ends_with("_by")
}

/// Whether a type is text, lent or not, given or not: `&str`, `Option<String>`.
fn is_text(found: &Type) -> bool {
    struct Text(bool);
    impl<'ast> Visit<'ast> for Text {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            self.0 |= path.segments.last().is_some_and(|last| last.ident == "str" || last.ident == "String");
            syn::visit::visit_path(self, path);
        }
    }
    let mut text = Text(false);
    text.visit_type(found);
    text.0
}

/// Whether there is text in a type that is lent: `&str`, `Option<&str>`.
fn is_lent_text(found: &Type) -> bool {
    struct Lent(bool);
    impl<'ast> Visit<'ast> for Lent {
        fn visit_type_reference(&mut self, lent: &'ast syn::TypeReference) {
            self.0 |= is_text(&lent.elem);
        }
    }
    let mut lent = Lent(false);
    lent.visit_type(found);
    lent.0
}

/// Structs that say in text who did it, as people read it.
fn texts_of_who(sources: &[&Source]) -> BTreeSet<String> {
    struct Records(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Records {
        fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
            let in_text = |field: &syn::Field| {
                field.ident.as_ref().is_some_and(|name| names_who(&name.to_string())) && is_text(&field.ty)
            };
            if item.fields.iter().any(in_text) {
                self.0.insert(item.ident.to_string());
            }
        }
    }
    let mut records = Records(BTreeSet::new());
    sources.iter().for_each(|source| records.visit_file(&source.file));
    records.0
}

/// Places of a source where who did it is taken as text: lent in a field, a parameter, or a struct to read that a public function of the
/// database takes. What the store itself has read it may write again.
fn written_texts(source: &Source, records: &BTreeSet<String>) -> Vec<String> {
    let mut found = Written { path: &source.path, records, findings: Vec::new() };
    found.visit_file(&source.file);
    found.findings
}

struct Written<'s> {
    path: &'s str,
    records: &'s BTreeSet<String>,
    findings: Vec<String>,
}

impl Written<'_> {
    fn find(&mut self, name: &syn::Ident, wrong: &str) {
        self.findings.push(format!("{}:{}: `{name}` {wrong}", self.path, name.span().start().line));
    }

    /// A parameter, or the parts of one: `(by, at): (&str, Timestamp)`.
    fn parameter(&mut self, pattern: &Pat, given: &Type) {
        match (pattern, given) {
            (Pat::Ident(name), given) if names_who(&name.ident.to_string()) && is_text(given) => {
                self.find(&name.ident, "is who did it, in text: take the `Actor`, or a `SaidBy`");
            }
            (Pat::Tuple(names), Type::Tuple(types)) => {
                names.elems.iter().zip(&types.elems).for_each(|(name, given)| self.parameter(name, given));
            }
            _ => {}
        }
    }

    fn signature(&mut self, signature: &Signature, is_public: bool) {
        for argument in &signature.inputs {
            let FnArg::Typed(typed) = argument else { continue };
            self.parameter(&typed.pat, &typed.ty);
            if is_public && signature.asyncness.is_some() && names_one_of(&typed.ty, self.records) {
                self.find(&signature.ident, "takes who did it within what is read: let it take the `Actor`");
            }
        }
    }
}

/// Whether a type is one of these, lent or listed.
fn names_one_of(found: &Type, names: &BTreeSet<String>) -> bool {
    struct Named<'n>(&'n BTreeSet<String>, bool);
    impl<'ast> Visit<'ast> for Named<'_> {
        fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
            self.1 |= self.0.contains(&segment.ident.to_string());
            syn::visit::visit_path_segment(self, segment);
        }
    }
    let mut named = Named(names, false);
    named.visit_type(found);
    named.1
}

impl<'ast> Visit<'ast> for Written<'_> {
    fn visit_field(&mut self, field: &'ast syn::Field) {
        // A text that is lent is on its way into the database; what is read from it has its own.
        if let Some(name) = &field.ident
            && names_who(&name.to_string())
            && is_lent_text(&field.ty)
        {
            self.find(name, "is who did it, in text: let it be the `Actor`, or a `SaidBy`");
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.signature(&item.sig, matches!(item.vis, syn::Visibility::Public(_)));
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.signature(&item.sig, matches!(item.vis, syn::Visibility::Public(_)));
        syn::visit::visit_impl_item_fn(self, item);
    }
}

#[test]
fn the_check_of_who_did_it_finds_what_it_is_for() {
    let found = |content: &str| {
        let source = parse("shared/store/src/a.rs", content);
        written_texts(&source, &texts_of_who(&[&source])).len()
    };
    for wrong in [
        "pub struct NewWord<'a> { pub by: &'a str }",
        "struct Row<'a> { said_by: Option<&'a String> }",
        "impl Transaction { pub(crate) async fn note(&mut self, by: &str) {} }",
        "impl Transaction { async fn note(&mut self, (by, at): (&str, Timestamp)) {} }",
        "fn note(taken_by: Option<String>) {}",
        "pub struct Word { pub by: String } impl Transaction { pub async fn keep(&mut self, word: &Word) {} }",
        "pub struct Word { set_by: Option<String> } impl Transaction { pub async fn keep(&mut self, words: &[Word]) {} }",
    ] {
        assert_eq!(found(wrong), 1, "{wrong}");
    }
    for right in [
        "pub struct NewWord<'a> { pub by: &'a Actor }",
        "pub struct NewWord<'a> { pub by: SaidBy<'a> }",
        "pub struct Word { pub by: String } impl Store { pub async fn words(&self, scope: Scope) -> Vec<Word> {} }",
        "pub struct Word { pub by: String } impl Transaction { pub(crate) async fn bring_back(&mut self, word: &Word) {} }",
        "fn note(nearby: &str, by: SignedDuration) {}",
    ] {
        assert_eq!(found(right), 0, "{right}");
    }
}
