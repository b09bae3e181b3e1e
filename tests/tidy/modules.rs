//! The modules of a crate as files, and which file uses what another one defines.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, UseTree, Visibility, visit::Visit};

use crate::shipped::{Source, crate_of, parse, shipped};

/// A crate's files, by module path.
pub(crate) struct Crate {
    modules: BTreeMap<Vec<String>, Module>,
}

/// One file, or a module written inside one.
#[derive(Default)]
struct Module {
    /// As it is told: the path within `src`, without the ending; the file's also for a module inside it.
    file: String,
    /// What is defined here.
    items: BTreeSet<String>,
    /// Names brought in by `use`, with where they lead.
    bindings: BTreeMap<String, Vec<String>>,
    /// Where `use …::*` leads.
    globs: Vec<Vec<String>>,
    /// Paths that the code names, as written, re-exports left out.
    named: BTreeSet<Vec<String>>,
}

/// Every crate of the product, by folder.
pub(crate) fn crates() -> Vec<(&'static str, Crate)> {
    let mut files: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in shipped() {
        files.entry(crate_of(&source.path)).or_default().push(source);
    }
    files.into_iter().map(|(name, sources)| (name, Crate::of(&sources))).collect()
}

impl Crate {
    /// From paths and contents; for the checks' self-tests.
    pub(crate) fn read(files: Vec<(String, String)>) -> Self {
        let sources: Vec<Source> = files.iter().map(|(path, content)| parse(path, content)).collect();
        Self::of(&sources.iter().collect::<Vec<_>>())
    }

    fn of(sources: &[&Source]) -> Self {
        let mut modules = BTreeMap::new();
        for source in sources {
            let inside = source.path.split_once("/src/").map_or(&*source.path, |(_, inside)| inside);
            let file = inside.trim_end_matches(".rs").trim_end_matches("/mod").to_owned();
            let is_root = matches!(&*file, "lib" | "main");
            let path = if is_root { Vec::new() } else { file.split('/').map(str::to_owned).collect() };
            collect(&mut modules, path, &file, &source.file.items);
        }
        Self { modules }
    }

    /// For each file, the other files whose items it names.
    pub(crate) fn edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, module) in &self.modules {
            let used = module.named.iter().filter_map(|named| self.resolve(path, named, 0));
            let others = used.filter(|file| *file != module.file);
            edges.entry(module.file.clone()).or_default().extend(others);
        }
        edges
    }

    /// The file that defines what a path leads to, seen from a module; nothing for another crate's.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<String> {
        // `use a::b as a` and globs that meet each other.
        if depth > 16 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        match &**first {
            "crate" => self.descend(Vec::new(), rest, depth),
            "self" => self.descend(from.to_vec(), rest, depth),
            "super" => self.resolve_from_parent(from, rest, depth),
            // A single word that is also a child's name is a variable.
            _ if rest.is_empty() && self.modules.contains_key(&[from, std::slice::from_ref(first)].concat()) => None,
            _ if self.knows(from, first) => self.descend(from.to_vec(), path, depth),
            _ => None,
        }
    }

    fn resolve_from_parent(&self, from: &[String], rest: &[String], depth: usize) -> Option<String> {
        let parent = &from[..from.len().checked_sub(1)?];
        match rest.first().map(String::as_str) {
            Some("super") => self.resolve_from_parent(parent, &rest[1..], depth),
            _ => self.descend(parent.to_vec(), rest, depth),
        }
    }

    fn knows(&self, at: &[String], name: &str) -> bool {
        let child = [at, &[name.to_owned()]].concat();
        let here = self.modules.get(at);
        self.modules.contains_key(&child)
            || here.is_some_and(|module| module.items.contains(name) || module.bindings.contains_key(name))
            || here.is_some_and(|module| module.globs.iter().any(|glob| self.glob(at, glob, name, 0).is_some()))
    }

    /// Follows a path from a module down to the file that has its end.
    fn descend(&self, at: Vec<String>, rest: &[String], depth: usize) -> Option<String> {
        let module = self.modules.get(&at)?;
        let Some((name, further)) = rest.split_first() else { return Some(module.file.clone()) };
        let child = [&at[..], std::slice::from_ref(name)].concat();
        if self.modules.contains_key(&child) {
            return self.descend(child, further, depth);
        }
        if module.items.contains(name) {
            return Some(module.file.clone());
        }
        if let Some(leads_to) = module.bindings.get(name) {
            return self.resolve(&at, &[&leads_to[..], further].concat(), depth + 1);
        }
        module.globs.iter().find_map(|glob| self.glob(&at, glob, name, depth + 1))
    }

    /// The file that has this name, if the module that a glob opens has it.
    fn glob(&self, at: &[String], glob: &[String], name: &str, depth: usize) -> Option<String> {
        let opened = self.module(at, glob)?;
        let has = self.modules[&opened].items.contains(name) || self.modules[&opened].bindings.contains_key(name);
        has.then(|| self.descend(opened, &[name.to_owned()], depth + 1))?
    }

    /// The module that a path of modules leads to.
    fn module(&self, from: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut at = from.to_vec();
        for (number, name) in path.iter().enumerate() {
            match &**name {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()?),
                name => at.push(name.to_owned()),
            }
            if number == 0 && !self.modules.contains_key(&at) {
                return None;
            }
        }
        self.modules.contains_key(&at).then_some(at)
    }
}

fn collect(modules: &mut BTreeMap<Vec<String>, Module>, path: Vec<String>, file: &str, items: &[Item]) {
    let mut module = Module { file: file.to_owned(), ..Module::default() };
    for item in items {
        if let Item::Use(item) = item {
            let re_exported = !matches!(item.vis, Visibility::Inherited);
            module.import(&item.tree, &mut Vec::new(), re_exported);
            continue;
        }
        if let Item::Mod(inner) = item {
            if let Some((_, items)) = &inner.content {
                collect(modules, [&path[..], &[inner.ident.to_string()]].concat(), file, items);
            }
            continue;
        }
        module.items.extend(name_of(item));
        module.visit_item(item);
    }
    modules.insert(path, module);
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

impl Module {
    fn import(&mut self, tree: &UseTree, before: &mut Vec<String>, re_exported: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(&path.tree, before, re_exported);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, before, re_exported);
                }
            }
            UseTree::Name(name) => self.bind(&name.ident.to_string(), &name.ident.to_string(), before, re_exported),
            UseTree::Rename(name) => self.bind(&name.ident.to_string(), &name.rename.to_string(), before, re_exported),
            UseTree::Glob(_) => self.globs.push(before.clone()),
        }
    }

    fn bind(&mut self, name: &str, known_as: &str, before: &[String], re_exported: bool) {
        let itself = name == "self";
        let path = if itself { before.to_vec() } else { [before, &[name.to_owned()]].concat() };
        let known_as = if itself { before.last().cloned().unwrap_or_default() } else { known_as.to_owned() };
        if !re_exported {
            self.named.insert(path.clone());
        }
        self.bindings.insert(known_as, path);
    }

    /// The paths in a macro's tokens: words with `::` between them.
    fn paths_in(&mut self, tokens: TokenStream) {
        let (mut path, mut colons): (Vec<String>, usize) = (Vec::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    if colons != 2 {
                        self.named.extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                    }
                    path.push(word.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.named.extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                    self.paths_in(group.stream());
                    colons = 0;
                }
                _ => {
                    self.named.extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                    colons = 0;
                }
            }
        }
        self.named.extend((!path.is_empty()).then_some(path));
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.named.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // Within a function.
        self.import(&item.tree, &mut Vec::new(), false);
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.paths_in(found.tokens.clone());
        syn::visit::visit_macro(self, found);
    }

    // `pub(crate)` and `pub(super)` are no imports.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // `#[serde(with = "…")]` names a path too, in a text that nothing here reads.
        let _ = attribute;
    }
}
