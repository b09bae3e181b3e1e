//! Contact data that is put right at the desk: what is not named stays, what somebody else changed since is not written over, and what it
//! was is kept in the audit.

use ripen_actions::{
    Refusal, lead_page,
    person_correct::{CorrectPerson, shown_fields},
    person_number::JudgeNumber,
    person_pair::PersonRef,
};
use ripen_domain::{id::LeadId, person::Profile};

use crate::harness::{Office, fields, office, operator};

#[tokio::test]
async fn contact_data_is_put_right_and_what_it_was_is_kept() {
    let office = office().await;
    let lead = office.worked(&office.client("Acme").await).await;
    let right = CorrectPerson {
        lead: Some(lead),
        first_name: Some("Cassandra".to_owned()),
        email: Some("Cassandra@Example.com".to_owned()),
        phone: Some("(415) 555-0133 x12".to_owned()),
        country: Some("us".to_owned()),
        time_zone: Some("America/New_York".to_owned()),
        locale: Some("es".to_owned()),
        ..CorrectPerson::default()
    };
    let wrong = CorrectPerson {
        email: Some("no address".to_owned()),
        phone: Some("12".to_owned()),
        country: Some("USA".to_owned()),
        time_zone: Some("Mars/Base".to_owned()),
        locale: Some("?".to_owned()),
        first_name: Some("a\nb".to_owned()),
        ..right.clone()
    };
    let named = fields(office.actions.run(&operator(), &wrong).await);
    for field in ["email", "phone", "country", "time_zone", "locale", "first_name"] {
        assert!(named.contains(&field.to_owned()), "{field}: {named:?}");
    }
    let nobody = CorrectPerson { email: Some(String::new()), phone: Some(String::new()), ..right.clone() };
    assert_eq!(fields(office.actions.run(&operator(), &nobody).await), ["phone"]);

    let done = office.done(&right).await;
    assert!(!done.was_so && done.leads == 1);
    let page = lead_page::show(&office.actions, &operator(), lead).await.unwrap();
    let profile = &page.lead.profile;
    assert_eq!(profile.email.as_deref(), Some("cassandra@example.com"));
    assert_eq!((profile.phone.as_deref(), profile.phone_extension.as_deref()), (Some("+14155550133"), Some("12")));
    let reached: Vec<_> = page.ways.iter().map(|way| way.value.as_str()).collect();
    assert_eq!(
        reached,
        ["+14155550133;ext=12", "casey@example.com", "cassandra@example.com"],
        "the former leads to them too"
    );
    let entry = office.changes().await.remove(0);
    assert_eq!(entry.action, "person.correct");
    assert_eq!(entry.before.unwrap()["email"], "casey@example.com");
    assert_eq!(entry.after.unwrap()["email"], "cassandra@example.com");
    // The same once more is nothing that anybody did.
    assert!(office.done(&right).await.was_so);
    assert_eq!(office.audited().await, ["person.correct"]);
}

#[tokio::test]
async fn what_a_program_does_not_name_stays_and_what_it_empties_goes() {
    let office = office().await;
    let lead = office.worked(&office.client("Acme").await).await;
    let all = CorrectPerson {
        lead: Some(lead),
        last_name: Some("Smith".to_owned()),
        postal_code: Some("96815".to_owned()),
        country: Some("US".to_owned()),
        time_zone: Some("Pacific/Honolulu".to_owned()),
        locale: Some("es".to_owned()),
        ..CorrectPerson::default()
    };
    office.done(&all).await;
    let profile = async || lead_page::show(&office.actions, &operator(), lead).await.unwrap().lead.profile;
    let before = profile().await;
    assert!(before.email.is_some() && before.last_name.is_some(), "{before:?}");

    let number =
        CorrectPerson { lead: Some(lead), phone: Some("+1 808 555 7003".to_owned()), ..CorrectPerson::default() };
    office.done(&number).await;
    let after = profile().await;
    assert_eq!(after.phone.as_deref(), Some("+18085557003"));
    assert_eq!(Profile { phone: before.phone.clone(), ..after.clone() }, before, "all else stays");

    let emptied = CorrectPerson { lead: Some(lead), postal_code: Some(String::new()), ..CorrectPerson::default() };
    office.done(&emptied).await;
    assert_eq!(profile().await, Profile { postal_code: None, ..after.clone() });
    // Nothing that is named is nothing that anybody did.
    let nothing = CorrectPerson { lead: Some(lead), ..CorrectPerson::default() };
    assert!(office.done(&nothing).await.was_so);
    // What is left alone still counts: the last way to reach them is not taken away with one field either.
    let unreachable = CorrectPerson { lead: Some(lead), email: Some(String::new()), ..CorrectPerson::default() };
    office.done(&unreachable).await;
    let neither = CorrectPerson { lead: Some(lead), phone: Some(String::new()), ..CorrectPerson::default() };
    assert_eq!(fields(office.actions.run(&operator(), &neither).await), ["phone"]);
}

/// The form as it is opened now.
async fn opened_form(office: &Office, lead: LeadId) -> CorrectPerson {
    let profile = lead_page::show(&office.actions, &operator(), lead).await.unwrap().lead.profile;
    let [first_name, last_name, name, email, phone, postal_code, country, time_zone, locale] =
        shown_fields(&profile).map(|field| Some(field.text));
    let seen = shown_fields(&profile).into_iter().map(|field| (field.name.to_owned(), field.text)).collect();
    CorrectPerson {
        lead: Some(lead),
        first_name,
        last_name,
        name,
        email,
        phone,
        postal_code,
        country,
        time_zone,
        locale,
        seen,
    }
}

#[tokio::test]
async fn a_form_that_stood_open_writes_what_was_typed_and_nothing_over_what_came_since() {
    let office = office().await;
    let lead = office.worked(&office.client("Acme").await).await;
    let phone = |phone: &str, form: CorrectPerson| CorrectPerson { phone: Some(phone.to_owned()), ..form };
    office.done(&phone("+1 415 555 0133", opened_form(&office, lead).await)).await;

    // The name is put right in a form that still has the number of before, which a call found to be somebody else's meanwhile.
    let named = CorrectPerson { last_name: Some("Smith".to_owned()), ..opened_form(&office, lead).await };
    let (phone_of_before, why) = ("+14155550133".to_owned(), "a bakery".to_owned());
    office.done(&JudgeNumber { person: PersonRef::OfLead(lead), phone: phone_of_before, is_right: false, why }).await;
    office.done(&phone("+1 415 555 0144", opened_form(&office, lead).await)).await;
    office.done(&named).await;
    let known = lead_page::show(&office.actions, &operator(), lead).await.unwrap();
    let profile = &known.lead.profile;
    assert_eq!((profile.last_name.as_deref(), profile.phone.as_deref()), (Some("Smith"), Some("+14155550144")));
    let void: Vec<_> = known.void_numbers.iter().map(|number| number.phone.as_str()).collect();
    assert_eq!(void, ["+14155550133"], "that it stood in a form is nobody's word");

    // Two changed the same: the second is told at the field, and neither number nor name is written.
    let form = opened_form(&office, lead).await;
    office.done(&phone("+1 415 555 0155", form.clone())).await;
    let late = CorrectPerson { last_name: Some("Jones".to_owned()), ..phone("+1 415 555 0166", form.clone()) };
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &late).await else { panic!("written over") };
    assert_eq!(
        errors.iter().map(|error| (error.field.as_str(), error.code)).collect::<Vec<_>>(),
        [("phone", "changed")]
    );
    assert!(!errors[0].message.contains("555"), "no contact data in a refusal");
    assert_eq!(opened_form(&office, lead).await.last_name.as_deref(), Some("Smith"));
    // Who typed what stands there by now changes nothing of it.
    office.done(&phone("+14155550155", CorrectPerson { first_name: Some("Cass".to_owned()), ..form })).await;
    assert_eq!(opened_form(&office, lead).await.first_name.as_deref(), Some("Cass"));
    // Sent once more with what stands there, it is meant.
    let seen = opened_form(&office, lead).await.seen;
    office.done(&CorrectPerson { seen, ..late }).await;
    assert_eq!(opened_form(&office, lead).await.phone.as_deref(), Some("+14155550166"));
}
