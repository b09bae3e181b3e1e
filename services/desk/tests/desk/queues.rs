//! `/queues`: every number is as long as the list it leads to.

use jiff::SignedDuration;
use ripen_domain::{actor::UserRole, desk::Rank, id::LeadId};
use ripen_runtime::random;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Client, User, app};

/// Leads of every kind, and what is stuck.
async fn busy(app: &App, client: &Client, number: u32) {
    let phone = |n: u32| format!("+1415555{:04}", number * 100 + n);
    let ago = |minutes: i64| app.clock.now() - SignedDuration::from_mins(minutes);
    for n in 0..3 {
        app.waiting(client, &phone(n)).await;
    }
    for (n, minutes) in [(10, 2), (11, 30)] {
        let lead = app.waiting(client, &phone(n)).await;
        app.promised(client, lead, (true, ago(minutes))).await;
    }
    for n in 20..24 {
        let lead = app.waiting(client, &phone(n)).await;
        sqlx::query("update lead set touches = 1 where id = $1").bind(lead).execute(&app.pool).await.unwrap();
        if n < 22 {
            app.promised(client, lead, (false, ago(60))).await;
        }
    }
    // Of whom no number leads to: a promised call that is late, and an enquiry.
    for (n, promised) in [(40, true), (41, false)] {
        let lead = app.waiting(client, &phone(n)).await;
        if promised {
            app.promised(client, lead, (true, ago(30))).await;
        }
        let given_up = "update person set phone = null where id = (select person_id from lead where id = $1)";
        sqlx::query(given_up).bind(lead).execute(&app.pool).await.unwrap();
    }
    // Somebody has it open: it does not wait.
    let taken = app.waiting(client, &phone(30)).await;
    let agent = app.user(UserRole::Agent, None).await;
    let lease = "insert into desk_lease (lead_id, client_id, user_id, lease, kind, why, taken_at, leased_until)
        values ($1, $2, $3, $4, 'fresh', 'new', clock_timestamp(), clock_timestamp() + interval '1 hour')";
    let query = sqlx::query(lease).bind(taken).bind(client.id.uuid()).bind(agent.id.uuid());
    query.bind(random::uuid_v7(app.clock.now())).execute(&app.pool).await.unwrap();
    let review = "insert into consent_review (id, lead_id, client_id, why, opened_at, opened_by) values ($1, $2, $3, 'never', clock_timestamp(), 'Dana')";
    let query = sqlx::query(review).bind(random::uuid_v7(app.clock.now())).bind(taken).bind(client.id.uuid());
    query.execute(&app.pool).await.unwrap();
    let (held, dead) = (app.owed(client).await, app.owed(client).await);
    for (sent, change) in [
        (held, "update delivery set state = 'held', reason = 'capacity' where id = $1"),
        (dead, "update delivery set state = 'dead', reason = '410', ended_at = clock_timestamp() where id = $1"),
    ] {
        sqlx::query(change).bind(sent.delivery.uuid()).execute(&app.pool).await.unwrap();
    }
}

async fn rows(app: &App, user: &User, path: &str) -> usize {
    let answer = app.see(user, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    let page = answer.json();
    assert!(page["next_page"].is_null(), "{page}");
    page["rows"].as_array().unwrap().len()
}

#[tokio::test]
async fn managers_read_in_which_order_the_desk_hands_out() {
    let app = app().await;
    let manager = app.browser(app.user(UserRole::Manager, None).await.id).await;
    let page = app.page(&manager, "/queues").await.text;
    let mut rest = page.as_str();
    for rank in Rank::ALL.iter().filter(|rank| !matches!(rank, Rank::Named | Rank::Plan)) {
        let told = format!("Of several: {}.", rank.first_of());
        rest = rest.split_once(&told).unwrap_or_else(|| panic!("{told} is not in its place: {page}")).1;
    }
    assert!(!page.to_lowercase().contains(Rank::Plan.because()), "no lead has a plan: {page}");
}

#[tokio::test]
async fn every_number_is_as_long_as_its_list() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    busy(&app, &acme, 1).await;
    busy(&app, &other, 2).await;
    let manager = app.user(UserRole::Manager, None).await;
    let queues = app.see(&manager, "/api/v1/queues").await.json();
    let counted: Vec<_> = queues["queues"].as_array().unwrap().iter().collect();
    let count = |list: &str| counted.iter().find(|one| one["list"] == list).unwrap()["count"].as_i64().unwrap();
    let expected = [
        ("promised", 4),
        ("new", 6),
        ("due", 4),
        ("rest", 4),
        ("no_number", 4),
        ("late", 4),
        ("held", 2),
        ("dead", 2),
        ("letters", 0),
        ("quarantine", 0),
        ("reviews", 2),
    ];
    for (list, number) in expected {
        assert_eq!(count(list), number, "{list}: {queues}");
    }
    assert_eq!(counted.len(), expected.len());
    for one in counted {
        let list = one["list"].as_str().unwrap();
        assert_eq!(rows(&app, &manager, &format!("/api/v1/queues/{list}")).await, as_usize(&one["count"]), "{list}");
        for client in one["clients"].as_array().unwrap() {
            let path = format!("/api/v1/queues/{list}?client={}", client["client"].as_str().unwrap());
            assert_eq!(rows(&app, &manager, &path).await, as_usize(&client["waiting"]), "{path}");
        }
    }
    let late = app.see(&manager, "/api/v1/queues/late").await.json();
    let nobody = late["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["why"].as_str().is_some_and(|why| why.starts_with("there is no number to call")));
    assert_eq!(nobody.count(), 2, "{late}");
    let on = queues["agents"].as_array().unwrap().iter().filter(|agent| !agent["lead"].is_null()).count();
    assert_eq!(on, 2, "who is on what: {queues}");
}

fn as_usize(number: &Value) -> usize {
    usize::try_from(number.as_u64().unwrap()).unwrap()
}

#[tokio::test]
async fn the_queues_are_for_whoever_leads_the_desk() {
    let app = app().await;
    let acme = app.client("acme").await;
    for (role, client) in [(UserRole::Agent, None), (UserRole::Broker, Some(&acme))] {
        let user = app.user(role, client).await;
        for path in ["/api/v1/queues", "/api/v1/queues/new"] {
            assert_eq!(app.see(&user, path).await.problem(), "not-found", "{path}");
        }
    }
    let manager = app.user(UserRole::Manager, None).await;
    assert_eq!(app.see(&manager, "/api/v1/queues/none").await.problem(), "not-found");
    assert_eq!(app.see(&manager, "/api/v1/queues/new?client=nobody").await.problem(), "invalid-request");
}

#[tokio::test]
async fn what_is_held_until_a_person_does_something_has_no_date() {
    let app = app().await;
    let acme = app.client("acme").await;
    let ever = ripen_domain::routing::HoldReason::NobodyEver.to_string();
    let full = ripen_domain::routing::HoldReason::ClientFull(2).to_string();
    for (why, code) in [(&ever, Some("undated")), (&full, None)] {
        let sent = app.owed(&acme).await;
        let hold = "update delivery set state = 'held', endpoint_id = null, reason = $2, reason_code = $3, due_at = '2031-01-01T10:00:00Z' where id = $1";
        let query = sqlx::query(hold).bind(sent.delivery.uuid()).bind(why).bind(code);
        query.execute(&app.pool).await.unwrap();
    }
    let manager = app.user(UserRole::Manager, None).await;
    let held = app.see(&manager, "/api/v1/queues/held").await.json();
    let at = |why: &str| {
        let rows = held["rows"].as_array().unwrap();
        rows.iter().find(|row| row["why"] == why).unwrap_or_else(|| panic!("{why}: {held}"))["at"].clone()
    };
    assert_eq!((at(&ever), at(&full)), (Value::Null, Value::from("2031-01-01T10:00:00Z")));
    let manager = app.browser(manager.id).await;
    let page = app.page(&manager, "/queues/held").await.text;
    let row =
        |why: &str| page.split("<tr>").find(|row| row.contains(why)).unwrap_or_else(|| panic!("{page}")).to_owned();
    assert!(row(&ever).contains("since <time") && !row(&full).contains("since <time"), "{page}");

    // What the overview says of it leads to exactly those.
    let overview = app.page(&manager, "/queues").await.text;
    let link = "<a class=\"late\" href=\"/queues/held?undated=true\" data-count=\"1\">1 A lead";
    assert!(overview.contains(link), "{overview}");
    let undated = app.page(&manager, "/queues/held?undated=true").await.text;
    assert!(undated.contains(&ever) && !undated.contains(&full), "{undated}");
}

#[tokio::test]
async fn an_agents_count_is_as_long_as_its_list_and_of_their_clients() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    busy(&app, &acme, 1).await;
    busy(&app, &other, 2).await;
    // An hour at which people in Chicago are called.
    app.pass(SignedDuration::from_hours(8).as_secs());
    let mut counts = Vec::new();
    for clients in [Vec::new(), vec![acme.id.uuid()]] {
        let agent = app.user(UserRole::Agent, None).await.id;
        let set = "update user_account set clients = $2 where id = $1";
        sqlx::query(set).bind(agent.uuid()).bind(clients).execute(&app.pool).await.unwrap();
        let browser = app.browser(agent).await;
        let list = app.page(&browser, "/work/ready").await.text.matches("<th scope=\"row\"").count();
        let idle = app.page(&browser, "/work").await.text;
        assert!(idle.contains(&format!("href=\"/work/ready\" data-count=\"{list}\"")), "{list}: {idle}");
        let badge = app.page(&browser, "/work/waiting").await.text;
        assert!(badge.starts_with(&format!("{list}<")), "{list}: {badge}");
        counts.push(list);
    }
    // Promised, new, due, and tried in vain: whoever can be called now.
    assert!(counts[1] > 0 && counts[0] == 2 * counts[1], "{counts:?}");
}

#[tokio::test]
async fn what_is_stuck_is_sent_again_from_its_row_and_whoever_was_quicker_did_it() {
    let app = app().await;
    let acme = app.client("acme").await;
    busy(&app, &acme, 1).await;
    let manager = app.browser(app.user(UserRole::Manager, None).await.id).await;
    let id = "select id from delivery where state = 'dead'";
    let id: uuid::Uuid = sqlx::query_scalar(id).fetch_one(&app.pool).await.unwrap();
    let id = ripen_domain::id::DeliveryId::from_uuid(id);
    for path in ["/queues", "/queues/dead"] {
        let page = app.page(&manager, path).await.text;
        assert_eq!(page.contains(", newest first</h2>"), path == "/queues/dead", "{path}: {page}");
        let form = page.split("action=\"/queues/dead\"").nth(1).unwrap_or_else(|| panic!("{path}: {page}"));
        assert!(form.contains(&format!("name=\"id\" value=\"{id}\"")) && form.contains("Send again"), "{form}");
    }
    let press = async |what: &str| {
        let form = manager.form(&format!("id={id}&what={what}&back=list"));
        let headers = [("cookie", &*manager.cookie), ("content-type", "application/x-www-form-urlencoded")];
        app.send("POST", "/queues/dead", &headers, form).await
    };
    const DEAD: &str = "select count(*) from delivery where state = 'dead'";
    let other = press("release").await;
    assert_eq!((other.status.as_u16(), app.count(DEAD).await), (303, 1), "nothing of the kind is done to it");
    let sent = press("again").await;
    assert_eq!((sent.status.as_u16(), sent.header("location")), (303, "/queues/dead?told=again"), "{}", sent.text);
    assert_eq!(app.count(DEAD).await, 0);
    // Pressed in a page that was loaded before: it is said that it was over.
    let late = press("again").await;
    assert_eq!(late.header("location"), "/queues/dead?told=gone");
    assert!(app.page(&manager, late.header("location")).await.text.contains("That was over already"));
    let agent = app.browser(app.user(UserRole::Agent, None).await.id).await;
    let headers = [("cookie", &*agent.cookie), ("content-type", "application/x-www-form-urlencoded")];
    let refused = app.send("POST", "/queues/dead", &headers, agent.form(&format!("id={id}&what=again"))).await;
    assert_eq!(refused.status, 404);
}

#[tokio::test]
async fn a_program_does_about_a_row_what_its_buttons_do() {
    let app = app().await;
    let acme = app.client("acme").await;
    busy(&app, &acme, 1).await;
    let manager = app.user(UserRole::Manager, None).await;
    let dead = app.see(&manager, "/api/v1/queues/dead").await.json();
    assert_eq!(dead["acts"], json!(["again"]), "{dead}");
    let id = dead["rows"][0]["id"].as_str().unwrap().to_owned();
    let act =
        async |user: &User, list: &str, body: Value| app.post(user, &format!("/api/v1/queues/{list}"), &body).await;
    let wrong = |answer: &Answer| {
        assert_eq!(answer.status, 422, "{}", answer.text);
        answer.json()["errors"].as_array().unwrap().iter().map(|one| one["pointer"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(wrong(&act(&manager, "dead", json!({"what": "release"})).await), ["/id", "/what"]);
    assert_eq!(wrong(&act(&manager, "late", json!({"id": id, "what": "again"})).await), ["/what"]);
    let agent = app.user(UserRole::Agent, None).await;
    let again = json!({"id": id, "what": "again"});
    assert_eq!(act(&agent, "dead", again.clone()).await.status, 404);
    assert_eq!(app.count("select count(*) from delivery where state = 'dead'").await, 1);
    assert_eq!(act(&manager, "dead", again.clone()).await.json(), json!({"id": id, "done": "again"}));
    assert_eq!(app.count("select count(*) from delivery where state = 'dead'").await, 0);
    assert_eq!(act(&manager, "dead", again).await.problem(), "not-found", "it is dead no more");

    // Of what is in quarantine it is said why; and one that is not there is told as over.
    let arrival = ripen_domain::id::ArrivalId::from_uuid(random::uuid_v7(app.clock.now()));
    for what in ["release", "drop"] {
        let act_on =
            async |why: &str| act(&manager, "quarantine", json!({"id": arrival, "what": what, "why": why})).await;
        let unsaid = act_on(" ").await;
        assert_eq!(wrong(&unsaid), ["/why"], "{what}");
        assert!(!unsaid.text.contains("leave it out"), "it is needed here: {}", unsaid.text);
        let left_out = act(&manager, "quarantine", json!({"id": arrival, "what": what})).await;
        assert_eq!((wrong(&left_out), left_out.text.contains("leave it out")), (vec![json!("/why")], false), "{what}");
        assert_eq!(act_on("a person, by telephone").await.problem(), "not-found", "{what}");
    }
    let order = app.see(&manager, "/api/v1/queues").await.json()["order"].clone();
    assert_eq!(order[0]["because"], Rank::Promised.because(), "{order}");
}

#[tokio::test]
async fn what_is_in_quarantine_says_who_sent_it_to_whom_leads_the_desk() {
    let app = app().await;
    let acme = app.client("acme").await;
    let source = "insert into source (id, client_id, name, channel, token_hash, created_at)
        values ($1, $1, 'Spring fair', 'web_form', decode(repeat('00', 32), 'hex'), 'epoch')";
    sqlx::query(source).bind(acme.id.uuid()).execute(&app.pool).await.unwrap();
    let kept = "insert into arrival (id, client_id, source_id, sameness, state, reason, content, received_at, media_type, submission, flags)
        values ($1, $2, $2, 'content', 'quarantined', 'test', decode(repeat('00', 16), 'hex'), $3, 'text/plain', $4::json, '{}')";
    for submission in [
        r#"{"name": "Max Power", "email": "max@example.com"}"#,
        r#"{"first_name": "Teresa", "last_name": "Lindqvist", "phone": "+17735550131;ext=12"}"#,
        "{}",
    ] {
        let now = app.pass(1);
        let query = sqlx::query(kept).bind(random::uuid_v7(now)).bind(acme.id.uuid());
        query.bind(jiff_sqlx::ToSqlx::to_sqlx(now)).bind(submission).execute(&app.pool).await.unwrap();
    }
    let manager = app.user(UserRole::Manager, None).await;
    let rows = app.see(&manager, "/api/v1/queues/quarantine").await.json()["rows"].clone();
    let senders: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["sender"].clone()).collect();
    let sender = |name: Value, email: Value, phone: Value| json!({"name": name, "email": email, "phone": phone, "source": "Spring fair"});
    let expected = [
        sender(json!("Max Power"), json!("max@example.com"), Value::Null),
        sender(json!("Teresa Lindqvist"), Value::Null, json!("+17735550131;ext=12")),
        sender(Value::Null, Value::Null, Value::Null),
    ];
    assert_eq!(senders, expected, "{rows}");
    let browser = app.browser(manager.id).await;
    for path in ["/queues", "/queues/quarantine"] {
        let page = app.page(&browser, path).await.text;
        for words in ["Max Power", "max@example.com", "Teresa Lindqvist", "+1 773-555-0131 ext. 12", "Spring fair"] {
            assert!(page.contains(words), "{words} on {path}: {page}");
        }
    }
    let agent = app.user(UserRole::Agent, None).await;
    assert_eq!(app.see(&agent, "/api/v1/queues/quarantine").await.status, 404);
}

#[tokio::test]
async fn a_lead_whose_language_nobody_at_work_speaks_says_so_wherever_it_waits() {
    let app = app().await;
    let acme = app.client("acme").await;
    let manager = app.user(UserRole::Manager, None).await;
    let (english, spanish) = (app.user(UserRole::Agent, None).await, app.user(UserRole::Agent, None).await);
    for (agent, language) in [(&english, "en"), (&spanish, "es")] {
        let query = sqlx::query("update user_account set languages = array[$2] where id = $1");
        query.bind(agent.id.uuid()).bind(language).execute(&app.pool).await.unwrap();
    }
    let fresh = app.waiting(&acme, "+14155550100").await;
    let late = app.waiting(&acme, "+14155550101").await;
    app.promised(&acme, late, (true, app.clock.now() - SignedDuration::from_mins(30))).await;
    sqlx::query("update person set locale = 'es-MX'").execute(&app.pool).await.unwrap();
    let told = "the person speaks Spanish: nobody at work now";
    let why = async |list: &str| {
        let rows = app.see(&manager, &format!("/api/v1/queues/{list}")).await.json();
        rows["rows"][0]["why"].as_str().unwrap_or_else(|| panic!("no reason on {list}: {rows}")).to_owned()
    };
    app.browser(english.id).await;
    for list in ["new", "late", "promised"] {
        assert!(why(list).await.contains(told), "{list}: {}", why(list).await);
    }
    let gates = app.see(&manager, &format!("/api/v1/leads/{}/why", LeadId::from_uuid(fresh))).await;
    assert!(gates.text.contains(told), "the lead says the same: {}", gates.text);
    app.browser(spanish.id).await;
    for list in ["new", "late", "promised"] {
        assert!(!why(list).await.contains(told), "who speaks it is at work: {}", why(list).await);
    }
}

/// So many rows, more than two pages have; of every ten one instant.
const MANY: usize = 225;

/// Leads that wait since the same instants, and messages that could not be handled.
async fn crowded(app: &App, client: &Client) {
    let lead = app.waiting(client, "+14155550100").await;
    for copy in [
        "insert into person select (c.r).* from (select jsonb_populate_record(p, jsonb_build_object('id', md5('person' || n)::uuid)) as r
           from person p, generate_series(1, $2::bigint) n where p.id = (select person_id from lead where id = $1)) c",
        "insert into lead select (c.r).* from (select jsonb_populate_record(l, jsonb_build_object('id', md5('lead' || n)::uuid,
             'person_id', md5('person' || n)::uuid, 'last_enquiry_at', l.last_enquiry_at - (n / 10) * interval '1 minute')) as r
           from lead l, generate_series(1, $2::bigint) n where l.id = $1) c",
        "insert into dead_letter (id, queue, message_id, body, reason, at)
         select md5('letter' || n)::uuid, 'ripen.arrivals', md5('letter' || n)::uuid, 'x', 'unreadable', l.created_at - (n / 10) * interval '1 minute'
         from lead l, generate_series(0, $2::bigint) n where l.id = $1",
    ] {
        let query = sqlx::query(copy).bind(lead).bind(i64::try_from(MANY - 1).unwrap());
        query.execute(&app.pool).await.unwrap();
    }
}

fn ids(page: &Value) -> Vec<String> {
    page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_page_begins_where_the_one_before_ended_whatever_went_meanwhile() {
    let app = app().await;
    let acme = app.client("acme").await;
    crowded(&app, &acme).await;
    let manager = app.user(UserRole::Manager, None).await;
    let gone = [
        ("new", "update lead set stage = 'closed', closed_at = created_at, closed_reason = 'over' where id = any($1)"),
        ("letters", "update dead_letter set state = 'dropped', ended_at = at where id = any($1)"),
    ];
    for (list, end) in gone {
        let path = format!("/api/v1/queues/{list}");
        let first = app.see(&manager, &path).await.json();
        assert_eq!((ids(&first).len(), &first["next_page"]), (100, &Value::from(1)), "{first}");
        // By number, for programs that count pages: while nothing goes, these are the same pages.
        let counted = app.see(&manager, &format!("{path}?page=1")).await.json();
        let next = first["next"].as_str().unwrap();
        let second = app.see(&manager, &format!("{path}?after={next}")).await.json();
        assert_eq!((ids(&counted), &counted["next_page"]), (ids(&second), &Value::from(2)));
        assert_eq!(second["next_page"], Value::Null, "it was not asked for by its number");
        let third = app.see(&manager, &format!("{path}?after={}", second["next"].as_str().unwrap())).await.json();
        assert_eq!((ids(&third).len(), &third["next"], &third["next_page"]), (MANY - 200, &Value::Null, &Value::Null));
        let behind = app.see(&manager, &format!("{path}?page=3")).await.json();
        assert_eq!((ids(&behind).len(), &behind["next"]), (0, &Value::Null));

        // Half of the first page is seen to: nobody is passed over.
        let seen_to: Vec<_> = ids(&first).into_iter().take(50).map(|id| uuid_of(&id)).collect();
        sqlx::query(end).bind(&seen_to).execute(&app.pool).await.unwrap();
        let again = app.see(&manager, &format!("{path}?after={next}")).await.json();
        assert_eq!(ids(&again), ids(&second), "{list}");
        let mut all = [ids(&first), ids(&second), ids(&third)].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), MANY, "each once: {list}");
        for wrong in ["after=7", "after=-", "page=x"] {
            assert_eq!(app.see(&manager, &format!("{path}?{wrong}")).await.status, 400, "{wrong}");
        }
        let far = app.see(&manager, &format!("{path}?page=51")).await;
        assert_eq!(far.problem(), "invalid-request", "{}", far.text);
    }
}

/// What an id in text stands for: of a lead with its prefix, of a message without.
fn uuid_of(id: &str) -> uuid::Uuid {
    id.parse::<LeadId>().map_or_else(|_| id.parse().unwrap(), |lead| lead.uuid())
}

#[tokio::test]
async fn the_pages_of_a_list_lead_on_and_back_to_the_first() {
    let app = app().await;
    let acme = app.client("acme").await;
    crowded(&app, &acme).await;
    let manager = app.browser(app.user(UserRole::Manager, None).await.id).await;
    let mut path = "/queues/new?client=acme".to_owned();
    let mut shown = 0;
    for number in 0..3 {
        let page = app.page(&manager, &path).await.text;
        shown += page.matches("<td class=\"id\">").count();
        let back = "<a href=\"/queues/new?client=acme\" rel=\"prev\"";
        assert_eq!(page.contains(back), number > 0, "{page}");
        // Fetched again by itself, it is the same page.
        let here = page.split_once("data-from=\"/queues/").unwrap().1.split_once('"').unwrap().0;
        assert_eq!(unescaped(&format!("/queues/{here}")), path);
        let next = page.split_once("\" rel=\"next\"").map(|(before, _)| before.rsplit_once("href=\"").unwrap().1);
        assert_eq!(next.is_some(), number < 2, "{page}");
        path = next.map(unescaped).unwrap_or_default();
    }
    assert_eq!(shown, MANY);
}

/// An address as it stands in an attribute.
fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn what_has_no_date_is_found_behind_much_that_has_one() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.owed(&acme).await;
    let dated = "update delivery set state = 'held', endpoint_id = null, reason = 'capacity', due_at = '2031-01-01T10:00:00Z' where id = $1";
    sqlx::query(dated).bind(sent.delivery.uuid()).execute(&app.pool).await.unwrap();
    // More than any page reads; what has no date comes last.
    for copy in [
        "insert into maturation select (c.r).* from (select jsonb_populate_record(m, jsonb_build_object('id', md5('m' || n)::uuid, 'decision_id', md5('x' || n)::uuid)) as r
           from maturation m, generate_series(1, 600) n where m.id = (select maturation_id from delivery where id = $1)) c",
        "insert into delivery select (c.r).* from (select jsonb_populate_record(d, jsonb_build_object('id', md5('d' || n)::uuid, 'maturation_id', md5('m' || n)::uuid)) as r
           from delivery d, generate_series(1, 600) n where d.id = $1) c",
    ] {
        sqlx::query(copy).bind(sent.delivery.uuid()).execute(&app.pool).await.unwrap();
    }
    let last = app.owed(&acme).await;
    // Whatever its sentence says: it is not read.
    let undated = "update delivery set state = 'held', endpoint_id = null, reason = 'worded otherwise', reason_code = 'undated', due_at = '2032-01-01T10:00:00Z' where id = $1";
    sqlx::query(undated).bind(last.delivery.uuid()).execute(&app.pool).await.unwrap();
    let manager = app.user(UserRole::Manager, None).await;
    let found = app.see(&manager, "/api/v1/queues/held?undated=true").await.json();
    assert_eq!((ids(&found), &found["next"]), (vec![last.delivery.to_string()], &Value::Null), "{found}");
    assert_eq!(found["rows"][0]["at"], Value::Null);
}
