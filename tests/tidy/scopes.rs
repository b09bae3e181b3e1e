//! Nothing is read or changed across clients by omission: every public function of the store that goes to the database
//! takes a `Scope`, or the `Actor` whose scope it is, or is on the list of those that need none, with the reason.
//!
//! Going to the database is being `async`.

use syn::{FnArg, ImplItemFn, ItemFn, ItemImpl, Signature, Visibility, visit::Visit};

use crate::{
    refuse,
    shipped::{Source, parse, shipped},
};

/// Why the qualifier's functions take no scope. Nobody else calls them: who asks for something has a scope, and a function beside the
/// batch's that takes it.
const OF_THE_BATCH: &str = "the qualifier's batch, under the locks of the persons that its messages are about";

/// What people do: it is never the batch.
const OF_PEOPLE: [&str; 2] = ["shared/actions/src/", "services/desk/src/"];

/// Functions that serve the system and not somebody who asks, by the reason why they take no scope.
const OF_THE_SYSTEM: &[(&str, &[&str])] = &[
    (
        "mails to people, written with what they tell of, which whoever writes them found within a scope",
        &["notices_once", "notices_once_with", "notices_to_rep"],
    ),
    (
        OF_THE_BATCH,
        &[
            "answers_of",
            "any_sources",
            "births_of",
            "deliveries_hold_as_same",
            "first_leads",
            "maturing_try_lock",
            "pairs_different",
            "pairs_propose",
            "reached_under",
            "same_person_ask",
            "same_person_end",
            "appointments_ahead",
            "arrivals_bodies",
            "arrivals_by_content",
            "arrivals_first_received",
            "arrivals_note_keys",
            "arrivals_raw",
            "arrivals_said_again",
            "arrivals_note_released",
            "arrivals_try_lock_ids",
            "arrivals_of_forms",
            "arrivals_of_persons",
            "calls_since",
            "arrivals_end_same",
            "arrivals_note_seen",
            "arrivals_owners",
            "arrivals_seen",
            "arrivals_try_lock",
            "arrivals_unnote",
            "arrivals_unnote_released",
            "arrivals_write",
            "grants_check",
            "identities_anchor",
            "identities_lock",
            "identities_by_person",
            "identities_replaced",
            "identities_try_lock",
            "leads_let_go",
            "leads_lock",
            "leads_lock_of",
            "leads_try_lock",
            "handover_standings",
            "held_leads",
            "lock_patience",
            "leads_write",
            "persons_said_of",
            "persons_unlink",
            "statement_move",
            "lock_teams",
            "maturations_write",
            "notices_drop",
            "notices_of_dead_replace",
            "numbers_of",
            "offers_write",
            "persons_barred",
            "persons_by_identity",
            "persons_must_not_be_contacted",
            "persons_of",
            "persons_write",
            "promises_end",
            "promises_of",
            "promises_put_off",
            "regrades_delete",
            "regrades_of",
            "regrades_taken_back",
            "settings_of",
            "suppress_persons",
            "suppression_found",
            "suspect_note",
            "suspect_uncount",
            "suspects",
            "suspects_clear",
            "teams_lock",
            "teams_held",
            "enqueue",
            "owed_tries",
            "turns_write",
        ],
    ),
    (
        "the re-routing of what is held, client after client, under each client's row",
        &["clients_to_route", "leads_to_route", "held_lock", "held_put_off", "held_settle"],
    ),
    (
        "signing in, and what belongs to whoever is signed in: an account is the firm's and no client's data",
        &[
            "notice_to_user_once",
            "session_add",
            "session_end",
            "session_user",
            "sessions_end",
            "sessions_forget",
            "sessions_of",
            "desk_drafts_forget",
            "desk_undo_forget",
            "desk_wait_clear",
            "leads_wake_forgotten",
            "sign_in_ease",
            "sign_in_failed",
            "sign_in_forget",
            "sign_in_forgive",
            "sign_in_locked",
            "user",
            "user_add",
            "user_by_email",
            "user_counts",
            "user_has_admin",
            "user_hashed_password",
            "user_lock",
            "user_lock_admins",
            "user_set",
            "user_set_password",
            "user_token_add",
            "user_token_revoke",
            "user_token_user",
            "user_tokens_live",
            "user_tokens_revoke",
            "user_tokens",
            "lead_view_drop",
            "lead_view_query",
            "lead_view_save",
            "lead_views",
        ],
    ),
    (
        "an agent's own leases and day: which leads may be taken, the functions that take them say by the scope",
        &[
            "desk_agent",
            "desk_agent_clients",
            "desk_done_by",
            "desk_lease_end",
            "desk_lease_holder",
            "desk_lease_number",
            "desk_lease_renew",
            "desk_leases_end",
            "desk_leases_of",
            "open_leases_of",
            "desk_promised_by",
            "desk_team",
            "desk_wait_note",
        ],
    ),
    (
        "what is new, of which kind and whose: who is told is filtered by their scope when it is handed on",
        &["heard", "live_listener", "live_tell"],
    ),
    ("that some source changed, and not which", &["note_changes", "source_listener"]),
    (
        "sweeps over what is due, whosever it is",
        &[
            "agreed_promises",
            "agreed_promises_move",
            "answers_forget",
            "answers_waiting",
            "arrival_bodies_delete",
            "arrival_bodies_drop",
            "arrivals_empty",
            "arrivals_forget",
            "attempts_delete",
            "attempts_drop",
            "circuits_update",
            "claims_forget",
            "dead_follow_up",
            "dead_lock",
            "endpoints_failing",
            "given_forget",
            "notices_forget",
            "outcome_requests_forget",
            "give_up_of_busy_mailboxes",
            "give_up_of_who_left",
            "mail_to_fallback",
            "places_of_unreached_free",
            "undelivered_events_follow_up",
            "undelivered_events",
            "offers_nobody_got",
            "quarantined_delete",
            "released_offer_again",
            "replay_range_step",
            "sweep_circuits",
            "sweep_criteria",
            "sweep_released",
            "sweep_resumed_sources",
            "sweep_deliveries",
            "sweep_deliveries_shared",
            "sweep_forget_leases",
            "sweep_forget_offers",
            "offers_later",
            "sweep_perhaps_same",
            "sweep_promises",
            "sweep_regrades",
            "suspects_forget",
            "sweep_suppressions",
        ],
    ),
    (
        "a worker with a lease of its own on each row",
        &[
            "deliveries_lease",
            "deliveries_release",
            "deliveries_settle",
            "deliveries_under_way",
            "deliveries_owe_again",
            "deliveries_withdraw",
            "delivery_keep_lease",
            "endpoint_disable",
            "mail_gate",
            "mail_refused",
            "mail_sender_taken",
            "mail_taken",
            "mail_unexplained",
            "notice_keep_lease",
            "notice_settle",
            "notices_lease",
        ],
    ),
    (
        "what arrived and is on no lead yet: bytes with an id",
        &[
            "dead_letters_keep",
            "spool_claim",
            "spool_count",
            "spool_delete",
            "spool_insert",
            "spool_offer_later",
            "spool_release",
        ],
    ),
    ("authentication: from a secret to who has it", &["client_token_holder", "source_by_key", "source_by_token"]),
    (
        "criteria and programs, which are the firm's, and the past that they are tried on and replayed against",
        &[
            "criteria_activate",
            "criteria_documents",
            "criteria_documents_within",
            "criteria_list",
            "criteria_versions",
            "get",
            "get_within",
            "usable",
            "usable_within",
            "next_past",
            "next_decisions",
            "program_lock",
            "program_names",
            "program_take_leads",
            "routing_scripts",
        ],
    ),
    (
        "the process and its database",
        &[
            "begin",
            "check",
            "clock",
            "clock_ahead",
            "close",
            "commit",
            "roll_back",
            "findings",
            "given_up",
            "link_key_add",
            "link_keys_end_former",
            "link_keys",
            "lock_room",
            "mail_circuit",
            "mail_circuit_note",
            "mail_circuit_probe",
            "mail_refusal",
            "migrate",
            "partitions",
            "partitions_make",
            "ping",
            "process_place",
            "reach",
            "bound_of_broken_migration",
            "schema",
            "slots_leave",
            "slots_renew",
            "seal_secrets",
            "installation_key",
            "installation_key_set",
            "sealed_secrets",
            "server",
        ],
    ),
    ("there is no client yet", &["client_add"]),
    (
        "takes the one client, source or rep that authentication has found, which is narrower than any scope",
        &["arrival_bodies", "arrival_counting", "arrival_status", "rep_links"],
    ),
];

#[test]
fn every_function_of_the_store_is_told_whose_data_is_meant() {
    let store = shipped().iter().filter(|source| source.path.starts_with("shared/store/src/"));
    let found: Vec<Found> = store.flat_map(unscoped).collect();
    let listed = || OF_THE_SYSTEM.iter().flat_map(|(_, names)| names.iter().copied());
    let missing = found.iter().filter(|found| !listed().any(|name| name == found.name)).map(|found| {
        format!("{}:{}: `{}` takes no `Scope`, and is not listed as the system's", found.path, found.line, found.name)
    });
    let wrong = listed().filter_map(|name| match found.iter().filter(|found| found.name == name).count() {
        1 => None,
        0 => Some(format!("tests/tidy/scopes.rs lists {name}, which is not there or takes a scope")),
        // A name of many functions would let through whichever comes next.
        many => {
            Some(format!("tests/tidy/scopes.rs lists {name}, which {many} functions are called: give them their own"))
        }
    });
    refuse(&missing.chain(wrong).collect::<Vec<_>>());
}

#[test]
fn what_people_do_calls_no_function_of_the_qualifiers_batch() {
    let of_people = shipped().iter().filter(|source| OF_PEOPLE.iter().any(|folder| source.path.starts_with(folder)));
    refuse(&of_people.flat_map(calls_of_the_batch).collect::<Vec<_>>());
}

fn calls_of_the_batch(source: &Source) -> Vec<String> {
    struct Calls(Vec<(usize, String)>);
    impl<'ast> Visit<'ast> for Calls {
        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            self.0.push((call.method.span().start().line, call.method.to_string()));
            syn::visit::visit_expr_method_call(self, call);
        }
    }
    let of_the_batch = OF_THE_SYSTEM.iter().filter(|(why, _)| *why == OF_THE_BATCH);
    let names: Vec<&str> = of_the_batch.flat_map(|(_, names)| names.iter().copied()).collect();
    let mut calls = Calls(Vec::new());
    calls.visit_file(&source.file);
    let wrong = calls.0.into_iter().filter(|(_, name)| names.contains(&name.as_str()));
    wrong
        .map(|(line, name)| format!("{}:{line}: `{name}` takes no scope: it is the qualifier's", source.path))
        .collect()
}

struct Found {
    path: String,
    line: usize,
    name: String,
}

fn unscoped(source: &Source) -> Vec<Found> {
    let mut functions = Functions { of_trait: false, signatures: Vec::new() };
    functions.visit_file(&source.file);
    let without = functions.signatures.into_iter().filter(|signature| !takes_scope(signature));
    without
        .map(|signature| Found {
            path: source.path.clone(),
            line: signature.ident.span().start().line,
            name: signature.ident.to_string(),
        })
        .collect()
}

struct Functions<'ast> {
    of_trait: bool,
    signatures: Vec<&'ast Signature>,
}

impl<'ast> Functions<'ast> {
    fn meet(&mut self, visibility: &Visibility, signature: &'ast Signature) {
        if matches!(visibility, Visibility::Public(_)) && signature.asyncness.is_some() && !self.of_trait {
            self.signatures.push(signature);
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'ast> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.meet(&item.vis, &item.sig);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.of_trait = item.trait_.is_some();
        syn::visit::visit_item_impl(self, item);
        self.of_trait = false;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.meet(&item.vis, &item.sig);
    }
}

fn takes_scope(signature: &Signature) -> bool {
    struct Names(bool);
    impl<'ast> Visit<'ast> for Names {
        fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
            self.0 |= segment.ident == "Scope" || segment.ident == "Actor";
            syn::visit::visit_path_segment(self, segment);
        }
    }
    signature.inputs.iter().any(|argument| {
        let mut names = Names(false);
        if let FnArg::Typed(typed) = argument {
            names.visit_type(&typed.ty);
        }
        names.0
    })
}

#[test]
fn the_check_of_scopes_finds_what_it_is_for() {
    let content = "
        impl Store {
            pub async fn with(&self, scope: Scope, lead: LeadId) {}
            pub async fn with_reference(&self, scope: &crate::Scope) {}
            pub async fn with_actor(&self, actor: &Actor) {}
            pub async fn without(&self, lead: LeadId) {}
            pub(crate) async fn inside(&self) {}
            pub fn pure(&self) {}
        }
        impl Other for Store { async fn of_a_trait(&self) {} }
        pub async fn free(store: &Store) {}";
    let found = unscoped(&parse("shared/store/src/lead/show.rs", content));
    let names: Vec<&str> = found.iter().map(|found| &*found.name).collect();
    assert_eq!(names, ["without", "free"]);
}

#[test]
fn the_check_of_calls_finds_what_it_is_for() {
    let content = "async fn act(work: &mut Work) { work.tx.numbers_of(&[person]).await?; work.tx.person_numbers(scope, person).await?; }";
    assert_eq!(calls_of_the_batch(&parse("shared/actions/src/call.rs", content)).len(), 1);
}
