//! One name, one type: what a reader looks for by its name is found once in the whole of the product.

use std::collections::BTreeMap;

use syn::{Ident, visit::Visit};

use crate::{
    refuse,
    shipped::{Source, parse, shipped},
};

#[test]
fn no_two_types_share_a_name() {
    refuse(&shared(shipped()));
}

fn shared(sources: &[Source]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources {
        let mut types = Types(Vec::new());
        types.visit_file(&source.file);
        for name in types.0 {
            places.entry(name.to_string()).or_default().push(format!("{}:{}", source.path, name.span().start().line));
        }
    }
    places.retain(|_, places| places.len() > 1);
    places.iter().map(|(name, places)| format!("`{name}` ×{}: {}", places.len(), places.join(", "))).collect()
}

struct Types<'ast>(Vec<&'ast Ident>);

impl<'ast> Visit<'ast> for Types<'ast> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.0.push(&item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.0.push(&item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.0.push(&item.ident);
        syn::visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.0.push(&item.ident);
    }
}

#[test]
fn the_check_of_names_finds_what_it_is_for() {
    let one = parse("shared/a/src/lib.rs", "pub struct Row; mod inner { enum State {} }");
    let other = parse("shared/b/src/lib.rs", "struct Row; trait Other { type Row; } fn f() { struct State; }");
    let found = shared(&[one, other]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], "`Row` ×2: shared/a/src/lib.rs:1, shared/b/src/lib.rs:1");
}
