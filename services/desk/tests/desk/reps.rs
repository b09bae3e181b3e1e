//! A rep's own page: open leads of theirs and of nobody else, until its links are revoked.

use std::net::SocketAddr;

use axum::{body::Body, http::Request};
use ripen_domain::id::RepId;
use ripen_runtime::config::Settings;
use ripen_store::team::rep_leads::RepLeadsWanted;
use ripen_web::address::Visitor;
use serde_json::json;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::harness::{App, Client, Sent, app, app_with};

/// A rep of the client to whom this delivery went.
pub async fn rep_of(app: &App, client: &Client, sent: &[Sent]) -> RepId {
    let rep = RepId::from_uuid(Uuid::from_u128(u128::from(app.pass(1).as_millisecond().unsigned_abs())));
    let sql =
        "insert into rep (id, client_id, name, email, created_at) values ($1, $2, 'Dana <Hill>', $1::text, 'epoch')";
    sqlx::query(sql).bind(rep.uuid()).bind(client.id.uuid()).execute(&app.pool).await.unwrap();
    for one in sent {
        let to = "update delivery set rep_id = $2 where id = $1";
        sqlx::query(to).bind(one.delivery.uuid()).bind(rep.uuid()).execute(&app.pool).await.unwrap();
    }
    rep
}

/// The page of a rep, with its status.
pub async fn leads(app: &App, rep: RepId) -> (u16, String) {
    let path = format!("/r/{}", app.key.rep_token(rep, app.clock.now()));
    let page = app.send("GET", &path, &[], "").await;
    (page.status.as_u16(), page.text)
}

#[tokio::test]
async fn a_rep_sees_open_leads_of_theirs_and_no_others() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    let (first, second, foreign) = (app.sent(&acme).await, app.sent(&acme).await, app.sent(&other).await);
    let (dana, lee) = (rep_of(&app, &acme, &[first]).await, rep_of(&app, &acme, &[second]).await);
    let stranger = rep_of(&app, &other, &[foreign]).await;
    app.known_as_sent(first).await;
    let (status, page) = leads(&app, dana).await;
    assert_eq!((status, page.matches("<section>").count()), (200, 1), "{page}");
    for shown in [
        "Dana &#60;Hill&#62;",
        "tel:+14155550100",
        "waits for your call",
        "Accept it",
        "Tried, no answer",
        "Return…",
        "All about",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let link = page.split("href=\"/o/").nth(2).unwrap().split('"').next().unwrap().to_owned();
    let opened = app.send("GET", &format!("/o/{link}"), &[], "").await;
    assert_eq!(opened.status, 200);
    app.send(
        "POST",
        &format!("/o/{link}"),
        &[("content-type", "application/x-www-form-urlencoded")],
        "outcome=returned&reason=no",
    )
    .await;
    assert_eq!(leads(&app, dana).await.1.matches("<section>").count(), 0, "what was given back is no open lead");
    assert_eq!(leads(&app, lee).await.1.matches("<section>").count(), 1);
    assert_eq!(leads(&app, stranger).await.1.matches("<section>").count(), 1);
}

#[tokio::test]
async fn links_that_were_revoked_forged_or_made_for_something_else_open_nothing() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let old = format!("/r/{}", app.key.rep_token(rep, app.clock.now()));
    let of_lead = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
    assert_eq!(app.send("GET", &of_lead, &[], "").await.status, 200);
    app.pass(10);
    let revoke = "update rep set links_since = $2 where id = $1";
    let now = jiff_sqlx::ToSqlx::to_sqlx(app.clock.now());
    sqlx::query(revoke).bind(rep.uuid()).bind(now).execute(&app.pool).await.unwrap();
    let over = app.send("GET", &old, &[], "").await;
    assert!(over.status == 410 && over.text.contains("This link is over"), "{}", over.text);
    let lead = app.send("GET", &of_lead, &[], "").await;
    assert!(lead.status == 410 && !lead.text.contains("Casey"), "the leads' own links go with it: {}", lead.text);
    app.pass(10);
    assert_eq!(leads(&app, rep).await.0, 200);
    let outcome = format!("/r/{}", app.key.token(sent.delivery, app.clock.now()));
    assert_eq!(app.send("GET", &outcome, &[], "").await.status, 404);
    assert_eq!(app.send("GET", "/r/00", &[], "").await.status, 404);
    assert_eq!(app.send("POST", &old, &[], "").await.status, 410, "a link that was ended is not renewed");
}

#[tokio::test]
async fn a_link_to_the_list_is_renewed_by_mail_after_a_month() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let path = format!("/r/{}", app.key.rep_token(rep, app.clock.now()));
    app.pass(29 * 24 * 3600);
    assert_eq!(app.send("GET", &path, &[], "").await.status, 200);
    app.pass(2 * 24 * 3600);
    let old = app.send("GET", &path, &[], "").await;
    assert!(
        old.status == 410 && old.text.contains("Mail me a new link") && !old.text.contains("Casey"),
        "{}",
        old.text
    );
    assert_eq!(app.count("select count(*) from notice").await, 0, "a look mails nothing");
    for _ in 0..2 {
        let asked = app.send("POST", &path, &[], "").await;
        assert!(asked.status == 200 && asked.text.contains("on its way"), "{}", asked.text);
        app.pass(60);
    }
    assert_eq!(app.count("select count(*) from notice where kind = 'rep_link'").await, 1, "one a day");
}

#[tokio::test]
async fn who_left_is_let_in_by_no_link_until_they_are_back() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let mailed = "update endpoint set kind = 'email', url = null, address = 'dana@example.com' where id = (select endpoint_id from delivery where id = $1)";
    sqlx::query(mailed).bind(sent.delivery.uuid()).execute(&app.pool).await.unwrap();
    let of_lead = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
    let set = |paused: &'static str| sqlx::query(paused).bind(rep.uuid()).execute(&app.pool);
    set("update rep set is_paused = true, back_on = '2026-12-01' where id = $1").await.unwrap();
    assert_eq!((leads(&app, rep).await.0, app.send("GET", &of_lead, &[], "").await.status.as_u16()), (200, 200));
    set("update rep set back_on = null where id = $1").await.unwrap();
    assert_eq!(leads(&app, rep).await.0, 410);
    for method in ["GET", "POST"] {
        let lead = app.send(method, &of_lead, &[], "").await;
        assert!(lead.status == 410 && !lead.text.contains("Casey"), "{method}: {}", lead.text);
    }
    set("update rep set is_paused = false where id = $1").await.unwrap();
    assert_eq!((leads(&app, rep).await.0, app.send("GET", &of_lead, &[], "").await.status.as_u16()), (200, 200));
}

#[tokio::test]
async fn a_page_makes_no_new_link_to_a_lead_whose_links_were_ended_since() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (ended, other) = (app.sent(&acme).await, app.sent(&acme).await);
    let rep = rep_of(&app, &acme, &[ended, other]).await;
    let old = format!("/r/{}", app.key.rep_token(rep, app.clock.now()));
    app.pass(10);
    let mut tx = app.store.begin().await.unwrap();
    tx.delivery_links_end(acme.scope(), ended.delivery, app.clock.now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let page = app.send("GET", &old, &[], "").await;
    assert_eq!((page.status.as_u16(), page.text.matches("<section>").count()), (200, 1), "{}", page.text);
    assert!(page.text.contains("1 lead is not shown: the links to it were ended"), "{}", page.text);
    app.pass(10);
    let (_, fresh) = leads(&app, rep).await;
    assert_eq!(fresh.matches("<section>").count(), 2, "a later link is somebody's who may: {fresh}");
}

#[tokio::test]
async fn what_is_cut_off_a_list_is_neither_whom_a_link_may_not_show_nor_who_waits_longest() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (ended, longest) = (app.sent(&acme).await, app.sent(&acme).await);
    app.pass(60);
    let (accepted, newest) = (app.sent(&acme).await, app.sent(&acme).await);
    let rep = rep_of(&app, &acme, &[ended, longest, accepted, newest]).await;
    let said = app.say(&acme, accepted.delivery, &json!({"outcome": "accepted"})).await;
    assert_eq!(said.status, 201, "{}", said.text);
    let made = app.clock.now();
    app.pass(10);
    let mut tx = app.store.begin().await.unwrap();
    tx.delivery_links_end(acme.scope(), ended.delivery, app.clock.now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    for (limit, expected) in [(1, vec![longest]), (2, vec![longest, newest]), (4, vec![longest, newest, accepted])] {
        let wanted = RepLeadsWanted { rep, link_made: made, now: app.clock.now(), limit };
        let read = app.store.rep_leads(acme.scope(), wanted).await.unwrap();
        let shown: Vec<_> = read.leads.iter().map(|lead| lead.delivery).collect();
        let expected: Vec<_> = expected.iter().map(|sent| sent.delivery).collect();
        assert_eq!((shown, read.ended), (expected, 1), "{limit}");
    }
}

#[tokio::test]
async fn whoever_asked_not_to_be_contacted_is_not_waited_for_on_the_list() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    sqlx::query("update person set do_not_contact = true").execute(&app.pool).await.unwrap();
    let (_, page) = leads(&app, rep).await;
    assert!(page.contains("Nobody waits for your call") && page.contains("asked not to be contacted"), "{page}");
    for action in ["Accept it", "Tried, no answer", "Return…", "tel:"] {
        assert!(!page.contains(action), "{action}: {page}");
    }
}

#[tokio::test]
async fn a_card_has_the_forms_of_what_comes_next_and_sends_them_to_the_leads_page() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let (_, page) = leads(&app, rep).await;
    assert!(page.contains("Accept it") && page.contains("Not yet…") && !page.contains("Won…"), "{page}");
    // Whoever calls down the list says it by one tap.
    let before = page.split("Tried, no answer").next().unwrap();
    assert_eq!(before.matches("<details").count(), before.matches("</details>").count(), "{page}");
    let action = page.split("<form method=\"post\" action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let recorded = app.send("POST", &action, &form, "seen=0&outcome=accepted").await;
    assert!(recorded.text.contains("Recorded: accepted"), "{}", recorded.text);
    let (_, page) = leads(&app, rep).await;
    assert!(page.contains("Won…") && page.contains("Lost…") && !page.contains("Accept it"), "{page}");
    let wrong = app.send("POST", &action, &form, "seen=1&outcome=won&amount=lots&currency=USD").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("id=\"won-amount\"") && wrong.text.contains("value=\"lots\""), "{}", wrong.text);
}

#[tokio::test]
async fn old_return_paths_of_a_mail_server_lock_out_no_links_and_no_programs_behind_its_address() {
    let mut settings = Settings::default();
    settings.limits.wrong_tokens_per_minute = 2;
    let app = app_with(settings).await;
    let acme = app.client("acme").await;
    let from_office = async |method: &str, path: &str, bearer: &str| {
        let visitor = Visitor::from("203.0.113.7:1".parse::<SocketAddr>().unwrap());
        let request = Request::builder().method(method).uri(path).extension(visitor);
        let request = request.header("authorization", bearer).header("content-type", "message/rfc822");
        app.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    };
    let mut tried = Vec::new();
    for number in 0..4 {
        tried.push(from_office("POST", &format!("/v1/bounces/{number}"), "").await);
    }
    assert_eq!(tried, [404, 404, 429, 429]);
    assert_eq!(from_office("GET", "/r/cut-short", "").await, 404);
    assert_eq!(from_office("GET", "/v1/deliveries", &format!("Bearer {}", acme.token)).await, 200);
    // And links that are tried out keep no bounce and no program out.
    assert_eq!(from_office("GET", "/r/cut-shorter", "").await, 404);
    assert_eq!(from_office("GET", "/r/cut", "").await, 429);
    assert_eq!(from_office("GET", "/v1/deliveries", "Bearer made-up").await, 401);
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let whole = format!("/r/{}", app.key.rep_token(rep, app.clock.now()));
    assert_eq!(from_office("GET", &whole, "").await, 200, "a link that is whole opens in any case");
}

/// Something agreed with a lead's person, by its id.
async fn agreed(app: &App, (rep, lead): (RepId, Uuid), state: &str) {
    let sql = "insert into appointment (id, client_id, lead_id, rep_id, state, starts_at, ends_at, note, held_until, made_by, created_at, changed_at)
        select $1, client_id, $2, $3, $4, $5::timestamptz + interval '2 hours', $5::timestamptz + interval '3 hours', 'Bring plans',
               case when $4 = 'held' then $5::timestamptz + interval '1 hour' end, 'Dana', $5, $5 from rep where id = $3";
    let id = Uuid::from_u128(u128::from(app.pass(1).as_millisecond().unsigned_abs()));
    let now = jiff_sqlx::ToSqlx::to_sqlx(app.clock.now());
    let query = sqlx::query(sql).bind(id).bind(lead).bind(rep.uuid()).bind(state).bind(now);
    query.execute(&app.pool).await.unwrap();
}

#[tokio::test]
async fn an_appointment_stands_on_the_card_and_on_the_page_and_nobody_waits_for_a_call() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let card = leads(&app, rep).await.1;
    assert!(card.contains("1 person waits for your call") && !card.contains("Appointment"), "{card}");
    agreed(&app, (rep, sent.lead), "booked").await;
    let card = leads(&app, rep).await.1;
    assert!(card.contains("Nobody waits for your call") && card.contains("<strong>Appointment <time"), "{card}");
    assert!(card.contains("Bring plans") && !card.contains("call primary"), "{card}");
    let path = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
    let page = app.send("GET", &path, &[], "").await.text;
    assert!(page.contains(": appointment agreed") && page.contains("<strong>Appointment <time"), "{page}");
    assert!(!page.contains("has waited for your call") && !page.contains("call primary"), "{page}");
    // Nothing of it where nobody is to meet them any more.
    sqlx::query("update person set do_not_contact = true").execute(&app.pool).await.unwrap();
    assert!(!leads(&app, rep).await.1.contains("Appointment"));
}

#[tokio::test]
async fn whoever_came_from_the_list_finds_back_and_who_came_by_a_mail_is_shown_no_list() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let card = leads(&app, rep).await.1;
    let action = card.split("<form method=\"post\" action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let said = app.send("POST", &action, &form, "seen=0&outcome=accepted").await;
    let back = said.text.split("href=\"/r/").nth(1).expect("a way back").split('"').next().unwrap().to_owned();
    assert_eq!(app.send("GET", &format!("/r/{back}"), &[], "").await.status, 200);
    let alone = action.split('?').next().unwrap();
    for path in
        [alone.to_owned(), format!("{alone}?list=made-up"), format!("{alone}?list={}", alone.trim_start_matches("/o/"))]
    {
        let page = app.send("GET", &path, &[], "").await;
        assert!(page.status == 200 && !page.text.contains("/r/"), "{path}: {}", page.text);
    }
}

#[tokio::test]
async fn a_return_from_the_list_says_by_choice_that_they_want_no_contact() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let card = leads(&app, rep).await.1;
    for choice in ["do_not_contact", "wrong_number", ""] {
        let radio = format!("type=\"radio\" name=\"reason\" required value=\"{choice}\"");
        assert!(card.contains(&radio), "{choice}: {card}");
    }
    let action = card.split("<form method=\"post\" action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let none = app.send("POST", &action, &form, "seen=0&outcome=returned&reason=&other=+").await;
    assert_eq!(none.status, 422, "{}", none.text);
    let other = app.send("POST", &action, &form, "seen=0&outcome=returned&reason=&other=No+budget").await;
    assert!(other.text.contains("Recorded: returned (No budget)"), "{}", other.text);
    for gone in ["Accept it", "Won…", "Lost…", "Return…", "Not yet…", "Tried, no answer"] {
        assert!(!other.text.contains(gone), "{gone} of what was returned: {}", other.text);
    }
    assert!(other.text.contains("That was a mistake") && other.text.contains("They asked not to be contacted…"));
    let second = app.sent(&acme).await;
    let reached = "insert into person_identity (client_id, kind, value, person_id)
        select p.client_id, 'phone', '+14155550100', p.id from person p join lead l on l.person_id = p.id where l.id = $1";
    sqlx::query(reached).bind(second.lead).execute(&app.pool).await.unwrap();
    let rep = rep_of(&app, &acme, &[second]).await;
    let card = leads(&app, rep).await.1;
    let action = card.split("<form method=\"post\" action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let said = app.send("POST", &action, &form, "seen=0&outcome=returned&reason=do_not_contact").await;
    assert!(said.text.contains("Recorded: returned (asked not to be contacted)"), "{}", said.text);
    assert!(app.count("select count(*) from suppression").await > 0, "it acts");
}

#[tokio::test]
async fn the_page_says_whose_the_link_is_until_when_it_works_and_what_to_do_with_somebody_elses() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
    let until = (app.clock.now() + jiff::SignedDuration::from_hours(24 * 30)).to_zoned(zone);
    let until = until.strftime("It works until %-d %B %Y").to_string();
    sqlx::query("update rep set time_zone = 'America/Chicago'").execute(&app.pool).await.unwrap();
    let list = leads(&app, rep).await.1;
    let of_lead = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
    let page = app.send("GET", &of_lead, &[], "").await.text;
    for shown in [&list, &page] {
        assert!(shown.contains("for Dana &#60;Hill&#62; · <a href=\"#not-you\">not you?</a>"), "{shown}");
        assert!(shown.contains("id=\"not-you\"") && shown.contains("Not <bdi>Dana &#60;Hill&#62;</bdi>?"), "{shown}");
    }
    assert!(list.contains(&until) && list.contains("after that a new one is mailed"), "{until}: {list}");
    assert!(page.contains("It works until ") && !page.contains("after that a new one"), "{page}");
}

#[tokio::test]
async fn what_became_of_leads_lately_is_folded_below_and_tells_nobody_how_to_reach_them() {
    let app = app().await;
    let acme = app.client("acme").await;
    let all = [app.sent(&acme).await, app.sent(&acme).await, app.sent(&acme).await, app.sent(&acme).await];
    let rep = rep_of(&app, &acme, &all).await;
    assert!(!leads(&app, rep).await.1.contains("in the last 30 days"), "nothing is over");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let said = ["outcome=won&amount=12500&currency=USD", "outcome=lost&reason=No+budget", "outcome=returned&reason=no"];
    for (sent, said) in all.iter().zip(said) {
        let path = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
        let done = app.send("POST", &path, &form, format!("seen=0&{said}")).await;
        assert_eq!(done.status, 200, "{}", done.text);
        app.pass(10);
    }
    let page = leads(&app, rep).await.1;
    let folded = page.split("<summary>3 in the last 30 days</summary>").nth(1).expect("three are over");
    let folded = folded.split("</details>").next().unwrap();
    let places: Vec<_> = ["given back", "lost", "won, 12,500 USD"].iter().map(|what| folded.find(what)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "the last first: {folded}");
    assert!(!folded.contains("tel:") && !folded.contains("mailto:"), "{folded}");
    assert_eq!(page.matches("<section>").count(), 1, "one is open: {page}");
    // Links to one were ended since: whoever has the page's own may be whom they were ended for.
    let old = format!("/r/{}", app.key.rep_token(rep, app.clock.now()));
    app.pass(10);
    let mut tx = app.store.begin().await.unwrap();
    tx.delivery_links_end(acme.scope(), all[0].delivery, app.clock.now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let page = app.send("GET", &old, &[], "").await.text;
    assert!(page.contains("2 in the last 30 days") && !page.contains("12,500"), "{page}");
    app.pass(31 * 24 * 3600);
    assert!(!leads(&app, rep).await.1.contains("in the last 30 days"));
}

#[tokio::test]
async fn what_is_asked_back_names_what_is_recorded_and_the_language_stands_beside_the_number() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    let spoken = "update person set locale = 'vi-VN'";
    assert!(!leads(&app, rep).await.1.contains("peaks "));
    sqlx::query(spoken).execute(&app.pool).await.unwrap();
    let path = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
    let page = app.send("GET", &path, &[], "").await.text;
    assert!(page.contains("peaks Vietnamese") && leads(&app, rep).await.1.contains("peaks Vietnamese"), "{page}");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let large = "seen=0&outcome=won&amount=150000000&currency=USD";
    let asked = app.send("POST", &path, &form, large).await;
    assert_eq!(asked.status, 409, "{}", asked.text);
    assert!(asked.text.contains(">Yes, record it: won, 150,000,000 USD</button>"), "{}", asked.text);
    let wrong = app.send("POST", &path, &form, "seen=0&outcome=won&amount=388000&currency=USD&date=yesterdayish").await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(wrong.text.contains(">Record the sale, 388,000 USD</button>"), "{}", wrong.text);
}
