//! Stories of a lead over months: decided, worked on, left alone, decided again. The same rules that the qualifier and the
//! desk apply, with the calendar turned by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::{
    calling::{Hours, Place, Whereabouts, due_at, is_allowed},
    criteria::{Answer, Cause, Criteria, Decision, Facts, Origin, Verdict, qualify},
    id::ArrivalId,
    lead::{Channel, Grade},
    promise::{AfterDecision, Kind, Occasion, Open, State, When, agreed_for, settle},
    touch::{Disposition, TouchResult, effect},
};
use serde_json::{Value, json};
use uuid::Uuid;

const CRITERIA: &str = r#"name = "test"
[[question]]
id = "days"
ask = "?"
type = "number"
counts_down = true
[[question]]
id = "lease_ends"
ask = "?"
type = "date"
[[question]]
id = "approved"
ask = "?"
type = "yes_no"
stale_after = "120d"
[[rule]]
id = "soon"
when = "answers.days <= 90"
points = 40
because = "Wants it within three months"
[[rule]]
id = "approved"
when = "answers.approved"
points = 30
because = "A lender approved them"
[[rule]]
id = "phoned"
when = "lead.channel == 'phone'"
points = 40
because = "Came by phone"
[grades]
A = 100
B = 40
confirm_within = "30d"
[requalify]
B = "30d"
C = "90d"
on = "answers.lease_ends - days(45)"
rounds = 3
"#;

/// One lead and its promises.
struct Story {
    criteria: Criteria,
    facts: Facts,
    promises: Vec<Open>,
    ended: Vec<(i64, State)>,
    generation: i64,
    grade: Option<Grade>,
    closed: Option<String>,
    now: Timestamp,
    places: Vec<Place>,
}

impl Story {
    /// A lead that came by phone, with these answers.
    fn arrives(now: &str, answers: Value) -> Self {
        Self::arrives_at(now, answers, vec![Place { region: None, zone: TimeZone::get("America/Chicago").unwrap() }])
    }

    fn arrives_at(now: &str, answers: Value, places: Vec<Place>) -> Self {
        let now = now.parse().unwrap();
        let mut facts = Facts::default();
        facts.lead.channel = Channel::Phone;
        facts.lead.arrivals = 1;
        facts.lead.enquiries = 1;
        facts.lead.first_arrived_at = now;
        facts.lead.last_arrived_at = now;
        let criteria = Criteria::load(CRITERIA).unwrap().criteria;
        let mut story = Self {
            criteria,
            facts,
            promises: Vec::new(),
            ended: Vec::new(),
            generation: 0,
            grade: None,
            closed: None,
            now,
            places,
        };
        story.says(answers);
        let cause = Cause::arrivals(vec![ArrivalId::from_uuid(Uuid::from_u128(1))]);
        story.decided(&cause, Occasion::Arrived);
        story
    }

    fn says(&mut self, answers: Value) {
        for (question, value) in answers.as_object().unwrap().clone() {
            self.criteria.check_answer(&question, &value, self.now).unwrap();
            let answer = Answer { value, at: self.now, origin: Origin::Person("Kim".into()) };
            self.facts.answers.insert(question, answer);
        }
    }

    fn decided(&mut self, cause: &Cause, occasion: Occasion) -> Decision {
        self.facts.lead.agreed_for = agreed_for(&self.promises);
        let decision = qualify(&self.facts, &self.criteria, &cause.clone().after(self.grade), self.now);
        let due_at = due_at(&decision.receipt, &Hours::default(), &self.places);
        let due_at = due_at.unwrap_or(self.now + SignedDuration::from_hours(24 * 30));
        let standing = match &decision.closed {
            Some(_) => AfterDecision::Closed,
            None => AfterDecision::Open {
                grade: decision.grade,
                due_at,
                changed: self.grade != Some(decision.grade),
                unconfirmed: decision.wants_confirmation(),
                given_back: None,
            },
        };
        let changes = settle(&self.promises, standing, occasion);
        for end in changes.ended {
            self.end(end.generation, end.state);
        }
        if let Some(next) = changes.made {
            self.promise(next.kind, next.due_at, false);
        }
        self.grade = Some(decision.grade);
        self.closed.clone_from(&decision.closed);
        assert!(self.closed.is_some() || !self.promises.is_empty(), "an open lead has a next step");
        decision
    }

    fn end(&mut self, generation: i64, state: State) {
        self.ended.push((generation, state));
        let promise = self.promises.iter_mut().find(|promise| promise.generation == generation).unwrap();
        promise.state = state;
        self.promises.retain(|promise| matches!(promise.state, State::Scheduled | State::Work));
    }

    fn promise(&mut self, kind: Kind, due_at: Timestamp, agreed: bool) {
        self.generation += 1;
        let (generation, state) = (self.generation, State::Scheduled);
        self.promises.push(Open {
            generation,
            kind,
            state,
            due_at: Some(due_at),
            agreed,
            by_hand: agreed,
            worked: false,
        });
    }

    /// When the next step is due, by the clock of the first place.
    fn next(&self) -> String {
        let due_at = self.promises.iter().filter_map(|promise| promise.due_at).min().unwrap();
        let zone = &self.places[0].zone;
        zone.to_datetime(due_at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Waits until the next step is due and lets it fire.
    fn fires(&mut self) -> Decision {
        let promise = *self.promises.iter().min_by_key(|promise| promise.due_at).unwrap();
        assert_eq!(promise.state, State::Scheduled, "work waits for a person");
        self.now = promise.due_at.unwrap();
        assert!(is_allowed(self.now, &Hours::default(), &self.places), "{}", self.now);
        self.decided(&Cause::promise(promise.generation), Occasion::Fired(promise.generation))
    }

    fn waits_for_a_person(&self) -> bool {
        self.promises.iter().any(|promise| promise.state == State::Work)
    }

    /// A person works on it, as the desk's command does.
    fn worked(&mut self, disposition: Disposition, answers: Value, next: Option<&str>) -> Decision {
        let count = answers.as_object().unwrap().len();
        self.says(answers);
        let brought = TouchResult { disposition, answers: count, agreed: next.is_some(), is_again: false };
        let effect = effect(&self.promises, brought, self.now);
        self.facts.lead.touches += 1;
        self.facts.lead.rounds += u32::from(effect.round);
        if disposition.is_conversation() {
            self.facts.lead.last_conversation_at = Some(self.now);
        }
        if let Some(worked) = effect.worked {
            self.promises.iter_mut().find(|promise| promise.generation == worked).unwrap().worked = true;
        }
        if let Some(end) = effect.replaced {
            self.end(end.generation, end.state);
        }
        if let Some(when) = next {
            let due = when.parse::<When>().unwrap().due(self.now, &Hours::default(), &self.places).unwrap();
            self.promise(Kind::Requalify, due.at, true);
        }
        self.decided(&Cause::regrade(), Occasion::Regraded)
    }
}

#[test]
fn a_lease_that_ends_in_may_is_called_about_in_april_and_not_before() {
    let mut story = Story::arrives("2026-11-22T18:00:00Z", json!({"lease_ends": "2027-05-31"}));
    assert_eq!((story.grade, story.next()), (Some(Grade::B), "2027-04-16 09:00".to_owned()), "its own date");
    story.now = "2026-12-01T18:00:00Z".parse().unwrap();
    story.worked(Disposition::CallBack, json!({}), Some("2027-04"));
    assert_eq!(story.next(), "2027-04-01 09:00", "in April, not every 30 days");
    assert_eq!(story.ended, [(1, State::Moved)]);
    story.facts.lead.rounds = 3;
    let regraded = story.decided(&Cause::regrade(), Occasion::Regraded);
    assert_eq!((regraded.closed, story.next()), (None, "2027-04-01 09:00".to_owned()), "not closed before");
    let why = regraded.next.unwrap();
    assert_eq!((why.why.as_str(), why.due_at.to_string().as_str()), ("agreed with the person", "2027-04-01T14:00:00Z"));
    story.fires();
    assert!(story.waits_for_a_person(), "somebody promised to call");
    let regraded = story.decided(&Cause::regrade(), Occasion::Regraded);
    assert_eq!(regraded.closed, None, "nor while the call is to be made");
    story.now += SignedDuration::from_hours(1);
    story.worked(Disposition::NoAnswer, json!({}), None);
    assert_eq!(
        (story.closed.clone(), story.next()),
        (None, "2027-04-16 09:00".to_owned()),
        "the lease still ends in May"
    );
    story.now = "2027-06-01T18:00:00Z".parse().unwrap();
    let after = story.decided(&Cause::regrade(), Occasion::Regraded);
    assert_eq!(after.closed.as_deref(), Some("went cold"), "its rounds were used and no date is ahead");
}

#[test]
fn an_answer_that_counts_down_makes_work_and_no_a() {
    let mut story = Story::arrives("2026-11-22T18:00:00Z", json!({"days": 100, "approved": true}));
    assert_eq!((story.grade, story.next()), (Some(Grade::B), "2026-12-22 09:00".to_owned()));
    let fired = story.fires();
    assert_eq!(fired.score, 110, "a hundred days said a month ago are seventy now");
    assert_eq!(fired.grade, Grade::B, "but nobody spoke with them in the month");
    assert!(story.waits_for_a_person());
    let spoken = story.worked(Disposition::Answered, json!({}), None);
    assert_eq!(spoken.grade, Grade::A);
    assert_eq!(story.ended.last(), Some(&(1, State::Kept)));
}

#[test]
fn answers_five_months_old_count_no_more() {
    let mut story = Story::arrives("2026-11-22T18:00:00Z", json!({"approved": true}));
    story.now = "2027-04-25T15:00:00Z".parse().unwrap();
    let decision = story.decided(&Cause::regrade(), Occasion::Regraded);
    let approved = decision.receipt.rules.iter().find(|rule| &*rule.id == "approved").unwrap();
    assert_eq!((approved.result, decision.score), (Verdict::Missing, 40));
    assert_eq!(decision.receipt.inputs["answers.approved"].unused.as_deref(), Some("went stale"));
}

#[test]
fn a_promise_that_the_criteria_can_decide_alone_makes_no_work() {
    let mut story = Story::arrives("2026-11-22T18:00:00Z", json!({"days": 400, "approved": true}));
    story.facts.lead.channel = Channel::List;
    story.says(json!({"days": 90}));
    story.decided(&Cause::regrade(), Occasion::Regraded);
    assert_eq!(story.grade, Some(Grade::B), "70 points");
    story.facts.answers.remove("days");
    story.fires();
    assert_eq!(story.grade, Some(Grade::C));
    assert!(!story.waits_for_a_person());
    assert_eq!(story.ended.last(), Some(&(1, State::Kept)));
}

#[test]
fn six_answers_in_one_call_use_no_round_and_calls_without_an_answer_do() {
    let mut story = Story::arrives("2026-11-22T18:00:00Z", json!({}));
    story.fires();
    story.worked(Disposition::Answered, json!({"days": 400, "approved": false, "lease_ends": "2026-12-29"}), None);
    assert_eq!((story.facts.lead.rounds, story.waits_for_a_person()), (0, false));
    for round in 1..=3 {
        story.fires();
        assert!(story.waits_for_a_person());
        story.worked(Disposition::NoAnswer, json!({}), None);
        assert_eq!(story.facts.lead.rounds, round);
        assert_eq!(story.closed.is_some(), round == 3, "closed after its third round without progress");
    }
}

#[test]
fn time_alone_never_makes_an_a() {
    for days in 0..400 {
        let mut story = Story::arrives("2026-11-22T18:00:00Z", json!({"days": 91 + days, "approved": true}));
        assert_eq!(story.grade, Some(Grade::B));
        while !story.waits_for_a_person() {
            let fired = story.fires();
            assert_ne!(fired.grade, Grade::A, "{days}");
        }
    }
    let mut grown = Story::arrives("2026-11-22T18:00:00Z", json!({"days": 91, "approved": true}));
    grown.now += SignedDuration::from_hours(24 * 31);
    assert_ne!(
        grown.decided(&Cause::regrade(), Occasion::Regraded).grade,
        Grade::A,
        "nobody spoke with them for a month"
    );
}

#[test]
fn an_a_lead_is_still_one_when_its_client_is_asked() {
    let mut story = Story::arrives("2026-11-22T18:00:00Z", json!({"days": 30, "approved": true}));
    assert_eq!(story.grade, Some(Grade::A));
    story.now += SignedDuration::from_hours(24 * 29);
    let asked = story.decided(&Cause::promise(1), Occasion::Fired(1));
    assert_eq!(asked.grade, Grade::A);
    assert!(story.waits_for_a_person());
}

#[test]
fn thirty_days_are_counted_in_the_calendar_of_where_the_lead_lives() {
    for (arrives, next) in [
        ("2026-10-15T13:00:00Z", "2026-11-14 09:00"),
        ("2027-02-25T03:00:00Z", "2027-03-26 09:00"),
        ("2027-03-13T18:00:00Z", "2027-04-12 09:00"),
    ] {
        assert_eq!(Story::arrives(arrives, json!({})).next(), next, "across the change of the clock");
    }
}

#[test]
fn where_phone_and_postal_code_disagree_only_hours_that_both_allow_count() {
    let apart = Whereabouts {
        postal_code: Some("10001"),
        phone: Some("+14155550100"),
        country: Some("US"),
        time_zone: None,
        client_time_zone: "UTC",
    };
    let mut story = Story::arrives_at("2026-11-22T18:00:00Z", json!({}), apart.places());
    assert_eq!(story.next(), "2026-12-22 12:00", "noon in New York, nine in San Francisco");
    story.fires();
}
