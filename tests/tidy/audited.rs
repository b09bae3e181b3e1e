//! Everything that somebody changes is told of by the audit: each action records what it changed, itself or by another action or a
//! function that it hands its work to, or is listed with why the audit does not tell of it. The README says the same to people.

use std::collections::{BTreeMap, BTreeSet};

use syn::{ExprCall, ExprMethodCall, ImplItemFn, ItemFn, ItemImpl, Signature, visit::Visit};

use crate::{
    refuse,
    shipped::{Source, parse, shipped},
};

/// Actions that write no audit row, by why.
const UNRECORDED: &[(&str, &[&str])] = &[
    (
        "what somebody types and did not save yet is theirs alone, and changes nothing of a lead",
        &["SaveDraft", "DropDraft"],
    ),
    (
        "who has a lead open at the desk ends by itself within minutes; what they then say of it is told",
        &["TakeNext", "TakeLead", "RenewLease", "LeaveLead"],
    ),
    ("the telephone tells what happened, several times a call, and nobody changed anything", &["ReportCall"]),
    ("why what a webhook answered counts for nothing stands beside that answer", &["RefuseAnswer"]),
];

#[test]
fn every_action_records_what_it_changed_or_is_listed_with_why_not() {
    let sources = shipped().iter().filter(|source| source.path.starts_with("shared/actions/src/"));
    let (actions, silent) = read(sources);
    let listed: BTreeSet<&str> = UNRECORDED.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let unlisted = silent.iter().filter(|name| !listed.contains(name.as_str())).map(|name| {
        format!("{name} calls no `changed`: record what it changes, or list it in tests/tidy/audited.rs with why not")
    });
    let wrong = listed.iter().filter(|name| !silent.contains(**name)).map(|name| match actions.contains_key(*name) {
        true => format!("tests/tidy/audited.rs lists {name}, which records"),
        false => format!("tests/tidy/audited.rs lists {name}, which is not there"),
    });
    refuse(&unlisted.chain(wrong).collect::<Vec<_>>());
}

/// What each action calls, and the actions that record nothing.
fn read<'a>(sources: impl Iterator<Item = &'a Source>) -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let mut found = Bodies::default();
    sources.for_each(|source| found.visit_file(&source.file));
    // `act` of another action, which is looked at by itself.
    let mut recording = BTreeSet::from(["changed".to_owned(), "act".to_owned()]);
    loop {
        let more =
            found.helpers.iter().filter(|(_, calls)| !calls.is_disjoint(&recording)).map(|(name, _)| name.clone());
        let more: Vec<_> = more.filter(|name| !recording.contains(name)).collect();
        if more.is_empty() {
            break;
        }
        recording.extend(more);
    }
    let silent = found.actions.iter().filter(|(_, calls)| calls.is_disjoint(&recording)).map(|(name, _)| name.clone());
    let silent = silent.collect();
    (found.actions, silent)
}

/// What actions call, and what those functions call that are handed their work.
#[derive(Default)]
struct Bodies {
    actions: BTreeMap<String, BTreeSet<String>>,
    /// By name, and by type and name: of what an action calls of itself, its own counts and no namesake.
    helpers: BTreeMap<String, BTreeSet<String>>,
    action: Option<String>,
    own: Option<String>,
}

impl Bodies {
    fn meet(&mut self, signature: &Signature, calls: Calls) {
        let name = signature.ident.to_string();
        match self.action.clone() {
            Some(action) => self.actions.entry(action).or_default().extend(calls.names),
            None if takes_work(signature) => {
                if let Some(own) = &self.own {
                    self.helpers.entry(format!("{own}::{name}")).or_default().extend(calls.names.clone());
                }
                self.helpers.entry(name).or_default().extend(calls.names);
            }
            None => {}
        }
    }
}

impl<'ast> Visit<'ast> for Bodies {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let is_action = item.trait_.as_ref().is_some_and(|(path, ..)| is_named(path, "Action"));
        self.own = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        self.action = self.own.clone().filter(|_| is_action);
        syn::visit::visit_item_impl(self, item);
        (self.own, self.action) = (None, None);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        let mut calls = Calls { own: self.own.clone(), ..Calls::default() };
        calls.visit_block(&item.block);
        self.meet(&item.sig, calls);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        let mut calls = Calls::default();
        calls.visit_block(&item.block);
        self.meet(&item.sig, calls);
    }
}

fn is_named(path: &syn::Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

fn takes_work(signature: &Signature) -> bool {
    struct Names(bool);
    impl<'ast> Visit<'ast> for Names {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            self.0 |= is_named(path, "Work");
            syn::visit::visit_path(self, path);
        }
    }
    let mut names = Names(false);
    signature.inputs.iter().for_each(|input| names.visit_fn_arg(input));
    names.0
}

/// Names of what is called.
#[derive(Default)]
struct Calls {
    names: BTreeSet<String>,
    own: Option<String>,
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let syn::Expr::Path(path) = &*call.func {
            self.names.extend(path.path.segments.last().map(|last| last.ident.to_string()));
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let is_own = matches!(&*call.receiver, syn::Expr::Path(path) if path.path.is_ident("self"));
        let own = self.own.as_ref().filter(|_| is_own);
        self.names.insert(own.map_or_else(|| call.method.to_string(), |own| format!("{own}::{}", call.method)));
        syn::visit::visit_expr_method_call(self, call);
    }
}

#[test]
fn the_check_of_actions_finds_what_it_is_for() {
    let content = "
        impl Action for Records { async fn act(&self, work: &mut Work<'_>) { work.changed(1); } }
        impl Action for ByAnother { async fn act(&self, work: &mut Work<'_>) { other(work).await } }
        impl Action for ByAction { async fn act(&self, work: &mut Work<'_>) { self.request.act(work).await } }
        impl Action for Silent { async fn act(&self, work: &mut Work<'_>) { work.tx.write().await; pure(1) } }
        impl Action for ByOwn { async fn act(&self, work: &mut Work<'_>) { self.check(work).await } }
        impl ByOwn { async fn check(&self, work: &mut Work<'_>) { work.changed(3); } }
        impl Action for SilentBesideNamesake { async fn act(&self, work: &mut Work<'_>) { self.check(1); work.tx.write().await } }
        impl SilentBesideNamesake { fn check(&self, number: i32) {} }
        async fn other(work: &mut Work<'_>) { work.changed(2); }
        fn pure(number: i32) { changed(number) }";
    let source = parse("shared/actions/src/lead.rs", content);
    let (actions, silent) = read(std::iter::once(&source));
    let expected = BTreeSet::from(["Silent", "SilentBesideNamesake"].map(str::to_owned));
    assert_eq!((actions.len(), silent), (6, expected));
}
