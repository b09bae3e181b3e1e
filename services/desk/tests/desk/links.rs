//! The page behind a link: looking changes nothing, a posted form says one thing once.

use jiff::Timestamp;
use ripen_domain::{
    actor::Actor,
    contact::{Identity, Phone},
    id::RepId,
    link::{LinkKey, LinkKeys},
};
use ripen_store::suppression::write::NewSuppression;

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
    app.known_as_sent(sent).await;
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
    assert!(won.text.contains("Recorded: won, 12,500 USD") && won.text.contains("Said so far"), "{}", won.text);
    assert_eq!(app.lead(sent).await["stage"], "customer");
    assert!(!won.text.contains("Accept it"), "nothing that one tap takes back: {}", won.text);
    let asked = post(&app, &path, "seen=2&outcome=accepted").await;
    assert!(asked.status == 409 && asked.text.contains("takes that sale back"), "{}", asked.text);
    assert!(asked.text.contains("name=\"confirm\"") && asked.text.contains("Yes, record it"), "{}", asked.text);
    assert_eq!(app.lead(sent).await["stage"], "customer");
    // Sent again without having looked: each outcome once.
    for form in ["outcome=accepted", "outcome=won&amount=12%2C500&currency=USD"] {
        assert!(post(&app, &path, form).await.text.contains("counts once"), "{form}");
    }
    assert_eq!(app.count(SAID).await, 2);
    assert_eq!(app.count("select count(*) from outcome where how = 'link'").await, 2);
    let taken_back = post(&app, &path, "seen=2&outcome=accepted&confirm=yes").await;
    assert!(taken_back.text.contains("Recorded: accepted"), "{}", taken_back.text);
    assert_eq!(app.lead(sent).await["stage"], "lead");
}

#[tokio::test]
async fn what_is_wrong_is_said_above_the_form_and_what_was_typed_is_kept() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let (path, _) = open(&app, sent).await;
    let wrong = post(&app, &path, "seen=0&outcome=won&amount=lots&currency=USD").await;
    assert!(wrong.status == 422 && wrong.text.contains("Not recorded. The amount is no number"), "{}", wrong.text);
    assert!(
        wrong.text.contains("<details open><summary>Won…") && wrong.text.contains("value=\"lots\""),
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
        page.text.contains("type=\"radio\" name=\"reason\" required value=\"Wrong number\"")
            && page.text.contains("&#60;No&#62; budget"),
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
    let foreign = LinkKeys::new(LinkKey::new(0, [1; 32], Timestamp::UNIX_EPOCH), Vec::new());
    let foreign = foreign.token(sent.delivery, app.clock.now());
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
    for action in ["Accept it", "Tried, no answer", "Return…", "Not yet…"] {
        assert!(!page.text.contains(action), "{action}: nobody is to work the lead: {}", page.text);
    }
    assert!(page.text.contains("Won…"), "what was sold before can be said: {}", page.text);
}

#[tokio::test]
async fn a_link_with_a_slash_at_its_end_opens_the_same_page() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let (path, page) = open(&app, sent).await;
    let slashed = app.send("GET", &format!("{path}/"), &[], "").await;
    assert_eq!((slashed.status, slashed.text), (page.status, page.text));
    assert_eq!(post(&app, &format!("{path}/"), "outcome=accepted").await.status, 200);
    assert_eq!(app.count(SAID).await, 1);
    assert_eq!(app.send("GET", "/o/x/", &[], "").await.status, 404);
}

#[tokio::test]
async fn a_link_that_was_ended_says_so_and_shows_nobody() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (sent, other) = (app.sent(&acme).await, app.sent(&acme).await);
    let (path, page) = open(&app, sent).await;
    assert!(page.text.contains("Casey"));
    let (others, _) = open(&app, other).await;
    app.pass(10);
    let mut tx = app.store.begin().await.unwrap();
    let ended = tx.delivery_links_end(acme.scope(), sent.delivery, app.clock.now()).await.unwrap();
    assert_eq!(ended.map(|ended| ended.client), Some(acme.id));
    tx.commit().await.unwrap();
    for method in ["GET", "POST"] {
        let over = app.send(method, &path, &[], "outcome=accepted").await;
        assert!(over.status == 410 && over.text.contains("This link is over"), "{method}: {}", over.text);
        for hidden in ["Casey", "4155550100", "casey@example.com"] {
            assert!(!over.text.contains(hidden), "{method}: {}", over.text);
        }
    }
    assert_eq!(app.count(SAID).await, 0);
    assert_eq!(app.send("GET", &others, &[], "").await.status, 200, "another delivery's");
    app.pass(10);
    assert_eq!(open(&app, sent).await.1.status, 200, "a link that was made later");
}

#[tokio::test]
async fn a_link_whose_key_was_ended_is_over_and_not_too_old() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let first = LinkKey::new(0, [1; 32], Timestamp::UNIX_EPOCH);
    app.key.replace(&LinkKeys::new(first.clone(), Vec::new()));
    let (path, page) = open(&app, sent).await;
    assert_eq!(page.status, 200);
    let list = format!("/r/{}", app.key.rep_token(RepId::from_uuid(sent.lead), app.clock.now()));
    let now = app.pass(10);
    let second = LinkKey::new(1, [2; 32], now);
    app.key.replace(&LinkKeys::new(first.ended(Some(now)), vec![second]));
    for path in [path, list] {
        let over = app.send("GET", &path, &[], "").await;
        assert!(over.status == 410 && over.text.contains("It was ended"), "{path}: {}", over.text);
        assert!(!over.text.contains("24 months"), "{}", over.text);
    }
    assert_eq!(open(&app, sent).await.1.status, 200, "by the new key");
}

#[tokio::test]
async fn a_lead_that_was_taken_back_or_withdrawn_is_shown_without_how_to_reach_the_person() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (recalled, withdrawn) = (app.sent(&acme).await, app.sent(&acme).await);
    app.pass(10);
    let now = jiff_sqlx::ToSqlx::to_sqlx(app.clock.now());
    sqlx::query("update lead set recalled_at = $2 where id = $1")
        .bind(recalled.lead)
        .bind(now)
        .execute(&app.pool)
        .await
        .unwrap();
    // As if it had never been delivered: what was delivered once stays so.
    let withdraw = "with never as (select set_config('session_replication_role', 'replica', true) as set)
        update delivery set state = 'withdrawn', ended_at = $2, first_delivered_at = null from never where id = $1 and never.set is not null";
    sqlx::query(withdraw).bind(withdrawn.delivery.uuid()).bind(now).execute(&app.pool).await.unwrap();
    // In an answer too, where some write it.
    let answer =
        "update delivery_body set body = convert_to(jsonb_set(convert_from(body, 'UTF8')::jsonb, '{data,answers}',
        '{\"about\": \"call 415-555-0100 or casey@example.com\", \"budget\": 450000}')::text, 'UTF8')";
    sqlx::query(answer).execute(&app.pool).await.unwrap();
    for (sent, why) in [(recalled, "This lead was taken back"), (withdrawn, "This lead was withdrawn")] {
        let (_, page) = open(&app, sent).await;
        assert!(page.text.contains(why), "{}", page.text);
        for action in ["Accept it", "Tried, no answer", "Won…", "Lost…", "Return…"] {
            assert!(!page.text.contains(action), "{action}: {}", page.text);
        }
        let read = app.get(&acme, &format!("/v1/deliveries/{}", sent.delivery)).await;
        let listed = app.get(&acme, "/v1/deliveries").await;
        for text in [&page.text, &read.text, &listed.text] {
            for hidden in ["4155550100", "415-555-0100", "casey@example.com"] {
                assert!(!text.contains(hidden), "{hidden}: {text}");
            }
        }
        assert!(page.text.contains("Casey") && page.text.contains("450"), "{}", page.text);
    }
}

/// Has a lead on offer to two reps, the first of whom it was sent; their ids as a claim names them.
async fn on_offer(app: &App, sent: Sent) -> [String; 2] {
    let rep = uuid::Uuid::from_u128(7);
    let offer = "with d as (update delivery set event = 'lead.offered', rep_id = $2 where id = $1 returning maturation_id),
          b as (update delivery_body set body = convert_to('{\"type\": \"lead.offered\", \"data\": {\"lead\": {}}}', 'UTF8') where delivery_id = $1),
          w as (insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at)
                select gen_random_uuid(), x.client_id, x.lead_id, x.maturation_id, 'held', x.due_at, x.due_at, x.due_at from delivery x where x.id = $1)
        insert into claim (maturation_id, tier, offered_to, until) select maturation_id, 'recipients', array[$3], $4 from d";
    let name = RepId::from_uuid(rep).to_string();
    let other = RepId::from_uuid(uuid::Uuid::from_u128(8)).to_string();
    let until = jiff_sqlx::ToSqlx::to_sqlx(app.clock.now() + jiff::SignedDuration::from_mins(10));
    let query = sqlx::query(offer).bind(sent.delivery.uuid()).bind(rep).bind(&name).bind(until);
    query.execute(&app.pool).await.unwrap();
    sqlx::query("update claim set offered_to = array[$1, $2]")
        .bind(&name)
        .bind(&other)
        .execute(&app.pool)
        .await
        .unwrap();
    [name, other]
}

#[tokio::test]
async fn an_offer_that_is_over_says_so_and_not_who_has_it() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let [name, other] = on_offer(&app, sent).await;
    let (_, page) = open(&app, sent).await;
    assert!(page.text.contains("A lead on offer") && page.text.contains("Take it"), "{}", page.text);
    for (change, said) in [
        ("update claim set offered_to = array[$2] where $1 <> ''", "You passed, or its time was over"),
        (
            "update claim set offered_to = array[$1, $2], taken_by = $2, taken_at = until",
            "Somebody else took the lead, <time",
        ),
        ("update claim set taken_by = $1 where $2 <> ''", "You took this lead"),
        (
            "with d as (update delivery set state = 'withdrawn', ended_at = due_at where endpoint_id is null)
             update claim set taken_by = null, taken_at = null, offered_to = array[$1, $2]",
            "not on offer any more",
        ),
        ("update claim set until = until - interval '1 hour' where $1 <> $2", "The time to take it ended, <time"),
    ] {
        sqlx::query(change).bind(&name).bind(&other).execute(&app.pool).await.unwrap();
        let (_, page) = open(&app, sent).await;
        assert!(page.text.contains(said) && !page.text.contains("Take it"), "{said}: {}", page.text);
        assert!(!page.text.contains(&other), "{}", page.text);
    }
}

#[tokio::test]
async fn whoever_passes_is_told_that_they_passed() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    on_offer(&app, sent).await;
    let (path, _) = open(&app, sent).await;
    let page = post(&app, &path, "seen=0&outcome=returned&reason=passed").await;
    assert!(page.status == 200 && page.text.contains("You passed: others are asked."), "{}", page.text);
    assert!(!page.text.contains("If you took it") && !page.text.contains("its time was over"), "{}", page.text);
    assert_eq!(app.count(SAID).await, 0, "to pass is no outcome of the lead");
}

#[tokio::test]
async fn nobody_takes_an_offer_of_which_nothing_would_come() {
    let app = app().await;
    let acme = app.client("acme").await;
    let number = "update person set phone = '+14155550100'";
    let barred = Identity::Phone(Phone::parse("+14155550100", None).unwrap().phone);
    for (change, why) in [
        ("update person set do_not_contact = true", "asked not to be contacted"),
        // Of a list, before its leads are closed.
        ("", "asked not to be contacted"),
        ("update client set state = 'paused'", "is paused"),
    ] {
        let sent = app.sent(&acme).await;
        on_offer(&app, sent).await;
        sqlx::query(number).execute(&app.pool).await.unwrap();
        if change.is_empty() {
            let operator = Actor::operator("dana");
            let new = NewSuppression { client: None, why: "a list", by: (&operator).into(), at: app.clock.now() };
            let mut tx = app.store.begin().await.unwrap();
            tx.suppress(operator.scope(), &new, std::slice::from_ref(&barred)).await.unwrap();
            tx.commit().await.unwrap();
        } else {
            sqlx::query(change).execute(&app.pool).await.unwrap();
        }
        let path = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
        let taken = post(&app, &path, "seen=0&outcome=accepted").await;
        assert!(taken.status == 409 && taken.text.contains(why), "{why}: {}", taken.text);
        assert_eq!(app.count("select count(*) from claim where taken_by is not null").await, 0);
        let back = "with s as (delete from suppression), c as (update client set state = 'active') update person set do_not_contact = false";
        sqlx::query(back).execute(&app.pool).await.unwrap();
    }
}

#[tokio::test]
async fn a_call_in_vain_is_one_tap_and_no_outcome() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let (path, page) = open(&app, sent).await;
    assert!(
        page.text.contains("value=\"no_answer\"") && page.text.contains("has waited for your call"),
        "{}",
        page.text
    );
    let tried = post(&app, &path, "seen=0&outcome=no_answer").await;
    assert!(tried.status == 200 && tried.text.contains("tried, no answer"), "{}", tried.text);
    let twice = post(&app, &path, "seen=0&outcome=no_answer").await;
    assert!(twice.text.contains("a second tap counts once"), "{}", twice.text);
    assert_eq!((app.count(SAID).await, app.count("select count(*) from touch").await), (0, 1));
    app.pass(61);
    post(&app, &path, "outcome=no_answer").await;
    assert_eq!(app.count("select count(*) from touch where disposition = 'no_answer' and not round").await, 2);
    let shown = app.get(&acme, &format!("/v1/deliveries/{}", sent.delivery)).await.json();
    assert_eq!(shown["tries"].as_array().unwrap().len(), 2, "{shown}");
    assert_eq!((&shown["tries"][0]["disposition"], &shown["outcomes"]), (&"no_answer".into(), &serde_json::json!([])));
}

#[tokio::test]
async fn who_wants_no_contact_is_suppressed_and_a_wrong_number_is_void() {
    let app = app().await;
    let acme = app.client("acme").await;
    for (outcome, effect) in [
        ("do_not_contact", "select count(*) from suppression"),
        ("wrong_number", "select count(*) from person_identity where void_at is not null"),
    ] {
        let sent = app.sent(&acme).await;
        let reached = "insert into person_identity (client_id, kind, value, person_id)
            select p.client_id, v.kind, v.value, p.id from person p join lead l on l.person_id = p.id
            cross join (values ('email', 'casey@example.com'), ('phone', '+14155550100')) v (kind, value) where l.id = $1
            on conflict do nothing";
        sqlx::query(reached).bind(sent.lead).execute(&app.pool).await.unwrap();
        let (path, _) = open(&app, sent).await;
        let before = app.count(effect).await;
        let said = post(&app, &path, &format!("seen=0&outcome={outcome}")).await;
        assert!(said.status == 200 && said.text.contains("Recorded: returned"), "{}", said.text);
        assert!(app.count(effect).await > before, "{outcome}");
        assert!(!said.text.contains(&format!("({outcome})")), "in words: {}", said.text);
    }
    assert_eq!(app.count("select count(*) from outcome where reason in ('do_not_contact', 'wrong_number')").await, 2);
    assert_eq!(app.count("select count(*) from touch where delivery_id is not null").await, 2);
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let (path, _) = open(&app, sent).await;
    let wrong = post(&app, &path, "seen=0&outcome=won&amount=much&currency=USD").await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("aria-describedby=\"won-amount\"") && wrong.text.contains("id=\"won-amount\""),
        "{}",
        wrong.text
    );
    assert!(!wrong.text.contains("id=\"won-currency\""), "{}", wrong.text);
}

#[tokio::test]
async fn a_page_says_the_state_the_answers_the_notes_and_the_persons_time() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    app.known_as_sent(sent).await;
    let said = "with a as (
          insert into answer (lead_id, question, at, origin, value) select $1, question, '2026-01-05T10:00:00Z', 'arrival:1', value::json
          from (values ('timeframe_days', '30'), ('has_lender', 'true')) v (question, value)
        )
        insert into note (lead_id, at, by, text) values ($1, '2026-01-05T10:00:00Z', 'Dana', 'Met the lender')";
    sqlx::query(said).bind(sent.lead).execute(&app.pool).await.unwrap();
    let (path, page) = open(&app, sent).await;
    for shown in
        ["has waited for your call since", "Timeframe days", "Has lender", "Met the lender", " in Chicago, call "]
    {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(page.text.contains("class=\"button call primary\""), "to call comes next: {}", page.text);
    assert!(page.text.contains("<time datetime="), "{}", page.text);
    let accepted = post(&app, &path, "seen=0&outcome=accepted").await;
    assert!(accepted.text.contains(": accepted, won or lost?"), "{}", accepted.text);
    assert!(accepted.text.contains("<summary class=\"primary\">Won…"), "to say how it ended: {}", accepted.text);
    assert!(!accepted.text.contains("class=\"button call primary\""), "{}", accepted.text);
}

#[tokio::test]
async fn a_reason_that_is_wrong_is_said_at_the_reasons() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    sqlx::query("update client set return_reasons = '{Wrong number}'").execute(&app.pool).await.unwrap();
    let (path, _) = open(&app, sent).await;
    let wrong = post(&app, &path, "seen=0&outcome=returned&reason=").await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("<fieldset aria-invalid=\"true\" aria-describedby=\"returned-reason\">")
            && wrong.text.contains("id=\"returned-reason\""),
        "{}",
        wrong.text
    );
}
