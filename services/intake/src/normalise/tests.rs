//! Tables of what people post and what it comes to.

use proptest::prelude::*;
use ripen_domain::{flag::Flag, lead::Channel, submission::Submission};
use rstest::rstest;
use serde_json::json;

use super::*;

mod of_phones;
mod of_places;
mod of_wishes;

fn normalised(value: Value) -> Normalised {
    let Value::Object(fields) = value else { panic!("an object") };
    submission(fields, &chicago())
}

/// A client in the United States, by Chicago's clock.
fn chicago() -> PostedFrom<'static> {
    PostedFrom {
        country: "US",
        time_zone: "America/Chicago",
        received_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        bare_plus: &[],
    }
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
#[case(json!({"phone": " \u{200b}\u{feff}"}), &[("/email", "missing"), ("/phone", "invalid")])]
#[case(json!({"email": "\u{2060}", "phone": "\u{a0}"}), &[("/email", "invalid"), ("/phone", "missing")])]
#[case(json!({"email": "a@example.com\r\nBcc: b@example.com"}), &[("/email", "invalid"), ("/phone", "missing")])]
#[case(json!({"email": "a@example.com", "external_id": "y".repeat(201)}), &[("/external_id", "too_long")])]
#[case(json!({"email": "a@example.com", "external_id": {"a": 1}}), &[("/external_id", "invalid")])]
fn only_these_are_refused(#[case] lead: Value, #[case] errors: &[(&str, &str)]) {
    let expected: Vec<_> = errors.iter().map(|(pointer, code)| ((*pointer).to_owned(), *code)).collect();
    assert_eq!(codes(lead), expected);
}

#[rstest]
#[case(json!({"phone": "nonsense"}), "phone", FlagCode::PhoneUnusable, "nonsense")]
#[case(json!({"phone": {"mobile": "+14155550100"}}), "phone", FlagCode::PhoneUnusable, "{\"mobile\":\"+14155550100\"}")]
#[case(json!({"phone": "N/A"}), "phone", FlagCode::PhoneUnusable, "N/A")]
#[case(json!({"phone": "1234567890"}), "phone", FlagCode::PhoneUnusable, "1234567890")]
#[case(json!({"phone": "+19991234568"}), "phone", FlagCode::PhoneDoubtful, "+19991234568")]
#[case(json!({"email": "no", "phone": "+14155550100"}), "email", FlagCode::EmailUnusable, "no")]
#[case(json!({"country": "Atlantis"}), "country", FlagCode::CountryUnknown, "Atlantis")]
#[case(json!({"time_zone": "Mars/Olympus"}), "time_zone", FlagCode::TimeZoneUnknown, "Mars/Olympus")]
#[case(json!({"time_zone": "GMT+0530"}), "time_zone", FlagCode::TimeZoneUnknown, "GMT+0530")]
#[case(json!({"postal_code": "0.5"}), "postal_code", FlagCode::FieldUnusable, "0.5")]
#[case(json!({"postal_code": "O2139"}), "postal_code", FlagCode::FieldUnusable, "O2139")]
#[case(json!({"postal_code": "SW1A 1AA"}), "postal_code", FlagCode::FieldUnusable, "SW1A 1AA")]
#[case(json!({"postal_code": "01067 Dresden", "country": "DE"}), "postal_code", FlagCode::FieldUnusable, "01067 Dresden")]
#[case(json!({"postal_code": "abc", "country": "DE"}), "postal_code", FlagCode::FieldUnusable, "abc")]
#[case(json!({"postal_code": "z:10115", "country": "GB"}), "postal_code", FlagCode::FieldUnusable, "z:10115")]
#[case(json!({"postal_code": "M5V 2TO", "country": "CA"}), "postal_code", FlagCode::FieldUnusable, "M5V 2TO")]
#[case(json!({"time_zone": "CST"}), "time_zone", FlagCode::TimeZoneUnknown, "CST")]
#[case(json!({"channel": "telepathy"}), "channel", FlagCode::ChannelUnknown, "telepathy")]
#[case(json!({"submitted_at": "1999-12-31T23:59:59Z"}), "submitted_at", FlagCode::SubmittedAtUnusable, "1999-12-31T23:59:59Z")]
#[case(json!({"submitted_at": "2026-11-23T10:00:01Z"}), "submitted_at", FlagCode::SubmittedAtUnusable, "2026-11-23T10:00:01Z")]
#[case(json!({"submitted_at": "+999999-01-01"}), "submitted_at", FlagCode::SubmittedAtUnusable, "+999999-01-01")]
#[case(json!({"submitted_at": []}), "submitted_at", FlagCode::SubmittedAtUnusable, "[]")]
#[case(json!({"first_name": ["Casey"]}), "first_name", FlagCode::FieldUnusable, "[\"Casey\"]")]
#[case(json!({"answers": "soon"}), "answers", FlagCode::FieldUnusable, "soon")]
#[case(json!({"consent": true}), "consent", FlagCode::FieldUnusable, "true")]
#[case(json!({"consent": {"given_at": "once"}}), "consent", FlagCode::FieldUnusable, "{\"given_at\":\"once\"}")]
#[case(json!({"test": "perhaps"}), "test", FlagCode::FieldUnusable, "perhaps")]
#[case(json!({"first_name": "Ca\u{0}sey"}), "first_name", FlagCode::ControlCharacters, "")]
#[case(json!({"anything": {"x": "\u{0}"}}), "extra", FlagCode::ControlCharacters, "")]
#[case(json!({"last_name": "x".repeat(201)}), "last_name", FlagCode::TextCut, "")]
#[case(json!({"notes": "x".repeat(10_001)}), "notes", FlagCode::TextCut, "")]
#[case(json!({"phone_extension": "12"}), "phone_extension", FlagCode::FieldUnusable, "12")]
fn these_are_kept_with_a_flag(#[case] lead: Value, #[case] field: &str, #[case] code: FlagCode, #[case] said: &str) {
    let mut lead = lead;
    lead.as_object_mut().unwrap().entry("email").or_insert(json!("casey@example.com"));
    assert_eq!(usable(lead).flags, [Flag::new(field, code).saying(said)]);
}

#[test]
fn of_two_numbers_the_second_is_kept_and_flagged() {
    let lead = usable(json!({"phone": "415-555-0144 / 415-555-0145"}));
    assert_eq!(lead.phone.unwrap().as_str(), "+14155550144");
    assert_eq!(lead.flags, [Flag::new("phone", FlagCode::SecondPhone).saying("+14155550145")]);
    assert_eq!(Value::Object(lead.extra), json!({"second_phone": "+14155550145"}));
}

#[rstest]
#[case(json!("415-555-0144 / 415-555-0145 / 415-555-0146"))]
#[case(json!("(415) 555-0144, (415) 555-0145 and (415) 555-0146"))]
#[case(json!(["415-555-0144 / 415-555-0145", "415-555-0146"]))]
#[case(json!(["415-555-0144", "415-555-0145 / 415-555-0146"]))]
#[case(json!(["415-555-0144", "415-555-0145", "+1 415 555 0146", "415-555-0144"]))]
fn of_three_numbers_none_is_lost(#[case] phone: Value) {
    let lead = usable(json!({"phone": phone}));
    assert_eq!(lead.phone.unwrap().as_str(), "+14155550144");
    let second = |said: &str| Flag::new("phone", FlagCode::SecondPhone).saying(said);
    assert_eq!(lead.flags, [second("+14155550145"), second("+14155550146")]);
    assert_eq!(Value::Object(lead.extra), json!({"second_phone": "+14155550145; +14155550146"}));
}

#[test]
fn what_stands_under_one_name_is_kept_beside_each_other() {
    let lead = usable(json!({"phone": ["415-555-0144", "none of yours", "ask my wife"], "second_phone": "at work"}));
    let extra = Value::Object(lead.extra);
    assert_eq!(extra, json!({"phone": ["none of yours", "ask my wife"], "second_phone": "at work"}));
    let lead = usable(json!({"phone": "415-555-0144 / 415-555-0145", "second_phone": "at work"}));
    assert_eq!(Value::Object(lead.extra), json!({"second_phone": ["at work", "+14155550145"]}));
}

#[rstest]
#[case("casey@example.com; cay@example.com")]
#[case("casey@example.com, cay@example.com")]
#[case("casey@example.com / cay@example.com")]
fn of_two_addresses_in_one_field_the_second_is_kept_and_flagged(#[case] email: &str) {
    let lead = usable(json!({"email": email}));
    assert_eq!(lead.email.unwrap().as_str(), "casey@example.com");
    assert_eq!(lead.flags, [Flag::new("email", FlagCode::FieldUnusable).saying("cay@example.com")]);
    assert_eq!(Value::Object(lead.extra), json!({"email": "cay@example.com"}));
}

#[rstest]
#[case(json!({"phone": "(415) 555-0100 x123"}), "+14155550100;ext=123")]
#[case(json!({"phone": "(415) 555-0100", "phone_extension": "x 123"}), "+14155550100;ext=123")]
#[case(json!({"phone": "(415) 555-0100", "phone_extension": 123}), "+14155550100;ext=123")]
#[case(json!({"phone": "(415) 555-0100", "phone_extension": "ext. 8"}), "+14155550100;ext=8")]
#[case(json!({"phone": "(415) 555-0100", "phone_extension": "Ext: 8.0"}), "+14155550100;ext=8")]
#[case(json!({"phone": "(415) 555-0100", "phone_extension": "Durchwahl 08"}), "+14155550100;ext=08")]
#[case(json!({"phone": "(415) 555-0100", "phone_extension": ""}), "+14155550100")]
#[case(json!({"phone": 3_023_125_004.0, "country": "DE"}), "+493023125004")]
fn an_extension_comes_with_the_number_or_beside_it(#[case] lead: Value, #[case] phone: &str) {
    let lead = usable(lead);
    assert_eq!((lead.phone.unwrap().as_str(), lead.flags.len()), (phone, 0));
}

#[test]
fn an_extension_alone_is_for_the_number_that_is_known() {
    let lead = usable(json!({"email": "a@example.com", "phone_extension": "ext. 8"}));
    assert_eq!(lead.phone_extension.as_deref(), Some("8"));
    assert_eq!(lead.flags, [Flag::new("phone_extension", FlagCode::FieldUnusable).saying("ext. 8")]);
    assert_eq!(usable(json!({"email": "a@example.com", "phone_extension": "ask"})).phone_extension, None);
}

#[test]
fn what_says_nothing_is_no_text() {
    let lead = usable(json!({
        "email": "a@example.com", "first_name": "false", "last_name": "NULL", "referred_by": "n/a", "postal_code": "null",
        "country": "undefined", "time_zone": "-", "locale": "", "channel": "N/A", "notes": "none", "submitted_at": "null",
        "external_id": "null", "test": "n/a", "answers": "", "phone_extension": "n/a",
    }));
    let expected = Submission { email: lead.email.clone(), country: Some("US".into()), ..Submission::default() };
    assert!(lead == expected, "{}", serde_json::to_string(&lead).unwrap());
}

#[rstest]
#[case("keine Angabe")]
#[case("k.A.")]
#[case("N.A")]
#[case("NA")]
#[case("N\\A")]
#[case("n / a")]
#[case("TBD")]
#[case("0")]
#[case("x")]
#[case("Unbekannt")]
#[case("Anonymous")]
#[case("aucun")]
#[case("ninguno")]
#[case("s/o")]
#[case("\"null\"")]
#[case("{{first_name}}")]
#[case("%FIRSTNAME%")]
#[case("${name}")]
#[case("[First Name]")]
#[case("#NAME?")]
fn what_people_write_for_nothing_is_none_and_flagged(#[case] word: &str) {
    let lead = usable(json!({
        "phone": "(415) 555-0100", "email": word, "first_name": word, "last_name": word, "name": word, "postal_code": word,
        "referred_by": word,
    }));
    let said = (lead.email, lead.first_name, lead.last_name, lead.name, lead.postal_code, lead.referred_by);
    assert_eq!(said, (None, None, None, None, None, None));
    let flagged: Vec<_> = lead.flags.iter().map(|flag| (flag.field.as_str(), flag.said.as_deref())).collect();
    let fields = ["email", "first_name", "last_name", "name", "postal_code", "referred_by"];
    assert_eq!(flagged, fields.map(|field| (field, Some(word))));
}

#[rstest]
#[case(json!("0"), None)]
#[case(json!(0), None)]
#[case(json!("000"), None)]
#[case(json!("N/A"), None)]
#[case(json!("none"), None)]
#[case(json!("-"), None)]
#[case(json!("Test"), None)]
#[case(json!("unknown"), None)]
#[case(json!("lead_id"), None)]
#[case(json!("Lead ID"), None)]
#[case(json!("true"), None)]
#[case(json!("$id"), None)]
#[case(json!("#id#"), None)]
#[case(json!("@@id@@"), None)]
#[case(json!("%{id}"), None)]
#[case(json!("$(id)"), None)]
#[case(json!("leer"), None)]
#[case(json!("ohne"), None)]
#[case(json!("s/o"), None)]
#[case(json!("\"\""), None)]
#[case(json!("''"), None)]
#[case(json!("0.00"), None)]
#[case(json!("-0"), None)]
#[case(json!("0,0"), None)]
#[case(json!(0.0), None)]
#[case(json!("#N/V"), None)]
#[case(json!("#¡REF!"), None)]
#[case(json!("#DIV/0!"), None)]
#[case(json!("#NAME?"), None)]
#[case(json!("ffffffff-ffff-ffff-ffff-ffffffffffff"), None)]
#[case(json!("9.99E+02"), None)]
#[case(json!(10), Some("10"))]
#[case(json!("test-1"), Some("test-1"))]
#[case(json!(" A 1\u{a0}"), Some("A 1"))]
fn what_programs_write_without_an_id_makes_no_two_leads_one(#[case] id: Value, #[case] expected: Option<&str>) {
    let lead = usable(json!({"email": "a@example.com", "external_id": id}));
    assert_eq!(lead.external_id.as_deref(), expected);
}

#[rstest]
#[case(json!("{{contact.id}}"), "{{contact.id}}: a placeholder")]
#[case(json!("[id]"), "[id]: a placeholder")]
#[case(json!("1.23457E+14"), "1.23457E+14: a spreadsheet rounded it")]
#[case(json!("00000000-0000-0000-0000-000000000000"), "00000000-0000-0000-0000-000000000000: programs")]
#[case(json!(-1), "-1: programs")]
#[case(json!("\u{200b}"), "nobody can see it")]
#[case(json!("\u{2800}"), "nobody can see it")]
fn an_id_that_names_nothing_is_none_and_flagged(#[case] id: Value, #[case] said: &str) {
    let lead = usable(json!({"email": "a@example.com", "external_id": id}));
    assert_eq!((lead.external_id, lead.extra.len(), lead.flags.len()), (None, 0, 1));
    let code = if said.contains("rounded") { FlagCode::Rounded } else { FlagCode::FieldUnusable };
    assert_eq!((lead.flags[0].field.as_str(), lead.flags[0].code), ("external_id", code));
    assert!(lead.flags[0].said.as_deref().unwrap().starts_with(said), "{:?}", lead.flags[0].said);
}

#[test]
fn what_a_spreadsheet_rounded_is_flagged_wherever_a_text_is_meant() {
    let lead = usable(json!({
        "email": "a@example.com", "postal_code": "9.02101E+08", "phone": "4.93023E+11", "crm": "1.23457E+14",
        "tracking": {"click_id": "1.23E+20", "page_url": "x"},
    }));
    let flags: Vec<_> = lead.flags.iter().map(Flag::in_words).collect();
    let expected = [
        "crm: rounded (1.23457E+14)",
        "phone: phone unusable (4.93023E+11)",
        "postal_code: rounded (9.02101E+08)",
        "tracking.click_id: rounded (1.23E+20)",
    ];
    assert_eq!(flags, expected);
    assert_eq!(lead.postal_code, None);
    assert_eq!(Value::Object(lead.extra), json!({"crm": "1.23457E+14", "postal_code": "9.02101E+08"}));
}

#[test]
fn a_mistyped_field_is_kept_and_told() {
    let lead = usable(json!({"email": "a@example.com", "first_nmae": "Casey", "county": "Cook", "answer": {"x": 1}}));
    let flags: Vec<_> = lead.flags.iter().map(Flag::in_words).collect();
    let expected = [
        r#"answer: unknown field ({"x":1}), did you mean answers?"#,
        "first_nmae: unknown field (Casey), did you mean first_name?",
    ];
    assert_eq!(flags, expected);
    assert_eq!(Value::Object(lead.extra), json!({"first_nmae": "Casey", "county": "Cook", "answer": {"x": 1}}));
    let second = usable(json!({"email": "a@example.com", "E-Mail": "b@example.com"}));
    let flags: Vec<_> = second.flags.iter().map(Flag::in_words).collect();
    assert!(flags.len() == 1 && flags[0].contains("b@example.com"), "another address beside the field: {flags:?}");
}

#[test]
fn fields_under_other_names_are_taken_as_a_lists_columns_are() {
    let lead = usable(json!({
        "firstName": "Casey", "surname": "Smith", "zip": 60134, "Mobile": "(415) 555-0100", "e-mail": "casey@example.com",
        "comments": "After six", "answers.budget": 450_000, "answers_rooms": 3, "colour": "red",
    }));
    assert_eq!((lead.first_name.as_deref(), lead.last_name.as_deref()), (Some("Casey"), Some("Smith")));
    assert_eq!((lead.postal_code.as_deref(), lead.notes.as_deref()), (Some("60134"), Some("After six")));
    assert_eq!(lead.phone.unwrap().as_str(), "+14155550100");
    assert_eq!(Value::Object(lead.answers), json!({"budget": 450_000, "rooms": 3}));
    assert_eq!((Value::Object(lead.extra), lead.flags), (json!({"colour": "red"}), vec![]));
}

#[test]
fn a_plus_that_was_not_encoded_is_read_in_a_field_of_another_name() {
    let Value::Object(fields) = json!({"mobile": " 442079460958"}) else { panic!("an object") };
    let read = submission(fields, &PostedFrom { bare_plus: &["mobile".to_owned()], ..chicago() });
    assert_eq!(read.submission.phone.unwrap().as_str(), "+442079460958");
}

#[test]
fn of_a_field_that_came_twice_the_first_usable_one_counts() {
    let lead = usable(json!({
        "first_name": ["A", "B"], "email": ["no", "a@example.com", "b@example.com"], "phone": ["n/a", "(415) 555-0100"],
        "external_id": ["{{id}}", "L-1", "L-1"], "last_name": ["", "Smith"], "country": ["US", "US"],
    }));
    assert_eq!((lead.first_name.as_deref(), lead.last_name.as_deref()), (Some("A"), Some("Smith")));
    assert_eq!(lead.email.unwrap().as_str(), "a@example.com");
    assert_eq!(lead.phone.unwrap().as_str(), "+14155550100");
    assert_eq!((lead.external_id.as_deref(), lead.country.as_deref()), (Some("L-1"), Some("US")));
    let flag = |field: &str, said: &str| Flag::new(field, FlagCode::FieldUnusable).saying(said);
    assert_eq!(
        lead.flags,
        [flag("email", r#"["no","b@example.com"]"#), flag("external_id", "{{id}}"), flag("first_name", "B")]
    );
    let beside = json!({"email": ["no", "b@example.com"], "external_id": "{{id}}", "first_name": "B"});
    assert_eq!(Value::Object(lead.extra), beside);
}

#[test]
fn of_two_phone_fields_the_second_number_is_flagged_as_of_one_field() {
    let lead = usable(json!({"phone": ["415-555-0144", "+1 415 555 0144", "415-555-0145"]}));
    assert_eq!(lead.phone.unwrap().as_str(), "+14155550144");
    assert_eq!(lead.flags, [Flag::new("phone", FlagCode::SecondPhone).saying("+14155550145")]);
    assert_eq!(Value::Object(lead.extra), json!({"second_phone": "+14155550145"}));
}

/// Beside the fields that are Ripen's: seen by whoever calls, and so withheld where it is suppressed.
#[test]
fn an_address_or_a_number_in_a_field_of_the_senders_own_is_flagged() {
    for (field, said, shown) in [
        ("mobile", "415-555-0145", "+14155550145"),
        ("second_phone", "(415) 555-0145", "+14155550145"),
        ("homePhone", "415-555-0144 / 415-555-0145", "+14155550145"),
        ("phone2", "+1 415 555 0145", "+14155550145"),
        ("email_2", "Ann@example.com", "ann@example.com"),
    ] {
        let lead = usable(json!({"phone": "415-555-0144", "email": "casey@example.com", field: said}));
        assert_eq!(lead.flags, [Flag::new(field, FlagCode::UnknownField).saying(shown)], "{field}");
        assert_eq!(Value::Object(lead.extra), json!({field: said}), "{field}");
    }
    for (field, said) in [
        ("mobile", "415-555-0144"),
        ("mobile", "after six"),
        ("mobile", "true"),
        ("order_number", "4155550145"),
        ("agent_email", "ann@example.com"),
        ("work_email", "casey@example.com"),
    ] {
        let lead = usable(json!({"phone": "415-555-0144", "email": "casey@example.com", field: said}));
        assert_eq!(lead.flags, [], "{field}: {said}");
    }
}

#[rstest]
#[case("<casey@example.com>", Some("casey@example.com"))]
#[case("Casey Smith <Casey@example.com>", Some("casey@example.com"))]
#[case("\"casey@example.com\" <casey@example.com>", Some("casey@example.com"))]
#[case("<mailto:casey@example.com>", Some("casey@example.com"))]
#[case("casey@example.com.", Some("casey@example.com"))]
#[case("ann@example.com <casey@example.com>", None)]
#[case("<casey@example.com", None)]
#[case("casey@example.com..", None)]
#[case("a <b <casey@example.com>", None)]
fn an_address_is_read_as_mail_programs_write_it(#[case] email: &str, #[case] read: Option<&str>) {
    let lead = usable(json!({"email": email, "phone": "(415) 555-0100"}));
    assert_eq!(lead.email.as_ref().map(|email| email.as_str()), read);
}

#[rstest]
#[case(json!("1\u{1f}23"))]
#[case(json!("A\t1"))]
#[case(json!("A1\n"))]
#[case(json!("\tA1"))]
#[case(json!("A1\u{85}"))]
fn an_id_with_control_characters_is_refused(#[case] id: Value) {
    assert_eq!(codes(json!({"email": "a@example.com", "external_id": id})), [("/external_id".to_owned(), "invalid")]);
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
        let normalised = submission(fields, &chicago());
        let text = serde_json::to_string(&normalised.submission).unwrap();
        prop_assert!(!text.contains("\\u0000"), "{}", text);
        let back: Submission = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(back.content_hash(), normalised.submission.content_hash());
    }
}
