//! What must not be written anywhere: unfinished work, code that is commented out, the paths of one machine.

use crate::{
    refuse,
    repository::{Text, root, sources, texts},
};

/// In two halves each, so that this file does not find itself.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
];

/// By the folders in them: addresses of the desk begin like one of these paths.
const OF_ONE_MACHINE: [&str; 5] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/wt"),
    concat!("/wo", "rk/shared"),
    concat!("/wo", "rk/."),
    concat!("/ro", "ot/"),
];

fn findings(texts: &[Text], wrong: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let of_text = |text: &Text| {
        let lines = text.content.lines().enumerate();
        let found = lines.filter_map(|(at, line)| Some(format!("{}:{}: {}", text.path, at + 1, wrong(line)?)));
        found.collect::<Vec<_>>()
    };
    texts.iter().flat_map(of_text).collect()
}

fn unfinished(line: &str) -> Option<String> {
    let word = UNFINISHED.iter().find(|word| has_word(line, word))?;
    Some(format!("{word}: finish it or leave it out"))
}

/// Whether the text occurs with no letter, digit or underscore against it.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |neighbour: Option<char>| neighbour.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + word.len()..].chars().next());
        !part_of_word(before) && (word.ends_with('!') || !part_of_word(after))
    })
}

fn of_one_machine(line: &str) -> Option<String> {
    let path = OF_ONE_MACHINE.iter().find(|path| line.contains(*path))?;
    Some(format!("{path} is a path of one machine"))
}

/// Where this very copy lies, as a program or an editor may have written it into a file.
fn of_this_machine(line: &str) -> Option<String> {
    let here = root().canonicalize().unwrap();
    // A short path such as `/src` may well be meant.
    let here = here.to_str().filter(|_| here.components().count() > 2)?;
    line.contains(here).then(|| format!("{here} is a path of this machine"))
}

/// The places in a source where a comment is a statement of Rust.
fn commented_out(text: &Text) -> Vec<String> {
    let mut found = Vec::new();
    let mut block = String::new();
    for (at, line) in text.content.lines().chain([""]).enumerate() {
        match line.trim_start().strip_prefix("//").filter(|rest| !rest.starts_with(['/', '!'])) {
            Some(rest) => {
                block.push_str(rest);
                block.push('\n');
                if is_statement(rest) {
                    found.push(format!("{}:{}: code that is commented out", text.path, at + 1));
                }
            }
            None => {
                if block.lines().count() > 1 && is_statement(&block) {
                    found.push(format!("{}:{at}: code that is commented out ends here", text.path));
                }
                block.clear();
            }
        }
    }
    found
}

fn is_statement(comment: &str) -> bool {
    let ends_like_code = comment.trim_end().ends_with([';', '}']);
    // A single word and a semicolon is prose.
    ends_like_code && comment.contains(['(', '=', ':', '{']) && parses(comment)
}

fn parses(code: &str) -> bool {
    let parser = syn::Block::parse_within;
    syn::parse::Parser::parse_str(parser, code).is_ok_and(|statements| !statements.is_empty())
}

#[test]
fn nothing_is_unfinished() {
    refuse(&findings(&texts(), unfinished));
}

#[test]
fn no_path_belongs_to_one_machine() {
    let texts = texts();
    refuse(&findings(&texts, |line| of_one_machine(line).or_else(|| of_this_machine(line))));
}

#[test]
fn no_code_is_commented_out() {
    refuse(&sources().iter().flat_map(commented_out).collect::<Vec<_>>());
}

#[test]
fn the_checks_of_words_find_what_they_are_for() {
    assert!(unfinished(concat!("// TO", "DO: later")).is_some());
    assert!(unfinished(concat!("to", "do!()")).is_some());
    assert!(unfinished("mktemp -d name-XXXXXX").is_none());
    assert!(of_one_machine(concat!("cd /ro", "ot/ripen")).is_some());
    for (comment, is_code) in [
        ("    // let x = 1;\n", true),
        ("// send(lead).await?;\n", true),
        ("// if late {\n//     return;\n// }\n", true),
        ("// Until then: the row is ours;\n", false),
        ("// the first of them;\n", false),
        ("/// let x = 1;\n", false),
        ("// A line of prose (with brackets).\n", false),
    ] {
        let text = Text { path: "a.rs".to_owned(), content: comment.to_owned() };
        assert_eq!(!commented_out(&text).is_empty(), is_code, "{comment}");
    }
}
