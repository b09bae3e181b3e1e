//! Several bodies of one arrival: which of them counts, whatever became of the first, in whatever order they come.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use ripen_testkit::wait::until;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    LIMIT,
    audit::delivered,
    process::client,
    scenario::{Plan, Scenario},
};

/// Posts a lead that has to be decided: what its sender is told.
async fn decided(scenario: &Scenario, key: Option<&str>, body: &Value) -> Value {
    scenario.told_decided(&scenario.source, key, body).await
}

/// Posts a form.
async fn form(scenario: &Scenario, fields: &str) {
    let url = format!("{}/v1/in/{}", scenario.process.url, scenario.source.token);
    let request = client().post(url).header(ACCEPT, "application/json");
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(fields.to_owned());
    assert_eq!(request.send().await.unwrap().status().as_u16(), 202);
}

async fn stored(scenario: &Scenario, count: i64) {
    until("all is stored", LIMIT, || async {
        (scenario.installation.count("select count(*) from arrival").await == count).then_some(())
    })
    .await;
}

async fn shown(scenario: &Scenario, told: &Value) -> Value {
    scenario.installation.json(&["lead", "show", told["lead"].as_str().unwrap()]).await
}

/// What a key of the source makes.
async fn id(scenario: &Scenario, name: &str) -> Uuid {
    let source = sqlx::query_scalar("select id from source").fetch_one(scenario.installation.pool()).await.unwrap();
    Uuid::new_v5(&source, name.as_bytes())
}

async fn change(scenario: &Scenario, sql: &'static str, id: Uuid) {
    sqlx::query(sql).bind(id).execute(scenario.installation.pool()).await.unwrap();
}

#[tokio::test]
async fn a_visitor_who_goes_back_twice_and_says_again_what_was_said_first_is_heard() {
    let scenario = Plan::new().await.serve().await;
    let body = |email: &str| format!("_sid=page&first_name=Casey&last_name=Smith&phone=%2B14155550100&email={email}");
    let (first, second) = (body("casey%40example.com"), body("casey%40example.net"));
    for (number, body) in [&first, &second, &first].into_iter().enumerate() {
        form(&scenario, body).await;
        stored(&scenario, i64::try_from(number).unwrap() + 1).await;
    }
    let casey = scenario.lead_of("Casey").await;
    let email = async || scenario.installation.json(&["lead", "show", &casey]).await["email"].clone();
    assert_eq!(email().await, "casey@example.com");
    // A double click on what counts changes nothing.
    form(&scenario, &first).await;
    form(&scenario, "_sid=page&first_name=Robin&last_name=Jones&email=robin%40example.com").await;
    scenario.lead_of("Robin").await;
    stored(&scenario, 4).await;
    assert_eq!(email().await, "casey@example.com");
    assert_eq!(scenario.installation.count("select max(arrivals)::bigint from lead").await, 1);
    assert_eq!(scenario.installation.count("select count(*) from arrival where amends is not null").await, 2);
    // Much later the same page brings the same words: that is another enquiry.
    sqlx::query("update arrival set received_at = received_at - interval '2 days'")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    form(&scenario, &first).await;
    stored(&scenario, 5).await;
    assert_eq!(scenario.installation.count("select max(arrivals)::bigint from lead").await, 2);
}

#[tokio::test]
async fn a_body_of_a_form_that_another_worker_has_in_hand_waits_and_others_do_not() {
    let scenario = Plan::new().await.serve().await;
    let page = id(&scenario, "s:page").await;
    let mut other = scenario.installation.pool().begin().await.unwrap();
    let lock = "select pg_advisory_xact_lock(('x' || encode(substr(sha256(convert_to('form ' || $1::text, 'utf8')), 1, 8), 'hex'))::bit(64)::bigint)";
    sqlx::query(lock).bind(page.to_string()).execute(&mut *other).await.unwrap();
    form(&scenario, "_sid=page&first_name=Casey&email=casey%40example.com").await;
    form(&scenario, "_sid=another&first_name=Robin&email=robin%40example.com").await;
    scenario.lead_of("Robin").await;
    assert_eq!(
        scenario.installation.count("select count(*) from arrival").await,
        1,
        "the one whose form is held waits"
    );
    other.rollback().await.unwrap();
    scenario.lead_of("Casey").await;
}

#[tokio::test]
async fn a_body_whose_idempotency_key_another_worker_has_in_hand_waits_and_others_do_not() {
    let scenario = Plan::new().await.serve().await;
    let key = id(&scenario, "k:k1").await;
    let mut other = scenario.installation.pool().begin().await.unwrap();
    let lock = "select pg_advisory_xact_lock(('x' || encode(substr(sha256(convert_to('arrival ' || $1::text, 'utf8')), 1, 8), 'hex'))::bit(64)::bigint)";
    sqlx::query(lock).bind(key.to_string()).execute(&mut *other).await.unwrap();
    for (key, name) in [("k1", "Casey"), ("k2", "Robin")] {
        let body = json!({"first_name": name, "email": format!("{name}@example.com"), "external_id": name});
        let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
        let answer = request.header("Idempotency-Key", key).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
    }
    scenario.lead_of("Robin").await;
    assert_eq!(scenario.installation.count("select count(*) from arrival").await, 1, "the one whose key is held waits");
    other.rollback().await.unwrap();
    scenario.lead_of("Casey").await;
}

#[tokio::test]
async fn a_body_that_is_said_again_counts_from_then_though_what_came_before_it_is_worked_after_it() {
    let scenario = Plan::new().await.serve().await;
    let body = |phone: &str| json!({"external_id": "B-1", "first_name": "Casey", "email": "casey@example.com", "phone": phone});
    let (one, two) = (body("+14155550101"), body("+14155550102"));
    let noted = async |count: i64| {
        until("it is noted", LIMIT, || async {
            let sql = "select count(*) from arrival where said_again_at is not null";
            (scenario.installation.count(sql).await == count).then_some(())
        })
        .await;
    };
    let first = decided(&scenario, None, &one).await;
    for body in [&two, &two] {
        decided(&scenario, None, body).await;
    }
    noted(1).await;
    // As if it had overtaken the next one.
    let sql = "update arrival set said_again_at = said_again_at + interval '1 hour' where $1::uuid is not null";
    change(&scenario, sql, Uuid::nil()).await;
    decided(&scenario, None, &one).await;
    noted(2).await;
    assert_eq!(shown(&scenario, &first).await["phone"], "+14155550102");
    assert_eq!(scenario.installation.count("select count(*) from arrival").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_of_a_lead_that_is_over_is_told_as_that_and_seen() {
    let scenario = Plan::new().await.always_open().set("QUALIFIER__UNDO_S", "0");
    let scenario = scenario.webhook("/hook", &[], &["--events", "lead.matured,lead.updated"]).serve().await;
    let body = |phone: &str| json!({"external_id": "B-1", "first_name": "Casey", "email": "casey@example.com", "phone": phone, "answers": {"timeframe_days": 30}});
    let first = decided(&scenario, None, &body("+14155550101")).await;
    assert_eq!(first["status"], "graded");
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    change(&scenario, "update lead set stage = 'customer' where $1::uuid is not null", Uuid::nil()).await;
    let corrected = decided(&scenario, None, &body("+14155550102")).await;
    assert_eq!((&corrected["status"], &corrected["lead"]), (&json!("corrected"), &first["lead"]));
    let lead = shown(&scenario, &first).await;
    assert_eq!((&lead["phone"], &lead["stage"]), (&json!("+14155550102"), &json!("customer")));
    let listed = scenario.installation.json(&["lead", "corrected", "--client", "acme"]).await;
    assert_eq!((&listed[0]["lead"], &listed[0]["stage"]), (&first["lead"], &json!("customer")), "{listed}");
    assert_eq!(scenario.installation.count("select count(*) from lead").await, 1);
    // Who has the lead is told.
    let news = until("the client is told", LIMIT, || async {
        scenario.receiver.received().into_iter().find(|one| one.json()["type"] == "lead.updated")
    })
    .await;
    assert_eq!(news.json()["data"]["lead"]["phone"], "+14155550102", "{}", news.json());
}

#[tokio::test]
async fn each_body_has_its_own_status_also_one_that_came_back() {
    let scenario = Plan::new().await.serve().await;
    let body = |phone: &str| json!({"external_id": "B-1", "email": "casey@example.com", "phone": phone});
    let (one, two) = (body("+14155550101"), body("+14155550102"));
    let first = decided(&scenario, None, &one).await;
    decided(&scenario, None, &two).await;
    let third = decided(&scenario, None, &one).await;
    assert_eq!(third["lead"], first["lead"]);
    assert_ne!(third["received_at"], first["received_at"], "what became of the first says nothing of it");
    assert_eq!(shown(&scenario, &first).await["phone"], "+14155550101", "it is decided when its sender is told so");
    // What counts, sent again, is told at once.
    assert_eq!(decided(&scenario, None, &one).await["lead"], first["lead"]);
    assert_eq!(scenario.installation.count("select count(*) from arrival").await, 3);
}

#[tokio::test]
async fn a_correction_is_told_under_the_id_of_what_it_corrects_with_its_flags() {
    let scenario = Plan::new().await.serve().await;
    let body =
        |days: Value| json!({"external_id": "B-1", "email": "casey@example.com", "answers": {"timeframe_days": days}});
    let first = decided(&scenario, None, &body(json!(30))).await;
    assert_eq!(first["body"], Value::Null);
    let second = decided(&scenario, None, &body(json!("when it suits"))).await;
    assert_eq!((&second["arrival"], &second["flags"][0]["code"]), (&first["arrival"], &json!("no_number")));
    let url = format!("{}/v1/arrivals/{}", scenario.process.url, first["arrival"].as_str().unwrap());
    let asked = client().get(url).bearer_auth(&scenario.source.key).send().await.unwrap();
    let asked: Value = asked.json().await.unwrap();
    assert_eq!((&asked["flags"], &asked["bodies"][0]["arrival"]), (&Value::Null, &second["body"]), "{asked:#}");
    assert_eq!(asked["bodies"][0]["flags"], second["flags"], "{asked:#}");
}

#[tokio::test]
async fn a_day_alone_is_no_older_than_a_time_of_it() {
    let scenario = Plan::new().await.serve().await;
    let body = |at: &str, days: i64| json!({"external_id": "B-1", "email": "casey@example.com", "submitted_at": at, "answers": {"timeframe_days": days}});
    let first = decided(&scenario, None, &body("2026-11-20T15:00:00-06:00", 30)).await;
    let answer = async || shown(&scenario, &first).await["answers"][0]["answer"].clone();
    decided(&scenario, None, &body("2026-11-20", 200)).await;
    assert_eq!(answer().await, 200, "it may be of any time of that day, and was received later");
    decided(&scenario, None, &body("2026-11-19", 300)).await;
    assert_eq!(answer().await, 200, "the day before is older");
    decided(&scenario, None, &body("2026-11-21T09:00:00-06:00", 100)).await;
    assert_eq!(answer().await, 100);
}

#[tokio::test]
async fn of_contact_data_and_answers_the_newest_by_the_senders_time_counts() {
    let scenario = Plan::new().await.serve().await;
    let body = |hour: u8, more: Value| {
        let mut body = json!({"external_id": "B-1", "first_name": "Casey", "email": "casey@example.com",
                              "submitted_at": format!("2026-11-20T{hour:02}:00:00Z")});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let first =
        decided(&scenario, None, &body(10, json!({"phone": "+14155550101", "answers": {"timeframe_days": 30}}))).await;
    // It waited somewhere, and was received after what corrects it.
    let later = "with a as (update arrival set received_at = received_at + interval '1 hour')
                 update answer set at = at + interval '1 hour' where $1::uuid is not null";
    change(&scenario, later, Uuid::nil()).await;
    decided(&scenario, None, &body(12, json!({"answers": {"timeframe_days": 200}}))).await;
    let answer = async || shown(&scenario, &first).await["answers"][0]["answer"].clone();
    assert_eq!(answer().await, 200);
    // Between the two by the sender's time: of each thing the newest body that says it counts.
    let between = json!({"email": "old@example.com", "phone": "+14155550102", "answers": {"timeframe_days": 100}});
    decided(&scenario, None, &body(11, between)).await;
    let lead = shown(&scenario, &first).await;
    assert_eq!((&lead["email"], &lead["phone"]), (&json!("casey@example.com"), &json!("+14155550102")));
    assert_eq!(answer().await, 200);
}

#[tokio::test]
async fn what_corrects_an_arrival_that_is_dead_is_joined_by_the_senders_id() {
    let scenario = Plan::new().await.serve().await;
    let original = id(&scenario, "x:B-9").await;
    let dead = "insert into arrival_seen (id, content, ended, seen_at) values ($1, decode(repeat('00', 16), 'hex'), 'dead', now())";
    change(&scenario, dead, original).await;
    let body = |email: &str| json!({"external_id": "B-9", "first_name": "Casey", "email": email});
    let first = decided(&scenario, None, &body("casey@exmaple.com")).await;
    let corrected = decided(&scenario, None, &body("casey@example.com")).await;
    assert_eq!(corrected["lead"], first["lead"]);
    assert_eq!(shown(&scenario, &first).await["email"], "casey@example.com");
    assert_eq!(scenario.installation.count("select count(*) from person").await, 1);
    assert_eq!(scenario.installation.count("select max(arrivals)::bigint from lead").await, 1);
}

#[tokio::test]
async fn what_corrects_an_arrival_that_a_version_before_stored_by_its_key_is_joined_by_the_senders_id() {
    let scenario = Plan::new().await.serve().await;
    let body = |email: &str| json!({"external_id": "B-1", "first_name": "Casey", "email": email});
    let first = decided(&scenario, Some("k1"), &body("casey@exmaple.com")).await;
    let former = id(&scenario, "k:k1").await;
    let rename = "with forgotten as (delete from arrival_seen where id = $1), a as (update arrival set id = $1)
                  update arrival_seen set id = gen_random_uuid(), arrival_id = $1 where ended = 'lead'";
    change(&scenario, rename, former).await;
    change(&scenario, "update arrival_seen set id = $1 where arrival_id = $1", former).await;
    // The same request again is the same.
    let again = decided(&scenario, Some("k1"), &body("casey@exmaple.com")).await;
    assert_eq!(again["lead"], first["lead"]);
    let corrected = decided(&scenario, Some("k2"), &body("casey@example.com")).await;
    assert_eq!(corrected["lead"], first["lead"]);
    assert_eq!(shown(&scenario, &first).await["email"], "casey@example.com");
    assert_eq!(scenario.installation.count("select count(*) from person").await, 1);
    assert_eq!(scenario.installation.count("select max(arrivals)::bigint from lead").await, 1);
}

#[tokio::test]
async fn what_is_let_go_with_an_external_id_is_one_of_its_bodies() {
    let scenario = Plan::new().await.serve().await;
    let body =
        |id: &str, email: &str| json!({"external_id": id, "first_name": "Robin", "last_name": "Jones", "email": email});
    decided(&scenario, Some("k1"), &body("B-1", "casey@example.com")).await;
    let reused = decided(&scenario, Some("k1"), &body("B-2", "robin@exmaple.com")).await;
    assert_eq!(reused["reason"], "key_reused");
    let fixed = decided(&scenario, Some("k2"), &body("B-2", "robin@example.com")).await;
    scenario.installation.json(&["quarantine", "release", reused["arrival"].as_str().unwrap()]).await;
    until("it is worked", LIMIT, || async {
        (scenario.installation.count("select count(*) from arrival where state = 'graded'").await == 3).then_some(())
    })
    .await;
    assert_eq!(shown(&scenario, &fixed).await["email"], "robin@example.com", "it was received before");
    assert_eq!(scenario.installation.count("select count(*) from arrival where amends is not null").await, 1);
    assert_eq!(scenario.installation.count("select count(*) from lead").await, 2);
}

#[tokio::test]
async fn what_a_version_before_quarantined_under_a_pages_id_stands_in_nobodys_way() {
    let scenario = Plan::new().await.serve().await;
    let honest = "_sid=page&first_name=Casey&email=casey%40example.com";
    form(&scenario, honest).await;
    stored(&scenario, 1).await;
    let former = id(&scenario, "k:page").await;
    let quarantined = "with s as (update arrival_seen set id = $1, arrival_id = $1, ended = 'quarantined')
        update arrival set id = $1, state = 'quarantined', reason = 'honeypot', person_id = null, lead_id = null, form_id = null";
    change(&scenario, quarantined, former).await;
    form(&scenario, honest).await;
    until("it is worked", LIMIT, || async {
        (scenario.installation.count("select count(*) from arrival where state = 'graded'").await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_let_go_counts_from_when_it_was_received() {
    let scenario = Plan::new().await.serve().await;
    let fields = "first_name=Casey&email=casey%40example.com&answers.timeframe_days";
    form(&scenario, &format!("{fields}=300&_hp=x")).await;
    stored(&scenario, 1).await;
    change(
        &scenario,
        "update arrival set received_at = received_at - interval '3 days' where $1::uuid is not null",
        Uuid::nil(),
    )
    .await;
    let other = scenario.installation.source("acme", "Vendor").await;
    let today = json!({"first_name": "Casey", "email": "casey@example.com", "answers": {"timeframe_days": 30}});
    let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&other.key);
    request.json(&today).send().await.unwrap().error_for_status().unwrap();
    let casey = scenario.lead_of("Casey").await;
    scenario.installation.json(&["quarantine", "release", "--reason", "honeypot"]).await;
    until("it is worked", LIMIT, || async {
        (scenario.installation.count("select arrivals::bigint from lead").await == 2).then_some(())
    })
    .await;
    assert_eq!(scenario.installation.count("select enquiries::bigint from lead").await, 2, "three days apart");
    let lead = scenario.installation.json(&["lead", "show", &casey]).await;
    assert_eq!(lead["answers"][0]["answer"], 30, "what was said since stays");
    let credited: Uuid =
        sqlx::query_scalar("select source_id from lead").fetch_one(scenario.installation.pool()).await.unwrap();
    let first: Uuid = sqlx::query_scalar("select source_id from arrival order by received_at limit 1")
        .fetch_one(scenario.installation.pool())
        .await
        .unwrap();
    assert_eq!(credited, first, "credit is whose enquiry was received first");
}

#[tokio::test]
async fn who_reads_a_page_overwrites_nobody_under_an_external_id() {
    let scenario = Plan::new().await.serve().await;
    let casey =
        json!({"external_id": "B-1", "first_name": "Casey", "email": "casey@example.com", "phone": "+14155550101"});
    let first = decided(&scenario, None, &casey).await;
    let by_token = async |body: Value| {
        let url = format!("{}/v1/in/{}", scenario.process.url, scenario.source.token);
        let answer = client().post(url).header("Prefer", "wait=10").json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "decided within the time");
        answer.json::<Value>().await.unwrap()
    };
    let stranger = by_token(json!({"external_id": "B-1", "first_name": "Mallory", "email": "mallory@example.com",
                                   "submitted_at": "2030-01-01T00:00:00Z"}))
    .await;
    assert_ne!(stranger["lead"], first["lead"]);
    let lead = shown(&scenario, &first).await;
    assert_eq!((&lead["email"], &lead["phone"]), (&json!("casey@example.com"), &json!("+14155550101")));
    let flagged = "select count(*) from arrival where flags @> '{external_id_shared}'";
    assert_eq!(scenario.installation.count(flagged).await, 1);
    // The person's own correction is one, and so is the sender's.
    let same = by_token(
        json!({"external_id": "B-1", "first_name": "Casey", "email": "casey@example.com", "phone": "+14155550102"}),
    );
    assert_eq!(same.await["lead"], first["lead"]);
    assert_eq!(shown(&scenario, &first).await["phone"], "+14155550102");
    let corrected =
        json!({"external_id": "B-1", "first_name": "Casey", "email": "casey@example.net", "phone": "+14155550101"});
    assert_eq!(decided(&scenario, None, &corrected).await["lead"], first["lead"]);
    assert_eq!(shown(&scenario, &first).await["email"], "casey@example.net");
}

#[tokio::test]
async fn a_form_with_one_word_for_all_its_visitors_folds_nobody_together() {
    let scenario = Plan::new().await.serve().await;
    for name in ["Casey", "Robin", "Kim"] {
        form(&scenario, &format!("external_id=contact-form&_sid=page&first_name={name}&email={name}%40example.com"))
            .await;
        scenario.lead_of(name).await;
    }
    assert_eq!(scenario.installation.count("select count(*) from person").await, 3);
    assert_eq!(scenario.installation.count("select count(*) from arrival where amends is not null").await, 0);
    form(&scenario, "external_id=contact-form&_sid=page&first_name=Kim&email=kim%40example.net").await;
    stored(&scenario, 4).await;
    assert_eq!(scenario.installation.count("select count(*) from arrival where amends is not null").await, 1);
    assert_eq!(scenario.installation.count("select count(*) from person").await, 3, "who goes back corrects");
}

#[tokio::test]
async fn of_two_bodies_under_one_id_in_one_array_the_second_counts() {
    let scenario = Plan::new().await.serve().await;
    let body =
        |id: usize, email: &str| json!({"external_id": format!("B-{id}"), "first_name": "Casey", "email": email});
    let leads: Vec<_> = (0..20)
        .flat_map(|id| [body(id, &format!("zz{id}@example.com")), body(id, &format!("aa{id}@example.com"))])
        .collect();
    let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
    request.json(&leads).send().await.unwrap().error_for_status().unwrap();
    stored(&scenario, 40).await;
    let newest = "select count(*) from person where email like 'aa%'";
    assert_eq!(scenario.installation.count(newest).await, 20);
}

#[tokio::test]
async fn a_post_under_an_id_that_was_forgotten_is_what_it_was() {
    let scenario = Plan::new().await.serve().await;
    let body = |phone: &str| json!({"first_name": "Casey", "email": "casey@example.com", "phone": phone});
    let first = decided(&scenario, Some("k1"), &body("+14155550101")).await;
    let external = json!({"external_id": "B-1", "first_name": "Robin", "email": "robin@example.com"});
    decided(&scenario, None, &external).await;
    change(&scenario, "delete from arrival_seen where $1::uuid is not null", Uuid::nil()).await;
    assert_eq!(decided(&scenario, Some("k1"), &body("+14155550101")).await["lead"], first["lead"]);
    decided(&scenario, None, &external).await;
    let corrected = json!({"external_id": "B-1", "first_name": "Robin", "email": "robin@example.net"});
    decided(&scenario, None, &corrected).await;
    assert_eq!(scenario.installation.count("select count(*) from arrival").await, 3, "the correction alone is new");
    assert_eq!(scenario.installation.count("select sum(arrivals)::bigint from lead").await, 2);
    assert_eq!(scenario.installation.count("select count(*) from person where email = 'robin@example.net'").await, 1);
    assert!(scenario.installation.run(&["doctor"]).await.status.success());
}

#[tokio::test]
async fn a_vendor_that_sends_again_what_the_desk_put_right_undoes_nothing() {
    let scenario = Plan::new().await.serve().await;
    let body = |notes: &str, more: Value| {
        let mut body = json!({"external_id": "B-1", "first_name": "Casey", "last_name": "Smit", "email": "casey@example.com",
                              "phone": "+14155550101", "postal_code": "60134", "notes": notes,
                              "answers": {"timeframe_days": 30, "budget": 450_000}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let first = decided(&scenario, None, &body("one", json!({}))).await;
    // What the desk writes when it corrects a person and an answer.
    let corrected = "with p as (update person set phone = '+14155550102', last_name = 'Smith', postal_code = '60135'),
                     r as (insert into answer (lead_id, question, at, origin, value)
                           select id, 'timeframe_days', now(), 'person:user_1', '200'::json from lead)
                     select $1::uuid";
    change(&scenario, corrected, Uuid::nil()).await;
    decided(&scenario, None, &body("two", json!({}))).await;
    let answer = |lead: &Value, question: &str| {
        let all = lead["answers"].as_array().unwrap();
        all.iter().find(|one| one["question"] == question).unwrap()["answer"].clone()
    };
    let lead = shown(&scenario, &first).await;
    assert_eq!((&lead["phone"], &lead["name"]), (&json!("+14155550102"), &json!("Casey Smith")), "{lead}");
    assert_eq!(scenario.installation.count("select count(*) from person where postal_code = '60135'").await, 1);
    assert_eq!((answer(&lead, "timeframe_days"), answer(&lead, "budget")), (json!(200), json!(450_000)));
    // What it says otherwise than before is a correction.
    let changed = json!({"phone": "+14155550103", "answers": {"timeframe_days": 60, "budget": 450_000}});
    decided(&scenario, None, &body("two", changed)).await;
    let lead = shown(&scenario, &first).await;
    assert_eq!((&lead["phone"], &lead["name"]), (&json!("+14155550103"), &json!("Casey Smith")));
    assert_eq!(answer(&lead, "timeframe_days"), json!(60));
}

#[tokio::test]
async fn a_program_that_posts_with_the_token_corrects_as_with_the_key() {
    let scenario = Plan::new().await.serve().await;
    let added = ["source", "add", "Vendor", "--client", "acme", "--channel", "vendor"];
    let token = scenario.installation.json(&added).await["token"].as_str().unwrap().to_owned();
    let url = format!("{}/v1/in/{token}", scenario.process.url);
    let post = async |origin: Option<&str>, email: &str| {
        let request = client().post(&url).header("Prefer", "wait=10");
        let request = match origin {
            Some(origin) => request.header("Origin", origin),
            None => request,
        };
        let answer = request.json(&json!({"external_id": "B-1", "email": email})).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "decided within the time");
        answer.json::<Value>().await.unwrap()
    };
    let first = post(None, "casey@exmaple.com").await;
    assert_eq!(post(None, "casey@example.com").await["lead"], first["lead"]);
    assert_eq!(shown(&scenario, &first).await["email"], "casey@example.com");
    assert_ne!(post(Some("https://example.com"), "robin@example.com").await["lead"], first["lead"], "a page's script");
    assert_eq!(scenario.installation.count("select count(*) from person").await, 2);
}
