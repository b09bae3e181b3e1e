//! HTML is written by templates: no Rust source that is shipped holds a tag or a reference to a character, and no template
//! lets markup through but the shell of pages, for the content that is a template itself.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use crate::{
    refuse,
    repository::{Text, sources, texts},
};

/// Elements of HTML, without those that a line of help names as a placeholder, such as `<link>`.
const ELEMENTS: &str = "!doctype a article b blockquote body br button code dd details div dl dt em footer form h1 h2 h3 head header html i img input label li main meta ol option p pre script section select span strong style summary table td textarea th title tr ul";

/// What an escaper puts in the place of a character.
const REFERENCES: [&str; 9] = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#38;", "&#39;", "&#60;", "&#x27;"];

/// What lets markup through, and the one place where it may: the content of a page, and its style.
const LETS_THROUGH: [&str; 4] = ["|safe", "| safe", "|escape(", "| escape("];
const SHELL: &str = "shared/web/templates/page.html";

fn is_shipped(path: &str) -> bool {
    !path.starts_with("tests/")
        && !path.starts_with("shared/testkit/")
        && !path.contains("/tests/")
        && !path.ends_with("/tests.rs")
}

fn tag(literal: &str) -> Option<&'static str> {
    let literal = literal.to_ascii_lowercase();
    let begins = literal.match_indices('<').map(|(at, _)| literal[at + 1..].trim_start_matches('/'));
    let element = |rest: &str| {
        let is_it =
            |name: &&str| rest.strip_prefix(*name).is_some_and(|after| after.starts_with([' ', '>', '/', '{', '\n']));
        ELEMENTS.split(' ').find(is_it)
    };
    begins.filter_map(element).next()
}

fn wrong(literal: &str) -> Option<String> {
    if let Some(name) = tag(literal) {
        return Some(format!("`<{name}` in a string: write it in a template"));
    }
    let reference = REFERENCES.iter().find(|reference| literal.contains(**reference))?;
    Some(format!("`{reference}` in a string: templates escape what they are given"))
}

fn check(text: &Text) -> Vec<String> {
    // Whether it can be read at all is another check's to say.
    let Ok(file) = syn::parse_file(&text.content) else { return Vec::new() };
    let mut literals = Literals { path: &text.path, findings: Vec::new() };
    literals.visit_file(&file);
    literals.findings
}

struct Literals<'t> {
    path: &'t str,
    findings: Vec<String>,
}

impl Literals<'_> {
    fn literal(&mut self, content: &str, line: usize) {
        self.findings.extend(wrong(content).map(|wrong| format!("{}:{line}: {wrong}", self.path)));
    }

    /// What stands in the brackets of a macro or an attribute, which nobody has parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    self.literal(&literal.to_string(), line);
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Literals<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !item.attrs.iter().any(crate::sources::is_for_tests) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // Comments are attributes too, and are not among the lists.
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        self.tokens(it.tokens.clone());
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.literal(&literal.value(), literal.span().start().line);
    }
}

/// The lines of a template that let markup through.
fn lets_through(text: &Text) -> Vec<String> {
    let lines = text.content.lines().enumerate();
    let found = lines.filter(|(_, line)| LETS_THROUGH.iter().any(|filter| line.contains(filter)));
    found.map(|(at, _)| format!("{}:{}: what a template is given is text", text.path, at + 1)).collect()
}

#[test]
fn html_is_written_by_templates_alone() {
    let shipped = sources().into_iter().filter(|text| is_shipped(&text.path));
    refuse(&shipped.flat_map(|text| check(&text)).collect::<Vec<_>>());
}

#[test]
fn templates_escape_what_they_are_given() {
    let templates = texts().into_iter().filter(|text| text.path.contains("/templates/") && text.path != SHELL);
    let mut found: Vec<_> = templates.flat_map(|text| lets_through(&text)).collect();
    let declared = sources().into_iter().filter(|text| is_shipped(&text.path) && text.content.contains("HtmlSafe"));
    found.extend(declared.map(|text| format!("{}: nothing but the shell takes markup", text.path)));
    refuse(&found);
}

#[test]
fn the_checks_of_html_find_what_they_are_for() {
    for (content, wrong) in [
        ("fn f() -> &'static str { \"<p>Hello\" }", Some("1: `<p`")),
        ("fn f() { let _ = format!(\"a</{x}><td>{}\", 1); }", Some("`<td`")),
        ("fn f() { line(format_args!(\"<h1 class=\\\"x\\\">\")); }", Some("`<h1`")),
        ("fn f(c: char) -> &'static str { match c { '<' => \"&lt;\", _ => \"\" } }", Some("`&lt;`")),
        ("#[template(source = \"<b>{{ x }}</b>\", ext = \"html\")]\nstruct A;", Some("`<b`")),
        ("/// Writes `<p>`.\nfn f() {}", None),
        ("fn f() -> &'static str { \"ripen lead show <lead> when a < b && c > d\" }", None),
        ("#[cfg(test)]\nmod tests { const A: &str = \"<p>\"; }", None),
    ] {
        let found = check(&Text { path: "services/desk/src/a.rs".to_owned(), content: content.to_owned() });
        match wrong {
            None => assert!(found.is_empty(), "{found:?} in {content}"),
            Some(wrong) => assert!(found.len() == 1 && found[0].contains(wrong), "{found:?}, expected {wrong}"),
        }
    }
    let template = |content: &str| Text { path: "a.html".to_owned(), content: content.to_owned() };
    assert_eq!(lets_through(&template("<p>{{ a|safe }}</p>\n{{ b }}")).len(), 1);
    assert!(is_shipped("services/desk/src/page.rs") && !is_shipped("shared/outbound/src/lead_mail/tests.rs"));
}
