//! What people and their programs do with a lead: one request for each, done by the action it names.

use std::collections::BTreeMap;

use ripen_actions::{
    Actions, FieldError, FieldErrors, Refusal,
    appointment::{BookAppointment, SlotWish},
    consent_review::JudgeConsent,
    lead::{RecallLead, TouchLead},
    lead_close::{CloseLead, ReopenLead},
    lead_stop::StopLead,
    person_correct::CorrectPerson,
    promise::MovePromise,
    return_verdict::JudgeReturn,
};
use ripen_domain::{
    actor::Actor,
    id::{DeliveryId, LeadId},
    outcome::Verdict,
    promise::InvalidWhen,
    touch::Disposition,
};
use ripen_web::extract::NamedFields;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::stop_whom::{StopWhom, stop_for_firm};
use crate::people::named::null_empties;

/// What is done with a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadChange {
    /// Something is written down: `note`.
    Note,
    /// The next step is moved: `to`, `why`, `agreed`.
    Promise,
    /// It is closed: `why`.
    Close,
    /// It is opened again: `why`.
    Reopen,
    /// Nobody contacts the person any more: `whom` (`client` or `firm`), `why`.
    Stop,
    /// It is taken back from its client, who reads `why`.
    Recall,
    /// An appointment is booked: `rep`, `at`, `note`.
    Appointment,
    /// Contact data is put right: the fields that are named, but what says the same as `seen`. What is not named stays; null or an
    /// empty text empties it.
    Person,
    /// A manager looked at the consent: `verdict` (`consent_holds` or `no_consent`), `why`.
    Verdict,
    /// A manager upholds or rejects what the client returned: `delivery`, `verdict` (`upheld` or `rejected`), `why`.
    JudgeReturn,
}

/// Said when the next step is moved.
const MOVED: &str = "The next step is moved.";
/// Said instead where nobody can make the call.
pub const MOVED_IN_VAIN: &str =
    "The next step is moved. No number leads to the person: nobody calls then, unless one is written down.";

impl LeadChange {
    /// As an address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Promise => "promise",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::Stop => "stop",
            Self::Recall => "recall",
            Self::Appointment => "appointment",
            Self::Person => "person",
            Self::Verdict => "verdict",
            Self::JudgeReturn => "judge_return",
        }
    }

    /// What is said when it is done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Note => "The note is kept.",
            Self::Promise => MOVED,
            Self::Close => "The lead is closed.",
            Self::Reopen => "The lead is open again, and work at once.",
            Self::Stop => "Nobody contacts this person any more.",
            Self::Recall => "The lead is taken back; whoever had it is told.",
            Self::Appointment => {
                "The appointment is booked. The rep hears of it at once, or with the lead if it is no A yet."
            }
            Self::Person => "The contact data is put right; what it was stands in the audit.",
            Self::Verdict => "The review is closed.",
            Self::JudgeReturn => "The return is judged; whoever gave the lead back is told.",
        }
    }
}

impl std::str::FromStr for LeadChange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [
            Self::Note,
            Self::Promise,
            Self::Close,
            Self::Reopen,
            Self::Stop,
            Self::Recall,
            Self::Appointment,
            Self::Person,
            Self::Verdict,
            Self::JudgeReturn,
        ];
        all.into_iter().find(|change| change.word() == text).ok_or("nothing that is done with a lead")
    }
}

/// What is said with it; each change reads its own fields.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChangeBody {
    /// A UUID of the sender's own: the same again is the same note.
    #[schema(value_type = Option<String>)]
    pub touch: Option<Uuid>,
    /// Words to keep.
    pub note: String,
    /// Why.
    pub why: String,
    /// When: a moment (2027-04-03T14:30), a day, a month, or days from now (30d).
    pub to: String,
    /// It was agreed with the person: only a person moves it again.
    pub agreed: bool,
    /// `client` or `firm`.
    pub whom: String,
    /// The same: true for the firm.
    pub for_firm: Option<bool>,
    /// `consent_holds` or `no_consent`; of a return `upheld` or `rejected`.
    pub verdict: String,
    /// The delivery that was returned: its id.
    pub delivery: String,
    /// The rep: name, mail address or id.
    pub rep: String,
    /// When the appointment begins, by the rep's clock or with an offset.
    pub at: String,
    /// A free slot as a page offers it: the rep's id, a space, the instant.
    pub slot: String,
    /// Given name. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub first_name: Option<String>,
    /// Family name. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub last_name: Option<String>,
    /// Whole name, where the parts are not known. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub name: Option<String>,
    /// Mail address. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub email: Option<String>,
    /// Phone number. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub phone: Option<String>,
    /// Postal code. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub postal_code: Option<String>,
    /// ISO 3166 alpha-2. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub country: Option<String>,
    /// IANA name. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub time_zone: Option<String>,
    /// BCP 47 tag. Stays where it is not named; null or an empty text empties it.
    #[serde(deserialize_with = "null_empties")]
    pub locale: Option<String>,
    /// Of contact data what was shown in its fields before, by name; in a form as JSON. A field that says the same is left alone, and one
    /// that somebody else changed since is refused (`changed`).
    #[serde(deserialize_with = "seen")]
    #[schema(value_type = Object)]
    pub seen: BTreeMap<String, String>,
}

/// By name, or as JSON in a field of a form.
fn seen<'de, D: Deserializer<'de>>(given: D) -> Result<BTreeMap<String, String>, D::Error> {
    let seen = match Value::deserialize(given)? {
        Value::String(text) if text.is_empty() => return Ok(BTreeMap::new()),
        Value::String(text) => serde_json::from_str(&text),
        value => serde_json::from_value(value),
    };
    // Without serde's own words, which can quote what was sent.
    seen.map_err(|_| D::Error::custom("not fields and their texts"))
}

/// Contact data may be among it.
impl std::fmt::Debug for ChangeBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangeBody(…)")
    }
}

impl NamedFields for ChangeBody {
    fn hint(field: &str) -> &'static str {
        match field {
            "agreed" => "write true or leave it out.",
            "for_firm" => "write true or false.",
            "touch" => "write a UUID.",
            "seen" => "write a JSON object of fields and their texts, or leave it out.",
            _ => "write text.",
        }
    }
}

/// Does it.
///
/// # Errors
/// Every wrong field, or what stands against it.
pub async fn apply(
    actions: &Actions,
    actor: &Actor,
    lead: LeadId,
    (change, body): (LeadChange, &ChangeBody),
) -> Result<(), Refusal> {
    match change {
        LeadChange::Note => note(actions, actor, lead, body).await,
        LeadChange::Promise => move_promise(actions, actor, lead, body).await,
        LeadChange::Close => actions.run(actor, &CloseLead { lead, why: body.why.clone() }).await.map(drop),
        LeadChange::Reopen => actions.run(actor, &ReopenLead { lead, why: body.why.clone() }).await,
        LeadChange::Stop => stop(actions, actor, lead, body).await,
        LeadChange::Recall => actions.run(actor, &RecallLead { lead, why: body.why.clone() }).await.map(drop),
        LeadChange::Appointment => book(actions, actor, lead, body).await,
        LeadChange::Person => actions.run(actor, &correction(lead, body)).await.map(drop),
        LeadChange::JudgeReturn => judge_return(actions, actor, body).await,
        LeadChange::Verdict => {
            let holds = match body.verdict.as_str() {
                "consent_holds" => true,
                "no_consent" => false,
                _ => return Err(Refusal::field("verdict", "required", "say whether they agreed to be called")),
            };
            actions.run(actor, &JudgeConsent { lead, holds, why: body.why.clone() }).await.map(drop)
        }
    }
}

async fn judge_return(actions: &Actions, actor: &Actor, body: &ChangeBody) -> Result<(), Refusal> {
    let mut errors = FieldErrors::default();
    let verdict = body.verdict.parse::<Verdict>().ok();
    errors.require(verdict.is_some(), "verdict", "required", || "say whether the return is right".to_owned());
    let delivery = body.delivery.parse::<DeliveryId>().ok();
    errors.require(delivery.is_some(), "delivery", "required", || "choose what was returned".to_owned());
    errors.require(!body.why.trim().is_empty(), "why", "required", || "say why, as the client is told".to_owned());
    errors.finish()?;
    let Some((delivery, verdict)) = delivery.zip(verdict) else { return Ok(()) };
    actions.run(actor, &JudgeReturn { delivery, verdict, why: body.why.clone() }).await.map(drop)
}

async fn move_promise(actions: &Actions, actor: &Actor, lead: LeadId, body: &ChangeBody) -> Result<(), Refusal> {
    let error: InvalidWhen = match body.to.parse() {
        Ok(to) => {
            let request = MovePromise { lead, to, why: body.why.clone(), agreed: body.agreed };
            return actions.run(actor, &request).await.map(drop);
        }
        Err(error) => error,
    };
    let field = |field: &str, code, message| FieldError { field: field.to_owned(), code, message };
    let mut errors = vec![field("to", "invalid", error.to_string())];
    // Both at once: whoever typed mends all of it.
    if body.why.trim().is_empty() {
        errors.push(field("why", "required", "say it in words".to_owned()));
    }
    Err(Refusal::Invalid(errors))
}

async fn note(actions: &Actions, actor: &Actor, lead: LeadId, body: &ChangeBody) -> Result<(), Refusal> {
    if body.note.trim().is_empty() {
        return Err(Refusal::field("note", "required", "write what is to be kept"));
    }
    let request = TouchLead {
        touch: body.touch,
        lead,
        disposition: Disposition::Note,
        answer: Vec::new(),
        note: Some(body.note.clone()),
        next: None,
    };
    actions.run(actor, &request).await.map(drop)
}

/// For the client, the person's own wish; for the firm, everything that they are reached under.
async fn stop(actions: &Actions, actor: &Actor, lead: LeadId, body: &ChangeBody) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: &str| {
        errors.push(FieldError { field: field.to_owned(), code: "required", message: message.to_owned() });
    };
    let whom = match body.whom.as_str() {
        "client" => Some(StopWhom::Client),
        "firm" => Some(StopWhom::Firm),
        _ => None,
    };
    let said = stop_for_firm(whom, body.for_firm);
    if said == Ok(None) || whom.is_none() && !body.whom.is_empty() {
        wrong("whom", "choose the client, or the whole firm");
    }
    if body.why.trim().is_empty() {
        wrong("why", "say who asked for it");
    }
    let for_firm = said.unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    let for_firm = for_firm.unwrap_or(false);
    let request = StopLead { lead, touch: body.touch, for_firm, why: body.why.trim().to_owned() };
    actions.run(actor, &request).await.map(drop)
}

async fn book(actions: &Actions, actor: &Actor, lead: LeadId, body: &ChangeBody) -> Result<(), Refusal> {
    let (rep, at) = body.slot.split_once(' ').unwrap_or((&body.rep, &body.at));
    if rep.trim().is_empty() || at.trim().is_empty() {
        return Err(Refusal::field("slot", "required", "choose one of the free slots"));
    }
    let field = if body.slot.is_empty() { "at" } else { "slot" };
    let at = at
        .parse()
        .map_err(|error: ripen_domain::appointment::InvalidAt| Refusal::field(field, "invalid", error.to_string()))?;
    let wish = SlotWish { lead, rep: rep.to_owned(), at };
    let note = Some(body.note.clone()).filter(|note| !note.trim().is_empty());
    let booked = actions.run(actor, &BookAppointment { wish, note }).await.map(drop);
    // Of who sent a slot the other two fields are none.
    match body.slot.is_empty() {
        true => booked,
        false => booked.map_err(|refusal| refusal.renamed("at", "slot").renamed("rep", "slot")),
    }
}

fn correction(lead: LeadId, body: &ChangeBody) -> CorrectPerson {
    CorrectPerson {
        lead: Some(lead),
        first_name: body.first_name.clone(),
        last_name: body.last_name.clone(),
        name: body.name.clone(),
        email: body.email.clone(),
        phone: body.phone.clone(),
        postal_code: body.postal_code.clone(),
        country: body.country.clone(),
        time_zone: body.time_zone.clone(),
        locale: body.locale.clone(),
        seen: body.seen.clone(),
    }
}

#[cfg(test)]
mod tests {
    use ripen_web::extract::form_fields;

    use super::*;

    #[test]
    fn what_is_not_named_stays_and_null_or_an_empty_text_empties() {
        let named: ChangeBody =
            serde_json::from_str(r#"{"phone": "+18085557003", "email": null, "name": ""}"#).unwrap();
        assert_eq!(named.phone.as_deref(), Some("+18085557003"));
        assert_eq!(
            [named.email.as_deref(), named.name.as_deref(), named.postal_code.as_deref()],
            [Some(""), Some(""), None]
        );
        let form: ChangeBody = form_fields(b"phone=1&email=").unwrap();
        assert_eq!(
            [form.phone.as_deref(), form.email.as_deref(), form.country.as_deref()],
            [Some("1"), Some(""), None]
        );
    }

    #[test]
    fn what_was_seen_comes_as_an_object_or_as_text_in_a_form() {
        let in_form =
            form_urlencoded::Serializer::new(String::new()).append_pair("seen", r#"{"phone":"+1 \"x\""}"#).finish();
        let read: Vec<ChangeBody> = vec![
            form_fields(in_form.as_bytes()).unwrap(),
            serde_json::from_str(r#"{"seen": {"phone": "+1 \"x\""}}"#).unwrap(),
        ];
        assert!(read.iter().all(|body| body.seen.get("phone").is_some_and(|phone| phone == "+1 \"x\"")));
        for nothing in ["", "seen="] {
            assert!(form_fields::<ChangeBody>(nothing.as_bytes()).unwrap().seen.is_empty());
        }
        assert!(form_fields::<ChangeBody>(b"seen=x").is_err());
    }
}
