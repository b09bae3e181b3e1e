//! Whether two persons are one: asked of people, who alone decide it.

use std::{fmt, str::FromStr};

use ripen_domain::{
    actor::{Actor, Permission},
    id::{LeadId, PersonId},
};
use ripen_store::person::{
    merge::{PairDecided, PairEffect},
    pair::{PairWord, ProposedPair},
    unmerge::{UnmergeEffect, Unmerged},
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client,
    lead::{self, LONGEST_WHY},
    work::{AuditChange, permit},
};

/// So many pairs are listed.
const LISTED: i64 = 500;

/// A person, named by an id of theirs or of a lead of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonRef {
    /// `person_…`.
    Person(PersonId),
    /// `lead_…`.
    OfLead(LeadId),
}

/// A text that names no person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("name a person (person_…) or a lead of theirs (lead_…)")]
pub struct UnknownPersonRef;

impl FromStr for PersonRef {
    type Err = UnknownPersonRef;

    fn from_str(text: &str) -> Result<Self, UnknownPersonRef> {
        let lead = || text.parse().map(Self::OfLead);
        text.parse().map(Self::Person).or_else(|_| lead()).map_err(|_| UnknownPersonRef)
    }
}

impl fmt::Display for PersonRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => id.fmt(f),
            Self::OfLead(id) => id.fmt(f),
        }
    }
}

/// Says whether two persons are one. One: the earlier stays, with everything that led to either, and one open lead goes on. Two:
/// what was held for the question goes out.
#[derive(Debug, Clone)]
pub struct DecidePair {
    /// One.
    pub one: PersonRef,
    /// The other.
    pub other: PersonRef,
    /// They are one.
    pub are_same: bool,
    /// Why.
    pub why: String,
}

impl Action for DecidePair {
    type Done = PairEffect;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<PairEffect, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say how you know");
        errors.finish()?;
        let (one, other) = (person_of(work, self.one).await?, person_of(work, self.other).await?);
        let scope = work.scope();
        let word = PairWord { by: work.actor, why: &why, at: work.now };
        let decided = match self.are_same {
            true => work.tx.persons_merge(scope, (one, other), &word).await?,
            false => work.tx.persons_part(scope, (one, other), &word).await?,
        };
        match decided {
            PairDecided::Done(effect) => {
                let after =
                    json!({"other": effect.pair.later, "why": why, "goes_on": effect.goes_on, "let_go": effect.let_go});
                let action = if self.are_same { "person.same" } else { "person.different" };
                work.changed(action, effect.pair.earlier, AuditChange::added(effect.pair.client, after));
                Ok(effect)
            }
            PairDecided::Unknown(person) => Err(Refusal::missing("person", person)),
            PairDecided::NotAPair => {
                let why = format!("{} and {} are not two persons of one client", self.one, self.other);
                Err(Refusal::conflict("not_a_pair", why))
            }
        }
    }
}

/// Undoes the last merge of a person: each has again what was theirs, and every open lead its next step. What came since stays with
/// the one who stayed. What the merge suppressed stays suppressed and is named: to contact somebody who may have asked for the
/// opposite is worse than to lift it by hand.
#[derive(Debug, Clone)]
pub struct UnmergePersons {
    /// Either of the two.
    pub person: PersonRef,
    /// Why.
    pub why: String,
}

impl Action for UnmergePersons {
    type Done = UnmergeEffect;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<UnmergeEffect, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say how you know");
        errors.finish()?;
        let person = person_of(work, self.person).await?;
        let scope = work.scope();
        let word = PairWord { by: work.actor, why: &why, at: work.now };
        match work.tx.persons_unmerge(scope, person, &word).await? {
            Unmerged::Done(effect) => {
                // Which address or number is kept nowhere but as a hash.
                let mut suppressed: Vec<_> = effect.still_suppressed.iter().map(|wish| wish.person).collect();
                suppressed.dedup();
                let after = json!({"other": effect.pair.later, "why": why, "reopened": effect.reopened,
                                   "still_suppressed": suppressed});
                work.changed("person.unmerge", effect.pair.earlier, AuditChange::added(effect.pair.client, after));
                Ok(effect)
            }
            Unmerged::NotMerged => {
                let why = format!("{} was not merged with anybody, or that was undone", self.person);
                Err(Refusal::conflict("not_merged", why))
            }
            Unmerged::MergedSince(newer) => {
                let why = format!("{} was merged with {} since: undo that first", newer.later, newer.earlier);
                Err(Refusal::conflict("merged_since", why))
            }
        }
    }
}

pub(crate) async fn person_of(work: &mut Work<'_>, named: PersonRef) -> Result<PersonId, Refusal> {
    match named {
        PersonRef::Person(id) => Ok(id),
        PersonRef::OfLead(id) => Ok(lead::load(work, id).await?.person),
    }
}

/// Pairs of persons that wait for somebody to say whether they are one, oldest first.
///
/// # Errors
/// Names the clients there are where it is none of them.
pub async fn proposed(actions: &Actions, actor: &Actor, client: Option<&str>) -> Result<Vec<ProposedPair>, Refusal> {
    permit(actor, Permission::Work)?;
    let scope = client::scope(actions, actor, client).await?;
    Ok(actions.store.pairs_proposed(scope, LISTED).await?)
}
