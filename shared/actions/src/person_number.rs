//! Whether a number leads to a person: what a call told, and what somebody says against that.

use ripen_domain::{
    actor::Permission,
    contact::{Identity, Phone},
};
use ripen_store::person::number::{NumberJudged, NumberWord};
use serde_json::json;

use crate::{
    Action, FieldErrors, Refusal, Work,
    lead::LONGEST_WHY,
    person_pair::{PersonRef, person_of},
    work::AuditChange,
};

/// Says whether a number leads to a person. Where it does not, arrivals that bring it neither set it nor are recognised by it.
#[derive(Debug, Clone)]
pub struct JudgeNumber {
    /// Whose number.
    pub person: PersonRef,
    /// The number, with its country code or as in the client's country.
    pub phone: String,
    /// It leads to the person.
    pub is_right: bool,
    /// How that is known.
    pub why: String,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedNumber {
    /// It was known already.
    pub was_known: bool,
    /// Open leads that are decided again.
    pub leads: u64,
}

impl Action for JudgeNumber {
    type Done = JudgedNumber;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<JudgedNumber, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say how you know");
        let person = person_of(work, self.person).await?;
        let scope = work.scope();
        let country = work.tx.country_of_person(scope, person).await?;
        let read =
            Phone::parse(&self.phone, country.as_deref()).map_err(|why| format!("the number {:?} {why}", self.phone));
        let phone = errors.take("phone", read).map(|read| read.phone);
        errors.finish()?;
        let Some(phone) = phone else { return Err(Refusal::missing("number", &self.phone)) };
        let word = NumberWord { phone: &phone, is_right: self.is_right, by: work.actor.into(), at: work.now };
        match work.tx.number_judge(scope, person, &word).await? {
            NumberJudged::Done { client, person, leads } => {
                // Which number is the person's data, and is not kept here.
                let action = if self.is_right { "person.number_right" } else { "person.number_wrong" };
                work.changed(action, person, AuditChange::added(client, json!({"why": why, "leads": leads})));
                Ok(JudgedNumber { was_known: false, leads })
            }
            NumberJudged::Again => Ok(JudgedNumber { was_known: true, leads: 0 }),
            NumberJudged::Unknown => Err(Refusal::missing("person", self.person)),
            NumberJudged::NotTheirs => {
                let shown = Identity::Phone(phone);
                let why = format!("{} was never known by {}", self.person, shown.value());
                Err(Refusal::conflict("not_their_number", why))
            }
        }
    }
}
