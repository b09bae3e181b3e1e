//! What a program does not say is not taken for its opposite: a field that is not named stays, a filter that counts for nothing is
//! refused, and what is wrong is named where it stands in the body.

use axum::http::StatusCode;
use ripen_actions::{lead_close::CloseLead, user::SetUser};
use ripen_domain::{actor::Actor, id::LeadId};
use serde_json::{Value, json};

use crate::work::{Desk, api, desk};

/// Pointers and codes of what was refused.
async fn refused(desk: &Desk, path: &str, body: &Value) -> Vec<(String, String)> {
    let (status, said) = api(desk, path, body).await;
    assert_eq!(status, 422, "{said}");
    let word = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let errors = said["errors"].as_array().unwrap();
    errors.iter().map(|error| (word(error, "pointer"), word(error, "code"))).collect()
}

async fn opened(desk: &Desk, lead: LeadId) -> Value {
    let (status, opened) = api(desk, &format!("/api/v1/work/{lead}"), &json!({})).await;
    assert_eq!(status, 200, "{opened}");
    opened["lease"].clone()
}

#[tokio::test]
async fn one_field_that_is_put_right_leaves_the_others_as_they_are() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let person = format!("/api/v1/leads/{lead}/person");
    assert_eq!(api(&desk, &person, &json!({"postal_code": "60614"})).await.0, 204);
    assert_eq!(api(&desk, &person, &json!({"phone": "+1 312 555 0143", "postal_code": null})).await.0, 204);
    let row = "select json_build_array(first_name, last_name, email, phone, postal_code, country, time_zone, locale) from person";
    let kept: Value = sqlx::query_scalar(row).fetch_one(&desk.app.pool).await.unwrap();
    let expected =
        json!(["Casey", "Smith", "casey@example.com", "+13125550143", null, "US", "America/Chicago", "en-US"]);
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn a_wrong_answer_is_pointed_at_where_it_stands() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let lease = opened(&desk, lead).await;
    let dispose = |disposition: &str, more: Value| {
        let mut body = json!({"lead": lead, "lease": lease, "disposition": disposition});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let path = "/api/v1/work/dispose";
    let named = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
    };
    let answers = json!({"answers": {"lender": "maybe", "shoe/size": 44, "timeframe_days": "soon"}});
    let wrong = refused(&desk, path, &dispose("answered", answers)).await;
    assert_eq!(
        wrong,
        named(&[
            ("/answers/lender", "invalid"),
            ("/answers/shoe~1size", "invalid"),
            ("/answers/timeframe_days", "invalid")
        ])
    );
    let in_vain = dispose("no_answer", json!({"answers": {"timeframe_days": 30}}));
    assert_eq!(refused(&desk, path, &in_vain).await, named(&[("/answers/timeframe_days", "contradicts")]));
    let others = json!({"co_deciders": [{"name": "Robin"}, {"name": " ", "phone": "12"}]});
    let wrong = refused(&desk, path, &dispose("answered", others)).await;
    assert_eq!(wrong, named(&[("/co_deciders/1/name", "required"), ("/co_deciders/1/phone", "invalid")]));
    let stop = json!({"stop": {"identities": ["nobody@example.com"]}});
    assert_eq!(
        refused(&desk, path, &dispose("do_not_contact", stop)).await,
        named(&[("/stop/identities/0", "unknown")])
    );
    let why = dispose("call_back", json!({"next": "2026-11-25T11:00", "next_why": " "}));
    assert_eq!(refused(&desk, path, &why).await, named(&[("/next_why", "required")]));
    let slot = json!({"slot": "nobody soon"});
    let of_slot = refused(&desk, &format!("/api/v1/leads/{lead}/appointment"), &slot).await;
    assert_eq!(of_slot, named(&[("/slot", "invalid")]));
    let long = json!({"whom": "client", "why": "x".repeat(20_001)});
    assert_eq!(refused(&desk, &format!("/api/v1/leads/{lead}/stop"), &long).await, named(&[("/why", "too_long")]));
}

#[tokio::test]
async fn a_time_that_is_refused_is_written_as_the_page_writes_times() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let lease = opened(&desk, lead).await;
    let message = |said: &Value| said["errors"][0]["message"].as_str().unwrap().to_owned();
    let body = json!({"lead": lead, "lease": lease, "disposition": "call_back", "next": "2026-11-25T22:00"});
    let of_work = message(&api(&desk, "/api/v1/work/dispose", &body).await.1);
    assert!(of_work.contains(" Chicago.") && !of_work.contains("T22:00"), "{of_work}");
    let moved = json!({"to": "2026-11-25T22:00", "why": "x"});
    let of_lead = message(&api(&desk, &format!("/api/v1/leads/{lead}/promise"), &moved).await.1);
    assert_eq!(of_lead, of_work);
    let form = [("to", "2026-11-25T22:00"), ("why", "x")];
    let page = desk.post(&format!("/leads/{lead}/promise"), &form).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains(&of_lead), "{}", page.text);
    let page = desk.page("/work").await;
    let fields = page.form();
    let typed = [("disposition", "call_back"), ("cb_date", "2026-11-25"), ("cb_clock", "22:00")];
    let page = desk.post("/work/dispose", &page.typed(&fields, &typed)).await;
    assert!(page.text.contains(&of_work) && !page.text.contains("T22:00"), "{}", page.text);
}

#[tokio::test]
async fn without_a_script_the_time_that_is_chosen_behind_a_preset_is_the_one_that_is_promised() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let fields = page.form();
    let preset = desk.post("/work/draft", &page.typed(&fields, &[("preset", "t")])).await;
    let filled = desk.page(preset.header("location")).await;
    let shown = filled.hidden("cb_shown");
    let (date, clock) = shown.split_once(' ').unwrap();
    assert_eq!(date, "2026-11-25", "{shown}");
    // What a browser posts: what was filled in stands there still.
    let fields = filled.form();
    let typed = [
        ("disposition", "call_back"),
        ("cb_date", date),
        ("cb_clock", clock),
        ("cb_shown", shown.as_str()),
        ("cb_day", "2026-11-25"),
        ("cb_time", "11:30"),
    ];
    let kept = desk.post("/work/draft", &filled.typed(&fields, &typed)).await;
    desk.page(kept.header("location")).await.holds(&["Wed 25 Nov, 11:30 Chicago", "name=\"cb_shown\" value=\" \""]);
    // The draft counts one on by now.
    let again = desk.page("/work").await;
    let fields = again.form();
    let saved = desk.post("/work/dispose", &again.typed(&fields, &typed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let due = "select count(*) from promise where agreed and due_at = '2026-11-25T17:30:00Z'";
    assert_eq!(desk.app.count(due).await, 1);
}

#[tokio::test]
async fn a_filter_that_would_count_for_nothing_is_refused_and_shown() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    for (query, name, code, chip) in [
        ("view=all&how=spoke", "how", "required", "Went"),
        ("view=all&then=became_a", "then", "required", "Then"),
        ("view=all&on=month", "on", "required", "On"),
        ("view=all&grade=A&grade=B", "grade", "repeated", "Grade"),
        ("from=2027-01-01&to=2026-01-01", "from", "contradicts", "Arrived since"),
        ("q=casey&grade=B", "grade", "contradicts", "Grade"),
    ] {
        let program = desk.get(&format!("/api/v1/leads?{query}")).await;
        assert_eq!(program.status, StatusCode::BAD_REQUEST, "{query}: {}", program.text);
        let error = &program.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(format!("/{name}")), &json!(code)), "{query}");
        assert_eq!(desk.get(&format!("/leads.csv?{query}")).await.status, StatusCode::BAD_REQUEST, "{query}");
        // A search is no filter of numbers, and no list that is saved.
        let is_left = query.starts_with("q=");
        let counts = desk.get(&format!("/api/v1/leads/counts?{query}")).await.status;
        assert_eq!(counts == StatusCode::OK, is_left, "{query}: {counts}");
        let saved = api(&desk, "/api/v1/lead-views", &json!({"name": "mine", "query": query})).await;
        assert_eq!(saved.0, if is_left { 200 } else { 400 }, "{query}: {}", saved.1);
        let page = desk.get(&format!("/leads?{query}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
        let chip = format!("<span class=\"dim\">{chip}</span>");
        assert!(page.text.contains(&format!("{name}: ")) && page.text.contains(&chip), "{query}: {}", page.text);
        assert!(!page.text.contains("Casey Smith"), "no list in place of another: {query}");
    }
    let form = [("name", "theirs"), ("query", "view=all&then=became_a"), ("what", "save")];
    let page = desk.post("/leads/views", &form).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains("then: "), "{}", page.text);
    for sound in ["view=all&touched_by=me&how=spoke&on=month", "q=casey", "q=casey&sort=points"] {
        assert_eq!(desk.get(&format!("/leads?{sound}")).await.status, StatusCode::OK, "{sound}");
    }
}

#[tokio::test]
async fn who_closed_a_lead_and_opened_it_again_stands_in_its_timeline_with_why() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let moved = json!({"to": "30d", "why": "abroad until then"});
    assert_eq!(api(&desk, &format!("/api/v1/leads/{lead}/promise"), &moved).await.0, 204);
    for (change, why) in [("close", "bought elsewhere"), ("reopen", "a mistake")] {
        desk.app.pass(1);
        assert_eq!(api(&desk, &format!("/api/v1/leads/{lead}/{change}"), &json!({"why": why})).await.0, 204);
    }
    let told = desk.get(&format!("/api/v1/leads/{lead}")).await.json()["timeline"].clone();
    let entry = |place: usize| (told[place]["what"].clone(), told[place]["more"].clone());
    assert_eq!(entry(0), (json!("Opened again by Dana Okafor:"), json!("a mistake")), "{told}");
    assert_eq!(entry(1), (json!("Closed by Dana Okafor:"), json!("bought elsewhere")), "{told}");
    assert!(!told.to_string().contains("Next step dropped"), "{told}");
    desk.page(&format!("/leads/{lead}")).await.holds(&["Opened again by Dana Okafor", "bought elsewhere"]);
}

#[tokio::test]
async fn who_rings_for_a_client_without_a_source_for_people_is_not_entered_for_another() {
    let desk = desk().await;
    desk.app.client("bay").await;
    let page = desk.get("/leads/new").await.text;
    assert!(page.contains("No client has an active source"), "{page}");
    let booth = "insert into source (id, client_id, name, channel, token_hash, created_at)
                 select id, id, 'Booth', 'phone', sha256('booth'), created_at from client where slug = 'acme'";
    sqlx::query(booth).execute(&desk.app.pool).await.unwrap();
    desk.page("/leads/new").await.holds(&["ACME: Booth", "id=\"without-source\"", "<bdi>BAY</bdi>"]);
    // Of clients that they do not work for nothing is said.
    let of_acme = SetUser { clients: Some(vec!["acme".to_owned()]), ..SetUser::of(desk.agent.id) };
    desk.actions.run(&Actor::operator("dana"), &of_acme).await.unwrap();
    assert!(!desk.page("/leads/new").await.0.contains("without-source"));
}

#[tokio::test]
async fn an_agent_of_other_clients_is_told_so_in_the_words_of_taking() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    desk.app.client("other").await;
    let others = SetUser { clients: Some(vec!["other".to_owned()]), ..SetUser::of(desk.agent.id) };
    desk.actions.run(&Actor::operator("dana"), &others).await.unwrap();
    for (change, body) in [
        ("close", json!({"why": "x"})),
        ("promise", json!({"to": "30d", "why": "x"})),
        ("person", json!({"last_name": "Jones"})),
    ] {
        let (status, said) = api(&desk, &format!("/api/v1/leads/{lead}/{change}"), &body).await;
        assert_eq!(
            (status, said["detail"].as_str().unwrap().contains("you do not work for ACME")),
            (409, true),
            "{said}"
        );
    }
    let page = desk.post(&format!("/leads/{lead}/close"), &[("why", "x")]).await;
    assert!(page.status == StatusCode::CONFLICT && page.text.contains("you do not work for ACME"), "{}", page.text);
    assert_eq!(api(&desk, &format!("/api/v1/leads/{lead}/note"), &json!({"note": "rang us"})).await.0, 204);
    let close = CloseLead { lead, why: "x".to_owned() };
    desk.actions.run(&Actor::operator("dana"), &close).await.unwrap();
    assert_eq!(api(&desk, &format!("/api/v1/leads/{lead}/reopen"), &json!({"why": "x"})).await.0, 409);
}

#[tokio::test]
async fn while_it_is_not_settled_where_somebody_is_every_clock_says_so() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let mobile = "update person set country = 'AU', time_zone = null, phone = '+61412999001'";
    sqlx::query(mobile).execute(&desk.app.pool).await.unwrap();
    opened(&desk, lead).await;
    let page = desk.page("/work").await;
    page.holds(&[
        "there: Perth to Sydney",
        "Times are by the clock in Sydney",
        "id=\"unsettled\"",
        "postal code or time zone settles which",
    ]);
    assert!(!page.0.contains("where <span dir=\"auto\">Casey</span> is."), "{}", page.0);
    desk.page(&format!("/leads/{lead}")).await.holds(&["Perth to Sydney", "settles which"]);
    let path = format!("/api/v1/work/{lead}");
    let read = desk.get(&path).await.json();
    let place = &read["place"];
    assert_eq!(place["unsettled"]["places"], "Perth to Sydney", "{place}");
    assert_eq!(place["settled_by"], "Their postal code or time zone", "{place}");
    let times = read["call_back"]["times"].as_array().unwrap();
    assert!(times.contains(&json!("12:00")) && !times.contains(&json!("09:00")), "six in Perth: {times:?}");
    let asked = json!({"lead": lead, "disposition": "call_back", "next": "2026-11-25T12:00"});
    let (_, said) = api(&desk, "/api/v1/work/preview", &asked).await;
    assert_eq!(said["call_back"]["unsettled"]["places"], "Perth to Sydney", "{said}");
    assert_eq!(api(&desk, &format!("/api/v1/leads/{lead}/person"), &json!({"postal_code": "6000"})).await.0, 204);
    let page = desk.page("/work").await;
    page.holds(&["in Perth", "Times are Perth, where"]);
    assert!(!page.0.contains("id=\"unsettled\""), "{}", page.0);
    let place = desk.get(&path).await.json()["place"].clone();
    assert_eq!((&place["unsettled"], &place["time_zone"]), (&Value::Null, &json!("Australia/Perth")), "{place}");
}

#[tokio::test]
async fn a_newer_draft_of_another_tab_outlives_the_disposition_of_the_first() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let first = desk.next().await;
    let form = first.form();
    desk.post_for("/work/draft", &first.typed(&form, &[("note", "tab one text")]), "application/json").await;
    let second = desk.page("/work").await;
    let fields = second.form();
    let more = [("note", "tab one text PLUS wife Ann decides")];
    let kept = desk.post_for("/work/draft", &second.typed(&fields, &more), "application/json").await.json();
    assert_eq!(kept["version"], 2, "{kept}");
    // As the script of the first tab has it, which saved the first version.
    let mut saved = form.clone();
    saved.iter_mut().filter(|(name, _)| name == "version").for_each(|(_, value)| *value = "1".to_owned());
    let typed = [("disposition", "no_answer"), ("note", "tab one text")];
    let done = desk.post("/work/dispose", &first.typed(&saved, &typed)).await;
    assert!(done.header("location").contains("told=draft_stays"), "{}", done.header("location"));
    desk.page(done.header("location")).await.holds(&["was not part of what was saved: it is kept"]);
    let lost = desk.post_for("/work/renew", &second.typed(&fields, &[]), "application/json").await.json();
    assert_eq!(lost["has_draft"], true, "{lost}");
    let open = desk.post("/work/take", &[("lead", &lead.to_string())]).await;
    desk.page(open.header("location")).await.holds(&["tab one text PLUS wife Ann decides"]);
    // Given back and opened once more it is there still.
    let page = desk.page("/work").await;
    let fields = page.form();
    desk.post("/work/leave", &page.typed(&fields, &more)).await;
    let open = desk.post("/work/take", &[("lead", &lead.to_string())]).await;
    desk.page(open.header("location")).await.holds(&["tab one text PLUS wife Ann decides"]);
}
