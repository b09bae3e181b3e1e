//! The work page over time: the lease while it is open, what was typed when a session was over, a time that is booked, points that are
//! hidden, and the figures of a day with the lists they link to.

use axum::http::StatusCode;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_actions::user::AddUser;
use ripen_domain::{
    actor::{Actor, UserRole},
    id::{DecisionId, LeadId},
};
use ripen_runtime::{config::Settings, random};
use serde_json::{Value, json};

use crate::work::{Desk, Page, between, desk, desk_with, signed_in};

async fn renewed(desk: &Desk, page: &Page, idle_s: &str) -> (StatusCode, Value) {
    let form = page.form();
    let answer = desk.post_for("/work/renew", &page.typed(&form, &[("idle_s", idle_s)]), "application/json").await;
    let said = answer.json();
    (answer.status, said)
}

#[tokio::test]
async fn a_lead_is_kept_while_somebody_is_at_its_page_and_not_for_ever() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let (status, kept) = renewed(&desk, &page, "1799").await;
    assert_eq!((status, &kept["is_idle"]), (StatusCode::OK, &json!(false)), "{kept}");
    let until = "select extract(epoch from leased_until)::bigint from desk_lease";
    let before = desk.app.count(until).await;
    let (status, idle) = renewed(&desk, &page, "1800").await;
    assert_eq!((status, &idle["is_idle"], &idle["until"]), (StatusCode::OK, &json!(true), &Value::Null), "{idle}");
    assert_eq!(desk.app.count(until).await, before, "nobody was there");
    // What no browser sends does not end a lease.
    assert_eq!(renewed(&desk, &page, "a while").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_page_is_told_whether_somebody_has_its_lead_or_nobody() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let lee = AddUser {
        email: "lee@example.com".to_owned(),
        name: Some("Lee".to_owned()),
        role: UserRole::Agent,
        client: None,
        password: None,
        time_zone: None,
    };
    let lee = desk.actions.run(&Actor::operator("dana"), &lee).await.unwrap();
    let taken = "update desk_lease set user_id = $1, lease = $1";
    sqlx::query(taken).bind(lee.uuid()).execute(&desk.app.pool).await.unwrap();
    assert_eq!(
        renewed(&desk, &page, "0").await,
        (StatusCode::CONFLICT, json!({"held_by": "Lee", "last": "", "has_draft": false}))
    );
    sqlx::query("delete from desk_lease").execute(&desk.app.pool).await.unwrap();
    assert_eq!(
        renewed(&desk, &page, "0").await,
        (StatusCode::CONFLICT, json!({"held_by": null, "last": "", "has_draft": false}))
    );
    // Saved in another tab: there is nothing to open again.
    became_a(&desk, lead, false).await;
    let became = "It became an A and went to ACME.";
    assert_eq!(renewed(&desk, &page, "0").await.1["became"], became);
    let form = page.form();
    let typed = page.typed(&form, &[("note", "typed in the second tab")]);
    let kept = desk.post_for("/work/draft", &typed, "application/json").await.json();
    assert_eq!(kept["became"], became, "{kept}");
    // A receiver that refuses it does not have it.
    let refused = "with m as (insert into maturation (id, lead_id, client_id, decision_id, at) select id, id, client_id, id, matured_at from lead returning *)
        insert into delivery (id, client_id, lead_id, maturation_id, state, attempts, reason, due_at, offered_until, created_at)
        select id, client_id, lead_id, id, 'held', 2, 'answered 503', at + interval '1 hour', at, at from m";
    sqlx::query(refused).execute(&desk.app.pool).await.unwrap();
    let endpoint = "with e as (insert into endpoint (id, client_id, kind, url, created_at)
        select id, client_id, 'webhook', 'https://x.example/', created_at from lead returning id)
        update delivery set endpoint_id = e.id, state = 'pending' from e";
    sqlx::query(endpoint).execute(&desk.app.pool).await.unwrap();
    let said = renewed(&desk, &page, "0").await.1["became"].as_str().unwrap().to_owned();
    assert!(said.starts_with("It became an A for ACME and is being delivered: tried 2 times, next at "), "{said}");
    assert!(said.ends_with("; answered 503."), "{said}");
}

#[tokio::test]
async fn a_call_back_that_makes_an_a_says_both() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    let answers = [("a.timeframe_days", "30"), ("a.budget", "450000")];
    let call = [("disposition", "call_back"), ("cb_day", "2026-11-25"), ("cb_time", "10:30")];
    let ask = async |fields: &[(&str, &str)]| -> Value {
        desk.post("/work/preview", &page.typed(&form, fields)).await.json()
    };
    let both = ask(&[answers.as_slice(), &call].concat()).await;
    let after = both["after"].as_str().unwrap();
    for words in ["Becomes", "waits for somebody of", "a call on Wed 25 Nov, 10:30 Chicago", "take it back for"] {
        assert!(after.contains(words), "{words}: {after}");
    }
    assert!(both["save"].as_str().unwrap().contains("send to"), "{both}");
    let call_alone = ask(&call).await;
    assert!(!call_alone["after"].as_str().unwrap().contains("waits for"), "{call_alone}");
}

/// A form of another site comes without the cookie, whoever is signed in: kept, it would be sent in their name.
#[tokio::test]
async fn what_another_site_posts_is_not_kept_to_be_sent_again() {
    let desk = desk().await;
    for (from, is_kept) in [
        (("sec-fetch-site", "cross-site"), false),
        (("sec-fetch-site", "same-site"), false),
        (("origin", "https://evil.example"), false),
        (("origin", "null"), false),
        (("sec-fetch-site", "same-origin"), true),
    ] {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [form, ("accept", "text/html"), ("host", "desk.example"), from];
        let posted = "name=Mallory&phone=%2B13125550142&key=k&stop_for=firm";
        let answer = desk.app.send("POST", "/leads/new", &headers, posted).await;
        let expected = if is_kept { StatusCode::UNAUTHORIZED } else { StatusCode::SEE_OTHER };
        assert_eq!((answer.status, answer.text.contains("Mallory")), (expected, is_kept), "{from:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_is_posted_when_the_session_is_over_is_sent_again() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    sqlx::query("delete from user_session").execute(&desk.app.pool).await.unwrap();
    let typed = page.typed(&form, &[("disposition", "answered"), ("note", "Wants <a garden>, call after six.")]);
    let asked = desk.post("/work/dispose", &typed).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED, "{}", asked.text);
    assert!(asked.text.contains("Wants &#60;a garden&#62;, call after six."), "{}", asked.text);
    assert!(!asked.text.contains(&desk.agent.csrf), "the old session's token is no use");
    // A wrong password keeps it too.
    let sign_in = async |password: &str| {
        let mut fields = form_urlencoded::Serializer::new(String::new());
        fields
            .append_pair("email", "dana@example.com")
            .append_pair("password", password)
            .append_pair("sent_to", "/work/dispose");
        for (name, value) in &typed {
            fields.append_pair(&format!("kept.{name}"), value);
        }
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
        desk.app.send("POST", "/login", &headers, fields.finish()).await
    };
    let wrong = sign_in("not the password").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text.contains("call after six."), "{}", wrong.text);
    let back = sign_in("a long enough password").await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    let again = between(&back.text, "<form method=\"post\" action=\"/work/dispose\">", "</form>");
    let csrf = between(again, "name=\"csrf\" value=\"", "\"");
    let cookie = back.header("set-cookie").split(';').next().unwrap();
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields.append_pair("csrf", csrf).extend_pairs(&typed);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie), ("accept", "text/html")];
    let saved = desk.app.send("POST", "/work/dispose", &headers, fields.finish()).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let note = desk.app.row("select to_json(text) from note where lead_id = $1", lead.uuid()).await;
    assert_eq!(note, "Wants <a garden>, call after six.");
}

#[tokio::test]
async fn no_password_stands_in_the_form_to_sign_in() {
    let desk = desk().await;
    sqlx::query("delete from user_session").execute(&desk.app.pool).await.unwrap();
    for path in ["/account/password", "/users"] {
        let asked = desk.post(path, &[("password", "correct horse")]).await;
        assert!(!asked.text.contains("correct horse"), "{path}: {}", asked.text);
    }
    // A script that saves in the background is told in its own way.
    let background = desk.post_for("/work/draft", &[("note", "typed")], "application/json").await;
    assert_eq!(background.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn free_times_are_asked_for_and_a_wrong_one_keeps_what_is_typed() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    page.holds(&["Show the free times", "formaction=\"/work/draft\" name=\"open\" value=\"appointment\""]);
    let form = page.form();
    let asked = desk.post("/work/draft", &page.typed(&form, &[("open", "appointment"), ("note", "on Tuesday")])).await;
    assert_eq!(asked.header("location"), format!("/work?lead={lead}&open=appointment#book"), "{}", asked.text);
    let shown = desk.page(&format!("/work?lead={lead}&open=appointment")).await;
    shown.holds(&["has a free slot in the days ahead", ">on Tuesday</textarea>"]);
    let form = shown.form();
    let refused = desk.post("/work/book", &shown.typed(&form, &[("slot", ""), ("note", "on Tuesday, by phone")])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    Page(refused.text).holds(&[">on Tuesday, by phone</textarea>"]);
    assert_eq!(desk.app.count("select count(*) from appointment").await, 0);
}

#[tokio::test]
async fn points_are_hidden_until_the_disposition_where_the_firm_wants_it() {
    let mut settings = Settings::default();
    settings.desk.hide_points = true;
    let desk = desk_with(settings).await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let panel = between(&page.0, "id=\"grade\"", "</section>");
    assert!(
        !panel.contains("without it") && !panel.contains("up to +") && !panel.contains("<svg class=\"scale\""),
        "{panel}"
    );
    assert!(!page.0.contains("class=\"need\""), "{}", page.0);
    let form = page.form();
    let answers = [("disposition", "answered"), ("a.timeframe_days", "30"), ("a.budget", "450000")];
    let shown = desk.post("/work/preview", &page.typed(&form, &answers)).await.json();
    assert!(shown["grade"].as_str().unwrap().contains("title=\"Grade A\">A<"), "{shown}");
    assert!(!shown["grade"].as_str().unwrap().contains("80"), "{shown}");
    assert!(shown["worth"].as_object().unwrap().values().all(|worth| worth == 0), "{shown}");
    assert_eq!(
        desk.post("/work/preview", &page.typed(&form, &[])).await.json()["hot"],
        "timeframe_days",
        "what to ask is told"
    );
    let headers =
        [("cookie", &*desk.agent.cookie), ("x-csrf-token", &*desk.agent.csrf), ("content-type", "application/json")];
    let asked = json!({"lead": lead, "answers": {"timeframe_days": "30"}, "disposition": "answered"}).to_string();
    let said = desk.app.send("POST", "/api/v1/work/preview", &headers, asked).await.json();
    assert_eq!((&said["grade"], &said["score"], &said["reasons"]), (&json!("B"), &Value::Null, &json!([])), "{said}");
}

/// A decision of the lead by the criteria of these tests: B with 50 points.
async fn decided(desk: &Desk, lead: LeadId) -> DecisionId {
    let now = desk.app.pass(1);
    let receipt = json!({
        "criteria": {"name": "default", "version": 1, "hash": "0".repeat(32)}, "at": now, "cause": {}, "inputs": {},
        "rules": [{"id": "soon", "result": "yes", "points": 50, "because": "Wants to move within three months"},
                  {"id": "money", "result": "missing", "missing": ["answers.budget"], "because": "Has a budget for a home"}],
        "gates": [], "disqualifiers": [], "score": 50, "grade": "B"});
    let id = random::uuid_v7(now);
    let sql = "with d as (
          insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
          select $1, l.id, l.client_id, c.id, $3, 'B', 50, convert_to($4, 'UTF8') from lead l, criteria c where l.id = $2
          returning lead_id, criteria_id
        )
        update lead set grade = 'B', score = 50, decision_id = $1, criteria_id = d.criteria_id from d where lead.id = d.lead_id";
    let query = sqlx::query(sql).bind(id).bind(lead.uuid()).bind(now.to_sqlx()).bind(receipt.to_string());
    assert_eq!(query.execute(&desk.app.pool).await.unwrap().rows_affected(), 1);
    DecisionId::from_uuid(id)
}

#[tokio::test]
async fn points_are_hidden_from_agents_on_every_page_of_a_lead_they_have_not_disposed() {
    let mut settings = Settings::default();
    settings.desk.hide_points = true;
    let desk = desk_with(settings).await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let decision = decided(&desk, lead).await;
    let page = desk.next().await;
    let (of_lead, of_decision) =
        (format!("/api/v1/leads/{lead}"), format!("/api/v1/leads/{lead}/decisions/{decision}"));
    let json = async |path: &str| desk.get(path).await.json();
    let shown = desk.page(&format!("/leads/{lead}")).await;
    shown.holds(&["Why <span class=\"g B\"", "Wants to move within three months", "once your disposition is saved"]);
    for told in ["class=\"scale\"", "of 80 points", "+50", "B 50", "up to +30"] {
        assert!(!shown.0.contains(told), "{told}: {}", shown.0);
    }
    let list = desk.page("/leads?view=all&sort=points").await;
    assert!(!list.0.contains("class=\"score\"") && !list.0.contains("sort=points"), "{}", list.0);
    let csv = desk.get("/leads.csv?view=all").await.text;
    assert!(csv.contains(",B,,"), "{csv}");
    assert_eq!(json("/api/v1/leads?view=all").await["leads"][0]["score"], Value::Null);
    assert_eq!(json(&of_lead).await["lead"]["score"], Value::Null);
    let receipt = json(&of_decision).await;
    assert_eq!((&receipt["score"], &receipt["rules"][0]["points"]), (&Value::Null, &Value::Null), "{receipt}");
    assert_eq!(receipt["rules"][0]["because"], "Wants to move within three months");

    let form = page.form();
    let saved = desk.post("/work/dispose", &page.typed(&form, &[("disposition", "answered")])).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    desk.page(&format!("/leads/{lead}")).await.holds(&["class=\"scale\"", "+50", "B 50"]);
    assert_eq!(
        (json(&of_lead).await["lead"]["score"].clone(), json(&of_decision).await["score"].clone()),
        (json!(50), json!(50))
    );
    assert!(!desk.page("/leads?view=all").await.0.contains("class=\"score\""), "a list has others' too");
    let again = desk.post("/work/take", &[("lead", &lead.to_string())]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text);
    assert!(!desk.page(&format!("/leads/{lead}")).await.0.contains("class=\"scale\""), "it is worked on again");

    sqlx::query("update user_account set role = 'manager'").execute(&desk.app.pool).await.unwrap();
    desk.page(&format!("/leads/{lead}")).await.holds(&["class=\"scale\"", "B 50"]);
    desk.page("/leads?view=all").await.holds(&["<span class=\"score\">50</span>"]);
}

/// The figures of the day, each with the list it links to.
fn figures(page: &str) -> Vec<(String, String)> {
    let day = between(page, "<dl class=\"day\">", "</dl>");
    let links = day.split("<a href=\"").skip(1);
    let figure = |link: &str| {
        let (href, rest) = link.split_once('"').unwrap();
        (href.replace("&#38;", "&"), between(rest, "data-count=\"", "\"").to_owned())
    };
    links.map(figure).collect()
}

async fn disposed(desk: &Desk, fields: &[(&str, &str)]) {
    let page = desk.next().await;
    let form = page.form();
    let saved = desk.post("/work/dispose", &page.typed(&form, fields)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    desk.app.pass(30);
}

async fn became_a(desk: &Desk, lead: LeadId, returned: bool) {
    let sql = "update lead set grade = 'A', score = 80, criteria_id = $1, decision_id = $1, matured_at = $2, returned_at = case when $3 then $2 end where id = $1";
    let query = sqlx::query(sql).bind(lead.uuid()).bind(desk.app.clock.now().to_sqlx()).bind(returned);
    query.execute(&desk.app.pool).await.unwrap();
}

#[tokio::test]
async fn an_a_that_nobody_of_its_client_can_take_is_not_said_to_go_there_in_some_seconds() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    became_a(&desk, lead, false).await;
    let held = "with m as (insert into maturation (id, lead_id, client_id, decision_id, at) select id, id, client_id, id, matured_at from lead returning *)
        insert into delivery (id, client_id, lead_id, maturation_id, state, reason, reason_code, due_at, offered_until, created_at)
        select id, client_id, lead_id, id, 'held', 'the client has no enabled endpoint', 'undated', at + interval '1 hour', at, at from m";
    sqlx::query(held).execute(&desk.app.pool).await.unwrap();
    let (touch, until) = (random::uuid_v7(desk.app.clock.now()), desk.app.clock.now().as_second() + 20);
    let path = format!("/work/saved?saved={touch}&lead={lead}&until={until}");
    let toast = desk.page(&path).await;
    toast.holds(&["is saved as", "It waits to be delivered: the client has no enabled endpoint.", "Take back"]);
    assert!(!toast.0.contains("goes to"), "{}", toast.0);
    let given = "with e as (insert into endpoint (id, client_id, kind, url, created_at)
        select id, client_id, 'webhook', 'https://x.example/', created_at from lead returning id)
        update delivery set endpoint_id = e.id, state = 'pending', reason = null, reason_code = null from e";
    sqlx::query(given).execute(&desk.app.pool).await.unwrap();
    let toast = desk.page(&path).await;
    toast.holds(&["goes to", "in <span data-left>20</span> s."]);
    assert!(!toast.0.contains("It waits"), "{}", toast.0);
}

#[tokio::test]
async fn every_figure_of_the_day_is_the_number_of_rows_of_its_list() {
    let desk = desk().await;
    // What was done before today is in none of them.
    let lead = desk.lead("Before", "+13125550140").await;
    disposed(&desk, &[("disposition", "no_answer")]).await;
    sqlx::query("update touch set at = at - interval '2 days'").execute(&desk.app.pool).await.unwrap();
    sqlx::query("update lead set stage = 'closed', closed_at = $2, closed_reason = 'over' where id = $1")
        .bind(lead.uuid())
        .bind(desk.app.clock.now().to_sqlx())
        .execute(&desk.app.pool)
        .await
        .unwrap();
    let first = desk.lead("Casey", "+13125550142").await;
    disposed(&desk, &[("disposition", "answered"), ("a.timeframe_days", "30")]).await;
    became_a(&desk, first, false).await;
    let second = desk.lead("Robin", "+13125550143").await;
    disposed(&desk, &[("disposition", "answered"), ("a.timeframe_days", "20")]).await;
    became_a(&desk, second, true).await;
    desk.lead("Noor", "+13125550144").await;
    disposed(&desk, &[("disposition", "call_back"), ("cb_date", "2026-11-24"), ("cb_clock", "15:30")]).await;
    desk.lead("Ana", "+13125550145").await;
    disposed(&desk, &[("disposition", "no_answer")]).await;
    let page = desk.page("/work?told=nothing").await;
    page.holds(&["data-opens", "It opens here by itself", "became an A by you"]);
    let figures = figures(&page.0);
    let said: Vec<_> = figures.iter().map(|(_, n)| n.as_str()).collect();
    assert_eq!(said[..2], ["4", "3"], "worked, spoken with: {figures:?}");
    for (href, n) in &figures {
        let list = desk.page(href).await;
        let rows = list.0.matches("<tr data-lead=").count();
        assert_eq!(rows.to_string(), *n, "{href}");
    }
    let of = |then: &str| figures.iter().find(|(href, _)| href.ends_with(&format!("then={then}"))).unwrap().1.clone();
    assert_eq!([of("became_a"), of("accepted"), of("returned"), of("closed")], ["2", "0", "1", "0"]);
    // Who only looks in is not handed a lead.
    assert!(!desk.page("/work").await.0.contains("data-opens"));
}

#[tokio::test]
async fn answers_that_a_call_changed_are_known_and_new_ones_are_none() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    disposed(&desk, &[("disposition", "answered"), ("a.timeframe_days", "120"), ("a.lender", "yes")]).await;
    let between_calls: Timestamp = desk.app.clock.now();
    let opened = desk.post("/work/take", &[("lead", &lead.to_string())]).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
    desk.app.pass(60);
    let page = desk.page(&format!("/work?lead={lead}")).await;
    let form = page.form();
    let typed = [("disposition", "answered"), ("a.timeframe_days", "30"), ("a.lender", "yes"), ("a.budget", "450000")];
    let saved = desk.post("/work/dispose", &page.typed(&form, &typed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let now = desk.app.clock.now();
    let scope = Actor::operator("dana").scope();
    let changed = desk.app.store.answers_changed(scope, lead, (Some(between_calls), now)).await.unwrap();
    let words: Vec<_> =
        changed.iter().map(|one| format!("{}: {} to {}", one.question, one.before, one.after)).collect();
    assert_eq!(words, ["timeframe_days: 120 to 30"]);
    assert_eq!(changed[0].by, "Dana Okafor");
    let before = desk.app.store.answers_changed(scope, lead, (None, between_calls)).await.unwrap();
    assert!(before.is_empty(), "what was first said was changed by nobody: {before:?}");
}

#[tokio::test]
async fn who_is_not_signed_in_or_no_staff_finds_no_work() {
    let desk = desk().await;
    let stranger = desk.app.send("GET", "/work", &[], "").await;
    assert_eq!(stranger.header("location"), "/login?next=%2Fwork");
    let new = AddUser {
        email: "broker@example.com".to_owned(),
        name: None,
        role: UserRole::Broker,
        client: Some("acme".to_owned()),
        password: None,
        time_zone: None,
    };
    let broker = desk.actions.run(&Actor::operator("dana"), &new).await.unwrap();
    let broker = signed_in(&desk.app, broker).await;
    assert_eq!(desk.app.send("GET", "/work", &[("cookie", &broker.cookie)], "").await.status, 404);
    let keys = desk.app.send("GET", "/keys", &[("cookie", &broker.cookie)], "").await;
    assert!(keys.status == 200 && !keys.text.contains("take back what was just saved"), "{}", keys.text);
    assert!(desk.get("/keys").await.text.contains("take back what was just saved"));
    let headers = [("cookie", &*desk.agent.cookie), ("content-type", "application/x-www-form-urlencoded")];
    let forged = desk.app.send("POST", "/work/next", &headers, "csrf=other").await;
    assert_eq!(forged.status, 403);
}
