//! The documents that ship as examples: they load without a warning and grade people as their words say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use ripen_domain::{
    criteria::{Answer, Cause, Criteria, Decision, Facts, Origin, qualify, replay_decision},
    lead::{Channel, Grade},
};
use serde_json::{Value, json};

const NOW: &str = "2026-11-30T12:00:00Z";

fn load(text: &str) -> Criteria {
    let loaded = Criteria::load(text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    assert_eq!(loaded.warnings, []);
    loaded.criteria
}

fn residential() -> Criteria {
    load(include_str!("../../../deploy/criteria/residential-purchase.toml"))
}

fn mortgage() -> Criteria {
    load(include_str!("../../../deploy/criteria/mortgage.toml"))
}

fn general() -> Criteria {
    load(include_str!("../../../deploy/criteria/general.toml"))
}

/// A lead that rang an hour ago and was spoken to, unless told otherwise.
fn decide(criteria: &Criteria, answers: &Value, change: impl FnOnce(&mut Facts)) -> Decision {
    let mut facts = Facts::default();
    facts.lead.channel = Channel::Phone;
    facts.lead.verified = true;
    facts.lead.enquiries = 1;
    facts.lead.arrivals = 1;
    facts.lead.first_arrived_at = "2026-11-30T11:00:00Z".parse().unwrap();
    facts.lead.last_arrived_at = facts.lead.first_arrived_at;
    for (id, value) in answers.as_object().unwrap().clone() {
        assert!(criteria.questions().iter().any(|question| *question.id == *id), "{id}");
        let answer = Answer { value, at: facts.lead.first_arrived_at, origin: Origin::Person("Casey".into()) };
        facts.answers.insert(id, answer);
    }
    change(&mut facts);
    let decision = qualify(&facts, criteria, &Cause::regrade(), NOW.parse().unwrap());
    let stored = decision.receipt.to_json();
    assert_eq!(replay_decision(&stored, criteria).unwrap(), stored);
    decision
}

fn as_it_is(_: &mut Facts) {}

#[test]
fn residential_purchase() {
    let criteria = residential();
    assert_eq!((criteria.name(), criteria.thresholds()), ("residential-purchase", (70, 30)));
    let buyer = json!({"wants": "buy", "timeframe_days": 60, "preapproved": "yes", "budget": "450000"});
    let decision = decide(&criteria, &buyer, as_it_is);
    assert_eq!((decision.grade, decision.score), (Grade::A, 80));
    let reasons: Vec<_> = decision.receipt.reasons().into_iter().map(|reason| reason.rule.to_string()).collect();
    assert_eq!(reasons, ["soon", "preapproved", "budget_known", "spoke_to_us"]);

    let form = decide(&criteria, &buyer, |facts| {
        facts.lead.channel = Channel::WebForm;
        facts.lead.verified = false;
    });
    assert_eq!((form.grade, form.score), (Grade::B, 65));
    let unseen = decide(&criteria, &buyer, |facts| facts.lead.verified = false);
    assert_eq!((unseen.grade, &*unseen.receipt.caps[0].by), (Grade::B, "reachable"));
    let old = decide(&criteria, &buyer, |facts| facts.lead.last_arrived_at = "2026-10-01T00:00:00Z".parse().unwrap());
    assert_eq!((old.grade, &*old.receipt.caps[0].by), (Grade::B, "confirm_within"));

    let later = decide(&criteria, &json!({"wants": "buy", "timeframe_days": 300, "move_date": "2027-09-30"}), as_it_is);
    assert_eq!((later.grade, later.score), (Grade::C, 25));
    assert_eq!(later.next.unwrap().due_at.to_string(), "2027-08-16T00:00:00Z");

    let job = decide(&criteria, &json!({"wants": "job"}), as_it_is);
    assert_eq!(job.closed.as_deref(), Some("disqualified: Not a buyer"));
    let asked = decide(&criteria, &buyer, |facts| facts.lead.do_not_contact = true);
    assert_eq!(asked.closed.as_deref(), Some("disqualified: Asked not to be contacted"));
}

#[test]
fn a_time_frame_ripens_as_days_go_by() {
    let criteria = residential();
    let answers = json!({"wants": "buy", "timeframe_days": 120, "preapproved": true, "budget": 450_000});
    let said_on = |day: &str| {
        let said_at = day.parse().unwrap();
        decide(&criteria, &answers, |facts| facts.answers.get_mut("timeframe_days").unwrap().at = said_at)
    };
    assert_eq!(said_on("2026-11-30T00:00:00Z").grade, Grade::B);
    assert_eq!(said_on("2026-10-31T12:00:00Z").grade, Grade::A);
}

#[test]
fn mortgages() {
    let criteria = mortgage();
    let sound = json!({"purpose": "purchase", "contract_signed": true, "amount": 320_000, "home_value": 400_000,
        "yearly_income": 90_000, "credit": "good"});
    let decision = decide(&criteria, &sound, as_it_is);
    assert_eq!((decision.grade, decision.score), (Grade::A, 100));
    let mut thin = sound.clone();
    thin["home_value"] = json!(300_000);
    let decision = decide(&criteria, &thin, as_it_is);
    assert_eq!((decision.grade, &*decision.receipt.caps[0].by), (Grade::C, "lendable"));
    let waits = json!({"purpose": "refinance", "rate_ends": "2028-06-30", "amount": 200_000, "home_value": 400_000});
    let decision = decide(&criteria, &waits, as_it_is);
    assert_eq!(decision.grade, Grade::B);
    assert_eq!(decision.next.unwrap().due_at.to_string(), "2028-02-01T00:00:00Z");
}

#[test]
fn anything_else() {
    let criteria = general();
    let ready = json!({"interest": "A new roof", "timeframe_days": 14, "budget": 20_000, "decides": "we_do"});
    assert_eq!(decide(&criteria, &ready, as_it_is).grade, Grade::A);
    let nothing = decide(&criteria, &json!({}), as_it_is);
    assert_eq!((nothing.grade, nothing.score), (Grade::C, 10));
    let again = decide(&criteria, &json!({"call_again_on": "2027-01-15"}), as_it_is);
    assert_eq!(again.next.unwrap().due_at.to_string(), "2027-01-15T00:00:00Z");
}

#[test]
fn a_date_in_the_leads_own_words_counts_from_its_first_day_and_replays_as_it_was_given() {
    let criteria = residential();
    for (given, due_at, unused) in [
        ("2027-06-30", "2027-05-16T00:00:00Z", None),
        ("2027-06", "2027-04-17T00:00:00Z", None),
        ("2027-Q3", "2027-05-17T00:00:00Z", None),
        ("2027-q3", "2027-05-17T00:00:00Z", None),
        ("2028", "2027-11-17T00:00:00Z", None),
        ("2026-11", "2027-02-28T12:00:00Z", None),
        ("2026", "2027-02-28T12:00:00Z", None),
        ("2026-10", "2027-02-28T12:00:00Z", Some("is past")),
        ("2026-Q3", "2027-02-28T12:00:00Z", Some("is past")),
        ("2027-Q5", "2027-02-28T12:00:00Z", Some("is no date such as 2026-11-30, 2026-11, 2026-Q4 or 2026")),
    ] {
        let decision = decide(&criteria, &json!({"wants": "buy", "move_date": given}), as_it_is);
        assert_eq!(decision.next.unwrap().due_at.to_string(), due_at, "{given}");
        let input = &decision.receipt.inputs["answers.move_date"];
        assert_eq!((&input.value, input.unused.as_deref()), (&json!(given), unused));
        let counts = decision.receipt.rules.iter().any(|rule| &*rule.id == "date_fixed" && rule.points == Some(10));
        assert_eq!(counts, given.starts_with("2026") && unused.is_none(), "{given}");
    }
}

#[test]
fn every_script_has_its_texts_and_every_question_its_wording() {
    for criteria in [residential(), mortgage(), general()] {
        assert!(criteria.script().contains_key("opening") && criteria.script().contains_key("voicemail"));
        assert!(criteria.about().is_some() && !criteria.gates().is_empty() && !criteria.disqualifiers().is_empty());
        assert!(criteria.questions().iter().all(|question| question.ask.in_language("en").ends_with('?')));
    }
    let asked = residential().questions()[1].ask.in_language("es-MX").to_owned();
    assert_eq!(asked, "¿Cuándo le gustaría estar en su nueva casa?");
}

#[test]
fn a_version_and_a_text_are_told_apart() {
    let text = include_str!("../../../deploy/criteria/general.toml");
    let one = load(text);
    assert_eq!((one.version(), one.clone().with_version(7).version()), (0, 7));
    assert_eq!(one.hash(), load(text).hash());
    assert_ne!(one.hash(), load(&format!("{text}# changed\n")).hash());
}

#[test]
fn criteria_are_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    shared(&general());
}
