//! Closing a lead by hand with a reason, and opening it again.

use ripen_domain::{actor::Permission, appointment::Terms, id::LeadId};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    appointment::change::AppointmentChange,
    lead::close::{ClosedByHand, ReopenedByHand},
};
use serde_json::json;

use crate::{Action, FieldErrors, Refusal, Work, lead::LONGEST_WHY, work::AuditChange};

/// Closes a lead: promises end, appointments are cancelled, what was not sent yet is stopped.
#[derive(Debug, Clone)]
pub struct CloseLead {
    /// The lead.
    pub lead: LeadId,
    /// Why, in words.
    pub why: String,
}

impl Action for CloseLead {
    /// Deliveries that were stopped.
    type Done = u64;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<u64, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say why nobody works it any more");
        errors.finish()?;
        let terms = Terms::default();
        let change = AppointmentChange { actor: work.actor, terms: &terms, now: work.now, fresh_id: uuid_v7 };
        match work.tx.lead_close(work.actor.scope(), self.lead, &why, change).await? {
            ClosedByHand::Done { client, before, stopped } => {
                // With the reason: what the lead says of it is gone once it is opened again. Erased with the person.
                let after = json!({"stage": "closed", "stopped": stopped, "why": why});
                work.changed("lead.close", self.lead, AuditChange::of(client, json!({"stage": before.word()}), after));
                Ok(stopped)
            }
            ClosedByHand::Unknown => Err(Refusal::missing("lead", self.lead)),
            ClosedByHand::Ended(why) => {
                Err(Refusal::conflict("closed", format!("{} is not open any more ({why})", self.lead)))
            }
            ClosedByHand::WithClient => {
                let first =
                    "its client has this lead, or gets it now: take it back first, so that the client hears of it";
                Err(Refusal::conflict("with_client", first))
            }
        }
    }
}

/// Opens a closed lead again: it is work at once, and decided anew.
#[derive(Debug, Clone)]
pub struct ReopenLead {
    /// The lead.
    pub lead: LeadId,
    /// Why, in words.
    pub why: String,
}

impl Action for ReopenLead {
    type Done = ();

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<(), Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say what changed");
        errors.finish()?;
        match work.tx.lead_reopen(work.actor, self.lead, &why, work.now).await? {
            ReopenedByHand::Done { client, stage, .. } => {
                let (before, after) = (json!({"stage": "closed"}), json!({"stage": stage.word(), "why": why}));
                work.changed("lead.reopen", self.lead, AuditChange::of(client, before, after));
                Ok(())
            }
            ReopenedByHand::Unknown => Err(Refusal::missing("lead", self.lead)),
            ReopenedByHand::NotClosed => Err(Refusal::conflict("not_closed", format!("{} is not closed", self.lead))),
            ReopenedByHand::Another(other) => {
                Err(Refusal::conflict("has_another", format!("the person has another open lead: {other}")))
            }
            ReopenedByHand::Barred(why) => {
                Err(Refusal::conflict("do_not_contact", format!("the person must not be contacted: {why}")))
            }
        }
    }
}
