//! The shape of each Rust source: a header, few lines, short functions, few parameters, exceptions with a reason.

use syn::visit::Visit;

use crate::{
    refuse,
    repository::{Text, sources},
};

/// Without the module of tests at its end.
const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 80;
const PARAMETERS: usize = 5;

/// A header shorter than this says nothing.
const HEADER_LETTERS: usize = 30;

/// The crates whose business the clock, randomness and the environment are.
const MAY_READ_THE_WORLD: [&str; 3] = ["shared/runtime/", "shared/testkit/", "tests/"];

#[test]
fn every_source_has_the_shape_we_agreed_on() {
    refuse(&sources().iter().flat_map(check).collect::<Vec<_>>());
}

fn check(text: &Text) -> Vec<String> {
    let file = match syn::parse_file(&text.content) {
        Ok(file) => file,
        Err(error) => return vec![format!("{}: {error}", text.path)],
    };
    let mut shape = Shape { path: &text.path, lines_of_tests: 0, in_trait_impl: false, findings: Vec::new() };
    shape.header(&text.content);
    shape.visit_file(&file);
    let lines = text.content.lines().count() - shape.lines_of_tests;
    if lines > FILE_LINES {
        shape.findings.push(format!("{}: {lines} lines without tests, more than {FILE_LINES}", text.path));
    }
    shape.findings
}

struct Shape<'t> {
    path: &'t str,
    lines_of_tests: usize,
    in_trait_impl: bool,
    findings: Vec<String>,
}

impl Shape<'_> {
    fn header(&mut self, content: &str) {
        let header: String = content.lines().map_while(|line| line.strip_prefix("//!")).collect();
        if header.trim().chars().count() < HEADER_LETTERS {
            self.findings.push(format!("{}:1: begin with `//!`: what it is for, and what it does not do", self.path));
        }
    }

    fn find(&mut self, line: usize, wrong: &str) {
        self.findings.push(format!("{}:{line}: {wrong}", self.path));
    }

    fn signature(&mut self, signature: &syn::Signature) {
        let parameters = signature.inputs.len();
        if parameters > PARAMETERS && !self.in_trait_impl {
            let line = signature.fn_token.span.start().line;
            self.find(line, &format!("`{}` takes {parameters} parameters, more than {PARAMETERS}", signature.ident));
        }
    }

    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let lines = block.brace_token.span.close().end().line - first + 1;
        if lines > FUNCTION_LINES {
            self.find(first, &format!("`{}` has {lines} lines, more than {FUNCTION_LINES}", signature.ident));
        }
    }
}

impl<'ast> Visit<'ast> for Shape<'_> {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.signature(signature);
        syn::visit::visit_signature(self, signature);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.body(&item.sig, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.body(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        // What a trait asks for is the trait's doing.
        let before = std::mem::replace(&mut self.in_trait_impl, item.trait_.is_some());
        syn::visit::visit_item_impl(self, item);
        self.in_trait_impl = before;
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if let Some((brace, _)) = item.content.as_ref().filter(|_| item.attrs.iter().any(is_for_tests)) {
            self.lines_of_tests += brace.span.close().end().line - item.mod_token.span.start().line + 1;
        }
        syn::visit::visit_item_mod(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let Some(tokens) = exception(attribute) else { return };
        let line = attribute.pound_token.span.start().line;
        if !tokens.contains("reason") {
            self.find(line, "an exception needs a `reason = \"…\"`");
        }
        let may = MAY_READ_THE_WORLD.iter().any(|place| self.path.starts_with(place));
        if tokens.contains("disallowed_methods") && !may {
            self.find(line, "only ripen-runtime reads the clock, randomness and the environment");
        }
    }
}

pub(crate) fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
}

/// What stands in the brackets of `#[allow(…)]` and `#[expect(…)]`.
fn exception(attribute: &syn::Attribute) -> Option<String> {
    let is_exception = attribute.path().is_ident("allow") || attribute.path().is_ident("expect");
    Some(attribute.meta.require_list().ok().filter(|_| is_exception)?.tokens.to_string())
}

#[test]
fn the_checks_of_shape_find_what_they_are_for() {
    let header = "//! A header that is long enough to say something.\n";
    let long = format!("{header}fn long() {{\n{}}}\n", "    work();\n".repeat(FUNCTION_LINES));
    let tests = format!("{header}#[cfg(test)]\nmod tests {{\n{}}}\n", "    fn f() {}\n".repeat(FILE_LINES));
    let many = "fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}\n";
    for (content, wrong) in [
        ("fn main() {}\n".to_owned(), Some("begin with")),
        (long, Some("`long` has 82 lines")),
        (format!("{header}{}", "const A: u8 = 1;\n".repeat(FILE_LINES)), Some("501 lines")),
        (tests, None),
        (format!("{header}{many}"), Some("takes 6 parameters")),
        (format!("{header}impl A for B {{ {many} }}"), None),
        (format!("{header}#[allow(dead_code)]\nfn f() {{}}\n"), Some("needs a `reason")),
        (
            format!("{header}#[allow(clippy::disallowed_methods, reason = \"x\")]\nfn f() {{}}\n"),
            Some("only ripen-runtime"),
        ),
        (format!("{header}#[allow(dead_code, reason = \"shown\")]\nfn f() {{}}\n"), None),
    ] {
        let found = check(&Text { path: "shared/domain/src/a.rs".to_owned(), content: content.clone() });
        match wrong {
            None => assert!(found.is_empty(), "{found:?} in {content}"),
            Some(wrong) => assert!(found.len() == 1 && found[0].contains(wrong), "{found:?}, expected {wrong}"),
        }
    }
}
