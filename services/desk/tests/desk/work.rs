//! The work page through its router: what it shows in each of its states, what is kept, what is said before it is saved.

use axum::http::StatusCode;
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use ripen_actions::{Actions, criteria::ActivateCriteria, user::AddUser};
use ripen_domain::{
    actor::{Actor, UserRole},
    id::{LeadId, UserId},
    secret::Secret,
    user::Password,
};
use ripen_runtime::{config::Settings, random};
use ripen_store::user::session::NewSession;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, App, Client, app_with};

pub const CRITERIA: &str = r#"
name = "default"

[script]
opening = { en = "Hello, this is {agent} for {client}.", es = "Hola, soy {agent}, de {client}." }
voicemail = "This is {agent}. I try again tomorrow."

[[question]]
id = "timeframe_days"
ask = { en = "In how many days would you like to move?", es = "¿En cuántos días quiere mudarse?" }
type = "number"
unit = "days"

[[question]]
id = "budget"
ask = "What would you like to spend?"
type = "money"

[[question]]
id = "lender"
ask = "Has a lender pre-approved you?"
type = "yes_no"

[[question]]
id = "area"
ask = "Where are you looking?"
type = "choices"
choices = ["Lakeview", "Lincoln Park"]

[[rule]]
id = "soon"
when = "answers.timeframe_days <= 90"
points = 50
because = "Wants to move within three months"

[[rule]]
id = "money"
when = "answers.budget >= 100000"
points = 30
because = "Has a budget for a home"

[[rule]]
id = "lender"
when = "answers.lender"
points = 20
because = "Has a lender"

[grades]
A = 70
B = 40

[requalify]
B = "30d"
C = "90d"
"#;

/// An agent in a browser.
pub struct Agent {
    pub id: UserId,
    pub cookie: String,
    pub csrf: String,
}

/// The firm of these tests, at ten in the morning in Chicago.
pub struct Desk {
    pub app: App,
    pub actions: Actions,
    pub acme: Client,
    pub agent: Agent,
}

pub async fn desk() -> Desk {
    desk_with(Settings::default()).await
}

pub async fn desk_with(settings: Settings) -> Desk {
    desk_asking(settings, CRITERIA).await
}

/// With these criteria.
pub async fn desk_asking(settings: Settings, criteria: &str) -> Desk {
    let app = app_with(settings).await;
    app.pass(SignedDuration::from_hours(30).as_secs() + 180);
    let actions = Actions::new(app.store.clone(), app.clock.clone(), &Settings::default()).unwrap();
    let operator = Actor::operator("dana");
    actions.run(&operator, &ActivateCriteria { document: criteria.to_owned(), backtest: None }).await.unwrap();
    let acme = app.client("acme").await;
    let new = AddUser {
        email: "dana@example.com".to_owned(),
        name: Some("Dana Okafor".to_owned()),
        role: UserRole::Agent,
        client: None,
        password: Some(Password::typed("a long enough password")),
        time_zone: None,
    };
    let id = actions.run(&operator, &new).await.unwrap();
    let agent = signed_in(&app, id).await;
    Desk { app, actions, acme, agent }
}

pub async fn signed_in(app: &App, id: UserId) -> Agent {
    let now = app.clock.now();
    let secret = Secret::new("ss", random::bytes32());
    let mut tx = app.store.begin().await.unwrap();
    let expires_at = now + SignedDuration::from_hours(24);
    let new = NewSession { hash: secret.hash(), user: id, expires_at, agent: "a browser".to_owned() };
    tx.session_add(&new, now).await.unwrap();
    tx.commit().await.unwrap();
    let cookie = format!("ripen_session={}", secret.reveal());
    let page = app.send("GET", "/keys", &[("cookie", &cookie)], "").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let csrf = between(&page.text, "<meta name=\"csrf\" content=\"", "\"").to_owned();
    Agent { id, cookie, csrf }
}

pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}

/// What a program is answered that posts as the agent's browser does: the status, and what it reads.
pub async fn api(desk: &Desk, path: &str, body: &Value) -> (u16, Value) {
    let headers = [
        ("cookie", desk.agent.cookie.as_str()),
        ("x-csrf-token", desk.agent.csrf.as_str()),
        ("content-type", "application/json"),
    ];
    let answer = desk.app.send("POST", path, &headers, body.to_string()).await;
    let said = if answer.text.is_empty() { Value::Null } else { answer.json() };
    (answer.status.as_u16(), said)
}

impl Desk {
    /// A fresh enquiry of somebody in Chicago whom nobody has called yet.
    pub async fn lead(&self, name: &str, phone: &str) -> LeadId {
        let now = self.app.pass(1);
        let fresh = || random::uuid_v7(now);
        let lead = fresh();
        let sql = "with s as (
              insert into source (id, client_id, name, channel, token_hash, created_at)
              values ($1, $2, 'Lakefront ' || $4::text, 'web_form', sha256(convert_to($6, 'UTF8')), $3)
            ), p as (
              insert into person (id, client_id, first_name, last_name, email, phone, country, time_zone, locale, created_at, updated_at)
              values ($5, $2, $4, 'Smith', lower($4) || '@example.com', $6, 'US', 'America/Chicago', 'en-US', $3, $3)
            ), i as (
              insert into person_identity (client_id, kind, value, person_id) values ($2, 'phone', $6, $5)
            )
            insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at,
                              last_arrived_at, last_enquiry_at, created_at)
            select $7, $2, id, $5, $1, 'web_form', 1, 1, $3, $3, $3, $3 from program where is_default";
        let query = sqlx::query(sql).bind(fresh()).bind(self.acme.id.uuid()).bind(now.to_sqlx()).bind(name);
        query.bind(fresh()).bind(phone).bind(lead).execute(&self.app.pool).await.unwrap();
        LeadId::from_uuid(lead)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.app.send("GET", path, &[("cookie", &self.agent.cookie)], "").await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_for(path, fields, "text/html").await
    }

    pub async fn post_for(&self, path: &str, fields: &[(&str, &str)], accept: &str) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &self.agent.csrf).extend_pairs(fields);
        let headers = [
            ("cookie", self.agent.cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", accept),
        ];
        self.app.send("POST", path, &headers, form.finish()).await
    }

    /// Takes the next lead, and gives its page.
    pub async fn next(&self) -> Page {
        let taken = self.post("/work/next", &[]).await;
        assert_eq!((taken.status, taken.header("location")), (StatusCode::SEE_OTHER, "/work"), "{}", taken.text);
        self.page("/work").await
    }

    pub async fn page(&self, path: &str) -> Page {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Page(answer.text)
    }

    pub async fn touches(&self) -> i64 {
        self.app.count("select count(*) from touch").await
    }
}

/// The work page with a lead.
pub struct Page(pub String);

impl Page {
    pub fn hidden(&self, name: &str) -> String {
        between(&self.0, &format!("name=\"{name}\" value=\""), "\"").to_owned()
    }

    /// The form as it stands, with these fields typed.
    pub fn typed<'f>(
        &'f self,
        hidden: &'f [(String, String)],
        fields: &[(&'f str, &'f str)],
    ) -> Vec<(&'f str, &'f str)> {
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        hidden.chain(fields.iter().copied()).collect()
    }

    pub fn form(&self) -> Vec<(String, String)> {
        let work = between(&self.0, "id=\"work\"", "</form>");
        let names = ["lead", "lease", "touch", "version", "why"];
        names
            .into_iter()
            .map(|name| (name.to_owned(), between(work, &format!("name=\"{name}\" value=\""), "\"").to_owned()))
            .collect()
    }

    pub fn holds(&self, words: &[&str]) {
        for word in words {
            assert!(self.0.contains(word), "no {word:?} in {}", self.0);
        }
    }

    /// What stands in the page, without ids that are others in each run.
    fn scrubbed(&self) -> String {
        let main = between(&self.0, "<main id=\"main\" tabindex=\"-1\">", "</main>");
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let mut scrubbed = String::new();
        let mut rest = main;
        while !rest.is_empty() {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end.max(rest.chars().next().map_or(1, char::len_utf8)));
            let is_id = word.len() == 36 && word.parse::<Uuid>().is_ok()
                || word.split_once('_').is_some_and(|(_, id)| id.len() == 26)
                || [12, 32].contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
            scrubbed.push_str(if is_id { "[id]" } else { word });
            rest = after;
        }
        scrubbed
    }
}

#[tokio::test]
async fn a_lead_is_taken_worked_saved_and_the_next_one_comes() {
    let desk = desk().await;
    let first = desk.lead("Casey", "+13125550142").await;
    insta::assert_snapshot!("idle", desk.page("/work").await.scrubbed());
    let page = desk.next().await;
    insta::assert_snapshot!("lead", page.scrubbed());
    page.holds(&[
        "Casey Smith",
        "href=\"tel:+13125550142\" data-dials=\"dial\"",
        "<form id=\"dial\" data-dial method=\"post\" action=\"/work/dial\"",
        "name=\"number\" value=\"+13125550142\"",
        "form=\"refuse\" name=\"what\" value=\"recording\"",
        "Hello, this is Dana Okafor for ACME.",
        "may call until",
        "1st enquiry",
        "speaks English",
    ]);
    assert_eq!(page.hidden("lead"), first.to_string());
    let second = desk.lead("Robin", "+13125550143").await;
    let form = page.form();
    let typed =
        page.typed(&form, &[("disposition", "answered"), ("a.timeframe_days", "30"), ("note", "Lease ends in May.")]);
    let saved = desk.post("/work/dispose", &typed).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let next = desk.page(saved.header("location")).await;
    assert_eq!(next.hidden("lease").len(), 36);
    next.holds(&["Robin Smith", "Casey Smith", "Take back", &second.to_string()]);
    let row = "select json_build_object('note', (select text from note where lead_id = $1),
        'answer', (select value from answer where lead_id = $1), 'by', (select by from touch where lead_id = $1))";
    let kept = desk.app.row(row, first.uuid()).await;
    assert_eq!(kept, json!({"note": "Lease ends in May.", "answer": 30, "by": "Dana Okafor"}));
    assert_eq!(desk.app.count("select count(*) from desk_draft").await, 0);
}

#[tokio::test]
async fn what_is_posted_twice_is_saved_once() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    let typed = page.typed(&form, &[("disposition", "no_answer"), ("note", "rang out")]);
    for _ in 0..3 {
        let saved = desk.post("/work/dispose", &typed).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    }
    assert_eq!(desk.touches().await, 1);
    assert_eq!(desk.app.count("select count(*) from note").await, 1);
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_keeps_what_was_typed() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    let typed = page.typed(&form, &[("disposition", "answered"), ("a.budget", "45o000"), ("note", "<b>a garden</b>")]);
    let refused = desk.post("/work/dispose", &typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let again = Page(refused.text);
    again.holds(&["value=\"45o000\"", "aria-invalid=\"true\"", "&#60;b&#62;a garden"]);
    insta::assert_snapshot!("wrong", again.scrubbed());
    assert_eq!(again.hidden("touch"), page.hidden("touch"), "the same disposition, corrected");
    assert_eq!(desk.touches().await, 0);
    // Without a disposition nothing is guessed, and a call back needs its time.
    let none = desk.post("/work/dispose", &page.typed(&form, &[])).await;
    assert!(none.status == 422 && none.text.contains("Choose what happened."), "{}", none.text);
    let no_time = desk.post("/work/dispose", &page.typed(&form, &[("disposition", "call_back")])).await;
    assert!(
        no_time.status == 422 && no_time.text.contains("Choose the day and the time of the call."),
        "{}",
        no_time.text
    );
    // Closed and opened again, also in another browser after another signing in, it is still there.
    let later = signed_in(&desk.app, desk.agent.id).await;
    let shown = desk.app.send("GET", "/work", &[("cookie", &later.cookie)], "").await;
    assert!(shown.text.contains("value=\"45o000\""), "{}", shown.text);
}

#[tokio::test]
async fn a_draft_is_kept_and_an_older_one_replaces_no_newer() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    let save = async |version: &str, note: &str| -> Value {
        let mut typed = page.typed(&form, &[("note", note), ("a.area.Lakeview", "1"), ("asked.area", "1")]);
        typed.retain(|(name, _)| *name != "version");
        typed.push(("version", version));
        let kept = desk.post_for("/work/draft", &typed, "application/json").await;
        assert_eq!(kept.status, 200, "{}", kept.text);
        kept.json()
    };
    let first = save("0", "one").await;
    assert_eq!((&first["version"], &first["is_newer"]), (&json!(1), &json!(false)));
    assert_eq!(save("1", "two").await["version"], 2);
    let late = save("0", "one again").await;
    assert_eq!((&late["version"], &late["is_newer"]), (&json!(2), &json!(true)), "another tab's");
    let shown = desk.page("/work").await;
    shown.holds(&[">two</textarea>", "name=\"a.area.Lakeview\" value=\"1\" checked", "name=\"version\" value=\"2\""]);
    // Without a script: back to the page.
    let plain = desk.post("/work/draft", &page.typed(&form, &[("note", "three")])).await;
    assert!(plain.header("location").ends_with("&told=newer"), "{}", plain.header("location"));
}

#[tokio::test]
async fn what_saving_will_do_is_said_before_and_nothing_of_it_is_kept() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    let ask = async |fields: &[(&str, &str)]| -> Value {
        let shown = desk.post("/work/preview", &page.typed(&form, fields)).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        shown.json()
    };
    let nothing = ask(&[]).await;
    assert_eq!(
        (nothing["hot"].as_str(), nothing["worth"]["timeframe_days"].as_i64()),
        (Some("timeframe_days"), Some(50))
    );
    let a = ask(&[("disposition", "answered"), ("a.timeframe_days", "30"), ("a.budget", "450,000")]).await;
    assert!(a["grade"].as_str().unwrap().contains("title=\"Grade A\">A<"), "{a}");
    assert!(a["after"].as_str().unwrap().starts_with("Becomes"), "{a}");
    assert!(a["save"].as_str().unwrap().contains("send to"), "{a}");
    let wrong = ask(&[("a.budget", "45o000")]).await;
    assert!(wrong["wrong"]["budget"].as_str().unwrap().len() > 10, "{wrong}");
    let call = ask(&[("disposition", "call_back"), ("cb_day", "2026-11-25"), ("cb_time", "10:30")]).await;
    assert!(call["said"].as_str().unwrap().contains("Wed 25 Nov, 10:30 Chicago"), "{call}");
    assert!(call["after"].as_str().unwrap().contains("a call on Wed 25 Nov, 10:30 Chicago"), "{call}");
    let kept = "select (select count(*) from answer) + (select count(*) from touch) + (select count(*) from decision)";
    assert_eq!(desk.app.count(kept).await, 0);
}

#[tokio::test]
async fn a_call_back_is_promised_by_the_clock_there() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    // A button with a time on it, without a script.
    let preset =
        desk.post("/work/draft", &page.typed(&form, &[("preset", "t"), ("cb_why", "has the letter by then")])).await;
    assert_eq!(preset.status, StatusCode::SEE_OTHER, "{}", preset.text);
    let shown = desk.page(preset.header("location")).await;
    insta::assert_snapshot!("callback", shown.scrubbed());
    shown.holds(&["value=\"call_back\" data-key=\"4\" checked", "value=\"2026-11-25\""]);
    let form = shown.form();
    let picked = [
        ("disposition", "call_back"),
        ("cb_date", "2026-11-25"),
        ("cb_clock", "10:30"),
        ("cb_why", "has the letter by then"),
    ];
    let saved = desk.post("/work/dispose", &shown.typed(&form, &picked)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let sql = "select json_build_object('due', due_at at time zone 'UTC', 'agreed', agreed, 'why', why, 'mine', user_id is not null)
        from promise where lead_id = $1 and state = 'scheduled' and kind = 'requalify'";
    let promise = desk.app.row(sql, lead.uuid()).await;
    let expected = json!({"due": "2026-11-25T16:30:00", "agreed": true, "why": "has the letter by then", "mine": true});
    assert_eq!(promise, expected);
}

#[tokio::test]
async fn what_was_saved_can_be_taken_back_for_some_seconds() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    desk.post("/work/dispose", &page.typed(&form, &[("disposition", "no_answer"), ("note", "rang out")])).await;
    assert_eq!(desk.touches().await, 1);
    let undone = desk.post("/work/undo", &[("touch", &page.hidden("touch"))]).await;
    assert_eq!(undone.header("location"), format!("/work?lead={lead}&told=undone"), "{}", undone.text);
    desk.page(undone.header("location")).await.holds(&["Taken back", "Casey Smith"]);
    assert_eq!(desk.touches().await, 0);
    let again = desk.page("/work").await;
    let form = again.form();
    desk.post("/work/dispose", &again.typed(&form, &[("disposition", "no_answer")])).await;
    assert!(!desk.page(undone.header("location")).await.0.contains("Taken back"), "it is saved again");
    desk.app.pass(3600);
    let late = desk.post("/work/undo", &[("touch", &again.hidden("touch"))]).await;
    assert_eq!(late.header("location"), "/work?told=too_late");
    desk.page("/work?told=too_late").await.holds(&["The time to take it back is over."]);
}

#[tokio::test]
async fn a_number_that_rings_opens_its_lead_and_leaving_gives_it_back() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let opened = desk.post("/work/take", &[("phone", "(312) 555-0142")]).await;
    assert_eq!(opened.header("location"), format!("/work?lead={lead}"), "{}", opened.text);
    let page = desk.page(opened.header("location")).await;
    page.holds(&["Casey Smith"]);
    let form = page.form();
    let left = desk.post("/work/leave", &page.typed(&form, &[("note", "called back, line broke")])).await;
    assert_eq!(left.header("location"), "/work?told=left", "{}", left.text);
    assert_eq!(desk.app.count("select count(*) from desk_lease where leased_until > clock_timestamp()").await, 0);
    assert_eq!(desk.app.count("select count(*) from desk_draft where note = 'called back, line broke'").await, 1);
    let nobody = desk.post("/work/take", &[("phone", "+1 312 555 0199")]).await;
    assert!(nobody.status == 200 && nobody.text.contains("No lead has this number."), "{}", nobody.text);
    let words = desk.post("/work/take", &[("phone", "call me")]).await;
    assert!(words.status == 422 && words.text.contains("That is no telephone number."), "{}", words.text);
}

#[tokio::test]
async fn a_lead_of_somebody_else_is_not_written_over() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let form = page.form();
    let new = AddUser {
        email: "lee@example.com".to_owned(),
        name: Some("Lee".to_owned()),
        role: UserRole::Agent,
        client: None,
        password: None,
        time_zone: None,
    };
    let lee = desk.actions.run(&Actor::operator("dana"), &new).await.unwrap();
    // The lease ran out in silence, and a colleague was handed the lead.
    sqlx::query("update desk_lease set user_id = $1, lease = $2")
        .bind(lee.uuid())
        .bind(lee.uuid())
        .execute(&desk.app.pool)
        .await
        .unwrap();
    let lost =
        desk.post("/work/dispose", &page.typed(&form, &[("disposition", "answered"), ("note", "my words")])).await;
    assert_eq!(lost.status, StatusCode::CONFLICT, "{}", lost.text);
    assert!(
        lost.text.contains("<bdi>Lee</bdi> has this lead by now.") && lost.text.contains("my words"),
        "{}",
        lost.text
    );
    assert_eq!(desk.touches().await, 0);
    assert_eq!(desk.app.count("select count(*) from desk_draft where note = 'my words'").await, 1);
}
