//! Actions know no command line: pages and the API call them too, and what they refuse is told by field, not by flag.

use crate::{
    refuse,
    shipped::{Source, parse, shipped, texts_in},
};

#[test]
fn actions_know_no_command_line() {
    let actions = shipped().iter().filter(|source| source.path.starts_with("shared/actions/"));
    refuse(&actions.flat_map(flags).collect::<Vec<_>>());
}

/// Texts that name a flag or a command.
fn flags(source: &Source) -> Vec<String> {
    let named = texts_in(source).into_iter().filter(|(_, text)| names_a_flag(text) || names_a_command(text));
    named.map(|(line, text)| format!("{}:{line}: {text:?} speaks of the command line", source.path)).collect()
}

fn names_a_flag(text: &str) -> bool {
    text.match_indices("--").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + 2..].chars().next();
        // An SQL comment has a space behind it, a rule has more dashes.
        before.is_none_or(|c| !c.is_alphanumeric() && c != '-') && after.is_some_and(|c| c.is_ascii_lowercase())
    })
}

/// `ripen lead show`: whoever reads it on a page has no shell.
fn names_a_command(text: &str) -> bool {
    text.contains("`ripen ")
}

#[test]
fn the_check_of_flags_finds_what_it_is_for() {
    for (text, is_flag) in [
        ("give --fallback too", true),
        ("--program", true),
        ("-- leads.show\nselect", false),
        ("a--b", false),
        ("----", false),
        ("2026--", false),
    ] {
        assert_eq!(names_a_flag(text), is_flag, "{text}");
    }
    let source = parse("shared/actions/src/a.rs", "/// With --dry-run.\nfn a() { refuse(\"use --dry-run\"); }");
    assert_eq!(flags(&source).len(), 1);
    let source =
        parse("shared/actions/src/a.rs", "/// As `ripen lead show`.\nfn a() { refuse(\"see `ripen lead show`\"); }");
    assert_eq!(flags(&source).len(), 1);
}
