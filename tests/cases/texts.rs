//! Cases 14, 17, 18 and ids: how bodies, names and ids are read.

use serde_json::json;

use super::{Front, text};

#[tokio::test(flavor = "multi_thread")]
async fn names_of_all_scripts_arrive_as_they_were_typed() {
    let front = Front::new().await;
    let stored = front.post(r#"{"email": "zoe@example.com", "first_name": "Zoë", "last_name": "אבי"}"#).await;
    assert_eq!(front.lead(&stored[0]).await["name"], "Zoë אבי");
}

#[tokio::test(flavor = "multi_thread")]
async fn c14_a_plus_that_a_form_did_not_encode_is_a_plus() {
    let front = Front::new().await;
    for body in [
        "first_name=Robin&email=robin+tour@example.com&phone=+442079460958&answers.timeframe_days=20",
        "first_name=Robin&last_name=Example&email=robin%2Btour%40example.com&phone=%2B442079460958&answers.timeframe_days=20",
    ] {
        let stored = front.post_form(body).await;
        let said = front.submission(&stored).await;
        assert_eq!((&said["email"], &said["phone"]), (&json!("robin+tour@example.com"), &json!("+442079460958")));
    }
    // A number with and without the plus: one of the two is a stranger's.
    let answer = front.post_as(Some("application/x-www-form-urlencoded"), "phone=+6466812345").await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.to_string().contains("%2B"), "{:?}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn c17_nothing_never_replaces_what_is_known() {
    let front = Front::new().await;
    let stored = front
        .post(
            r#"[{"external_id": "c17-1", "first_name": "Wanda", "last_name": "Example", "email": "wanda@example.com",
                 "phone": "415-555-0166", "answers": {"budget": 450000}},
                {"external_id": "c17-2", "first_name": "false", "last_name": "NULL", "email": "wanda@example.com",
                 "phone": "undefined", "answers": {"budget": ""}},
                {"external_id": "c17-3", "first_name": "null", "last_name": "undefined", "email": "xeno@example.com"},
                {"external_id": "c17-4", "first_name": "Jennifer", "last_name": "Null", "email": "jnull@example.com"}]"#,
        )
        .await;
    assert_eq!(stored[0]["lead"], stored[1]["lead"]);
    // A correction replaces what it names, and it names nothing.
    front.post(r#"{"external_id": "c17-1", "first_name": "null", "email": "wanda@example.com", "phone": "N/A", "answers": {"budget": "n/a"}}"#).await;
    let wanda = front.lead(&stored[0]).await;
    assert_eq!((&wanda["name"], &wanda["phone"]), (&json!("Wanda Example"), &json!("+14155550166")));
    let budget = wanda["answers"].as_array().unwrap().iter().find(|one| one["question"] == "budget").unwrap();
    assert_eq!(budget["answer"], 450_000);
    assert_eq!(front.lead(&stored[2]).await["name"], json!(null));
    assert_eq!(front.lead(&stored[3]).await["name"], "Jennifer Null");
}

#[tokio::test(flavor = "multi_thread")]
async fn c18_json_without_its_type_is_json() {
    let front = Front::new().await;
    let body = |id: &str| {
        json!({"external_id": id, "first_name": "Yael", "email": "yael@example.com",
               "answers": {"timeframe_days": 20, "budget": 450_000, "preapproved": true}})
        .to_string()
    };
    for (id, content_type) in [("c18", Some("text/plain;charset=UTF-8")), ("c18-none", None)] {
        let answer = front.post_as(content_type, body(id)).await;
        let stored = front.accepted(answer).await;
        assert_eq!((&stored[0]["status"], &stored[0]["grade"]), (&json!("graded"), &json!("A")));
    }
    let form = front.post_as(Some("text/plain"), "email=yael@example.com").await;
    assert_eq!(form.status, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_differ_in_one_digit_are_two() {
    let front = Front::new().await;
    let stored = front
        .post(
            r#"[{"external_id": 20261120100000123456, "email": "d1@example.com", "extra_id": 20261120100000123456},
                {"external_id": 20261120100000123457, "email": "d2@example.com", "postal_code": 60134}]"#,
        )
        .await;
    assert_ne!(stored[0]["lead"], stored[1]["lead"]);
    let said = front.submission(&stored[0]).await;
    assert_eq!(
        (text(&said["external_id"]), text(&said["extra"]["extra_id"])),
        ("20261120100000123456".into(), "20261120100000123456".into())
    );
    // As `to_json(numeric)` of PostgreSQL writes them: a zero at the end is a digit.
    let stored = front
        .post(
            r#"[{"external_id": 2026.10, "email": "d3@example.com", "extra_id": 7.70},
                {"external_id": 2026.1, "email": "d4@example.com"}]"#,
        )
        .await;
    assert_ne!(stored[0]["lead"], stored[1]["lead"]);
    let said = front.submission(&stored[0]).await;
    assert_eq!((text(&said["external_id"]), text(&said["extra"]["extra_id"])), ("2026.10".into(), "7.70".into()));
    for id in ["1\\u001f23", "A\\t1"] {
        let body = format!("{{\"external_id\": \"{id}\", \"email\": \"e@example.com\"}}");
        let answer = front.post_as(Some("application/json"), body).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!("/external_id")));
    }
    // Programs without an id say so in a word; their leads are not corrections of each other.
    let nothing =
        r#"[{"external_id": "null", "email": "n1@example.com"}, {"external_id": "null", "email": "n2@example.com"}]"#;
    let stored = front.post(nothing).await;
    assert_ne!(stored[0]["lead"], stored[1]["lead"]);
}
