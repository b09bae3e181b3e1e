//! Of which leads their readers are told because of what arrived on another one.

use ripen_domain::{
    arrival::Sameness,
    hash::ContentHash,
    id::{ClientId, CriteriaId, DecisionId, LeadId, SourceId},
    lead::Stage,
    person::Profile,
};
use ripen_runtime::config::Settings;
use ripen_store::{
    arrival::{seen::ArrivalOwner, write::ArrivalRow},
    lead::{
        join::LeadJoin,
        lead_row::{LastDecision, LeadRow},
    },
};
use uuid::Uuid;

use super::*;
use crate::{undo_time::tests::row_of, unit_of_work::TrackedPerson};

const NOW: &str = "2026-11-24T12:00:00Z";
/// The lead that is over, and the one of the same person that their client has.
const FORMER: u128 = 1;
const OPEN: u128 = 2;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn lead_id(number: u128) -> LeadId {
    LeadId::from_uuid(Uuid::from_u128(number))
}

fn arrival_id(number: u128) -> ArrivalId {
    ArrivalId::from_uuid(Uuid::from_u128(number))
}

/// Makes the scene another one.
type Change = Box<dyn Fn(&mut UnitOfWork, &mut BatchDecisions)>;

/// An A that its client was sent an hour ago.
fn matured(number: u128, stage: Stage) -> TrackedLead {
    let (id, criteria) = (DecisionId::from_uuid(Uuid::from_u128(number)), CriteriaId::from_uuid(Uuid::nil()));
    let decided = Some(LastDecision { id, criteria, grade: Grade::A, score: 70 });
    let sent_at = at("2026-11-24T11:00:00Z");
    TrackedLead::new(LeadRow { decided, stage, matured_at: Some(sent_at), ..row_of(number, sent_at) })
}

/// A correction of what came on the lead that is over.
fn correction(number: u128) -> ArrivalRow {
    ArrivalRow {
        id: arrival_id(number),
        client: ClientId::from_uuid(Uuid::nil()),
        source: SourceId::from_uuid(Uuid::nil()),
        on: Some(ArrivalOwner { person: PersonId::from_uuid(Uuid::nil()), lead: lead_id(FORMER) }),
        amends: Some(arrival_id(99)),
        corrects_ended: true,
        sameness: Sameness::ExternalId,
        quarantined: None,
        repeat: true,
        content: ContentHash::of(b"corrected"),
        external_id: Some("R7".to_owned()),
        form: None,
        key: None,
        by_visitor: false,
        in_bulk: false,
        received_at: at(NOW),
        submitted_at: None,
        media_type: "application/json".to_owned(),
        raw: "{}".to_owned(),
        submission: "{}".to_owned(),
        flags: String::new(),
    }
}

/// The person's lead that is over was corrected twice, and the person is known otherwise since.
fn corrected_twice() -> UnitOfWork {
    let mut work_unit = UnitOfWork::default();
    let person = TrackedPerson {
        client: ClientId::from_uuid(Uuid::nil()),
        profile: Profile::default(),
        verified: false,
        do_not_contact: false,
        calls: Vec::new(),
        changed: true,
    };
    work_unit.persons.insert(PersonId::from_uuid(Uuid::nil()), person);
    let former = TrackedLead { arrived: vec![arrival_id(11), arrival_id(12)], ..matured(FORMER, Stage::Closed) };
    for lead in [former, matured(OPEN, Stage::Lead)] {
        work_unit.leads.insert(lead.row.id, lead);
    }
    work_unit.arrivals = vec![correction(11), correction(12)];
    work_unit
}

fn told(work_unit: &UnitOfWork, decided: &BatchDecisions) -> Vec<Event> {
    find(work_unit, decided, &UndoTimes::of(&Settings::default(), work_unit, at(NOW)), at(NOW))
}

#[test]
fn who_has_the_open_lead_is_told_once_of_what_corrections_of_a_former_one_say() {
    let told = told(&corrected_twice(), &BatchDecisions::default());
    let of: Vec<_> = told.iter().map(|one| (one.lead, one.cause)).collect();
    assert_eq!(of, [(lead_id(OPEN), Uuid::from_u128(12))], "by the last of them");
    assert!(told[0].mailed && told[0].due_at == at(NOW));
}

#[test]
fn of_a_lead_that_nobody_has_or_that_has_news_of_its_own_nothing_is_told_for_another_one() {
    let open = |work_unit: &mut UnitOfWork, change: fn(&mut TrackedLead)| {
        work_unit.leads.entry(lead_id(OPEN)).and_modify(change);
    };
    let person = |work_unit: &mut UnitOfWork, change: fn(&mut TrackedPerson)| {
        work_unit.persons.entry(PersonId::from_uuid(Uuid::nil())).and_modify(change);
    };
    let table: [(&str, Change); 8] = [
        ("nothing is otherwise", Box::new(move |work_unit, _| person(work_unit, |one| one.changed = false))),
        ("must not be contacted", Box::new(move |work_unit, _| person(work_unit, |one| one.do_not_contact = true))),
        ("no correction", Box::new(|work_unit, _| work_unit.arrivals.iter_mut().for_each(|row| row.amends = None))),
        ("is told its own", Box::new(move |work_unit, _| open(work_unit, |lead| lead.arrived.push(arrival_id(13))))),
        ("was never an A", Box::new(move |work_unit, _| open(work_unit, |lead| lead.row.decided = None))),
        ("matures now", Box::new(move |work_unit, _| open(work_unit, |lead| lead.row.matured_at = Some(at(NOW))))),
        ("is over", Box::new(move |work_unit, _| open(work_unit, |lead| lead.row.stage = Stage::Closed))),
        (
            "ends for another one",
            Box::new(|_, decided| {
                let (goes_on, ends) = (lead_id(3), lead_id(OPEN));
                decided.joined.push(LeadJoin { goes_on, ends, person: PersonId::from_uuid(Uuid::nil()) });
            }),
        ),
    ];
    for (what, change) in table {
        let (mut work_unit, mut decided) = (corrected_twice(), BatchDecisions::default());
        change(&mut work_unit, &mut decided);
        assert!(told(&work_unit, &decided).is_empty(), "{what}");
    }
}
