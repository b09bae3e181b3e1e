//! A refusal of an action in the words of the command line: a field is named as the flag or argument it came from, and what
//! shows the alternatives is named too.

use std::sync::OnceLock;

use anyhow::anyhow;
use ripen_actions::{FieldError, Refusal};

/// The commands with their flags, set once when the process starts.
static COMMANDS: OnceLock<clap::Command> = OnceLock::new();

/// Says which commands there are.
pub fn know(commands: clap::Command) {
    COMMANDS.get_or_init(|| commands);
}

/// Says a refusal as this command's user typed things; `command` is its words after `ripen`.
pub fn refused(command: &'static str) -> impl Fn(Refusal) -> anyhow::Error {
    move |refusal| match &refusal {
        Refusal::Invalid(errors) => {
            let lines: Vec<_> = errors.iter().map(|error| line(command, error)).collect();
            anyhow!(lines.join("\n       "))
        }
        Refusal::Missing { what, .. } => match shows(what) {
            Some(shows) => anyhow!("{refusal}: {shows}"),
            None => refusal.into(),
        },
        Refusal::Conflict { code, .. } => match helps(code) {
            Some(helps) => anyhow!("{refusal}: {helps}"),
            None => refusal.into(),
        },
        _ => refusal.into(),
    }
}

fn line(command: &str, error: &FieldError) -> String {
    // `answers.budget` is the part `budget` of the flag `--answer`.
    let (field, inner) = error.field.split_once('.').map_or((error.field.as_str(), None), |(a, b)| (a, Some(b)));
    let inner = inner.map_or_else(String::new, |inner| format!(" {inner}"));
    let named = format!("{}{inner}: ", argument(command, field).unwrap_or_else(|| field.replace('_', " ")));
    let hint = match (field, error.code) {
        // By the end of the message: only where there is no client at all does the command that adds one help.
        ("client", "unknown") if error.message.ends_with("none yet") => ": `ripen client add NAME`",
        ("source", "unknown") if error.message.ends_with("none yet") => {
            ": `ripen source add NAME --client SLUG --channel list` makes one"
        }
        ("program", "unknown") => " (`ripen criteria activate FILE`)",
        ("backtest", "required" | "outdated") => ": `ripen criteria backtest FILE`",
        ("backtest", "unknown") => ": `ripen criteria backtest FILE` makes one",
        ("version", "unknown") if command.starts_with("route") => ": `ripen route list` shows them",
        ("version", "unknown") => ": `ripen criteria list` shows them",
        _ => "",
    };
    format!("{named}{}{hint}", error.message)
}

/// The flag or the argument that carries a field, as clap's help writes it: `--time-zone`, `<NAME>`.
fn argument(command: &str, field: &str) -> Option<String> {
    let mut clap = COMMANDS.get()?;
    for word in command.split(' ') {
        clap = clap.find_subcommand(word)?;
    }
    let known = |name: &str| clap.get_arguments().find(|argument| argument.get_id().as_str() == name);
    // A client is named by its slug where the command is about the client, a document comes in a file.
    let found = known(field).or_else(|| match field {
        "client" => known("slug"),
        "document" => known("file"),
        "answers" => known("answer"),
        "endpoint" | "delivery" | "lead" | "letter" => known("id"),
        _ => None,
    })?;
    let value = || found.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    Some(match found.get_long() {
        Some(flag) => format!("--{flag}"),
        None => format!("<{}>", value().unwrap_or_else(|| field.to_uppercase())),
    })
}

/// The command that shows what there is of a noun.
fn shows(what: &str) -> Option<&'static str> {
    Some(match what {
        "token" => "`ripen client token list SLUG` shows a client's",
        "endpoint" => "`ripen endpoint list` shows them",
        "source" => "`ripen source list` shows them",
        "lead" => "`ripen lead list --email E` shows a person's",
        "delivery" => "`ripen delivery list` shows them",
        "sent delivery" => "`ripen lead show` lists a lead's",
        "decision" => "`ripen decision list --email E` shows a person's",
        "quarantined arrival" => "`ripen quarantine list` shows those that wait",
        "dead letter" => "`ripen dead list` shows those that wait",
        "appointment" => "`ripen appointment list` shows them",
        _ => return None,
    })
}

/// The command that makes it possible.
fn helps(code: &str) -> Option<&'static str> {
    Some(match code {
        "delivered" => "`ripen delivery replay ID` sends it once more",
        "no_endpoint" => "`ripen endpoint add` or `ripen endpoint resume`",
        "endpoint_disabled" => "`ripen endpoint resume ID` first",
        "not_to_be_rerouted" => "`ripen lead show ID` shows who has it",
        "final" => "`ripen suppress lift`",
        "no_user" => "`ripen lead touch`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_field_is_named_as_the_flag_it_came_from() {
        know(Cli::command());
        let errors = ["time_zone", "name"].map(|field| FieldError {
            field: field.to_owned(),
            code: "invalid",
            message: format!("{field} is wrong"),
        });
        let said = refused("client add")(Refusal::Invalid(errors.to_vec())).to_string();
        assert_eq!(said, "--time-zone: time_zone is wrong\n       <NAME>: name is wrong");
        let said = |command: &'static str, field: &str| {
            refused(command)(Refusal::field(field, "invalid", "is wrong")).to_string()
        };
        for (command, field, expected) in [
            ("client set", "client", "<SLUG>: is wrong"),
            ("criteria activate", "document", "<FILE>: is wrong"),
            ("criteria show", "version", "<VERSION>: is wrong"),
            ("source add", "name", "<NAME>: is wrong"),
            ("lead touch", "answers.budget", "--answer budget: is wrong"),
            ("promise move", "why", "--why: is wrong"),
        ] {
            assert_eq!(said(command, field), expected, "{command}");
        }
    }

    /// Whatever a command refuses, it says of which of its arguments: none is left out.
    #[test]
    fn every_argument_of_every_command_is_named_in_a_refusal() {
        know(Cli::command());
        let mut waiting = vec![(String::new(), Cli::command())];
        let mut seen = 0;
        while let Some((path, command)) = waiting.pop() {
            let within = |inner: &clap::Command| format!("{path} {}", inner.get_name()).trim().to_owned();
            waiting.extend(command.get_subcommands().map(|inner| (within(inner), inner.clone())));
            for given in command.get_arguments().filter(|_| !path.is_empty()) {
                let named = argument(&path, given.get_id().as_str()).unwrap_or_default();
                assert!(named.starts_with("--") || named.starts_with('<'), "{path}: {given:?} is called {named:?}");
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen} arguments");
    }

    #[test]
    fn what_is_missing_comes_with_where_to_look() {
        let said = refused("client token revoke")(Refusal::missing("token", "token_1")).to_string();
        assert_eq!(said, "no token token_1: `ripen client token list SLUG` shows a client's");
    }
}
