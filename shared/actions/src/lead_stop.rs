//! A person asked not to be contacted: for the client, or for the whole firm.

use ripen_domain::{actor::Permission, contact::Identity, id::LeadId, touch::Disposition};
use ripen_store::lead::touch::StopWish;
use uuid::Uuid;

use crate::{
    Action, Refusal, Work,
    lead::{TouchLead, Touched, load},
    suppression::suppress,
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
        let touched = touch.record(work, StopWish { for_firm: self.for_firm, identities: &[] }, None).await;
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

/// The number without its extension; none for what has none.
fn switchboard(identity: &Identity) -> Option<Identity> {
    match identity {
        Identity::Phone(phone) if phone.extension().is_some() => Some(Identity::Phone(phone.with_extension(""))),
        _ => None,
    }
}
