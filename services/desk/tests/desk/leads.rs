//! The pages of leads through the router: lists, one lead, forms, files; and what each role sees of them.

use axum::http::StatusCode;
use ripen_domain::{id::LeadId, secret::Secret};
use ripen_runtime::{
    config::{DialWay, PhoneSettings, SecretText, Settings},
    random,
};
use uuid::Uuid;

use crate::harness::{Answer, App, Client, Sent, app, app_with};

/// A browser that is signed in.
pub struct Browser {
    cookie: String,
}

impl Browser {
    pub async fn new(app: &App, role: &str, client: Option<&Client>) -> Self {
        let session = Secret::new("ss", random::bytes32());
        let user = random::uuid_v7(app.pass(1));
        let account = "insert into user_account (id, email, name, role, client_id, time_zone, created_at)
            values ($1, $1::text || '@firm.example', 'Mina <Sørensen>', $2, $3, 'America/Chicago', 'epoch')";
        let query = sqlx::query(account).bind(user).bind(role).bind(client.map(|client| client.id.uuid()));
        query.execute(&app.pool).await.unwrap();
        let session_row = "insert into user_session (hash, user_id, created_at, seen_at, expires_at)
            values ($1, $2, '2026-01-01Z', '2026-01-01Z', '2027-01-01Z')";
        sqlx::query(session_row).bind(session.hash().to_vec()).bind(user).execute(&app.pool).await.unwrap();
        Self { cookie: format!("ripen_session={}", session.reveal()) }
    }

    pub async fn get(&self, app: &App, path: &str) -> Answer {
        app.send("GET", path, &[("cookie", &self.cookie)], "").await
    }

    pub async fn page(&self, app: &App, path: &str) -> String {
        let answer = self.get(app, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.text
    }

    /// Posts a form with the token of the session.
    pub async fn post(&self, app: &App, path: &str, form: &str) -> Answer {
        let page = self.page(app, "/leads?view=all").await;
        let token = page.split("name=\"csrf\" content=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        app.send("POST", path, &headers, format!("{form}&csrf={token}")).await
    }
}

pub fn id(sent: Sent) -> LeadId {
    LeadId::from_uuid(sent.lead)
}

/// A lead that its client does not have.
pub async fn worked(app: &App, client: &Client) -> Sent {
    let owed = app.owed(client).await;
    for sql in [
        "delete from delivery where id = $2 and lead_id = $1",
        "update lead set grade = 'B', score = 50, matured_at = null where id = $1 and $2::uuid is not null",
        "update promise set kind = 'requalify', why = 'call them' where lead_id = $1 and $2::uuid is not null",
    ] {
        sqlx::query(sql).bind(owed.lead).bind(owed.delivery.uuid()).execute(&app.pool).await.unwrap();
    }
    owed
}

#[tokio::test]
async fn a_list_shows_what_is_next_and_counts_what_it_links_to() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (first, second) = (worked(&app, &acme).await, worked(&app, &acme).await);
    let late = "update promise set due_at = '2026-11-20Z' where lead_id = $1";
    sqlx::query(late).bind(second.lead).execute(&app.pool).await.unwrap();
    sqlx::query("update person set last_name = '<b>Smith</b>', phone = '+13125550142'")
        .execute(&app.pool)
        .await
        .unwrap();
    let agent = Browser::new(&app, "agent", None).await;
    let page = agent.page(&app, "/leads").await;
    let place = |lead: Sent| page.find(&format!("href=\"/leads/{}\"", id(lead))).unwrap();
    assert!(place(second) < place(first), "the late one first");
    assert!(page.contains("class=\"late\">3 days late</time>") && !page.contains("<b>Smith"), "{page}");
    for (view, n) in [("open", 2), ("late", 1), ("untouched", 2), ("closed", 0), ("all", 2)] {
        let there = agent.page(&app, &format!("/leads?view={view}")).await;
        assert_eq!(there.matches("<th scope=\"row\"").count(), n, "{view}");
        let tab = there.split("aria-current=\"page\">").nth(2).unwrap().split("</a>").next().unwrap();
        assert!(tab.contains(&format!(">{n}</span>")), "{view}: {tab}");
    }
    let found = agent.page(&app, "/leads?q=smith").await;
    assert_eq!(found.matches("<th scope=\"row\"").count(), 2);
    assert!(found.contains("2 found") && found.contains("value=\"smith\""));
    let nothing = agent.page(&app, "/leads?q=%25%27%22").await;
    assert!(nothing.contains("Nothing is found for"), "{nothing}");
    let one = agent.page(&app, &format!("/leads?q={}", id(first))).await;
    assert_eq!(one.matches("<th scope=\"row\"").count(), 1);
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_named() {
    let app = app().await;
    let agent = Browser::new(&app, "agent", None).await;
    let answer = agent.get(&app, "/leads?grade=D").await;
    assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_REQUEST, "invalid-parameter".to_owned()));
    assert_eq!(agent.get(&app, "/leads?client=nobody").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let empty = agent.page(&app, "/leads").await;
    assert!(empty.contains("No lead is open.") && empty.contains("href=\"/leads/new\""), "{empty}");
}

#[tokio::test]
async fn pages_follow_each_other() {
    let app = app().await;
    let acme = app.client("acme").await;
    for _ in 0..53 {
        worked(&app, &acme).await;
    }
    let agent = Browser::new(&app, "agent", None).await;
    let first = agent.page(&app, "/leads").await;
    assert_eq!(first.matches("<th scope=\"row\"").count(), 50);
    let next = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap().split('"').next().unwrap();
    let second = agent.page(&app, &next.replace("&#38;", "&").replace("&amp;", "&")).await;
    assert_eq!(second.matches("<th scope=\"row\"").count(), 3);
    let file = agent.page(&app, "/leads.csv?view=open").await;
    assert_eq!(file.lines().count(), 54, "the whole list");
}

#[tokio::test]
async fn a_file_holds_the_list_and_computes_nothing() {
    let app = app().await;
    let acme = app.client("acme").await;
    worked(&app, &acme).await;
    sqlx::query("update person set first_name = '=HYPERLINK(\"x\")', last_name = null")
        .execute(&app.pool)
        .await
        .unwrap();
    let agent = Browser::new(&app, "agent", None).await;
    let answer = agent.get(&app, "/leads.csv").await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("x-ripen-rows"), "whole");
    assert!(answer.text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{}", answer.text);
}

#[tokio::test]
async fn a_leads_page_tells_what_happened_and_its_forms_change_it() {
    let app = app().await;
    let acme = app.client("acme").await;
    let lead = worked(&app, &acme).await;
    let agent = Browser::new(&app, "agent", None).await;
    let path = format!("/leads/{}", id(lead));
    let page = agent.page(&app, &path).await;
    for shown in [
        "Casey Smith",
        "It is called by nobody until another number is written down",
        "aria-current=\"step\">lead",
        "action=\"/work/take\"",
        "open=close",
        "open=stop",
        "Why is nobody calling this lead?",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let done = agent.post(&app, &format!("{path}/note"), "note=Likes+%3Cb%3Egardens").await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, format!("{path}?done=note").as_str()));
    let page = agent.page(&app, &format!("{path}?done=note")).await;
    assert!(page.contains("Likes &#60;b&#62;gardens") && page.contains("The note is kept."), "{page}");

    let wrong = agent.post(&app, &format!("{path}/promise"), "to=soon&why=&agreed=true").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("value=\"soon\"")
            && wrong.text.contains("id=\"to-e\"")
            && wrong.text.contains("id=\"why-e\""),
        "{}",
        wrong.text
    );
    let moved = agent.post(&app, &format!("{path}/promise"), "to=2027-04-03&why=the+lease+ends&agreed=true").await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER, "{}", moved.text);
    let page = agent.page(&app, &format!("{path}?done=promise")).await;
    assert!(page.contains("the lease ends – it is called by nobody until another number"), "{page}");
    assert!(page.contains("The next step is moved. No number leads to the person"), "{page}");

    let closed = agent.post(&app, &format!("{path}/close"), "why=moved+abroad").await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text);
    let page = agent.page(&app, &path).await;
    assert!(page.contains("moved abroad") && page.contains("open=reopen") && !page.contains("open=close"), "{page}");
    let again = agent.post(&app, &format!("{path}/close"), "why=again").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("not open any more"), "{}", again.text);
    let opened = agent.post(&app, &format!("{path}/reopen"), "why=is+back").await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);

    let person = "first_name=Cassandra&last_name=Smith&email=c%40example.com&phone=415+555+0133&country=US";
    let corrected = agent.post(&app, &format!("{path}/person"), person).await;
    assert_eq!(corrected.status, StatusCode::SEE_OTHER, "{}", corrected.text);
    assert!(agent.page(&app, &path).await.contains("href=\"tel:+14155550133\""));
    let stopped = agent.post(&app, &format!("{path}/stop"), "whom=firm&why=asked+on+the+phone").await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text);
    assert!(agent.page(&app, &path).await.contains("<strong>Do not contact.</strong>"));
}

#[tokio::test]
async fn a_form_of_contact_data_says_at_the_field_what_somebody_else_changed_meanwhile() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (lead, agent) = (app.sent(&acme).await, Browser::new(&app, "agent", None).await);
    let path = format!("/leads/{}", id(lead));
    // As a browser sends the form that a page shows, with one field typed into.
    let typed = |page: &str, field: &str, text: &str| {
        let form = page.split("<form class=\"body fields\"").nth(1).unwrap().split("</form>").next().unwrap();
        let mut fields = form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input ").skip(1).map(|input| input.split('>').next().unwrap()) {
            let of = |name: &str| input.split(&format!("{name}=\"")).nth(1).map(|rest| rest.split('"').next().unwrap());
            let (Some(name), Some(value)) = (of("name"), of("value")) else { continue };
            let value = value.replace("&#34;", "\"").replace("&#38;", "&");
            if name != "csrf" {
                fields.append_pair(name, if name == field { text } else { &value });
            }
        }
        fields.finish()
    };
    let open = format!("{path}?open=person");
    let (mine, theirs) = (agent.page(&app, &open).await, agent.page(&app, &open).await);
    for (page, field, text) in [(&theirs, "phone", "+14155550144"), (&mine, "last_name", "Miller")] {
        let sent = agent.post(&app, &format!("{path}/person"), &typed(page, field, text)).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    }
    let page = agent.page(&app, &path).await;
    assert!(page.contains("Miller") && page.contains("+14155550144"), "{page}");
    let refused = agent.post(&app, &format!("{path}/person"), &typed(&mine, "phone", "+14155550155")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("somebody changed this since") && refused.text.contains("value=\"+14155550155\""));
    // The name of before stands in it and was not typed: sent once more, it is left alone.
    let sent = agent.post(&app, &format!("{path}/person"), &typed(&refused.text, "phone", "+14155550155")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let page = agent.page(&app, &path).await;
    assert!(page.contains("Miller") && page.contains("+14155550155"), "{page}");
}

#[tokio::test]
async fn a_lead_is_called_from_its_page_and_the_page_shows_what_the_telephone_told() {
    let phone = PhoneSettings { dial: DialWay::Url, url: SecretText::new("sip:{number}"), ..PhoneSettings::default() };
    let app = app_with(Settings { phone, ..Settings::default() }).await;
    let acme = app.client("acme").await;
    let (lead, agent) = (app.sent(&acme).await, Browser::new(&app, "agent", None).await);
    let path = format!("/leads/{}", id(lead));
    let person = "first_name=Casey&last_name=Smith&email=c%40example.com&phone=415+555+0133&country=US";
    let corrected = agent.post(&app, &format!("{path}/person"), person).await;
    assert_eq!(corrected.status, StatusCode::SEE_OTHER, "{}", corrected.text);
    let page = agent.page(&app, &path).await;
    assert!(page.contains("<form data-dial method=\"post\" action=\"/work/dial\">"), "{page}");
    assert!(page.contains("value=\"+14155550133\"") && !page.contains("data-dials"), "a button, and no link: {page}");
    let typed = format!("lead={}&number=%2B14155550133&next={path}", id(lead));
    // At two in the morning where the number is, four where their time zone is, it is asked whether that is meant.
    let asked = agent.post(&app, "/work/dial", &typed).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        asked.text.contains("name=\"anyway\" value=\"true\"")
            && asked.text.contains("04:00 in Chicago, where the person may be"),
        "{}",
        asked.text
    );
    let dialed = agent.post(&app, "/work/dial", &format!("{typed}&anyway=true")).await;
    assert!(dialed.status == StatusCode::OK && dialed.text.contains("sip:%2B14155550133"), "{}", dialed.text);
    let refused = agent.post(&app, "/work/refuse", &format!("lead={}&what=recording&next={path}", id(lead))).await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER, "{}", refused.text);
    let recorded = "update call set recording_url = 'https://pbx.example/r/1'";
    sqlx::query(recorded).execute(&app.pool).await.unwrap();
    let page = agent.page(&app, &path).await;
    assert!(page.contains("Refuses to be recorded (") && page.contains("https://pbx.example/r/1"), "{page}");
    assert!(!page.contains("value=\"recording\"") && page.contains("value=\"notice\""), "{page}");
}

#[tokio::test]
async fn what_a_page_fetches_again_counts_no_view_but_its_own() {
    let app = app().await;
    let agent = Browser::new(&app, "agent", None).await;
    for (parts, counted) in [(None, 8), (Some("list-head list"), 1), (Some("views"), 8)] {
        let headers = [Some(("cookie", agent.cookie.as_str())), parts.map(|parts| ("x-part", parts))];
        let headers: Vec<_> = headers.into_iter().flatten().collect();
        let page = app.send("GET", "/leads", &headers, "").await.text;
        assert_eq!(page.matches("data-count=").count(), counted, "{parts:?}: {page}");
    }
}

#[tokio::test]
async fn nobody_sees_or_changes_what_is_not_theirs() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    let (own, own_worked, foreign) = (app.sent(&acme).await, worked(&app, &acme).await, app.sent(&other).await);
    let broker = Browser::new(&app, "broker", Some(&acme)).await;
    let missing =
        |answer: Answer| assert_eq!((answer.status, answer.problem()), (StatusCode::NOT_FOUND, "not-found".to_owned()));
    missing(broker.get(&app, &format!("/leads/{}", id(foreign))).await);
    missing(broker.get(&app, &format!("/api/v1/leads/{}", id(foreign))).await);
    missing(broker.get(&app, "/leads/new").await);
    missing(broker.get(&app, &format!("/leads/{}", LeadId::from_uuid(Uuid::from_u128(7)))).await);
    for change in
        ["note", "promise", "close", "reopen", "stop", "recall", "appointment", "person", "verdict", "nonsense"]
    {
        missing(broker.post(&app, &format!("/leads/{}/{change}", id(own)), "why=x&note=x").await);
        missing(broker.post(&app, &format!("/leads/{}/{change}", id(foreign)), "why=x&note=x").await);
    }
    let list = broker.page(&app, "/leads?view=all").await;
    assert_eq!(list.matches("<th scope=\"row\"").count(), 2);
    assert!(!list.contains("New lead") && !list.contains(&id(foreign).to_string()), "{list}");
    let theirs = broker.page(&app, &format!("/leads/{}", id(own))).await;
    assert!(theirs.contains("casey@example.com") || theirs.contains("Casey Smith"), "it was handed over");
    for absent in ["action=\"/work/take\"", "open=note", "open=stop", "/audit", "/work/dial", "/work/refuse"] {
        assert!(!theirs.contains(absent), "{absent}");
    }
    let withheld = broker.page(&app, &format!("/leads/{}", id(own_worked))).await;
    assert!(!withheld.contains("Casey") && !withheld.contains("casey@"), "{withheld}");
    assert!(
        withheld.contains("stands here as soon as the lead is handed over") && !withheld.contains("none came with it"),
        "what is withheld is not said to be absent: {withheld}"
    );
    // Of its next step the day alone: people are called at nine where they are.
    let due = "update promise set due_at = '2027-03-30T14:23:45Z' where lead_id = $1";
    sqlx::query(due).bind(own_worked.lead).execute(&app.pool).await.unwrap();
    let whole = format!("/leads/{}", id(own_worked));
    for path in [whole.as_str(), &format!("/api/v1{whole}"), "/leads", "/api/v1/leads", "/leads.csv"] {
        let text = broker.get(&app, path).await.text;
        assert!(text.contains("30 Mar 2027") || text.contains("2027-03-30T"), "{path}: {text}");
        assert!(!text.contains("23:45") && !text.contains("9:23"), "{path}: {text}");
    }
    assert_eq!(broker.page(&app, "/leads?q=casey").await.matches("<th scope=\"row\"").count(), 1);
    // Nor is its hour found by marks of pages that somebody types, or by which list has it when.
    let listed = async |by: &Browser, path: &str| {
        let text = by.get(&app, &format!("/api/v1/leads?{path}")).await.text;
        assert!(text.contains("\"leads\""), "{text}");
        text.contains(&id(own_worked).to_string())
    };
    assert!(listed(&broker, "view=open&sort=next").await);
    let first = LeadId::from_uuid(Uuid::nil());
    for hour in ["2027-03-30T14:00:00Z", "2027-03-30T15:00:00Z", "2027-04-30T15:00:00Z"] {
        let at = hour.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let typed = broker.get(&app, &format!("/api/v1/leads?view=open&sort=next&after={at}.{first}")).await;
        assert!(typed.status.is_client_error(), "{hour}: {}", typed.text);
    }
    let agent = Browser::new(&app, "agent", None).await;
    let due =
        format!("update promise set due_at = timestamptz '{}' - interval '1 minute' where lead_id = $1", app.pass(0));
    sqlx::query(sqlx::AssertSqlSafe(due)).bind(own_worked.lead).execute(&app.pool).await.unwrap();
    assert!(listed(&agent, "view=late").await && !listed(&broker, "view=late").await);
    assert!(listed(&agent, "view=due").await && listed(&broker, "view=due").await);
    // An id that their own list shows leads to its lead, without who it is.
    let named = broker.page(&app, &format!("/leads?q={}", id(own_worked))).await;
    assert!(named.contains(&format!("href=\"/leads/{}\"", id(own_worked))) && !named.contains("Casey"), "{named}");
    assert_eq!(broker.page(&app, &format!("/leads?q={}", id(foreign))).await.matches("<th scope=\"row\"").count(), 0);
    // A form of another session changes nothing.
    let headers = [("cookie", agent.cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let forged = app.send("POST", &format!("/leads/{}/close", id(own_worked)), &headers, "why=x&csrf=x").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_same_is_there_for_programs() {
    let app = app().await;
    let acme = app.client("acme").await;
    let lead = worked(&app, &acme).await;
    let agent = Browser::new(&app, "agent", None).await;
    let listed = agent.get(&app, "/api/v1/leads?view=all").await.json();
    assert_eq!(listed["leads"][0]["id"], id(lead).to_string());
    assert_eq!((&listed["leads"][0]["name"], &listed["more"]), (&"Casey Smith".into(), &false.into()));
    let one = agent.get(&app, &format!("/api/v1/leads/{}", id(lead))).await.json();
    assert_eq!(one["lead"]["next_step"]["kind"], "blocked", "no number leads to them");
    let page = agent.page(&app, "/leads").await;
    let token = page.split("name=\"csrf\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    let headers = [("cookie", agent.cookie.as_str()), ("content-type", "application/json"), ("x-csrf-token", token)];
    let path = format!("/api/v1/leads/{}/close", id(lead));
    let empty = app.send("POST", &path, &headers, "{}").await;
    assert_eq!(
        (empty.status, empty.json()["errors"][0]["pointer"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, "/why".into())
    );
    let done = app.send("POST", &path, &headers, r#"{"why":"moved"}"#).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    let unknown = app.send("GET", "/api/v1/leads", &[], "").await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_walked_in_is_entered() {
    let app = app().await;
    let acme = app.client("acme").await;
    let agent = Browser::new(&app, "agent", None).await;
    assert!(agent.page(&app, "/leads/new").await.contains("No client has an active source"));
    let source = random::uuid_v7(app.pass(1));
    let sql = "insert into source (id, client_id, name, channel, token_hash, created_at)
        values ($1, $2, 'Booth', 'trade_show', decode(repeat('11', 32), 'hex'), 'epoch')";
    sqlx::query(sql).bind(source).bind(acme.id.uuid()).execute(&app.pool).await.unwrap();
    let source = ripen_domain::id::SourceId::from_uuid(source);
    assert!(agent.page(&app, "/leads/new").await.contains("ACME: Booth, trade show"));
    let wrong = agent.post(&app, "/leads/new", &format!("source={source}&name=Casey&phone=12")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"Casey\"") && wrong.text.contains("value=\"12\""), "{}", wrong.text);
    let done = agent.post(&app, "/leads/new", &format!("source={source}&name=Casey&phone=415+555+0133&key=k")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(done.header("location").starts_with("/leads/entered/arr_"));
    assert_eq!(app.count("select count(*) from spool").await, 1);
    // Nobody works arrivals here: the page says that it comes.
    assert!(agent.page(&app, done.header("location")).await.contains("It is kept, and not read yet."));
}

#[tokio::test]
async fn an_arrival_without_a_lead_says_why_nobody_calls() {
    let app = app().await;
    let acme = app.client("acme").await;
    let source = "insert into source (id, client_id, name, channel, token_hash, created_at)
        values ($1, $1, 'Web site', 'web_form', decode(repeat('00', 32), 'hex'), 'epoch')";
    sqlx::query(source).bind(acme.id.uuid()).execute(&app.pool).await.unwrap();
    let arrival = ripen_domain::id::ArrivalId::from_uuid(random::uuid_v7(app.pass(1)));
    let (agent, manager) = (Browser::new(&app, "agent", None).await, Browser::new(&app, "manager", None).await);
    let path = format!("/leads/entered/{arrival}");
    assert!(agent.page(&app, &path).await.contains("not read yet"));
    let kept = "insert into arrival (id, client_id, source_id, sameness, state, reason, content, received_at, media_type, submission, flags)
        values ($1, $2, $2, 'content', 'quarantined', 'honeypot', decode(repeat('00', 16), 'hex'), 'epoch', 'text/plain', '{}', '{}')";
    sqlx::query(kept).bind(arrival.uuid()).bind(acme.id.uuid()).execute(&app.pool).await.unwrap();
    let page = agent.page(&app, &path).await;
    assert!(page.contains("it is in quarantine") && page.contains("honeypot was filled in"), "{page}");
    assert!(page.contains("a manager lets it go") && !page.contains("/queues/quarantine"), "{page}");
    assert!(manager.page(&app, &path).await.contains("<a href=\"/queues/quarantine\">let it go"));
    sqlx::query("update arrival set released_at = 'epoch'").execute(&app.pool).await.unwrap();
    assert!(agent.page(&app, &path).await.contains("not read yet"), "it was let go");
    sqlx::query("update arrival set released_at = null, dropped_at = 'epoch'").execute(&app.pool).await.unwrap();
    assert!(agent.page(&app, &path).await.contains("it was given up"));
}

#[tokio::test]
async fn a_manager_judges_a_return_on_the_leads_page() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let said = app.say(&acme, sent.delivery, &serde_json::json!({"outcome": "returned", "reason": "No budget"})).await;
    assert_eq!(said.status, StatusCode::CREATED, "{}", said.text);
    app.pass(60);
    let path = format!("/leads/{}", id(sent));
    let agent = Browser::new(&app, "agent", None).await;
    assert!(!agent.page(&app, &path).await.contains("judge_return"), "it is a manager's");
    let form = format!("delivery={}&verdict=rejected&why=a+budget+was+named", sent.delivery);
    let judge = format!("{path}/judge_return");
    assert_eq!(agent.post(&app, &judge, &form).await.status, StatusCode::NOT_FOUND);
    let manager = Browser::new(&app, "manager", None).await;
    let page = manager.page(&app, &path).await;
    assert!(page.contains("No budget") && page.contains("?open=judge_return"), "{page}");
    let open = manager.page(&app, &format!("{path}?open=judge_return")).await;
    assert!(
        open.contains(&format!("value=\"{}\" checked", sent.delivery)) && open.contains("value=\"upheld\""),
        "{open}"
    );
    let wrong = manager.post(&app, &judge, &format!("delivery={}&why=looked+at", sent.delivery)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("value=\"looked at\"") && wrong.text.contains("say whether the return is right"),
        "{}",
        wrong.text
    );
    let done = manager.post(&app, &judge, &form).await;
    assert_eq!(done.header("location"), format!("{path}?done=judge_return"), "{}", done.text);
    let verdict = "select count(*) from outcome where kind = 'returned' and verdict = 'rejected'";
    assert_eq!(app.count(verdict).await, 1);
    assert!(!manager.page(&app, &path).await.contains("?open=judge_return"), "it is judged");
    let again = manager.post(&app, &judge, &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
}

#[tokio::test]
async fn a_list_is_saved_under_a_name_for_who_saved_it_alone() {
    let app = app().await;
    let acme = app.client("acme").await;
    worked(&app, &acme).await;
    let (agent, other) = (Browser::new(&app, "agent", None).await, Browser::new(&app, "agent", None).await);
    let list = "query=view%3Dall%26program%3Ddefault%26grade%3DB";
    let unnamed = agent.post(&app, "/leads/views", &format!("what=save&name=+&{list}")).await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unnamed.text.contains("say what the list is called"), "{}", unnamed.text);
    let saved = agent.post(&app, "/leads/views", &format!("what=save&name=B+of+ours&{list}")).await;
    let address = "/leads?view=all&program=default&grade=B";
    assert_eq!((saved.status, saved.header("location")), (StatusCode::SEE_OTHER, address), "{}", saved.text);
    let page = agent.page(&app, "/leads").await;
    assert!(page.contains("<bdi>B of ours</bdi>"), "{page}");
    assert_eq!(agent.page(&app, address).await.matches("<th scope=\"row\"").count(), 1, "the program is a filter");
    assert_eq!(agent.page(&app, "/leads?view=all&program=mortgages").await.matches("<th scope=\"row\"").count(), 0);
    assert!(!other.page(&app, "/leads").await.contains("B of ours"), "another's are not shown");
    other.post(&app, "/leads/views", &format!("what=drop&name=B+of+ours&{list}")).await;
    assert!(agent.page(&app, "/leads").await.contains("B of ours"), "nor forgotten by others");
    let nonsense = agent.post(&app, "/leads/views", "what=save&name=x&query=grade%3DZ").await;
    assert_eq!(nonsense.status, StatusCode::BAD_REQUEST, "{}", nonsense.text);
    agent.post(&app, "/leads/views", &format!("what=drop&name=B+of+ours&{list}")).await;
    assert!(!agent.page(&app, "/leads").await.contains("B of ours"));
    // What was done is on record; what was refused, or was nobody's to forget, did nothing.
    assert_eq!(app.count("select count(*) from audit where action = 'lead_view.save'").await, 1);
    assert_eq!(app.count("select count(*) from audit where action = 'lead_view.drop'").await, 1);
}
