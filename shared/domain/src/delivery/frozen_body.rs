//! A body that was frozen before, where somebody in it must not be contacted since: a sender corrected who it is about, two persons were
//! parted again, or a number stands in a note. Whoever that is may be nobody whom the lead leads to by now.

use std::collections::BTreeSet;

use serde::{Deserialize as _, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    event_type::EventType,
    payload::{ClientEvent, LeadContact, LeadData, Member},
    told_words::{TellsWords, redact, words_of},
};
use crate::{
    contact::{Identity, WITHHELD, without},
    id::LeadId,
};

/// The words and the ways of a frozen body.
#[derive(Debug)]
pub struct FrozenBody {
    lead: LeadId,
    event: ClientEvent,
    is_cut: bool,
}

impl FrozenBody {
    /// The body of a delivery of this lead; none where it tells no whole lead.
    #[must_use]
    pub fn read(lead: LeadId, body: &[u8]) -> Option<Self> {
        let event = ClientEvent::read(body)?;
        let told = [EventType::LeadMatured, EventType::LeadUpdated, EventType::LeadOffered];
        // Of a newer version's event nothing says that it tells no person.
        let is_whole = event.lead().is_some() && event.event.get().is_none_or(|event| told.contains(event));
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
        self.is_cut.then(|| self.event.to_bytes())
    }
}

impl TellsWords for FrozenBody {
    fn lead(&self) -> LeadId {
        self.lead
    }

    fn told_words(&self) -> Vec<String> {
        let Some(data) = self.event.lead() else { return Vec::new() };
        let mut words = Vec::new();
        said(data).iter().for_each(|value| words_of(value, &mut words));
        words.extend(data.lead.get().and_then(behind_switchboard));
        words
    }

    fn withhold(&mut self, countries: &[&str], barred: &BTreeSet<Identity>) {
        let cut = |text: &str| without(text, countries, barred);
        let Some(data) = self.event.lead_mut() else { return };
        let is_barred = data.lead.get().and_then(behind_switchboard).is_some_and(|whole| cut(&whole).is_some());
        let members = [
            cut_member(&mut data.lead, &cut),
            cut_member(&mut data.answers, &cut),
            cut_member(&mut data.notes, &cut),
            cut_member(&mut data.update, &cut),
            cut_member(&mut data.handover, &cut),
        ];
        let more = data.more.values_mut().filter_map(|value| redact(value, &cut).then_some(())).count();
        if let Member::Is(person) = &mut data.lead {
            forget_cut(person, is_barred);
        }
        self.is_cut |= is_barred || members.contains(&true) || more > 0;
    }
}

/// The members in which somebody may stand whom the client may call. Not the others: ids, instants, links, and the client's own people.
fn said(data: &LeadData) -> Vec<Value> {
    let members = [
        data.lead.to_value(),
        data.answers.to_value(),
        data.notes.to_value(),
        data.update.to_value(),
        data.handover.to_value(),
    ];
    members.into_iter().chain(data.more.values().cloned()).collect()
}

/// Whether something was taken out of it.
fn cut_member<T: Serialize + DeserializeOwned>(member: &mut Member<T>, cut: &impl Fn(&str) -> Option<String>) -> bool {
    let mut value = member.to_value();
    let is_cut = redact(&mut value, cut);
    if is_cut {
        // What is no member any more stays as it is without it.
        *member = Member::deserialize(&value).unwrap_or(Member::Other(value));
    }
    is_cut
}

/// The number with its extension, as one: each behind a switchboard is somebody else.
fn behind_switchboard(person: &LeadContact) -> Option<String> {
    Some(format!("{};ext={}", person.phone.get()?, person.phone_extension.get()?))
}

/// A way that was taken out is none, and not the words that stand for one. `is_barred`: the number with its extension.
fn forget_cut(person: &mut LeadContact, is_barred: bool) {
    let is_cut = |way: &String| way.contains(WITHHELD);
    if is_barred || person.phone.get().is_some_and(is_cut) {
        (person.phone, person.phone_extension) = (Member::Null, Member::Absent);
    }
    if person.email.get().is_some_and(is_cut) {
        person.email = Member::Null;
    }
    for ways in [&mut person.other_phones, &mut person.other_emails] {
        let Member::Is(all) = ways else { continue };
        all.retain(|way| !is_cut(way));
        if all.is_empty() {
            *ways = Member::Absent;
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
