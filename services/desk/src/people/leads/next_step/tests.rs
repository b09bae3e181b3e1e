//! What comes before the date of a step, and what is said of it.

use jiff::tz::TimeZone;
use ripen_domain::{
    desk::NextCall,
    id::{LeadId, SourceId},
    lead::{Channel, Stage},
};
use uuid::Uuid;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn when() -> When {
    When::at_clock(at("2026-11-24T16:03:00Z"), TimeZone::get("UTC").unwrap())
}

fn step(kind: Kind, due: &str, is_agreed: bool) -> Option<ListedStep> {
    let why = "grade C is looked at again after 90d".to_owned();
    let due_at = Some(at(due));
    Some(ListedStep { kind, state: State::Scheduled, due_at, day_by: None, why, is_agreed, is_put_back: false })
}

fn lead(step: Option<ListedStep>, next: NextWork) -> ListedLead {
    ListedLead {
        id: LeadId::from_uuid(Uuid::nil()),
        client: "acme".to_owned(),
        client_name: "Acme".to_owned(),
        program: "homes".to_owned(),
        name: None,
        phone: None,
        email: None,
        stage: Stage::Lead,
        closed: None,
        grade: None,
        score: None,
        source: SourceId::from_uuid(Uuid::nil()),
        source_name: String::new(),
        channel: Channel::WebForm,
        arrivals: 1,
        last_arrived_at: when().now(),
        last_disposition: None,
        last_touch_at: None,
        step,
        next: Some(next),
        is_handed_over: false,
    }
}

fn blocked(gate: GateKind) -> NextWork {
    NextWork::Blocked { gate, words: "nobody at work now does".to_owned() }
}

fn said(lead: &ListedLead) -> (String, String, String) {
    let step = listed_step(lead, &when()).unwrap();
    (step.text, step.what, step.why)
}

#[test]
fn a_call_that_nothing_stands_against_comes_before_the_date_of_the_criteria() {
    let far = || step(Kind::Requalify, "2027-02-27T09:00:00Z", false);
    let (text, what, why) = said(&lead(far(), NextWork::Now));
    assert_eq!([text.as_str(), what.as_str(), why.as_str()], ["now", "A call", NOTHING_AGAINST]);
    let tomorrow = NextOpening { at: at("2026-11-24T20:03:00Z"), what: NextCall::Again };
    let (text, what, _) = said(&lead(far(), NextWork::At(tomorrow)));
    assert_eq!([text.as_str(), what.as_str()], ["in 4 h", "Another try"]);
    // A lead without any step can be called all the same.
    assert_eq!(said(&lead(None, NextWork::Now)).0, "now");
    // What is due already is late, and what opens behind the date comes behind it.
    let late = lead(step(Kind::Requalify, "2026-11-21T16:03:00Z", false), NextWork::Now);
    assert_eq!(said(&late).0, "3 days late");
    let behind = NextOpening { at: at("2027-03-01T09:00:00Z"), what: NextCall::Call };
    assert_eq!(said(&lead(far(), NextWork::At(behind))).1, "Re-qualify");
}

#[test]
fn what_was_agreed_and_what_asks_somebody_else_stands_whatever_could_be_called() {
    for (kind, is_agreed, what) in [
        (Kind::Requalify, true, "Promised call"),
        (Kind::Outcome, false, "Ask what became of it"),
        (Kind::SamePerson, false, "Same person?"),
    ] {
        let lead = lead(step(kind, "2027-02-27T09:00:00Z", is_agreed), NextWork::Now);
        assert_eq!(said(&lead).1, what);
    }
    let promised = lead(step(Kind::Requalify, "2027-02-27T09:00:00Z", true), blocked(GateKind::Number));
    assert!(said(&promised).2.contains(" – it is called by nobody until another number"), "nobody can make it");
    // Nobody read it: whoever does not work leads.
    let unread = ListedLead { next: None, ..lead(step(Kind::Requalify, "2027-02-27T09:00:00Z", false), NextWork::Now) };
    assert_eq!(said(&unread).1, "Re-qualify");
    let over = ListedLead { stage: Stage::Closed, step: None, ..lead(None, NextWork::Now) };
    assert!(listed_step(&over, &when()).is_none());
}

#[test]
fn what_somebody_has_to_do_first_takes_the_place_of_a_computed_date() {
    let of = |gate| lead(step(Kind::Requalify, "2027-02-27T09:00:00Z", false), blocked(gate));
    let (text, what, why) = said(&of(GateKind::Review));
    assert_eq!([text.as_str(), what.as_str()], ["waits", "It waits: a manager looks at the consent"]);
    assert_eq!(why, what, "what was to follow by itself does not");
    assert!(said(&of(GateKind::Language)).1.contains("nobody at work now does"));
    for gate in [GateKind::Closed, GateKind::WithClient, GateKind::Promise] {
        assert_eq!(said(&of(gate)).1, "Re-qualify", "{gate}");
    }
}
