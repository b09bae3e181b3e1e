//! Which folder of `shared/store` writes which table: every insert, update and delete on a table's rows lies in the folder of
//! its aggregate, so that whoever asks how a row changes reads one folder. Reading is free.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::{
    refuse,
    repository::{Text, root, sources},
};

const STORE: &str = "shared/store/src/";

/// Each table, and the folder or file of the store that writes it.
const OWNERS: [(&str, &str); 79] = [
    ("answer", "lead/"),
    ("appointment", "appointment/"),
    ("arrival", "arrival/"),
    ("arrival_body", "arrival/"),
    ("arrival_body_default", "partitions"),
    ("arrival_seen", "arrival/"),
    ("attempt", "delivery/"),
    ("attempt_default", "partitions"),
    ("audit", "audit/"),
    ("backtest", "criteria/"),
    ("call", "call/"),
    ("call_refusal", "call/"),
    ("claim", "delivery/"),
    ("client", "client/"),
    ("client_token", "client/"),
    ("co_decider", "person/"),
    ("consent_review", "lead/"),
    ("criteria", "criteria/"),
    ("criteria_event", "criteria/"),
    ("dead_letter", "arrival/"),
    ("decision", "decision/"),
    ("decision_default", "partitions"),
    ("delivery", "delivery/"),
    ("delivery_body", "delivery/"),
    ("delivery_body_default", "partitions"),
    ("delivery_place", "delivery/"),
    ("desk_client", "desk/"),
    ("desk_draft", "desk/"),
    ("desk_lease", "desk/"),
    ("desk_undo", "desk/"),
    ("desk_wait", "desk/"),
    ("dispatcher_process", "slot"),
    ("endpoint", "endpoint/"),
    ("endpoint_secret", "endpoint/"),
    ("given", "team/"),
    ("identity", "person/"),
    ("installation_key", "sealing"),
    ("lead", "lead/"),
    ("lead_view", "user/"),
    ("mail_blame", "mail_refusal"),
    ("mail_circuit", "mail_circuit"),
    ("mail_refusal", "mail_refusal"),
    ("mail_unexplained", "mail_refusal"),
    ("maturation", "decision/"),
    ("note", "lead/"),
    ("notice", "notice/"),
    ("opportunity", "lead/"),
    ("outcome", "outcome/"),
    ("outcome_answer", "outcome/"),
    ("outcome_request", "outcome/"),
    ("person", "person/"),
    ("person_identity", "person/"),
    ("person_merge", "person/"),
    ("person_merge_row", "person/"),
    ("person_pair", "person/"),
    // These two are kept by triggers; whoever searches a lead reads them.
    ("note_word", "lead/"),
    ("person_word", "lead/"),
    ("program", "program/"),
    ("promise", "promise/"),
    ("regrade", "lead/"),
    ("rep", "team/"),
    ("replay", "delivery/"),
    ("rotation", "team/"),
    ("route", "team/"),
    ("sign_in_failure", "user/"),
    ("signing_key", "signing_key"),
    ("source", "source/"),
    ("source_key", "source/"),
    ("spoken", "lead/"),
    ("spool", "arrival/"),
    ("suppression", "suppression/"),
    ("suppression_follow", "suppression/"),
    ("suppression_key", "suppression/"),
    ("suppression_sweep", "suppression/"),
    ("suspect", "arrival/"),
    ("touch", "lead/"),
    ("user_account", "user/"),
    ("user_session", "user/"),
    ("user_token", "user/"),
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

/// What a table is called that only a running program names.
const UNNAMED: &str = "{…}";

/// Builds the names of its partitions, which no statement known at compile time can name.
const NAMES_PARTITIONS: &str = "partitions.rs";

/// One insert, update, delete or merge.
#[derive(Debug, PartialEq, Eq)]
struct Write {
    line: usize,
    statement: String,
    table: String,
}

/// Every write in a source, under the name that its statement begins with. Comments are not looked at, be they Rust's or SQL's.
fn writes(content: &str) -> Vec<Write> {
    // Whether it can be read at all is another check's to say.
    let Ok(tokens) = content.parse::<TokenStream>() else { return Vec::new() };
    let mut found = Vec::new();
    for (line, sql) in literals(tokens) {
        let name = sql.split_once("-- ").map_or("", |(_, name)| name);
        let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
        let statement = name.split(ends).next().unwrap_or_default();
        let of = |(at, table)| Write { line: line + at, statement: statement.to_owned(), table };
        found.extend(written(&sql).into_iter().map(of));
    }
    found
}

/// Tables that a text writes as SQL, each with the line of the text.
pub(crate) fn written(sql: &str) -> Vec<(usize, String)> {
    let words = words(sql);
    let word = |at: usize| words.get(at).map_or("", |(_, word)| word.as_str());
    let before = |at: usize| at.checked_sub(1).map_or("", word);
    let mut found = Vec::new();
    for (at, (line, _)) in words.iter().enumerate() {
        let begins = matches!(before(at), "" | ";" | "(" | ")" | "begin" | "then" | "else");
        let is_write = match word(at) {
            "into" => matches!(before(at), "insert" | "merge"),
            "from" => before(at) == "delete",
            // `for update`, `for no key update`, `on conflict do update` and `when matched then update set` name no table of
            // their own.
            "update" => !matches!(before(at), "for" | "key" | "do" | "on" | ".") && word(at + 1) != "set",
            "truncate" | "copy" => begins,
            _ => false,
        };
        if !is_write {
            continue;
        }
        let mut next = at + 1;
        while matches!(word(next), "only" | "table") {
            next += 1;
        }
        // The last part of `schema.table` is the table.
        while word(next + 1) == "." {
            next += 2;
        }
        let is_name = word(next).starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        // What the text breaks off before, or leaves to `format!`, comes to be when the program runs.
        let comes_later = word(next) == "{" || word(next).is_empty() && sql.ends_with(char::is_whitespace);
        if is_name {
            found.push((*line, word(next).to_owned()));
        } else if comes_later {
            found.push((*line, UNNAMED.to_owned()));
        }
    }
    found
}

/// The words and signs of a text in small letters, each with its line; without SQL's comments and quoted texts.
pub(crate) fn words(sql: &str) -> Vec<(usize, String)> {
    let (mut found, mut line, mut rest) = (Vec::new(), 0, sql);
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let upto = |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
        let taken = match first {
            '-' if rest.starts_with("--") => upto("\n", 2),
            '/' if rest.starts_with("/*") => upto("*/", 2),
            '\'' => upto("'", 1),
            '"' => 1,
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let text = &rest[..taken];
        if is_word(first) || !(first.is_whitespace() || matches!(first, '-' | '/' | '\'' | '"')) {
            found.push((line, text.to_lowercase()));
        }
        line += text.matches('\n').count();
        rest = &rest[taken..];
    }
    found
}

/// The texts of a source, each with its line. Those that `+` or `concat!` puts together are one.
pub(crate) fn literals(tokens: TokenStream) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut joins, mut attribute, mut macro_name) = (false, false, String::new());
    for token in tokens {
        match &token {
            TokenTree::Group(_) if attribute => {}
            TokenTree::Group(group) => {
                let inner = literals(group.stream());
                if macro_name == "concat" {
                    let line = inner.first().map_or(0, |(line, _)| *line);
                    found.push((line, inner.into_iter().map(|(_, text)| text).collect()));
                } else {
                    found.extend(inner);
                }
            }
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    match found.last_mut().filter(|_| joins) {
                        Some((_, before)) => before.push_str(&text.value()),
                        None => found.push((literal.span().start().line, text.value())),
                    }
                }
            }
            TokenTree::Ident(ident) => macro_name = ident.to_string(),
            TokenTree::Punct(_) => {}
        }
        let sign = if let TokenTree::Punct(sign) = &token { Some(sign.as_char()) } else { None };
        attribute = sign == Some('#') || attribute && sign == Some('!');
        joins = matches!(token, TokenTree::Literal(_)) || joins && sign == Some('+');
        if !matches!(token, TokenTree::Ident(_)) && sign != Some('!') {
            macro_name.clear();
        }
    }
    found
}

/// Statements that do not stand in a source, where nothing looks at them.
fn elsewhere(text: &Text) -> Vec<String> {
    let code = text.content.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    let found = code.filter(|(_, line)| line.contains("query_file") || line.contains(".sql\""));
    found.map(|(at, _)| format!("{}:{}: a statement stands in the source", text.path, at + 1)).collect()
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
        if write.table == UNNAMED {
            let is_partition = path == NAMES_PARTITIONS;
            let wrong = format!("{}:{}: `{}` does not name what it writes", text.path, write.line, write.statement);
            return (!is_partition).then_some(wrong);
        }
        let owner = owner
            .map_or_else(|| "no folder yet: add it to OWNERS".to_owned(), |owner| format!("{owner}: call it there"));
        Some(format!(
            "{}:{}: `{}` writes {}, which belongs to {owner}",
            text.path, write.line, write.statement, write.table
        ))
    };
    let found: Vec<_> = writes(&text.content).iter().filter_map(wrong).collect();
    found.into_iter().chain(elsewhere(text)).collect()
}

/// Tests put rows where they need them.
fn is_of_tests(text: &Text) -> bool {
    text.path.ends_with("/tests.rs") || text.path.contains("/tests/")
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
        (at("lead/touch.rs", "/* they */ select 1 -- update delivery by hand"), None),
        (at("lead/touch.rs", "select 'update delivery' as what"), None),
    ] {
        let found = check(&text, &mut BTreeSet::new());
        match wrong {
            None => assert!(found.is_empty(), "{found:?} in {}", text.content),
            Some(wrong) => assert!(found.len() == 1 && found[0].contains(wrong), "{found:?}, expected {wrong}"),
        }
    }
    let rust = "// They update delivery by hand.\nfn f() { let update = LeadUpdate::default(); tell(update, cause); }";
    assert!(
        check(&Text { path: format!("{STORE}lead/touch.rs"), content: rust.to_owned() }, &mut BTreeSet::new())
            .is_empty()
    );
    let excepted = Text {
        path: format!("{STORE}lead/write.rs"),
        content:
            "\"-- lead.write\nwith d as (insert into decision (id) values ($1)) insert into lead (id) values ($2)\""
                .to_owned(),
    };
    let mut used = BTreeSet::new();
    assert!(check(&excepted, &mut used).is_empty() && used.len() == 1, "an exception is named by its statement");
}

#[test]
fn a_write_is_found_however_it_is_written() {
    for content in [
        r#"f("UPDATE Delivery SET state = $1")"#,
        r#"f("update\n   delivery\nset state = $1")"#,
        r#"f("update only delivery set state = $1")"#,
        r#"f("update public.delivery set state = $1")"#,
        r##"f(r#"update "delivery" set state = $1"#)"##,
        r#"f("update /* quietly */ delivery set state = $1")"#,
        r#"f("update -- quietly\n delivery set state = $1")"#,
        r#"f("insert into only delivery (id) values ($1)")"#,
        r#"f("Insert\nInto\ndelivery (id) values ($1)")"#,
        r#"f("delete from only delivery where id = $1")"#,
        r#"f("with gone as (delete from delivery returning id) select id from gone")"#,
        r#"f("with a as (select 1),\n b as materialized (update delivery set a = 1 returning id) select 1 from b")"#,
        r#"f("merge into delivery d using n on n.id = d.id when matched then update set state = 'dead'")"#,
        r#"f("truncate table only delivery")"#,
        r#"f("select 1; truncate delivery")"#,
        r#"f("copy delivery (id) from stdin")"#,
        r#"f("do $$ begin update delivery set a = 1; end $$")"#,
        r#"sqlx::query!("update " + "delivery set state = $1", x)"#,
        r#"f(concat!("delete from ", "delivery"))"#,
        r#"f(format!("update {table} set state = $1"))"#,
        r#"QueryBuilder::new("insert into ").push("delivery")"#,
        r#"sqlx::query_file!("quiet.sql", x)"#,
        r#"f(include_str!("quiet.sql"))"#,
    ] {
        let source = format!("fn g() {{ {content}; }}");
        let text = Text { path: format!("{STORE}lead/touch.rs"), content: source };
        let found = check(&text, &mut BTreeSet::new());
        assert_eq!(found.len(), 1, "{found:?} in {content}");
    }
}
