//! What is heard as a wish not to be contacted, what is unclear, and what is none.

use serde_json::json;

use super::*;

#[test]
fn a_field_for_it_says_yes_no_or_since_when() {
    for value in ["yes", "TRUE", "1", "x", "Y", "DNC", "Do not call", "opted out", "2026-03-01", "03/01/2026 10:00"] {
        assert_eq!(wish_in_field(value), ContactWish::DoNot, "{value}");
    }
    for value in ["", " ", "no", "FALSE", "0", "n/a", "none", "opted in", "Subscribed"] {
        assert_eq!(wish_in_field(value), ContactWish::NotSaid, "{value}");
    }
    for value in ["clean", "federal", "perhaps", "12"] {
        assert_eq!(wish_in_field(value), ContactWish::Unclear, "{value}");
    }
}

#[test]
fn a_word_for_it_says_so_in_any_field() {
    for (name, value) in
        [("status", "DNC"), ("Lead Status", "Do Not Call"), ("tags", "hot; unsubscribed"), ("notes", "dnc")]
    {
        assert_eq!(wish_in_words(name, value), ContactWish::DoNot, "{name}: {value}");
    }
    for (name, value) in [
        ("status", "new"),
        ("status", "no contact"),
        ("notes", "They did not call back"),
        ("call_allowed", "yes"),
        ("ok_to_call", "after five"),
        ("newsletter_opt_out", "no"),
        ("marketing", "yes"),
        ("footer", "Unsubscribe"),
    ] {
        assert_eq!(wish_in_words(name, value), ContactWish::NotSaid, "{name}: {value}");
    }
    // Somebody who wants no newsletter may well want the call.
    for (name, value) in [
        ("email_opt_out", "true"),
        ("HasOptedOutOfEmail", "1"),
        ("email_status", "unsubscribed"),
        ("Do not mail", "yes"),
    ] {
        assert_eq!(wish_in_words(name, value), ContactWish::Unclear, "{name}: {value}");
    }
}

#[test]
fn a_note_is_a_wish_where_it_or_a_sentence_of_it_says_nothing_else() {
    for said in [
        "please do not call",
        "do not call please",
        "STOP",
        "Stop.",
        "stop please!",
        "please don't call me again",
        "Please don\u{2019}t call us any more. Thank you!",
        "do not call again",
        "DNC.",
        "Bitte nicht anrufen!",
        "Bitte nicht mehr anrufen",
        "keine Anrufe",
        "Keine Anrufe mehr, bitte.",
        "Bitte rufen Sie mich nicht mehr an.",
        "S\u{2019}il vous plaît, ne pas appeler",
        "ne plus appeler svp",
        "Ne m'appelez plus",
        "No llamar, por favor",
        "Por favor, no me llamen más",
        "non chiamare per favore",
        "We sold the house. Please do not contact us.",
        "Remove me from your list",
        "Please stop calling me",
        "Please don't call. Do not email either!",
        "Do not call! We have found a house.",
    ] {
        assert_eq!(wish_in_note(said), ContactWish::DoNot, "{said}");
    }
    for said in [
        "call me, do not email",
        "Do not email.",
        "please do not call before six",
        "Customer asked to be removed from list - do not contact",
        "Bitte nicht anrufen vor 18 Uhr",
        "They do not call back",
        "ne pas appeler le matin",
        "Please don't call. Text me instead.",
        "Do not call! Email only, I work nights.",
        "Don't call me now. After 6 is fine.",
        "Don't call me now",
        "No calls please.\nE-mail: casey@example.com",
        "Please don't call. 628-555-0123",
        "Bitte nicht anrufen. Nur per Mail.",
    ] {
        assert_eq!(wish_in_note(said), ContactWish::Unclear, "{said}");
    }
    for said in [
        "They did not call back",
        "The last bus stop before the lake",
        "Stop by any time",
        "No calls were made so far, we heard of you from a friend",
        "more calls please",
        "Click here to unsubscribe",
        "no contact yet",
        "",
    ] {
        let expected = if said.starts_with("No calls") { ContactWish::Unclear } else { ContactWish::NotSaid };
        assert_eq!(wish_in_note(said), expected, "{said}");
    }
}

#[test]
fn a_note_is_the_wish_alone_where_no_sentence_says_anything_else() {
    for said in ["DNC", "STOP", "Please don't call me again. Thank you!", "No calls.\nDo not contact."] {
        assert!(is_wish_note(said), "{said}");
    }
    for said in
        ["", "We sold the house. Please do not contact us.", "Do not call. Text me.", "Thank you!", "Do not call. 5 pm"]
    {
        assert!(!is_wish_note(said), "{said}");
    }
}

#[test]
fn a_polite_word_in_a_status_is_the_word_and_a_permission_that_is_not_given_is_unclear() {
    for (name, value, expected) in [
        ("status", "Do not call please", ContactWish::DoNot),
        ("tags", "hot; keine Anrufe", ContactWish::DoNot),
        ("status", "hot, do not call before six", ContactWish::Unclear),
        ("call_allowed", "no", ContactWish::Unclear),
        ("May we contact", "nein", ContactWish::Unclear),
        ("tcpa_consent", "false", ContactWish::Unclear),
        ("phone_consent", "0", ContactWish::Unclear),
        ("phone_opt_in", "no", ContactWish::Unclear),
        ("call_opt_in", "no", ContactWish::Unclear),
        ("opt_in", "no", ContactWish::Unclear),
        ("call_consent", "declined", ContactWish::Unclear),
        ("Einwilligung Telefon", "Nein", ContactWish::Unclear),
        ("Telefonwerbung erlaubt", "nein", ContactWish::Unclear),
        ("consentement_telephone", "non", ContactWish::Unclear),
        ("acepta_llamadas", "no", ContactWish::Unclear),
        ("opt_in", "yes", ContactWish::NotSaid),
        ("tcpa_consent", "I agree to be called at this number.", ContactWish::NotSaid),
        ("email_opt_in", "no", ContactWish::NotSaid),
        ("opt_in_status", "unsubscribed", ContactWish::DoNot),
    ] {
        assert_eq!(wish_in_words(name, value), expected, "{name}: {value}");
    }
    for name in ["opposition", "Opposition téléphonique", "Bloctel"] {
        assert!(is_wish(name), "{name}");
    }
    assert_eq!(wish_in_field("oui"), ContactWish::DoNot);
    assert_eq!(wish_in_field("please do not call"), ContactWish::DoNot);
}

#[test]
fn fields_for_it_have_many_names() {
    for name in [
        "do_not_contact",
        "DNC",
        "Do Not Call",
        "doNotCall",
        "opt_out",
        "Opt-Out",
        "unsubscribed",
        "Don't call",
        "Nicht anrufen",
    ] {
        assert!(is_wish(name), "{name}");
    }
    for name in ["contact", "call", "opt_in", "email_opt_out", "status", "do not reply"] {
        assert!(!is_wish(name), "{name}");
    }
}

#[test]
fn a_name_is_a_wish_by_its_words() {
    for name in [
        "phone_opt_out",
        "Phone Opt Out",
        "call_opt_out",
        "Call Opt-Out",
        "opt_out_of_calls",
        "opt_out_calls",
        "voice_opt_out",
        "mobile_do_not_call",
        "phone_do_not_call",
        "do_not_call_phone",
        "Do Not Call (Phone)",
        "phone_dnc",
        "Phone 1 DNC",
        "DNC__c",
        "DoNotCall__c",
        "DoNotContact__pc",
        "PhoneOptOut__c",
        "phoneoptout",
        "dncphone",
        "HasOptedOutOfCalls",
        "Do Not Call or Text",
        "email_phone_opt_out",
        "is_unsubscribed_from_calls",
        "never_call",
        "Telefon nicht anrufen",
    ] {
        assert!(is_wish(name), "{name}");
        assert_eq!(wish_in_words(name, "yes"), ContactWish::DoNot, "{name}");
        assert_eq!(wish_in_words(name, "no"), ContactWish::NotSaid, "{name}");
        assert_eq!(wish_in_words(name, "perhaps"), ContactWish::Unclear, "{name}");
    }
}

#[test]
fn a_name_of_which_less_or_something_else_is_said_is_unclear() {
    for name in [
        "do_not_email",
        "Do Not Text",
        "sms_opt_out",
        "mobile_sms_opt_out",
        "phone_marketing_opt_out",
        "email_unsubscribed",
        "do_not_contact_before",
        "do_not_call_reason",
        "Phone 2 DNC",
        "work_phone_dnc",
        "federal_dnc",
        "no_calls",
        "agent_dnc",
        "mailchimp_unsubscribed",
    ] {
        assert!(!is_wish(name), "{name}");
        assert_eq!(wish_in_words(name, "yes"), ContactWish::Unclear, "{name}");
        assert_eq!(wish_in_words(name, "no"), ContactWish::NotSaid, "{name}");
        assert_eq!(wish_in_words(name, ""), ContactWish::NotSaid, "{name}");
    }
    assert_eq!(wish_in_words("do_not_contact_before", "2026-12-24"), ContactWish::Unclear);
    assert_eq!(wish_in_words("dnc_checked", "no"), ContactWish::Unclear);
    for (name, value) in [
        ("call_opt_in", "yes"),
        ("opt_out", "no"),
        ("dnc_checked", "yes"),
        ("dnc_scrubbed", "2026-12-01"),
        ("unsubscribe_link", "https://example.com/u/1"),
        ("unsubscribe_group_id", "12"),
        ("call_date", "2026-12-01"),
        ("brand_new_car", "yes"),
    ] {
        assert_eq!(wish_in_words(name, value), ContactWish::NotSaid, "{name}: {value}");
    }
}

#[test]
fn a_wish_is_heard_in_any_shape_and_followed_where_nothing_says_that_it_is_anothers() {
    let read = |name: &str, value: Value| {
        let found = wishes_in(name, &value).into_iter();
        found.map(|one| format!("{} {:?}", one.field, one.wish)).collect::<Vec<_>>().join(", ")
    };
    for (name, value, expected) in [
        ("do_not_contact", json!({"value": true}), "do_not_contact DoNot"),
        ("do_not_contact", json!({"phone": true}), "do_not_contact DoNot"),
        ("do_not_contact", json!([["yes"]]), "do_not_contact DoNot"),
        ("do_not_contact", json!({"value": false, "date": "2026-12-01"}), ""),
        ("do_not_contact", json!({"phone": false, "email": "no"}), ""),
        ("opt_out", json!({"phone": true}), "opt_out DoNot"),
        ("opt_out", json!({"email": true, "phone": false}), "opt_out Unclear"),
        ("opt_out", json!({"on": "2026-12-01"}), "opt_out Unclear"),
        ("extra", json!({"do_not_contact": true}), "extra.do_not_contact DoNot"),
        ("custom_fields", json!({"DNC": "yes", "colour": "red"}), "custom_fields.DNC DoNot"),
        ("customFields", json!([{"name": "DNC", "value": "yes"}]), "customFields.DNC DoNot"),
        (
            "custom_fields",
            json!([{"id": "7", "label": "Lead Status", "value": "DNC"}]),
            "custom_fields.Lead Status DoNot",
        ),
        ("custom_fields", json!({"email_opt_out": true}), "custom_fields.email_opt_out Unclear"),
        ("tags", json!([{"name": "hot"}, {"name": "DNC"}]), "tags.name DoNot"),
        ("agent", json!({"do_not_contact": true}), "agent.do_not_contact Unclear"),
        ("agent", json!({"status": "DNC"}), "agent.status Unclear"),
        ("agent", json!({"do_not_contact": false, "name": "Bo"}), ""),
        ("tracking", json!({"dnc": "1", "utm_source": "ad"}), "tracking.dnc Unclear"),
        ("opt_in", json!(["0", "1"]), ""),
        ("opt_in", json!(["0", "0"]), "opt_in Unclear"),
        ("opt_in", json!({"phone": false, "email": true}), "opt_in.phone Unclear"),
        ("opt_in", json!({"phone": true, "email": false}), ""),
        ("custom_fields", json!([{"name": "TCPA consent", "value": "no"}]), "custom_fields.TCPA consent Unclear"),
        ("agent", json!({"phone_consent": false}), ""),
        ("consent", json!({"phone_opt_in": false}), "consent.phone_opt_in Unclear"),
        ("house", json!({"rooms": [{"size": 12}], "garden": true}), ""),
        ("consent", json!({"do_not_contact": true, "by": "x"}), "consent.do_not_contact DoNot"),
        ("consent", json!({"opt_out": "yes"}), "consent.opt_out DoNot"),
        ("consent", json!({"opt_out": {"phone": true}}), "consent.opt_out DoNot"),
        ("consent", json!({"preferences": {"do_not_call": 1}}), "consent.preferences.do_not_call DoNot"),
        ("consent", json!({"do_not_contact": false, "given": false, "phone": false, "status": "none"}), ""),
        ("consent", json!({"marketing_opt_out": true}), "consent.marketing_opt_out Unclear"),
        ("consent", json!({"sms": {"opt_out": true}}), "consent.sms.opt_out Unclear"),
        ("consent", json!({"channel": "SMS", "opt_out": true}), "consent.opt_out Unclear"),
        ("consent", json!({"Channels": ["e-mail"], "opt_out": true}), "consent.opt_out Unclear"),
        ("consent", json!({"opt_out": "Reply STOP to opt out at any time"}), "consent.opt_out Unclear"),
        ("consent", json!([{"opt_out": true}]), "consent.opt_out Unclear"),
        ("consent.do_not_contact", json!("yes"), "consent.do_not_contact DoNot"),
        ("consent.email_opt_out", json!("yes"), "consent.email_opt_out Unclear"),
        ("consent.given", json!(false), ""),
    ] {
        assert_eq!(read(name, value.clone()), expected, "{name}: {value}");
    }
    let deep = (0..200).fold(json!(true), |inner, _| json!({"x": inner}));
    assert_eq!(read("opt_out", deep.clone()), "opt_out Unclear", "what nobody reads is looked at");
    assert_eq!(read("house", deep), "");
}

#[test]
fn a_day_that_a_database_writes_for_none_is_no_wish() {
    for day in [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "00/00/0000",
        "1900-01-00",
        "0001-01-01T00:00:00",
        "1900-01-01",
        "1970-01-01T00:00:00Z",
    ] {
        for name in ["do_not_contact", "dnc_date", "opt_out_date", "phone_opt_out", "custom_fields.dnc_date"] {
            assert_eq!(wish_in_words(name, day), ContactWish::NotSaid, "{name}: {day}");
        }
    }
    // Of what they unsubscribed, nobody can say: `unsubscribed_at` says no more, but that it is the wish.
    for name in ["Unsubscribed Time", "UNSUB_TIME"] {
        assert_eq!(wish_in_words(name, "2026-03-01 10:00:00"), ContactWish::Unclear, "{name}");
        assert_eq!(wish_in_words(name, "0000-00-00 00:00:00"), ContactWish::NotSaid, "{name}");
        assert_eq!(wish_in_words(name, ""), ContactWish::NotSaid, "{name}");
    }
    for day in ["2024-05-01", "2024-05-00", "05/01/00", "1.5.2024", "05/01/2024 10:30", "2024-05-01T10:30:00Z"] {
        assert_eq!(wish_in_words("dnc_date", day), ContactWish::DoNot, "{day}");
    }
}

#[test]
fn a_wish_of_oneself_is_heard_as_one_of_whoever_it_is() {
    for note in [
        "Ne pas m'appeler",
        "Ne pas m\u{2019}appeler s'il vous pla\u{ee}t",
        "Ne plus m'appeler",
        "Merci de ne pas m'appeler",
        "Veuillez ne pas m'appeler",
        "ne pas me rappeler",
        "ne plus me contacter",
        "keine weiteren Anrufe",
        "Keine weiteren Anrufe bitte",
        "no llamarme",
        "No llamarme m\u{e1}s, por favor",
        "I don't want to be called",
        "I do not want to be contacted.",
        "no volver a llamar",
    ] {
        assert_eq!(wish_in_note(note), ContactWish::DoNot, "{note}");
    }
    assert_eq!(wish_in_words("description", "do not call"), ContactWish::DoNot);
    assert_eq!(wish_in_words("description", "a house with a garden"), ContactWish::NotSaid);
    assert_eq!(wish_in_words("message", "near the bus, stop, or the school"), ContactWish::NotSaid);
    assert_eq!(wish_in_words("extra.comment", "Please do not call me"), ContactWish::DoNot);
    assert_eq!(wish_in_note("veuillez m'appeler"), ContactWish::NotSaid);
}
