//! What is next for a lead: the same on its page, in lists, in the file and for programs.

use axum::http::StatusCode;
use jiff::SignedDuration;
use ripen_domain::id::LeadId;

use crate::{
    harness::app,
    leads::{Browser, id, worked},
};

#[tokio::test]
async fn a_list_names_the_next_step_that_the_leads_own_page_names() {
    let app = app().await;
    // Noon in Chicago.
    app.pass(8 * 3_600);
    let acme = app.client("acme").await;
    let (fresh, tried) = (app.waiting(&acme, "+13125550142").await, app.waiting(&acme, "+13125550143").await);
    let far = app.clock.now() + SignedDuration::from_hours(90 * 24);
    for lead in [fresh, tried] {
        app.promised(&acme, lead, (false, far)).await;
    }
    for sql in [
        "insert into touch (id, lead_id, client_id, at, by, disposition, answers, round)
         select gen_random_uuid(), id, client_id, now_is, 'Lee', 'no_answer', 0, false from lead",
        "update lead set touches = 1, last_disposition = 'no_answer'",
    ] {
        let sql = sql.replace("now_is", &format!("timestamptz '{}'", app.clock.now()));
        sqlx::query(sqlx::AssertSqlSafe(format!("{sql} where id = $1"))).bind(tried).execute(&app.pool).await.unwrap();
    }
    let agent = Browser::new(&app, "agent", None).await;
    let (fresh, tried) = (LeadId::from_uuid(fresh), LeadId::from_uuid(tried));
    let list = agent.page(&app, "/leads").await;
    let row = |lead: LeadId| {
        let row = list.split(&format!("<tr data-lead=\"{lead}\"")).nth(1).unwrap();
        row.split("</tr>").next().unwrap().to_owned()
    };
    let file = agent.page(&app, "/leads.csv?view=open").await;
    let line = |lead: LeadId| file.lines().find(|line| line.starts_with(&lead.to_string())).unwrap().to_owned();
    let rows = agent.get(&app, "/api/v1/leads?view=open").await.json();
    let listed = |lead: LeadId| {
        let rows = rows["leads"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == lead.to_string()).unwrap()["next_step"].clone()
    };

    assert!(agent.page(&app, &format!("/leads/{fresh}")).await.contains("A call: nothing stands against it now"));
    let shown = row(fresh);
    assert!(shown.contains(">now<") && shown.contains(">A call<") && !shown.contains("Re-qualify"), "{shown}");
    assert!(line(fresh).contains(",call,2026-11-23T"), "{}", line(fresh));
    assert_eq!((&listed(fresh)["kind"], &listed(fresh)["state"]), (&"call".into(), &"work".into()));
    assert!(listed(fresh)["due_at"].is_null());

    assert!(agent.page(&app, &format!("/leads/{tried}")).await.contains("Another try"));
    let shown = row(tried);
    assert!(shown.contains(">in 24 h<") && shown.contains(">Another try<"), "{shown}");
    assert!(line(tried).contains(",another try,2026-11-24T"), "{}", line(tried));
    assert_eq!((&listed(tried)["kind"], &listed(tried)["state"]), (&"again".into(), &"scheduled".into()));

    for lead in [fresh, tried] {
        let one = agent.get(&app, &format!("/api/v1/leads/{lead}")).await.json();
        assert_eq!(one["lead"]["next_step"], listed(lead));
        let found = agent.get(&app, &format!("/api/v1/leads?q={lead}")).await.json();
        assert_eq!(found["leads"][0]["next_step"], listed(lead), "a search says the same");
    }
    // When somebody of the firm is to call is not a client's to know.
    let broker = Browser::new(&app, "broker", Some(&acme)).await;
    let theirs = broker.get(&app, &format!("/api/v1/leads?q={fresh}")).await.json();
    assert_eq!(theirs["leads"][0]["next_step"]["kind"], "requalify");
}

#[tokio::test]
async fn an_a_lead_that_is_perhaps_the_same_persons_waits_for_somebody_who_says_so_and_no_recipient() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (first, second) = (app.sent(&acme).await, app.owed(&acme).await);
    let reason = format!("perhaps the same person's as {}", id(first));
    let hold = "update delivery set state = 'held', endpoint_id = null, same_as = $2, reason = $3, reason_code = 'undated' where id = $1";
    let query = sqlx::query(hold).bind(second.delivery.uuid()).bind(first.lead).bind(&reason);
    query.execute(&app.pool).await.unwrap();
    for sql in [
        "insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
         select id, 2, client_id, 'same_person', 'work', '2026-11-22Z', 'say whose it is', 'criteria', created_at, created_at from lead",
        "insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, agreed, offered_until, created_at)
         select id, 3, client_id, 'requalify', 'scheduled', '2026-12-01 15:00Z', 'rings back', 'Morgan Slate', true, created_at, created_at from lead",
    ] {
        let sql = format!("{sql} where id = $1");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(second.lead).execute(&app.pool).await.unwrap();
    }
    let manager = Browser::new(&app, "manager", None).await;
    let page = manager.page(&app, &format!("/leads/{}", id(second))).await;
    assert!(page.contains("Somebody has to say whether it is the same person"), "{page}");
    assert!(
        page.contains(&format!("href=\"/leads/{}\"", id(first))) && page.contains("ripen person same lead_"),
        "{page}"
    );
    assert!(page.contains(&format!("ripen delivery release {}", second.delivery)), "{page}");
    assert!(!page.contains("has to be found") && !page.contains("free a recipient"), "{page}");

    // Agreed was the call, and not that somebody says whose the lead is.
    let step = page.split("id=\"step\"").nth(1).unwrap().split("</section>").next().unwrap();
    let (same, agreed) = step.split_once("Promised call").unwrap();
    assert!(same.contains("Same person?") && same.contains("say whose it is"), "{step}");
    assert!(!same.contains("Agreed with the person"), "{step}");
    assert!(agreed.contains("rings back</span>. Agreed with the person by Morgan Slate"), "{step}");
    assert!(!page.contains("the client has it;") && !page.contains("The client has it;"), "{page}");

    // To a client's people neither the other lead nor a command is told.
    let broker = Browser::new(&app, "broker", Some(&acme)).await;
    let theirs = broker.page(&app, &format!("/leads/{}", id(second))).await;
    assert!(theirs.contains("Somebody has to say whether it is the same person"), "{theirs}");
    assert!(!theirs.contains("has to be found") && !theirs.contains("ripen person"), "{theirs}");
}

#[tokio::test]
async fn a_closed_lead_is_not_to_be_opened_again_whose_person_must_not_be_contacted() {
    let app = app().await;
    let acme = app.client("acme").await;
    let lead = worked(&app, &acme).await;
    let agent = Browser::new(&app, "agent", None).await;
    let path = format!("/leads/{}", id(lead));
    let closed = agent.post(&app, &format!("{path}/close"), "why=moved+abroad").await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text);
    assert!(agent.page(&app, &path).await.contains("open=reopen"));
    sqlx::query("update person set do_not_contact = true").execute(&app.pool).await.unwrap();
    assert!(!agent.page(&app, &path).await.contains("open=reopen"), "it would be refused");
}
