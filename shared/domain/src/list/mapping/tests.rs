//! Which column fills which field.

use serde_json::json;

use super::*;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn rules(map: &[(&str, &[&str])], set: &[(&str, &str)], replace: &[(&str, &str, &str)]) -> MappingRules {
    MappingRules {
        map: map.iter().map(|(f, c)| FieldColumns { field: (*f).to_owned(), columns: texts(c) }).collect(),
        set: set.iter().map(|(f, t)| FieldTemplate { field: (*f).to_owned(), template: (*t).to_owned() }).collect(),
        replace: replace
            .iter()
            .map(|(f, o, n)| FieldReplacement { field: (*f).to_owned(), old: (*o).to_owned(), new: (*n).to_owned() })
            .collect(),
    }
}

fn lead(header: &[&str], rules: &MappingRules, row: &[&str]) -> Value {
    let mut lead = Mapping::new(&texts(header), rules).unwrap().lead(&texts(row), 7);
    if lead["external_id"].as_str().unwrap().starts_with("row:") {
        lead.remove("external_id");
    }
    Value::Object(lead)
}

#[test]
fn columns_fill_fields_by_name_by_rule_and_by_template() {
    let rules = rules(
        &[("submitted_at", &["Lead_Date"]), ("channel", &["marketing_channel"]), ("tracking.cost", &["Cost"])],
        &[("email", "{Lead_ID}@example.com"), ("external_id", "list-{#}")],
        &[("channel", "INSTAGRAM", "social")],
    );
    let header = ["Lead_ID", "Lead_Date", "Marketing_Channel", "Cost", "First Name", "Odd", ""];
    assert_eq!(
        lead(&header, &rules, &["L1", "2026-02-27", "Instagram", "166.48", "Casey", "", "x"]),
        json!({"Lead_ID": "L1", "submitted_at": "2026-02-27", "channel": "social", "tracking": {"cost": "166.48"},
               "first_name": "Casey", "email": "L1@example.com", "external_id": "list-7", "column 7": "x"})
    );
}

#[test]
fn a_cell_that_only_looks_empty_is_sent_where_somebody_is_reached_by_it() {
    let header = ["Email", "Phone", "First Name"];
    let none = MappingRules::default();
    assert_eq!(lead(&header, &none, &["", "\u{200b}", "\u{feff}"]), json!({"phone": "\u{200b}"}));
    assert_eq!(lead(&header, &none, &["a@x.y", " \u{a0}", ""]), json!({"email": "a@x.y"}));
}

#[test]
fn of_several_columns_for_a_field_the_first_filled_counts_and_the_others_are_kept() {
    let header = ["Email", "Phone", "E-Mail", "Phone", "email"];
    let none = MappingRules::default();
    assert_eq!(lead(&header, &none, &["a@x.y", "1", "", "", ""]), json!({"email": "a@x.y", "phone": "1"}));
    assert_eq!(lead(&header, &none, &["", "", "b@x.y", "2", ""]), json!({"email": "b@x.y", "phone": "2"}));
    assert_eq!(
        lead(&header, &none, &["a@x.y", "1", "b@x.y", "2", "c@x.y"]),
        json!({"email": ["a@x.y", "b@x.y", "c@x.y"], "phone": ["1", "2"], "E-Mail": "b@x.y", "Phone 2": "2", "email 2": "c@x.y"})
    );
    assert_eq!(lead(&header, &none, &["a@x.y", "1", "a@x.y", "1", ""]), json!({"email": "a@x.y", "phone": "1"}));
    let by_rule = rules(&[("phone", &["Mobile", "Home"])], &[], &[("phone", "n/a", "")]);
    assert_eq!(lead(&["Home", "Mobile"], &by_rule, &["1", "2"]), json!({"phone": ["2", "1"], "Home": "1"}));
    assert_eq!(lead(&["Home", "Mobile"], &by_rule, &["1", "N/A"]), json!({"phone": "1"}));
}

#[test]
fn of_several_columns_the_first_by_which_somebody_is_reached_counts_and_the_others_are_kept() {
    let header = texts(&["Mobile", "Home", "Country", "Mail", "Mail 2"]);
    let map = rules(&[("phone", &["Mobile", "Home"]), ("email", &["Mail", "Mail 2"])], &[], &[]);
    let mapping = Mapping::new(&header, &map).unwrap().of_country("US");
    let row = texts(&["0312 555", "(415) 555-0100", "", "casey at example.com", "casey@example.com"]);
    let lead = Value::Object(mapping.lead(&row, 1));
    // The one that counts first; the intake says what it makes of the other.
    assert_eq!((&lead["phone"], &lead["Mobile"]), (&json!(["(415) 555-0100", "0312 555"]), &json!("0312 555")));
    let mails = json!(["casey@example.com", "casey at example.com"]);
    assert_eq!((&lead["email"], &lead["Mail"]), (&mails, &json!("casey at example.com")));
    let passed: Vec<_> = mapping.passed_over(&row).into_iter().map(|one| (one.column, one.said)).collect();
    let expected = [("Mobile", "0312 555"), ("Mail", "casey at example.com")];
    assert_eq!(passed, expected.map(|(column, said)| (column.to_owned(), said.to_owned())));
    // By the country that the row names.
    let row = texts(&["020 7031 3000", "(415) 555-0100", "UK", "a@example.com", "b@example.com"]);
    let lead = Value::Object(mapping.lead(&row, 1));
    assert_eq!(lead["phone"], json!(["020 7031 3000", "(415) 555-0100"]));
    assert!(mapping.passed_over(&row).is_empty());
    // Where none can be used, the first says what is wrong.
    let row = texts(&["12", "13", "", "a@example.com", ""]);
    assert_eq!(mapping.lead(&row, 1)["phone"], json!(["12", "13"]));
}

#[test]
fn a_dialling_code_in_a_column_for_the_code_of_a_country_stays_beside_the_number() {
    let none = MappingRules::default();
    let header = ["country_code", "phone"];
    assert_eq!(lead(&header, &none, &["49", "030 23"]), json!({"country_code": "49", "phone": "030 23"}));
    assert_eq!(lead(&header, &none, &["DE", "030 23"]), json!({"country": "DE", "phone": "030 23"}));
    assert_eq!(lead(&header, &none, &["XX", "030 23"]), json!({"country": "XX", "phone": "030 23"}));
    let both = ["Country Code", "Country", "phone"];
    let expected = json!({"Country Code": "+49", "country": "Germany", "phone": "030 23"});
    assert_eq!(lead(&both, &none, &["+49", "Germany", "030 23"]), expected);
    assert_eq!(lead(&["country"], &none, &["49"]), json!({"country": "49"}), "an id of somebody's, perhaps");
}

#[test]
fn of_several_numbers_the_one_that_the_code_beside_it_fits_counts() {
    let header = texts(&["Mobile", "Home Phone", "dial code"]);
    let mapping = Mapping::new(&header, &MappingRules::default()).unwrap().of_country("US");
    let numbers = json!(["030 23484205", "12"]);
    assert_eq!(mapping.lead(&texts(&["12", "030 23484205", "49"]), 1)["phone"], numbers);
    assert_eq!(mapping.lead(&texts(&["12", "030 23484205", ""]), 1)["phone"], json!(["12", "030 23484205"]));
}

#[test]
fn a_column_whose_field_a_rule_fills_is_kept_under_its_name() {
    let rules = rules(&[], &[("email", "{Id}@example.com")], &[]);
    assert_eq!(
        lead(&["Id", "email", "Email"], &rules, &["1", "a@x.y", "b@x.y"]),
        json!({"Id": "1", "email": "1@example.com", "email 2": "a@x.y", "Email": "b@x.y"})
    );
}

#[test]
fn a_value_may_become_nothing_and_nothing_a_value() {
    let rules = rules(&[], &[], &[("notes", "none", ""), ("channel", "", "phone")]);
    assert_eq!(lead(&["notes", "channel"], &rules, &["None", ""]), json!({"channel": "phone"}));
}

#[test]
fn the_same_row_has_the_same_id_and_cells_do_not_run_together() {
    let id = |header: &[&str], row: &[&str], number| {
        Mapping::new(&texts(header), &MappingRules::default()).unwrap().lead(&texts(row), number)["external_id"].clone()
    };
    assert_eq!(id(&["a", "b"], &["x", "y"], 1), id(&["a", "b"], &["x", "y"], 2));
    assert_ne!(id(&["a", "b"], &["xy", ""], 1), id(&["a", "b"], &["x", "y"], 1));
    let refused = ["refused_line", "refused_row", "refused_because", "a", "b"];
    assert_eq!(id(&refused, &["4", "3", "no address", "x", "y"], 1), id(&["a", "b"], &["x", "y"], 1));
}

#[test]
fn a_word_for_nothing_is_no_id_and_gives_way_to_another_column() {
    let made = |rules: &MappingRules, header: &[&str], row: &[&str]| {
        let id = Mapping::new(&texts(header), rules).unwrap().lead(&texts(row), 7)["external_id"].clone();
        id.as_str().unwrap().to_owned()
    };
    let (none, ids) = (MappingRules::default(), rules(&[("external_id", &["Id", "Old"])], &[], &[]));
    for nothing in ["N/A", "-", "none", "NULL", ""] {
        let row = [nothing, "a@x.y"];
        assert!(made(&none, &["external_id", "email"], &row).starts_with("row:"), "{nothing}");
        assert_ne!(
            made(&none, &["external_id", "email"], &row),
            made(&none, &["external_id", "email"], &[nothing, "b@x.y"])
        );
        let set = rules(&[], &[("external_id", "l7-{Id}")], &[]);
        assert!(made(&set, &["Id", "email"], &row).starts_with("row:"), "{nothing}");
        assert_eq!(made(&ids, &["Id", "Old"], &[nothing, "4"]), "4", "{nothing}");
        assert!(made(&ids, &["Id", "Old"], &["n/a", nothing]).starts_with("row:"), "{nothing}");
    }
    assert_eq!(made(&none, &["external_id", "email"], &["0", "a@x.y"]), "0");
    let phones = rules(&[("phone", &["Mobile", "Home"])], &[], &[]);
    assert_eq!(lead(&["Mobile", "Home"], &phones, &["N/A", "1"]), json!({"phone": "1"}));
    assert_eq!(lead(&["Mobile", "Home"], &phones, &["", "none"]), json!({"phone": "none"}));
}

#[test]
fn a_mended_row_keeps_its_number() {
    let rules = rules(&[], &[("external_id", "l7-{#}")], &[]);
    for header in [REFUSED_COLUMNS, FLAGGED_COLUMNS].map(|ours| [&ours[..], &["name"]].concat()) {
        assert_eq!(lead(&header, &rules, &["9", "4", "…", "Casey"]), json!({"name": "Casey", "external_id": "l7-4"}));
    }
}

#[test]
fn mistakes_in_rules_name_what_is_there() {
    let header = texts(&["Mail", "Town, City"]);
    let error = |rules: &MappingRules| Mapping::new(&header, rules).unwrap_err().to_string();
    assert!(error(&rules(&[("email", &["E-mail"])], &[], &[])).contains("it has: Mail"));
    assert!(error(&rules(&[("emial", &["Mail"])], &[], &[])).contains("no field \"emial\", did you mean 'email'?"));
    assert!(error(&rules(&[], &[("email", "{Mail")], &[])).contains("not closed"));
    assert!(error(&rules(&[], &[], &[("chanel", "a", "b")])).contains("'channel'"));
    assert_eq!(named_columns(&header, "Town, City").unwrap(), ["Town, City"]);
    assert_eq!(named_columns(&header, "mail, Town, City").unwrap_err().to_string().matches("\"Town\"").count(), 1);
}

#[test]
fn answers_are_compared_with_the_script() {
    let header = texts(&["answers.citty", "answers.city", "Budget", "answers.zzzzzzz"]);
    let mapping = Mapping::new(&header, &MappingRules::default()).unwrap();
    let questions = texts(&["city", "budget"]);
    let unknown = mapping.unknown_answers(&questions);
    assert!(unknown[0].contains("answers.citty") && unknown[0].contains("did you mean 'answers.city'?"), "{unknown:?}");
    assert!(unknown[1].contains("it asks: city, budget"));
    assert_eq!(mapping.likely_answers(&questions)[0].field, "answers.budget");
}

#[test]
fn a_column_is_likely_an_answer_where_its_name_begins_a_questions_or_shares_a_telling_word() {
    let header = texts(&["Timeframe", "Monthly Budget", "Call", "Kind"]);
    let mapping = Mapping::new(&header, &MappingRules::default()).unwrap();
    let questions = texts(&["timeframe_days", "budget", "preapproved", "call_again_on"]);
    let likely: Vec<_> = mapping.likely_answers(&questions).into_iter().map(|one| one.field).collect();
    assert_eq!(likely, ["answers.timeframe_days", "answers.budget", "answers.call_again_on"]);
    assert_eq!(mapping.unanswered(&questions), ["timeframe_days", "budget", "preapproved", "call_again_on"]);
}

#[test]
fn a_column_that_is_called_as_a_question_answers_it() {
    let mapping = Mapping::new(&texts(&["budget", "Rooms"]), &MappingRules::default()).unwrap();
    let questions = texts(&["budget", "rooms"]);
    assert_eq!(mapping.unanswered(&questions), ["rooms"]);
    assert_eq!(
        mapping.answered_by_name(&questions).iter().map(|one| one.field.as_str()).collect::<Vec<_>>(),
        ["answers.budget"]
    );
    assert_eq!(mapping.likely_answers(&questions)[0].field, "answers.rooms");
}

#[test]
fn several_columns_may_say_that_somebody_must_not_be_contacted() {
    let none = MappingRules::default();
    let header = ["Email", "Do Not Call", "Opt Out"];
    let said = lead(&header, &none, &["a@x.y", "No", "TRUE"]);
    assert_eq!((&said["do_not_contact"], &said["Do Not Call"]), (&json!("TRUE"), &json!("No")));
    assert_eq!(lead(&header, &none, &["a@x.y", "No", ""])["do_not_contact"], "No");
}

#[test]
fn several_columns_may_say_that_a_row_is_a_test() {
    let none = MappingRules::default();
    let said = lead(&["Email", "Is Test", "Test Lead"], &none, &["a@x.y", "false", "TRUE"]);
    assert_eq!((&said["test"], &said["Is Test"]), (&json!("TRUE"), &json!("false")));
}

#[test]
fn the_parts_of_a_name_have_columns_of_two_parts() {
    let header = ["Name (First)", "Name (Last)", "Name (Middle)", "Phone (Mobile)", "Address (ZIP / Postal Code)"];
    assert_eq!(
        lead(&header, &MappingRules::default(), &["Ann", "Low", "B.", "1", "60134"]),
        json!({"first_name": "Ann", "last_name": "Low", "Name (Middle)": "B.", "phone": "1", "postal_code": "60134"})
    );
}

#[test]
fn what_was_guessed_can_be_written_down_as_rules() {
    let header = texts(&["Email Address", "Mobile", "Home phone", "Note to self"]);
    let rules = Mapping::new(&header, &MappingRules::default()).unwrap().rules();
    assert_eq!(rules.map[1].columns, ["Mobile", "Home phone"]);
    assert_eq!(Mapping::new(&header, &rules).unwrap().rules(), rules);
}
