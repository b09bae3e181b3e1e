//! No secret in a log: whatever shows its fields by a derived `Debug` has none whose type shows a secret as it is. A URL counts as
//! one: the path or the query of a receiver's may be its token, and a link of the installation's own opens what it leads to.

use syn::{Attribute, Field, Fields, ItemEnum, ItemStruct, Type, visit::Visit};

use crate::{
    refuse,
    shipped::{Source, parse, shipped},
};

/// Words of names that secrets have.
const SECRET: [&str; 9] =
    ["secret", "secrets", "password", "passphrase", "credential", "credentials", "pad", "pads", "headers"];
/// Beside them, what only bytes and texts of a key are called.
const KEY: [&str; 3] = ["private_key", "signing_key", "data_key"];
/// Words of names that addresses have which may carry a token; `to`, as a whole name, is where something is sent.
const ADDRESS: [&str; 6] = ["url", "urls", "webhook", "webhooks", "hook", "uri"];
/// Types that show what they hold.
const SHOWN: [&str; 9] = ["String", "str", "Cow", "u8", "Bytes", "Value", "OsString", "Url", "Uri"];
/// Fields of that name that are no secrets, each with what it is.
const NONE: [(&str, &str, &str); 5] = [
    ("services/desk/src/people/work/after.rs", "to", "a client or a rep, by name"),
    ("services/intake/src/schema.rs", "certificate_url", "a proof of consent, given to whoever asks for it"),
    ("shared/runtime/src/config/settings.rs", "public_url", "the installation's own"),
    ("shared/runtime/src/embedded/holder.rs", "http_url", "the installation's own"),
    ("shared/store/src/source/source_record.rs", "thanks_url", "a page to which every browser is sent"),
];

#[test]
fn no_derived_debug_shows_a_secret() {
    refuse(&shipped().iter().flat_map(check).collect::<Vec<_>>());
}

fn check(source: &Source) -> Vec<String> {
    let mut found = Shown { path: &source.path, findings: Vec::new() };
    found.visit_file(&source.file);
    found.findings
}

struct Shown<'s> {
    path: &'s str,
    findings: Vec<String>,
}

impl Shown<'_> {
    fn fields(&mut self, owner: &syn::Ident, fields: &Fields) {
        for field in fields.iter().filter(|field| shows_a_secret(field)) {
            let name = field.ident.as_ref().unwrap_or(owner);
            if NONE.iter().any(|(path, field, _)| self.path == *path && name == field) {
                continue;
            }
            let line = name.span().start().line;
            self.findings.push(format!(
                "{}:{line}: `{owner}` derives Debug, which shows `{name}`: give it a type that masks, such as `Secret` or `MaskedAddress`",
                self.path
            ));
        }
    }
}

impl<'ast> Visit<'ast> for Shown<'_> {
    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        if derives_debug(&item.attrs) {
            // A wrapper is named by itself.
            let is_wrapper = matches!(&item.fields, Fields::Unnamed(_)) && is_secret(&snake(&item.ident.to_string()));
            if is_wrapper && item.fields.iter().any(|field| is_shown(&field.ty)) {
                self.findings.push(format!(
                    "{}:{}: `{}` derives Debug, which shows it: write one that masks",
                    self.path,
                    item.ident.span().start().line,
                    item.ident
                ));
            }
            self.fields(&item.ident, &item.fields);
        }
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        if derives_debug(&item.attrs) {
            item.variants.iter().for_each(|variant| self.fields(&item.ident, &variant.fields));
        }
    }
}

fn derives_debug(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("derive")).any(|attribute| {
        let mut derived = false;
        let _malformed = attribute.parse_nested_meta(|meta| {
            derived |= meta.path.segments.last().is_some_and(|last| last.ident == "Debug");
            Ok(())
        });
        derived
    })
}

fn shows_a_secret(field: &Field) -> bool {
    let is_named = |name: &syn::Ident| is_secret(&name.to_string()) || is_address(&name.to_string());
    field.ident.as_ref().is_some_and(is_named) && is_shown(&field.ty)
}

fn is_secret(name: &str) -> bool {
    KEY.contains(&name) || name.split('_').any(|word| SECRET.contains(&word)) && !is_where_it_lies(name)
}

fn is_address(name: &str) -> bool {
    name == "to" || name.split('_').any(|word| ADDRESS.contains(&word)) && !is_where_it_lies(name)
}

/// The name of a variable or a file, from which a secret is read.
fn is_where_it_lies(name: &str) -> bool {
    name.ends_with("_env") || name.ends_with("_file")
}

fn is_shown(ty: &Type) -> bool {
    struct Named(bool);
    impl<'ast> Visit<'ast> for Named {
        fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
            self.0 |= SHOWN.iter().any(|name| segment.ident == name);
            syn::visit::visit_path_segment(self, segment);
        }
    }
    let mut named = Named(false);
    named.visit_type(ty);
    named.0
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[test]
fn the_check_of_masks_finds_what_it_is_for() {
    let content = "
        #[derive(Clone, Debug)] struct A { secret: String, name: String }
        #[derive(Debug)] struct B { old_secrets: Option<Vec<String>>, hash_pads: Vec<u8>, headers: &'static [u8] }
        #[derive(Debug)] enum C { One { password: [u8; 32] }, Two { secret: Secret } }
        #[derive(Debug)] struct WebhookSecret(Vec<u8>);
        #[derive(Debug)] struct Good { secret: Option<Secret>, secret_env: Option<String>, secrets: usize }
        #[derive(Debug)] struct Sent<'a> { to: String, webhook: Option<&'a str>, open_leads_url: &'a Url }
        #[derive(Debug)] struct Masked { to: MaskedAddress, url: SecretUrl, url_env: String, today: String, hooked: usize }
        #[derive(Clone)] struct Silent { secret: String, url: String }";
    let found = check(&parse("shared/x/src/a.rs", content));
    assert_eq!(found.len(), 9, "{found:?}");
}
