//! Corrections of one enquiry among several of a person: what is known is what it would be if every body had been right at once.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use ripen_domain::{
    arrival::{Arrival, RawBody, Sameness},
    contact::{Email, Phone},
    id::{ClientId, ProgramId, SourceId},
    lead::Channel,
};
use ripen_store::{
    client::{
        client_record::ClientRecord,
        grading_settings::{GradingSettings, SourceSettings},
    },
    person::identity::NewIdentity,
    source::source_record::State as ClientState,
};
use uuid::Uuid;

use super::*;
use crate::{
    arrivals::ArrivalRecorder,
    bodies::{Body, compare},
};

const EMAIL: &str = "kim@example.com";

fn client() -> ClientId {
    ClientId::from_uuid(Uuid::nil())
}

fn settings() -> GradingSettings {
    let client = ClientRecord {
        id: client(),
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        country: "US".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        state: ClientState::Active,
    };
    let program = ProgramId::from_uuid(Uuid::nil());
    GradingSettings { client, program, criteria: None, endpoints: Vec::new(), is_routed: false }
}

/// One installation, to which bodies come one after the other.
struct World {
    work_unit: UnitOfWork,
    /// Each body is a batch of its own.
    apart: bool,
    sent: u32,
    /// By external id.
    bodies: BTreeMap<String, Vec<Body>>,
    said: BTreeSet<NewIdentity>,
    linked: BTreeSet<NewIdentity>,
}

impl World {
    fn new(apart: bool) -> Self {
        let mut work_unit = UnitOfWork { bodies: Some(BTreeMap::new()), ..UnitOfWork::default() };
        let id = SourceId::from_uuid(Uuid::nil());
        let source = SourceSettings { id, name: "Vendor".to_owned(), channel: Channel::Vendor };
        work_unit.load_settings(source, settings());
        let bodies = BTreeMap::new();
        Self { work_unit, apart, sent: 0, bodies, said: BTreeSet::new(), linked: BTreeSet::new() }
    }

    /// A body comes under an external id, a minute after the one before it.
    fn send(&mut self, external_id: &str, said: Submission) {
        let submission = Submission { external_id: Some(external_id.to_owned()), ..said };
        self.sent += 1;
        let number = self.sent;
        let arrival = Arrival {
            key: None,
            formerly: None,
            form: None,
            id: ArrivalId::from_uuid(Uuid::from_u128(u128::from(number))),
            sameness: Sameness::ExternalId,
            source: SourceId::from_uuid(Uuid::nil()),
            client: client(),
            received_at: Timestamp::from_second(1_795_168_800 + 60 * i64::from(number)).unwrap(),
            content: submission.content_hash(),
            quarantine: None,
            is_released: false,
            by_visitor: false,
            in_bulk: false,
            submission,
            raw: RawBody { media_type: "text/plain".to_owned(), text: String::new() },
        };
        let known = self.bodies.entry(external_id.to_owned()).or_default();
        let body = Body::of(&arrival);
        let mut fresh = NewArrival::of(&arrival);
        fresh.compared(compare(known.iter(), &body));
        known.push(body.kept_as(&fresh));
        let next = std::cell::Cell::new(u128::from(number) << 64);
        let new_id = || {
            next.set(next.get() + 1);
            Uuid::from_u128(next.get())
        };
        let (criteria, same_within) = (BTreeMap::new(), SignedDuration::from_mins(10));
        let recorder = ArrivalRecorder { criteria: &criteria, same_within, new_id };
        recorder.record(&mut self.work_unit, &fresh).unwrap();
        if self.apart {
            self.commit();
        }
    }

    /// As the database does: links are said, and then what was replaced is not.
    fn commit(&mut self) {
        let new = std::mem::take(&mut self.work_unit.new_identities);
        assert_eq!(new.iter().collect::<BTreeSet<_>>().len(), new.len(), "no link is written twice");
        self.linked.extend(new.iter().cloned());
        self.said.extend(new);
        for replaced in std::mem::take(&mut self.work_unit.replaced) {
            self.said.remove(&replaced);
        }
        self.work_unit.unsaid = self.linked.difference(&self.said).cloned().collect();
    }

    /// What is known of the one person.
    fn profile(&self) -> Profile {
        assert_eq!(self.work_unit.persons.len(), 1, "all are of one person");
        self.work_unit.persons.values().next().unwrap().profile.clone()
    }

    /// What is told of the one person: their address and number, and what stands beside these.
    fn told(mut self) -> Told {
        self.commit();
        let profile = self.profile();
        let own: Vec<_> = profile.identities().collect();
        let ways = self.said.iter().map(|link| &link.of.identity);
        let beside = ways.filter(|way| !own.contains(way)).map(|way| way.value().to_owned()).collect();
        Told { email: profile.email, phone: profile.phone, beside }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    email: Option<String>,
    phone: Option<String>,
    beside: Vec<String>,
}

fn number(text: &str) -> Option<Phone> {
    Some(Phone::parse(text, Some("US")).unwrap().phone)
}

fn kim(phone: Option<&str>) -> Submission {
    Submission {
        name: Some("Kim Example".to_owned()),
        email: Email::parse(EMAIL).ok(),
        phone: phone.and_then(number),
        ..Submission::default()
    }
}

/// The same with an address in the number's place.
fn kim_by_address(email: Option<&str>) -> Submission {
    let email = email.map(|email| Email::parse(email).unwrap());
    Submission { email, ..kim(Some("+14155550100")) }
}

/// What an enquiry says first, and what its correction says, where there is one.
#[derive(Debug, Clone, Copy)]
struct Course {
    first: Option<&'static str>,
    corrected: Option<&'static str>,
}

/// Every course of an enquiry of which these are its own values, beside one that all enquiries have.
fn courses(common: &'static str, [own, right]: [&'static str; 2]) -> Vec<Course> {
    let firsts = [None, Some(common), Some(own)];
    let all = firsts
        .into_iter()
        .flat_map(|first| [None, Some(common), Some(right)].map(|corrected| Course { first, corrected }));
    all.filter(|course| course.corrected.is_none() || course.corrected != course.first).collect()
}

/// Whatever three enquiries say first and whatever their corrections say, in whichever order these come, the same is told as if each
/// had come right.
fn is_as_if_right_at_once(body: fn(Option<&str>) -> Submission, values: [&'static str; 7]) {
    let [common, one, two, three, four, five, six] = values;
    let all = [[one, two], [three, four], [five, six]].map(|own| courses(common, own));
    let ids = ["Y1", "Y2", "Y3"];
    for first in &all[0] {
        for second in &all[1] {
            for third in &all[2] {
                let enquiries = [*first, *second, *third];
                let mut right = World::new(true);
                for (id, course) in ids.into_iter().zip(enquiries) {
                    right.send(id, body(course.corrected.or(course.first)));
                }
                let right = right.told();
                for (apart, order) in [(true, [0, 1, 2]), (true, [2, 1, 0]), (false, [0, 1, 2]), (false, [2, 0, 1])] {
                    let mut corrected = World::new(apart);
                    for (id, course) in ids.into_iter().zip(enquiries) {
                        corrected.send(id, body(course.first));
                    }
                    for place in order {
                        if let Some(value) = enquiries[place].corrected {
                            corrected.send(ids[place], body(Some(value)));
                        }
                    }
                    assert_eq!(corrected.told(), right, "{enquiries:?} corrected as {order:?}, apart: {apart}");
                }
            }
        }
    }
}

#[test]
fn numbers_are_told_as_if_no_mistaken_body_had_come() {
    is_as_if_right_at_once(
        kim,
        [
            "+14155550761",
            "+14155550762",
            "+14155550763",
            "+14155550764",
            "+14155550765",
            "+14155550766",
            "+14155550767",
        ],
    );
}

#[test]
fn addresses_are_told_as_if_no_mistaken_body_had_come() {
    is_as_if_right_at_once(
        kim_by_address,
        [
            "kim@example.com",
            "kim1@example.com",
            "kim2@example.com",
            "kim3@example.com",
            "kim4@example.com",
            "kim5@example.com",
            "kim6@example.com",
        ],
    );
}

#[test]
fn what_was_corrected_twice_and_back_is_what_was_said_last() {
    let mut world = World::new(true);
    let (one, two, three) = ("+14155550761", "+14155550762", "+14155550763");
    for (id, phone) in [("Y1", one), ("Y2", two), ("Y2", three), ("Y2", one), ("Y2", two)] {
        world.send(id, kim(Some(phone)));
    }
    let told = world.told();
    assert_eq!((told.phone.as_deref(), told.beside), (Some(one), vec![two.to_owned()]));
}

#[test]
fn what_a_correction_took_back_is_said_again_by_a_later_enquiry() {
    let (one, two) = ("+14155550621", "+14155550622");
    for apart in [true, false] {
        let mut world = World::new(apart);
        for (id, phone) in [("J1", one), ("J1", two), ("J2", one)] {
            world.send(id, kim(Some(phone)));
        }
        let told = world.told();
        assert_eq!((told.phone.as_deref(), told.beside), (Some(two), vec![one.to_owned()]), "apart: {apart}");
    }
}

#[test]
fn what_the_desk_put_right_is_not_undone_by_a_sender_that_says_the_same_once_more() {
    let (one, two) = ("+14155550621", "+14155550622");
    let mut world = World::new(true);
    world.send("J1", kim(Some(one)));
    let person = world.work_unit.persons.values_mut().next().unwrap();
    person.profile.phone = Some(two.to_owned());
    let replaced = world.said.iter().find(|link| link.of.identity.value() == one).cloned().unwrap();
    world.said.remove(&replaced);
    world.commit();
    world.send("J1", Submission { notes: Some("call me".to_owned()), ..kim(Some(one)) });
    let told = world.told();
    assert_eq!((told.phone.as_deref(), told.beside), (Some(two), Vec::new()));
}

#[test]
fn a_field_that_another_enquiry_says_is_not_this_ones_to_correct() {
    let at = |code: &str, phone: &str| Submission { postal_code: Some(code.to_owned()), ..kim(Some(phone)) };
    let mut world = World::new(true);
    world.send("Y1", at("60134", "+14155550761x12"));
    world.send("Y2", at("10001", "+14155550761x13"));
    world.send("Y2", at("94103", "+14155550761x14"));
    let known = world.profile();
    assert_eq!((known.postal_code.as_deref(), known.phone_extension.as_deref()), (Some("60134"), Some("12")));
    world.send("Y1", at("60135", "+14155550761x15"));
    let known = world.profile();
    assert_eq!((known.postal_code.as_deref(), known.phone_extension.as_deref()), (Some("60135"), Some("15")));
    assert_eq!(world.told().beside, ["+14155550761;ext=14"]);
}

#[test]
fn what_nobody_says_of_the_person_any_more_is_replaced() {
    let mut world = World::new(true);
    world.send("Y1", kim(Some("+14155550761")));
    world.send("Y2", kim(Some("+14155550762")));
    // The desk has it from the person.
    let person = world.work_unit.persons.values_mut().next().unwrap();
    person.profile.phone = Some("+14155550799".to_owned());
    world.send("Y2", kim(Some("+14155550763")));
    let told = world.told();
    assert_eq!(told.phone.as_deref(), Some("+14155550763"));
    assert_eq!(told.beside, ["+14155550761"]);
}

#[test]
fn a_fuller_name_of_the_same_person_is_taken_from_a_correction_too() {
    let named = |name: &str| Submission { name: Some(name.to_owned()), ..kim(None) };
    let mut world = World::new(true);
    world.send("Y1", named("Kim"));
    world.send("Y2", named("Kim"));
    world.send("Y2", named("Kim Example"));
    assert_eq!(world.profile().full_name().as_deref(), Some("Kim Example"));
}
