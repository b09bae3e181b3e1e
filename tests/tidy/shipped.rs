//! The code that ships: every source of the product's crates, parsed, without what is compiled for tests alone.

use std::sync::OnceLock;

use syn::{Attribute, File, Item, Meta, visit::Visit};

use crate::repository::{Text, sources};

/// One source of the product.
pub(crate) struct Source {
    /// From the root of the repository.
    pub(crate) path: String,
    /// As it is written.
    pub(crate) content: String,
    /// Without the items that only tests see.
    pub(crate) file: File,
}

// What the parser makes is not shared between threads; each check parses what it needs, once.
thread_local! {
    static SHIPPED: OnceLock<&'static [Source]> = const { OnceLock::new() };
}

/// Every source that ships. The testkit is for tests.
pub(crate) fn shipped() -> &'static [Source] {
    SHIPPED.with(|shipped| *shipped.get_or_init(|| sources().iter().filter_map(read).collect::<Vec<_>>().leak()))
}

fn read(text: &Text) -> Option<Source> {
    let (folder, inside) = text.path.split_once("/src/")?;
    let is_product = folder.starts_with("shared/") || folder.starts_with("services/");
    let for_tests = inside == "tests.rs" || inside.ends_with("/tests.rs") || inside.contains("tests/");
    (is_product && folder != "shared/testkit" && !for_tests).then(|| parse(&text.path, &text.content))
}

/// A source as the checks see it; for their self-tests too.
pub(crate) fn parse(path: &str, content: &str) -> Source {
    let mut file = syn::parse_file(content).unwrap_or_else(|error| panic!("{path}: {error}"));
    file.items = without_tests(file.items);
    Source { path: path.to_owned(), content: content.to_owned(), file }
}

fn without_tests(items: Vec<Item>) -> Vec<Item> {
    let kept = items.into_iter().filter(|item| !attributes(item).iter().any(is_for_tests));
    kept.map(|item| match item {
        Item::Mod(mut module) => {
            module.content = module.content.map(|(brace, items)| (brace, without_tests(items)));
            Item::Mod(module)
        }
        other => other,
    })
    .collect()
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether this is `#[cfg(test)]`, `#[test]` or one of its kind.
pub(crate) fn is_for_tests(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        meta => meta.path().segments.last().is_some_and(|last| last.ident == "test"),
    }
}

/// The crate that a source belongs to: `shared/store`.
pub(crate) fn crate_of(path: &str) -> &str {
    path.split_once("/src/").map_or(path, |(folder, _)| folder)
}

/// Every literal text in the code, with its line: not in comments, nor in what attributes say.
pub(crate) fn texts_in(source: &Source) -> Vec<(usize, String)> {
    let mut found = Texts(Vec::new());
    found.visit_file(&source.file);
    found.0
}

struct Texts(Vec<(usize, String)>);

impl Texts {
    fn of_tokens(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Group(group) => self.of_tokens(group.stream()),
                proc_macro2::TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    self.0.extend(
                        syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| (line, text.value())),
                    );
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Texts {
    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.0.push((literal.span().start().line, literal.value()));
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.of_tokens(found.tokens.clone());
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

#[test]
fn what_ships_is_told_from_what_is_for_tests() {
    let source = parse("shared/x/src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n#[test]\nfn c() {}");
    assert_eq!(source.file.items.len(), 1);
    assert_eq!(crate_of("services/ripen/src/cli/lead.rs"), "services/ripen");
    let texts = texts_in(&parse("a.rs", "/// no\nfn a() { f(\"one\"); g!(h, [\"two\"]); }"));
    assert_eq!(texts, [(2, "one".to_owned()), (2, "two".to_owned())]);
    assert!(shipped().len() > 200, "the product is found");
}
