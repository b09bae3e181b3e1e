//! What the README and the help show can be typed as it stands there.

use clap::{CommandFactory as _, Parser as _};
use ripen_domain::id::{AppointmentId, ArrivalId, DecisionId, DeliveryId, EndpointId, LeadId, RepId, SourceId};
use uuid::Uuid;

use super::Cli;

mod contract;

const README: &str = include_str!("../../../../README.md");

#[test]
fn every_command_can_be_asked_for() {
    // What is wrong with one of them is seen only when that one is asked for.
    Cli::command().debug_assert();
}

/// The lines of the README's shell blocks, those that go on put together.
fn shell_lines() -> Vec<String> {
    let blocks = README.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let joined = blocks.map(|block| block.replace("\\\n", " ")).collect::<Vec<_>>();
    joined.iter().flat_map(|block| block.lines().map(str::to_owned)).collect()
}

/// The examples below the flags of every command.
fn examples() -> Vec<String> {
    let mut waiting = vec![Cli::command()];
    let mut found = Vec::new();
    while let Some(command) = waiting.pop() {
        waiting.extend(command.get_subcommands().cloned());
        let shown = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        found.extend(shown.lines().map(|line| line.trim().to_owned()));
    }
    found
}

/// A line as a shell takes it apart: quotes hold words together, and a comment begins with its own word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            (' ', None) => words.extend(word.take()),
            ('#', None) if word.is_none() => break,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// With ids in place of what stands for them.
fn filled(word: &str) -> String {
    let id = Uuid::nil();
    let known = [
        ("lead_…", LeadId::from_uuid(id).to_string()),
        ("dlv_…", DeliveryId::from_uuid(id).to_string()),
        ("dec_…", DecisionId::from_uuid(id).to_string()),
        ("appt_…", AppointmentId::from_uuid(id).to_string()),
        ("rep_…", RepId::from_uuid(id).to_string()),
        ("endpoint_…", EndpointId::from_uuid(id).to_string()),
        ("source_…", SourceId::from_uuid(id).to_string()),
        ("arr_…", ArrivalId::from_uuid(id).to_string()),
        ("ID", id.to_string()),
    ];
    known.into_iter().find(|(shown, _)| *shown == word).map_or_else(|| word.to_owned(), |(_, filled)| filled)
}

#[test]
fn every_command_that_is_shown_can_be_typed() {
    let mut seen = 0;
    for line in shell_lines().into_iter().chain(examples()) {
        let line = line.replace("cargo run -- ", "ripen ");
        if !line.starts_with("ripen ") {
            continue;
        }
        // What the shell does with what is printed is no part of the command.
        let line = line.split_once(" > ").map_or(line.as_str(), |(command, _)| command).to_owned();
        let typed: Vec<_> = words(&line).iter().map(|word| filled(word)).collect();
        let refused = Cli::try_parse_from(&typed).err().map(|error| error.to_string());
        assert_eq!(refused, None, "{line}");
        seen += 1;
    }
    assert!(seen > 80, "{seen} commands");
}

#[test]
fn every_command_and_flag_says_what_it_is() {
    let mut waiting = vec![(String::new(), Cli::command())];
    let mut silent = Vec::new();
    while let Some((path, command)) = waiting.pop() {
        let within = |inner: &clap::Command| format!("{path} {}", inner.get_name());
        waiting.extend(command.get_subcommands().map(|inner| (within(inner), inner.clone())));
        if command.get_about().is_none() {
            silent.push(path.clone());
        }
        let unsaid = command.get_arguments().filter(|given| given.get_help().is_none());
        silent.extend(unsaid.map(|given| format!("{path} {}", given.get_id())));
    }
    assert!(silent.is_empty(), "{silent:?}");
}
