//! Tables of what people post and what it comes to.

use proptest::prelude::*;
use ripen_domain::{lead::Channel, submission::Submission};
use rstest::rstest;
use serde_json::json;

use super::*;

fn normalised(value: Value) -> Normalised {
    let Value::Object(fields) = value else { panic!("an object") };
    submission(fields, "US", "2026-11-22T10:00:00Z".parse().unwrap())
}

fn usable(value: Value) -> Submission {
    normalised(value).usable(None).unwrap()
}

fn codes(value: Value) -> Vec<(String, &'static str)> {
    normalised(value).errors.into_iter().map(|error| (error.pointer.into_owned(), error.code)).collect()
}

#[test]
fn a_whole_lead_is_read_field_by_field() {
    let lead = usable(json!({
        "external_id": "B-0017", "first_name": " Casey", "last_name": "Smith", "name": "Casey Smith",
        "email": "Casey@Example.com", "phone": "(415) 555-0100", "postal_code": 60134, "country": "us",
        "time_zone": "America/Chicago", "locale": "en-US", "channel": "web_form",
        "submitted_at": "2026-11-20T10:00:00Z", "answers": {"timeframe_days": 45, "preapproved": true},
        "notes": "a\nb", "referred_by": "Ann", "test": false, "consent": {"text": "Yes.", "version": 3},
        "tracking": {"utm_source": "ad"}, "favourite_colour": "red"
    }));
    assert_eq!(lead.email.as_ref().unwrap().as_str(), "casey@example.com");
    assert_eq!(lead.phone.as_ref().unwrap().as_str(), "+14155550100");
    assert_eq!((lead.postal_code.as_deref(), lead.country.as_deref()), (Some("60134"), Some("US")));
    assert_eq!((lead.channel, lead.test), (Some(Channel::WebForm), false));
    assert_eq!(lead.consent.as_ref().unwrap().version.as_deref(), Some("3"));
    assert_eq!(Value::Object(lead.answers), json!({"timeframe_days": 45, "preapproved": true}));
    assert_eq!(Value::Object(lead.extra), json!({"favourite_colour": "red"}));
    assert_eq!(lead.flags, []);
}

#[rstest]
#[case(json!({}), &[("/email", "missing"), ("/phone", "missing")])]
#[case(json!({"email": null, "phone": " "}), &[("/email", "missing"), ("/phone", "missing")])]
#[case(json!({"email": "casey", "phone": "12"}), &[("/email", "invalid"), ("/phone", "invalid")])]
#[case(json!({"email": {}, "phone": []}), &[("/email", "invalid"), ("/phone", "invalid")])]
#[case(json!({"email": "a@example.com\r\nBcc: b@example.com"}), &[("/email", "invalid"), ("/phone", "missing")])]
#[case(json!({"email": "a@example.com", "external_id": "x".repeat(201)}), &[("/external_id", "too_long")])]
#[case(json!({"email": "a@example.com", "external_id": {"a": 1}}), &[("/external_id", "invalid")])]
fn only_these_are_refused(#[case] lead: Value, #[case] errors: &[(&str, &str)]) {
    let expected: Vec<_> = errors.iter().map(|(pointer, code)| ((*pointer).to_owned(), *code)).collect();
    assert_eq!(codes(lead), expected);
}

#[rstest]
#[case(json!({"phone": "nonsense"}), Flag::PhoneUnusable)]
#[case(json!({"phone": {"mobile": "+14155550100"}}), Flag::PhoneUnusable)]
#[case(json!({"phone": "+15550100001"}), Flag::PhoneDoubtful)]
#[case(json!({"email": "no", "phone": "+14155550100"}), Flag::EmailUnusable)]
#[case(json!({"country": "Atlantis"}), Flag::CountryUnknown)]
#[case(json!({"time_zone": "Mars/Olympus"}), Flag::TimeZoneUnknown)]
#[case(json!({"channel": "telepathy"}), Flag::ChannelUnknown)]
#[case(json!({"submitted_at": "1999-12-31T23:59:59Z"}), Flag::SubmittedAtUnusable)]
#[case(json!({"submitted_at": "2026-11-23T10:00:01Z"}), Flag::SubmittedAtUnusable)]
#[case(json!({"submitted_at": "+999999-01-01"}), Flag::SubmittedAtUnusable)]
#[case(json!({"submitted_at": []}), Flag::SubmittedAtUnusable)]
#[case(json!({"first_name": ["Casey"]}), Flag::FieldUnusable)]
#[case(json!({"answers": "soon"}), Flag::FieldUnusable)]
#[case(json!({"consent": true}), Flag::FieldUnusable)]
#[case(json!({"consent": {"given_at": "once"}}), Flag::FieldUnusable)]
#[case(json!({"test": "perhaps"}), Flag::FieldUnusable)]
#[case(json!({"first_name": "Ca\u{0}sey"}), Flag::ControlCharacters)]
#[case(json!({"anything": {"x": "\u{0}"}}), Flag::ControlCharacters)]
#[case(json!({"last_name": "x".repeat(201)}), Flag::TextCut)]
#[case(json!({"notes": "x".repeat(10_001)}), Flag::TextCut)]
fn these_are_kept_with_a_flag(#[case] lead: Value, #[case] flag: Flag) {
    let mut lead = lead;
    lead.as_object_mut().unwrap().entry("email").or_insert(json!("casey@example.com"));
    assert_eq!(usable(lead).flags, [flag]);
}

#[test]
fn a_field_of_another_type_is_kept_under_extra() {
    let lead =
        usable(json!({"email": "a@example.com", "first_name": ["Casey"], "consent": {"text": "Yes.", "by": "x"}}));
    assert_eq!(Value::Object(lead.extra), json!({"first_name": ["Casey"], "consent": {"by": "x"}}));
    assert_eq!(lead.consent.unwrap().text.as_deref(), Some("Yes."));
}

#[test]
fn nothing_posted_sets_what_ripen_decides() {
    let lead = usable(json!({
        "email": "a@example.com", "owner": "x", "grade": "A", "stage": "customer", "client": "c", "status": "graded",
        "flags": ["email_unusable"], "extra": {"x": 1}
    }));
    let kept: Vec<_> = lead.extra.keys().map(String::as_str).collect();
    assert_eq!(kept, ["client", "extra", "flags", "grade", "owner", "stage", "status"]);
    assert_eq!(lead.flags, []);
}

#[rstest]
#[case(json!({"phone": "020 7031 3000", "country": "UK"}), "+442070313000")]
#[case(json!({"phone": "(415) 555-0100"}), "+14155550100")]
#[case(json!({"phone": 4_155_550_100_i64}), "+14155550100")]
#[case(json!({"phone": "+49 30 123456"}), "+4930123456")]
#[case(json!({"phone": "(415) 555-0100", "country": "nowhere"}), "+14155550100")]
fn a_number_is_read_as_in_the_leads_country_else_the_sources(#[case] lead: Value, #[case] phone: &str) {
    assert_eq!(usable(lead).phone.unwrap().as_str(), phone);
}

#[rstest]
#[case(json!(true), true)]
#[case(json!("on"), true)]
#[case(json!(1), true)]
#[case(json!("false"), false)]
#[case(json!(null), false)]
fn a_test_lead_says_so(#[case] test: Value, #[case] expected: bool) {
    assert_eq!(usable(json!({"email": "a@example.com", "test": test})).test, expected);
}

#[test]
fn names_of_all_scripts_stay_as_they_are() {
    for name in ["محمد علي", "שרה", "山田 太郎", "👩‍🌾", "O'Neil <b>", "Jörg"] {
        let lead = usable(json!({"email": "a@example.com", "first_name": name}));
        assert_eq!((lead.first_name.as_deref(), lead.flags.len()), (Some(name), 0));
    }
}

#[test]
fn the_problem_of_an_element_points_into_its_array() {
    let problem = normalised(json!({})).usable(Some(7)).unwrap_err();
    assert_eq!(problem.errors()[0].pointer, "/7/email");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_the_fields_are_it_is_storable_or_refused(values in prop::collection::vec(any_json(), 18)) {
        let names = ["external_id", "first_name", "name", "email", "phone", "postal_code", "country", "time_zone", "locale",
            "channel", "submitted_at", "answers", "notes", "test", "consent", "tracking", "extra", "\u{0}"];
        let fields: Fields = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
        let normalised = submission(fields, "US", "2026-11-22T10:00:00Z".parse().unwrap());
        let text = serde_json::to_string(&normalised.submission).unwrap();
        prop_assert!(!text.contains("\\u0000"), "{}", text);
        let back: Submission = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(back.content_hash(), normalised.submission.content_hash());
    }
}
