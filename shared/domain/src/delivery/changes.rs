//! What is different in a lead since its client was last told of it: for updates, which say it.

use serde_json::Value;

use super::payload::{LeadChange, LeadContact, LeadData, Member};
use crate::values::yes_no;

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
        .filter(|(id, value)| !old.get(*id).is_some_and(|told| is_same_answer(told, value)))
        .map(|(id, value)| change(&format!("answers.{id}"), old.get(id).cloned().unwrap_or_default(), value.clone()));
    let grade = change("grade", before.grade.to_value(), now.grade.to_value());
    let assigned = change("assigned_to", before.assigned_to.to_value(), now.assigned_to.to_value());
    [grade, assigned].into_iter().chain(contact).chain(others).chain(answers).flatten().collect()
}

/// Whether a body tells nothing of a lead that another one did not tell before it.
#[must_use]
pub fn tells_the_same(before: &LeadData, now: &LeadData) -> bool {
    changes(before, now).is_empty()
        && (&before.arrivals, &before.notes, &before.handover) == (&now.arrivals, &now.notes, &now.handover)
        && (&before.assigned_to, contact(before)) == (&now.assigned_to, contact(now))
}

/// Whether a body says of how somebody is reached, or of the grade, what is otherwise now.
#[must_use]
pub fn outdates(before: &LeadData, now: &LeadData) -> bool {
    (&before.grade, contact(before)) != (&now.grade, contact(now))
}

/// Contact data without how far the lead has come: that moves with a call, and is told with it.
fn contact(data: &LeadData) -> Option<LeadContact> {
    data.lead.get().map(|lead| LeadContact { stage: Member::Absent, ..lead.clone() })
}

/// Whether two ways of writing say the same: bodies that are frozen tell answers as a version before kept them, `"yes"` and `"450000"`.
pub(super) fn is_same_answer(told: &Value, now: &Value) -> bool {
    let words = |text: &str, is_yes: bool| yes_no(text) == Some(is_yes);
    let number = |text: &str| text.trim().parse::<f64>().ok();
    match (told, now) {
        (Value::String(text), Value::Bool(is_yes)) | (Value::Bool(is_yes), Value::String(text)) => words(text, *is_yes),
        (Value::Number(number), Value::Bool(is_yes)) | (Value::Bool(is_yes), Value::Number(number)) => {
            words(&number.to_string(), *is_yes)
        }
        (Value::String(text), Value::Number(other)) | (Value::Number(other), Value::String(text)) => {
            number(text).is_some_and(|number| Some(number) == other.as_f64())
        }
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::String(one), Value::String(other)) => one.trim().eq_ignore_ascii_case(other.trim()),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same_answer(one, other))
        }
        (Value::Array(several), one) | (one, Value::Array(several)) => {
            matches!(&several[..], [only] if is_same_answer(only, one))
        }
        _ => told == now,
    }
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
    fn an_answer_that_is_written_otherwise_is_no_change() {
        let before =
            data(json!({"answers": {"budget": "450000", "preapproved": "yes", "soon": "0", "rooms": 3, "plan": "buy",
            "wants": "condo", "area": "North"}}));
        let now = data(
            json!({"answers": {"budget": 450_000, "preapproved": true, "soon": false, "rooms": 3.0, "plan": "Buy",
            "wants": ["condo"], "area": "South"}}),
        );
        let found = serde_json::to_value(changes(&before, &now)).unwrap();
        assert_eq!(found, json!([{"field": "answers.area", "before": "North", "after": "South"}]));
        let other = data(
            json!({"answers": {"budget": 450_001, "preapproved": false, "soon": true, "rooms": 4, "wants": ["condo", "house"]}}),
        );
        assert_eq!(changes(&before, &other).len(), 5);
    }

    #[test]
    fn a_body_tells_the_same_where_nothing_but_its_surroundings_is_otherwise() {
        let told = |value: Value| data(value);
        let before = told(json!({"score": 80, "arrivals": 1, "notes": [], "outcome_url": "https://x.example/o/1",
            "lead": {"stage": "lead", "phone": "+14155550100"}, "answers": {"preapproved": "yes"}}));
        let again = told(json!({"score": 80, "arrivals": 1, "notes": [], "outcome_url": "https://x.example/o/2",
            "lead": {"stage": "contact", "phone": "+14155550100"}, "answers": {"preapproved": true}, "update": {"kind": "arrival"}}));
        assert!(tells_the_same(&before, &again));
        for (member, other) in [
            ("arrivals", json!(2)),
            ("notes", json!([{"at": "2026-11-20T10:00:00Z", "by": "Web site", "text": "Call me"}])),
            ("lead", json!({"stage": "lead", "phone": "+14155550100", "phone_extension": "12"})),
            ("answers", json!({"preapproved": false})),
        ] {
            let mut now = serde_json::to_value(&again).unwrap();
            now[member] = other;
            assert!(!tells_the_same(&before, &data(now)), "{member}");
        }
    }

    #[test]
    fn a_body_is_outdated_by_another_number_or_grade_and_by_nothing_else() {
        let before = json!({"grade": "A", "arrivals": 1, "notes": [], "answers": {"budget": 1},
            "lead": {"stage": "lead", "phone": "+14155550100"}});
        for (member, other, is_outdated) in [
            ("lead", json!({"stage": "contact", "phone": "+14155550100"}), false),
            ("lead", json!({"stage": "lead", "phone": "+14155550101"}), true),
            ("lead", json!({"stage": "lead", "phone": "+14155550100", "phone_extension": "12"}), true),
            ("grade", json!("B"), true),
            ("arrivals", json!(2), false),
            ("answers", json!({"budget": 2}), false),
        ] {
            let mut now = before.clone();
            now[member] = other;
            assert_eq!(outdates(&data(before.clone()), &data(now)), is_outdated, "{member}");
        }
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
