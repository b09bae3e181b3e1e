//! HTML is written by templates: no Rust source that is shipped holds a tag or a reference to a character, and no template
//! lets markup through but the shell of pages and the desk's frames within it, for the content that is a template itself.
//! All pages have one shell, and all mails another: what one of them says of language, colours or policy, each says.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use crate::{
    refuse,
    repository::{Text, sources, texts},
};

/// Elements of HTML, without those that a line of help names as a placeholder, such as `<link>`.
const ELEMENTS: &str = "!doctype a article aside b base blockquote body br button code dd details div dl dt em embed fieldset figure font footer form h1 h2 h3 head header hr html i iframe img input label legend li main meta nav object ol option p pre script section select span small strong style sub summary sup svg table tbody td textarea tfoot th thead title tr u ul video";

/// What an escaper puts in the place of a character.
const REFERENCES: [&str; 9] = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#38;", "&#39;", "&#60;", "&#x27;"];

/// Filters that let markup through, or say how it is escaped.
const LETS_THROUGH: [&str; 3] = ["safe", "escape", "e"];

/// What stands around every page of every service.
const PAGES: &str = "shared/web/templates/page.html";
/// What stands around every mail in HTML, which has its style inside and no address of its own.
const MAILS: &str = "shared/outbound/templates/mail.html";

/// The places where markup may pass: in the shell and the frames within it, the content of a page and its style.
const SHELLS: [&str; 3] =
    [PAGES, "services/desk/templates/people/frame.html", "services/desk/templates/people/alone.html"];
const MAY_PASS: [&str; 2] = ["{{content|safe}}", "{{crate::page::STYLE|safe}}"];

/// What escaping is taken out with in Rust.
const DECLARES: [&str; 5] = ["HtmlSafe", "MarkupDisplay", "askama::filters", "filters::Safe", "filters::safe"];

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
        let is_it = |name: &&str| {
            rest.strip_prefix(*name)
                .is_some_and(|after| after.starts_with([' ', '>', '/', '{', '\n', '\t', '\r', '\\']))
        };
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
        let (mut name, mut concatenated) = (String::new(), false);
        for token in tokens {
            let before = std::mem::take(&mut name);
            match token {
                TokenTree::Group(group) if concatenated => self.concatenation(group.stream()),
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    self.literal(&literal.to_string(), line);
                }
                TokenTree::Ident(ident) => name = ident.to_string(),
                TokenTree::Punct(sign) if sign.as_char() == '!' => {
                    concatenated = before == "concat";
                    continue;
                }
                TokenTree::Punct(_) => {}
            }
            concatenated = false;
        }
    }

    /// Texts that are one at the end: a tag may be cut in two between them.
    fn concatenation(&mut self, tokens: TokenStream) {
        let line = tokens.clone().into_iter().next().map_or(0, |first| first.span().start().line);
        let texts = tokens.into_iter().filter_map(|token| syn::parse2::<syn::LitStr>(token.into()).ok());
        let whole: String = texts.map(|text| text.value()).collect();
        self.literal(&whole, line);
    }

    /// How a template is named and escaped: as HTML from its own file, or as text that holds no tag.
    fn template(&mut self, tokens: &TokenStream, line: usize) {
        let written: String = tokens.to_string().split_whitespace().collect();
        let mut find = |wrong: &str| self.findings.push(format!("{}:{line}: {wrong}", self.path));
        if written.contains("escape=") {
            find("a template's extension says how it escapes");
        }
        if written.contains("source=") || written.contains("in_doc=") {
            find("a template stands in a file of its own");
        }
        if written.contains("ext=") && !written.contains("ext=\"html\"") {
            find("the extension of its file says how a template escapes");
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
            if list.tokens.to_string().contains("template") || list.path.is_ident("template") {
                self.template(&list.tokens, attribute.pound_token.span.start().line);
            }
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        if it.path.is_ident("concat") {
            self.concatenation(it.tokens.clone());
        } else {
            self.tokens(it.tokens.clone());
        }
    }

    fn visit_lit_byte_str(&mut self, literal: &'ast syn::LitByteStr) {
        self.literal(&String::from_utf8_lossy(&literal.value()), literal.span().start().line);
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.literal(&literal.value(), literal.span().start().line);
    }
}

/// Where a template lets markup through: a filter that does, or a template of plain text that holds tags.
fn lets_through(text: &Text) -> Vec<String> {
    let line = |at: usize| text.content[..at].matches('\n').count() + 1;
    let mut found = Vec::new();
    for (at, _) in text.content.match_indices("{{").chain(text.content.match_indices("{%")) {
        let rest = &text.content[at..];
        let end = [rest.find("}}"), rest.find("%}")].into_iter().flatten().min().map_or(rest.len(), |end| end + 2);
        // Spaces, line breaks and signs that trim mean nothing.
        let expression: String = rest[..end].chars().filter(|c| !c.is_whitespace()).collect();
        let is_shell = SHELLS.contains(&text.path.as_str()) && MAY_PASS.contains(&expression.as_str());
        let filters = expression.split('|').skip(1).chain(expression.strip_prefix("{%filter"));
        let named = |filter: &str| {
            filter.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default().to_owned()
        };
        if filters.map(named).any(|name| LETS_THROUGH.contains(&name.as_str())) && !is_shell {
            found.push(format!("{}:{}: what a template is given is text", text.path, line(at)));
        }
    }
    let is_html = text.path.rsplit_once('.').is_some_and(|(_, kind)| kind == "html");
    let is_style = text.path.rsplit_once('.').is_some_and(|(_, kind)| kind == "css");
    let tag = tag(&text.content).filter(|_| !is_html && !is_style);
    found.extend(tag.map(|tag| format!("{}: `<{tag}` in a file that does not escape: call it .html", text.path)));
    found
}

/// Whether a file is a template, or says how templates are escaped.
fn is_template(path: &str) -> bool {
    path.contains("/templates/")
}

#[test]
fn html_is_written_by_templates_alone() {
    let shipped = sources().into_iter().filter(|text| is_shipped(&text.path));
    refuse(&shipped.flat_map(|text| check(&text)).collect::<Vec<_>>());
}

#[test]
fn templates_escape_what_they_are_given() {
    let texts = texts();
    let mut found: Vec<_> = texts.iter().filter(|text| is_template(&text.path)).flat_map(lets_through).collect();
    let settings = texts.iter().filter(|text| text.path.ends_with("askama.toml"));
    found.extend(settings.map(|text| format!("{}: templates lie and escape as askama has it", text.path)));
    let declares = |text: &&Text| {
        let shipped = text.path.ends_with(".rs") && is_shipped(&text.path);
        shipped && DECLARES.iter().any(|name| text.content.contains(name))
    };
    let declared = texts.iter().filter(declares);
    found.extend(declared.map(|text| format!("{}: nothing but the shell takes markup", text.path)));
    refuse(&found);
}

/// Where a shell begins.
fn shells(texts: &[Text]) -> Vec<&str> {
    let begins = |text: &Text| text.content.to_ascii_lowercase().matches("<html").count();
    let templates = texts.iter().filter(|text| is_template(&text.path));
    templates.flat_map(|text| std::iter::repeat_n(&*text.path, begins(text))).collect()
}

#[test]
fn all_pages_stand_in_one_shell() {
    let mut found = texts();
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert_eq!(shells(&found), [MAILS, PAGES]);
}

#[test]
fn the_checks_of_html_find_what_they_are_for() {
    for (content, wrong) in [
        ("fn f() -> &'static str { \"<p>Hello\" }", Some("1: `<p`")),
        ("fn f() { let _ = format!(\"a</{x}><td>{}\", 1); }", Some("`<td`")),
        ("fn f() { line(format_args!(\"<h1 class=\\\"x\\\">\")); }", Some("`<h1`")),
        ("fn f(c: char) -> &'static str { match c { '<' => \"&lt;\", _ => \"\" } }", Some("`&lt;`")),
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
    let another =
        Text { path: "services/desk/templates/a.html".to_owned(), content: "<!doctype html>\n<HTML>".to_owned() };
    assert_eq!(shells(&[another]), ["services/desk/templates/a.html"]);
    let template = |content: &str| Text { path: "a.html".to_owned(), content: content.to_owned() };
    assert_eq!(lets_through(&template("<p>{{ a|safe }}</p>\n{{ b }}")), ["a.html:1: what a template is given is text"]);
    assert!(
        lets_through(&template("<p>{{ a|upper }} is safe | escape</p>{% if a == b %}{{ b }}{% endif %}")).is_empty()
    );
    assert!(is_shipped("services/desk/src/page.rs") && !is_shipped("shared/outbound/src/lead_mail/tests.rs"));
}

#[test]
fn markup_is_found_however_it_gets_through() {
    let file = |path: &str, content: &str| Text { path: path.to_owned(), content: content.to_owned() };
    for (path, content) in [
        ("a.html", "{{ a| safe }}"),
        ("a.html", "{{ a|  safe }}"),
        ("a.html", "{{ a |\n  safe }}"),
        ("a.html", "{{ a|safe|upper }}"),
        ("a.html", "{{ a|upper|safe }}"),
        ("a.html", "{{- a|safe -}}"),
        ("a.html", "{% let b = a|safe %}"),
        ("a.html", "{% filter safe %}{{ a }}{% endfilter %}"),
        ("a.html", "{{ a|escape(\"none\") }}"),
        ("a.html", "{{ a|e(\"txt\") }}"),
        ("a.txt", "<p>{{ a }}</p>"),
        ("a.md", "Hello <b>{{ a }}</b>"),
        (SHELLS[0], "{{ title|safe }}"),
        (SHELLS[0], "{{ content|upper|safe }}"),
    ] {
        assert_eq!(lets_through(&file(path, content)).len(), 1, "{content}");
    }
    for content in [
        "#[template(path = \"a.html\", escape = \"none\")]\nstruct A;",
        "#[template(path = \"a.html\", ext = \"txt\")]\nstruct A;",
        "#[template(source = \"{{ x }}\", ext = \"html\")]\nstruct A;",
        "#[cfg_attr(a, template(path = \"a.html\", escape = \"none\"))]\nstruct A;",
        "fn f() -> &'static str { concat!(\"<\", \"p>\") }",
        "fn f() { g!(concat!(\"<ta\", \"ble>\")); }",
        "fn f() -> &'static [u8] { b\"<p>\" }",
        "fn f() -> &'static str { \"<svg onload=x>\" }",
        "fn f() -> &'static str { \"<IFRAME src=x>\" }",
        "fn f() -> &'static str { \"<p\\tclass>\" }",
    ] {
        let found = check(&file("services/desk/src/a.rs", content));
        assert_eq!(found.len(), 1, "{found:?} in {content}");
    }
}
