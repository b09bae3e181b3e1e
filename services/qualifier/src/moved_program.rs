//! Open leads of a program that their client has left. A person has one open lead, whichever programs the client had meanwhile: of
//! two the one in the client's program goes on.

use std::collections::BTreeMap;

use ripen_domain::id::{LeadId, PersonId, ProgramId};
use ripen_store::{StoreError, Transaction, lead::join::LeadJoin};

use crate::unit_of_work::{PersonProgram, TrackedLead, UnitOfWork};

/// Each person's open lead under a program.
pub type OpenLeads = BTreeMap<PersonProgram, LeadId>;

/// Notes which other open leads those persons have whose leads are to move to their client's program.
pub async fn load(batch: &mut Transaction, work_unit: &mut UnitOfWork) -> Result<(), StoreError> {
    let leaves = |lead: &&TrackedLead| {
        let program = work_unit.work.get(&lead.row.client).map(|work| work.program);
        lead.row.stage.is_open() && program.is_some_and(|program| program != lead.row.program)
    };
    let persons: Vec<_> = work_unit.leads.values().filter(leaves).map(|lead| lead.row.person).collect();
    if persons.is_empty() {
        return Ok(());
    }
    // Not in the order of ids with those that are locked already: a deadlock is broken, and the batch runs again.
    for row in batch.leads_lock_of(&persons).await? {
        work_unit.open.entry(PersonProgram { person: row.person, program: row.program }).or_insert(row.id);
    }
    Ok(())
}

/// The lead for which this one ends instead of moving to its client's program; notes the move where it does.
pub fn ends_for(lead: &TrackedLead, program: ProgramId, open: &mut OpenLeads) -> Option<LeadJoin> {
    let goes_on = *open.entry(PersonProgram { person: lead.row.person, program }).or_insert(lead.row.id);
    (goes_on != lead.row.id).then_some(LeadJoin { goes_on, ends: lead.row.id, person: lead.row.person })
}

/// The person's open lead: the one under this program, else whichever there is.
pub fn open_lead(open: &OpenLeads, person: PersonId, program: ProgramId) -> Option<LeadId> {
    let any = || {
        let under = |program| PersonProgram { person, program: ProgramId::from_uuid(program) };
        open.range(under(uuid::Uuid::nil())..=under(uuid::Uuid::max())).next().map(|(_, lead)| *lead)
    };
    open.get(&PersonProgram { person, program }).copied().or_else(any)
}
