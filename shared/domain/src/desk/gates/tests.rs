//! Which gate is shut when, and when it opens.

use jiff::tz::TimeZone;
use rstest::rstest;
use uuid::Uuid;

use super::*;
use crate::desk::{GateReader, WayState, softened};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A Tuesday, ten o'clock in Chicago.
fn now() -> Timestamp {
    at("2026-12-01T16:00:00Z")
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

fn client() -> ClientId {
    ClientId::from_uuid(Uuid::from_u128(1))
}

/// Nothing stands against it.
fn facts() -> GateFacts {
    GateFacts {
        stage: Some(Stage::Lead),
        client: Some(client()),
        client_name: "Acme".to_owned(),
        has_number: true,
        places: vec![Place { region: "US-IL".parse().ok(), zone: TimeZone::get("America/Chicago").unwrap() }],
        is_untouched: true,
        ..GateFacts::default()
    }
}

fn step(due: &str, is_agreed: bool, is_worked: bool) -> Option<StepFacts> {
    Some(StepFacts { due_at: at(due), is_agreed, is_by_hand: is_agreed, is_worked })
}

fn shut_of(facts: &GateFacts, agent: &AgentTerms, now: Timestamp) -> Vec<CallGate> {
    let all = gates(facts, agent, &Hours::default(), now);
    shut(&all).cloned().collect()
}

fn shut_kinds(facts: &GateFacts) -> Vec<GateKind> {
    shut_of(facts, &AgentTerms::default(), now()).into_iter().map(|gate| gate.kind).collect()
}

#[test]
fn every_gate_is_told_once_and_all_are_open_where_nothing_stands_against() {
    let all = gates(&facts(), &AgentTerms::default(), &Hours::default(), now());
    let mut kinds: Vec<_> = all.iter().map(|gate| gate.kind).collect();
    kinds.sort_unstable();
    // Told to a client's people alone, for three others.
    kinds.push(GateKind::Resting);
    assert_eq!(kinds, GateKind::ALL);
    assert!(all.iter().all(|gate| gate.is_open && gate.opens_at.is_none() && !gate.words.is_empty()), "{all:?}");
}

#[rstest]
#[case::closed(GateFacts { stage: Some(Stage::Closed), closed: Some("lost".into()), ..facts() }, GateKind::Closed)]
#[case::won(GateFacts { stage: Some(Stage::Customer), ..facts() }, GateKind::Closed)]
#[case::paused(GateFacts { client_is_paused: true, ..facts() }, GateKind::ClientPaused)]
#[case::delivered(GateFacts { is_with_client: true, ..facts() }, GateKind::WithClient)]
#[case::barred(GateFacts { barred: Some("asked".into()), ..facts() }, GateKind::DoNotContact)]
#[case::review(GateFacts { review_since: Some(now()), ..facts() }, GateKind::Review)]
#[case::number(GateFacts { has_number: false, ..facts() }, GateKind::Number)]
fn what_somebody_has_to_open_says_no_time(#[case] facts: GateFacts, #[case] kind: GateKind) {
    let shut = shut_of(&facts, &AgentTerms::default(), now());
    assert_eq!(shut.iter().map(|gate| gate.kind).collect::<Vec<_>>(), [kind]);
    assert_eq!(shut[0].opens_at, None);
}

#[test]
fn a_language_is_one_however_it_is_written_and_one_that_nobody_knows_keeps_a_person_from_nobody() {
    let agent = |languages: &[&str]| AgentTerms {
        languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
        ..AgentTerms::default()
    };
    for (locale, spoken, is_open) in [
        ("spa", "es", true),
        ("spa-MX", "es", true),
        ("en_US", "en", true),
        // As a version before stored it.
        ("en", "eng", true),
        ("en_US", "es", false),
        ("klingon", "es", true),
    ] {
        let facts = GateFacts { locale: Some(locale.to_owned()), ..facts() };
        let gates = of_agent(&facts, &agent(&[spoken]));
        let gate = gates.iter().find(|gate| gate.kind == GateKind::Language).unwrap();
        assert_eq!(shut(std::slice::from_ref(gate)).next().is_none(), is_open, "{locale} {spoken}");
    }
}

#[test]
fn an_agent_is_handed_their_clients_and_languages_only() {
    let spanish = GateFacts { locale: Some("es-MX".to_owned()), ..facts() };
    let english = AgentTerms { languages: vec!["en-us".to_owned()], ..AgentTerms::default() };
    let both = AgentTerms { languages: vec!["en".to_owned(), "es".to_owned()], ..AgentTerms::default() };
    let kinds = |agent: &AgentTerms| shut_of(&spanish, agent, now()).iter().map(|gate| gate.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&english), [GateKind::Language]);
    assert!(kinds(&both).is_empty() && kinds(&AgentTerms::default()).is_empty());
    let other = AgentTerms { clients: vec![ClientId::from_uuid(Uuid::from_u128(9))], ..AgentTerms::default() };
    assert_eq!(kinds(&other), [GateKind::AgentClients]);
}

#[test]
fn a_lease_is_shut_for_others_until_it_ends() {
    let held = HeldBy { user: user(1), name: "Dana".to_owned(), until: at("2026-12-01T16:02:00Z") };
    let facts = GateFacts { held_by: Some(held.clone()), ..facts() };
    let of = |number| shut_of(&facts, &AgentTerms { user: Some(user(number)), ..AgentTerms::default() }, now());
    assert!(of(1).is_empty());
    let others = of(2);
    assert_eq!((others[0].kind, others[0].opens_at), (GateKind::Lease, Some(held.until)));
    assert!(others[0].words.contains("Dana"));
}

#[test]
fn a_date_that_was_agreed_is_waited_for_and_a_computed_one_only_after_a_conversation() {
    let ahead = "2026-12-09T16:00:00Z";
    let touched = GateFacts { is_untouched: false, ..facts() };
    let kinds = |step, of: &GateFacts| shut_kinds(&GateFacts { step, ..of.clone() });
    assert_eq!(kinds(step(ahead, true, false), &facts()), [GateKind::Promise]);
    assert!(kinds(step(ahead, false, false), &facts()).is_empty(), "nobody called yet");
    assert!(kinds(step(ahead, false, false), &touched).is_empty(), "nobody was reached yet");
    let reached = GateFacts { is_reached: true, ..touched.clone() };
    assert_eq!(kinds(None, &reached), [GateKind::Promise], "no list has it");
    assert_eq!(kinds(step(ahead, false, false), &reached), [GateKind::Promise]);
    assert_eq!(kinds(step("2026-12-01T15:00:00Z", false, true), &touched), [GateKind::Promise], "worked on just now");
    for is_agreed in [true, false] {
        assert!(kinds(step("2026-12-01T15:00:00Z", is_agreed, false), &reached).is_empty());
    }
}

#[test]
fn a_date_that_somebody_set_is_waited_for_whether_or_not_anybody_called() {
    let moved = |due| step(due, false, false).map(|step| StepFacts { is_by_hand: true, ..step });
    for is_untouched in [true, false] {
        let of = |due| shut_kinds(&GateFacts { step: moved(due), is_untouched, ..facts() });
        assert_eq!(of("2026-12-09T16:00:00Z"), [GateKind::Promise]);
        assert!(of("2026-12-01T15:00:00Z").is_empty());
    }
}

#[test]
fn tries_in_vain_pause_longer_and_longer_and_then_wait_for_the_date() {
    let tried = |attempts, hours: i64| GateFacts {
        is_untouched: false,
        attempts,
        last_attempt_at: Some(now() - SignedDuration::from_hours(hours)),
        step: step("2026-12-20T16:00:00Z", false, false),
        ..facts()
    };
    assert_eq!(shut_kinds(&tried(1, 23)), [GateKind::Attempts]);
    assert!(shut_kinds(&tried(1, 24)).is_empty());
    assert_eq!(shut_kinds(&tried(2, 24)), [GateKind::Attempts]);
    assert!(shut_kinds(&tried(2, 48)).is_empty());
    let enough = shut_of(&tried(6, 900), &AgentTerms::default(), now());
    assert_eq!(enough[0].opens_at, Some(at("2026-12-20T16:00:00Z")));
    let due = GateFacts { step: step("2026-12-01T15:00:00Z", true, false), ..tried(3, 1) };
    assert!(shut_kinds(&due).is_empty(), "a promised call waits for no pause");
}

#[test]
fn whoever_spoke_for_another_client_rests_for_a_day_but_for_a_call_that_is_owed() {
    let spoke = GateFacts { elsewhere_at: Some(at("2026-12-01T10:00:00Z")), ..facts() };
    let shut = shut_of(&spoke, &AgentTerms::default(), now());
    assert_eq!((shut[0].kind, shut[0].opens_at), (GateKind::Elsewhere, Some(at("2026-12-02T10:00:00Z"))));
    let owed = GateFacts { step: step("2026-12-01T15:00:00Z", true, false), ..spoke };
    assert!(shut_kinds(&owed).is_empty());
}

#[test]
fn hours_are_those_of_the_place_and_say_when_they_open() {
    let night = at("2026-12-01T08:00:00Z");
    let shut = shut_of(&facts(), &AgentTerms::default(), night);
    assert_eq!((shut[0].kind, shut[0].opens_at), (GateKind::Hours, Some(at("2026-12-01T15:00:00Z"))));
    assert!(shut[0].words.contains("02:00 in Chicago"), "{}", shut[0].words);
    let sunday = shut_of(&facts(), &AgentTerms::default(), at("2026-12-06T18:00:00Z"));
    assert!(sunday[0].words.contains("on this day"), "{}", sunday[0].words);
}

/// By what a client's people read: kinds, words and times.
#[test]
fn what_came_back_is_no_agreed_call_and_not_with_its_client() {
    let back = GateFacts {
        is_with_client: true,
        is_untouched: false,
        is_reached: true,
        step: step("2026-12-01T15:00:00Z", false, false),
        put_back: Some("the client returned it: wants no contact".to_owned()),
        ..facts()
    };
    let all = gates(&back, &AgentTerms::default(), &Hours::default(), now());
    assert_eq!(shut(&all).count(), 0, "{all:?}");
    assert!(!all.iter().any(|gate| gate.words.contains("promised") || gate.words.contains("contact:")), "{all:?}");
}

#[test]
fn with_a_call_agreed_it_is_told_where_the_lead_is_too() {
    let words = |way: Option<WayState>, is_handed_over: bool| {
        let facts = GateFacts {
            is_with_client: true,
            is_handed_over,
            way: way.map(|state| WayToClient { state, tried: 1, next_at: None, why: None }),
            step: step("2026-12-01T15:00:00Z", true, false),
            ..facts()
        };
        let all = gates(&facts, &AgentTerms::default(), &Hours::default(), now());
        let with_client = all.into_iter().find(|gate| gate.kind == GateKind::WithClient).unwrap();
        assert!(with_client.is_open, "it is owed");
        with_client.words
    };
    let had: Vec<_> =
        WayState::ALL.iter().copied().filter(|state| words(Some(*state), false).contains("has it")).collect();
    assert_eq!(had, [WayState::Had]);
    assert_eq!(
        words(Some(WayState::Dead), false),
        "it could not be delivered to the client; a call is agreed with the person"
    );
    assert_eq!(words(None, true), "the client has it; a call is agreed with the person");
}

#[test]
fn of_several_places_the_one_that_is_shut_is_named() {
    let place = |region: &str, zone: &str| Place { region: region.parse().ok(), zone: TimeZone::get(zone).unwrap() };
    let places = vec![place("US-IL", "America/Chicago"), place("US-CA", "America/Los_Angeles")];
    // Half past nine in Chicago, half past seven in California.
    let early = at("2026-12-01T15:30:00Z");
    let shut = shut_of(&GateFacts { places: places.clone(), ..facts() }, &AgentTerms::default(), early);
    assert_eq!(shut.len(), 1, "{shut:?}");
    assert!(shut[0].words.contains("07:30 in Los Angeles, where the person may be:"), "{}", shut[0].words);
    let open =
        gates(&GateFacts { places, ..facts() }, &AgentTerms::default(), &Hours::default(), at("2026-12-01T18:00:00Z"));
    let words: Vec<_> =
        open.iter().filter(|gate| gate.kind == GateKind::Hours).map(|gate| gate.words.as_str()).collect();
    assert_eq!(words, ["Tue 10:00 to Tue 12:00, Los Angeles to Chicago, where the person may be: calling is allowed"]);
}

/// As the people of a client read them whose clock shows UTC.
fn of_client(gates: Vec<CallGate>, is_handed_over: bool) -> Vec<CallGate> {
    softened(gates, GateReader { zone: &TimeZone::UTC, is_handed_over })
}

fn told(facts: &GateFacts, now: Timestamp) -> Vec<(GateKind, bool, Option<Timestamp>)> {
    let shown = of_client(gates(facts, &AgentTerms::default(), &Hours::default(), now), true);
    shown.into_iter().map(|gate| (gate.kind, gate.is_open, gate.opens_at)).collect()
}

#[test]
fn a_clients_people_are_not_told_of_others() {
    let facts = GateFacts {
        elsewhere_at: Some(now()),
        held_by: Some(HeldBy { user: user(1), name: "Dana".to_owned(), until: at("2026-12-01T16:02:00Z") }),
        locale: Some("es".to_owned()),
        ..facts()
    };
    let agent = AgentTerms { languages: vec!["en".to_owned()], ..AgentTerms::default() };
    let shown = of_client(gates(&facts, &agent, &Hours::default(), now()), true);
    let words: Vec<_> = shown.iter().map(|gate| gate.words.as_str()).collect();
    assert!(words.contains(&"resting") && words.contains(&"being worked on"));
    assert!(!words.iter().any(|words| words.contains("Dana") || words.contains("another client")), "{words:?}");
    assert!(!words.iter().any(|words| words.contains('/')), "no zone of a number: {words:?}");
    let kinds = [GateKind::Attempts, GateKind::Calls, GateKind::Elsewhere];
    assert!(!shown.iter().any(|gate| kinds.contains(&gate.kind)));
}

#[test]
fn a_clients_people_read_no_words_of_closing_and_of_a_wish() {
    let facts = GateFacts {
        stage: Some(Stage::Closed),
        closed: Some("says she is the sister of Maria".to_owned()),
        barred: Some("Maria asked by telephone".to_owned()),
        ..facts()
    };
    let all = gates(&facts, &AgentTerms::default(), &Hours::default(), now());
    assert_eq!(all.iter().filter(|gate| gate.words.contains("Maria")).count(), 2, "the firm reads them: {all:?}");
    let shown = of_client(all.clone(), true);
    assert!(!shown.iter().any(|gate| gate.words.contains("Maria")), "{shown:?}");
    let kinds = |gates: &[CallGate]| shut(gates).map(|gate| gate.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&shown)[..2], kinds(&all)[..2], "that they are shut is told");
    // Before it has the lead: that it is over, and not why.
    for stage in [Stage::Closed, Stage::Lead] {
        let all =
            gates(&GateFacts { stage: Some(stage), ..facts.clone() }, &AgentTerms::default(), &Hours::default(), now());
        let shown = of_client(all, false);
        assert_eq!(kinds(&shown), [GateKind::Closed], "{stage:?}");
        assert!(!shown.iter().any(|gate| gate.kind == GateKind::DoNotContact), "{shown:?}");
    }
}

#[test]
fn at_which_hour_somebody_is_called_tells_a_client_nothing() {
    let shown = |now: &str| of_client(gates(&facts(), &AgentTerms::default(), &Hours::default(), at(now)), false);
    let (by_day, by_night) = (shown("2026-12-01T16:00:00Z"), shown("2026-12-01T08:00:00Z"));
    assert_eq!(by_day, by_night);
    assert!(shut(&by_night).next().is_none(), "{by_night:?}");
}

#[test]
fn why_somebody_rests_is_the_same_to_a_client_whatever_it_is() {
    let elsewhere = GateFacts { elsewhere_at: Some(at("2026-12-01T10:11:12Z")), ..facts() };
    let tried =
        GateFacts { is_untouched: false, attempts: 1, last_attempt_at: Some(at("2026-12-01T10:11:12Z")), ..facts() };
    let resting = |facts: &GateFacts| told(facts, now()).into_iter().find(|(kind, ..)| *kind == GateKind::Resting);
    // The day alone: the hour would say when somebody was spoken with, and with it where they are.
    assert_eq!(resting(&elsewhere), Some((GateKind::Resting, false, Some(at("2026-12-02T00:00:00Z")))), "on the 2nd");
    assert_eq!(told(&elsewhere, now()), told(&tried, now()));
    assert_eq!(resting(&facts()), Some((GateKind::Resting, true, None)));
    let both = GateFacts { elsewhere_at: Some(at("2026-12-01T12:00:01Z")), ..tried };
    assert_eq!(resting(&both).unwrap().2, Some(at("2026-12-02T00:00:00Z")), "the same day");
}

#[test]
fn of_a_next_step_a_client_reads_the_day() {
    let of = |due: &str| GateFacts { is_reached: true, is_untouched: false, step: step(due, false, false), ..facts() };
    let opens = |due: &str| told(&of(due), now()).into_iter().find(|(kind, ..)| *kind == GateKind::Promise).unwrap().2;
    assert_eq!(opens("2026-12-30T14:00:00Z"), opens("2026-12-30T19:00:00Z"));
    assert_eq!(opens("2026-12-30T14:00:00Z"), Some(at("2026-12-30T00:00:00Z")));
    assert_eq!(opens("2026-12-01T19:00:00Z"), Some(at("2026-12-01T00:00:00Z")), "today, as the next step says it");
}

#[test]
fn whom_nobody_of_the_team_could_be_handed_is_not_callable() {
    let spanish = GateFacts { locale: Some("es-MX".to_owned()), ..facts() };
    let whoever = || gates(&spanish, &AgentTerms::default(), &Hours::default(), now());
    let agent = |languages: &[&str], clients: &[u128]| AgentTerms {
        user: None,
        languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
        clients: clients.iter().map(|id| ClientId::from_uuid(Uuid::from_u128(*id))).collect(),
    };
    let shut_for = |members: &[AgentTerms]| {
        let team = DeskTeam { members: members.to_vec(), ..DeskTeam::default() };
        let all = for_team(whoever(), &spanish, &team);
        shut(&all).map(|gate| gate.kind).collect::<Vec<_>>()
    };
    assert_eq!(shut_for(&[]), [GateKind::AgentClients]);
    assert_eq!(shut_for(&[agent(&["es"], &[9])]), [GateKind::AgentClients]);
    assert_eq!(
        shut_for(&[agent(&["en"], &[]), agent(&["es"], &[9])]),
        [GateKind::Language],
        "who speaks it works for another"
    );
    assert!(shut_for(&[agent(&["en"], &[]), agent(&["es"], &[1, 9])]).is_empty());
    assert!(shut_for(&[agent(&[], &[])]).is_empty(), "any language");
}

#[test]
fn whom_nobody_at_work_could_be_handed_waits_for_a_colleague() {
    let spanish = GateFacts { locale: Some("es-MX".to_owned()), ..facts() };
    let member = |id, language: &str| AgentTerms {
        user: Some(user(id)),
        languages: vec![language.to_owned()],
        clients: Vec::new(),
    };
    let members = vec![member(1, "en"), member(2, "es")];
    let words = |facts: &GateFacts, at_work: &[u128]| {
        let team = DeskTeam { members: members.clone(), at_work: at_work.iter().map(|id| user(*id)).collect() };
        let all = for_team(gates(facts, &AgentTerms::default(), &Hours::default(), now()), facts, &team);
        shut(&all).map(|gate| (gate.kind, gate.words.clone())).collect::<Vec<_>>()
    };
    let found = words(&spanish, &[1]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, GateKind::Language);
    assert!(found[0].1.starts_with("the person speaks Spanish: nobody at work now"), "{found:?}");
    assert!(words(&spanish, &[1, 2]).is_empty(), "a colleague who speaks it is at work");
    assert!(words(&spanish, &[]).is_empty(), "nobody is at work: no language is the reason");
    assert!(words(&facts(), &[1]).is_empty(), "a language that is not known keeps nobody waiting");
}

#[test]
fn a_client_that_has_had_its_day_waits_for_the_next_but_for_who_waits_for_the_call() {
    let full = Some(FullDay { most: 10, until: at("2026-12-02T06:00:00Z") });
    let touched = GateFacts { client_full: full, is_untouched: false, ..facts() };
    let shut = shut_of(&touched, &AgentTerms::default(), now());
    assert_eq!((shut[0].kind, shut[0].opens_at), (GateKind::Capacity, full.map(|full| full.until)));
    assert!(shut[0].words.contains("10 leads"), "{}", shut[0].words);
    assert!(shut_kinds(&GateFacts { client_full: full, ..facts() }).is_empty(), "a new enquiry");
    let promised = GateFacts { step: step("2026-12-01T15:00:00Z", true, false), ..touched.clone() };
    assert!(shut_kinds(&promised).is_empty());
    assert!(shut_of(&touched, &AgentTerms::default(), at("2026-12-02T16:00:00Z")).is_empty(), "the next day");
}
