//! What others rely on is added to and never renamed: commands with their flags, settings, operations of the API with their fields, and
//! the columns of the tables that people write reports on.
//!
//! Each list beside this file holds one kind, a line each, and every line has to be there. What is new is appended by
//! `RIPEN_CONTRACT=append ./tests/run -- contract`; nothing takes a line away. A line in parentheses is known and not promised.

use std::{collections::BTreeSet, fs, path::PathBuf};

use axum::{body::Body, http::Request};
use clap::{Arg, Command, CommandFactory as _};
use ripen_runtime::config::Settings;
use ripen_testkit::{environment::variable, postgres::database};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tower::ServiceExt as _;

use super::super::Cli;

/// The tables of the domain, by the names that reports know.
const TABLES: [&str; 12] = [
    "answer",
    "arrival",
    "attempt",
    "dead_letter",
    "decision",
    "delivery",
    "identity",
    "lead",
    "outcome",
    "person",
    "promise",
    "spool",
];

/// A list as it is kept.
struct FrozenList {
    name: &'static str,
    content: String,
}

impl FrozenList {
    fn read(name: &'static str) -> Self {
        Self { name, content: fs::read_to_string(path(name)).unwrap_or_default() }
    }

    fn promised(&self) -> impl Iterator<Item = &str> {
        self.content.lines().filter(|line| !line.starts_with('('))
    }

    fn is_known(&self, name: &str) -> bool {
        self.content.lines().any(|line| line == name || line == format!("({name})"))
    }

    fn unknown<'f>(&self, found: &'f BTreeSet<String>) -> Vec<&'f str> {
        found.iter().map(String::as_str).filter(|name| !self.is_known(name)).collect()
    }

    /// What is wrong: what is gone, and what nobody has appended yet.
    fn differences(&self, found: &BTreeSet<String>) -> Vec<String> {
        let gone = self.promised().filter(|promised| !found.contains(*promised)).map(|promised| {
            format!(
                "`{promised}` of {}.txt is gone, and others rely on it: bring it back, also where it has a better name now (a flag \
                 as an alias, a column in a view)",
                self.name
            )
        });
        let new = self.unknown(found).into_iter().map(|name| {
            format!(
                "`{name}` is not in {}.txt: append it with RIPEN_CONTRACT=append ./tests/run -- contract",
                self.name
            )
        });
        gone.chain(new).collect()
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/cli/tests/contract").join(name).with_extension("txt")
}

/// Compares what is there with its list, or appends what is new to it.
fn hold(name: &'static str, found: &BTreeSet<String>) {
    let mut list = FrozenList::read(name);
    if variable("RIPEN_CONTRACT").as_deref() == Some("append") {
        for name in list.unknown(found) {
            list.content.push_str(name);
            list.content.push('\n');
        }
        // Written anew, so that what is gone is still missed below.
        fs::write(path(name), &list.content).unwrap();
    }
    let differences = list.differences(found);
    assert!(differences.is_empty(), "{} to put right:\n{}", differences.len(), differences.join("\n"));
}

/// Commands and what each takes: `ripen lead show`, `ripen lead show --json`, `ripen lead show [1]` for what stands first.
fn commands(path: &str, command: &Command, found: &mut BTreeSet<String>) {
    found.insert(path.to_owned());
    let shown = |given: &&Arg| !given.is_hide_set();
    for (place, given) in command.get_positionals().filter(shown).enumerate() {
        let more = if given.get_num_args().is_some_and(|range| range.max_values() > 1) { " …" } else { "" };
        found.insert(format!("{path} [{}{more}]", place + 1));
    }
    for given in command.get_opts().filter(shown).chain(command.get_arguments().filter(shown).filter(is_switch)) {
        // An old name goes on as an alias.
        let names = given.get_long().into_iter().chain(given.get_all_aliases().into_iter().flatten());
        found.extend(names.map(|name| format!("{path} --{name}")));
        found.extend(given.get_short().map(|letter| format!("{path} -{letter}")));
    }
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        for name in std::iter::once(inner.get_name()).chain(inner.get_all_aliases()) {
            commands(&format!("{path} {name}"), inner, found);
        }
    }
}

fn is_switch(given: &&Arg) -> bool {
    !given.is_positional() && !given.get_action().takes_values()
}

#[test]
fn the_contract_of_commands_is_kept() {
    let mut found = BTreeSet::new();
    commands("ripen", &Cli::command(), &mut found);
    hold("commands", &found);
}

#[test]
fn the_contract_of_settings_is_kept() {
    let defaults = serde_json::to_value(Settings::default()).unwrap();
    let sections = defaults.as_object().unwrap().iter();
    let keys = sections.flat_map(|(section, keys)| {
        keys.as_object().unwrap().keys().map(move |key| format!("{section}.{key}")).collect::<Vec<_>>()
    });
    hold("settings", &keys.collect());
}

/// Operations for programs with what they take, and the fields of what they carry: `GET /v1/deliveries`,
/// `GET /v1/deliveries ?after`, `DeliveryPage.next`. Pages are for people, who find what was moved.
fn operations(document: &Value, found: &mut BTreeSet<String>) {
    for (path, item) in document["paths"].as_object().unwrap() {
        if !["/v1/", "/api/v1/"].iter().any(|start| path.starts_with(start)) {
            continue;
        }
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            found.extend(parameters.filter_map(|given| match given["in"].as_str()? {
                "query" => Some(format!("{name} ?{}", given["name"].as_str()?)),
                "header" => Some(format!("{name} {}:", given["name"].as_str()?)),
                _ => None,
            }));
            found.insert(name);
            fields(document, operation, found);
        }
    }
}

/// The fields of every schema that is referred to from here.
fn fields(document: &Value, from: &Value, found: &mut BTreeSet<String>) {
    match from {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str)
                && let Some(name) = reference.strip_prefix("#/components/schemas/")
                && found.insert(format!("{name} {{}}"))
            {
                let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
                properties(name, schema, found);
                fields(document, schema, found);
            }
            members.values().for_each(|member| fields(document, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| fields(document, item, found)),
        _ => {}
    }
}

/// The fields of a schema by itself; those of an object within it by their path.
fn properties(path: &str, schema: &Value, found: &mut BTreeSet<String>) {
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        properties(&path, inner, found);
        properties(&path, &inner["items"], found);
        found.insert(path);
    }
    for kind in ["allOf", "oneOf", "anyOf"] {
        schema[kind].as_array().into_iter().flatten().for_each(|one| properties(path, one, found));
    }
}

#[tokio::test]
async fn the_contract_of_the_api_is_kept() {
    let described = ripen_web::openapi::router([ripen_intake::openapi(), ripen_desk::openapi()]).unwrap();
    let request = Request::get(ripen_web::openapi::PATH).body(Body::empty()).unwrap();
    let answer = described.oneshot(request).await.unwrap();
    let json = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let mut found = BTreeSet::new();
    operations(&serde_json::from_slice(&json).unwrap(), &mut found);
    assert!(found.contains("GET /v1/deliveries") && found.contains("DeliveryPage.more"), "{found:?}");
    // A schema's own name is in nothing that is sent.
    found.retain(|name| !name.ends_with(" {}"));
    hold("api", &found);
}

#[tokio::test]
async fn the_contract_of_tables_is_kept() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let sql = "select table_name || '.' || column_name from information_schema.columns
               where table_schema = 'public' and table_name = any($1)";
    let found: Vec<String> = sqlx::query_scalar(sql).bind(TABLES.as_slice()).fetch_all(&mut connection).await.unwrap();
    hold("tables", &found.into_iter().collect());
}

#[test]
fn the_check_of_the_contract_finds_what_it_is_for() {
    let list = FrozenList { name: "commands", content: "ripen lead\nripen lead --json\n(ripen tidy)\n".to_owned() };
    let found = |names: &[&str]| list.differences(&names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(found(&["ripen lead", "ripen lead --json"]), Vec::<String>::new(), "what is not promised may go");
    assert_eq!(found(&["ripen lead", "ripen lead --json", "ripen tidy"]), Vec::<String>::new());
    let renamed = found(&["ripen lead", "ripen lead --as-json"]);
    assert!(renamed.len() == 2 && renamed[0].contains("`ripen lead --json` of commands.txt is gone"), "{renamed:?}");
    assert!(renamed[1].contains("append it"), "{renamed:?}");
}

#[test]
fn flags_under_an_old_name_are_still_there() {
    let command = Command::new("ripen").subcommand(
        Command::new("show")
            .alias("display")
            .arg(Arg::new("id"))
            .arg(Arg::new("as-json").long("as-json").alias("json").action(clap::ArgAction::SetTrue))
            .arg(Arg::new("inner").long("inner").hide(true)),
    );
    let mut found = BTreeSet::new();
    commands("ripen", &command, &mut found);
    let of = |name: &str| {
        [
            format!("ripen {name}"),
            format!("ripen {name} --as-json"),
            format!("ripen {name} --json"),
            format!("ripen {name} [1]"),
        ]
    };
    let expected = of("display").into_iter().chain(of("show")).chain(["ripen".to_owned()]);
    assert_eq!(found, expected.collect::<BTreeSet<_>>());
}
