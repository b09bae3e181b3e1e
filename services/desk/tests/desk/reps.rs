//! A rep's own page: open leads of theirs and of nobody else, until its links are revoked.

use ripen_domain::id::RepId;
use uuid::Uuid;

use crate::harness::{App, Client, Sent, app};

/// A rep of the client to whom this delivery went.
async fn rep_of(app: &App, client: &Client, sent: &[Sent]) -> RepId {
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

async fn leads(app: &App, rep: RepId) -> (u16, String) {
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
    let (status, page) = leads(&app, dana).await;
    assert_eq!((status, page.matches("<section>").count()), (200, 1), "{page}");
    for shown in ["Dana &#60;Hill&#62;", "tel:+14155550100", "nothing said yet", "What became of it?"] {
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
    app.pass(10);
    let revoke = "update rep set links_since = $2 where id = $1";
    let now = jiff_sqlx::ToSqlx::to_sqlx(app.clock.now());
    sqlx::query(revoke).bind(rep.uuid()).bind(now).execute(&app.pool).await.unwrap();
    assert_eq!(app.send("GET", &old, &[], "").await.status, 410);
    app.pass(10);
    assert_eq!(leads(&app, rep).await.0, 200);
    let outcome = format!("/r/{}", app.key.token(sent.delivery, app.clock.now()));
    assert_eq!(app.send("GET", &outcome, &[], "").await.status, 404);
    assert_eq!(app.send("GET", "/r/00", &[], "").await.status, 404);
    assert_eq!(app.send("POST", &old, &[], "").await.status, 405);
}
