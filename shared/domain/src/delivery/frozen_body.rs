//! A body that was frozen before, where somebody in it must not be contacted since: a sender corrected who it is about, two persons were
//! parted again, or a number stands in a note. Whoever that is may be nobody whom the lead leads to by now.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    event_type::EventType,
    payload::ClientEvent,
    told_words::{TellsWords, redact, words_of},
};
use crate::{
    contact::{Identity, WITHHELD, without},
    id::LeadId,
};

/// Members of what is told of a lead in which nobody stands whom the client may call: ids, instants, links, and the client's own people.
const OF_NOBODY: [&str; 14] = [
    "delivery",
    "grade",
    "score",
    "criteria",
    "reasons",
    "source",
    "arrivals",
    "first_arrived_at",
    "matured_at",
    "call",
    "assigned_to",
    "offered_to",
    "outcome_url",
    "open_leads_url",
];
/// Those of a person by which one is reached: nothing stands there instead of what is taken out.
const WAYS: [&str; 2] = ["phone", "email"];
/// Further ones, as lists.
const OTHER_WAYS: [&str; 2] = ["other_phones", "other_emails"];

/// The words and the ways of a frozen body.
pub struct FrozenBody {
    lead: LeadId,
    event: Value,
    is_cut: bool,
}

/// Shows nothing: it is contact data from end to end.
impl std::fmt::Debug for FrozenBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrozenBody").field("lead", &self.lead).field("is_cut", &self.is_cut).finish_non_exhaustive()
    }
}

impl FrozenBody {
    /// The body of a delivery of this lead; none where it tells no whole lead.
    #[must_use]
    pub fn read(lead: LeadId, body: &[u8]) -> Option<Self> {
        let event: Value = serde_json::from_slice(body).ok()?;
        let kind = ClientEvent::read(body)?.event.get().copied();
        let is_whole =
            matches!(kind, None | Some(EventType::LeadMatured | EventType::LeadUpdated | EventType::LeadOffered));
        is_whole.then_some(Self { lead, event, is_cut: false })
    }

    /// Whether something was taken out.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The body without what was taken out; none where nothing was.
    #[must_use]
    pub fn cut(&self) -> Option<Vec<u8>> {
        // Maps of texts and finite numbers always serialise.
        self.is_cut.then(|| serde_json::to_vec(&self.event).unwrap_or_default())
    }

    fn data(&self) -> Option<&Map<String, Value>> {
        self.event.get("data").and_then(Value::as_object)
    }
}

impl TellsWords for FrozenBody {
    fn lead(&self) -> LeadId {
        self.lead
    }

    fn told_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (name, value) in self.data().into_iter().flatten() {
            if !OF_NOBODY.contains(&name.as_str()) {
                words_of(value, &mut words);
            }
        }
        words.extend(self.data().and_then(|data| data.get("lead")).and_then(behind_switchboard));
        words
    }

    fn withhold(&mut self, countries: &[&str], barred: &BTreeSet<Identity>) {
        let cut = |text: &str| without(text, countries, barred);
        let Some(data) = self.event.get_mut("data").and_then(Value::as_object_mut) else { return };
        for (name, value) in data.iter_mut() {
            if !OF_NOBODY.contains(&name.as_str()) {
                self.is_cut |= redact(value, &cut);
            }
        }
        let is_barred = data.get("lead").and_then(behind_switchboard).and_then(|whole| cut(&whole)).is_some();
        if let Some(person) = data.get_mut("lead").and_then(Value::as_object_mut) {
            if is_barred {
                person.insert("phone".to_owned(), Value::from(WITHHELD));
                self.is_cut = true;
            }
            forget_cut(person);
        }
    }
}

/// The number with its extension, as one: each behind a switchboard is somebody else.
fn behind_switchboard(person: &Value) -> Option<String> {
    let part = |name: &str| person.get(name).and_then(Value::as_str);
    Some(format!("{};ext={}", part("phone")?, part("phone_extension")?))
}

/// A way that was taken out is none, and not the words that stand for one.
fn forget_cut(person: &mut Map<String, Value>) {
    let is_cut = |value: &Value| value.as_str().is_some_and(|text| text.contains(WITHHELD));
    for way in WAYS {
        if person.get(way).is_some_and(is_cut) {
            person.insert(way.to_owned(), Value::Null);
            if way == "phone" {
                person.remove("phone_extension");
            }
        }
    }
    for ways in OTHER_WAYS {
        let Some(Value::Array(all)) = person.get_mut(ways) else { continue };
        all.retain(|way| !is_cut(way));
        if all.is_empty() {
            person.remove(ways);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn barred(ways: &[(&str, &str)]) -> BTreeSet<Identity> {
        ways.iter().filter_map(|(kind, value)| Identity::stored(kind, value)).collect()
    }

    fn frozen(event: &Value) -> Option<FrozenBody> {
        FrozenBody::read(LeadId::from_uuid(Uuid::from_u128(3)), event.to_string().as_bytes())
    }

    fn matured() -> Value {
        json!({"type": "lead.matured", "timestamp": "2026-11-24T10:00:00Z", "data": {
            "delivery": "dlv_01kag00000e008000000000002", "assigned_to": {"name": "Dana", "email": "dana@client.example"},
            "answers": {"budget": 450_000, "about": "my wife is at (415) 555-0118"},
            "lead": {"first_name": "Casey", "phone": "+14155550118", "phone_extension": "12", "email": "casey@example.com",
                     "other_phones": ["+13125550142", "+14155550118;ext=12"], "other_emails": ["other@example.com"],
                     "flags": [{"field": "phone", "code": "second_phone", "said": "415-555-0118"}]},
            "notes": [{"text": "Ring 415 555 0118 after six"}], "outcome_url": "https://leads.example/o/4155550118"}})
    }

    #[test]
    fn who_must_not_be_contacted_is_in_none_of_it() {
        let mut body = frozen(&matured()).unwrap();
        body.withhold(&["US"], &barred(&[("phone", "+14155550118"), ("phone", "+14155550118;ext=12")]));
        assert!(body.is_cut());
        let left: Value = serde_json::from_slice(&body.cut().unwrap()).unwrap();
        let person = &left["data"]["lead"];
        assert_eq!((&person["phone"], person.get("phone_extension")), (&Value::Null, None));
        assert_eq!(
            (&person["email"], &person["other_phones"]),
            (&json!("casey@example.com"), &json!(["+13125550142"]))
        );
        assert_eq!(left["data"]["notes"][0]["text"], format!("Ring {WITHHELD} after six"));
        assert_eq!(left["data"]["answers"], json!({"budget": 450_000, "about": format!("my wife is at {WITHHELD}")}));
        assert_eq!(person["flags"][0]["said"], WITHHELD);
        assert_eq!(left["data"]["outcome_url"], matured()["data"]["outcome_url"], "a link is none of theirs");
    }

    #[test]
    fn one_behind_a_switchboard_is_barred_by_their_extension() {
        for (extension, is_cut) in [("12", true), ("13", false)] {
            let mut event = matured();
            event["data"] = json!({"lead": {"phone": "+14155550118", "phone_extension": "12"}});
            let mut body = frozen(&event).unwrap();
            assert!(body.told_words().contains(&"+14155550118;ext=12".to_owned()));
            body.withhold(&["US"], &barred(&[("phone", &format!("+14155550118;ext={extension}"))]));
            assert_eq!(body.is_cut(), is_cut);
        }
    }

    #[test]
    fn an_address_goes_and_a_list_that_is_empty_is_none() {
        let mut body = frozen(&matured()).unwrap();
        body.withhold(&["US"], &barred(&[("email", "other@example.com"), ("email", "dana@client.example")]));
        let left: Value = serde_json::from_slice(&body.cut().unwrap()).unwrap();
        assert_eq!(left["data"]["lead"].get("other_emails"), None);
        assert_eq!(left["data"]["assigned_to"], matured()["data"]["assigned_to"], "the client's own people stay");
    }

    #[test]
    fn a_body_in_which_nobody_is_barred_stays_as_it_is() {
        let mut body = frozen(&matured()).unwrap();
        body.withhold(&["US"], &barred(&[("phone", "+14155550119")]));
        assert!(!body.is_cut() && body.cut().is_none());
        assert!(body.told_words().iter().any(|words| words == "+14155550118"));
    }

    #[test]
    fn what_tells_no_whole_lead_is_none() {
        assert!(frozen(&json!({"type": "lead.suppressed", "data": {"lead": {"name": "Casey"}}})).is_none());
        assert!(FrozenBody::read(LeadId::from_uuid(Uuid::from_u128(3)), b"no json").is_none());
    }
}
