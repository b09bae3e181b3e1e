//! Where leads go: one team, one instant after the other, told in words as `ripen route explain` tells it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    criteria::{Answer, Criteria, Facts, Origin},
    id::{EndpointId, RepId},
    lead::Channel,
    routing::{
        Assignment, Capacity, ClientLimit, MaturedLead, NamedRecipient, Pause, Recipient, RecipientId, Routed, Routing,
        Sales, Schedule, Surroundings, Tier, route,
    },
};
use uuid::Uuid;

/// A Monday, ten in the morning in Chicago.
const NOW: &str = "2026-11-30T16:00:00Z";
const NAMES: [&str; 6] = ["Dana Hill", "Lee Park", "Sam Ortiz", "Morgan Reyes", "Casey Wu", "Office inbox"];
const SCRIPT: &str = r#"name = "test"
[[question]]
id = "budget"
ask = "How much?"
type = "money"
[[question]]
id = "language"
ask = "Which language?"
type = "choice"
choices = ["en", "es"]
[[rule]]
id = "base"
when = "lead.verified"
points = 100
because = "Verified"
[grades]
A = 50
B = 20
"#;

fn chicago() -> TimeZone {
    TimeZone::get("America/Chicago").unwrap()
}

fn endpoint(number: u128) -> EndpointId {
    EndpointId::from_uuid(Uuid::from_u128(100 + number))
}

fn recipient(place: usize) -> Recipient {
    let number = place as u128;
    let (id, schedule) = if place == 5 {
        (RecipientId::Endpoint(endpoint(number)), Schedule::always())
    } else {
        let hours = "mon-fri 09:00-12:00, mon-fri 13:00-18:00".parse().unwrap();
        let schedule = Schedule { zone: chicago(), hours, holidays: ["2026-12-25".parse().unwrap()].into() };
        (RecipientId::Rep(RepId::from_uuid(Uuid::from_u128(number))), schedule)
    };
    let capacity = Capacity::default();
    let endpoints = vec![endpoint(number)];
    Recipient { id, name: NAMES[place].into(), endpoints, schedule, pause: None, capacity }
}

struct Story {
    routing: Routing,
    sales: Sales,
    facts: Facts,
    from: Tier,
    matured_at: &'static str,
}

impl Story {
    fn new(document: &str) -> Self {
        let recipients: Vec<_> = (0..NAMES.len()).map(recipient).collect();
        let named =
            recipients.iter().map(|one| NamedRecipient { id: one.id, name: one.name.as_str().into() }).collect();
        let around = Surroundings::new(named, [&Criteria::load(SCRIPT).unwrap().criteria]);
        let routing = Routing::load(document, &around).unwrap().routing;
        let client = ClientLimit { zone: chicago(), capacity: Capacity::default() };
        let sales = Sales { client, recipients, rotations: BTreeMap::new() };
        Self { routing, sales, facts: Facts::default(), from: Tier::Recipients, matured_at: NOW }
    }

    fn one(&mut self, name: &str) -> &mut Recipient {
        self.sales.recipients.iter_mut().find(|one| one.name == name).unwrap()
    }

    fn answer(&mut self, question: &str, value: &str) {
        let origin = Origin::Person("Casey".into());
        self.facts.answers.insert(question.into(), Answer { value: value.into(), at: Timestamp::UNIX_EPOCH, origin });
    }

    fn at(&mut self, now: &str) -> Routed {
        let matured_at = self.matured_at.parse().unwrap();
        let lead = MaturedLead { facts: &self.facts, matured_at, from: self.from };
        let routed = route(&self.routing, &lead, &self.sales, now.parse().unwrap());
        self.sales.apply(&routed);
        routed
    }

    /// Names of those who get it, or until when it is held.
    fn says(&mut self, now: &str) -> String {
        let routed = self.at(now);
        match &routed.assignment {
            Assignment::Held { until, why } => {
                until.map_or_else(|| format!("held: {why}"), |until| format!("held until {until}: {why}"))
            }
            _ => routed.chosen().iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "),
        }
    }
}

fn small_team() -> Story {
    Story::new(include_str!("../../../deploy/routing/small-team.toml"))
}

#[test]
fn a_small_team_takes_turns() {
    let mut story = small_team();
    let turns: Vec<_> = (0..7).map(|_| story.says(NOW)).collect();
    let [dana, lee, sam] = [NAMES[0], NAMES[1], NAMES[2]];
    assert_eq!(turns, [dana, lee, sam, dana, lee, sam, dana]);
    story.answer("budget", "1000000");
    assert_eq!(story.at(NOW).rule.as_ref(), "large_budget");
    assert_eq!(story.says(NOW), sam);
}

#[test]
fn a_lead_waits_over_night_and_lunch_and_weekend_and_no_longer_than_it_may() {
    let mut story = small_team();
    let none = "none of its recipients can take it now";
    assert_eq!(story.says("2026-11-30T18:30:00Z"), format!("held until 2026-11-30T19:00:00Z: {none}"));
    story.matured_at = "2026-12-05T00:00:00Z";
    assert_eq!(story.says("2026-12-05T00:00:00Z"), format!("held until 2026-12-07T15:00:00Z: {none}"));
    for name in &NAMES[..3] {
        story.one(name).pause = Some(Pause::Until("2027-01-11".parse().unwrap()));
    }
    assert_eq!(story.says("2026-12-05T00:00:00Z"), "Office inbox");
    story.one("Office inbox").endpoints.clear();
    assert_eq!(
        story.says("2026-12-05T00:00:00Z"),
        "held until 2026-12-07T15:00:00Z: nobody can take it now, the owner included"
    );
    story.one("Morgan Reyes").pause = Some(Pause::Open);
    assert_eq!(
        story.says("2026-12-05T00:00:00Z"),
        "held until 2027-01-11T15:00:00Z: nobody can take it now, the owner included"
    );
    for name in &NAMES[..3] {
        story.one(name).pause = Some(Pause::Open);
    }
    assert_eq!(
        story.says("2026-12-05T00:00:00Z"),
        "held: nobody can take it until a person enables, adds or frees a recipient"
    );
}

#[test]
fn a_full_day_sends_on_to_the_next_rep_and_then_to_tomorrow() {
    let mut story = small_team();
    for name in &NAMES[..3] {
        story.one(name).capacity.per_day = Some(1);
    }
    let turns: Vec<_> = (0..4).map(|_| story.says(NOW)).collect();
    let held = "held until 2026-12-01T15:00:00Z: none of its recipients can take it now";
    assert_eq!(turns, ["Dana Hill", "Lee Park", "Sam Ortiz", held]);
    // The eve of a holiday: Christmas is a Friday in 2026, and the weekend follows, so the fallback is sooner.
    story.matured_at = "2026-12-24T16:00:00Z";
    assert_eq!(story.says("2026-12-24T16:00:00Z"), "Office inbox");
    story.one("Dana Hill").capacity = Capacity { per_day: Some(0), given_today: 0 };
    assert!(story.at(NOW).explain(&chicago()).contains("Dana Hill: takes no leads: its capacity is 0 a day\n"));
}

#[test]
fn the_clients_capacity_stands_above_everybodys() {
    let mut story = small_team();
    story.sales.client.capacity = Capacity { per_day: Some(2), given_today: 0 };
    let held = "held until 2026-12-01T15:00:00Z: the client has had the 2 leads a day may bring";
    assert_eq!([story.says(NOW), story.says(NOW), story.says(NOW)], ["Dana Hill", "Lee Park", held]);
    story.sales.client.capacity = Capacity { per_day: Some(0), given_today: 0 };
    assert_eq!(story.says(NOW), "held: the client takes no leads: its capacity is 0 a day");
}

#[test]
fn territories() {
    let mut story = Story::new(include_str!("../../../deploy/routing/territories.toml"));
    let mut goes = |postal_code: Option<&str>, country: Option<&str>, budget: &str| {
        story.facts.lead.postal_code = postal_code.map(Into::into);
        story.facts.lead.country = country.map(Into::into);
        story.answer("budget", budget);
        story.at(NOW).rule.to_string()
    };
    assert_eq!(goes(Some("60611"), Some("US"), "500000"), "river_side");
    assert_eq!(goes(Some("60611-1234"), Some("US"), "500000"), "north");
    assert_eq!(goes(Some("60015"), Some("US"), "500000"), "north");
    assert_eq!(goes(Some("60015"), Some("US"), "1000000"), "large_budget");
    assert_eq!(goes(Some("61000"), Some("US"), "500000"), "default");
    assert_eq!(goes(None, Some("US"), "500000"), "default");
    assert_eq!(goes(None, Some("CA"), "nothing"), "abroad");
}

#[test]
fn weights_are_kept_from_the_first_lead_on() {
    let mut story = Story::new(include_str!("../../../deploy/routing/territories.toml"));
    story.facts.lead.country = Some("US".into());
    let turns: Vec<_> = (0..12).map(|_| story.says(NOW)).collect();
    let lees = |turns: &[String]| turns.iter().filter(|name| *name == "Lee Park").count();
    assert!(turns.chunks(4).all(|four| lees(four) == 1), "{turns:?}");
}

#[test]
fn all_get_it_and_who_is_away_gets_it_later() {
    let mut story = Story::new(include_str!("../../../deploy/routing/territories.toml"));
    story.facts.lead.country = Some("CA".into());
    let routed = story.at("2026-11-30T14:00:00Z");
    let Assignment::Given { to, later, .. } = &routed.assignment else { panic!("{routed:?}") };
    assert_eq!((to.len(), to[0].name.as_str()), (1, "Office inbox"));
    assert_eq!(
        (later[0].chosen.name.as_str(), later[0].until.to_string().as_str()),
        ("Morgan Reyes", "2026-11-30T15:00:00Z")
    );
    story.one("Morgan Reyes").endpoints = vec![endpoint(5), endpoint(7)];
    let deliveries = story.at(NOW).deliveries();
    let endpoints: Vec<_> = deliveries.iter().map(|one| (one.endpoint, one.recipients.len())).collect();
    assert_eq!(endpoints, [(endpoint(5), 2), (endpoint(7), 1)]);
}

#[test]
fn an_offer_goes_to_all_who_can_then_to_the_fallback_then_the_owner_has_it() {
    let mut story = Story::new(include_str!("../../../deploy/routing/first-to-claim.toml"));
    story.one("Lee Park").pause = Some(Pause::Open);
    let routed = story.at(NOW);
    let Assignment::Offered { tier: Tier::Recipients, until, .. } = routed.assignment else { panic!("{routed:?}") };
    assert_eq!(until.to_string(), "2026-11-30T16:10:00Z");
    assert_eq!(routed.chosen().iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Dana Hill", "Sam Ortiz"]);
    story.from = Tier::Fallback;
    assert_eq!(story.says(NOW), "Casey Wu, Office inbox");
    story.from = Tier::Owner;
    let routed = story.at(NOW);
    assert!(matches!(routed.assignment, Assignment::Given { tier: Tier::Owner, .. }), "{routed:?}");
    assert!(routed.explain(&chicago()).contains("Dana Hill: is of the recipients, whose time to take it is over"));
    story.facts.lead.channel = Channel::Referral;
    story.from = Tier::Recipients;
    assert_eq!(story.says(NOW), "Dana Hill");
}

#[test]
fn a_rep_who_was_away_is_next_once_and_gets_no_flood() {
    let mut story = small_team();
    story.one("Dana Hill").pause = Some(Pause::Open);
    (0..40).for_each(|_| assert_ne!(story.says(NOW), "Dana Hill"));
    story.one("Dana Hill").pause = None;
    let turns: Vec<_> = (0..6).map(|_| story.says(NOW)).collect();
    assert_eq!(turns, ["Dana Hill", "Lee Park", "Sam Ortiz", "Dana Hill", "Lee Park", "Sam Ortiz"]);
}

#[test]
fn everything_is_explained() {
    let mut story = small_team();
    story.one("Dana Hill").pause = Some(Pause::Until("2026-12-07".parse().unwrap()));
    story.one("Sam Ortiz").schedule.hours = "tue 10:00-11:00".parse().unwrap();
    insta::assert_snapshot!(story.at(NOW).explain(&chicago()), @r"
    Rule default (round_robin): no other rule holds
    Goes to Lee Park

    Passed over
      Dana Hill: is away, back on 2026-12-07; from Monday, 7 December 2026, 09:00 CST
      Sam Ortiz: is outside of its hours; from Tuesday, 1 December 2026, 10:00 CST
      Office inbox: is fallback: those who come before take it
      Morgan Reyes: is owner: those who come before take it
      Casey Wu: is not named by the rule

    Rules that did not count
      large_budget: not known: answers.budget
    ");
    story.one("Lee Park").endpoints.clear();
    story.answer("budget", "500000");
    insta::assert_snapshot!(story.at(NOW).explain(&chicago()), @r"
    Rule default (round_robin): no other rule holds
    Held until Tuesday, 1 December 2026, 10:00 CST: none of its recipients can take it now

    Passed over
      Dana Hill: is away, back on 2026-12-07; from Monday, 7 December 2026, 09:00 CST
      Lee Park: has no enabled endpoint
      Sam Ortiz: is outside of its hours; from Tuesday, 1 December 2026, 10:00 CST
      Office inbox: is fallback: those who come before take it
      Morgan Reyes: is owner: those who come before take it
      Casey Wu: is not named by the rule

    Rules that did not count
      large_budget: does not hold
    ");
}

#[test]
fn a_lead_finds_its_way_past_rules_and_reps_that_are_gone() {
    let document = include_str!("../../../deploy/routing/small-team.toml");
    let mut story = small_team();
    let left = story.sales.recipients.split_off(5);
    story.sales.recipients = left;
    let named = story.sales.recipients.iter().map(|one| NamedRecipient { id: one.id, name: one.name.as_str().into() });
    let around = Surroundings { recipients: named.collect(), questions: Vec::new() };
    story.routing = Routing::load_stored(document, &around).unwrap().routing;
    let routed = story.at(NOW);
    assert_eq!(routed.chosen()[0].name, "Office inbox");
    let told = routed.explain(&chicago());
    assert!(
        told.contains("large_budget: asks what this lead's script does not: no question has the id 'budget'"),
        "{told}"
    );
    assert!(told.contains("Dana Hill: no rep and no endpoint is called so any more"), "{told}");
}
