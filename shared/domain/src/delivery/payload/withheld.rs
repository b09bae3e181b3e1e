//! What is left of an event once its client may not contact the person any more: which lead it was and why, without who it is
//! and how to reach them.

use serde_json::{Map, Value};

use super::{
    event::{ClientEvent, EventData},
    lead::{LeadContact, LeadData},
    member::Member,
    offered_facts::{holds_phone, without_words},
};

impl ClientEvent {
    /// Takes out who it is, how to reach them, and every word in which that may stand. What later events say of a lead names it
    /// and stays.
    #[must_use]
    pub fn without_contact(mut self) -> Self {
        match &mut self.data {
            Member::Is(EventData::Lead(lead)) => withhold(lead),
            // What cannot be read may be anything.
            Member::Other(_) => self.data = Member::Null,
            Member::Is(_) | Member::Absent | Member::Null => {}
        }
        self
    }

    /// Takes out how to reach the person, and leaves who it is and what was said: whoever was sent it is not to call them now.
    #[must_use]
    pub fn without_ways(mut self) -> Self {
        if let Some(Member::Is(contact)) = self.lead_mut().map(|lead| &mut lead.lead) {
            contact.forget_ways();
        }
        self
    }
}

fn withhold(lead: &mut LeadData) {
    let phone = lead.lead.get().and_then(|contact| contact.phone.get()).cloned();
    lead.answers = match &lead.answers {
        Member::Is(answers) => {
            let mut left = without_words(answers);
            left.retain(|_, value| !holds_phone(value, phone.as_deref()) && !may_be_dialled(value));
            left.into()
        }
        _ => Map::new().into(),
    };
    match &mut lead.lead {
        Member::Is(contact) => forget(contact),
        other => *other = Member::Null,
    }
    lead.notes = Vec::new().into();
    // What changed may be a number or an address, and why a time was cancelled is said in words.
    if let Member::Is(update) = &mut lead.update {
        (update.changes, update.reason, update.more) = (Member::Absent, Member::Absent, Map::new());
    }
    if let Member::Is(handover) = &mut lead.handover {
        (handover.note, handover.more) = (Member::Null, Map::new());
    }
    // What is left of where they are.
    lead.call = Member::Absent;
    // The links lead to pages of the person.
    (lead.outcome_url, lead.open_leads_url) = (Member::Absent, Member::Absent);
    lead.more = Map::new();
}

/// Whether a number is as long as numbers that are called: some have a second one, and write it where an amount is asked for. Amounts
/// of that size are no loss where nobody works the lead any more.
fn may_be_dialled(value: &Value) -> bool {
    const SHORTEST: usize = 8;
    value.is_number() && value.to_string().chars().filter(char::is_ascii_digit).count() >= SHORTEST
}

fn forget(contact: &mut LeadContact) {
    contact.anonymise();
    // Some type their number where the place is asked for.
    contact.keep_place(true);
    contact.more = Map::new();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_left_to_reach_the_person_by() {
        let body = json!({"type": "lead.matured", "data": {"delivery": "dlv_01kag00000e008000000000002", "grade": "A",
            "answers": {"budget": 450_000, "tel": 4_155_550_100_u64, "mobile": 3_125_550_142_u64, "about": "casey@example.com"}, "extra": "casey@example.com",
            "lead": {"id": "lead_01kag00000e008000000000003", "first_name": "Casey", "email": "casey@example.com",
                     "phone": "+14155550100", "phone_extension": "12", "country": "US", "other": "Casey"},
            "notes": [{"text": "Casey rang"}], "outcome_url": "https://ripen.example/o/x"}});
        let left = ClientEvent::read(body.to_string().as_bytes()).unwrap().without_contact();
        let left: Value = serde_json::from_slice(&left.to_bytes()).unwrap();
        let text = left.to_string();
        assert!(
            !["Casey", "casey@", "4155550100", "3125550142", "\"12\"", "/o/"]
                .iter()
                .any(|secret| text.contains(secret)),
            "{text}"
        );
        assert_eq!(left["data"]["answers"], json!({"budget": 450_000}));
        assert_eq!((&left["data"]["grade"], &left["data"]["lead"]["country"]), (&json!("A"), &json!("US")));
    }

    #[test]
    fn neither_what_changed_nor_what_stands_for_a_place_reaches_the_person() {
        let body = json!({"type": "lead.updated", "data": {"grade": "A",
            "lead": {"phone": "+14155550100", "postal_code": "+1 415 555 0100", "country": "US"},
            "update": {"kind": "arrival", "reason": "call 415 555 0100", "other": "casey@example.com",
                       "changes": [{"field": "phone", "before": "+13125550142", "after": "+14155550100"}]}}});
        let left = ClientEvent::read(body.to_string().as_bytes()).unwrap().without_contact();
        let left: Value = serde_json::from_slice(&left.to_bytes()).unwrap();
        let text = left.to_string();
        assert!(!["555", "casey@"].iter().any(|secret| text.contains(secret)), "{text}");
        assert_eq!(
            (&left["data"]["update"]["kind"], &left["data"]["lead"]["country"]),
            (&json!("arrival"), &json!("US"))
        );
    }

    #[test]
    fn without_ways_it_says_who_it_is_and_not_how_to_reach_them() {
        let body = json!({"type": "lead.matured", "data": {"answers": {"budget": 450_000},
            "lead": {"first_name": "Casey", "email": "casey@example.com", "phone": "+14155550100", "phone_extension": "12",
                     "other_phones": ["+14155550101"], "other_emails": ["other@example.com"], "country": "US"}}});
        let left = ClientEvent::read(body.to_string().as_bytes()).unwrap().without_ways();
        let left: Value = serde_json::from_slice(&left.to_bytes()).unwrap();
        let expected = json!({"first_name": "Casey", "email": null, "phone": null, "country": "US"});
        assert_eq!((&left["data"]["lead"], &left["data"]["answers"]), (&expected, &json!({"budget": 450_000})));
    }

    #[test]
    fn what_cannot_be_read_is_withheld_whole() {
        let event = ClientEvent::read(br#"{"type":"lead.matured","data":["casey@example.com"]}"#).unwrap();
        assert!(!String::from_utf8(event.without_contact().to_bytes()).unwrap().contains("casey"));
    }
}
