//! Random documents: bytes, words in any order, two examples spliced, one cut short. Checking one ends in mistakes at places
//! that exist or in criteria that decide about any lead; always on a small stack, in little time, in little memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

mod cost;

use std::time::Duration;

use jiff::Timestamp;
use proptest::{collection::vec, prelude::*, sample::select};
use ripen_domain::{
    criteria::{Answer, Cause, Criteria, Facts, Origin, qualify, replay_decision},
    lead::Channel,
};
use serde_json::{Value, json};

/// A quarter of what a thread of the runtime has, in a build without optimisation.
const STACK: usize = 512 * 1024;
/// One document in a build without optimisation, beside other tests.
const LONGEST: Duration = Duration::from_secs(5);
/// Memory of the whole process that all documents of a property may need more than at its start.
const MOST_KILOBYTES: u64 = 64 * 1024;
const EXAMPLES: [&str; 3] = [
    include_str!("../../../deploy/criteria/residential-purchase.toml"),
    include_str!("../../../deploy/criteria/mortgage.toml"),
    include_str!("../../../deploy/criteria/general.toml"),
];
const WORDS: [&str; 66] = [
    "[[question]]\n",
    "[[rule]]\n",
    "[[gate]]\n",
    "[[disqualify]]\n",
    "[grades]\n",
    "[requalify]\n",
    "[script]\n",
    "[rule]\n",
    "name",
    "id",
    "ask",
    "type",
    "unit",
    "min",
    "max",
    "choices",
    "counts_down",
    "stale_after",
    "when",
    "points",
    "because",
    "require",
    "at_most",
    "A",
    "B",
    "C",
    "on",
    "rounds",
    "confirm_within",
    " = ",
    "=",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    ",",
    ".",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "]]",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "\\",
    "\\u00e9",
    "#",
    "\"number\"",
    "\"yes_no\"",
    "\"date\"",
    "\"choice\"",
    "\"a\"",
    "['a', 'b']",
    "{ en = 'x' }",
    "true",
    "12",
    "-1.5e3",
    "0x1f",
    "nan",
    "\"30d\"",
    "2026-11-30",
    "é\u{0}🏠",
];
const TOKENS: [&str; 58] = [
    "answers.n",
    "answers.yes",
    "answers.day",
    "answers.pick",
    "answers.picks",
    "answers.words",
    "answers.gone",
    "answers",
    "lead.verified",
    "lead.channel",
    "lead.age",
    "lead.last_conversation_at",
    "client.name",
    "source.channel",
    "now",
    "x",
    "true",
    "false",
    "null",
    "&&",
    "||",
    "!",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "?",
    ":",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "in",
    "has(",
    "days(",
    "size(",
    "timestamp('2026-11-30')",
    ".exists(x, ",
    ".all(x, ",
    ".startsWith(",
    ".contains('a')",
    "'a'",
    "'b'",
    "\"\"",
    "0",
    "1",
    "2.5",
    "9223372036854775807",
    "é",
];

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// Facts that fit the questions of the examples here and there, and otherwise not at all.
fn facts(values: &[Value], at: Timestamp) -> Facts {
    const IDS: [&str; 12] = [
        "n",
        "yes",
        "day",
        "pick",
        "picks",
        "words",
        "timeframe_days",
        "move_date",
        "budget",
        "preapproved",
        "wants",
        "amount",
    ];
    let mut facts = Facts::default();
    facts.lead.channel = Channel::Phone;
    facts.lead.verified = values.len().is_multiple_of(2);
    facts.lead.first_arrived_at = at;
    facts.lead.last_arrived_at = at;
    for (id, value) in IDS.into_iter().zip(values) {
        let answer = Answer { value: value.clone(), at, origin: Origin::Person("Casey".into()) };
        facts.answers.insert(id.to_owned(), answer);
    }
    facts
}

/// Checks a document on a small stack; what passes decides about the lead, and its receipt replays.
fn try_document(document: String, values: Vec<Value>, now: Timestamp) -> Result<bool, TestCaseError> {
    let shown = document.clone();
    let check = move || match Criteria::load(&document) {
        Err(mistakes) => {
            let lines: Vec<&str> = document.split('\n').collect();
            let exists = |line: u32, column: u32| {
                let line = lines.get(line as usize - 1);
                line.is_some_and(|line| column > 0 && column as usize <= line.chars().count() + 1)
            };
            let all =
                mistakes.iter().all(|mistake| exists(mistake.line, mistake.column) && mistake.message.len() < 1_000);
            assert!(all && !mistakes.is_empty() && mistakes.len() <= 200, "{mistakes:?}");
            false
        }
        Ok(loaded) => {
            let at = "2026-01-01T00:00:00Z".parse().unwrap();
            let decision = qualify(&facts(&values, at), &loaded.criteria, &Cause::regrade(), now);
            let stored = decision.receipt.to_json();
            assert_eq!(replay_decision(&stored, &loaded.criteria).unwrap(), stored);
            assert!(!decision.receipt.explain(&loaded.criteria, &jiff::tz::TimeZone::UTC).is_empty());
            true
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(|| cost::of(check));
    let result = thread.unwrap().join();
    prop_assert!(result.is_ok(), "{shown}");
    let (sound, took) = result.unwrap_or_default();
    prop_assert!(took < LONGEST, "took {took:?}: {}", shown.chars().take(2_000).collect::<String>());
    Ok(sound)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        (0_i64..400).prop_map(|number| json!(number)),
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<String>().prop_map(|text| json!(text)),
        select(vec!["a", "b", "buy", "2026-11-30", "2027-Q1", "2027-02", "2027", "9999", "0000", "yes"])
            .prop_map(|text| json!(text)),
        Just(json!(["a", "b"])),
        Just(json!({"a": [null]})),
    ]
}

fn now() -> impl Strategy<Value = Timestamp> {
    let usual = 1_700_000_000_i64..2_000_000_000;
    prop_oneof![8 => usual, 1 => Just(-377_705_023_201_i64), 1 => Just(253_402_207_200_i64)]
        .prop_map(|second| Timestamp::from_second(second).unwrap())
}

/// A document around one condition, with a question of every type.
fn around(condition: &str) -> String {
    let question = |id: &str, kind: &str| format!("[[question]]\nid = '{id}'\nask = '?'\ntype = {kind}\n");
    let questions = [
        ("n", "'number'\nmin = 0\nmax = 100"),
        ("yes", "'yes_no'"),
        ("day", "'date'"),
        ("pick", "'choice'\nchoices = ['a', 'b']"),
        ("picks", "'choices'\nchoices = ['a', 'b']"),
        ("words", "'text'"),
    ];
    let questions: String = questions.iter().map(|(id, kind)| question(id, kind)).collect();
    format!(
        "name = 'x'\n[grades]\nA = 1\nB = 0\n{questions}[[rule]]\nid = 'r'\npoints = 1\nbecause = 'y'\nwhen = '''\n{condition}'''\n"
    )
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count) }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn random_bytes(bytes in vec(any::<u8>(), 0..600), lines in any::<[String; 4]>()) {
        try_document(String::from_utf8_lossy(&bytes).into_owned(), vec![], Timestamp::UNIX_EPOCH)?;
        try_document(lines.join("\n"), vec![], Timestamp::UNIX_EPOCH)?;
    }

    #[test]
    fn random_words_of_documents(words in vec(select(WORDS.to_vec()), 0..200), spaced in any::<bool>()) {
        try_document(words.join(if spaced { " " } else { "" }), vec![], Timestamp::UNIX_EPOCH)?;
    }

    #[test]
    fn random_words_of_conditions(
        words in vec(select(TOKENS.to_vec()), 1..12), values in vec(value(), 0..12), now in now(),
    ) {
        try_document(around(&words.join(" ")), values, now)?;
    }

    #[test]
    fn conditions_of_which_a_word_is_changed(
        place in any::<prop::sample::Index>(), word in select(TOKENS.to_vec()), values in vec(value(), 0..12), now in now(),
        condition in select(vec![
            "answers.n > 3 && answers.yes || answers.day < now + days( 30 )",
            "answers.pick in [ 'a' , 'b' ] && ! answers.yes",
            "answers.picks .exists(x, x == 'a' ) ? answers.n + 1 > 2.5 : has( answers.words )",
            "size( answers.words ) > 1 && answers.words .startsWith( 'a' ) || lead.age / 2 >= 1",
            "now - lead.last_conversation_at < days( 30 ) && [ 1 , 2.5 ] .all(x, x < answers.n )",
        ]),
    ) {
        let mut words: Vec<&str> = condition.split(' ').collect();
        let place = place.index(words.len());
        words[place] = word;
        try_document(around(&words.join(" ")), values, now)?;
    }

    #[test]
    fn two_examples_spliced(
        one in 0..3_usize, other in 0..3_usize, cut in any::<[prop::sample::Index; 2]>(), whole in any::<bool>(),
        values in vec(value(), 0..12), now in now(),
    ) {
        let (one, other) = (EXAMPLES[one], EXAMPLES[other]);
        let place = |text: &str, cut: &prop::sample::Index| {
            let at = cut.index(text.len());
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            if whole { text[..at].rfind("\n\n").map_or(0, |line| line + 1) } else { at }
        };
        let (first, second) = (place(one, &cut[0]), place(other, &cut[1]));
        try_document(format!("{}{}", &one[..first], &other[second..]), values.clone(), now)?;
        try_document(one[..first].to_owned(), values, now)?;
    }
}

#[test]
fn a_large_hostile_document_needs_little_time_and_memory() {
    let begun_with = peak_kilobytes();
    let long = |n: usize| format!("{}{n:03}{}", ["q", "qq"][n % 2], "q".repeat(58));
    let questions: String =
        (0..200).map(|n| format!("[[question]]\nid='{}'\nask='?'\ntype='text'\n", long(n))).collect();
    let nearly = |n: usize| format!("answers.{}x == ''", long(n));
    let rules: String = (0..400)
        .map(|n| {
            let names: Vec<String> = (0..6).map(|m| nearly((n + m) % 200)).collect();
            format!("[[rule]]\nid='r{n}'\nwhen=\"{}\"\npoints=1\nbecause='x'\n", names.join("||"))
        })
        .collect();
    let head = "name='x'\n[grades]\nA=1\nB=0\n";
    for document in [
        format!("{head}{questions}{rules}"),
        format!("{head}{}{rules}", questions.replace("'text'", "'txt'")),
        format!("{head}{}{rules}", questions.replace("ask=", "ask")),
        format!("{head}{}", "[rule]\n[[rule]]\n".repeat(2_000)),
        format!("{head}x = [{}", "\n\"a\" \"b\"".repeat(5_000)),
        format!("{head}about = \"{}", "\\u00e9".repeat(40_000)),
        format!("{head}[[rule]]\nwhen = \"\"\"{}x\"\"\"", "\\\n ".repeat(60_000)),
        format!("{head}about = {}", "\u{201c}".repeat(60_000)),
        format!("{head}{} = 1", "\u{430}".repeat(100_000)),
    ] {
        assert!(!try_document(document, vec![], Timestamp::UNIX_EPOCH).unwrap());
    }
    let more = peak_kilobytes().saturating_sub(begun_with);
    assert!(more < MOST_KILOBYTES, "{more} kB more");
}
