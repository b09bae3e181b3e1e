//! Decisions alone, without a database: how many a second one core makes by a document of 15 rules, with and without the
//! receipt's bytes, and how many it replays. A floor does nothing but read the receipts as JSON.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    criteria::{Answer, Cause, Criteria, Facts, LeadFacts, Origin, qualify, replay_decision},
    lead::Channel,
};
use serde_json::{Value, json};

use crate::{
    Options,
    report::{Aim, Report, median, note},
};

const RULES: usize = 15;
const DECISIONS_A_SECOND: f64 = 150_000.0;
const REPLAYS_A_SECOND: f64 = 50_000.0;
/// Different leads, so that no branch is learnt by heart.
const LEADS: usize = 512;

/// Runs the benchmark on one thread.
pub fn run(options: &Options) -> Report {
    let mut report = Report::new("decide");
    let criteria = Criteria::load(&document()).expect("the document is sound").criteria;
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("an instant");
    let leads: Vec<_> = (0..LEADS).map(|number| facts(number, now)).collect();
    let cause = Cause::regrade();
    let decide = |lead: &Facts| qualify(lead, &criteria, &cause, now);
    let receipts: Vec<_> = leads.iter().map(|lead| decide(lead).receipt.to_json()).collect();
    let (mut plain, mut written, mut replayed, mut read) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        plain.push(rate(options, &leads, |lead| drop(black_box(decide(lead)))));
        written.push(rate(options, &leads, |lead| drop(black_box(decide(lead).receipt.to_json()))));
        read.push(rate(options, &receipts, |receipt| drop(black_box(serde_json::from_str::<Value>(receipt)))));
        replayed.push(rate(options, &receipts, |receipt| {
            let again = replay_decision(receipt, &criteria).expect("a receipt of these criteria");
            assert!(again == *receipt, "the same bytes");
        }));
        note(&format!("round {round}: {:.0} decisions/s", plain.last().copied().unwrap_or_default()));
    }
    let bytes: usize = receipts.iter().map(String::len).sum();
    report.aimed(format!("{RULES} rules: decisions"), median(&plain), "/s", Aim::AtLeast(DECISIONS_A_SECOND));
    report.add(format!("{RULES} rules: decisions with the receipt's bytes"), median(&written), "/s");
    report.aimed("decisions replayed to the same bytes", median(&replayed), "/s", Aim::AtLeast(REPLAYS_A_SECOND));
    report.add("floor: receipts read as JSON", median(&read), "/s");
    report.add("bytes of a receipt", bytes as f64 / LEADS as f64, "");
    report
}

/// How often a second, going round and round.
fn rate<T>(options: &Options, items: &[T], mut work: impl FnMut(&T)) -> f64 {
    let limit = Duration::from_secs(options.seconds);
    let (begun, mut count) = (Instant::now(), 0_u64);
    while begun.elapsed() < limit {
        items.iter().for_each(&mut work);
        count += items.len() as u64;
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

/// Five questions, and rules of every usual shape.
fn document() -> String {
    let mut text = String::from("name = \"bench\"\n");
    for (id, kind) in
        [("days", "number"), ("budget", "money"), ("lender", "yes_no"), ("area", "text"), ("moves_on", "date")]
    {
        text += &format!("[[question]]\nid = \"{id}\"\nask = \"{id}?\"\ntype = \"{kind}\"\n");
        if kind == "number" {
            text += "min = 0\nmax = 3650\n";
        }
    }
    let conditions = [
        "answers.days <= 30",
        "answers.days > 30 && answers.days <= 90",
        "answers.days > 90 && answers.days <= 365",
        "answers.budget >= 250000",
        "answers.budget >= 500000",
        "answers.lender",
        "answers.area in ['north', 'west']",
        "answers.moves_on <= now + days(180)",
        "lead.channel in ['in_person', 'phone', 'live_chat']",
        "lead.channel == 'referral'",
        "lead.enquiries >= 2",
        "lead.has_email && lead.has_phone",
        "lead.touches > 0 && lead.verified",
        "!lead.verified && answers.days < 60",
        "lead.arrivals >= 2 || answers.lender",
    ];
    assert_eq!(conditions.len(), RULES);
    for (number, when) in conditions.iter().enumerate() {
        text +=
            &format!("[[rule]]\nid = \"r{number}\"\nwhen = \"{when}\"\npoints = 10\nbecause = \"Reason {number}\"\n");
    }
    text + "[grades]\nA = 60\nB = 30\n[requalify]\nB = \"30d\"\nC = \"90d\"\n"
}

/// One lead in four has not answered a question.
fn facts(number: usize, now: Timestamp) -> Facts {
    let at = now - SignedDuration::from_hours(i64::try_from(number % 48).expect("small"));
    let said = [
        ("days", json!(number % 400)),
        ("budget", json!(100_000 + number * 997 % 600_000)),
        ("lender", json!(number.is_multiple_of(2))),
        ("area", json!(["north", "south", "west"][number % 3])),
        ("moves_on", json!("2027-03-01")),
    ];
    let answers = said.into_iter().enumerate().filter(|(place, _)| !(number + place).is_multiple_of(4));
    let answer = |value| Answer { value, at, origin: Origin::Person("bench".to_owned()) };
    Facts {
        answers: answers.map(|(_, (question, value))| (question.to_owned(), answer(value))).collect(),
        lead: LeadFacts {
            channel: [Channel::WebForm, Channel::Phone, Channel::Referral][number % 3],
            arrivals: 1 + u32::from(number.is_multiple_of(5)),
            enquiries: 1,
            first_arrived_at: at,
            last_arrived_at: at,
            has_email: true,
            has_phone: number.is_multiple_of(2),
            ..LeadFacts::default()
        },
        ..Facts::default()
    }
}
