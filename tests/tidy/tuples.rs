//! A tuple is a struct that nobody named: none in a public field, none of three or more in what a public function takes
//! or returns, and the members of those in parameters count as parameters.

use syn::{
    Fields, FnArg, ImplItemFn, ItemEnum, ItemFn, ItemImpl, ItemStruct, ReturnType, Signature, TraitItemFn, Type,
    TypeTuple, Visibility, visit::Visit,
};

use crate::{
    refuse,
    shipped::{Source, parse, shipped},
};

/// As many as a function takes otherwise.
const PARAMETERS: usize = 5;

/// A tuple of so many members has a name to be found for it.
const UNNAMED: usize = 3;

#[test]
fn what_is_public_has_named_parts() {
    refuse(&shipped().iter().flat_map(check).collect::<Vec<_>>());
}

fn check(source: &Source) -> Vec<String> {
    let mut shape = Shape { path: &source.path, public: true, of_trait: false, findings: Vec::new() };
    shape.visit_file(&source.file);
    shape.findings
}

struct Shape<'s> {
    path: &'s str,
    public: bool,
    of_trait: bool,
    findings: Vec<String>,
}

impl Shape<'_> {
    fn find(&mut self, name: &syn::Ident, wrong: &str) {
        self.findings.push(format!("{}:{}: `{name}` {wrong}", self.path, name.span().start().line));
    }

    fn fields(&mut self, name: &syn::Ident, fields: &Fields, all_public: bool) {
        for field in fields {
            let is_public = all_public || matches!(field.vis, Visibility::Public(_));
            if is_public && tuples(&field.ty).next().is_some() {
                self.find(field.ident.as_ref().unwrap_or(name), "is a public field with a tuple in it: name its parts");
            }
        }
    }

    fn signature(&mut self, signature: &Signature) {
        let types = || signature.inputs.iter().filter_map(taken);
        let parameters: usize =
            signature.inputs.len() + types().flat_map(tuples).map(|tuple| tuple.elems.len() - 1).sum::<usize>();
        if parameters > PARAMETERS {
            self.find(
                &signature.ident,
                &format!("takes {parameters} parameters, counting the members of tuples, more than {PARAMETERS}"),
            );
        }
        if !self.public {
            return;
        }
        let large = |given: &Type| tuples(given).any(|tuple| tuple.elems.len() >= UNNAMED);
        if types().any(large) {
            self.find(&signature.ident, "is public and takes a tuple of three or more: name it");
        }
        if matches!(&signature.output, ReturnType::Type(_, given) if large(given)) {
            self.find(&signature.ident, "is public and returns a tuple of three or more: name it");
        }
    }
}

fn taken(argument: &FnArg) -> Option<&Type> {
    match argument {
        FnArg::Typed(typed) => Some(&typed.ty),
        FnArg::Receiver(_) => None,
    }
}

/// Every tuple in a type, however deep, but for what functions in it take: `()` is none.
fn tuples(given: &Type) -> std::vec::IntoIter<&TypeTuple> {
    struct Found<'t>(Vec<&'t TypeTuple>);
    impl<'t> Visit<'t> for Found<'t> {
        fn visit_type_tuple(&mut self, tuple: &'t TypeTuple) {
            if !tuple.elems.is_empty() {
                self.0.push(tuple);
            }
            syn::visit::visit_type_tuple(self, tuple);
        }

        fn visit_parenthesized_generic_arguments(&mut self, _: &'t syn::ParenthesizedGenericArguments) {}
    }
    let mut found = Found(Vec::new());
    found.visit_type(given);
    found.0.into_iter()
}

impl<'ast> Visit<'ast> for Shape<'_> {
    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.fields(&item.ident, &item.fields, false);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        if matches!(item.vis, Visibility::Public(_)) {
            item.variants.iter().for_each(|variant| self.fields(&variant.ident, &variant.fields, true));
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.public = matches!(item.vis, Visibility::Public(_));
        self.signature(&item.sig);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        // What a trait asks for is the trait's doing.
        self.of_trait = item.trait_.is_some();
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.public = matches!(item.vis, Visibility::Public(_));
        if !self.of_trait {
            self.signature(&item.sig);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.public = true;
        self.signature(&item.sig);
    }
}

#[test]
fn the_check_of_tuples_finds_what_it_is_for() {
    for (content, wrong) in [
        ("pub struct A { pub b: (u8, u8) }", Some("public field")),
        ("pub struct A { pub b: Vec<(u8, u8)> }", Some("public field")),
        ("pub struct A(pub Option<(u8, u8)>);", Some("public field")),
        ("pub enum A { B((u8, u8)) }", Some("public field")),
        ("pub struct A { b: (u8, u8), pub c: () }", None),
        ("pub fn a() -> (u8, u8, u8) {}", Some("returns a tuple")),
        ("pub fn a() -> Result<Vec<(u8, u8, u8)>, E> {}", Some("returns a tuple")),
        ("pub fn a(b: &[(u8, u8, u8)]) {}", Some("takes a tuple")),
        ("pub fn a(b: (u8, u8)) -> (u8, u8) {}", None),
        ("pub fn a(b: impl Fn((u8, u8, u8))) {}", None),
        ("fn a(b: (u8, u8, u8)) -> (u8, u8, u8) {}", None),
        ("fn a(b: (u8, u8, u8), c: (u8, u8), d: u8) {}", Some("takes 6 parameters")),
        ("struct A; impl B for A { fn a(b: (u8, u8, u8), c: (u8, u8), d: u8) {} }", None),
        ("struct A; impl A { pub fn a(&self) -> (u8, u8, u8) {} }", Some("returns a tuple")),
    ] {
        let found = check(&parse("shared/x/src/a.rs", content));
        match wrong {
            None => assert!(found.is_empty(), "{found:?} in {content}"),
            Some(wrong) => assert!(found.len() == 1 && found[0].contains(wrong), "{found:?}, expected {wrong}"),
        }
    }
}
