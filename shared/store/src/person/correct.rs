//! What is known of a person, put right by somebody who knows better. Under what they were reached before still leads to them: what
//! arrives from there is theirs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, LeadId, PersonId},
    person::Profile,
};

use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    person::{
        identity::{ClientIdentity, NewIdentity},
        known_person::PersonRow,
    },
};

/// A person under the locks of whatever leads to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPerson {
    /// Whose.
    pub client: ClientId,
    /// Who.
    pub person: PersonId,
    /// What is known of them.
    pub profile: Profile,
}

/// What is right of a person.
#[derive(Debug, Clone, Copy)]
pub struct PersonCorrection<'a> {
    /// All that is known of them.
    pub profile: &'a Profile,
    /// What they are reached under from now on, beside what leads to them already. Among what they were held with.
    pub reached: &'a [Identity],
}

impl Transaction {
    /// A lead's person, held until the transaction ends, together with what they are to be reached under from now on. None where the
    /// scope has no such lead.
    pub async fn person_hold(
        &mut self,
        scope: Scope,
        lead: LeadId,
        reached: &[Identity],
    ) -> Result<Option<HeldPerson>, StoreError> {
        let Some(person) = self.person_of(scope, lead).await? else { return Ok(None) };
        let known = self.persons_of(&[person]).await?.pop();
        let Some(client) = known.map(|known| known.client) else { return Ok(None) };
        // What leads to the person now and from now on: sorted by the set, as every writer locks them.
        let mut identities: BTreeSet<_> = self.identities_of(&[person]).await?.into_iter().collect();
        identities.extend(reached.iter().map(|identity| (client, identity.clone())));
        self.identities_wait_lock(&identities).await?;
        // A batch that has read the person holds the lead, and writes back what it read; of two who correct somebody whom nothing leads
        // to yet the second waits here.
        self.leads_lock_of(&[person]).await?;
        // Read again: what was changed while the locks were waited for is what a correction is held against, and what the audit keeps.
        let known = self.persons_of(&[person]).await?.pop();
        Ok(known.map(|known| HeldPerson { client, person, profile: known.profile }))
    }

    /// Writes what is known of a person who is held; how many open leads are decided again.
    pub async fn person_correct(
        &mut self,
        scope: Scope,
        held: &HeldPerson,
        PersonCorrection { profile, reached }: PersonCorrection<'_>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let &HeldPerson { client, person, .. } = held;
        if !scope.covers(client) {
            return Ok(0);
        }
        let links: Vec<_> = reached
            .iter()
            .map(|identity| NewIdentity { of: ClientIdentity { client, identity: identity.clone() }, person })
            .collect();
        let replaced = held.profile.replaced_by(profile).into_iter();
        let replaced: Vec<_> =
            replaced.map(|identity| NewIdentity { of: ClientIdentity { client, identity }, person }).collect();
        let row = PersonRow { id: person, client, profile: profile.clone() };
        self.persons_write(vec![row], &links, now).await?;
        if !replaced.is_empty() {
            self.identities_replaced(&replaced).await?;
        }
        // Who has a lead of theirs, or is about to take what was frozen before, would not learn of it by a decision that changes nothing.
        let cause = Uuid::new_v5(&person.uuid(), now.to_string().as_bytes());
        self.enqueue_corrected(&[person], (cause, false), now).await?;
        self.regrade_ask_persons(&[person], "the person's contact data was corrected", now).await
    }
}
