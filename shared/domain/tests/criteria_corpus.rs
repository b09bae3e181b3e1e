//! A corpus of documents that managers could write by mistake, each with everything that the checker says of it; and the
//! example documents spoilt in every systematic way. Whatever is said stands at a place that exists.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

mod cost;

use std::{collections::BTreeSet, time::Duration};

use ripen_domain::criteria::{Criteria, Mistake};

/// What makes a document of a part, after it.
const REST: &str = r#"[[rule]]
id = "verified"
when = "lead.verified"
points = 100
because = "Verified"
[grades]
A = 50
B = 20
"#;
const REQUALIFY: &str = "[requalify]\nB = \"30d\"\nC = \"90d\"\nrounds = 6\n";
const EXAMPLES: [&str; 3] = [
    include_str!("../../../deploy/criteria/residential-purchase.toml"),
    include_str!("../../../deploy/criteria/mortgage.toml"),
    include_str!("../../../deploy/criteria/general.toml"),
];
/// One document in a build without optimisation, beside other tests.
const LONGEST: Duration = Duration::from_secs(2);

/// Everything that is said of a document. Each place exists; saying it again comes to the same; it takes little time.
fn said(document: &str) -> (bool, Vec<Mistake>) {
    let (once, took) = cost::of(|| load(document));
    assert!(took < LONGEST, "took {took:?}: {document}");
    assert_eq!(once, load(document), "{document}");
    let lines: Vec<&str> = document.split('\n').collect();
    for mistake in &once.1 {
        let line = lines.get(mistake.line as usize - 1).unwrap_or_else(|| panic!("{mistake}\n{document}"));
        let room = line.trim_end_matches('\r').chars().count() + 1;
        assert!(mistake.column > 0 && mistake.column as usize <= room, "{mistake}\n{line}");
        assert!(!mistake.message.is_empty() && mistake.message.len() < 1_000, "{mistake}");
    }
    assert!(once.1.is_sorted(), "{:?}", once.1);
    once
}

fn load(document: &str) -> (bool, Vec<Mistake>) {
    match Criteria::load(document) {
        Ok(loaded) => (true, loaded.warnings),
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a reason: {document}");
            (false, mistakes)
        }
    }
}

/// Checks every document of a file: `=== title`, the document, `--- what is said of it`.
fn check(cases: &str, make: fn(&str) -> String) -> usize {
    let mut count = 0;
    for case in format!("\n{cases}").split("\n=== ").skip(1) {
        let (title, rest) = case.split_once('\n').unwrap();
        let mut parts = rest.trim_end().split("\n--- ");
        let document = make(parts.next().unwrap());
        let (passes, found) = said(&document);
        let kind = if passes { "warning " } else { "" };
        let found: Vec<String> = found.iter().map(|mistake| format!("{kind}{mistake}")).collect();
        assert_eq!(found, parts.collect::<Vec<_>>(), "{title}");
        count += 1;
    }
    count
}

fn whole(document: &str) -> String {
    format!("{document}\n")
}

fn part(lines: &str) -> String {
    let requalify = if lines.contains("[requalify]") { "" } else { REQUALIFY };
    format!("name = \"x\"\n{lines}\n{REST}{requalify}")
}

#[test]
fn every_document_of_the_corpus_is_told_what_is_wrong_with_it() {
    let parts = ["questions", "conditions", "documents", "warnings"].map(|file| match file {
        "questions" => include_str!("corpus/questions.txt"),
        "conditions" => include_str!("corpus/conditions.txt"),
        "documents" => include_str!("corpus/documents.txt"),
        _ => include_str!("corpus/warnings.txt"),
    });
    let mut count: usize = parts.into_iter().map(|file| check(file, part)).sum();
    for file in [include_str!("corpus/whole.txt"), include_str!("corpus/whole_warnings.txt")] {
        count += check(file, whole);
    }
    assert!(count >= 80, "{count} documents");
}

/// A document spoilt: what was done, the line it was done to, and the text that came of it.
struct Spoilt {
    how: &'static str,
    line: usize,
    text: String,
}

/// The lines with one of them replaced.
fn with_line(lines: &[&str], at: usize, line: Option<&str>) -> String {
    let replaced = lines.iter().enumerate().filter_map(|(place, old)| if place == at { line } else { Some(*old) });
    replaced.fold(String::new(), |text, line| text + line + "\n")
}

/// Every `key = value` line of an example: its number, key and value.
fn pairs<'t>(lines: &[&'t str]) -> Vec<(usize, &'t str, &'t str)> {
    let pair = |(at, line): (usize, &&'t str)| line.split_once(" = ").map(|(key, value)| (at, key, value));
    lines.iter().enumerate().filter(|(_, line)| !line.starts_with('#')).filter_map(pair).collect()
}

fn misspelt_keys(lines: &[&str]) -> Vec<Spoilt> {
    let spoil = |(at, key, value): (usize, &str, &str)| {
        let how = if key.len() > 1 { "misspelt" } else { "small" };
        let wrong = if key.len() > 1 { format!("{key}x") } else { key.to_lowercase() };
        Spoilt { how, line: at + 1, text: with_line(lines, at, Some(&format!("{wrong} = {value}"))) }
    };
    let script = |at: usize| lines[..at].iter().rev().find(|line| line.starts_with('[')) == Some(&"[script]");
    pairs(lines).into_iter().filter(|(at, ..)| !script(*at)).map(spoil).collect()
}

fn wrong_types(lines: &[&str]) -> Vec<Spoilt> {
    let mut spoilt = Vec::new();
    for (at, key, value) in pairs(lines) {
        for wrong in ["12.5", "true", "\"\"", "[[1]]", "{ zzzz = [] }", "1979-05-27"] {
            if wrong == value || key == "min" && wrong == "12.5" || key == "max" && wrong == "12.5" {
                continue;
            }
            let text = with_line(lines, at, Some(&format!("{key} = {wrong}")));
            spoilt.push(Spoilt { how: "wrong type", line: at + 1, text });
        }
    }
    spoilt
}

fn dropped_marks(lines: &[&str]) -> Vec<Spoilt> {
    let mut spoilt = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        for (place, mark) in line.match_indices(['"', '[', ']', '{', '}', '=', '(', ')']) {
            let text = with_line(lines, at, Some(&format!("{}{}", &line[..place], &line[place + mark.len()..])));
            spoilt.push(Spoilt { how: "dropped mark", line: at + 1, text });
        }
    }
    spoilt
}

#[test]
fn misspelt_keys_are_refused_where_they_stand_and_the_right_ones_offered() {
    let mut count = 0;
    for example in EXAMPLES {
        let lines: Vec<&str> = example.lines().collect();
        for Spoilt { how, line, text } in misspelt_keys(&lines) {
            let (passes, found) = said(&text);
            let here = found.iter().find(|mistake| mistake.line as usize == line).unwrap_or_else(|| panic!("{text}"));
            assert!(!passes && here.column == 1, "{how} {line}: {found:?}");
            assert!(here.message.contains("did you mean '"), "{how} {line}: {here}");
            count += 1;
        }
    }
    assert!(count >= 120, "{count} documents");
}

#[test]
fn values_of_wrong_types_are_refused_at_their_lines() {
    let mut count = 0;
    for example in EXAMPLES {
        let lines: Vec<&str> = example.lines().collect();
        for Spoilt { how, line, text } in wrong_types(&lines) {
            let (passes, found) = said(&text);
            assert!(!passes, "{how} {line}: {text}");
            assert!(found.iter().any(|mistake| mistake.line as usize == line), "{how} {line}: {found:?}");
            count += 1;
        }
    }
    assert!(count >= 600, "{count} documents");
}

#[test]
fn dropped_quotes_and_brackets_are_refused_at_or_after_their_lines() {
    let mut count = 0;
    for example in EXAMPLES {
        let lines: Vec<&str> = example.lines().collect();
        for Spoilt { how, line, text } in dropped_marks(&lines) {
            let (passes, found) = said(&text);
            // A sign in a text for people is theirs to drop; '<=' becomes '<'.
            let dropped = lines[line - 1];
            let people = dropped.starts_with("ask") || dropped.contains("{client}");
            let free = people || dropped.contains("<=") || dropped.contains(">=");
            assert!(!passes || free, "{how} {line}: {}", text.lines().nth(line - 1).unwrap());
            assert!(passes || found.iter().any(|mistake| mistake.line as usize >= line), "{how} {line}: {found:?}");
            count += 1;
        }
    }
    assert!(count >= 600, "{count} documents");
}

#[test]
fn dropped_lines_are_missed_where_their_table_begins() {
    let (mut count, mut harmless) = (0, BTreeSet::new());
    for example in EXAMPLES {
        let lines: Vec<&str> = example.lines().collect();
        for (at, key, _) in pairs(&lines) {
            let text = with_line(&lines, at, None);
            let (passes, found) = said(&text);
            let heading = lines[..at].iter().rposition(|line| line.starts_with('[')).map_or(1, |place| place + 1);
            count += 1;
            if passes {
                harmless.insert(key);
            } else {
                let needs = format!("needs '{key}'");
                let at_heading =
                    |mistake: &&Mistake| mistake.line as usize == heading && mistake.message.contains(&needs);
                assert!(found.iter().any(|mistake| at_heading(&mistake)), "{key} {at}: {found:?}");
            }
        }
    }
    let optional =
        ["B", "C", "about", "closing", "confirm_within", "counts_down", "id", "max", "min", "on", "opening", "rounds"];
    let expected: BTreeSet<_> = optional.into_iter().chain(["stale_after", "unit", "voicemail"]).collect();
    assert_eq!(harmless, expected);
    assert!(count >= 200, "{count} documents");
}

#[test]
fn dropped_and_doubled_headings_are_refused() {
    let mut count = 0;
    for example in EXAMPLES {
        let lines: Vec<&str> = example.lines().collect();
        for (at, heading) in lines.iter().enumerate().filter(|(_, line)| line.starts_with('[')) {
            let (passes, found) = said(&with_line(&lines, at, None));
            assert!(!passes && found.iter().any(|mistake| mistake.line as usize > at), "{heading} {at}: {found:?}");
            let (passes, found) = said(&with_line(&lines, at, Some(&format!("{heading}\n{heading}"))));
            assert!(!passes && found.iter().any(|mistake| mistake.line as usize > at), "{heading} {at}: {found:?}");
            count += 2;
        }
    }
    assert!(count >= 100, "{count} documents");
}

#[test]
fn doubled_ids_are_refused_where_they_stand_again() {
    let mut count = 0;
    for example in EXAMPLES {
        let lines: Vec<&str> = example.lines().collect();
        let ids: Vec<_> = pairs(&lines).into_iter().filter(|(_, key, _)| *key == "id").collect();
        let is_question = |at: usize| lines[at - 1] == "[[question]]";
        for window in ids.windows(2) {
            let [(first, ..), (second, ..)] = window else { panic!("two ids") };
            if is_question(*first) == is_question(*second) {
                let (passes, found) = said(&with_line(&lines, *second, Some(lines[*first])));
                let again = |mistake: &Mistake| mistake.line as usize == second + 1 && mistake.column == 6;
                let twice = found.iter().find(|mistake| again(mistake)).unwrap_or_else(|| panic!("{found:?}"));
                assert!(!passes && twice.message.contains("stands twice"), "{found:?}");
                count += 1;
            }
        }
    }
    assert!(count >= 40, "{count} documents");
}

#[test]
fn swapped_limits_and_thresholds_are_refused_or_doubted() {
    for (example, swaps) in [
        (0, [("A = 70\nB = 30", "A = 30\nB = 70"), ("B = \"30d\"\nC = \"90d\"", "B = \"90d\"\nC = \"30d\"")]),
        (1, [("A = 65\nB = 30", "A = 30\nB = 65"), ("B = \"30d\"\nC = \"120d\"", "B = \"120d\"\nC = \"30d\"")]),
        (2, [("A = 60\nB = 25", "A = 25\nB = 60"), ("min = 0\nmax = 3650", "min = 3650\nmax = 0")]),
    ] {
        for (right, wrong) in swaps {
            assert!(EXAMPLES[example].contains(right), "{right}");
            let (passes, found) = said(&EXAMPLES[example].replace(right, wrong));
            assert!(passes == wrong.contains("30d") && found.len() == 1, "{wrong}: {found:?}");
        }
    }
}

/// Answers that the conditions name, each misspelt in the condition alone and in the question alone.
#[test]
fn a_name_that_a_question_and_a_condition_spell_differently_is_found_in_the_condition() {
    let mut count = 0;
    for example in EXAMPLES {
        let lines: Vec<&str> = example.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            for (place, _) in line.match_indices("answers.") {
                let id = place + "answers.".len();
                let text = with_line(&lines, at, Some(&format!("{}z{}", &line[..id], &line[id..])));
                let (passes, found) = said(&text);
                let expected = line[..id].chars().count() + 1;
                let here = |mistake: &&Mistake| (mistake.line as usize, mistake.column as usize) == (at + 1, expected);
                let here = found.iter().find(here).unwrap_or_else(|| panic!("{line}: {found:?}"));
                assert!(!passes && here.message.contains("did you mean '"), "{here}");
                count += 1;
            }
        }
    }
    assert!(count >= 30, "{count} documents");
}
