//! Sentences are for people: nothing happens by their words. What a statement tells rows apart by is a code that stands beside the
//! sentence, and whoever writes the sentence writes the code, or the code of the one before would stay.
//!
//! Sentences of versions before are read by migrations alone: by two functions of 0037, and once by 0039.

use crate::{
    refuse,
    repository::{Text, sources},
    tables::{literals, words, written},
};

/// Columns of sentences.
const SENTENCES: [&str; 3] = ["reason", "closed_reason", "state_reason"];

/// The table, its sentence, and the code beside it.
const CODES: [(&str, &str, &str); 2] =
    [("delivery", "reason", "reason_code"), ("lead", "closed_reason", "closed_code")];

/// Why an arrival is quarantined is a word of `QuarantineReason`, and no sentence.
const OF_ARRIVALS: &str = "shared/store/src/arrival/";

#[test]
fn no_statement_decides_by_the_words_of_a_sentence() {
    let sources = sources();
    let store = sources.iter().filter(|text| text.path.starts_with("shared/store/src/"));
    let shipped = store.filter(|text| !text.path.contains("tests") && !text.path.starts_with(OF_ARRIVALS));
    refuse(&shipped.flat_map(check).collect::<Vec<_>>());
}

fn check(text: &Text) -> Vec<String> {
    let Ok(tokens) = text.content.parse() else { return Vec::new() };
    let of =
        |(line, sql): (usize, String)| found(&sql).into_iter().map(move |what| format!("{}:{line}: {what}", text.path));
    literals(tokens).into_iter().flat_map(of).collect()
}

fn found(sql: &str) -> Vec<String> {
    let words: Vec<String> = words(sql).into_iter().map(|(_, word)| word).collect();
    let mut found: Vec<String> = SENTENCES
        .into_iter()
        .filter(|column| compared(&words, column))
        .map(|column| format!("`{column}` is a sentence: compare a code beside it"))
        .collect();
    let tables: Vec<String> = written(sql).into_iter().map(|(_, table)| table).collect();
    for (table, sentence, code) in CODES {
        let is_of = tables.iter().any(|written| written == table);
        if is_of && assigned(&words, sentence) != assigned(&words, code) {
            found.push(format!("`{sentence}` of {table} is set without `{code}`, or the other way round"));
        }
    }
    found
}

fn compared(words: &[String], column: &str) -> bool {
    let word = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", String::as_str);
    let places = (0..words.len()).filter(|at| words[*at] == column);
    places.into_iter().any(|at| {
        // Before the name of the table that stands before the column, where one does.
        let first = if word(at.checked_sub(1)) == "." { at.saturating_sub(2) } else { at };
        let (before, next) = (word(first.checked_sub(1)), word(Some(at + 1)));
        let is_read =
            matches!(word(first.checked_sub(2)), "starts_with" | "strpos" | "left" | "split_part" | "regexp_like");
        let is_condition = matches!(before, "where" | "and" | "or" | "when" | "not" | "on" | "(" | "case");
        let is_distinct = next == "is" && (word(Some(at + 2)) == "distinct" || word(Some(at + 3)) == "distinct");
        let is_operator = matches!(next, "=" | "<" | ">" | "!" | "~" | "like" | "ilike" | "similar" | "in" | "not");
        before == "(" && is_read || before == "case" && next == "when" || is_condition && (is_operator || is_distinct)
    })
}

fn assigned(words: &[String], column: &str) -> usize {
    let is_one = |three: &&[String]| matches!(&*three[0], "set" | ",") && three[1] == column && three[2] == "=";
    words.windows(3).filter(is_one).count()
}

#[test]
fn the_check_of_sentences_finds_what_it_is_for() {
    for wrong in [
        "-- a.b\nselect id from delivery d where d.state = 'held' and d.reason = $1",
        "-- a.b\nselect id from delivery where starts_with(reason, $1)",
        "-- a.b\nselect id from lead where closed_reason like 'lost%'",
        "-- a.b\nselect id from delivery where reason is distinct from $1",
        "-- a.b\nselect case closed_reason when 'lost' then 1 end from lead",
        "-- a.b\nupdate delivery set state = 'dead', reason = $2 where id = $1",
        "-- a.b\nupdate lead set closed_reason = null where id = $1",
    ] {
        assert_eq!(found(wrong).len(), 1, "{wrong}");
    }
    for right in [
        "-- a.b\nupdate delivery set reason = $2, reason_code = null where id = $1 and reason_code = 'undecided'",
        "-- a.b\nselect reason, closed_reason from lead where reason is not null and delivery_reason_code(code, reason) = 'x'",
        "-- a.b\ninsert into delivery (id, reason) values ($1, $2)",
        "-- a.b\nupdate notice set reason = $2 where id = $1",
    ] {
        assert!(found(right).is_empty(), "{right}: {:?}", found(right));
    }
}
