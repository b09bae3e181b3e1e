//! What is known of a lead now, and a body with that in the place of what was known when it was frozen. For pages: whoever calls from one
//! must not call the number from before a correction. What was sent stays what it was.

use serde_json::{Map, Value};

use super::{
    changes::is_same_answer,
    event_type::EventType,
    payload::{ClientEvent, LeadContact, LeadData, LeadNote, LeadReason, Member},
};
use crate::{
    criteria::Reason,
    id::LeadId,
    lead::{Grade, Stage},
    person::{OtherContacts, Profile},
};

/// A lead as it is known now.
#[derive(Debug, Clone)]
pub struct KnownLead {
    /// The lead.
    pub lead: LeadId,
    /// Its stage.
    pub stage: Stage,
    /// Whom to reach, and how.
    pub profile: Profile,
    /// What else they said to be reached under.
    pub others: OtherContacts,
    /// Grade of its last decision.
    pub grade: Option<Grade>,
    /// Its points.
    pub score: Option<i32>,
    /// The rules that counted; none where that cannot be read.
    pub reasons: Option<Vec<Reason>>,
    /// Answers by question.
    pub answers: Map<String, Value>,
    /// Notes, oldest first.
    pub notes: Vec<LeadNote>,
}

impl ClientEvent {
    /// The same about the lead as it is known now: who it is and how to reach them, its grade and why it has it, answers and notes. All
    /// else is of when the body was frozen. An offer stays as it was made: it says neither who it is nor how to reach them.
    #[must_use]
    pub fn with_what_is_known(mut self, now: &KnownLead) -> Self {
        let is_offer = self.event.get() == Some(&EventType::LeadOffered);
        if let Some(data) = self.lead_mut().filter(|_| !is_offer) {
            renew(data, now);
        }
        self
    }
}

fn renew(data: &mut LeadData, now: &KnownLead) {
    // What could not be understood of an arrival is told with the arrival.
    data.lead = LeadContact::new(now.lead, now.stage, (&now.profile, &now.others), &[]).into();
    if let Some(grade) = now.grade {
        (data.grade, data.score) = (grade.into(), Member::or_null(now.score));
    }
    if let Some(reasons) = &now.reasons {
        data.reasons = reasons.iter().map(LeadReason::from).collect::<Vec<_>>().into();
    }
    let none = Map::new();
    let told = data.answers.get().unwrap_or(&none);
    // As it was told, where that is the same: earlier versions kept answers as they were typed, and told them in the type that is asked for.
    let of =
        |id: &String, value: &Value| told.get(id).filter(|told| is_same_answer(told, value)).unwrap_or(value).clone();
    data.answers = now.answers.iter().map(|(id, value)| (id.clone(), of(id, value))).collect::<Map<_, _>>().into();
    data.notes = now.notes.clone().into();
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn known() -> KnownLead {
        KnownLead {
            lead: LeadId::from_uuid(Uuid::from_u128(7)),
            stage: Stage::Lead,
            profile: Profile {
                first_name: Some("Casey".to_owned()),
                email: Some("right@example.com".to_owned()),
                phone: Some("+14155550101".to_owned()),
                phone_extension: Some("12".to_owned()),
                ..Profile::default()
            },
            others: OtherContacts { emails: Vec::new(), phones: vec!["+14155550102".to_owned()] },
            grade: Some(Grade::C),
            score: Some(40),
            reasons: Some(Vec::new()),
            answers: json!({"budget": "450000", "soon": false}).as_object().cloned().unwrap(),
            notes: Vec::new(),
        }
    }

    fn renewed(event: &str, now: &KnownLead) -> Value {
        let body = json!({"type": event, "timestamp": "2026-11-20T10:00:00Z", "data": {"grade": "A", "score": 80,
            "lead": {"first_name": "Kasey", "email": "wrong@example.com", "phone": "+14155550100",
                     "other_emails": ["former@example.com"]},
            "answers": {"budget": 450_000, "soon": true, "gone": 1}, "notes": [{"text": "Rang"}],
            "reasons": [{"rule": "soon", "points": 70, "because": "Soon"}], "outcome_url": "https://x.example/o/1"}});
        let event = ClientEvent::read(body.to_string().as_bytes()).unwrap().with_what_is_known(now);
        serde_json::from_slice(&event.to_bytes()).unwrap()
    }

    #[test]
    fn a_body_says_of_the_lead_what_is_known_now_and_all_else_as_it_was() {
        let now = renewed("lead.matured", &known());
        let data = &now["data"];
        for (told, expected) in [
            (&data["lead"]["first_name"], json!("Casey")),
            (&data["lead"]["email"], json!("right@example.com")),
            (&data["lead"]["phone"], json!("+14155550101")),
            (&data["lead"]["phone_extension"], json!("12")),
            (&data["lead"]["other_phones"], json!(["+14155550102"])),
            (&data["lead"]["other_emails"], json!(null)),
            (&data["grade"], json!("C")),
            (&data["score"], json!(40)),
            (&data["reasons"], json!([])),
            (&data["answers"], json!({"budget": 450_000, "soon": false})),
            (&data["notes"], json!([])),
            (&data["outcome_url"], json!("https://x.example/o/1")),
            (&now["timestamp"], json!("2026-11-20T10:00:00Z")),
        ] {
            assert_eq!(*told, expected, "{now:#}");
        }
        let undecided = KnownLead { grade: None, reasons: None, ..known() };
        let now = renewed("lead.updated", &undecided);
        let (data, reason) = (&now["data"], &now["data"]["reasons"][0]["because"]);
        assert_eq!((&data["grade"], &data["score"], reason), (&json!("A"), &json!(80), &json!("Soon")));
    }

    #[test]
    fn a_number_that_is_void_is_shown_no_more() {
        let void = KnownLead {
            profile: Profile { phone: None, phone_extension: None, ..known().profile },
            others: OtherContacts::default(),
            ..known()
        };
        let now = renewed("lead.matured", &void);
        assert!(now["data"]["lead"]["phone"].is_null() && !now.to_string().contains("4155550100"), "{now:#}");
    }

    #[test]
    fn an_offer_says_as_little_as_before() {
        let now = renewed("lead.offered", &known()).to_string();
        assert!(!["Casey", "right@", "4155550101"].iter().any(|known| now.contains(known)), "{now}");
    }
}
