//! The page behind a link: looking changes nothing, a posted form says one thing once.

use ripen_domain::link::LinkKey;

use crate::harness::{Answer, App, Sent, app};

async fn open(app: &App, sent: Sent) -> (String, Answer) {
    let path = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
    let page = app.send("GET", &path, &[("accept", "text/html")], "").await;
    (path, page)
}

async fn post(app: &App, path: &str, form: &str) -> Answer {
    app.pass(1);
    app.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], form.to_owned()).await
}

const SAID: &str = "select count(*) from outcome";

#[tokio::test]
async fn looking_shows_the_lead_and_changes_nothing() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let (path, page) = open(&app, sent).await;
    assert_eq!(page.status, 200);
    for shown in [
        "Casey &#60;b&#62;Smith&#60;/b&#62;",
        "tel:+14155550100",
        "casey@example.com",
        "Wants to move within three months",
        "value=\"accepted\"",
        "value=\"returned\"",
        "value=\"not_yet\"",
        "value=\"won\"",
        "value=\"lost\"",
        "value=\"USD\"",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("<script") && !page.text.contains("<b>") && !page.text.contains("style="));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe") && policy.contains("form-action 'self'")
    );
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!((page.header("referrer-policy"), page.header("cache-control")), ("no-referrer", "no-store"));
    for (method, path) in [("HEAD", path.clone()), ("GET", format!("{path}?outcome=won&amount=1&currency=USD"))] {
        assert_eq!(app.send(method, &path, &[("sec-purpose", "prefetch")], "").await.status, 200);
    }
    assert_eq!(app.send("OPTIONS", &path, &[], "").await.status, 405);
    assert_eq!(app.count(SAID).await, 0);
    let style = app.send("GET", "/o/style.css", &[], "").await;
    assert_eq!((style.status.as_u16(), style.header("content-type")), (200, "text/css; charset=utf-8"));
}

#[tokio::test]
async fn a_form_says_one_thing_once_and_shows_what_is_recorded() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let (path, _) = open(&app, sent).await;
    let accepted = post(&app, &path, "seen=0&outcome=accepted").await;
    assert!(accepted.status == 200 && accepted.text.contains("Recorded: accepted"), "{}", accepted.text);
    let again = post(&app, &path, "seen=0&outcome=accepted").await;
    assert!(again.text.contains("recorded before and counts once"), "{}", again.text);
    assert_eq!(app.count(SAID).await, 1);

    let stale = post(&app, &path, "seen=0&outcome=lost&reason=gone").await;
    assert!(
        stale.status == 409 && stale.text.contains("something else was said meanwhile (accepted)"),
        "{}",
        stale.text
    );
    assert!(stale.text.contains("value=\"gone\""), "what was typed is kept");
    let won = post(&app, &path, "seen=1&outcome=won&amount=12500.00&currency=usd").await;
    assert!(won.text.contains("Recorded: won, 12500.00 USD") && won.text.contains("Said so far"), "{}", won.text);
    assert_eq!(app.lead(sent).await["stage"], "customer");
    // Sent again without having looked: each outcome once.
    for form in ["outcome=accepted", "outcome=won&amount=12500&currency=USD"] {
        assert!(post(&app, &path, form).await.text.contains("counts once"), "{form}");
    }
    assert_eq!(app.count(SAID).await, 2);
    assert_eq!(app.count("select count(*) from outcome where how = 'link'").await, 2);
}

#[tokio::test]
async fn what_is_wrong_is_said_above_the_form_and_what_was_typed_is_kept() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let (path, _) = open(&app, sent).await;
    let wrong = post(&app, &path, "seen=0&outcome=won&amount=lots&currency=USD").await;
    assert!(wrong.status == 422 && wrong.text.contains("Not recorded. The amount is no amount"), "{}", wrong.text);
    assert!(
        wrong.text.contains("<details open><summary>Won") && wrong.text.contains("value=\"lots\""),
        "{}",
        wrong.text
    );
    for form in ["", "outcome=", "outcome=sold", "outcome=returned&reason=", "outcome=not_yet&date=x", "%ff=%fe"] {
        assert_eq!(post(&app, &path, form).await.status, 422, "{form}");
    }
    let hostile = post(&app, &path, "outcome=won&amount=%22%3E%3Cscript%3E&currency=USD").await;
    assert!(!hostile.text.contains("<script>"), "{}", hostile.text);
    assert_eq!(app.count(SAID).await, 0);

    sqlx::query("update client set return_reasons = '{Wrong number,\"<No> budget\"}'")
        .execute(&app.pool)
        .await
        .unwrap();
    let (_, page) = open(&app, sent).await;
    assert!(
        page.text.contains("<option>Wrong number</option>") && page.text.contains("&#60;No&#62; budget"),
        "{}",
        page.text
    );
    let refused = post(&app, &path, "outcome=return&reason=rude").await;
    assert!(refused.status == 409 && refused.text.contains("for one of these reasons"), "{}", refused.text);
    let returned = post(&app, &path, "outcome=return&reason=Wrong+number").await;
    assert!(returned.text.contains("Recorded: returned (Wrong number)"), "{}", returned.text);
}

#[tokio::test]
async fn a_link_that_was_changed_or_has_expired_opens_nothing() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let (path, _) = open(&app, sent).await;
    let foreign = LinkKey::new([1; 32]).token(sent.delivery, app.clock.now());
    for bad in [
        "/o/x".to_owned(),
        format!("{path}0"),
        path[..path.len() - 1].to_owned(),
        format!("/o/{foreign}"),
        "/o/%ff".to_owned(),
    ] {
        for method in ["GET", "POST"] {
            let answer = app.send(method, &bad, &[], "outcome=accepted").await;
            assert_eq!(answer.status, 404, "{method} {bad}");
            assert!(answer.text.contains("This link does not work") && !answer.text.contains("Casey"));
        }
    }
    app.pass(25 * 31 * 24 * 3600);
    let late = post(&app, &path, "outcome=accepted").await;
    assert!(late.status == 410 && late.text.contains("expired") && !late.text.contains("Casey"), "{}", late.text);
    assert_eq!(app.count(SAID).await, 0);
}

#[tokio::test]
async fn a_person_who_asked_not_to_be_contacted_is_not_offered_for_a_call() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    sqlx::query("update person set do_not_contact = true").execute(&app.pool).await.unwrap();
    let (_, page) = open(&app, sent).await;
    assert!(page.text.contains("asked not to be contacted") && !page.text.contains("tel:"), "{}", page.text);
}
