//! What makes two posts the same arrival: the sender's id of the lead, the key of the request, the id of a form's page.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

/// Posts a form with a page's id; its arrival.
async fn form(scenario: &Scenario, fields: &str) -> String {
    let url = format!("{}/v1/in/{}", scenario.process.url, scenario.source.token);
    let request = client().post(url).header(ACCEPT, "application/json");
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(fields.to_owned());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 202);
    answer.json::<Value>().await.unwrap()["arrival"].as_str().unwrap().to_owned()
}

async fn stored(scenario: &Scenario, count: i64) {
    until("all is stored", LIMIT, || async {
        (scenario.installation.count("select count(*) from arrival").await == count).then_some(())
    })
    .await;
}

async fn lead(scenario: &Scenario, told: &Value) -> Value {
    scenario.installation.json(&["lead", "show", told["lead"].as_str().unwrap()]).await
}

#[tokio::test]
async fn one_lead_under_two_keys_is_one_and_a_key_under_two_bodies_is_told() {
    let scenario = Plan::new().await.serve().await;
    let body = |email: &str| json!({"external_id": "B-17", "first_name": "Casey", "email": email});
    let first = scenario.told(Some("k1"), &body("casey@example.com")).await;
    let again = scenario.told(Some("k2"), &body("casey@example.com")).await;
    assert_eq!((&first["arrival"], &first["lead"]), (&again["arrival"], &again["lead"]));
    let corrected = scenario.told(Some("k3"), &body("c.smith@example.com")).await;
    assert_eq!((&corrected["status"], &corrected["lead"]), (&json!("graded"), &first["lead"]));
    let reused = scenario.told(Some("k1"), &json!({"external_id": "B-18", "email": "x@example.com"})).await;
    assert_eq!((&reused["status"], &reused["reason"]), (&json!("quarantined"), &json!("key_reused")));
    let alone = scenario.told(Some("k9"), &json!({"email": "y@example.com"})).await;
    assert_eq!(alone["status"], "graded");
    let alone = scenario.told(Some("k9"), &json!({"email": "z@example.com"})).await;
    assert_eq!((&alone["status"], &alone["reason"]), (&json!("quarantined"), &json!("key_reused")));
    let shown = lead(&scenario, &first).await;
    assert_eq!(shown["email"], "c.smith@example.com");
    assert_eq!(
        scenario.installation.count("select max(arrivals)::bigint from lead").await,
        1,
        "nothing is counted twice"
    );
    assert_eq!(scenario.installation.count("select count(*) from person").await, 2);
}

#[tokio::test]
async fn a_known_key_with_another_body_is_told_at_the_desk_too_and_a_form_may_be_filled_in_again() {
    let scenario = Plan::new().await.serve().await;
    let ripen = &scenario.installation;
    let booth = ripen.json(&["source", "add", "Booth", "--client", "acme", "--channel", "trade_show"]).await;
    let booth = booth["id"].as_str().unwrap();
    let added = ripen.json(&["user", "add", "kim@firm.example", "--role", "agent"]).await;
    let url = |path: &str| format!("{}{path}", scenario.process.url);
    let send = |path: &str, fields: String| {
        client().post(url(path)).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(fields)
    };
    let fields = format!("email=kim@firm.example&password={}", added["password"].as_str().unwrap());
    let signed_in = send("/login", fields).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = client().get(url("/leads/new")).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
    let csrf = page.split("<meta name=\"csrf\" content=\"").nth(1).unwrap().split('"').next().unwrap();

    let told = async |name: &str, phone: &str| {
        let body = json!({"source": booth, "key": "k", "name": name, "phone": phone});
        let entered = client().post(url("/api/v1/leads")).header("cookie", &cookie).header("x-csrf-token", csrf);
        let entered: Value = entered.json(&body).send().await.unwrap().json().await.unwrap();
        let path = format!("/api/v1/leads/entered/{}", entered["arrival"].as_str().unwrap());
        until("it is read", LIMIT, || async {
            let asked = client().get(url(&path)).header("cookie", &cookie).send().await.unwrap();
            let told: Value = asked.json().await.unwrap();
            (told["lead"].is_string() || told["quarantined"].is_string()).then_some(told)
        })
        .await
    };
    let first = told("Gerda Erste", "+14155550181").await;
    assert!(first["lead"].is_string(), "{first}");
    assert_eq!(told("Gerda Erste", "+14155550181").await, first, "a second click");
    let other = told("Hans Zweiter", "+14155550182").await;
    assert_eq!((&other["lead"], &other["quarantined"]), (&json!(null), &json!("key_reused")), "{other}");

    for (name, phone) in [("Ada", "415+555+0183"), ("Ada", "415+555+0183"), ("Ben", "415+555+0184")] {
        let fields = format!("csrf={csrf}&source={booth}&key=f&name={name}&phone={phone}");
        let sent = send("/leads/new", fields).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(sent.status().as_u16(), 303, "{name}");
    }
    stored(&scenario, 4).await;
    assert_eq!(
        ripen.count("select count(*) from lead").await,
        3,
        "one of them went back and wrote somebody else's name"
    );
}

#[tokio::test]
async fn an_array_sent_again_with_a_lead_in_front_brings_that_lead_alone() {
    let scenario = Plan::new().await.serve().await;
    let post = async |key: &str, body: Value| {
        let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
        let answer = request.header("Idempotency-Key", key).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
        answer.json::<Value>().await.unwrap()
    };
    let (one, two) = (json!({"email": "one@example.com"}), json!({"email": "two@example.com"}));
    let first = post("kk", json!([one, two])).await;
    stored(&scenario, 2).await;
    let again = post("kk", json!([{"email": "new@example.com"}, one, two])).await;
    assert_eq!(again["results"][1]["arrival"], first["results"][0]["arrival"]);
    stored(&scenario, 3).await;
    // The key of a single lead that reads like a place in that array.
    let single = post("kk:0", json!({"email": "three@example.com"})).await;
    stored(&scenario, 4).await;
    assert_ne!(single["arrival"], first["results"][0]["arrival"]);
    assert_eq!(scenario.installation.count("select count(*) from arrival where state = 'quarantined'").await, 0);
}

#[tokio::test]
async fn what_a_version_before_stored_under_another_id_is_not_taken_in_again() {
    let scenario = Plan::new().await.serve().await;
    let body = json!([{"email": "one@example.com"}, {"email": "two@example.com"}]);
    let post = async || {
        let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
        request.header("Idempotency-Key", "old").json(&body).send().await.unwrap().error_for_status().unwrap();
    };
    post().await;
    stored(&scenario, 2).await;
    // As the version before named them: by the key and the place.
    let source: uuid::Uuid =
        sqlx::query_scalar("select id from source").fetch_one(scenario.installation.pool()).await.unwrap();
    for (index, email) in [(0, "one@example.com"), (1, "two@example.com")] {
        let old = uuid::Uuid::new_v5(&source, format!("k:old:{index}").as_bytes());
        let change = "with a as (update arrival set id = $1 where submission ->> 'email' = $2 returning content)
                      update arrival_seen set id = $1, arrival_id = $1 where content = (select content from a)";
        sqlx::query(change).bind(old).bind(email).execute(scenario.installation.pool()).await.unwrap();
    }
    post().await;
    scenario.enquire("Last", json!({})).await;
    scenario.lead_of("Last").await;
    until("the retry has ended", LIMIT, || async {
        (scenario.installation.count("select count(*) from arrival_seen where ended = 'same'").await == 2).then_some(())
    })
    .await;
    assert_eq!(scenario.installation.count("select count(*) from arrival").await, 3);
    assert_eq!(scenario.installation.count("select sum(arrivals)::bigint from lead").await, 3);
}

#[tokio::test]
async fn a_visitor_who_goes_back_corrects_and_another_visitor_is_another() {
    let scenario = Plan::new().await.serve().await;
    let first = "_sid=page&first_name=Casey&last_name=Smith&email=casey%40exmaple.com&answers.timeframe_days=30";
    let corrected = first.replace("exmaple", "example");
    form(&scenario, first).await;
    stored(&scenario, 1).await;
    form(&scenario, &corrected).await;
    stored(&scenario, 2).await;
    // A double click, and a page from a cache that gives its id to the next visitor.
    form(&scenario, &corrected).await;
    form(&scenario, "_sid=page&first_name=Robin&last_name=Jones&email=robin%40example.com").await;
    stored(&scenario, 3).await;
    assert_eq!(scenario.installation.count("select count(*) from lead").await, 2);
    assert_eq!(scenario.installation.count("select count(*) from arrival where state = 'quarantined'").await, 0);
    let casey = scenario.lead_of("Casey").await;
    let shown = scenario.installation.json(&["lead", "show", &casey]).await;
    assert_eq!(shown["email"], "casey@example.com");
    assert_eq!(scenario.installation.count("select max(arrivals)::bigint from lead").await, 1);
}

#[tokio::test]
async fn a_form_corrects_for_an_hour_and_over_a_pause_of_its_source() {
    let mut scenario = Plan::new().await.set("INTAKE__SOURCE_CACHE_S", "0").serve().await;
    let typed = |page: &str, name: &str, email: &str| {
        format!("_sid={page}&first_name={name}&last_name=Smith&email={email}%40example.com")
    };
    form(&scenario, &typed("early", "Casey", "casey")).await;
    form(&scenario, &typed("late", "Robin", "robin")).await;
    stored(&scenario, 2).await;
    // What is offered twice on a busy machine is known by when it came, and that is changed below: a process that has stopped
    // offers nothing any more.
    assert_eq!(scenario.process.stop().await, Some(0));
    let installation = &scenario.installation;
    assert_eq!(installation.count("select count(*) from spool").await, 0);
    for (email, minutes) in [("casey@example.com", 58), ("robin@example.com", 62)] {
        let earlier =
            "update arrival set received_at = received_at - $2 * interval '1 minute' where submission ->> 'email' = $1";
        sqlx::query(earlier).bind(email).bind(minutes).execute(installation.pool()).await.unwrap();
    }
    scenario.process = installation.serve("").await;
    form(&scenario, &typed("early", "Casey", "casey.smith")).await;
    form(&scenario, &typed("late", "Robin", "robin.smith")).await;
    stored(&scenario, 4).await;
    let leads = "select count(*) from lead";
    assert_eq!(installation.count(leads).await, 3, "Casey's is corrected, and Robin's is another enquiry by now");
    assert_eq!(installation.count("select count(*) from arrival where amends is not null").await, 1);

    installation.json(&["source", "pause", &scenario.source.id]).await;
    form(&scenario, &typed("paused", "Jamie", "jamei")).await;
    stored(&scenario, 5).await;
    assert_eq!(installation.count(leads).await, 3);
    installation.json(&["source", "resume", &scenario.source.id]).await;
    form(&scenario, &typed("paused", "Jamie", "jamie")).await;
    stored(&scenario, 6).await;
    until("both are worked", LIMIT, || async {
        (installation.count("select count(*) from arrival where lead_id is not null").await == 6).then_some(())
    })
    .await;
    assert_eq!(installation.count(leads).await, 4, "they are of one lead, in whatever order they are worked");
    let jamie = scenario.lead_of("Jamie").await;
    assert_eq!(installation.json(&["lead", "show", &jamie]).await["email"], "jamie@example.com");
}

#[tokio::test]
async fn an_honest_post_after_a_trapped_one_is_worked() {
    let scenario = Plan::new().await.serve().await;
    let honest = "_sid=page&first_name=Casey&email=casey%40example.com";
    form(&scenario, &format!("{honest}&_hp=x")).await;
    stored(&scenario, 1).await;
    form(&scenario, honest).await;
    scenario.lead_of("Casey").await;
    let external = |trapped: &str| format!("external_id=X1&email=robin%40example.com{trapped}");
    form(&scenario, &external("&_hp=x")).await;
    stored(&scenario, 3).await;
    form(&scenario, &external("")).await;
    scenario.lead_of("Robin").await;
}

#[tokio::test]
async fn the_newest_body_of_an_external_id_counts_and_one_that_comes_back_counts_again() {
    let scenario = Plan::new().await.serve().await;
    let body = |phone: &str| json!({"external_id": "B-1", "email": "casey@example.com", "phone": phone});
    let (one, two) = (body("+14155550101"), body("+14155550102"));
    let first = scenario.told(None, &one).await;
    let phone = async || lead(&scenario, &first).await["phone"].clone();
    scenario.told(None, &two).await;
    assert_eq!(phone().await, "+14155550102");
    scenario.told(None, &one).await;
    until("it is as it was first", LIMIT, || async { (phone().await == "+14155550101").then_some(()) }).await;
    // By the sender's clock, where it tells.
    let dated = |phone: &str, at: &str| json!({"external_id": "B-2", "email": "robin@example.com", "phone": phone, "submitted_at": at});
    let newer = scenario.told(None, &dated("+14155550104", "2026-11-20T10:00:00Z")).await;
    let older = scenario.told(None, &dated("+14155550103", "2026-11-19T10:00:00Z")).await;
    assert_eq!(older["status"], "graded");
    assert_eq!(lead(&scenario, &newer).await["phone"], "+14155550104");
    assert_eq!(scenario.installation.count("select sum(arrivals)::bigint from lead").await, 2);
}

#[tokio::test]
async fn notes_of_one_moment_are_all_kept_and_credit_is_whose_enquiry_came_first() {
    let scenario = Plan::new().await.serve().await;
    let note = |text: &str| json!({"email": "casey@example.com", "notes": text});
    scenario.post(&json!([note("has a dog"), note("wants a garden"), note("rings after six")])).await;
    stored(&scenario, 3).await;
    assert_eq!(scenario.installation.count("select count(*) from note").await, 3);
    // What waited in a queue for long, of another source, was received before.
    let other = scenario.installation.source("acme", "Vendor").await;
    sqlx::query("update arrival set received_at = received_at + interval '1 hour'")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    scenario.told_decided(&other, None, &json!({"email": "casey@example.com"})).await;
    let name: String = sqlx::query_scalar("select s.name from lead l join source s on s.id = l.source_id")
        .fetch_one(scenario.installation.pool())
        .await
        .unwrap();
    assert_eq!(name, "Vendor");
}

#[tokio::test]
async fn a_late_retry_of_a_request_undoes_no_correction() {
    let scenario = Plan::new().await.serve().await;
    let body = |email: &str, days: u32| json!({"external_id": "B-1", "first_name": "Casey", "email": email, "answers": {"timeframe_days": days}});
    let (first, corrected) = (body("casey@exmaple.com", 30), body("casey@example.com", 200));
    let told_first = scenario.told(Some("k1"), &first).await;
    scenario.told(Some("k2"), &corrected).await;
    // The answer to the first was lost.
    let again = scenario.told(Some("k1"), &first).await;
    assert_eq!((&again["arrival"], &again["lead"]), (&told_first["arrival"], &told_first["lead"]), "the same answer");
    let shown = lead(&scenario, &told_first).await;
    assert_eq!((&shown["email"], &shown["answers"][0]["answer"]), (&json!("casey@example.com"), &json!(200)));
    assert_eq!(scenario.installation.count("select count(*) from arrival").await, 2);
    // Under a key of its own it is another request, and counts.
    scenario.told(Some("k3"), &first).await;
    assert_eq!(lead(&scenario, &told_first).await["email"], "casey@exmaple.com");
}

#[tokio::test]
async fn a_late_retry_of_an_array_undoes_no_correction() {
    let scenario = Plan::new().await.serve().await;
    let body = |email: &str| json!({"external_id": "B-1", "first_name": "Casey", "email": email});
    let post = async |key: &str, body: Value| {
        let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
        let answer = request.header("Idempotency-Key", key).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
    };
    let array = json!([body("casey@exmaple.com"), {"external_id": "B-2", "email": "robin@example.com"}]);
    post("k1", array.clone()).await;
    stored(&scenario, 2).await;
    post("k2", json!([body("casey@example.com")])).await;
    stored(&scenario, 3).await;
    post("k1", array).await;
    scenario.enquire("Last", json!({})).await;
    scenario.lead_of("Last").await;
    until("all is decided", LIMIT, || async {
        (scenario.installation.count("select count(*) from spool").await == 0).then_some(())
    })
    .await;
    assert_eq!(scenario.installation.count("select count(*) from arrival").await, 4);
    assert_eq!(scenario.installation.count("select count(*) from person where email = 'casey@example.com'").await, 1);
}

#[tokio::test]
async fn of_each_body_under_an_id_its_sender_can_ask_what_became_of_it() {
    let scenario = Plan::new().await.serve().await;
    let post = async |key: Option<&str>, body: Value| {
        let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
        let request = match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        };
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
        let at = answer.headers()["ripen-received-at"].to_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        (answer.json::<Value>().await.unwrap()["arrival"].as_str().unwrap().to_owned(), at)
    };
    let asked = async |path: &str| {
        let request = client().get(format!("{}/v1/arrivals{path}", scenario.process.url));
        request.bearer_auth(&scenario.source.key).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let (id, _) = post(Some("k1"), json!({"email": "casey@example.com"})).await;
    stored(&scenario, 1).await;
    let (same, at) = post(Some("k1"), json!({"email": "robin@example.com"})).await;
    assert_eq!(same, id);
    stored(&scenario, 2).await;
    let status = asked(&format!("/{id}")).await;
    assert_eq!(status["status"], "graded");
    let body = &status["bodies"][0];
    assert_eq!((&body["status"], &body["reason"]), (&json!("quarantined"), &json!("key_reused")), "{status}");
    assert_eq!(body["received_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap(), at, "it is told which");
    assert_eq!(asked(&format!("/{}", body["arrival"].as_str().unwrap())).await["reason"], "key_reused");

    // A correction, and a key that came with another external id.
    let (id, _) = post(Some("k2"), json!({"external_id": "B-1", "email": "kim@exmaple.com"})).await;
    stored(&scenario, 3).await;
    post(None, json!({"external_id": "B-1", "email": "kim@example.com"})).await;
    stored(&scenario, 4).await;
    post(Some("k2"), json!({"external_id": "B-1", "email": "kim@example.net"})).await;
    stored(&scenario, 5).await;
    let listed = asked(&format!("?id={id}")).await;
    let bodies = listed["arrivals"][0]["bodies"].as_array().unwrap();
    let said: Vec<_> = bodies.iter().map(|body| body["status"].as_str().unwrap()).collect();
    assert_eq!(said, ["quarantined", "graded"], "{listed}");
    assert_eq!(bodies[1]["lead"], listed["arrivals"][0]["lead"]);
    // To others an id says nothing.
    let other = scenario.installation.source("acme", "Vendor").await;
    let request = client().get(format!("{}/v1/arrivals/{id}", scenario.process.url)).bearer_auth(&other.key);
    assert_eq!(request.send().await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn what_a_version_before_read_otherwise_is_the_same_request_when_it_is_sent_again() {
    let scenario = Plan::new().await.serve().await;
    let post = async |key: &str, body: &Value| {
        let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
        request.header("Idempotency-Key", key).json(body).send().await.unwrap().error_for_status().unwrap();
    };
    let array = json!([{"email": "one@example.com"}]);
    let (single, external) =
        (json!({"email": "two@example.com"}), json!({"external_id": "B-1", "email": "x@example.com"}));
    post("k1", &array).await;
    post("k2", &single).await;
    post("k3", &external).await;
    stored(&scenario, 3).await;
    // As a version before named the element, and of what it read of the numbers and dates in all of them.
    let source: uuid::Uuid =
        sqlx::query_scalar("select id from source").fetch_one(scenario.installation.pool()).await.unwrap();
    let old = uuid::Uuid::new_v5(&source, b"k:k1:0");
    let rename =
        "with a as (update arrival set id = $1 where submission ->> 'email' = 'one@example.com' returning content),
                       b as (update arrival_body set arrival_id = $1 where raw like '%one@example.com%')
                  update arrival_seen set id = $1, arrival_id = $1 where content = (select content from a)";
    sqlx::query(rename).bind(old).execute(scenario.installation.pool()).await.unwrap();
    let read = "update arrival set content = decode(repeat('07', 16), 'hex');
                update arrival_seen set content = decode(repeat('07', 16), 'hex')";
    sqlx::raw_sql(read).execute(scenario.installation.pool()).await.unwrap();
    post("k1", &array).await;
    post("k2", &single).await;
    post("k3", &external).await;
    scenario.enquire("Last", json!({})).await;
    scenario.lead_of("Last").await;
    until("all is decided", LIMIT, || async {
        (scenario.installation.count("select count(*) from spool").await == 0).then_some(())
    })
    .await;
    assert_eq!(scenario.installation.count("select count(*) from arrival where state = 'quarantined'").await, 0);
    assert_eq!(scenario.installation.count("select count(*) from lead").await, 4);
    assert_eq!(scenario.installation.count("select sum(arrivals)::bigint from lead").await, 4);
}
