//! How long what somebody of the firm did can be taken back, before anything of it goes out: `qualifier.undo_s`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::id::LeadId;
use ripen_runtime::config::Settings;

use crate::unit_of_work::UnitOfWork;

/// Until when what is owed of the leads of a batch waits.
pub struct UndoTimes {
    now: Timestamp,
    /// What is decided now because of what a person did.
    by_hand: Timestamp,
    /// Leads on which somebody worked just before: whatever has them decided, what was said then is in the decision and in all that is told.
    touched: BTreeMap<LeadId, Timestamp>,
}

impl UndoTimes {
    /// Those of a batch.
    pub fn of(settings: &Settings, work_unit: &UnitOfWork, now: Timestamp) -> Self {
        let undo = SignedDuration::from_secs(i64::try_from(settings.qualifier.undo_s).unwrap_or(0));
        let end = |at: Timestamp| at.saturating_add(undo).unwrap_or(at);
        let touched = work_unit.leads.values().filter_map(|lead| Some((lead.row.id, end(lead.touched_at?))));
        Self { now, by_hand: end(now), touched: touched.filter(|(_, until)| *until > now).collect() }
    }

    /// Until when what is owed of a lead can be taken back; none where nothing can.
    pub fn until(&self, lead: LeadId, is_by_hand: bool) -> Option<Timestamp> {
        self.touched.get(&lead).copied().max(is_by_hand.then_some(self.by_hand))
    }

    /// When what is owed of a lead may go out.
    pub fn due_at(&self, lead: LeadId, is_by_hand: bool) -> Timestamp {
        self.until(lead, is_by_hand).unwrap_or(self.now)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use ripen_domain::{
        id::{ClientId, PersonId, ProgramId, SourceId},
        lead::{Channel, Stage},
    };
    use ripen_store::lead::lead_row::LeadRow;
    use uuid::Uuid;

    use super::*;
    use crate::unit_of_work::TrackedLead;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_168_800 + second).unwrap()
    }

    /// A lead that arrived then and that nobody touched or decided.
    pub(crate) fn row_of(number: u128, arrived_at: Timestamp) -> LeadRow {
        LeadRow {
            id: LeadId::from_uuid(Uuid::from_u128(number)),
            client: ClientId::from_uuid(Uuid::nil()),
            program: ProgramId::from_uuid(Uuid::nil()),
            person: PersonId::from_uuid(Uuid::nil()),
            source: SourceId::from_uuid(Uuid::nil()),
            channel: Channel::WebForm,
            in_bulk: false,
            stage: Stage::Lead,
            decided: None,
            arrivals: 1,
            enquiries: 1,
            touches: 0,
            rounds: 0,
            last_disposition: None,
            last_conversation_at: None,
            returned_at: None,
            first_arrived_at: arrived_at,
            last_arrived_at: arrived_at,
            last_enquiry_at: arrived_at,
            matured_at: None,
            closed: None,
            generation: 0,
        }
    }

    /// A lead on which somebody worked then.
    pub(crate) fn touched(number: u128, touched_at: Option<Timestamp>) -> TrackedLead {
        let row = LeadRow { touches: 1, ..row_of(number, at(-3600)) };
        TrackedLead { touched_at, ..TrackedLead::new(row) }
    }

    #[test]
    fn what_was_just_said_waits_whatever_has_the_lead_decided() {
        let mut settings = Settings::default();
        settings.qualifier.undo_s = 20;
        let mut work_unit = UnitOfWork::default();
        for lead in [touched(1, None), touched(2, Some(at(-1))), touched(3, Some(at(-20)))] {
            work_unit.leads.insert(lead.row.id, lead);
        }
        let times = UndoTimes::of(&settings, &work_unit, at(0));
        let until = |number, is_by_hand| times.until(LeadId::from_uuid(Uuid::from_u128(number)), is_by_hand);
        assert_eq!([1, 2, 3].map(|lead| until(lead, false)), [None, Some(at(19)), None]);
        assert_eq!([1, 2, 3].map(|lead| until(lead, true)), [Some(at(20)); 3]);
        assert_eq!(times.due_at(LeadId::from_uuid(Uuid::from_u128(3)), false), at(0));
    }
}
