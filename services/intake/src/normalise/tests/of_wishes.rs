//! Whom not to contact, and what stands beside a number.

use super::*;

#[rstest]
#[case(json!({"do_not_contact": true}), "do_not_contact", "true")]
#[case(json!({"opt_out": "yes"}), "do_not_contact", "yes")]
#[case(json!({"unsubscribed": "2026-03-01"}), "do_not_contact", "2026-03-01")]
#[case(json!({"DNC": "Y"}), "do_not_contact", "Y")]
#[case(json!({"Do Not Call": "Yes"}), "do_not_contact", "Yes")]
#[case(json!({"do_not_contact": ["0", "1"]}), "do_not_contact", "[\"0\",\"1\"]")]
#[case(json!({"status": "DNC"}), "status", "DNC")]
#[case(json!({"tags": ["hot", "unsubscribed"]}), "tags", "[\"hot\",\"unsubscribed\"]")]
#[case(json!({"notes": "Do not call"}), "notes", "Do not call")]
#[case(json!({"notes": "please do not call"}), "notes", "please do not call")]
#[case(json!({"notes": "STOP"}), "notes", "STOP")]
#[case(json!({"notes": "keine Anrufe"}), "notes", "keine Anrufe")]
#[case(json!({"opposition": "oui"}), "do_not_contact", "oui")]
#[case(json!({"answers": {"opt_out": true}}), "opt_out", "true")]
#[case(json!({"phone_opt_out": true}), "phone_opt_out", "true")]
#[case(json!({"Phone Opt Out": "yes"}), "Phone Opt Out", "yes")]
#[case(json!({"opt_out_of_calls": "yes"}), "opt_out_of_calls", "yes")]
#[case(json!({"Do Not Call (Phone)": "1"}), "Do Not Call (Phone)", "1")]
#[case(json!({"DNC__c": true}), "DNC__c", "true")]
#[case(json!({"DoNotContact__c": true}), "DoNotContact__c", "true")]
#[case(json!({"answers": {"call_opt_out": true}}), "call_opt_out", "true")]
#[case(json!({"do_not_contact": {"value": true}}), "do_not_contact", "{\"value\":true}")]
#[case(json!({"do_not_contact": {"phone": true}}), "do_not_contact", "{\"phone\":true}")]
#[case(json!({"do_not_contact": [["yes"]]}), "do_not_contact", "[[\"yes\"]]")]
#[case(json!({"opt_out": {"phone": true}}), "opt_out", "{\"phone\":true}")]
#[case(json!({"extra": {"do_not_contact": true}}), "extra.do_not_contact", "true")]
#[case(json!({"custom_fields": {"DNC": "yes"}}), "custom_fields.DNC", "yes")]
fn who_must_not_be_contacted_is_flagged(#[case] lead: Value, #[case] field: &str, #[case] said: &str) {
    let mut lead = lead;
    lead["email"] = json!("casey@example.com");
    let lead = usable(lead);
    assert!(lead.do_not_contact);
    assert_eq!(lead.flags, [Flag::new(field, FlagCode::DoNotContact).saying(said)]);
}

#[test]
fn words_beside_a_number_are_kept_and_shown_and_the_number_is_used() {
    let lead = usable(json!({"phone": "415-555-0155 (ask for Bob)"}));
    assert_eq!(lead.phone.as_ref().map(|phone| phone.as_str()), Some("+14155550155"));
    assert_eq!(lead.flags, [Flag::new("phone", FlagCode::PhoneRemark).saying("ask for Bob")]);
    assert_eq!(Value::Object(lead.extra), json!({"phone_remark": "ask for Bob"}));
    let lead = usable(json!({"phone": "030 2345680 (Büro), 0151 23456780 (mobil)", "country": "DE"}));
    assert_eq!(lead.phone.as_ref().map(|phone| phone.as_str()), Some("+49302345680"));
    let second = Flag::new("phone", FlagCode::SecondPhone).saying("+4915123456780");
    assert!(lead.flags.contains(&second), "{:?}", lead.flags);
}

#[test]
fn a_wish_beside_a_number_or_in_place_of_one_is_heard() {
    for (phone, country) in [
        ("415-555-0155 (do not call)", "US"),
        ("DO NOT CALL 415-555-0155", "US"),
        ("415-555-0155, do not call", "US"),
        ("030 2345680 - bitte nicht anrufen", "DE"),
        ("DNC 2125553336", "US"),
        ("STOP 2125553343", "US"),
        ("DO NOT CALL - 2125553341", "US"),
        ("Do not call 2125553336. We sold.", "US"),
    ] {
        let lead = usable(json!({"phone": phone, "country": country}));
        assert!(lead.do_not_contact && lead.phone.is_some(), "{phone}: what is not known cannot be suppressed");
        assert!(lead.flags.iter().any(|flag| flag.code == FlagCode::DoNotContact), "{phone}: {:?}", lead.flags);
    }
    assert!(usable(json!({"phone": "do not call", "email": "ella@x.com"})).do_not_contact);
    let lead = usable(json!({"phone": "2125553336, DNC 2125553337"}));
    let beside: Vec<_> = lead.identities_beside().iter().map(|one| one.value().to_owned()).collect();
    assert!(lead.do_not_contact && beside == ["+12125553337"], "{beside:?}: {:?}", lead.flags);
    let lead = usable(json!({"phone": "415-555-0155 (do not call before 6)", "country": "US"}));
    assert!(!lead.do_not_contact && lead.flags.iter().any(|flag| flag.code == FlagCode::WishUnclear));
    let lead = usable(json!({"phone": ["415-555-0155", "628-555-0123 (do not call)"], "country": "US"}));
    assert!(!lead.do_not_contact && lead.flags.iter().any(|flag| flag.code == FlagCode::WishUnclear));
}

#[test]
fn the_fields_of_one_outer_name_are_read() {
    let lead = usable(json!({"form_fields[name]": "Ella Low", "form_fields[email]": "ella@x.com",
        "form_fields[phone]": "415-555-0155", "form_fields[budget]": "450000", "post_id": "7"}));
    assert_eq!((lead.name.as_deref(), lead.phone.is_some()), (Some("Ella Low"), true));
    assert_eq!(lead.email.as_ref().map(|email| email.as_str()), Some("ella@x.com"));
    assert_eq!(Value::Object(lead.extra), json!({"budget": "450000", "post_id": "7"}));
}

#[test]
fn the_answers_of_one_outer_name_are_read() {
    let answers = json!({"budget": "450k", "soon": "yes"});
    for posted in [
        json!({"data": {"email": "ella@x.com", "answers": answers, "consent": {"text": "Yes."}, "tracking": {"utm_source": "ad"}}}),
        json!({"form_fields[email]": "ella@x.com", "form_fields[answers][budget]": "450k", "form_fields[answers.soon]": "yes",
               "form_fields[consent][text]": "Yes.", "form_fields[utm_source]": "ad"}),
    ] {
        let lead = usable(posted);
        assert_eq!(Value::Object(lead.answers), answers);
        assert_eq!(lead.consent.and_then(|consent| consent.text).as_deref(), Some("Yes."));
        assert_eq!(Value::Object(lead.tracking), json!({"utm_source": "ad"}));
        assert!(lead.extra.is_empty() && lead.flags.is_empty());
    }
}

#[test]
fn what_is_no_wish_not_to_be_contacted_is_none() {
    for lead in [
        json!({"do_not_contact": false}),
        json!({"opt_out": "no", "dnc": "", "unsubscribed": null}),
        json!({"status": "no contact", "notes": "They did not call back"}),
        json!({"email_opt_in": "no", "marketing": "no", "phone_consent": ["0", "1"]}),
    ] {
        let mut lead = lead;
        lead["email"] = json!("casey@example.com");
        let lead = usable(lead);
        assert!(!lead.do_not_contact && lead.flags.is_empty(), "{:?}", lead.flags);
    }
    let lead =
        usable(json!({"email": "casey@example.com", "notes": "Do not call before six, please", "call_allowed": "no"}));
    assert!(!lead.do_not_contact);
    let flags: Vec<_> = lead.flags.iter().map(Flag::in_words).collect();
    let expected = [
        "call_allowed: unknown field (no), did you mean do_not_contact?",
        "notes: wish unclear (Do not call before six, please)",
    ];
    assert_eq!(flags, expected);
    // Of less, or where it may be somebody else's: shown, and never passed over.
    for (name, value, field) in [
        ("opt_in", json!("no"), "opt_in"),
        ("tcpa_consent", json!(false), "tcpa_consent"),
        ("Einwilligung Telefon", json!("Nein"), "Einwilligung Telefon"),
        ("Unsubscribed Time", json!("2026-03-01 10:00"), "Unsubscribed Time"),
        ("do_not_email", json!(true), "do_not_email"),
        ("email_opt_out", json!(true), "email_opt_out"),
        ("do_not_contact_before", json!("2026-12-24"), "do_not_contact_before"),
        ("opt_out", json!({"email": true}), "opt_out"),
        ("agent", json!({"do_not_contact": true}), "agent.do_not_contact"),
        ("tracking", json!({"dnc": "1"}), "tracking.dnc"),
    ] {
        let lead = usable(json!({"email": "casey@example.com", name: value}));
        assert!(!lead.do_not_contact, "{name}");
        let flags: Vec<_> = lead.flags.iter().map(|flag| (flag.field.as_str(), flag.meant.as_deref())).collect();
        assert_eq!(flags, [(field, Some("do_not_contact"))], "{name}");
    }
    for lead in [json!({"call_opt_in": "yes"}), json!({"DoNotContact__c": false}), json!({"dnc_checked": true})] {
        let mut lead = lead;
        lead["email"] = json!("casey@example.com");
        assert!(usable(lead.clone()).flags.is_empty(), "{lead}");
    }
    let lead = usable(json!({"phone": "415-555-0155", "mobile": "628-555-0123 (do not call)"}));
    assert!(!lead.do_not_contact);
    assert!(lead.flags.iter().any(|flag| flag.field == "mobile" && flag.code == FlagCode::WishUnclear));
    // Looked at by whoever calls.
    let lead = usable(json!({"email": "casey@example.com", "newsletter_opt_out": "yes", "dnc_status": "clean"}));
    let flags: Vec<_> = lead.flags.iter().map(Flag::in_words).collect();
    let expected = [
        "do_not_contact: field unusable (clean)",
        "newsletter_opt_out: unknown field (yes), did you mean do_not_contact?",
    ];
    assert!(!lead.do_not_contact);
    assert_eq!(flags, expected);
}

#[test]
fn a_wish_in_a_list_of_notes_is_heard_note_by_note() {
    let read = |notes: &Value| {
        let lead = usable(json!({"email": "casey@example.com", "notes": notes}));
        let codes = lead.flags.iter().filter(|flag| flag.field == "notes").map(|flag| flag.code);
        (lead.do_not_contact, codes.filter(|code| *code != FlagCode::FieldUnusable).collect::<Vec<_>>())
    };
    for notes in [
        json!(["Has a garden", "please do not call me"]),
        json!(["please do not call me", "Has a garden"]),
        json!(["Has a garden", "Two rooms", "We sold the house. Please do not contact us."]),
        json!(["please do not call me"]),
        json!(["Has a garden", "STOP"]),
        json!([["DNC"]]),
        json!([{"body": "do not call"}]),
    ] {
        assert_eq!(read(&notes), (true, vec![FlagCode::DoNotContact]), "{notes}");
    }
    let unclear = json!(["Has a garden", "please do not call before six"]);
    assert_eq!(read(&unclear), (false, vec![FlagCode::WishUnclear]));
    assert_eq!(read(&json!(["Has a garden", "They did not call back"])), (false, vec![]));
    // Each as strictly as the first, which a mark between two words does not cut in two.
    for notes in [json!(["Has a garden", "Text me, don't call"]), json!([{"body": "Text me; do not call"}])] {
        assert_eq!(read(&notes), (false, vec![FlagCode::WishUnclear]), "{notes}");
    }
}

#[test]
fn a_wish_among_what_is_said_of_consent_is_heard() {
    let read = |name: &str, value: &Value| usable(json!({"email": "casey@example.com", name: value}));
    for (name, value, field) in [
        ("consent", json!({"do_not_contact": true}), "consent.do_not_contact"),
        ("consent", json!({"text": "Yes.", "opt_out": "yes"}), "consent.opt_out"),
        ("consent", json!({"opt_out": {"phone": true}}), "consent.opt_out"),
        ("consent.do_not_call", json!("yes"), "consent.do_not_call"),
    ] {
        let lead = read(name, &value);
        assert!(lead.do_not_contact, "{name}: {value}");
        assert!(lead.flags.iter().any(|flag| flag.field == field && flag.code == FlagCode::DoNotContact), "{value}");
    }
    assert!(usable(json!({"data": {"phone": "415-555-0155", "consent": {"dnc": 1}}})).do_not_contact);
    for value in [
        json!({"given": false, "phone": false}),
        json!({"text": "Yes.", "given_at": "2026-11-20T10:00:00Z", "do_not_contact": false}),
        json!(false),
    ] {
        let lead = read("consent", &value);
        let is_of_wish = |flag: &Flag| flag.code == FlagCode::DoNotContact || flag.meant.is_some();
        assert!(!lead.do_not_contact && !lead.flags.iter().any(is_of_wish), "{value}: {:?}", lead.flags);
    }
    // Of less, or of nobody knows whom: shown, and bars nobody.
    for (name, value) in [
        ("consent", json!({"marketing_opt_out": true})),
        ("consent", json!({"channel": "sms", "opt_out": true})),
        ("consent", json!({"consent_type": "email", "opt_out": true})),
        ("consent", json!({"category": "newsletter", "unsubscribed": true})),
        ("consent", json!([{"opt_out": true}])),
        ("answers", json!([{"name": "do_not_contact", "value": true}])),
        ("tracking", json!({"do_not_contact": true})),
    ] {
        let lead = read(name, &value);
        let is_shown = lead.flags.iter().any(|flag| flag.meant.as_deref() == Some("do_not_contact"));
        assert!(!lead.do_not_contact && is_shown, "{name}: {value}: {:?}", lead.flags);
    }
}
