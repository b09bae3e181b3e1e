//! Cases 01, 03, 05, 06, 07, 08, 10: phone numbers as the world writes them.

use serde_json::json;

use super::{Front, text, unquoted};

/// The phone numbers that a batch of leads came to.
async fn phones(front: &Front, body: &str) -> Vec<serde_json::Value> {
    let mut phones = Vec::new();
    for arrival in front.post(body).await {
        phones.push(front.submission(&arrival).await["phone"].clone());
    }
    phones
}

#[tokio::test(flavor = "multi_thread")]
async fn c01_03_a_number_with_a_plus_owes_nothing_to_the_source() {
    let front = Front::new().await;
    let body = r#"[
        {"external_id": "c01-de", "name": "Jonas Example", "email": "jonas@example.com", "phone": "+49 152 28817386"},
        {"external_id": "c01-cn", "name": "Li Example", "email": "li@example.com", "phone": "+86 138 0013 8000"},
        {"external_id": "c03-gb-us", "name": "Pat Example", "email": "pat@example.com", "phone": "+44 (0)20 7946 0958"},
        {"external_id": "c03-fr-us", "name": "Marie Exemple", "email": "marie@example.com", "phone": "+33 06 39 98 12 34"},
        {"external_id": "c03-fr-fr", "name": "Marie Exemple", "email": "marie@example.com", "phone": "+33 (0)6 39 98 12 34",
         "country": "FR"},
        {"external_id": "c03-ru-nat", "name": "Ivan Primer", "phone": "8 (800) 555-01-99", "country": "RU"},
        {"external_id": "c03-ru-int", "name": "Ivan Primer", "phone": "+7 800 555 01 99", "country": "RU"},
        {"external_id": "c03-by", "name": "Olga Primer", "phone": "+375 80 011 11 11", "country": "BY"}]"#;
    let stored = front.post(body).await;
    let mut read = Vec::new();
    for arrival in &stored {
        read.push(front.submission(arrival).await["phone"].clone());
    }
    assert_eq!(
        json!(read),
        json!([
            "+4915228817386",
            "+8613800138000",
            "+442079460958",
            "+33639981234",
            "+33639981234",
            "+78005550199",
            "+78005550199",
            "+375800111111"
        ])
    );
    for arrival in &stored[..2] {
        assert_eq!(arrival["flags"], json!(null), "{arrival}");
    }
    assert_eq!((&stored[3]["lead"], &stored[5]["lead"]), (&stored[4]["lead"], &stored[6]["lead"]), "one person each");
}

#[tokio::test(flavor = "multi_thread")]
async fn c05_three_people_behind_one_switchboard_are_three() {
    let front = Front::new().await;
    let stored = front
        .post(
            r#"[{"external_id": "c05-1", "first_name": "Alice", "last_name": "Example", "phone": "(415) 555-0100 x123",
                 "answers": {"timeframe_days": 20, "budget": 450000, "preapproved": true}},
                {"external_id": "c05-2", "first_name": "Bob", "last_name": "Example", "phone": "415-555-0100,,124#",
                 "answers": {"timeframe_days": 20, "budget": 450000, "preapproved": true}},
                {"external_id": "c05-3", "first_name": "Carol", "last_name": "Example", "phone": "+1-415-555-0100;ext=125",
                 "answers": {"timeframe_days": 20, "budget": 450000, "preapproved": true}},
                {"external_id": "c05-4", "phone": "415 555 0100 ext. 126"},
                {"external_id": "c05-5", "phone": "415 555 0100", "phone_extension": "127"}]"#,
        )
        .await;
    let leads: std::collections::BTreeSet<_> = stored.iter().map(|arrival| text(&arrival["lead"])).collect();
    assert_eq!(leads.len(), 5, "five persons");
    for (arrival, extension) in stored.iter().zip(["123", "124", "125", "126", "127"]) {
        let lead = front.lead(arrival).await;
        assert_eq!((&lead["phone"], &lead["phone_extension"]), (&json!("+14155550100"), &json!(extension)));
    }
    let by_phone = front.scenario.installation.json(&["lead", "list", "--phone", "+14155550100"]).await;
    assert_eq!(by_phone.as_array().unwrap().len(), 5, "the number finds everybody behind it");
    for (arrival, extension) in stored[..3].iter().zip(["123", "124", "125"]) {
        let told = front.payload(arrival).await;
        assert_eq!(
            (&told["lead"]["phone"], &told["lead"]["phone_extension"]),
            (&json!("+14155550100"), &json!(extension))
        );
    }
    let mail = front.scenario.mail("A lead: Bob").await;
    let said = unquoted(&mail);
    assert!(said.contains("Phone: +1 415-555-0100 ext. 124"), "{said}");
    assert!(said.contains("tel:+14155550100;ext=124"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c06_what_nobody_sees_makes_no_other_number() {
    let front = Front::new().await;
    let stored = front
        .post(
            "[{\"external_id\": \"c06-bidi\", \"name\": \"Ida Example\", \"phone\": \"\u{202d}+1 (415) 555\u{2011}0133\u{202c}\"},
              {\"external_id\": \"c06-lrm\", \"name\": \"Ida Example\", \"phone\": \"\u{200e}4155550133\"},
              {\"external_id\": \"c06-vs\", \"name\": \"Ida Example\", \"phone\": \"+1\u{fe0e}-415-555-0133\"},
              {\"external_id\": \"c06-wide\", \"name\": \"Ida Example\", \"phone\": \"４１５－５５５－０１３３\"},
              {\"external_id\": \"c06-arabic\", \"name\": \"Nour Example\", \"phone\": \"٠١٠٠٥٥٥٠١٩٩\", \"country\": \"EG\"}]",
        )
        .await;
    assert!(stored[1..4].iter().all(|arrival| arrival["lead"] == stored[0]["lead"]), "{stored:?}");
    assert_eq!(front.lead(&stored[0]).await["phone"], "+14155550133");
    assert_eq!(front.lead(&stored[4]).await["phone"], "+201005550199");
    let nothing = "{\"external_id\": \"c06-none\", \"name\": \"Ida Example\", \"phone\": \"\u{202d}\u{202c}\u{fe0e}\"}";
    let answer = front.post_as(Some("application/json"), nothing).await;
    assert_eq!(answer.status, 422);
    let errors = answer.body["errors"].as_array().unwrap();
    assert!(errors.iter().any(|error| error["pointer"] == "/phone"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c07_a_spreadsheets_floats_are_the_number_or_none() {
    let front = Front::new().await;
    let list = "external_id,name,email,phone,country\nc07-1,Uwe Beispiel,uwe@example.com,3023125001.0,DE\n\
        c07-2,Ute Beispiel,ute@example.com,4.93023E+11,DE\nc07-3,Udo Beispiel,udo@example.com,3.023125002E9,DE\n";
    let report = front.import("07-excel-floats-de.csv", list).await;
    assert_eq!((&report["received"], &report["refused"]), (&json!(3), &json!(0)), "{report}");
    let flag = &report["flags"][0];
    assert_eq!(
        (&flag["field"], &flag["flag"], &flag["first_lines"]),
        (&json!("phone"), &json!("phone_unusable"), &json!([3]))
    );
    front
        .post(r#"{"external_id":"c07-4","name":"Ulf Beispiel","email":"ulf@example.com","phone":3023125004.0,"country":"DE"}"#)
        .await;
    let sql = "select coalesce(submission->>'phone', '') from arrival order by external_id";
    let read: Vec<String> = sqlx::query_scalar(sql).fetch_all(front.scenario.installation.pool()).await.unwrap();
    assert_eq!(read, ["+493023125001", "", "+493023125002", "+493023125004"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c08_of_two_numbers_the_first_counts_and_the_second_is_shown() {
    let front = Front::new().await;
    let stored = front
        .post(
            r#"[{"external_id": "c08-us", "email": "kim@example.com", "phone": "415-555-0144 / 415-555-0145"},
                {"external_id": "c08-or", "email": "lou@example.com", "phone": "415 555 0146 or 415 555 0147"},
                {"external_id": "c08-de", "email": "maxb@example.com", "phone": "030/23125 005", "country": "DE"},
                {"external_id": "c08-be", "email": "noor@example.com", "phone": "02/555 01 99", "country": "BE"}]"#,
        )
        .await;
    for (arrival, phone) in stored.iter().zip(["+14155550144", "+14155550146", "+493023125005", "+3225550199"]) {
        assert_eq!(front.lead(arrival).await["phone"], phone);
    }
    let second = json!([{"field": "phone", "code": "second_phone", "said": "+14155550145"}]);
    assert_eq!((&stored[0]["flags"], &front.lead(&stored[0]).await["flags"]), (&second, &second));
    assert_eq!(front.submission(&stored[0]).await["extra"]["second_phone"], "+14155550145");
    assert!(stored[2]["flags"].is_null() && stored[3]["flags"].is_null(), "slashes that part nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_masked_and_made_up_numbers_are_nobodys() {
    let front = Front::new().await;
    let masked = front
        .post(
            r#"[{"external_id": "c10-1", "name": "Quin Example", "email": "quin@example.com", "phone": "1-(512) *** ****"},
                {"external_id": "c10-2", "email": "r1@example.com", "phone": "N/A"},
                {"external_id": "c10-5", "email": "s1@example.com", "phone": "1234567890"},
                {"external_id": "c10-6", "email": "s2@example.com", "phone": "1234567890"},
                {"external_id": "c10-7", "email": "s3@example.com", "phone": "+1 555 000 0000"},
                {"external_id": "c10-8", "email": "s4@example.com", "phone": "xxx"}]"#,
        )
        .await;
    for arrival in &masked {
        assert_eq!(
            (&arrival["flags"][0]["field"], &arrival["flags"][0]["code"]),
            (&json!("phone"), &json!("phone_unusable"))
        );
        assert_eq!(front.lead(arrival).await["phone"], json!(null));
    }
    assert_ne!(masked[2]["lead"], masked[3]["lead"]);
    let body =
        r#"[{"external_id": "c10-3", "phone": "0000000000"}, {"external_id": "c10-4", "phone": "000-000-0000"}]"#;
    let answer = front.post_as(Some("application/json"), body).await;
    assert_eq!((answer.status, &answer.body["refused"]), (202, &json!(2)), "{:?}", answer.body);
    assert!(phones(&front, r#"{"email": "kim@example.com", "phone": "p:+14155550144"}"#).await == ["+14155550144"]);
}

/// Somebody who was stored under a number as an earlier version read it is found by the number as it is.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_stored_under_a_number_that_was_read_wrongly_is_no_stranger() {
    let front = Front::new().await;
    let first = front.post(r#"{"name": "Jonas Example", "phone": "+49 52 28817386"}"#).await;
    sqlx::query("update person_identity set value = '+495228817386' where kind = 'phone'")
        .execute(front.scenario.installation.pool())
        .await
        .unwrap();
    sqlx::query("insert into identity (client_id, kind, value) select client_id, kind, value from person_identity on conflict do nothing")
        .execute(front.scenario.installation.pool())
        .await
        .unwrap();
    let again = front.post(r#"{"name": "Jonas Example", "phone": "+49 152 28817386"}"#).await;
    assert_eq!(first[0]["lead"], again[0]["lead"]);
    let stranger = front.post(r#"{"name": "Karla Other", "phone": "+49 152 28817386"}"#).await;
    assert_ne!(first[0]["lead"], stranger[0]["lead"]);
}
