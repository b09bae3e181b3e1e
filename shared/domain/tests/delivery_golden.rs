//! The bytes of every event as it is built from facts, beside bytes that were frozen before: a client's program was written
//! against these. A member that is renamed, moved or left out shows here, where reading and writing again would not see it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's harness stops at the first surprise")]

use jiff::Timestamp;
use ripen_domain::{
    appointment::{Handover, Slot},
    criteria::Reason,
    delivery::{
        AssignedRep, CriteriaName, DeadDelivery, DeliveryFacts, DisabledEndpoint, EventDetail, EventType, LeadNamed,
        LeadNote, LeadOutcome, LeadRecall, LeadSuppression, LeadTaken, LeadUpdate, Member, OfferTerms, RecordedOutcome,
        UpdateKind,
    },
    id::{AppointmentId, ArrivalId, DeliveryId, EndpointId, LeadId},
    lead::{Channel, Grade, OutcomeKind, Stage},
    person::{OtherContacts, Profile},
};
use serde_json::json;
use uuid::Uuid;

/// One body a line: each event with everything that can be said, then each with nothing that can be left out. Lines are never
/// changed; what a new version adds comes with new lines.
const GOLDEN: &str = include_str!("corpus/golden.txt");

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_255_200 + second).unwrap()
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x019a_a000_0000_7000_8000_0000_0000_0000 + number)
}

fn delivery() -> DeliveryId {
    DeliveryId::from_uuid(uuid(1))
}

fn named() -> Member<LeadNamed> {
    let name = "Casey O'Neil".to_owned().into();
    LeadNamed { id: LeadId::from_uuid(uuid(3)).into(), name, ..LeadNamed::default() }.into()
}

fn text(text: &str) -> Member<String> {
    text.to_owned().into()
}

/// Everything that can be said of an event beside its lead.
fn everything(event: EventType) -> EventDetail {
    match event {
        EventType::LeadMatured => EventDetail::Matured,
        EventType::LeadOffered => EventDetail::Offered(OfferTerms { until: at(900).into(), ..OfferTerms::default() }),
        EventType::LeadUpdated => EventDetail::Updated(LeadUpdate {
            kind: UpdateKind::AppointmentCancelled.into(),
            arrival: ArrivalId::from_uuid(uuid(4)).into(),
            by: text("Dana"),
            appointment: AppointmentId::from_uuid(uuid(5)).into(),
            reason: text("fell ill"),
            ..LeadUpdate::default()
        }),
        EventType::LeadRecalled => EventDetail::Recalled(LeadRecall {
            reason: text("wrong button"),
            recalled_at: at(30).into(),
            ..LeadRecall::default()
        }),
        EventType::LeadTaken => EventDetail::Taken(LeadTaken { taken_at: at(40).into(), ..LeadTaken::default() }),
        EventType::LeadSuppressed => EventDetail::Suppressed(LeadSuppression {
            reason: text("asked not to be called"),
            suppressed_at: at(50).into(),
            ..LeadSuppression::default()
        }),
        EventType::LeadOutcome => EventDetail::Outcome(Box::new(LeadOutcome {
            outcome: RecordedOutcome {
                number: 2.into(),
                outcome: OutcomeKind::Won.into(),
                reason: text("bought"),
                amount: text("12500.00"),
                currency: text("USD"),
                not_before: at(60).into(),
                said_by: text("Robin Rep"),
                at: at(61).into(),
                of: delivery().into(),
                ..RecordedOutcome::default()
            }
            .into(),
            ..LeadOutcome::default()
        })),
        EventType::DeliveryDead => EventDetail::DeliveryDead(DeadDelivery {
            delivery: delivery().into(),
            event: EventType::LeadMatured.into(),
            endpoint: EndpointId::from_uuid(uuid(6)).into(),
            lead: named(),
            attempts: 9.into(),
            reason: text("answered 500"),
            dead_at: at(70).into(),
            ..DeadDelivery::default()
        }),
        EventType::EndpointDisabled => EventDetail::EndpointDisabled(DisabledEndpoint {
            endpoint: EndpointId::from_uuid(uuid(6)).into(),
            delivery: delivery().into(),
            event: EventType::LeadMatured.into(),
            lead: named(),
            reason: text("answered 410 Gone"),
            disabled_at: at(80).into(),
            ..DisabledEndpoint::default()
        }),
    }
}

/// All facts are known.
fn full(detail: EventDetail) -> DeliveryFacts {
    let some = |text: &str| Some(text.to_owned());
    let note = |at: &str, by: &str, words: &str| LeadNote {
        at: text(at),
        by: text(by),
        text: text(words),
        ..LeadNote::default()
    };
    let answers = json!({"timeframe_days": 45, "budget": 450_000, "preapproved": true, "areas": ["Geneva", "St. Charles"],
                         "rate": 6.25, "seller": null, "home": {"rooms": 4, "baths": 2}});
    DeliveryFacts {
        delivery: delivery(),
        detail,
        handed_over: DeliveryId::from_uuid(uuid(2)),
        lead: LeadId::from_uuid(uuid(3)),
        stage: Stage::Contact,
        profile: Profile {
            first_name: some("Casey"),
            last_name: some("O'Neil"),
            name: some("Casey O'Neil"),
            email: some("casey+home@example.com"),
            phone: some("+14155550100"),
            phone_extension: None,
            postal_code: some("60134"),
            country: some("US"),
            time_zone: some("America/Chicago"),
            locale: some("en-US"),
            known_as: Vec::new(),
        },
        others: OtherContacts::default(),
        flags: Vec::new(),
        grade: Grade::A,
        score: 82,
        criteria: CriteriaName { name: text("default"), version: 3.into(), ..CriteriaName::default() },
        reasons: vec![
            Reason { rule: "soon".into(), points: 30, because: "Wants to move within three months".into() },
            Reason { rule: "far".into(), points: -5, because: "Lives outside the county".into() },
        ],
        answers: answers.as_object().cloned().unwrap(),
        notes: vec![
            note("2026-11-20T16:30:00+00:00", "Dana", "Call after six.\nHas two dogs & a cat."),
            note("2026-11-21T09:58:00+00:00", "Dana", "Says \"ready\": être prêt, 準備."),
        ],
        source: "Spring trade show".to_owned(),
        channel: Channel::TradeShow,
        arrivals: 2,
        first_arrived_at: at(-86_400),
        matured_at: Timestamp::from_microsecond(at(0).as_microsecond() + 123_456).unwrap(),
        assigned_to: Some(AssignedRep {
            name: text("Robin Rep"),
            email: text("robin@client.example"),
            ..AssignedRep::default()
        }),
        time_zone: "America/New_York".to_owned(),
        appointment: Some(Handover {
            appointment: AppointmentId::from_uuid(uuid(5)),
            slot: Slot { starts_at: at(7_200), ends_at: at(9_000) },
            time_zone: "America/New_York".to_owned(),
            note: some("Bring the plans"),
            sequence: 1,
        }),
    }
}

/// Nothing is known that need not be.
fn bare(event: EventType) -> DeliveryFacts {
    DeliveryFacts {
        profile: Profile::default(),
        criteria: CriteriaName::default(),
        reasons: Vec::new(),
        answers: serde_json::Map::new(),
        notes: Vec::new(),
        source: String::new(),
        arrivals: 1,
        assigned_to: None,
        time_zone: "UTC".to_owned(),
        appointment: None,
        ..full(EventDetail::read(event, None))
    }
}

#[test]
fn every_event_is_built_as_the_bytes_that_clients_were_sent_before() {
    let events = || EventType::ALL.iter().copied();
    let built = events().map(|event| full(everything(event))).chain(events().map(bare));
    let built = built.map(|facts| String::from_utf8(facts.to_event(at(120)).to_bytes()).unwrap());
    let mut golden = GOLDEN.lines();
    let differ = built.filter(|body| golden.next() != Some(body.as_str())).collect::<Vec<_>>().join("\n");
    assert!(differ.is_empty(), "these differ from the frozen ones:\n{differ}");
    assert_eq!(golden.next(), None, "an event is no longer built");
}
