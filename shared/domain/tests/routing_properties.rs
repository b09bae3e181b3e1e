//! What holds for every routing of every lead: turns are fair, nobody who is away or full gets a lead, what is held comes
//! back or says that a person has to help, and the same question has the same answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};
use proptest::prelude::*;
use ripen_domain::{
    criteria::Facts,
    id::{EndpointId, RepId},
    routing::{
        Assignment, Capacity, ClientLimit, HoldReason, MaturedLead, NamedRecipient, Pause, Recipient, RecipientId,
        Rotation, Routed, Routing, Sales, Schedule, Surroundings, Tier, route,
    },
};
use uuid::Uuid;

fn id(place: usize) -> RecipientId {
    RecipientId::Rep(RepId::from_uuid(Uuid::from_u128(place as u128)))
}

fn count(rotation: &Rotation, place: usize) -> u64 {
    rotation.turns.get(&id(place)).map_or(0, |turn| turn.given)
}

/// As it is after it was written to the database and read again.
fn stored(rotation: &Rotation) -> Rotation {
    serde_json::from_str(&serde_json::to_string(rotation).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn counts_differ_by_at_most_one_over_any_batches(reps in 1_usize..9, batches in prop::collection::vec(1_usize..40, 1..12)) {
        let present: Vec<_> = (0..reps).map(|place| (id(place), 1)).collect();
        let mut rotation = Rotation::default();
        for batch in batches {
            rotation = stored(&rotation);
            for _ in 0..batch {
                let next = rotation.next(&present).unwrap();
                rotation = rotation.after(next, 1);
                let counts: Vec<_> = (0..reps).map(|place| count(&rotation, place)).collect();
                prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{:?}", counts);
            }
        }
    }

    /// Goyal, Vin and Cheng's bound, for all weights and at every lead.
    #[test]
    fn shares_keep_to_their_weights(weights in prop::collection::vec(1_u32..=100, 2..7), leads in 1_usize..300) {
        let present: Vec<_> = weights.iter().enumerate().map(|(place, weight)| (id(place), *weight)).collect();
        let mut rotation = Rotation::default();
        for _ in 0..leads {
            let next = rotation.next(&present).unwrap();
            let weight = present.iter().find(|(one, _)| *one == next).unwrap().1;
            rotation = rotation.after(next, weight);
            for (one, other) in (0..weights.len()).flat_map(|one| (0..one).map(move |other| (one, other))) {
                let share = |place: usize| count(&rotation, place) as f64 / f64::from(weights[place]);
                let bound = 1.0 / f64::from(weights[one]) + 1.0 / f64::from(weights[other]);
                prop_assert!((share(one) - share(other)).abs() <= bound + 1e-5, "{:?}", rotation);
            }
        }
    }

    #[test]
    fn who_comes_and_goes_neither_floods_nor_starves(
        reps in 2_usize..7,
        away in prop::collection::vec((0_usize..7, 0_usize..60, 1_usize..60), 0..8),
    ) {
        let is_away = |place: usize, lead: usize| {
            place > 0 && away.iter().any(|(one, from, length)| *one == place && (*from..from + length).contains(&lead))
        };
        let mut rotation = Rotation::default();
        let mut since: Vec<Option<(u64, u64)>> = vec![Some((0, 0)); reps];
        for lead in 0..120 {
            let present: Vec<_> = (0..reps).filter(|place| !is_away(*place, lead)).map(|place| (id(place), 1)).collect();
            for (place, start) in since.iter_mut().enumerate() {
                let here = present.iter().any(|(one, _)| *one == id(place));
                *start = here.then(|| start.unwrap_or((count(&rotation, place), count(&rotation, 0))));
            }
            let next = rotation.next(&present).unwrap();
            rotation = rotation.after(next, 1);
            // Since it is back, against the one who was always there.
            for (place, start) in since.iter().enumerate().filter_map(|(place, start)| Some((place, (*start)?))) {
                let (own, others) = (count(&rotation, place) - start.0, count(&rotation, 0) - start.1);
                prop_assert!(own.abs_diff(others) <= 2, "{place} got {own} against {others}");
            }
        }
    }
}

/// What a test knows of a recipient, beside what it gives to the routing.
#[derive(Debug, Clone)]
struct Known {
    zone: &'static str,
    days: u8,
    window: (i64, i64),
    holiday: i64,
    back: Option<i64>,
    paused: bool,
    capacity: Option<u32>,
    given: u32,
    has_endpoint: bool,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Known {
    /// Looked up by hand.
    fn can_take(&self, now: Timestamp) -> bool {
        let local = TimeZone::get(self.zone).unwrap().to_datetime(now);
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let today = self.days & (1 << local.weekday().to_monday_zero_offset()) != 0;
        let open = (self.window.0..self.window.1).contains(&minute) && today && local.date() != day(self.holiday);
        let back = self.back.is_none_or(|back| local.date() >= day(back));
        let full = self.capacity.is_some_and(|most| self.given >= most);
        self.has_endpoint && !self.paused && back && !full && open
    }

    fn recipient(&self, place: usize) -> Recipient {
        let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let (from, to) = (clock(self.window.0), clock(self.window.1));
        let days = (0..7).filter(|day| self.days & (1 << day) != 0);
        let lines: Vec<_> = days.map(|day| format!("{} {from}-{to}", DAYS[day])).collect();
        let schedule = Schedule {
            zone: TimeZone::get(self.zone).unwrap(),
            hours: lines.join(", ").parse().unwrap(),
            holidays: [day(self.holiday)].into(),
        };
        let pause = if self.paused { Some(Pause::Open) } else { self.back.map(|back| Pause::Until(day(back))) };
        let endpoint = EndpointId::from_uuid(Uuid::from_u128(place as u128));
        Recipient {
            id: id(place),
            name: format!("rep{place}"),
            endpoints: self.has_endpoint.then_some(endpoint).into_iter().collect(),
            schedule,
            pause,
            capacity: Capacity { per_day: self.capacity, given_today: self.given },
        }
    }
}

/// So many days after the day before the clocks are set in Chicago.
fn day(number: i64) -> Date {
    "2026-03-07".parse::<Date>().unwrap() + Span::new().days(number)
}

fn known() -> impl Strategy<Value = Known> {
    const ZONES: [&str; 4] = ["America/Chicago", "Europe/Berlin", "Asia/Tokyo", "America/Santiago"];
    let state = (prop::option::weighted(0.2, -2_i64..6), prop::bool::weighted(0.1), prop::bool::weighted(0.95));
    let capacity = (prop::option::weighted(0.5, 0_u32..4), 0_u32..4);
    (prop::sample::select(&ZONES[..]), 1_u8..128, (0_i64..1_380, 1_i64..900), -2_i64..6, state, capacity).prop_map(
        |(zone, days, (from, length), holiday, (back, paused, has_endpoint), (capacity, given))| Known {
            zone,
            days,
            window: (from, (from + length).min(1_440)),
            holiday,
            back,
            paused,
            capacity,
            given,
            has_endpoint,
        },
    )
}

const MODES: [&str; 4] = ["all", "round_robin", "weighted", "first_to_claim"];

/// A team of six: three recipients, two who stand in, the owner, and nobody else.
fn document(mode: &str, wait: i64) -> String {
    format!(
        "mode = \"{mode}\"\nrecipients = [{{ name = \"rep0\", weight = 3 }}, \"rep1\", \"rep2\"]\n\
         fallback = [\"rep3\", \"rep4\"]\nowner = \"rep5\"\nwait_at_most = \"{wait}h\"\n"
    )
}

struct Case {
    routing: Routing,
    sales: Sales,
    now: Timestamp,
    matured_at: Timestamp,
}

impl Case {
    fn route(&self, now: Timestamp, from: Tier) -> Routed {
        let facts = Facts::default();
        route(&self.routing, &MaturedLead { facts: &facts, matured_at: self.matured_at, from }, &self.sales, now)
    }
}

fn case(team: &[Known], mode: &str, (wait, client): (i64, Option<u32>), minutes: i64) -> Case {
    let recipients: Vec<_> = team.iter().enumerate().map(|(place, known)| known.recipient(place)).collect();
    let named = recipients.iter().map(|one| NamedRecipient { id: one.id, name: one.name.as_str().into() }).collect();
    let around = Surroundings { recipients: named, questions: Vec::new() };
    let routing = Routing::load(&document(mode, wait), &around).unwrap().routing;
    let zone = TimeZone::get("America/Chicago").unwrap();
    let client = ClientLimit { zone, capacity: Capacity { per_day: client, given_today: 1 } };
    let matured_at = "2026-03-07T12:00:00Z".parse::<Timestamp>().unwrap();
    let now = matured_at + SignedDuration::from_mins(minutes);
    Case { routing, sales: Sales { client, recipients, rotations: BTreeMap::new() }, now, matured_at }
}

fn cases() -> impl Strategy<Value = (Vec<Known>, &'static str, (i64, Option<u32>), i64)> {
    let team = prop::collection::vec(known(), 6);
    let limits = (0_i64..100, prop::option::weighted(0.3, 0_u32..3));
    (team, prop::sample::select(&MODES[..]), limits, 0_i64..5_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nobody_who_cannot_take_a_lead_gets_one_and_nobody_is_forgotten(
        (team, mode, limits, minutes) in cases(),
        from in prop::sample::select(&Tier::ALL[..]),
    ) {
        let case = case(&team, mode, limits, minutes);
        let routed = case.route(case.now, from);
        let place = |id: RecipientId| case.sales.recipients.iter().position(|one| one.id == id).unwrap();
        for chosen in routed.chosen() {
            prop_assert!(team[place(chosen.id)].can_take(case.now), "{:?}", routed);
        }
        let client_is_full = limits.1.is_some_and(|most| most <= 1);
        prop_assert!(!client_is_full || routed.chosen().is_empty(), "{:?}", routed);
        let mut seen: Vec<_> = routed.chosen().iter().map(|one| one.id).collect();
        seen.extend(routed.passed.iter().filter_map(|one| one.id));
        if let Assignment::Given { later, .. } = &routed.assignment {
            seen.extend(later.iter().map(|one| one.chosen.id));
            prop_assert!(later.iter().all(|one| one.until > case.now), "{:?}", routed);
        }
        seen.sort();
        prop_assert_eq!(seen, (0..6).map(id).collect::<Vec<_>>());
        let is_held = matches!(routed.assignment, Assignment::Held { .. });
        prop_assert_eq!(is_held, routed.chosen().is_empty());
        // Held is only what nobody of the first tier can take: surplus never waits while somebody of it is free.
        let tier = match from { Tier::Recipients => 0..3, Tier::Fallback => 3..5, Tier::Owner => 5..6 };
        prop_assert!(!is_held || client_is_full || !team[tier].iter().any(|known| known.can_take(case.now)));
    }

    #[test]
    fn what_is_held_comes_back_or_says_that_a_person_has_to_help((team, mode, limits, minutes) in cases()) {
        let mut case = case(&team, mode, limits, minutes);
        let Assignment::Held { until, why } = case.route(case.now, Tier::Recipients).assignment else { return Ok(()) };
        let Some(until) = until else {
            let helpless = |known: &Known| known.paused || !known.has_endpoint || known.capacity == Some(0);
            let for_a_person = why == HoldReason::ClientFull(0) || why == HoldReason::NobodyEver && team.iter().all(helpless);
            prop_assert!(for_a_person, "{:?}", why);
            return Ok(());
        };
        prop_assert!(until > case.now);
        // By then it is another day for everybody whose count held it back.
        let earlier = case.now;
        for recipient in &mut case.sales.recipients {
            if recipient.schedule.date(until) != recipient.schedule.date(earlier) {
                recipient.capacity.given_today = 0;
            }
        }
        case.sales.client.capacity.given_today = 0;
        let again = case.route(until, Tier::Recipients);
        prop_assert!(!again.chosen().is_empty(), "{:?}", again);
    }

    #[test]
    fn no_day_brings_more_than_its_capacity((team, mode, limits, minutes) in cases(), leads in 1_usize..30) {
        let mut case = case(&team, mode, limits, minutes);
        for _ in 0..leads {
            let routed = case.route(case.now, Tier::Recipients);
            case.sales.apply(&routed);
        }
        for (recipient, known) in case.sales.recipients.iter().zip(&team) {
            let most = known.capacity.unwrap_or(u32::MAX).max(known.given);
            prop_assert!(recipient.capacity.given_today <= most);
        }
        prop_assert!(case.sales.client.capacity.given_today <= limits.1.unwrap_or(u32::MAX).max(1));
    }

    #[test]
    fn the_same_question_has_the_same_answer((team, mode, limits, minutes) in cases(), turned in 0_usize..6) {
        let mut case = case(&team, mode, limits, minutes);
        let once = case.route(case.now, Tier::Recipients);
        prop_assert_eq!(&once, &case.route(case.now, Tier::Recipients));
        case.sales.recipients.rotate_left(turned);
        prop_assert_eq!(&once, &case.route(case.now, Tier::Recipients));
        prop_assert_eq!(once.explain(&TimeZone::UTC), case.route(case.now, Tier::Recipients).explain(&TimeZone::UTC));
    }
}
