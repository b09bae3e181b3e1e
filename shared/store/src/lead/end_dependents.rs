//! What hangs on a lead that ends, or that its client no longer has, ends here: its open promises, its appointments, and what is
//! still owed of it, offers among that. Outcomes, recalls and the qualifier's batches come through here; what is under way then
//! is stopped by its next lease.

use jiff::Timestamp;
use ripen_domain::{id::LeadId, promise::PromiseEnd, said_by::SaidBy};

use crate::{
    StoreError, Transaction, appointment::change::AppointmentChange, delivery::withdraw::KeptDeliveries,
    promise::write::EndReason,
};

/// Which open promises end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PromisesToEnd<'a> {
    /// All, moved to the step that follows.
    All,
    /// These, each in its state.
    These(&'a [PromiseEnd]),
}

/// A lead that ends or is let go of, under its lock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeadEnding<'a> {
    pub(crate) lead: LeadId,
    /// Who says so.
    pub(crate) by: SaidBy<'a>,
    /// Why, in words.
    pub(crate) why: &'a str,
    pub(crate) promises: PromisesToEnd<'a>,
    /// It is sold: the client's programs are given it all the same.
    pub(crate) is_sold: bool,
}

impl Transaction {
    /// Ends everything that hangs on the lead; returns how many deliveries were stopped. Before the lead itself is changed and
    /// before anything new is owed of it.
    pub(crate) async fn lead_let_go(
        &mut self,
        end: &LeadEnding<'_>,
        change: AppointmentChange<'_>,
    ) -> Result<u64, StoreError> {
        // While the lead is still open: whoever has the appointment is told of a lead that they know.
        self.appointments_end(&[(end.lead, end.why.to_owned())], change).await?;
        self.lead_let_go_but_appointments(end, change.now).await
    }

    /// The same of a lead that goes on as another one, which takes its appointments over.
    pub(crate) async fn lead_let_go_but_appointments(
        &mut self,
        end: &LeadEnding<'_>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let reason = EndReason { by: end.by, why: end.why };
        match end.promises {
            PromisesToEnd::All => self.promises_end_all(end.lead, reason, now).await?,
            PromisesToEnd::These(ended) => self.promises_end_by(end.lead, ended, reason, now).await?,
        }
        // Attempted ones too: a retry would hand over a lead that somebody gave back or that is over.
        let ended = &[(end.lead, end.why.to_owned())];
        let kept = if end.is_sold { KeptDeliveries::OfPrograms } else { KeptDeliveries::None };
        self.deliveries_end(ended, kept, now).await
    }

    /// Ends what hangs on many leads, under their locks: of each why it ended, or why nothing of it may go out any more. Their
    /// promises are settled by the decisions that end them, but for the question whose lead it is. Before the leads are changed.
    pub async fn leads_let_go(
        &mut self,
        ended: &[(LeadId, String)],
        change: AppointmentChange<'_>,
    ) -> Result<(), StoreError> {
        // While the leads are still open: whoever has an appointment is told of a lead that they know.
        self.appointments_end(ended, change).await?;
        self.deliveries_end(ended, KeptDeliveries::None, change.now).await?;
        let leads: Vec<_> = ended.iter().map(|(lead, _)| *lead).collect();
        // With nothing held there is nothing to ask.
        self.same_person_end(&leads, None, change.now).await
    }
}
