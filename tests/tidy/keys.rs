//! JSON is read into types: nothing of ours is looked up in a value by the text of its key.

use syn::{Expr, ExprIndex, ExprMethodCall, Lit, visit::Visit};

use crate::{
    refuse,
    shipped::{Source, parse, shipped},
};

/// Readers of formats that others define, or that name every mistake in what people write, where no type can be read into.
const EDGES: &[(&str, &str)] =
    &[("services/intake/src/normalise/consent.rs", "what vendors send under names of their own")];

#[test]
fn json_is_read_by_types_and_not_by_keys() {
    let listed = |source: &&Source| !EDGES.iter().any(|(path, _)| *path == source.path);
    let mut findings: Vec<String> = shipped().iter().filter(listed).flat_map(keys).collect();
    for &(path, _) in EDGES {
        if !shipped().iter().any(|source| source.path == path && !keys(source).is_empty()) {
            findings.push(format!("tests/tidy/keys.rs lists {path}, which is not there or reads no keys"));
        }
    }
    refuse(&findings);
}

/// Places that index by a literal text, or ask for one in a JSON value.
fn keys(source: &Source) -> Vec<String> {
    let mut found = Keys { has_values: source.content.contains("Value"), lines: Vec::new() };
    found.visit_file(&source.file);
    let line = |(line, key)| format!("{}:{line}: reads {key:?} by its name: give it a type", source.path);
    found.lines.into_iter().map(line).collect()
}

struct Keys {
    /// Whether the file has JSON values at all.
    has_values: bool,
    lines: Vec<(usize, String)>,
}

impl Keys {
    fn note(&mut self, key: &Expr) {
        if let Expr::Lit(literal) = key
            && let Lit::Str(text) = &literal.lit
            // With a hyphen it is a header's name.
            && !text.value().contains('-')
        {
            self.lines.push((text.span().start().line, text.value()));
        }
    }
}

impl<'ast> Visit<'ast> for Keys {
    fn visit_expr_index(&mut self, expression: &'ast ExprIndex) {
        self.note(&expression.index);
        syn::visit::visit_expr_index(self, expression);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let reads = call.method == "pointer" || (call.method == "get" && self.has_values);
        if let (true, Some(first)) = (reads, call.args.first()) {
            self.note(first);
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        // What is written with `format!` and its kind is a list of expressions.
        let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        if let Ok(arguments) = found.parse_body_with(parser) {
            arguments.iter().for_each(|argument| Visit::visit_expr(self, argument));
        }
    }
}

#[test]
fn the_check_of_keys_finds_what_it_is_for() {
    let source = parse(
        "shared/x/src/a.rs",
        "use serde_json::Value;
        fn a(v: &Value, m: &Map) { v[\"one\"]; v.pointer(\"/two\"); v.get(\"three\"); v[0]; v[KEY]; f!(\"{}\", v[\"four\"]); }",
    );
    assert_eq!(keys(&source).len(), 4);
    let source = parse("shared/x/src/a.rs", "fn a(h: &Headers) { h.get(\"accept\"); }");
    assert!(keys(&source).is_empty());
}
