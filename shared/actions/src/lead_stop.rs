//! A person asked not to be contacted: for the client, or for the whole firm.

use ripen_domain::{actor::Permission, contact::Identity, id::LeadId, touch::Disposition};
use ripen_store::{
    lead::touch::StopWish,
    suppression::write::{NewSuppression, SuppressionEffect},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Action, FieldErrors, Refusal, Work, client,
    lead::{LONGEST_WHY, TouchLead, TouchTerms, Touched, load},
    suppression::suppress,
    work::AuditChange,
};

/// Has nobody contact a lead's person any more. Whole or not at all: half of it would leave the lead open, with some of the person's
/// numbers barred and nobody who knows.
#[derive(Debug, Clone)]
pub struct StopLead {
    /// The lead.
    pub lead: LeadId,
    /// The same id again is the same wish.
    pub touch: Option<Uuid>,
    /// For every client of the firm, not only this one.
    pub for_firm: bool,
    /// Who asked, in words.
    pub why: String,
}

impl Action for StopLead {
    type Done = Touched;

    const PERMISSION: Permission = Permission::Work;

    fn is_for_any_client(&self) -> bool {
        true
    }

    async fn act(&self, work: &mut Work<'_>) -> Result<Touched, Refusal> {
        let person = load(work, self.lead).await?.person;
        let reached = work.tx.person_reached_under(work.scope(), person).await?;
        let touch = TouchLead {
            touch: self.touch,
            lead: self.lead,
            disposition: Disposition::DoNotContact,
            answer: Vec::new(),
            note: Some(self.why.clone()),
            next: None,
        };
        let stop = StopWish { for_firm: self.for_firm, identities: &[] };
        let touched = touch.record(work, TouchTerms { stop, ..TouchTerms::default() }).await;
        // It is kept as the note of the touch; whoever asked for it said why.
        let touched = touched.map_err(|refusal| refusal.renamed("note", "why"))?;
        if self.for_firm {
            // Beside what leads to the person alone: nobody of the firm calls behind that number.
            let bare: Vec<_> = reached.into_iter().filter_map(|one| switchboard(&one.identity)).collect();
            suppress(work, (None, &self.why), &bare).await?;
        }
        Ok(touched)
    }
}

/// Has nobody contact the person of a lead any more, and tells whoever was sent it and was not told yet: by the person, and not by an
/// address or a number, which may all be void or somebody else's by now.
#[derive(Debug, Clone)]
pub struct SuppressPerson {
    /// The lead, open or not.
    pub lead: LeadId,
    /// Who asked, in words.
    pub why: String,
}

impl Action for SuppressPerson {
    type Done = SuppressionEffect;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<SuppressionEffect, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say who asked for it");
        let lead = load(work, self.lead).await?;
        errors.finish()?;
        let client = client::load(work, &lead.client.slug).await?.id;
        let scope = work.scope().within(client);
        let new = NewSuppression { client: Some(client), why: &why, by: work.actor.into(), at: work.now };
        let effect = work.tx.person_suppress((scope, lead.person), &new).await?;
        let after = json!({"why": why, "persons": effect.persons, "leads": effect.leads, "told": effect.told});
        let change = AuditChange { client: Some(client), before: None, after: Some(after) };
        work.changed("suppression.add", self.lead, change);
        Ok(effect)
    }
}

/// The number without its extension; none for what has none.
fn switchboard(identity: &Identity) -> Option<Identity> {
    match identity {
        Identity::Phone(phone) if phone.extension().is_some() => Some(Identity::Phone(phone.with_extension(""))),
        _ => None,
    }
}
