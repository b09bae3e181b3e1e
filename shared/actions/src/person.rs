//! People whose leads are worked: as whoever asks for them names them, and whether two of them are one.

use std::{fmt, str::FromStr};

use ripen_domain::{
    actor::{Actor, Permission},
    contact::{Email, Identity, Phone},
    id::{LeadId, PersonId},
};
use ripen_store::person::{
    merge::{PairDecided, PairEffect, PairWord},
    pair::ProposedPair,
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client,
    lead::{self, LONGEST_WHY},
    work::{AuditChange, permit},
};

/// So many pairs are listed.
const LISTED: i64 = 500;

/// Who is meant: by e-mail address or phone number.
#[derive(Debug, Clone, Default)]
pub struct PersonQuery {
    /// The person's e-mail address; counts before the phone number.
    pub email: Option<String>,
    /// The person's phone number, with its country code.
    pub phone: Option<String>,
}

impl PersonQuery {
    /// Everything that is named; a number without a country code is one of `country`, where that is known. Adds to the wrong
    /// fields what cannot be read.
    pub(crate) fn identities(&self, country: Option<&str>, errors: &mut FieldErrors) -> Vec<Identity> {
        let email = self.email.as_deref().and_then(|email| {
            let read = Email::parse(email).map_err(|why| format!("the address {email:?} {why}"));
            errors.take("email", read).map(Identity::Email)
        });
        let phone = self.phone.as_deref().and_then(|phone| {
            let read = Phone::parse(phone, country).map_err(|why| format!("the number {phone:?} {why}"));
            errors.take("phone", read).map(|read| Identity::Phone(read.phone))
        });
        errors.require(self.email.is_some() || self.phone.is_some(), "email", "required", || {
            "name an e-mail address or a phone number".to_owned()
        });
        email.into_iter().chain(phone).collect()
    }

    /// Under which identity the person is looked for.
    ///
    /// # Errors
    /// When it cannot be read, or neither is there.
    pub fn identity(&self) -> Result<Identity, Refusal> {
        let mut errors = FieldErrors::default();
        // One of the two counts: both could name two people, and then neither would be the one.
        let identity = match (&self.email, &self.phone) {
            (Some(email), _) => {
                let read = Email::parse(email).map_err(|why| format!("the address {email:?} {why}"));
                errors.take("email", read).map(Identity::Email)
            }
            (None, Some(phone)) => {
                // No country is assumed here: the same number is somebody else's elsewhere.
                let read = Phone::parse(phone, None)
                    .map_err(|_| "write it with its country code, such as +14155550100".to_owned());
                errors.take("phone", read).map(|read| Identity::Phone(read.phone))
            }
            (None, None) => {
                errors.add("email", "required", "name the person by e-mail address or phone number");
                None
            }
        };
        errors.finish()?;
        identity.ok_or_else(|| Refusal::missing("person", "of this name"))
    }
}

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
        let (scope, by) = (work.scope(), work.actor.name());
        let word = PairWord { by: &by, why: &why, at: work.now };
        let decided = match self.are_same {
            true => work.tx.persons_merge(scope, (one, other), &word).await?,
            false => work.tx.persons_part(scope, (one, other), &word).await?,
        };
        match decided {
            PairDecided::Done(effect) => {
                let after = json!({"other": effect.pair.later, "why": why, "goes_on": effect.goes_on, "let_go": effect.let_go});
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

async fn person_of(work: &mut Work<'_>, named: PersonRef) -> Result<PersonId, Refusal> {
    match named {
        PersonRef::Person(id) => Ok(id),
        PersonRef::OfLead(id) => Ok(lead::load(work, id).await?.person.0),
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
