//! What is read by where the person is: numbers, zones, and what stays as it is everywhere.

use super::*;

#[rstest]
#[case(json!({"phone": "020 7031 3000", "country": "UK"}), "+442070313000")]
#[case(json!({"phone": "(415) 555-0100"}), "+14155550100")]
#[case(json!({"phone": 4_155_550_100_i64}), "+14155550100")]
#[case(json!({"phone": "+49 30 123456"}), "+4930123456")]
#[case(json!({"phone": "347 555 0123", "country": "Italy"}), "+393475550123")]
#[case(json!({"phone": "81 8345 6789", "country": "México"}), "+528183456789")]
#[case(json!({"phone": "2079460958", "country": "United Kingdom"}), "+442079460958")]
#[case(json!({"phone": "2079460958", "phone_cc": 44}), "+442079460958")]
#[case(json!({"phone": "020 7946 0958", "country_code": "+44"}), "+442079460958")]
#[case(json!({"phone": "020 7946 0958", "country_code": "GB"}), "+442079460958")]
#[case(json!({"phone": "+49 30 123456", "dial_code": "+44"}), "+4930123456")]
#[case(json!({"phone": "4155550100", "phone_country_code": "1"}), "+14155550100")]
#[case(json!({"phone": "3023484910", "countryCode": "49"}), "+493023484910")]
#[case(json!({"phone": "3023484910", "Country Code": 49}), "+493023484910")]
#[case(json!({"phone": "3023484910", "phone country code": "+49"}), "+493023484910")]
#[case(json!({"phone": "3023484910", "phoneCountryCode": "0049"}), "+493023484910")]
#[case(json!({"phone": "3023484910", "dialCode": "49"}), "+493023484910")]
#[case(json!({"phone": "3023484910", "countryCallingCode": "Germany (+49)"}), "+493023484910")]
#[case(json!({"Mobile": "12", "Home Phone": "030 23484910", "Dial Code": "49"}), "+493023484910")]
#[case(json!({"phone": "3023484910", "countryCode": "1", "phoneCountryCode": "49"}), "+493023484910")]
#[case(json!({"phone": "3023484910", "countryCode": "de"}), "+493023484910")]
#[case(json!({"phone": "+39 347 555 0123", "country": "nowhere"}), "+393475550123")]
fn a_number_is_read_as_in_the_leads_country_else_the_sources(#[case] lead: Value, #[case] phone: &str) {
    assert_eq!(usable(lead).phone.unwrap().as_str(), phone);
}

#[test]
fn a_number_that_the_code_beside_it_does_not_fit_is_doubtful() {
    let lead = usable(json!({"phone": "415 555 0100", "countryCode": "44"}));
    assert_eq!(lead.phone.unwrap().as_str(), "+14155550100");
    assert_eq!(lead.flags, [Flag::new("phone", FlagCode::PhoneDoubtful).saying("+14155550100")]);
}

#[test]
fn of_a_country_that_nobody_knows_no_number_is_guessed_but_where_it_is_all_there_is() {
    let flags = |lead: &Submission| {
        let codes = lead.flags.iter().map(|flag| serde_json::to_value(flag.code).unwrap().as_str().unwrap().to_owned());
        codes.collect::<Vec<_>>().join(" ")
    };
    let beside = usable(json!({"phone": "347 555 0123", "email": "a@example.com", "country": "Atlantis"}));
    assert_eq!((beside.phone.is_none(), beside.country.as_deref()), (true, None));
    assert_eq!(flags(&beside), "country_unknown phone_unusable");
    let alone = usable(json!({"phone": "347 555 0123", "country": "Atlantis"}));
    assert_eq!(alone.phone.as_ref().unwrap().as_str(), "+13475550123");
    assert_eq!(flags(&alone), "country_unknown phone_doubtful");
    let dated = usable(json!({"email": "a@example.com", "country": "Atlantis", "submitted_at": "03/04/2026"}));
    assert!(
        flags(&dated).contains("submitted_at"),
        "a day of a country that nobody knows is not read as of here: {}",
        flags(&dated)
    );
}

#[test]
fn what_was_doubtful_about_reading_a_file_is_said_by_who_read_it_and_nothing_else() {
    let flags = json!([{"field": "name", "code": "encoding_guessed", "said": "Иван"}, {"field": "budget", "code": "no_stored_value"}]);
    let lead = usable(json!({"email": "a@example.com", "_flags": flags}));
    let words: Vec<_> = lead.flags.iter().map(Flag::in_words).collect();
    assert_eq!(words, ["budget: no stored value", "name: encoding guessed (Иван)"]);
    assert!(lead.extra.is_empty());
    for other in [json!([{"field": "phone", "code": "wrong_number"}]), json!("x"), json!([1])] {
        let lead = usable(json!({"email": "a@example.com", "_flags": other.clone()}));
        assert_eq!((lead.flags.len(), &lead.extra["_flags"]), (0, &other));
    }
}

#[rstest]
#[case("z:60134", "US", "60134")]
#[case("z:10115", "DE", "10115")]
#[case("'01067", "DE", "01067")]
#[case("01067.0", "DE", "01067")]
#[case("D-10115", "DE", "10115")]
#[case("z:28001", "ES", "28001")]
#[case("z:SW1A 1AA", "GB", "SW1A 1AA")]
#[case("z:m5v 2t6", "CA", "M5V 2T6")]
#[case("z:2000", "AU", "2000")]
#[case("D02 AF30", "IE", "D02 AF30")]
fn a_postal_code_is_read_without_what_programs_put_around_it(
    #[case] said: &str,
    #[case] country: &str,
    #[case] code: &str,
) {
    let lead = usable(json!({"email": "a@example.com", "country": country, "postal_code": said}));
    assert_eq!((lead.postal_code.as_deref(), lead.flags), (Some(code), vec![]));
    let beside = usable(json!({"email": "a@example.com", "country": country, "postal_code": "somewhere 1"}));
    assert_eq!(beside.postal_code.is_none(), country != "IE", "kept beside it: {:?}", beside.extra);
}

#[rstest]
#[case("EST", "US", "America/New_York", 1)]
#[case("mst", "CA", "America/Denver", 1)]
#[case("HST", "US", "Pacific/Honolulu", 1)]
#[case("EST", "PA", "EST", 0)]
#[case("America/New_York", "US", "America/New_York", 0)]
fn a_zone_of_three_letters_is_the_one_with_a_summer_in_north_america(
    #[case] said: &str,
    #[case] country: &str,
    #[case] zone: &str,
    #[case] flags: usize,
) {
    let lead = usable(json!({"email": "a@example.com", "country": country, "time_zone": said}));
    assert_eq!((lead.time_zone.as_deref(), lead.flags.len()), (Some(zone), flags));
    let meant = Flag::new("time_zone", FlagCode::TimeZoneUnknown).saying(said).meaning(zone);
    assert!(lead.flags.iter().all(|flag| *flag == meant), "{:?}", lead.flags);
}

#[rstest]
#[case(json!(["0", "1"]), true)]
#[case(json!(true), true)]
#[case(json!("on"), true)]
#[case(json!(1), true)]
#[case(json!("false"), false)]
#[case(json!(null), false)]
fn a_test_lead_says_so(#[case] test: Value, #[case] expected: bool) {
    assert_eq!(usable(json!({"email": "a@example.com", "test": test})).test, expected);
}

#[rstest]
#[case(json!({"Test": true}))]
#[case(json!({"TEST": true}))]
#[case(json!({"Test": "true"}))]
#[case(json!({"is_test": true}))]
#[case(json!({"isTest": true}))]
#[case(json!({"IsTest": 1}))]
#[case(json!({"test_lead": true}))]
#[case(json!({"testLead": "yes"}))]
#[case(json!({"test": false, "is_test": true}))]
#[case(json!({"is_test": false, "Test": true}))]
fn a_test_lead_says_so_under_any_name_for_it(#[case] lead: Value) {
    let mut lead = lead;
    lead["email"] = json!("a@example.com");
    assert!(usable(lead.clone()).test, "{lead}");
    assert!(usable(json!({"lead": lead})).test, "within one outer name: {lead}");
}

#[test]
fn what_is_said_to_be_no_test_is_none_under_any_name() {
    for said in [json!({"Test": false}), json!({"isTest": "no"}), json!({"test_lead": 0}), json!({"test_score": true})]
    {
        let mut lead = said;
        lead["email"] = json!("a@example.com");
        let read = usable(lead.clone());
        assert!(!read.test && read.flags.is_empty(), "{lead}: {:?}", read.flags);
    }
}

#[test]
fn the_tests_that_an_ad_platform_sends_are_tests() {
    let dummy = |field: &str| format!("<test lead: dummy data for {field}>");
    for lead in [
        json!({"full_name": dummy("full_name"), "email": "test@fb.com", "phone_number": dummy("phone_number")}),
        json!({"email": "Test@fb.com"}),
        json!({"email": "test@meta.com", "name": "Ann Low"}),
        json!({"email": "a@example.com", "when_do_you_move": dummy("when_do_you_move")}),
        json!({"email": "a@example.com", "answers": {"budget": " <Test lead: dummy data for budget>"}}),
        json!({"email": "a@example.com", "rows": [{"value": [dummy("city")]}]}),
    ] {
        assert!(usable(lead.clone()).test, "{lead}");
    }
    for lead in [
        json!({"email": "test@example.com", "name": "Test Lead"}),
        json!({"email": "a@example.com", "notes": "We saw <test lead: dummy data for city> once", "name": "<test"}),
        json!({"email": "latest@fb.com", "referred_by": "test@fb.com"}),
    ] {
        assert!(!usable(lead.clone()).test, "{lead}");
    }
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
