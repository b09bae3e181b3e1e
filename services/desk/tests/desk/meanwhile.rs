//! What happens to a lead while somebody has it open: another tab saves it, a manager closes it, a look elsewhere; and what is said of
//! that.

use axum::http::StatusCode;
use ripen_actions::{
    desk::{TakeLead, UndoDisposition},
    lead_close::CloseLead,
    person_correct::CorrectPerson,
    user::{AddUser, SetUser},
};
use ripen_domain::{
    actor::{Actor, UserRole},
    id::LeadId,
    touch::Disposition,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::work::{Desk, Page, api, desk};

fn operator() -> Actor {
    Actor::operator("dana")
}

/// A colleague, who signs in nowhere.
async fn colleague(desk: &Desk) -> Actor {
    let new = AddUser {
        email: "kim@example.com".to_owned(),
        name: Some("Kim".to_owned()),
        role: UserRole::Agent,
        client: None,
        password: None,
        time_zone: None,
    };
    let id = desk.actions.run(&operator(), &new).await.unwrap();
    Actor::user(id, "Kim", UserRole::Agent, None)
}

#[tokio::test]
async fn who_works_for_other_clients_finds_no_button_and_is_told_why() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let (page, list) = (format!("/leads/{lead}"), "/leads?view=all");
    desk.page(&page).await.holds(&["Take and call", "<form data-dial"]);
    assert!(!desk.page(list).await.0.contains("data-not-taken"));
    desk.app.client("other").await;
    let others = SetUser { clients: Some(vec!["other".to_owned()]), ..SetUser::of(desk.agent.id) };
    desk.actions.run(&operator(), &others).await.unwrap();
    let shown = desk.page(&page).await;
    shown.holds(&["312-555-0142"]);
    assert!(!shown.0.contains("Take and call") && !shown.0.contains("<form data-dial") && !shown.0.contains("tel:"));
    assert!(desk.page(list).await.0.contains(&format!("<tr data-lead=\"{lead}\" data-not-taken>")));
    let opened = desk.post("/work/take", &[("lead", &lead.to_string())]).await;
    assert_eq!(opened.header("location"), "/work?told=other_client", "{}", opened.text);
    desk.page("/work?told=other_client").await.holds(&["You do not work for the client of that lead."]);
    let headers =
        [("cookie", &*desk.agent.cookie), ("x-csrf-token", &*desk.agent.csrf), ("content-type", "application/json")];
    let refused = desk.app.send("POST", &format!("/api/v1/work/{lead}"), &headers, "{}").await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("you do not work for ACME"), "{}", refused.text);
}

#[tokio::test]
async fn a_second_tab_saves_nothing_of_a_call_that_the_first_one_saved() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let first = desk.next().await;
    let second = desk.page("/work").await;
    let form = first.form();
    let saved = desk.post("/work/dispose", &first.typed(&form, &[("disposition", "answered")])).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let form = second.form();
    let renewed = desk.post_for("/work/renew", &second.typed(&form, &[]), "application/json").await;
    assert_eq!(renewed.status, StatusCode::CONFLICT);
    let told = renewed.json()["last"].as_str().unwrap().to_owned();
    assert!(told.starts_with("You saved it on ") && told.ends_with(": answered."), "{told}");
    let typed = [("disposition", "not_interested"), ("note", "wants nothing")];
    let lost = desk.post("/work/dispose", &second.typed(&form, &typed)).await;
    assert_eq!(lost.status, StatusCode::CONFLICT, "{}", lost.text);
    let page = Page(lost.text);
    page.holds(&["nobody has it open", "You saved it on ", "wants nothing", "Open it again"]);
    assert_eq!(desk.touches().await, 1);
    assert_eq!(desk.app.count("select count(*) from desk_draft where note = 'wants nothing'").await, 1);
    let open = desk.post("/work/take", &[("lead", &lead.to_string())]).await;
    desk.page(open.header("location")).await.holds(&["wants nothing"]);
}

#[tokio::test]
async fn a_form_that_was_refused_neither_drops_nor_hides_the_newer_draft_of_another_tab() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let first = desk.next().await;
    let second = desk.page("/work").await;
    let (one, two) = (first.form(), second.form());
    let theirs = second.typed(&two, &[("note", "PLUS wife Ann decides")]);
    assert_eq!(desk.post_for("/work/draft", &theirs, "application/json").await.json()["version"], 1);
    let undated = [("disposition", "call_back"), ("note", "of the first tab")];
    let refused = desk.post("/work/dispose", &first.typed(&one, &undated)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let again = Page(refused.text);
    again.holds(&["of the first tab", "Another tab of yours has saved a newer draft"]);
    assert_eq!(again.hidden("version"), "0", "it was shown nothing of the newer one");
    let form = again.form();
    let typed = [("disposition", "no_answer"), ("note", "of the first tab")];
    let saved = desk.post("/work/dispose", &again.typed(&form, &typed)).await;
    assert!(saved.header("location").contains("told=draft_stays"), "{}", saved.text);
    assert_eq!(desk.app.count("select count(*) from desk_draft where note = 'PLUS wife Ann decides'").await, 1);
}

#[tokio::test]
async fn a_form_that_was_refused_counts_on_behind_its_own_draft() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    let refused =
        desk.post("/work/dispose", &page.typed(&form, &[("disposition", "call_back"), ("note", "one")])).await;
    let again = Page(refused.text);
    assert_eq!(again.hidden("version"), "1");
    assert!(!again.0.contains("Another tab of yours"), "{}", again.0);
    let form = again.form();
    let saved = desk.post("/work/dispose", &again.typed(&form, &[("disposition", "no_answer"), ("note", "two")])).await;
    assert!(!saved.header("location").contains("told="), "{}", saved.text);
    assert_eq!(desk.app.count("select count(*) from desk_draft").await, 0);
}

#[tokio::test]
async fn the_note_of_a_lead_that_was_closed_meanwhile_is_kept_on_it_and_the_next_one_comes() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    let close = CloseLead { lead, why: "bought elsewhere".to_owned() };
    desk.actions.run(&operator(), &close).await.unwrap();
    let renewed = desk.post_for("/work/renew", &page.typed(&form, &[]), "application/json").await.json();
    assert_eq!(renewed["over"], "bought elsewhere", "the page hears of it");
    let chosen = [("disposition", "answered")];
    let said = desk.post("/work/preview", &page.typed(&form, &chosen)).await.json();
    let after = said["after"].as_str().unwrap();
    assert!(after.contains("It is over: ") && !after.contains("take it back"), "{after}");
    let typed = [("disposition", "answered"), ("note", "likes gardens")];
    let saved = desk.post("/work/dispose", &page.typed(&form, &typed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert_eq!(saved.header("location"), format!("/work?told=ended_noted&lead={lead}"));
    desk.page(saved.header("location")).await.holds(&["Your note is kept on it"]);
    assert_eq!(desk.app.count("select count(*) from note where text = 'likes gardens'").await, 1);
    assert_eq!(desk.app.count("select (select count(*) from desk_draft) + (select count(*) from desk_lease)").await, 0);
    assert_eq!(desk.touches().await, 0);
}

async fn correct(desk: &Desk, lead: LeadId, phone: &str) {
    let right = CorrectPerson { lead: Some(lead), phone: Some(phone.to_owned()), ..CorrectPerson::default() };
    desk.actions.run(&operator(), &right).await.unwrap();
}

#[tokio::test]
async fn a_page_hears_of_another_number_dials_none_of_before_and_says_of_it_that_it_was_wrong() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    correct(&desk, lead, "+13125550177").await;
    let renewed = desk.post_for("/work/renew", &page.typed(&form, &[]), "application/json").await.json();
    assert_eq!((&renewed["number"], &renewed["number_shown"]), (&json!("+13125550177"), &json!("+1 312-555-0177")));
    let dial = json!({"lead": lead, "number": "+13125550142", "main": true});
    let (status, said) = api(&desk, "/api/v1/work/dial", &dial).await;
    assert_eq!(status, 409, "{said}");
    assert!(said["detail"].as_str().unwrap().starts_with("This number was changed since the page was made"), "{said}");
    assert_eq!(desk.app.count("select count(*) from call").await, 0);
    let shown = page.hidden("shown");
    let typed = [("disposition", "wrong_number"), ("shown", shown.as_str())];
    let saved = desk.post("/work/dispose", &page.typed(&form, &typed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let void = "select count(*) from person_identity where void_at is not null and value = '+13125550142'";
    let called = "select count(*) from person where phone = '+13125550177'";
    assert_eq!((desk.app.count(void).await, desk.app.count(called).await), (1, 1));
}

#[tokio::test]
async fn a_page_that_shows_the_new_number_asks_which_of_the_two_was_wrong() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    correct(&desk, lead, "+13125550177").await;
    // Without a script: what is typed is kept, and the page is loaded again.
    let kept = desk.post("/work/draft", &page.typed(&form, &[("note", "a stranger answered")])).await;
    let again = desk.page(kept.header("location")).await;
    again.holds(&[
        "a stranger answered",
        "The number was changed while you had this lead open",
        "<input type=\"radio\" name=\"shown\" value=\"+13125550142\">",
        "<input type=\"radio\" name=\"shown\" value=\"+13125550177\">",
    ]);
    let form = again.form();
    let unsaid = desk.post("/work/dispose", &again.typed(&form, &[("disposition", "number_dead")])).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unsaid.text);
    let again = Page(unsaid.text);
    again.holds(&["look above which one you called"]);
    assert_eq!(desk.touches().await, 0);
    let form = again.form();
    let said = [("disposition", "number_dead"), ("shown", "+13125550177")];
    let saved = desk.post("/work/dispose", &again.typed(&form, &said)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let void = "select count(*) from person_identity where void_at is not null and value = '+13125550177'";
    assert_eq!(desk.app.count(void).await, 1);
}

#[tokio::test]
async fn a_program_says_which_number_it_called_or_is_told_that_it_was_changed() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let lease = page.hidden("lease");
    correct(&desk, lead, "+13125550177").await;
    let (status, kept) = api(&desk, "/api/v1/work/renew", &json!({"lead": lead, "lease": lease})).await;
    assert_eq!((status, &kept["phone"]), (200, &json!("+13125550177")), "{kept}");
    let body = json!({"lead": lead, "lease": lease, "disposition": "number_dead"});
    let (status, said) = api(&desk, "/api/v1/work/dispose", &body).await;
    assert_eq!(status, 409, "{said}");
    assert!(said["detail"].as_str().unwrap().contains("ends in 77"), "{said}");
    let body = json!({"lead": lead, "lease": lease, "disposition": "number_dead", "phone": "+13125550142"});
    let (status, said) = api(&desk, "/api/v1/work/dispose", &body).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(desk.app.count("select count(*) from person where phone = '+13125550177'").await, 1);
}

#[tokio::test]
async fn what_was_saved_can_be_taken_back_from_whatever_page_one_comes() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    desk.post("/work/dispose", &page.typed(&form, &[("disposition", "no_answer")])).await;
    desk.page("/leads").await;
    let back = desk.page("/work").await;
    back.holds(&["id=\"toast\"", "Take back", &format!("data-lead=\"{lead}\"")]);
    let other_lead = desk.lead("Robin", "+13125550143").await;
    desk.next().await.holds(&["Take back", &other_lead.to_string()]);
    desk.app.pass(3_600);
    assert!(!desk.page("/work").await.0.contains("id=\"toast\""), "the time for it is over");
}

#[tokio::test]
async fn a_lead_that_somebody_has_open_says_so_before_it_is_dialed() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let kim = colleague(&desk).await;
    let own = desk.page(&format!("/leads/{lead}")).await;
    assert!(!own.0.contains("has this lead open just now"), "{}", own.0);
    desk.actions.run(&kim, &TakeLead { lead }).await.unwrap();
    desk.page(&format!("/leads/{lead}")).await.holds(&["Kim", "has this lead open just now"]);
    let asked = api(&desk, "/api/v1/work/dial", &json!({"lead": lead})).await;
    assert_eq!(asked.0, 422, "{}", asked.1);
    assert_eq!(asked.1["errors"][0]["pointer"], "/anyway");
    assert!(asked.1["errors"][0]["message"].as_str().unwrap().contains("Kim has it open"), "{}", asked.1);
    assert_eq!(desk.app.count("select count(*) from call").await, 0);
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_refused_and_nothing_is_done() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let opened = api(&desk, &format!("/api/v1/work/{lead}"), &json!({})).await;
    assert_eq!(opened.0, 200, "{}", opened.1);
    let lease = opened.1["lease"].clone();
    let dispose = |more: Value| {
        let mut body = json!({"lead": lead, "lease": lease, "disposition": "do_not_contact"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (path, body, pointer, code) in [
        ("/api/v1/work/next".to_owned(), json!({"zzz": 1}), "/zzz", "unknown"),
        ("/api/v1/work/dispose".to_owned(), dispose(json!({"stop": {"who": "firm"}})), "/stop/who", "unknown"),
        ("/api/v1/work/dispose".to_owned(), dispose(json!({"stop": {"whom": "all"}})), "/stop/whom", "invalid"),
        ("/api/v1/work/dispose".to_owned(), dispose(json!({"disposition": "zzz"})), "/disposition", "invalid"),
        ("/api/v1/work/dispose".to_owned(), dispose(json!({"touch": "not-a-uuid"})), "/touch", "invalid"),
        (format!("/api/v1/leads/{lead}/promise"), json!({"to": "30d", "why": "x", "agred": true}), "/agred", "unknown"),
        (format!("/api/v1/leads/{lead}/close"), json!({"why": "x", "zzz": 1}), "/zzz", "unknown"),
    ] {
        let (status, said) = api(&desk, &path, &body).await;
        let error = &said["errors"][0];
        assert_eq!((status, &error["pointer"], &error["code"]), (422, &json!(pointer), &json!(code)), "{path}: {said}");
    }
    assert_eq!(desk.touches().await, 0);
    let both = dispose(json!({"stop": {"whom": "client", "for_firm": true}}));
    assert_eq!(api(&desk, "/api/v1/work/dispose", &both).await.1["errors"][0]["pointer"], "/stop/for_firm");
    let firm = api(&desk, "/api/v1/work/dispose", &dispose(json!({"stop": {"whom": "firm"}}))).await;
    assert_eq!(firm.0, 200, "{}", firm.1);
    assert!(desk.app.count("select count(*) from suppression where client_id is null").await > 0, "for the whole firm");
    let other = desk.lead("Robin", "+13125550143").await;
    let stop = json!({"for_firm": true, "why": "asked on the phone"});
    assert_eq!(api(&desk, &format!("/api/v1/leads/{other}/stop"), &stop).await.0, 204);
}

#[tokio::test]
async fn who_put_a_name_right_and_who_took_something_back_stands_at_the_lead() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    desk.post("/work/dispose", &page.typed(&form, &[("disposition", Disposition::NoAnswer.word())])).await;
    let undo = UndoDisposition { touch: page.hidden("touch").parse::<Uuid>().unwrap() };
    let dana = Actor::user(desk.agent.id, "Dana Okafor", UserRole::Agent, None);
    desk.actions.run(&dana, &undo).await.unwrap();
    desk.app.pass(1);
    let typed = format!("/leads/{lead}/person");
    let fields = [("first_name", "Cassandra"), ("last_name", "Smith"), ("phone", "+13125550142"), ("country", "US")];
    let corrected = desk.post(&typed, &fields).await;
    assert_eq!(corrected.status, StatusCode::SEE_OTHER, "{}", corrected.text);
    desk.page(&format!("/leads/{lead}")).await.holds(&[
        "Dana Okafor put contact data right",
        "first name",
        "Dana Okafor took back what was saved",
    ]);
    let manager = desk.app.user(UserRole::Manager, None).await;
    let audit = desk.app.see(&manager, &format!("/api/v1/audit?object={lead}")).await.json();
    let actions: Vec<_> = audit["entries"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect();
    // Whoever is named by their mail is found as by their id, which stands on no page.
    let by_mail = "/api/v1/audit?actor=dana@example.com";
    let theirs = desk.app.see(&manager, by_mail).await.json();
    assert!(!theirs["entries"].as_array().unwrap().is_empty(), "{theirs}");
    assert!(actions.contains(&json!("person.correct")) && actions.contains(&json!("lead.touch_undo")), "{audit}");
}

#[tokio::test]
async fn a_stage_that_a_view_does_not_have_is_none_in_its_list_and_its_number() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let close = CloseLead { lead, why: "bought elsewhere".to_owned() };
    desk.actions.run(&operator(), &close).await.unwrap();
    let none = desk.page("/leads?view=open&stage=closed").await;
    none.holds(&["No lead fits"]);
    assert!(!none.0.contains("CSV of these 1"), "{}", none.0);
    desk.page("/leads?view=closed&stage=closed").await.holds(&["CSV of these 1"]);
    assert_eq!(desk.get("/leads.csv?view=open&stage=closed").await.text.lines().count(), 1, "its heading alone");
}

#[tokio::test]
async fn what_is_quarantined_is_let_go_or_given_up_with_a_reason_and_it_is_said_what_happened() {
    let desk = desk().await;
    let manager = desk.app.browser(desk.app.user(UserRole::Manager, None).await.id).await;
    let arrival = ripen_domain::id::ArrivalId::from_uuid(Uuid::from_u128(9));
    for (what, why, told) in
        [("release", "", "why"), ("drop", "", "why"), ("release", "a+friend", "gone"), ("drop", "a+bot", "gone")]
    {
        let form = manager.form(&format!("id={arrival}&what={what}&why={why}&back=list"));
        let done = desk.app.submit(&manager, "/queues/quarantine", form).await;
        assert_eq!(done.header("location"), format!("/queues/quarantine?told={told}"), "{}", done.text);
        let page = desk.app.page(&manager, done.header("location")).await.text;
        assert!(page.contains(if told == "why" { "say why in a few words" } else { "was over already" }), "{page}");
    }
}
