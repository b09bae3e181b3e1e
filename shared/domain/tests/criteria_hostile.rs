//! Documents written to harm: each ends in a mistake or in criteria, on a small stack, in little time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

mod cost;

use std::time::Duration;

use ripen_domain::criteria::Criteria;

/// A quarter of what a thread of the runtime has, in a build without optimisation.
const STACK: usize = 512 * 1024;

/// Loads on a small stack and returns the first mistake, empty where there is none.
fn load(document: String) -> String {
    let check = move || match Criteria::load(&document) {
        Ok(_) => String::new(),
        Err(mistakes) => {
            assert!(mistakes.len() <= 200, "{} mistakes", mistakes.len());
            assert!(
                mistakes.iter().all(|mistake| mistake.message.len() < 1_000 && mistake.line > 0 && mistake.column > 0)
            );
            mistakes[0].to_string()
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(|| cost::of(check));
    let (first, took) = thread.unwrap().join().unwrap();
    assert!(took < Duration::from_secs(5), "took {took:?}");
    first
}

fn with_condition(condition: &str) -> String {
    format!(
        "name = 'x'\n[[question]]\nid = 'a'\nask = '?'\ntype = 'number'\n\
         [[rule]]\nid = 'r'\npoints = 1\nbecause = 'y'\nwhen = '''{condition}'''\n[grades]\nA = 1\nB = 0\n"
    )
}

#[test]
fn conditions_that_break_parsers_are_mistakes() {
    for (condition, message) in [
        (["1"; 5_000].join("+"), "the condition has 9999 bytes"),
        (["1"; 150].join("+"), "more than 200 words and signs"),
        ("(".repeat(10_000), "the condition has 10000 bytes"),
        ("(".repeat(900), "more than 200 words and signs"),
        ("(".repeat(150), "more than 16 brackets within each other"),
        (format!("{}1{}", "[".repeat(90), "]".repeat(90)), "more than 16 brackets within each other"),
        ("!".repeat(5_000), "the condition has 5000 bytes"),
        (format!("{}true", "!".repeat(150)), "more than 2 times '!' in a row"),
        (format!("1 == {}1", "-".repeat(150)), "more than 2 times '-' in a row"),
        (format!("1 == {}1", "!-".repeat(70)), "in a row"),
        (format!("[1]{} == [1]", ".map(x, [x, x])".repeat(20)), "more than 200 words and signs"),
        (format!("[1]{} == [1]", ".map(x, [x, x])".repeat(10)), "'map' is not used here"),
        ("[1].all(x, [1].all(y, [1].all(z, x == z)))".into(), "a condition may hold one"),
        (format!("{{{}", "1:{".repeat(100)), "braces are not used"),
        ("answers.a == 1u".into(), "a number runs into a word"),
        ("answers.a > 0xFFFFFFFFFFFFFFFFFF".into(), "a number runs into a word"),
        ("answers.a > 9223372036854775808".into(), "invalid int literal"),
        ("answers.a > -9223372036854775809".into(), "invalid int literal"),
        ("answers.a > 1e400".into(), "invalid double literal"),
        ("NaN == NaN".into(), "unknown name 'NaN'"),
        ("answers.a > inf".into(), "unknown name 'inf'"),
        ("аnswers.a > 1".into(), "unexpected character 'а'"),
        ("answers.a > 1\u{202e}".into(), "unexpected character"),
        ("answers.a\u{a0}> 1".into(), "unexpected character"),
        ("`answers`.a > 1".into(), "unexpected character '`'"),
        (".answers.a > 1".into(), "unknown name '.answers'"),
        ("answers.?a > 1".into(), "not understood"),
        ("b'x' == b'x'".into(), "texts have no letters before their quotes"),
        ("answers.a > 1 ?".into(), "not understood"),
        ("? : ? :".into(), "not understood"),
        ("1 in in in".into(), "not understood"),
        ("has(1 + answers.a)".into(), "write has(answers.…)"),
        ("exists(a, b)".into(), "'exists' is not used like this"),
        ("answers.exists(a, true)".into(), "'answers' alone is no fact"),
        ("[answers].exists(answers, answers)".into(), "'answers' alone is no fact"),
        ("type(answers.a) == int".into(), "unknown function 'type'"),
        ("x{y: 1}".into(), "braces are not used"),
        ("'\\u12' == ''".into(), "not understood"),
        ("'\\400' == ''".into(), "not understood"),
        (")".repeat(199), "')' closes nothing that is open"),
        ("1 ".repeat(199), "not understood"),
        ("a.".repeat(99), "not understood"),
    ] {
        let first = load(with_condition(&condition));
        assert!(first.contains(message), "{}: {first:?}", &condition[..condition.len().min(40)]);
    }
}

#[test]
fn the_largest_conditions_that_pass_need_a_small_part_of_a_stack() {
    let deep = |open: &str, close: &str, n: usize, core: &str| format!("{}{core}{}", open.repeat(n), close.repeat(n));
    for condition in [
        format!("{} > 0", ["1"; 98].join("+")),
        ["answers.a==1"; 33].join("||"),
        ["answers.a==1"; 33].join("&&"),
        deep("(", ")", 16, "answers.a > 1"),
        deep("!(", ")", 16, "answers.a > 1"),
        deep("(true && ", ")", 16, "answers.a > 1"),
        deep("(1 + ", ")", 16, "1") + " > 0",
        format!("{}true", "true ? false : ".repeat(48)),
        format!("{}true{}", "true ? ".repeat(48), " : true".repeat(48)),
        format!("{} > 0", deep("size([", "])", 8, "1")),
        format!("answers.a in [{}]", ["1"; 96].join(",")),
        format!("[{}].exists(x, x == answers.a)", ["1"; 90].join(",")),
    ] {
        let first = load(with_condition(&condition));
        assert!(!first.contains("overflow") && !first.contains("words and signs"), "{condition}: {first}");
    }
}

#[test]
fn documents_that_break_parsers_are_mistakes() {
    let nested_inline = |n: usize| format!("a = {}1{}", "{ a = ".repeat(n), " }".repeat(n));
    for (document, message) in [
        ("x".repeat(10 * 1024 * 1024), "1:1: the document has 10485760 bytes"),
        (format!("name = '{}'", "x".repeat(300_000)), "the document has"),
        (format!("a = {}", "[".repeat(100_000)), "1:13: nested deeper than 8 levels"),
        (format!("a = {}1{}", "[".repeat(60), "]".repeat(60)), "nested deeper"),
        (nested_inline(5_000), "nested deeper"),
        (format!("{}a = 1", "a.".repeat(100_000)), "nested deeper"),
        (format!("[{}a]", "a.".repeat(100_000)), "nested deeper"),
        (format!("[[{}a]]", "a.".repeat(50)), "nested deeper"),
        (format!("{}a = 1", "'='.".repeat(20_000)), "nested deeper"),
        (format!("x = {{ a = '''b'''', {}c = 1 }}", "a.".repeat(5_000)), "nested deeper"),
        (format!("x = \"\"\"\"\"\"\ny.{}c = 1", "a.".repeat(5_000)), "nested deeper"),
        (format!("x = \"\\\"\ny.{}c = 1", "a.".repeat(5_000)), "nested deeper"),
        (format!("a = [{}]", "1,".repeat(100_000)), "more than 30000 words and signs"),
        ("a\n".repeat(50_000), "more than 30000 words and signs"),
        ("a\n".repeat(14_000), "1:2: not TOML, here and in 13999 more places"),
        ("[[rule]]\n".repeat(4_000), "needs"),
        ("[[question]]\n".repeat(4_000), "needs"),
        ((0..6_000).map(|n| format!("k{n}=1\n")).collect(), "unknown key"),
        (format!("name = 1{}", "0".repeat(200_000)), "needs 'grades'"),
        (with_condition("true").replace("A = 1", "A = 99999999999999999999999"), "must be a whole number"),
        (with_condition("true").replace("A = 1", "A = nan"), "must be a whole number"),
        (with_condition("true").replace("points = 1", "points = 9223372036854775807"), "must be a whole number"),
        (with_condition("true").replace("type = 'number'", "type = 'number'\nmin = inf"), "'min' must be a number"),
        (with_condition("true").replace("type = 'number'", "type = 'number'\nmax = nan"), "'max' must be a number"),
        ("name = \"a\0b\"".into(), "not TOML"),
        ("\0".into(), "not TOML"),
        ("\u{feff}\u{feff}".into(), "not TOML"),
        ("größe = 1".into(), "'ö' is U+00F6"),
        (format!("name = '{}'", "\u{1F3E0}".repeat(50_000)), "needs 'grades'"),
    ] {
        let first = load(document.clone());
        assert!(first.contains(message), "{:?}: {first}", document.chars().take(40).collect::<String>());
    }
}

#[test]
fn the_largest_document_that_passes_loads_in_time() {
    let mut document = with_condition("true");
    for number in 0..199 {
        document += &format!("[[question]]\nid = 'q{number}'\nask = 'How many?'\ntype = 'number'\n");
    }
    for number in 0..499 {
        let condition = format!("answers.q{} > 1 && answers.q{} < {number}", number % 199, (number + 7) % 199);
        document += &format!("[[rule]]\nid = 'r{number}'\nwhen = '{condition}'\npoints = 1\nbecause = 'z'\n");
    }
    assert_eq!(load(document.clone()), "");
    assert!(load(document + "[[rule]]\n").contains("more than 500 times [[rule]]"));
}
