//! Bodies that clients were sent are read and written again as the same bytes: those of a corpus frozen by earlier versions,
//! those that are generated, and those that a newer version adds to at any level.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::{collection, option, prelude::*, sample::select};
use ripen_domain::{
    appointment::{Handover, Slot},
    delivery::{
        AssignedRep, ClientEvent, CriteriaName, DeliveryFacts, EventData, EventDetail, EventType, LeadNote, LeadRecall,
        LeadTaken, LeadUpdate, Member, OfferTerms, UpdateKind,
    },
    flag::{Flag, FlagCode},
    id::{AppointmentId, DeliveryId, LeadId},
    lead::{Channel, Grade, Stage},
    person::{OtherContacts, Profile},
};
use serde_json::{Map, Value};
use uuid::Uuid;

/// One body a line, of every type and combination of members; the last was written by hand, with few members.
const CORPUS: &str = include_str!("corpus/payloads.txt");

fn again(body: &str) -> String {
    String::from_utf8(ClientEvent::read(body.as_bytes()).unwrap().to_bytes()).unwrap()
}

#[test]
fn every_body_of_the_corpus_is_written_again_as_the_same_bytes() {
    let mut types = BTreeSet::new();
    for body in CORPUS.lines() {
        assert_eq!(again(body), body);
        let event = ClientEvent::read(body.as_bytes()).unwrap();
        types.insert(*event.event.get().unwrap());
        assert!(event.data.get().is_some(), "{body}");
    }
    assert_eq!(types.len(), EventType::ALL.len(), "{types:?}");
}

/// Whatever is in the corpus is understood: else the test above would hold of types that know nothing.
#[test]
fn no_member_of_the_corpus_is_unknown() {
    for body in CORPUS.lines() {
        let event = ClientEvent::read(body.as_bytes()).unwrap();
        assert!(event.more.is_empty(), "{body}");
        match event.data.get().unwrap() {
            EventData::Lead(data) => {
                let lead = data.lead.get().unwrap();
                assert!(data.more.is_empty() && lead.more.is_empty(), "{body}");
                assert!(data.delivery.get().is_some() && lead.email.get().is_none_or(|email| email.contains('@')));
                let notes = data.notes.get().into_iter().flatten();
                assert!(notes.into_iter().all(|note| note.more.is_empty() && note.at.get().is_some()), "{body}");
                let handover = data.handover.get();
                assert!(handover.is_none_or(|one| one.more.is_empty() && one.kind.get().is_some()), "{body}");
                assert!(data.update.get().is_none_or(|one| one.more.is_empty() && one.kind.get().is_some()), "{body}");
            }
            EventData::Recall(data) => assert!(data.more.is_empty() && data.recalled_at.get().is_some(), "{body}"),
            EventData::Taken(data) => assert!(data.more.is_empty() && data.taken_at.get().is_some(), "{body}"),
            EventData::Suppression(data) => {
                assert!(data.more.is_empty() && data.suppressed_at.get().is_some(), "{body}");
            }
            EventData::Outcome(data) => {
                let outcome = data.outcome.get().unwrap();
                assert!(data.more.is_empty() && outcome.more.is_empty() && outcome.outcome.get().is_some(), "{body}");
            }
            EventData::DeadDelivery(data) => {
                assert!(data.more.is_empty() && data.attempts.get().is_some() && data.event.get().is_some(), "{body}");
            }
            EventData::DisabledEndpoint(data) => {
                assert!(data.more.is_empty() && data.endpoint.get().is_some(), "{body}");
            }
            EventData::Test(_) => panic!("no delivery is a test: {body}"),
        }
    }
}

#[test]
fn what_is_no_object_is_no_event_and_an_unknown_type_is_read_as_a_lead() {
    for nothing in ["", "null", "[]", "7", "\"lead.matured\"", "{"] {
        assert!(ClientEvent::read(nothing.as_bytes()).is_none(), "{nothing}");
    }
    let newer = r#"{"data":{"lead":{"email":"a@example.com"},"moon":"full"},"type":"lead.dreamt"}"#;
    let event = ClientEvent::read(newer.as_bytes()).unwrap();
    assert_eq!(event.lead().and_then(|data| data.lead.get()?.email.get().cloned()).as_deref(), Some("a@example.com"));
    assert_eq!(again(newer), newer);
}

#[test]
fn what_shows_an_event_for_a_log_shows_no_contact_data() {
    for body in CORPUS.lines() {
        let event = ClientEvent::read(body.as_bytes()).unwrap();
        let shown = format!("{event:?} {:?} {:?}", event.data.get(), event.lead());
        assert!(!shown.contains('@') && !shown.contains("+1415"), "{shown}");
    }
}

/// Any JSON, of the kind that numbers and texts survive.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        select(vec!["2026-11-21T10:00:00+01:00", "2026-11-21T10:00:00Z", "lead_1", "A", "message"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            collection::btree_map("[a-z_]{1,8}", inner, 0..3)
                .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// Where the objects within are, as JSON pointers, the outermost first. What is within answers is a client's own.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.push(at.to_owned());
            map.iter().for_each(|(key, inner)| objects(inner, &format!("{at}/{key}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, inner)| objects(inner, &format!("{at}/{place}"), found));
        }
        _ => {}
    }
}

/// An object of a body of the corpus.
fn an_object() -> impl Strategy<Value = (Value, String)> {
    let body = select(CORPUS.lines().collect::<Vec<_>>()).prop_map(|body| serde_json::from_str::<Value>(body).unwrap());
    body.prop_flat_map(|body| {
        let mut found = Vec::new();
        objects(&body, "", &mut found);
        (Just(body), select(found))
    })
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,16}"
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000_000).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn detail() -> impl Strategy<Value = EventDetail> {
    let update = (select(UpdateKind::ALL), text()).prop_map(|(kind, by)| {
        EventDetail::Updated(LeadUpdate { kind: kind.into(), by: by.into(), ..LeadUpdate::default() })
    });
    let recall = (text(), instant()).prop_map(|(reason, at)| {
        EventDetail::Recalled(LeadRecall { reason: reason.into(), recalled_at: at.into(), ..LeadRecall::default() })
    });
    let offer = option::of(instant())
        .prop_map(|until| EventDetail::Offered(OfferTerms { until: Member::if_some(until), ..OfferTerms::default() }));
    let taken = instant().prop_map(|at| EventDetail::Taken(LeadTaken { taken_at: at.into(), ..LeadTaken::default() }));
    prop_oneof![Just(EventDetail::Matured), update, recall, offer, taken]
}

fn profile() -> impl Strategy<Value = Profile> {
    let texts = collection::vec(option::of(text()), 4);
    texts.prop_map(|texts| {
        let [first_name, last_name, name, email] = texts.try_into().unwrap();
        let phone = email.as_ref().map(|_| "+14155550100".to_owned());
        let phone_extension = name.as_ref().map(|_| "12".to_owned()).filter(|_| phone.is_some());
        Profile { first_name, last_name, name, email, phone, phone_extension, ..Profile::default() }
    })
}

fn appointment() -> impl Strategy<Value = Handover> {
    (instant(), option::of(text())).prop_map(|(at, note)| Handover {
        appointment: AppointmentId::from_uuid(Uuid::from_u128(7)),
        slot: Slot { starts_at: at, ends_at: at },
        time_zone: "America/Chicago".to_owned(),
        note,
        sequence: 1,
    })
}

fn facts() -> impl Strategy<Value = DeliveryFacts> {
    let notes = collection::vec((text(), text()), 0..3).prop_map(|notes| {
        let note = |(by, text): (String, String)| LeadNote {
            at: "2026-11-20T16:30:00+00:00".to_owned().into(),
            by: by.into(),
            text: text.into(),
            ..LeadNote::default()
        };
        notes.into_iter().map(note).collect()
    });
    let answers = collection::btree_map("[a-z_]{1,8}", anything(), 0..3);
    (detail(), profile(), notes, answers, option::of(appointment()), option::of((text(), text())), instant()).prop_map(
        |(detail, profile, notes, answers, appointment, rep, at)| DeliveryFacts {
            delivery: DeliveryId::from_uuid(Uuid::from_u128(1)),
            detail,
            handed_over: DeliveryId::from_uuid(Uuid::from_u128(2)),
            lead: LeadId::from_uuid(Uuid::from_u128(3)),
            stage: Stage::Contact,
            others: OtherContacts {
                emails: profile.locale.iter().cloned().collect(),
                phones: profile.name.iter().cloned().collect(),
            },
            flags: profile
                .name
                .iter()
                .map(|said| Flag::new("budget", FlagCode::NoNumber).saying(said))
                .chain([Flag::new("phone", FlagCode::PhoneDoubtful)].into_iter().filter(|_| profile.phone.is_some()))
                .collect(),
            profile,
            grade: Grade::A,
            score: 82,
            criteria: CriteriaName { name: "default".to_owned().into(), version: 3.into(), ..CriteriaName::default() },
            reasons: Vec::new(),
            answers: answers.into_iter().collect(),
            notes,
            source: "Web site".to_owned(),
            channel: Channel::WebForm,
            arrivals: 2,
            first_arrived_at: at,
            matured_at: at,
            assigned_to: rep.map(|(name, email)| AssignedRep {
                name: name.into(),
                email: email.into(),
                ..AssignedRep::default()
            }),
            time_zone: "UTC".to_owned(),
            appointment,
        },
    )
}

proptest! {
    #[test]
    fn a_generated_event_is_read_as_it_was_written(facts in facts(), now in instant()) {
        let event = facts.to_event(now);
        let body = event.to_bytes();
        let read = ClientEvent::read(&body).unwrap();
        prop_assert_eq!(read.to_bytes(), body);
        prop_assert!(read == event, "what was written is understood when it is read");
    }

    #[test]
    fn what_a_delivery_keeps_for_its_event_is_read_as_it_was_kept(detail in detail()) {
        prop_assert_eq!(EventDetail::read(detail.event(), Some(detail.to_value())), detail);
    }

    /// A newer version adds members at any level, says other things in those there are, or leaves them out.
    #[test]
    fn whatever_stands_in_any_object_is_written_again(
        (mut body, at) in an_object(),
        (key, value) in ("[a-z_]{1,12}", anything()),
        other in anything(),
        left_out in any::<prop::sample::Index>(),
    ) {
        let object = body.pointer_mut(&at).unwrap().as_object_mut().unwrap();
        let keys: Vec<_> = object.keys().cloned().collect();
        object.insert(key, value);
        if !keys.is_empty() {
            let changed = left_out.get(&keys);
            object.insert(changed.clone(), other);
        }
        let written = body.to_string();
        prop_assert_eq!(again(&written), written);
    }
}
