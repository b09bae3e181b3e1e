//! What a rep's page and list say of a lead that ended by what was said elsewhere.

use serde_json::json;
use uuid::Uuid;

use crate::harness::{App, Client, Sent, app};

/// A lead that the team's webhook and Dana's mailbox have; Dana's delivery of it, and her id.
async fn with_dana(app: &App, acme: &Client) -> (Sent, Sent, Uuid) {
    let sent = app.sent(acme).await;
    let now = app.pass(1);
    let fresh = || ripen_runtime::random::uuid_v7(now);
    let (rep, delivery) = (fresh(), fresh());
    let sql = "with r as (
          insert into rep (id, client_id, name, email, created_at) values ($2, $3, 'Dana', $2 || '@client.example', $4)
        ), e as (
          insert into endpoint (id, client_id, kind, name, address, rep_id, created_at)
          values ($2, $3, 'email', 'Dana', $2 || '@client.example', $2, $4)
        ), b as (
          insert into delivery_body (delivery_id, client_id, at, body) select $5, $3, $4, body from delivery_body where delivery_id = $1
        )
        insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at)
        select $5, $3, lead_id, maturation_id, $2, $2, 'delivered', 1, $4, $4, $4, $4 from delivery where id = $1";
    let at = jiff_sqlx::ToSqlx::to_sqlx(now);
    let query = sqlx::query(sql).bind(sent.delivery.uuid()).bind(rep).bind(acme.id.uuid()).bind(at).bind(delivery);
    query.execute(&app.pool).await.unwrap();
    (sent, Sent { delivery: ripen_domain::id::DeliveryId::from_uuid(delivery), ..sent }, rep)
}

async fn page(app: &App, sent: Sent) -> String {
    let path = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
    app.send("GET", &path, &[("accept", "text/html")], "").await.text
}

#[tokio::test]
async fn what_a_program_says_stands_on_the_page_of_the_rep_who_has_the_lead() {
    let app = app().await;
    let acme = app.client("acme").await;
    for (said, shown) in [
        (json!({"outcome": "won", "amount": "5000", "currency": "USD"}), [": won", "5,000 USD"]),
        (json!({"outcome": "won"}), [": won", "said that it is won."]),
        (json!({"outcome": "lost", "reason": "moved away"}), [": lost", "said that it is lost"]),
        (json!({"outcome": "returned", "reason": "no budget"}), [": given back", "gave it back"]),
        (json!({"outcome": "not_yet", "date": "2027-04"}), [": given back", "gave it back"]),
    ] {
        let (crm, dana, rep) = with_dana(&app, &acme).await;
        assert!(page(&app, dana).await.contains("waited for your call"));
        app.pass(1);
        assert_eq!(app.say(&acme, crm.delivery, &said).await.status, 201, "{said}");
        let text = page(&app, dana).await;
        for words in shown {
            assert!(text.contains(words), "{words}: {text}");
        }
        // What is sold is theirs who have it; who is not to call is shown nothing to call by.
        let ways = ["tel:", "mailto:"].iter().any(|way| text.contains(way));
        assert_eq!(ways, shown[0] == ": won", "{said}: {text}");
        for action in ["waited for your call", "Accept it", "Tried, no answer", "Return…"] {
            assert!(!text.contains(action), "{action}: {text}");
        }
        let list = format!("/r/{}", app.key.rep_token(ripen_domain::id::RepId::from_uuid(rep), app.clock.now()));
        let list = app.send("GET", &list, &[("accept", "text/html")], "").await;
        // What became of it stands below, folded; nobody is asked to call.
        let open = list.text.split("<h2>Closed</h2>").next().unwrap();
        assert!(list.status == 200 && !open.contains("Casey"), "{}", list.text);
    }
}

#[tokio::test]
async fn a_lead_that_the_firm_closed_waits_for_nobodys_call_and_one_that_goes_on_as_another_does() {
    let app = app().await;
    let acme = app.client("acme").await;
    for (why, expected) in
        [("they moved away", ": closed"), ("goes on as lead_06f0000000000000000000000a", "waited for your call")]
    {
        let (_, dana, _) = with_dana(&app, &acme).await;
        let close = "update lead set stage = 'closed', closed_at = created_at, closed_reason = $1 where id = $2";
        sqlx::query(close).bind(why).bind(dana.lead).execute(&app.pool).await.unwrap();
        let text = page(&app, dana).await;
        assert!(text.contains(expected) && !text.contains("they moved away"), "{text}");
    }
}
