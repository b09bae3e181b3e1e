//! Receipts in words, and back-tests: what a draft would have done, with only what was known then.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::{
    criteria::{
        Answer, Backtest, BacktestReport, BacktestStanding as Standing, Cause, ClientFacts, Criteria, Facts, LeadFacts,
        Origin, PastAnswer, PastArrival, PastDecision, PastLead, SourceFacts, StandingFlow, qualify,
    },
    delivery::OutcomeKind,
    id::LeadId,
    lead::Channel,
};

const DOCUMENT: &str = r#"
name = "homes"

[[question]]
id = "days"
ask = "When?"
type = "number"
min = 0
max = 3650

[[question]]
id = "preapproved"
ask = "A lender?"
type = "yes_no"

[[rule]]
id = "soon"
when = "answers.days <= 90"
points = 40
because = "Wants to move within three months"

[[rule]]
id = "lender"
when = "answers.preapproved"
points = 20
because = "Has a lender"

[[rule]]
id = "came_back"
when = "lead.enquiries >= 2"
points = 10
because = "Enquired more than once"

[[gate]]
id = "reachable"
require = "lead.has_email || lead.has_phone"
at_most = "B"
because = "Cannot be reached"

[grades]
A = 60
B = 30

[requalify]
B = "30d"
C = "90d"
"#;

fn at(day: i64) -> Timestamp {
    "2026-03-02T15:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * day)
}

fn criteria(document: &str) -> Criteria {
    Criteria::load(document).unwrap().criteria
}

fn answer(value: serde_json::Value, day: i64) -> Answer {
    Answer { value, at: at(day), origin: Origin::Person("import".into()) }
}

/// A lead that arrived on day 0 and 5; the first answer came with it, the second on day 9. Decided on each of the days.
fn past(document: &str, days: &[i64]) -> PastLead {
    let arrival = |day| PastArrival {
        received_at: at(day),
        submitted_at: None,
        amends: false,
        channel: Channel::WebForm,
        has_email: true,
        has_phone: false,
        country: None,
        postal_code: None,
        time_zone: None,
    };
    let mut past = PastLead {
        client: ClientFacts { slug: "acme".into(), time_zone: "America/Chicago".into(), ..ClientFacts::default() },
        source: SourceFacts { name: "Site".into(), channel: Channel::WebForm },
        arrivals: vec![arrival(0), arrival(5)],
        answers: vec![
            PastAnswer { question: "days".into(), answer: answer(45.into(), 0), known_at: at(0) },
            PastAnswer { question: "preapproved".into(), answer: answer(true.into(), 9), known_at: at(9) },
        ],
        decisions: Vec::new(),
    };
    let criteria = criteria(document);
    for day in days {
        let decision = qualify(&facts(&past, *day), &criteria, &Cause::regrade(), at(*day));
        let (grade, score) = (decision.grade, decision.score);
        past.decisions.push(PastDecision { at: at(*day), grade, score, receipt: decision.receipt.to_json() });
    }
    past
}

fn facts(past: &PastLead, day: i64) -> Facts {
    let known = past.answers.iter().filter(|one| one.known_at <= at(day));
    let arrivals = past.arrivals.iter().filter(|arrival| arrival.received_at <= at(day)).count();
    let count = u32::try_from(arrivals).unwrap();
    Facts {
        answers: known.map(|one| (one.question.clone(), one.answer.clone())).collect(),
        lead: LeadFacts {
            channel: Channel::WebForm,
            arrivals: count,
            enquiries: count,
            first_arrived_at: at(0),
            last_arrived_at: at(if arrivals == 2 { 5 } else { 0 }),
            has_email: true,
            ..LeadFacts::default()
        },
        client: past.client.clone(),
        source: past.source.clone(),
    }
}

fn tested(draft: &str, past: &PastLead, outcome: Option<OutcomeKind>) -> BacktestReport {
    let mut test = Backtest::default();
    test.lead(&criteria(draft), LeadId::from_uuid(uuid::Uuid::from_u128(1)), past, outcome);
    test.report(&BTreeMap::new())
}

#[test]
fn the_same_criteria_decide_the_past_as_it_was() {
    let past = past(DOCUMENT, &[0, 4, 5, 8, 9, 30]);
    let report = tested(DOCUMENT, &past, None);
    assert_eq!((report.decisions, report.same, report.leads), (6, 6, 1), "{:?}", report.flows);
    assert_eq!((report.a_leads["acme"].before, report.a_leads["acme"].after), (1, 1), "it became A once, on day 9");
}

#[test]
fn a_draft_sees_nothing_that_was_not_known_yet() {
    let past = past(DOCUMENT, &[0, 4, 8, 9]);
    let generous = DOCUMENT.replace("A = 60", "A = 50");
    let report = tested(&generous, &past, Some(OutcomeKind::Won));
    assert_eq!(
        report.flows,
        [
            StandingFlow { from: Standing::A, to: Standing::A, decisions: 1 },
            StandingFlow { from: Standing::B, to: Standing::A, decisions: 1 },
            StandingFlow { from: Standing::B, to: Standing::B, decisions: 2 },
        ]
    );
    assert_eq!(
        (report.examples[0].at, report.examples[0].from.score),
        (at(8), 50),
        "the second enquiry made it, not the lender"
    );
    assert_eq!((report.won.kept, report.won.gained, report.won.lost), (1, 0, 0));
    let strict = DOCUMENT.replace("answers.days <= 90", "answers.days <= 30");
    let report = tested(&strict, &past, Some(OutcomeKind::Returned));
    assert_eq!((report.returned.kept, report.returned.gained, report.returned.lost), (0, 0, 1));
    assert_eq!((report.bands[0].from, report.bands[0].to, report.bands[0].won.of), (30, 39, 1));
}

#[test]
fn what_was_said_long_before_it_came_was_not_known_before_it_came() {
    let mut past = past(DOCUMENT, &[0, 4, 8, 9]);
    past.answers[1].answer.at = at(1);
    let report = tested(DOCUMENT, &past, None);
    assert_eq!((report.decisions, report.same), (4, 4), "{:?}", report.flows);
}

#[test]
fn parts_add_up_to_the_whole() {
    let (one, two) = (past(DOCUMENT, &[0, 9]), past(DOCUMENT, &[4, 8]));
    let draft = criteria(&DOCUMENT.replace("A = 60", "A = 50"));
    let id = |number| LeadId::from_uuid(uuid::Uuid::from_u128(number));
    let (mut whole, mut left, mut right) = (Backtest::default(), Backtest::default(), Backtest::default());
    whole.lead(&draft, id(1), &one, Some(OutcomeKind::Lost));
    whole.lead(&draft, id(2), &two, None);
    left.lead(&draft, id(1), &one, Some(OutcomeKind::Lost));
    right.lead(&draft, id(2), &two, None);
    left.add(right);
    assert_eq!(
        serde_json::to_value(whole.report(&BTreeMap::new())).unwrap(),
        serde_json::to_value(left.report(&BTreeMap::new())).unwrap()
    );
}

#[test]
fn an_activation_changes_what_is_open_today() {
    let past = past(DOCUMENT, &[0, 8]);
    let mut test = Backtest::default();
    test.today(&criteria(DOCUMENT), LeadId::from_uuid(uuid::Uuid::nil()), &past, at(12));
    let report = test.report(&BTreeMap::new());
    let became_a = StandingFlow { from: Standing::B, to: Standing::A, decisions: 1 };
    assert_eq!(report.flows, [became_a], "the lender's answer of day 9 counts today");
    assert_eq!(serde_json::to_value(became_a).unwrap(), serde_json::json!(["B", "A", 1]), "as programs read it");
}

#[test]
fn a_receipt_says_in_words_what_a_rep_wants_to_know() {
    let past = past(DOCUMENT, &[]);
    let criteria = criteria(DOCUMENT);
    let decision = qualify(&facts(&past, 1), &criteria, &Cause::regrade(), at(1));
    let text = decision.receipt.explain(&criteria, &TimeZone::get("America/Chicago").unwrap());
    let expected = "\
Grade B with 40 points, on Tuesday, 3 March 2026, 09:00 CST
by the criteria homes, version 0 (A from 60 points, B from 30)

What counted
   +40  Wants to move within three months

What was asked and did not hold
   +10  Enquired more than once

What was not known
   +20  Has a lender (not known: preapproved)

What would make it an A
        20 more points; what is not known yet is worth up to 20
   +20  if it holds: Has a lender (ask for: preapproved)

What happens next
        it is looked at again on 2 April 2026: grade B is looked at again after 30d
";
    assert_eq!(text, expected);
}
