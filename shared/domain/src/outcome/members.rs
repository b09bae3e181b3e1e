//! The members of a JSON object, with those that it names twice: the last would win without a word.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// A JSON object that says an outcome.
#[derive(Debug, Clone, Default)]
pub struct OutcomeMembers {
    /// Its members; of those that are named twice the last.
    pub members: Map<String, Value>,
    /// What is named twice.
    pub twice: BTreeSet<String>,
}

struct MembersVisitor;

impl<'de> Deserialize<'de> for OutcomeMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = OutcomeMembers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OutcomeMembers, A::Error> {
        let mut all = OutcomeMembers::default();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if all.members.insert(name.clone(), value).is_some() {
                all.twice.insert(name);
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use crate::outcome::OutcomeFields;

    #[test]
    fn a_member_that_no_outcome_has_is_told_with_what_may_have_been_meant() {
        let body = serde_json::json!({"outcome": "won", "amont": "5", "confirm": true, "crm_id": 7});
        let unknown = OutcomeFields::unknown_members(body.as_object().unwrap(), &["confirm"]);
        let told: Vec<_> = unknown.iter().map(|one| (one.name.as_str(), one.message.as_str())).collect();
        let all = "An outcome has: outcome, reason, amount, currency, date, happened_at, confirm.";
        let amount = format!("There is no member \"amont\", did you mean 'amount'? {all}");
        let crm_id = format!("There is no member \"crm_id\". {all}");
        assert_eq!(told, [("amont", amount.as_str()), ("crm_id", crm_id.as_str())]);
    }
}
