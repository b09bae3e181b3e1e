//! What is known of a person, put right by somebody who knows better. Under what they were reached before still leads to them: what
//! arrives from there is theirs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, LeadId, PersonId},
    person::Profile,
};

use crate::{
    Scope, StoreError, Transaction,
    person::{
        identity::{ClientIdentity, NewIdentity},
        known_person::PersonRow,
    },
};

/// What is right of a person.
#[derive(Debug, Clone, Copy)]
pub struct PersonCorrection<'a> {
    /// All that is known of them.
    pub profile: &'a Profile,
    /// What they are reached under from now on.
    pub reached: &'a [Identity],
}

/// A person who was put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectedPerson {
    /// Whose.
    pub client: ClientId,
    /// Who.
    pub person: PersonId,
    /// What was known before.
    pub before: Profile,
    /// Open leads that are decided again.
    pub leads: u64,
}

impl Transaction {
    /// Writes what is known of a lead's person, under their locks, with what they are reached under from now on. None where the
    /// scope has no such lead.
    pub async fn person_correct(
        &mut self,
        scope: Scope,
        lead: LeadId,
        PersonCorrection { profile, reached }: PersonCorrection<'_>,
        now: Timestamp,
    ) -> Result<Option<CorrectedPerson>, StoreError> {
        let Some(person) = self.person_of(scope, lead).await? else { return Ok(None) };
        let known = self.persons_of(&[person]).await?.pop();
        let Some(client) = known.map(|known| known.client) else { return Ok(None) };
        // What leads to the person now and from now on: sorted by the set, as every writer locks them.
        let mut identities: BTreeSet<_> = self.identities_of(&[person]).await?.into_iter().collect();
        identities.extend(reached.iter().map(|identity| (client, identity.clone())));
        self.identities_wait_lock(&identities).await?;
        // Read again: what was changed while the locks were waited for is what the audit keeps.
        let Some(before) = self.persons_of(&[person]).await?.pop() else { return Ok(None) };
        let links: Vec<_> = reached
            .iter()
            .map(|identity| NewIdentity { of: ClientIdentity { client, identity: identity.clone() }, person })
            .collect();
        let replaced = before.profile.replaced_by(profile).into_iter();
        let replaced: Vec<_> =
            replaced.map(|identity| NewIdentity { of: ClientIdentity { client, identity }, person }).collect();
        let row = PersonRow { id: person, client, profile: profile.clone() };
        self.persons_write(vec![row], &links, now).await?;
        if !replaced.is_empty() {
            self.identities_replaced(&replaced).await?;
        }
        let leads = self.regrade_ask_persons(&[person], "the person's contact data was corrected", now).await?;
        Ok(Some(CorrectedPerson { client, person, before: before.profile, leads }))
    }
}
