//! When the promise of a decision falls due: in the calling hours of where the person is, and moved only for a reason.

use std::{collections::BTreeMap, sync::Arc};

use ripen_domain::{
    calling::{Hours, is_allowed},
    criteria::{Criteria, KeptBack, Receipt, replay_decision},
    id::{ArrivalId, ClientId, LeadId, ProgramId},
    person::Profile,
    promise::{Open, PromiseEnd, State},
};
use ripen_store::{client::client_record::ClientRecord, source::source_record::State as ClientState};

use super::*;
use crate::{
    undo_time::tests::row_of,
    unit_of_work::{TrackedLead, TrackedPerson, UnitOfWork},
};

const CRITERIA: &str = "name = 'test'\n[[rule]]\nid = 'r'\nwhen = 'lead.enquiries > 3'\npoints = 70\nbecause = 'r'\n\
    [grades]\nA = 70\nB = 40\n[requalify]\nB = '30d'\nC = '30d'\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn work() -> GradingSettings {
    let client = ClientRecord {
        id: ClientId::from_uuid(Uuid::nil()),
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        country: "US".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        state: ClientState::Active,
    };
    let criteria = Some(CriteriaId::from_uuid(Uuid::nil()));
    GradingSettings {
        client,
        program: ProgramId::from_uuid(Uuid::nil()),
        criteria,
        endpoints: Vec::new(),
        is_routed: false,
    }
}

fn lead(now: Timestamp) -> TrackedLead {
    let row = row_of(0, now);
    TrackedLead { arrived: vec![ArrivalId::from_uuid(Uuid::nil())], enquired: true, ..TrackedLead::new(row) }
}

/// Decides the lead of a person known so.
fn decide(lead: TrackedLead, profile: Profile, now: &str) -> BatchDecisions {
    decide_and_leave(lead, profile, now).0
}

/// The same, with the lead as it is left.
fn decide_and_leave(lead: TrackedLead, profile: Profile, now: &str) -> (BatchDecisions, TrackedLead) {
    let criteria = Arc::new(Criteria::load(CRITERIA).unwrap().criteria);
    let person = TrackedPerson {
        client: lead.row.client,
        profile,
        verified: false,
        do_not_contact: false,
        calls: Vec::new(),
        changed: false,
    };
    let mut work_unit = UnitOfWork::default();
    work_unit.work.insert(lead.row.client, work());
    work_unit.persons.insert(lead.row.person, person);
    work_unit.leads.insert(lead.row.id, lead);
    let criteria = BTreeMap::from([(CriteriaId::from_uuid(Uuid::nil()), criteria)]);
    let hours = Hours::default();
    let decided =
        Decider { criteria: &criteria, hours: &hours, now: at(now), new_id: Uuid::nil }.decide(&mut work_unit);
    assert_eq!(decided.decisions.len(), 1);
    let (_, left) = work_unit.leads.pop_first().unwrap();
    (decided, left)
}

fn due(decided: &BatchDecisions) -> Option<String> {
    Some(decided.made.first()?.due_at?.to_string())
}

#[test]
fn a_promise_falls_due_when_its_day_opens_where_the_person_is() {
    let now = "2026-11-01T03:20:00Z";
    let due = |profile| due(&decide(lead(at(now)), profile, now)).unwrap();
    let phone = |number: &str| Profile { phone: Some(number.to_owned()), ..Profile::default() };
    assert_eq!(due(Profile::default()), "2026-11-30T19:00:00Z", "nine in Honolulu: nothing says where in the country");
    assert_eq!(due(phone("+14155550100")), "2026-11-30T17:00:00Z");
    assert_eq!(due(phone("+16025550100")), "2026-11-30T16:00:00Z");
    let apart = Profile { postal_code: Some("10001".to_owned()), ..phone("+14155550100") };
    assert_eq!(due(apart), "2026-11-30T17:00:00Z", "when both are open");
    let own = Profile { time_zone: Some("Europe/Berlin".to_owned()), ..Profile::default() };
    assert_eq!(due(own), "2026-12-01T08:00:00Z", "it was November there already");
}

#[test]
fn the_receipt_knows_nothing_of_calling_hours() {
    let now = "2026-11-01T03:20:00Z";
    let profile = Profile { phone: Some("+14155550100".to_owned()), ..Profile::default() };
    let decided = decide(lead(at(now)), profile.clone(), now);
    let bytes = &decided.decisions[0].receipt;
    let receipt: Receipt = serde_json::from_str(bytes).unwrap();
    assert_eq!(receipt.next.unwrap().due_at, at("2026-12-01T03:20:00Z"), "thirty times twenty-four hours");
    let criteria = Criteria::load(CRITERIA).unwrap().criteria;
    assert_eq!(&replay_decision(bytes, &criteria).unwrap(), bytes);
    let places = Whereabouts { phone: profile.phone.as_deref(), ..Whereabouts::default() }.places();
    assert!(is_allowed(decided.made[0].due_at.unwrap(), &Hours::default(), &places));
}

#[test]
fn deciding_again_on_the_same_day_moves_nothing() {
    let first = decide(lead(at("2026-11-02T15:00:00Z")), Profile::default(), "2026-11-02T15:00:00Z");
    let again = |now: &str| {
        let promise = Open {
            generation: 1,
            kind: Kind::Requalify,
            state: State::Scheduled,
            due_at: first.made[0].due_at,
            agreed: false,
            by_hand: false,
            worked: false,
        };
        decide(TrackedLead { promises: vec![promise], ..lead(at(now)) }, Profile::default(), now)
    };
    let same_day = again("2026-11-02T23:59:00Z");
    assert!(same_day.made.is_empty() && same_day.ended.is_empty());
    let next_day = again("2026-11-03T15:00:00Z");
    let ended =
        LeadPromiseEnd { lead: LeadId::from_uuid(Uuid::nil()), end: PromiseEnd { generation: 1, state: State::Moved } };
    assert_eq!(next_day.ended, [ended]);
    assert_eq!(due(&next_day).as_deref(), Some("2026-12-03T19:00:00Z"));
}

#[test]
fn a_lead_that_came_back_and_is_an_a_again_matures_again_even_if_it_was_never_decided_between() {
    let spoken = "2026-11-05T16:00:00Z";
    let again = |returned_at: Option<&str>| {
        let mut lead = lead(at("2026-11-01T15:00:00Z"));
        let id = DecisionId::from_uuid(Uuid::nil());
        lead.row.decided =
            Some(LastDecision { id, criteria: CriteriaId::from_uuid(Uuid::nil()), grade: Grade::A, score: 70 });
        lead.row.enquiries = 4;
        lead.row.matured_at = Some(at("2026-11-02T15:00:00Z"));
        lead.row.returned_at = returned_at.map(at);
        lead.row.last_conversation_at = Some(at(spoken));
        decide(lead, Profile::default(), "2026-11-05T16:00:01Z").maturations.len()
    };
    assert_eq!(again(None), 0, "its client has it");
    assert_eq!(again(Some("2026-11-01T16:00:00Z")), 0, "it came back before, and matured since");
    assert_eq!(again(Some("2026-11-04T16:00:00Z")), 1);
    assert_eq!(again(Some("2026-11-05T16:00:00.5Z")), 0, "nobody has spoken to the person since");
}

/// A lead with the points of an A that was decided before with another grade, or none.
fn with_points_of_an_a(before: Option<Grade>) -> TrackedLead {
    let mut lead = lead(at("2026-11-01T15:00:00Z"));
    lead.row.enquiries = 4;
    let (id, criteria) = (DecisionId::from_uuid(Uuid::nil()), CriteriaId::from_uuid(Uuid::nil()));
    lead.row.decided = before.map(|grade| LastDecision { id, criteria, grade, score: 0 });
    lead
}

#[test]
fn nothing_matures_while_its_consent_is_looked_at_nor_when_the_person_wants_nothing() {
    let matured = |kept_back: Option<KeptBack>| {
        let lead = TrackedLead { kept_back, ..with_points_of_an_a(None) };
        let decided = decide(lead, Profile::default(), "2026-11-05T16:00:01Z");
        let receipt: Receipt = serde_json::from_str(&decided.decisions[0].receipt).unwrap();
        let criteria = Criteria::load(CRITERIA).unwrap().criteria;
        assert_eq!(replay_decision(&decided.decisions[0].receipt, &criteria).unwrap(), decided.decisions[0].receipt);
        let caps: Vec<_> = receipt.caps.iter().map(|cap| cap.by.to_string()).collect();
        (decided.maturations.len(), receipt.grade, caps)
    };
    assert_eq!(matured(None), (1, Grade::A, vec![]));
    assert_eq!(matured(Some(KeptBack::Review)), (0, Grade::B, vec!["review".to_owned()]));
    assert_eq!(matured(Some(KeptBack::NotInterested)), (0, Grade::B, vec!["not_interested".to_owned()]));
    // One that is an A already is none while a manager looks: what was not sent yet is stopped.
    let lead = TrackedLead { kept_back: Some(KeptBack::Review), ..with_points_of_an_a(Some(Grade::A)) };
    assert_eq!(decide(lead, Profile::default(), "2026-11-05T16:00:01Z").withdrawn.len(), 1);
}

#[test]
fn what_the_firm_took_back_is_not_said_to_be_returned_by_its_client() {
    let because = |is_recalled| {
        let mut lead = TrackedLead { is_recalled, ..with_points_of_an_a(Some(Grade::A)) };
        lead.row.returned_at = Some(at("2026-11-04T16:00:00Z"));
        let decided = decide(lead, Profile::default(), "2026-11-05T16:00:01Z");
        let text = &decided.decisions[0].receipt;
        let criteria = Criteria::load(CRITERIA).unwrap().criteria;
        assert_eq!(&replay_decision(text, &criteria).unwrap(), text);
        let receipt: Receipt = serde_json::from_str(text).unwrap();
        (receipt.caps[0].by.to_string(), receipt.caps[0].because.to_string())
    };
    let words = |who: &str| ("returned".to_owned(), format!("{who} and nobody has spoken to the person since"));
    assert_eq!(because(false), words("The client returned it"));
    assert_eq!(because(true), words("It was taken back from the client"));
}

#[test]
fn a_lead_that_its_client_has_is_an_a_again_without_being_handed_over_again() {
    let decided = |before, is_handed_over| {
        let lead = TrackedLead { is_handed_over, regrade: Some(1), arrived: Vec::new(), ..with_points_of_an_a(before) };
        let decided = decide(lead, Profile::default(), "2026-11-05T16:00:01Z");
        (decided.maturations.len(), decided.again.len())
    };
    assert_eq!(decided(Some(Grade::B), true), (0, 1), "its client is told");
    assert_eq!(decided(Some(Grade::B), false), (1, 0), "whoever had it gave it back, or nobody got it");
    assert_eq!(decided(Some(Grade::A), true), (0, 0), "nothing changed");
    let has_news = |is_taken_back| {
        let before = with_points_of_an_a(Some(Grade::B));
        let lead = TrackedLead { is_handed_over: true, regrade: Some(1), arrived: Vec::new(), is_taken_back, ..before };
        let again = decide(lead, Profile::default(), "2026-11-05T16:00:01Z").again.remove(0);
        (again.by_hand, again.has_news)
    };
    assert_eq!(has_news(false), (true, true));
    assert_eq!(has_news(true), (true, false), "what was said is taken back");
}

#[test]
fn what_is_taken_back_leaves_the_day_and_the_rounds_that_there_were() {
    let decided = |is_taken_back: bool, arrived: bool| {
        // As the client was to be asked before the disposition made it a B.
        let promise = Open {
            generation: 1,
            kind: Kind::Outcome,
            state: State::Scheduled,
            due_at: Some(at("2026-11-12T15:00:00Z")),
            agreed: false,
            by_hand: false,
            worked: false,
        };
        let before = with_points_of_an_a(Some(Grade::B));
        let arrived = if arrived { before.arrived.clone() } else { Vec::new() };
        let mut lead = TrackedLead {
            is_handed_over: true,
            regrade: Some(1),
            arrived,
            is_taken_back,
            is_taken_back_last: is_taken_back,
            promises: vec![promise],
            ..before
        };
        lead.row.rounds = 2;
        let (decided, left) = decide_and_leave(lead, Profile::default(), "2026-11-05T16:00:01Z");
        ([decided.ended.len(), decided.made.len()], left.row.rounds)
    };
    assert_eq!(decided(true, false), ([0, 0], 2), "as it was");
    assert_eq!(decided(false, false), ([1, 1], 0), "an A anew is asked for anew");
    assert_eq!(decided(true, true), ([1, 1], 0), "who enquires meanwhile is news");
}

#[test]
fn a_number_that_was_called_as_often_as_its_state_allows_is_not_due_before_the_first_call_is_a_day_old() {
    let now = "2026-12-01T18:00:00Z";
    let put_off = |phone: &str, calls: &[&str]| {
        let promise = Open {
            generation: 1,
            kind: Kind::Requalify,
            state: State::Scheduled,
            due_at: Some(at(now)),
            agreed: false,
            by_hand: false,
            worked: false,
        };
        let mut fired = TrackedLead {
            arrived: Vec::new(),
            fired: Some(1),
            promises: vec![promise],
            ..lead(at("2026-11-01T15:00:00Z"))
        };
        // By these criteria, so that nothing but the promise is a reason to decide.
        let id = DecisionId::from_uuid(Uuid::nil());
        fired.row.decided =
            Some(LastDecision { id, criteria: CriteriaId::from_uuid(Uuid::nil()), grade: Grade::C, score: 0 });
        let profile = Profile { phone: Some(phone.to_owned()), ..Profile::default() };
        let person = TrackedPerson {
            client: fired.row.client,
            profile,
            verified: false,
            do_not_contact: false,
            calls: calls.iter().map(|call| at(call)).collect(),
            changed: false,
        };
        let mut work_unit = UnitOfWork::default();
        work_unit.work.insert(fired.row.client, work());
        work_unit.persons.insert(fired.row.person, person);
        work_unit.leads.insert(fired.row.id, fired);
        let criteria = Arc::new(Criteria::load(CRITERIA).unwrap().criteria);
        let criteria = BTreeMap::from([(CriteriaId::from_uuid(Uuid::nil()), criteria)]);
        let hours = Hours::default();
        let decider = Decider { criteria: &criteria, hours: &hours, now: at(now), new_id: Uuid::nil };
        decider.decide(&mut work_unit).put_off.first().map(|one| one.until.to_string())
    };
    let (miami, new_york) = ("+13055550100", "+12125550100");
    let three = ["2026-11-30T19:10:00Z", "2026-12-01T15:00:00Z", "2026-12-01T16:00:00Z"];
    assert_eq!(put_off(miami, &three).as_deref(), Some("2026-12-01T19:10:00Z"));
    assert_eq!(put_off(miami, &three[1..]), None, "two in a day");
    assert_eq!(put_off(new_york, &three), None, "a state without a limit");
    let late = ["2026-12-01T03:00:00Z", "2026-12-01T15:00:00Z", "2026-12-01T16:00:00Z"];
    assert_eq!(put_off(miami, &late).as_deref(), Some("2026-12-02T14:00:00Z"), "it is closed when the day is over");
}

#[test]
fn a_promised_call_that_reached_nobody_is_tried_again_before_the_date_of_the_criteria() {
    let now = "2026-12-01T18:00:00Z";
    let due = |again: Option<&str>, phone: Option<&str>| {
        let kept = Open {
            generation: 1,
            kind: Kind::Requalify,
            state: State::Work,
            due_at: Some(at("2026-12-01T17:00:00Z")),
            agreed: true,
            by_hand: true,
            worked: true,
        };
        let worked = TrackedLead {
            arrived: Vec::new(),
            regrade: Some(1),
            promises: vec![kept],
            again_at: again.map(at),
            ..lead(at("2026-11-01T15:00:00Z"))
        };
        let profile = Profile { phone: phone.map(str::to_owned), ..Profile::default() };
        let made = decide(worked, profile, now).made.remove(0);
        (made.due_at.unwrap().to_string(), made.why)
    };
    let phone = Some("+13125550142");
    let (again, why) = due(Some("2026-12-02T18:00:00Z"), phone);
    assert_eq!(again, "2026-12-02T18:00:00Z");
    assert!(why.contains("reached nobody"), "{why}");
    // Often enough, or by no number: the date of the criteria.
    for (again, phone) in [(None, phone), (Some("2026-12-02T18:00:00Z"), None)] {
        let (at, why) = due(again, phone);
        assert!(at.starts_with("2026-12-31") && why.contains("30d"), "{at}: {why}");
    }
}
