//! What is different in a lead since its client was last told of it: for updates, which say it.

use serde_json::Value;

use super::payload::{LeadChange, LeadContact, LeadData, Member};

/// What of a lead is otherwise now, in the order in which a body tells it: grade, who has it, contact data, then answers. `before` is what was told
/// last.
#[must_use]
pub fn changes(before: &LeadData, now: &LeadData) -> Vec<LeadChange> {
    let none = LeadContact::default();
    let (old, new) = (before.lead.get().unwrap_or(&none), now.lead.get().unwrap_or(&none));
    let contact: [(&str, &Member<String>, &Member<String>); 7] = [
        ("first_name", &old.first_name, &new.first_name),
        ("last_name", &old.last_name, &new.last_name),
        ("name", &old.name, &new.name),
        ("phone", &old.phone, &new.phone),
        ("email", &old.email, &new.email),
        ("postal_code", &old.postal_code, &new.postal_code),
        ("country", &old.country, &new.country),
    ];
    let contact = contact.into_iter().map(|(field, old, new)| change(field, old.to_value(), new.to_value()));
    let others = [
        change("other_phones", old.other_phones.to_value(), new.other_phones.to_value()),
        change("other_emails", old.other_emails.to_value(), new.other_emails.to_value()),
    ];
    let empty = serde_json::Map::new();
    let (old, new) = (before.answers.get().unwrap_or(&empty), now.answers.get().unwrap_or(&empty));
    let answers = new
        .iter()
        .map(|(id, value)| change(&format!("answers.{id}"), old.get(id).cloned().unwrap_or_default(), value.clone()));
    let grade = change("grade", before.grade.to_value(), now.grade.to_value());
    let assigned = change("assigned_to", before.assigned_to.to_value(), now.assigned_to.to_value());
    [grade, assigned].into_iter().chain(contact).chain(others).chain(answers).flatten().collect()
}

fn change(field: &str, before: Value, after: Value) -> Option<LeadChange> {
    (before != after).then(|| LeadChange {
        field: field.to_owned().into(),
        before: Member::or_null(Some(before).filter(|value| !value.is_null())),
        after: Member::or_null(Some(after).filter(|value| !value.is_null())),
        ..LeadChange::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn data(value: Value) -> LeadData {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_changed_is_named_with_what_it_was_and_is() {
        let before = data(
            json!({"lead": {"phone": "+14155550100", "email": null}, "answers": {"budget": 450_000, "soon": true}}),
        );
        let now = data(
            json!({"lead": {"phone": "+14155550100", "email": "c@example.com"}, "answers": {"budget": 500_000, "soon": true}}),
        );
        let found = serde_json::to_value(changes(&before, &now)).unwrap();
        assert_eq!(
            found,
            json!([{"field": "email", "before": null, "after": "c@example.com"},
                   {"field": "answers.budget", "before": 450_000, "after": 500_000}])
        );
        assert!(changes(&now, &now).is_empty());
        let again = data(json!({"lead": {"phone": "+14155550100", "email": "c@example.com",
            "other_phones": ["+14155550101"]}, "answers": {"budget": 500_000, "soon": true}}));
        assert_eq!(
            serde_json::to_value(changes(&now, &again)).unwrap(),
            json!([{"field": "other_phones", "before": null, "after": ["+14155550101"]}])
        );
        let graded = changes(&data(json!({"grade": "A"})), &data(json!({"grade": "B"})));
        assert_eq!(serde_json::to_value(graded).unwrap(), json!([{"field": "grade", "before": "A", "after": "B"}]));
        let (dana, lee) = (json!({"name": "Dana"}), json!({"name": "Lee"}));
        let given_on = changes(&data(json!({"assigned_to": dana})), &data(json!({"assigned_to": lee})));
        let named = json!([{"field": "assigned_to", "before": dana, "after": lee}]);
        assert_eq!(serde_json::to_value(given_on).unwrap(), named);
    }
}
