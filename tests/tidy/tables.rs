//! Which folder of `shared/store` writes which table: every insert, update and delete on a table's rows lies in the folder of
//! its aggregate, so that whoever asks how a row changes reads one folder. Reading is free.

use std::collections::BTreeSet;

use crate::{
    refuse,
    repository::{Text, root, sources},
};

const STORE: &str = "shared/store/src/";

/// Each table, and the folder or file of the store that writes it.
const OWNERS: [(&str, &str); 45] = [
    ("answer", "lead/"),
    ("appointment", "appointment/"),
    ("arrival", "arrival/"),
    ("arrival_seen", "arrival/"),
    ("attempt", "delivery/"),
    ("audit", "audit/"),
    ("backtest", "criteria/"),
    ("claim", "delivery/"),
    ("client", "client/"),
    ("client_token", "client/"),
    ("criteria", "criteria/"),
    ("criteria_event", "criteria/"),
    ("dead_letter", "arrival/"),
    ("decision", "decision/"),
    ("decision_default", "partitions"),
    ("delivery", "delivery/"),
    ("delivery_body", "delivery/"),
    ("endpoint", "endpoint/"),
    ("endpoint_secret", "endpoint/"),
    ("given", "team/"),
    ("identity", "person/"),
    ("lead", "lead/"),
    ("maturation", "decision/"),
    ("note", "lead/"),
    ("notice", "notice/"),
    ("outcome", "outcome/"),
    ("outcome_answer", "outcome/"),
    ("person", "person/"),
    ("person_identity", "person/"),
    ("person_pair", "person/"),
    ("program", "program/"),
    ("promise", "promise/"),
    ("regrade", "lead/"),
    ("rep", "team/"),
    ("replay", "delivery/"),
    ("rotation", "team/"),
    ("route", "team/"),
    ("signing_key", "signing_key"),
    ("source", "source/"),
    ("source_key", "source/"),
    ("spool", "arrival/"),
    ("suppression", "suppression/"),
    ("suppression_key", "suppression/"),
    ("suspect", "arrival/"),
    ("touch", "lead/"),
];

/// Statements that write a second table in the same round trip, each with what a statement of its own would cost.
const ONE_ROUND_TRIP: [(&str, &str, &str); 11] = [
    ("arrival.note_seen", "identity", "every batch of arrivals notes ids and makes anchors before it locks"),
    ("arrival.write", "answer", "every batch of arrivals writes what they say with them"),
    ("arrival.write", "note", "every batch of arrivals writes what they say with them"),
    ("lead.write", "decision", "every batch writes leads with their decisions"),
    ("lead.write", "promise", "every batch writes leads with their next steps"),
    ("maturation.write", "maturation", "every batch with an A lead writes maturations with what is owed for them"),
    ("held.settle", "maturation", "a client's held leads are routed again under the lock of the client's row"),
    (
        "delivery.lease",
        "endpoint",
        "every lease moves the rate and the probe of its endpoint on, under the endpoint's lock",
    ),
    ("delivery.settle", "outcome_answer", "every batch of attempts keeps what answers say, or loses it in a crash"),
    ("regrade.sweep_criteria", "program", "each sweep uses up the pace of a program under that program's lock"),
    ("endpoint.sweep_circuits", "delivery", "each sweep releases deliveries under the lock of their endpoint"),
];

/// One insert, update or delete.
#[derive(Debug, PartialEq, Eq)]
struct Write {
    line: usize,
    statement: String,
    table: String,
}

/// Every write in a source, under the name that its statement begins with. Words of comments are not looked at.
fn writes(source: &str) -> Vec<Write> {
    let (mut found, mut statement) = (Vec::new(), String::new());
    for (line, text) in (1..).zip(source.lines().map(str::trim)) {
        if text.starts_with("//") {
            continue;
        }
        if let Some((_, name)) = text.split_once("-- ") {
            statement = name.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')).collect();
        }
        let words: Vec<&str> = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            let before = at.checked_sub(1).map_or("", |before| words[before]);
            let is_write = match *word {
                "into" => before == "insert",
                "from" => before == "delete",
                // `for update`, `for no key update` and `on conflict do update` name no table of their own.
                "update" => !matches!(before, "for" | "key" | "do"),
                _ => false,
            };
            // `{name}` is a partition's, which no statement known at compile time can name.
            let table = words.get(at + 1).filter(|table| !text.contains(&format!("{{{table}}}")));
            // Nothing but a space is between the two in SQL: `let update = LeadUpdate` is Rust.
            let table = table.filter(|table| is_write && text.contains(&format!("{word} {table}")));
            if let Some(table) = table {
                found.push(Write { line, statement: statement.clone(), table: (*table).to_owned() });
            }
        }
    }
    found
}

/// What one source of the store writes that is another folder's, and the exceptions that it uses.
fn check(text: &Text, used: &mut BTreeSet<(String, String)>) -> Vec<String> {
    let Some(path) = text.path.strip_prefix(STORE) else { return Vec::new() };
    let wrong = |write: &Write| {
        let owner = OWNERS.iter().find(|(table, _)| *table == write.table).map(|(_, owner)| *owner);
        if owner.is_some_and(|owner| path.starts_with(owner)) {
            return None;
        }
        let excepted =
            |(statement, table, _): &&(&str, &str, &str)| *statement == write.statement && *table == write.table;
        if ONE_ROUND_TRIP.iter().any(|exception| excepted(&exception)) {
            used.insert((write.statement.clone(), write.table.clone()));
            return None;
        }
        let owner = owner
            .map_or_else(|| "no folder yet: add it to OWNERS".to_owned(), |owner| format!("{owner}: call it there"));
        Some(format!(
            "{}:{}: `{}` writes {}, which belongs to {owner}",
            text.path, write.line, write.statement, write.table
        ))
    };
    writes(&text.content).iter().filter_map(wrong).collect()
}

/// Tests put rows where they need them.
fn is_of_tests(text: &Text) -> bool {
    text.path.ends_with("tests.rs") || text.path.contains("/tests/")
}

#[test]
fn a_table_is_written_in_the_folder_of_its_aggregate() {
    let mut used = BTreeSet::new();
    let store = sources().into_iter().filter(|text| text.path.starts_with(STORE) && !is_of_tests(text));
    let mut findings: Vec<String> = store.flat_map(|text| check(&text, &mut used)).collect();
    let unused =
        ONE_ROUND_TRIP.iter().filter(|(name, table, _)| !used.contains(&((*name).to_owned(), (*table).to_owned())));
    findings
        .extend(unused.map(|(name, table, _)| format!("`{name}` no longer writes {table}: take the exception out")));
    refuse(&findings);
}

#[test]
fn every_table_of_the_migrations_has_a_folder() {
    let mut findings = Vec::new();
    for entry in std::fs::read_dir(root().join("migrations")).unwrap() {
        let migration = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let made = migration.lines().filter_map(|line| line.trim_start().strip_prefix("create table "));
        for table in made.map(|rest| rest.split([' ', '(']).next().unwrap_or_default()) {
            if OWNERS.iter().all(|(known, _)| *known != table) {
                findings.push(format!("{table}: name the folder that writes it in OWNERS"));
            }
        }
    }
    refuse(&findings);
}

#[test]
fn the_check_of_tables_finds_what_it_is_for() {
    let at = |path: &str, sql: &str| Text { path: format!("{STORE}{path}"), content: format!("\"-- a.b\n{sql}\"\n") };
    for (text, wrong) in [
        (at("delivery/list.rs", "update delivery d set state = $1"), None),
        (at("lead/touch.rs", "update delivery d set state = $1"), Some("writes delivery, which belongs to delivery/")),
        (at("lead/touch.rs", "with x as (insert into promise (a) values ($1)) select 1"), Some("writes promise")),
        (at("lead/touch.rs", "delete from spool where id = $1"), Some("writes spool")),
        (at("lead/touch.rs", "select id from delivery for no key update skip locked"), None),
        (at("lead/touch.rs", "insert into lead (id) values ($1) on conflict (id) do update set a = excluded.a"), None),
        (at("lead/touch.rs", "insert into parcel (id) values ($1)"), Some("belongs to no folder yet")),
        (at("lead/touch.rs", "// They update delivery by hand."), None),
        (at("lead/touch.rs", "let update = LeadUpdate::default(); tell(update, cause);"), None),
    ] {
        let found = check(&text, &mut BTreeSet::new());
        match wrong {
            None => assert!(found.is_empty(), "{found:?} in {}", text.content),
            Some(wrong) => assert!(found.len() == 1 && found[0].contains(wrong), "{found:?}, expected {wrong}"),
        }
    }
    let excepted = Text {
        path: format!("{STORE}lead/write.rs"),
        content:
            "\"-- lead.write\nwith d as (insert into decision (id) values ($1)) insert into lead (id) values ($2)\""
                .to_owned(),
    };
    let mut used = BTreeSet::new();
    assert!(check(&excepted, &mut used).is_empty() && used.len() == 1, "an exception is named by its statement");
}
