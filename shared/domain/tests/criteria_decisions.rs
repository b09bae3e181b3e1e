//! Decisions as tables: what counts, what is missing, what holds a grade down, when a lead is looked at again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use jiff::Timestamp;
use ripen_domain::{
    criteria::{Answer, Cause, Criteria, Decision, Facts, Origin, Verdict, qualify, replay_decision},
    id::ArrivalId,
    lead::{Channel, Grade},
};
use serde_json::{Value, json};
use uuid::Uuid;

const NOW: &str = "2026-11-30T12:00:30Z";
const QUESTIONS: &str = r#"name = "test"
[[question]]
id = "n"
ask = "?"
type = "number"
[[question]]
id = "m"
ask = "?"
type = "number"
[[question]]
id = "yes"
ask = "?"
type = "yes_no"
[[question]]
id = "day"
ask = "?"
type = "date"
[[question]]
id = "pick"
ask = "?"
type = "choice"
choices = ["buy", "sell"]
[[question]]
id = "picks"
ask = "?"
type = "choices"
choices = ["north", "south", "east"]
[[question]]
id = "words"
ask = "?"
type = "text"
"#;
const GRADES: &str = "[grades]\nA = 70\nB = 40\nconfirm_within = '30d'\n";
const REQUALIFY: &str = "[requalify]\nB = '30d'\nC = '90d'\non = 'answers.day - days(45)'\nrounds = 6\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn load(document: &str) -> Criteria {
    Criteria::load(document).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{document}")).criteria
}

fn arrival() -> ArrivalId {
    ArrivalId::from_uuid(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001))
}

/// A lead that arrived an hour ago, with these answers given then.
fn facts(answers: Value) -> Facts {
    let given_at = at("2026-11-30T11:00:00Z");
    let mut facts = Facts::default();
    facts.lead.verified = true;
    facts.lead.channel = Channel::Phone;
    facts.lead.arrivals = 2;
    facts.lead.enquiries = 1;
    facts.lead.first_arrived_at = at("2026-11-01T12:00:00Z");
    facts.lead.last_arrived_at = given_at;
    for (id, value) in answers.as_object().unwrap().clone() {
        facts.answers.insert(id, Answer { value, at: given_at, origin: Origin::Arrival(arrival()) });
    }
    facts
}

fn decide(document: &str, facts: &Facts) -> Decision {
    decide_for(document, facts, &Cause::regrade())
}

/// Decides, and proves on the way that the receipt replays.
fn decide_for(document: &str, facts: &Facts, cause: &Cause) -> Decision {
    let criteria = load(document).with_version(3);
    let decision = qualify(facts, &criteria, cause, at(NOW));
    let stored = decision.receipt.to_json();
    assert_eq!(replay_decision(&stored, &criteria).unwrap(), stored);
    decision
}

/// What one condition comes to: `yes`, `no`, `missing a, b` or `error …`.
fn result(condition: &str, answers: Value) -> String {
    let rule = format!("[[rule]]\nid = 'r'\nwhen = '''{condition}'''\npoints = 100\nbecause = 'x'\n");
    let decision = decide(&format!("{QUESTIONS}{GRADES}{rule}"), &facts(answers));
    let finding = &decision.receipt.rules[0];
    assert_eq!(finding.points, Some(if finding.result == Verdict::Yes { 100 } else { 0 }));
    match finding.result {
        Verdict::Missing => format!("missing {}", finding.missing.join(", ")),
        Verdict::Error => format!("error {}", finding.error.as_deref().unwrap()),
        other => other.to_string(),
    }
}

#[test]
fn conditions_come_to_what_cel_says() {
    let answers = json!({"n": 45, "m": 2.5, "yes": true, "day": "2027-01-15", "pick": "buy", "picks": ["north", "south"], "words": "Ünïcode"});
    for (condition, expected) in [
        ("answers.n == 45", "yes"),
        ("answers.n == 45.0 && 45 == answers.n && answers.n != 45.5", "yes"),
        ("answers.n / 2 == 22.5", "yes"),
        ("45 / 2 == 22 && -45 / 2 == -22 && -45 % 2 == -1", "yes"),
        ("answers.n + answers.m == 47.5", "yes"),
        ("answers.n * 2 - 1 == 89", "yes"),
        ("answers.n % 7 == 3", "yes"),
        ("-answers.n == -45 && --answers.n == 45", "yes"),
        ("9007199254740993 > 9007199254740992.0", "yes"),
        ("9223372036854775807 < 9223372036854775808.0", "yes"),
        ("answers.yes && !answers.yes", "no"),
        ("answers.yes == true || false", "yes"),
        ("answers.yes ? answers.n > 40 : answers.n > 50", "yes"),
        ("answers.pick == 'buy' && answers.pick in ['buy', 'sell'] && answers.pick != 'sell'", "yes"),
        ("'north' in answers.picks && !('east' in answers.picks)", "yes"),
        ("answers.picks.exists(p, p == 'south')", "yes"),
        ("answers.picks.all(p, p != 'east')", "yes"),
        ("[1, 2.5].exists(x, x == answers.m)", "yes"),
        ("[1].exists(x, x > answers.m)", "no"),
        ("size(answers.picks) == 2 && size(answers.words) == 7 && answers.words.size() == 7", "yes"),
        ("answers.words.startsWith('Ün') && answers.words.endsWith('code') && answers.words.contains('ï')", "yes"),
        ("answers.words > 'A' && answers.words != ''", "yes"),
        ("answers.day == timestamp('2027-01-15') && answers.day > now", "yes"),
        ("answers.day - now < days(46) && answers.day - now > days(45)", "yes"),
        ("now - days(29) < lead.first_arrived_at || lead.age == 29", "yes"),
        ("days(1) + days(1) == days(2) && days(0.5) > days(0) && -days(1) < days(0)", "yes"),
        ("lead.age == 29 && lead.arrivals == 2 && lead.channel == 'phone' && lead.verified", "yes"),
        ("answers.n < 45 || answers.n > 45", "no"),
        ("has(answers.n) && !has(lead.country) && has(lead.age)", "yes"),
    ] {
        assert_eq!(result(condition, answers.clone()), expected, "{condition}");
    }
}

#[test]
fn not_answered_is_a_state_of_its_own() {
    for (condition, expected) in [
        ("answers.yes", "missing answers.yes"),
        ("!answers.yes", "missing answers.yes"),
        ("answers.n <= 90", "missing answers.n"),
        ("answers.n != 90", "missing answers.n"),
        ("answers.n == answers.m", "missing answers.n, answers.m"),
        ("answers.n + answers.m + answers.n > 1", "missing answers.n, answers.m"),
        ("answers.yes && answers.n > 1", "missing answers.yes, answers.n"),
        // Either side may decide, whatever the other is: CEL's commutative operators.
        ("lead.verified || answers.yes", "yes"),
        ("answers.yes || lead.verified", "yes"),
        ("answers.yes && !lead.verified", "no"),
        ("!lead.verified && answers.yes", "no"),
        ("answers.yes && lead.verified", "missing answers.yes"),
        ("(answers.yes || lead.verified) && answers.n > 1", "missing answers.n"),
        ("answers.yes ? lead.verified : lead.verified", "missing answers.yes"),
        ("lead.verified ? lead.arrivals == 2 : answers.yes", "yes"),
        ("answers.pick in ['buy']", "missing answers.pick"),
        ("'north' in answers.picks", "missing answers.picks"),
        ("1 in [1, answers.n]", "missing answers.n"),
        ("answers.picks.exists(p, p == 'north')", "missing answers.picks"),
        ("[1, 2].exists(x, x == 2 || x == answers.n)", "yes"),
        ("[1, 3].exists(x, x == 2 || x == answers.n)", "missing answers.n"),
        ("[1, 3].all(x, x == 2 && x == answers.n)", "no"),
        ("[2, 3].all(x, x > 1 && x < answers.n)", "missing answers.n"),
        ("has(answers.yes)", "no"),
        ("!has(answers.yes) || answers.yes", "yes"),
        ("has(answers.n) && answers.n > 1", "no"),
        ("size(answers.words) > 1", "missing answers.words"),
        ("answers.words.contains(lead.country)", "missing answers.words, lead.country"),
        ("lead.last_conversation_at > now - days(3)", "missing lead.last_conversation_at"),
        ("client.name == 'x'", "missing client.name"),
        // With the answer, the failure may go away.
        ("1 / 0 == 1 || answers.yes", "missing answers.yes"),
        ("answers.yes && 1 / 0 == 1", "missing answers.yes"),
    ] {
        assert_eq!(result(condition, json!({})), expected, "{condition}");
    }
    // One answer is enough where it decides.
    let either = "answers.n == 1 || answers.m == 2";
    assert_eq!(result(either, json!({"n": 1})), "yes");
    assert_eq!(result(either, json!({"m": 2})), "yes");
    assert_eq!(result(either, json!({"n": 3})), "missing answers.m");
    assert_eq!(result(either, json!({"n": 3, "m": 3})), "no");
}

#[test]
fn what_cannot_be_computed_is_an_error_and_no_more() {
    let answers = json!({"n": 0, "m": i64::MAX, "yes": true, "day": "9999-12-30"});
    for (condition, expected) in [
        ("1 / lead.touches == 1", "error division by zero"),
        ("1 % lead.touches == 1", "error division by zero"),
        ("1 / answers.n > 1", "error division by zero"),
        ("1.5 / answers.n > 1", "error division by zero"),
        ("answers.m + 1 > 0", "error the number is too large"),
        ("answers.m * 2 > 0", "error the number is too large"),
        ("-answers.m - 2 < 0", "error the number is too large"),
        ("9223372036854775807 + lead.arrivals > 0", "error the number is too large"),
        ("-9223372036854775808 / (answers.n - 1) > 0", "yes"),
        ("(lead.arrivals - 9223372036854775807 - 3) / (lead.touches - 1) > 0", "error the number is too large"),
        ("1e308 * 10.0 > 1.0", "error the number is too large"),
        ("days(answers.m) > days(1)", "error the number is too large"),
        ("days(1e300) > days(1)", "error the number is too large"),
        ("answers.day + days(400) > now", "error the number is too large"),
        ("now - days(99999999) < now", "error the number is too large"),
        ("1 / answers.n > 1 || answers.yes", "yes"),
        ("1 / answers.n > 1 && !answers.yes", "no"),
        ("answers.yes ? true : 1 / answers.n > 1", "yes"),
    ] {
        assert_eq!(result(condition, answers.clone()), expected, "{condition}");
    }
}

#[test]
fn an_answer_that_cannot_be_used_is_on_the_receipt_and_counts_as_not_given() {
    for (condition, answers, why) in [
        ("answers.n > 1", json!({"n": "soon"}), "is no number"),
        ("answers.yes", json!({"yes": "perhaps"}), "is neither yes nor no"),
        ("answers.pick == 'buy'", json!({"pick": "rent"}), "is none of the choices"),
        ("answers.day > now", json!({"day": "2026-11-29"}), "is past"),
    ] {
        let rule = format!("[[rule]]\nid = 'r'\nwhen = '''{condition}'''\npoints = 100\nbecause = 'x'\n");
        let decision = decide(&format!("{QUESTIONS}{GRADES}{rule}"), &facts(answers.clone()));
        assert_eq!(decision.receipt.rules[0].result, Verdict::Missing, "{condition}");
        let (name, value) = answers.as_object().unwrap().iter().next().unwrap();
        let input = &decision.receipt.inputs[&*format!("answers.{name}")];
        assert_eq!((input.unused.as_deref(), &input.value), (Some(why), value));
    }
}

fn with_points(points: i32, more: &str) -> String {
    format!(
        "{QUESTIONS}{GRADES}{REQUALIFY}[[rule]]\nid = 'r'\nwhen = 'true'\npoints = {points}\nbecause = 'x'\n\
             [[rule]]\nid = 'never'\nwhen = 'answers.yes && !answers.yes'\npoints = 1000\nbecause = 'y'\n{more}"
    )
}

#[test]
fn the_score_makes_the_grade() {
    for (points, grade) in
        [(71, Grade::A), (70, Grade::A), (69, Grade::B), (40, Grade::B), (39, Grade::C), (-5, Grade::C)]
    {
        let decision = decide(&with_points(points, ""), &facts(json!({})));
        assert_eq!((decision.grade, decision.score), (grade, points));
        assert_eq!(decision.next.is_none(), grade == Grade::A);
    }
}

#[test]
fn ranges_that_exclude_each_other_count_once_where_points_are_promised() {
    let criteria = load(include_str!("../../../deploy/criteria/web-enquiry.toml"));
    let ranges = |rule: &ripen_domain::criteria::Rule| matches!(&*rule.id, "soon" | "this_year");
    assert_eq!(criteria.most_together(ranges), 40);
    assert_eq!(criteria.most_together(|_| true), 105, "40 + 15 + 20 + 15 + 5 + 10");
}

#[test]
fn gates_cap_while_they_are_not_known_to_hold() {
    let gate = |require: &str, at_most: &str| {
        format!("[[gate]]\nid = 'g'\nrequire = '{require}'\nat_most = '{at_most}'\nbecause = 'shut'\n")
    };
    for (require, at_most, grade) in [
        ("lead.verified", "B", Grade::A),
        ("!lead.verified", "B", Grade::B),
        ("!lead.verified", "C", Grade::C),
        ("answers.yes", "B", Grade::B),
        ("1 / lead.touches == 1", "B", Grade::B),
    ] {
        let decision = decide(&with_points(80, &gate(require, at_most)), &facts(json!({})));
        assert_eq!(decision.grade, grade, "{require}");
        let caps: Vec<_> = decision.receipt.caps.iter().map(|cap| (&*cap.by, cap.at_most)).collect();
        let expected = if grade == Grade::A { vec![] } else { vec![("g", grade)] };
        assert_eq!(caps, expected, "{require}");
    }
    let low = decide(&with_points(10, &gate("!lead.verified", "B")), &facts(json!({})));
    assert!(low.grade == Grade::C && low.receipt.caps.is_empty(), "a gate never lifts a grade");
}

#[test]
fn an_a_rests_on_a_recent_arrival_or_conversation() {
    for (arrived, spoke, grade) in [
        ("2026-10-31T12:00:30Z", None, Grade::A),
        ("2026-10-31T12:00:29Z", None, Grade::B),
        ("2026-01-01T00:00:00Z", Some("2026-11-20T00:00:00Z"), Grade::A),
        ("2026-01-01T00:00:00Z", Some("2026-10-20T00:00:00Z"), Grade::B),
        ("2026-11-20T00:00:00Z", Some("2026-01-01T00:00:00Z"), Grade::A),
    ] {
        let mut facts = facts(json!({}));
        facts.lead.last_arrived_at = at(arrived);
        facts.lead.last_conversation_at = spoke.map(at);
        let decision = decide(&with_points(80, ""), &facts);
        assert_eq!(decision.grade, grade, "{arrived} {spoke:?}");
        if grade == Grade::B {
            let cap = &decision.receipt.caps[0];
            assert_eq!((&*cap.by, &*cap.because), ("confirm_within", "No arrival and no conversation within 30d"));
        }
    }
    let mut returned = facts(json!({}));
    returned.lead.returned = true;
    let decision = decide(&with_points(80, ""), &returned);
    assert_eq!((decision.grade, &*decision.receipt.caps[0].by), (Grade::B, "returned"));
}

#[test]
fn without_a_limit_an_a_is_confirmed_within_30_days() {
    let document = with_points(80, "").replace("confirm_within = '30d'\n", "");
    assert!(!document.contains("confirm_within"));
    let loaded = Criteria::load(&document).unwrap();
    assert!(loaded.warnings.iter().all(|warning| !warning.message.contains("confirm")), "{:?}", loaded.warnings);
    for (arrived, grade) in [("2026-10-31T12:00:30Z", Grade::A), ("2026-10-31T12:00:29Z", Grade::B)] {
        let mut facts = facts(json!({}));
        facts.lead.last_arrived_at = at(arrived);
        let decision = decide(&document, &facts);
        assert_eq!(decision.grade, grade, "{arrived}");
        assert_eq!(
            decision.receipt.caps.iter().map(|cap| &*cap.because).collect::<Vec<_>>(),
            match grade {
                Grade::A => vec![],
                _ => vec!["No arrival and no conversation within 30d"],
            }
        );
    }
}

#[test]
fn a_promise_alone_makes_no_a_of_a_lead_that_was_none() {
    let document = with_points(80, "");
    for (cause, grade) in [
        (Cause::promise(1).after(Some(Grade::B)), Grade::B),
        (Cause::promise(1).after(Some(Grade::C)), Grade::B),
        (Cause::promise(1).after(Some(Grade::A)), Grade::A),
        (Cause::promise(1), Grade::A),
        (Cause::promise(1).and(Cause::regrade()).after(Some(Grade::B)), Grade::A),
        (Cause::promise(1).and(Cause::arrivals(vec![arrival()])).after(Some(Grade::B)), Grade::A),
    ] {
        let decision = decide_for(&document, &facts(json!({})), &cause);
        assert_eq!((decision.grade, decision.next.is_some()), (grade, grade == Grade::B), "{cause:?}");
        let caps: Vec<_> = decision.receipt.caps.iter().map(|cap| &*cap.by).collect();
        assert_eq!(caps, if grade == Grade::B { vec!["time_alone"] } else { vec![] }, "{cause:?}");
    }
}

#[test]
fn the_next_step_is_the_interval_or_the_leads_own_date() {
    for (points, day, due_at, why) in [
        (50, None, "2026-12-30T12:01:00Z", "grade B is looked at again after 30d"),
        (10, None, "2027-02-28T12:01:00Z", "grade C is looked at again after 90d"),
        (50, Some("2027-06-15"), "2027-05-01T00:00:00Z", "the lead's own date"),
        (50, Some("2027-01-20"), "2026-12-06T00:00:00Z", "the lead's own date"),
        (50, Some("2026-12-31"), "2026-12-30T12:01:00Z", "grade B is looked at again after 30d"),
        (50, Some("2026-11-01"), "2026-12-30T12:01:00Z", "grade B is looked at again after 30d"),
        (50, Some("9999-12-30"), "9999-11-15T00:00:00Z", "the lead's own date"),
    ] {
        let answers = day.map_or_else(|| json!({}), |day| json!({ "day": day }));
        let decision = decide(&with_points(points, ""), &facts(answers));
        let next = decision.next.unwrap();
        assert_eq!((next.due_at, &*next.why), (at(due_at), why), "{day:?}");
        assert!(next.due_at > at(NOW));
    }
}

#[test]
fn a_lead_goes_cold_after_its_rounds_but_not_before_its_own_date_nor_when_it_enquires() {
    let document = with_points(50, "");
    let closed = |rounds: u32, answers: Value, cause: &Cause| {
        let mut facts = facts(answers);
        facts.lead.rounds = rounds;
        let decision = decide_for(&document, &facts, cause);
        assert_ne!(decision.closed.is_some(), decision.next.is_some());
        decision.closed
    };
    let promise = Cause::promise(7);
    assert_eq!(closed(5, json!({}), &promise), None);
    assert_eq!(closed(6, json!({}), &promise).as_deref(), Some("went cold"));
    assert_eq!(closed(6, json!({"day": "2027-06-15"}), &promise), None);
    assert_eq!(closed(6, json!({"day": "2026-12-15"}), &promise).as_deref(), Some("went cold"));
    assert_eq!(closed(6, json!({}), &promise.clone().and(Cause::arrivals(vec![arrival()]))), None);
    let mut hot = facts(json!({}));
    hot.lead.rounds = 9;
    assert_eq!(decide(&with_points(80, ""), &hot).closed, None);
}

#[test]
fn a_disqualified_lead_is_closed_at_once() {
    let disqualify =
        "[[disqualify]]\nwhen = 'answers.pick == \"sell\" || lead.do_not_contact'\nbecause = 'Not a buyer'\n";
    let document = with_points(80, disqualify);
    let closed = |answers, do_not_contact| {
        let mut facts = facts(answers);
        facts.lead.do_not_contact = do_not_contact;
        let decision = decide(&document, &facts);
        assert!(decision.closed.is_none() || decision.next.is_none());
        decision.closed
    };
    assert_eq!(closed(json!({}), false), None);
    assert_eq!(
        closed(json!({"pick": "sell", "day": "2027-06-15"}), false).as_deref(),
        Some("disqualified: Not a buyer")
    );
    assert_eq!(closed(json!({}), true).as_deref(), Some("disqualified: Not a buyer"));
}

#[test]
fn points_never_wrap() {
    let rules: String = (0..500)
        .map(|n| format!("[[rule]]\nid = 'r{n}'\nwhen = 'lead.verified'\npoints = 1000000\nbecause = 'x'\n"))
        .collect();
    let decision = decide(&format!("{QUESTIONS}{GRADES}{rules}"), &facts(json!({})));
    assert_eq!(decision.score, 500_000_000);
}

#[test]
fn the_receipt_holds_what_was_read_and_nothing_else() {
    let document = format!(
        "{QUESTIONS}{GRADES}{REQUALIFY}\
         [[rule]]\nid = 'soon'\nwhen = 'answers.n <= 90'\npoints = 30\nbecause = 'Soon'\n\
         [[rule]]\nid = 'ready'\nwhen = 'answers.yes'\npoints = 30\nbecause = 'Ready'\n\
         [[rule]]\nid = 'came_back'\nwhen = 'lead.enquiries >= 2'\npoints = 30\nbecause = 'Came back'\n\
         [[rule]]\nid = 'odd'\nwhen = '1 / lead.touches == 1'\npoints = 30\nbecause = 'Odd'\n\
         [[gate]]\nid = 'reachable'\nrequire = 'lead.verified'\nat_most = 'B'\nbecause = 'Not spoken to'\n\
         [[disqualify]]\nwhen = 'lead.do_not_contact'\nbecause = 'Asked not to be contacted'\n"
    );
    let mut facts = facts(json!({"n": "45", "m": 7, "words": "private"}));
    facts.lead.country = Some("US".into());
    let criteria = load(&document).with_version(3);
    let cause = Cause::arrivals(vec![arrival()]).and(Cause::promise(4));
    let decision = qualify(&facts, &criteria, &cause, at(NOW));
    let stored: Value = serde_json::from_str(&decision.receipt.to_json()).unwrap();
    let id = arrival().to_string();
    assert_eq!(
        stored,
        json!({
            "criteria": {"name": "test", "version": 3, "hash": criteria.hash().to_string()},
            "at": NOW,
            "cause": {"arrivals": [id], "promise": 4},
            "inputs": {
                "answers.n": {"value": "45", "at": "2026-11-30T11:00:00Z", "origin": format!("arrival:{id}")},
                "lead.do_not_contact": {"value": false},
                "lead.enquiries": {"value": 1},
                "lead.touches": {"value": 0},
                "lead.verified": {"value": true},
            },
            "rules": [
                {"id": "soon", "result": "yes", "points": 30, "because": "Soon"},
                {"id": "ready", "result": "missing", "missing": ["answers.yes"], "points": 0, "because": "Ready"},
                {"id": "came_back", "result": "no", "points": 0, "because": "Came back"},
                {"id": "odd", "result": "error", "error": "division by zero", "points": 0, "because": "Odd"},
            ],
            "gates": [{"id": "reachable", "result": "yes", "at_most": "B", "because": "Not spoken to"}],
            "disqualifiers": [{"id": "disqualify_1", "result": "no", "because": "Asked not to be contacted"}],
            "score": 30,
            "grade": "C",
            "own_date": {"missing": ["answers.day"]},
            "next": {"due_at": "2027-02-28T12:01:00Z", "why": "grade C is looked at again after 90d"},
        })
    );
    let reasons = serde_json::to_value(decision.receipt.reasons()).unwrap();
    assert_eq!(reasons, json!([{"rule": "soon", "points": 30, "because": "Soon"}]));
    assert!(!format!("{decision:?}").contains("\"45\""), "answers are personal data");
}

#[test]
fn replay_refuses_what_is_no_receipt_or_one_of_other_criteria() {
    let one = load(&with_points(50, ""));
    let other = load(&with_points(51, ""));
    let stored = qualify(&facts(json!({})), &one, &Cause::regrade(), at(NOW)).receipt.to_json();
    assert!(replay_decision(&stored, &other).unwrap_err().to_string().contains("written by criteria"));
    for bad in [
        "",
        "{}",
        "[1]",
        &stored[1..],
        &stored.replace("\"lead.rounds\":{\"value\":0}", "\"lead.rounds\":{\"value\":\"x\"}"),
    ] {
        assert_eq!(replay_decision(bad, &one).unwrap_err().to_string(), "not a grade receipt", "{bad}");
    }
    let forged = stored.replace("\"score\":50", "\"score\":70");
    assert_ne!(replay_decision(&forged, &one).unwrap(), forged);
}
