//! Wishes not to be contacted that versions before kept with arrivals and did not hear: found by reading what was kept once more, and
//! followed as if the arrival came today. A piece of the arrivals at a time; how far it has come is kept with what it did.

use ripen_domain::{
    actor::Permission,
    id::{ArrivalId, ClientId, LeadId},
    list::wish::ContactWish,
    said_by::SaidBy,
};
use ripen_store::{
    arrival::kept_wish::KeptArrival,
    suppression::write::{NewSuppression, SENDER_SAID, SuppressionEffect},
};
use serde_json::json;

use crate::{Action, Refusal, Work, work::AuditChange};

/// So many arrivals are read by one transaction.
const PIECE: u32 = 1_000;

/// Suppresses what the next piece of old arrivals asks for. Of the firm alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct SweepWishes {
    /// Those behind this arrival; behind the last one that was read, where none.
    pub after: Option<ArrivalId>,
}

/// What a piece came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweptWishes {
    /// Arrivals that were read.
    pub read: usize,
    /// Those that say, or may say, that nobody may contact their person.
    pub wishes: Vec<SweptWish>,
    /// The last one that was read; where none was, there is nothing more.
    pub last: Option<ArrivalId>,
}

/// An arrival that says, or may say, that nobody may contact its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweptWish {
    /// The arrival.
    pub arrival: ArrivalId,
    /// Whose.
    pub client: ClientId,
    /// Who sent it.
    pub source: String,
    /// Its lead; none where it lies in the quarantine.
    pub lead: Option<LeadId>,
    /// The person was let be contacted again since, so that nothing follows.
    pub is_lifted: bool,
    /// Its note says more than that, or somebody may have let its person be contacted since: somebody has to look at it, and nothing
    /// follows.
    pub is_unclear: bool,
    /// Entries that were not there yet.
    pub added: u64,
    /// What follows.
    pub effect: SuppressionEffect,
}

impl Action for SweepWishes {
    type Done = SweptWishes;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<SweptWishes, Refusal> {
        let scope = work.scope();
        // How far it has come is the firm's: for one client alone the others' wishes would be passed over for good.
        if scope.client_uuid().is_some() {
            return Err(Refusal::Forbidden { who: work.actor.to_string() });
        }
        let begun = work.tx.suppression_sweep_begin(scope, work.now).await?;
        let kept = work.tx.arrivals_kept(scope, self.after.unwrap_or(begun), PIECE).await?;
        let mut wishes = Vec::new();
        for arrival in &kept {
            match arrival.submission.wish_when_kept() {
                // Nothing of a lift names whom it was of: an entry that is gone may have been this one's.
                ContactWish::DoNot if arrival.may_be_lifted && !arrival.is_lifted => {
                    wishes.push(SweptWish { is_unclear: true, ..SweptWish::of(arrival) })
                }
                ContactWish::DoNot => wishes.push(follow(work, arrival).await?),
                // Nobody undoes what a sweep of years has told.
                ContactWish::Unclear => wishes.push(SweptWish { is_unclear: true, ..SweptWish::of(arrival) }),
                ContactWish::NotSaid => {}
            }
        }
        let last = kept.last().map(|arrival| arrival.id);
        if let Some(last) = last {
            work.tx.suppression_sweep_note(scope, last).await?;
        }
        Ok(SweptWishes { read: kept.len(), wishes, last })
    }
}

impl SweptWish {
    /// One of which nothing has followed yet.
    fn of(arrival: &KeptArrival) -> Self {
        Self {
            arrival: arrival.id,
            client: arrival.client,
            source: arrival.source.clone(),
            lead: arrival.on.map(|on| on.lead),
            is_lifted: arrival.is_lifted,
            is_unclear: false,
            added: 0,
            effect: SuppressionEffect::default(),
        }
    }
}

/// What an arrival of today would bring: what it names is suppressed for its client, and everything else that leads to its person where it
/// is its sender's word and not a visitor's.
async fn follow(work: &mut Work<'_>, arrival: &KeptArrival) -> Result<SweptWish, Refusal> {
    let (scope, client) = (work.scope(), arrival.client);
    let by = SaidBy::Source(&arrival.source);
    let new = NewSuppression { client: Some(client), why: SENDER_SAID, by, at: work.now };
    let identities = arrival.identities();
    let mut swept = SweptWish::of(arrival);
    if arrival.is_lifted {
        return Ok(swept);
    }
    swept.added = work.tx.suppress(scope, &new, &identities).await?;
    swept.effect = match arrival.on {
        Some(on) => work.tx.suppression_follow_person((scope, on.person), &new, &identities).await?,
        None => work.tx.suppression_follow(scope, &new, &identities).await?,
    };
    if let Some(on) = arrival.on.filter(|_| !arrival.by_visitor) {
        let more = work.tx.person_suppress((scope, on.person), &new).await?;
        // The same persons and leads once more, and whoever is reached under what else leads to them; each is told once.
        swept.effect.persons = swept.effect.persons.max(more.persons);
        swept.effect.leads = swept.effect.leads.max(more.leads);
        swept.effect.told += more.told;
    }
    let SuppressionEffect { persons, leads, told } = swept.effect;
    if swept.added > 0 || leads > 0 {
        let after = json!({"why": SENDER_SAID, "arrival": arrival.id, "entries": swept.added, "persons": persons, "leads": leads, "told": told});
        let change = AuditChange { client: Some(client), before: None, after: Some(after) };
        work.changed("suppression.sweep", client, change);
    }
    Ok(swept)
}
