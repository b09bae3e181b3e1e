//! Every message of the checker, with its exact place, from documents a manager could write.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use ripen_domain::criteria::Criteria;

/// A document in which everything is right, with some lines more at its end.
const RIGHT: &str = r#"name = "test"
[[question]]
id = "budget"
ask = "How much?"
type = "money"
[[question]]
id = "ready"
ask = "Ready?"
type = "yes_no"
[[question]]
id = "wants"
ask = "What?"
type = "choice"
choices = ["buy", "sell"]
[[question]]
id = "areas"
ask = "Where?"
type = "choices"
choices = ["north", "south"]
[[question]]
id = "move_date"
ask = "When?"
type = "date"
[[question]]
id = "about"
ask = "What else?"
type = "text"
[grades]
A = 50
B = 20
[requalify]
B = "30d"
C = "90d"
rounds = 3
[[rule]]
id = "base"
when = "lead.verified"
points = 100
because = "Verified"
[[rule]]
id = "all"
when = """
answers.budget > 1 && answers.ready && answers.wants == 'buy' && 'north' in answers.areas
&& answers.move_date > now && answers.about != 'nothing'"""
points = 1
because = "All of it"
"#;

fn mistakes(document: &str) -> Vec<String> {
    match Criteria::load(document) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
    }
}

fn warnings(document: &str) -> Vec<String> {
    let loaded = Criteria::load(document).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    loaded.warnings.iter().map(ToString::to_string).collect()
}

/// What is wrong with a condition, as `column in it: message`.
fn in_condition(condition: &str) -> Vec<String> {
    let line = RIGHT.lines().count() + 3;
    let rule = format!("[[rule]]\nid = \"x\"\nwhen = \"\"\"{condition}\"\"\"\npoints = 1\nbecause = \"y\"\n");
    let place = |mistake: &ripen_domain::criteria::Mistake| {
        assert_eq!(mistake.line as usize, line, "{mistake}");
        format!("{}: {}", mistake.column - 10, mistake.message)
    };
    Criteria::load(&format!("{RIGHT}{rule}")).err().unwrap_or_default().iter().map(place).collect()
}

#[test]
fn the_right_document_is_right() {
    assert_eq!(mistakes(RIGHT), Vec::<String>::new());
    assert_eq!(warnings(RIGHT), Vec::<String>::new());
}

#[test]
fn conditions_that_are_right() {
    for condition in [
        "true || answers.ready",
        "answers.budget >= 100000 && answers.budget < 5e5",
        "answers.budget / 2 > 0.5 && -answers.budget < -1",
        "7 / 2 == 3 && lead.touches % 2 == 0",
        "lead.enquiries >= 2 ? answers.ready : !answers.ready",
        "answers.wants == 'buy' || 'sell' != answers.wants",
        "answers.wants in ['buy'] && 'north' in answers.areas",
        "answers.areas.exists(a, a == 'north') && size(answers.areas) > 1",
        "[1, 2.5, answers.budget].all(n, n > 0)",
        "has(answers.move_date) && has(lead.last_conversation_at)",
        "answers.move_date - now < days(45) && now - lead.first_arrived_at > days(1) + days(2)",
        "answers.move_date < timestamp('2027-01-01') && now < timestamp('2027-01-01T10:00:00+01:00')",
        "lead.age < 30 && lead.channel in ['phone', source.channel] && lead.stage == 'contact'",
        "answers.about.startsWith('a') || answers.about.endsWith('b') || answers.about.contains(client.name)",
        "answers.about.size() > 3 && size('ü') == 1 && answers.about > 'm'",
        "client.country == lead.country && source.name != ''",
        "((answers.ready)) == true && !!answers.ready",
        "answers.ready // as the person said",
    ] {
        assert_eq!(in_condition(condition), Vec::<String>::new(), "{condition}");
    }
}

#[test]
fn conditions_that_are_wrong_say_where_and_why() {
    for (condition, expected) in [
        ("answers.budgt > 1", "9: no question has the id 'budgt', did you mean 'budget'?"),
        ("lead.chanel == 'phone'", "6: unknown field 'chanel', did you mean 'channel'?"),
        ("budget > 1", "1: unknown name 'budget', did you mean 'answers.budget'?"),
        ("verified", "1: unknown name 'verified', did you mean 'lead.verified'?"),
        ("answer.budget > 1", "1: unknown name 'answer', did you mean 'answers'?"),
        ("answers", "1: 'answers' alone is no fact: write 'answers.…'"),
        (
            "lead.channel.name == 'x'",
            "14: only answers, lead, client and source have fields, not what 'name' stands on",
        ),
        ("answers.budget", "1: this comes to a number: it must come to yes or no"),
        ("lead.verified && (answers.budget + 1)", "19: this is a number: yes/no is needed"),
        ("!answers.budget", "2: this is a number: yes/no is needed"),
        ("answers.ready > 3", "15: yes/no cannot be compared with a number"),
        ("answers.ready > false", "15: yes/no has no order: compare with == or !="),
        (
            "answers.move_date < '2027-01-01'",
            "19: a date cannot be compared with a text: write the date as timestamp('2026-11-30')",
        ),
        (
            "answers.move_date - now < 30",
            "25: a number of days cannot be compared with a number: write the number as days(…)",
        ),
        ("answers.move_date < 30", "19: a date cannot be compared with a number: write now + days(…)"),
        ("now + 30 > answers.move_date", "5: a date cannot be added to a number: write the number as days(…)"),
        ("answers.about + 'x' == 'y'", "15: a text cannot be added to a text"),
        ("answers.ready * 2 > 1", "15: yes/no cannot be multiplied by a number"),
        ("-answers.about == 'x'", "1: a text has no opposite"),
        ("answers.wants == 'by'", "18: 'by' is none of the choices, did you mean 'buy'?"),
        ("answers.wants in ['buy', 'rent']", "26: 'rent' is none of the choices"),
        ("'nord' in answers.areas", "1: 'nord' is none of the choices, did you mean 'north'?"),
        ("lead.channel in ['phone', 'web']", "27: 'web' is none of the choices"),
        ("answers.budget in ['buy']", "16: a number is never in a list of which each is a text"),
        ("answers.areas == 1", "1: this comes to a list: use 'in', 'exists', 'all' or 'size'"),
        ("'a' in answers.wants", "8: this is a choice: a list is needed"),
        ("1 in [1, 'a']", "10: a text among others that are a number"),
        ("1 in []", "6: an empty list holds nothing to compare with"),
        ("answers.areas[0] == 'north'", "14: elements are not taken out of lists: use 'in', 'exists' or 'all'"),
        ("answers.areas.exists(now, true)", "22: 'now' is taken: give the element another name"),
        ("answers.areas.exists(a, 1)", "25: this is a number: yes/no is needed"),
        ("answers.areas.all(a, b == 'north')", "22: unknown name 'b': a text stands in quotes, an answer is answers.…"),
        ("answers.areas.map(a, a) == 1", "15: 'map' is not used here: use one 'exists' or 'all'"),
        (
            "answers.about.matches('a+')",
            "15: regular expressions are not used here: use startsWith, endsWith or contains",
        ),
        ("sizes(answers.about) > 1", "1: unknown function 'sizes', did you mean 'size'?"),
        ("answers.about.startswith('a')", "15: unknown function 'startswith', did you mean 'startsWith'?"),
        ("startsWith(answers.about, 'a')", "1: 'startsWith' is not used like this: write answers.….startsWith('…')"),
        ("answers.about.startsWith(1)", "26: 'startsWith' looks for a text in a text, and this is a number"),
        ("days('x') > days(1)", "6: 'days' takes a number, not a text"),
        ("days(1, 2) > days(1)", "1: 'days' takes one value"),
        ("size(answers.budget) > 1", "6: 'size' counts a text or a list, and this is a number"),
        (
            "now > timestamp('tomorrow')",
            "17: 'timestamp' takes a date in quotes such as '2026-11-30' or '2026-11-30T10:00:00Z'",
        ),
        ("lead.verified ? 1 : 'a'", "21: one side of '?:' is a number, the other a text"),
        ("answers.ready == null", "18: 'null' is not used here: ask whether a fact is there with has(answers.…)"),
        ("has(answers.bdget)", "13: no question has the id 'bdget', did you mean 'budget'?"),
        ("has(1)", "5: 'has' asks for a fact: write has(answers.…)"),
        ("answers.ready &&", "17: not understood: the condition ends too early"),
        ("(answers.ready", "1: '(' is never closed"),
        (
            "answers.ready answers.ready",
            "15: not understood: 'answers' after a whole condition: is && or another sign missing before it?",
        ),
        ("answers.ready && 99999999999999999999 > 1", "18: not understood: invalid int literal"),
        ("answers.ready && 1e999 > 1.0", "18: not understood: invalid double literal"),
        ("answers.ready = true", "15: '=' compares nothing: write '=='"),
        ("answers.größe > 1", "11: unexpected character 'ö' ('ö' is U+00F6)"),
        ("if > 1", "1: not understood: reserved identifier: if"),
    ] {
        assert_eq!(in_condition(condition), [expected], "{condition}");
    }
}

#[test]
fn all_mistakes_of_one_condition_are_found() {
    assert_eq!(
        in_condition("answers.budgt > 1 || answers.ready == 'x' && lead.agee < 3"),
        [
            "9: no question has the id 'budgt', did you mean 'budget'?",
            "36: yes/no cannot be compared with a text: write it alone, or with ! before it",
            "51: unknown field 'agee', did you mean 'age'?",
        ]
    );
}

#[test]
fn places_in_a_condition_are_exact_in_every_plain_text() {
    let rule = |when: &str| format!("{RIGHT}[[rule]]\nid = \"x\"\nwhen = {when}\npoints = 1\nbecause = \"y\"\n");
    let line = RIGHT.lines().count() + 3;
    for (when, place) in [
        ("'lead.x'", format!("{line}:14")),
        ("\"lead.x\"", format!("{line}:14")),
        ("'''\nlead.verified &&\n  lead.x'''", format!("{}:8", line + 2)),
        ("\"lead.\\u0078\"", format!("{line}:14")),
        ("\"answers.about == \\\"\\\" && lead.x\"", format!("{line}:39")),
        ("'\"ü\" == \"ü\" && lead.x'", format!("{line}:28")),
    ] {
        assert_eq!(mistakes(&rule(when)), [format!("{place}: unknown field 'x'")], "{when}");
    }
}

/// A document in which much is wrong.
const WRONG: &str = r#"nam = "x"
about = 7
[script]
opening = ""
hello = { english = "x" }
[[question]]
id = "Budget"
ask = 3
type = "mony"
[[question]]
id = "in"
type = "number"
min = 10
max = 1
choices = ["a"]
colour = "red"
[[question]]
id = "days"
ask = "?"
type = "number"
unit = "weeks"
counts_down = true
stale_after = "soon"
[[question]]
id = "days"
ask = "?"
type = "choice"
[[question]]
id = "pick"
ask = {}
type = "choice"
choices = ["a", "a", 1]
min = 0
[[rule]]
id = "r 1"
when = "answers.days"
points = "ten"
[[rule]]
id = "r2"
points = 10
because = "x"
[[rule]]
id = "r2"
when = "answers.days > 1"
points = 1.5
because = "x"
[[gate]]
id = "g"
require = "lead.verified"
at_most = "A"
because = "x"
[[disqualify]]
when = "lead.do_not_contact"
[grades]
A = 20
B = 40
confirm_within = "0d"
[requalify]
B = 30
on = "lead.verified"
rounds = 0
"#;

#[test]
fn a_document_with_much_wrong_says_it_all_at_once() {
    assert_eq!(
        mistakes(WRONG),
        [
            "1:1: the document needs 'name'",
            "1:1: unknown key 'nam' in the document, did you mean 'name'?",
            "2:9: 'about' must be a text in quotes, not a number",
            "4:11: 'opening' is empty",
            "5:11: 'english' is no language: use tags such as 'en' or 'es-MX'",
            "7:6: 'Budget' cannot name a question: use small letters, digits and '_', beginning with a letter",
            "8:7: 'ask' must be a text in quotes, not a number",
            "9:8: unknown type 'mony', did you mean 'money'?: use one of text, number, money, yes_no, date, choice, choices",
            "10:1: a question needs 'ask'",
            "11:6: 'in' is a word of the conditions and cannot name a question",
            "14:7: 'max' is less than 'min', which is 10",
            "15:11: 'choices' is for the types choice and choices",
            "16:1: unknown key 'colour' in a question",
            "22:15: 'counts_down' takes off days: the type must be 'number', the unit 'days'",
            "23:15: 'stale_after' must be a length of time such as \"30d\" (h, d or w, at most 100 years)",
            "24:1: a question needs 'choices'",
            "25:6: the question 'days' stands twice",
            "30:7: 'ask' is empty",
            "32:17: the choice 'a' stands twice",
            "32:22: 'choices' must be a text in quotes, not a number",
            "33:7: 'min' is for the types number and money",
            "34:1: a rule needs 'because'",
            "35:6: 'r 1' cannot be an id: use at most 64 letters, digits, '_' and '-'",
            "36:9: this comes to a number: it must come to yes or no",
            "37:10: 'points' must be a whole number from -1000000 to 1000000",
            "38:1: a rule needs 'when'",
            "43:6: the id 'r2' stands twice",
            "45:10: 'points' must be a whole number from -1000000 to 1000000",
            "50:11: 'at_most' must be \"B\" or \"C\"",
            "52:1: a disqualifier needs 'because'",
            "55:5: grades out of order: A must need more points than B (40)",
            "57:18: 'confirm_within' must be a length of time such as \"30d\" (h, d or w, at most 100 years)",
            "59:5: 'B' must be a text in quotes, not a number",
            "60:7: this comes to yes/no: it must come to a date",
            "61:10: 'rounds' must be a whole number from 1 to 1000",
        ]
    );
}

#[test]
fn shapes_that_are_wrong() {
    for (document, expected) in [
        ("name = 'x'\nrule = 1\n[grades]\nA=1\nB=0", "2:8: 'rule' must stand in double brackets: write [[rule]]"),
        ("name = 'x'\n[[grades]]\nA=1", "2:1: 'grades' must be a table: write [grades]"),
        ("name = 'x'\nrule = [1]\n[grades]\nA=1\nB=0", "2:9: 'rule' must hold tables: write [[rule]]"),
        ("name = 'x'\nname = 'y'", "2:1: not TOML: this stands twice"),
        ("name = 'x'\nwhat", "2:5: not TOML: '=' and a value are missing after this key"),
        ("name = 'x'\n[[rule]]\nid = ''", "3:6: 'id' is empty"),
        ("name = 'x'\n[[question]]\nid = ' '", "3:6: 'id' is empty"),
        ("name = 'x'", "1:1: the document needs 'grades'"),
        ("", "1:1: the document needs 'name'"),
    ] {
        let found = mistakes(document);
        assert!(found.iter().any(|found| found == expected), "{document}: {found:?}");
    }
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let more = |lines: &str| format!("{RIGHT}{lines}");
    let line = RIGHT.lines().count();
    let rule = "[[rule]]\nid = 'x'\nwhen = '1 < 2'\npoints = 0\nbecause = 'y'\n";
    assert_eq!(
        warnings(&more(rule)),
        [
            format!("{}:8: this reads no fact: it always comes to the same", line + 3),
            format!("{}:10: a rule with 0 points changes nothing", line + 4),
        ]
    );
    let question = "[[question]]\nid = 'd'\nask = '?'\ntype = 'date'\nstale_after = '3d'\n";
    let expected = [
        format!("{}:6: no condition reads the question 'd': it decides nothing", line + 2),
        format!("{}:15: a date goes stale once it is past: 'stale_after' does nothing", line + 5),
    ];
    assert_eq!(warnings(&more(question)), expected);
    let without = RIGHT.replace("[requalify]\nB = \"30d\"\nC = \"90d\"\nrounds = 3\n", "");
    assert_eq!(warnings(&without), ["1:1: no [requalify]: B leads wait 30d, C leads 90d, without end"]);
    let bare = RIGHT.replace("B = \"30d\"\nC = \"90d\"\nrounds = 3\n", "");
    assert_eq!(warnings(&bare).len(), 3);
}

#[test]
fn a_question_with_mistakes_does_not_make_its_rules_wrong() {
    let document = RIGHT.replace("type = \"money\"", "type = \"cash\"")
        + "[[rule]]\nid = 'x'\nwhen = 'answers.budget > 1'\npoints = 1\nbecause = 'y'\n";
    assert_eq!(mistakes(&document).len(), 1, "{:?}", mistakes(&document));
}
