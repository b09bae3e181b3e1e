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
    // `answer.budget` is the part `budget` of the flag `--answer`.
    let (field, inner) = error.field.split_once('.').map_or((error.field.as_str(), None), |(a, b)| (a, Some(b)));
    // The flag comes from clap itself: a renamed flag cannot leave a stale name in a message.
    let named = match (flag(command, field), inner) {
        (Some(flag), None) => format!("--{flag}: "),
        (Some(flag), Some(inner)) => format!("--{flag} {inner}: "),
        // An argument without a flag is the command's object: the message quotes it.
        (None, _) => String::new(),
    };
    let hint = match (field, error.code) {
        // By the end of the message: only where there is no client at all does the command that adds one help.
        ("client", "unknown") if error.message.ends_with("none yet") => ": `ripen client add NAME`",
        ("program", "unknown") => " (`ripen criteria activate FILE`)",
        ("backtest", "required" | "outdated") => ": `ripen criteria backtest FILE`",
        ("backtest", "unknown") => ": `ripen criteria backtest FILE` makes one",
        ("version", "unknown") if command.starts_with("route") => ": `ripen route list` shows them",
        ("version", "unknown") => ": `ripen criteria list` shows them",
        _ => "",
    };
    format!("{named}{}{hint}", error.message)
}

/// The flag that carries a field, as clap knows it.
fn flag(command: &str, field: &str) -> Option<String> {
    let mut clap = COMMANDS.get()?;
    for word in command.split(' ') {
        clap = clap.find_subcommand(word)?;
    }
    let found = clap.get_arguments().find(|argument| argument.get_id().as_str() == field)?;
    found.get_long().map(str::to_owned)
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
        assert_eq!(said, "--time-zone: time_zone is wrong\n       name is wrong");
    }

    #[test]
    fn what_is_missing_comes_with_where_to_look() {
        let said = refused("client token revoke")(Refusal::missing("token", "token_1")).to_string();
        assert_eq!(said, "no token token_1: `ripen client token list SLUG` shows a client's");
    }
}
