//! What an agent's program reads and does through `/api/v1`: all that the work page shows and takes.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::actor::UserRole;
use ripen_runtime::config::Settings;
use serde_json::{Value, json};

use crate::{
    appointments::with_reps,
    harness::User,
    work::{CRITERIA, Desk, desk, desk_asking, desk_with},
};

/// The criteria with what has to be said before the opening.
fn with_notices() -> String {
    let notices = "[script]\nnotice_recording = { en = \"This call is recorded.\", es = \"Esta llamada se graba.\" }\n\
                   notice_recording_in_us_ca = \"-\"";
    CRITERIA.replace("[script]", notices)
}

impl Desk {
    async fn read(&self, user: &User, path: &str) -> Value {
        let answer = self.app.see(user, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    async fn asks(&self, user: &User, path: &str, body: Value) -> Value {
        let answer = self.app.post(user, path, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }
}

fn of<'v>(list: &'v Value, field: &str, value: &str) -> &'v Value {
    let found = list.as_array().unwrap().iter().find(|one| one[field] == value);
    found.unwrap_or_else(|| panic!("no {field} {value} in {list}"))
}

#[tokio::test]
async fn a_program_reads_what_is_said_and_asked_where_the_person_is() {
    let desk = desk_asking(Settings::default(), &with_notices()).await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let agent = desk.app.user(UserRole::Agent, None).await;
    let knows =
        "insert into desk_client (client_id, caller_id, briefing) values ($1, '+13125550199', 'Never say cheap.')";
    sqlx::query(knows).bind(desk.acme.id.uuid()).execute(&desk.app.pool).await.unwrap();
    let path = format!("/api/v1/work/{lead}");
    let before = desk.read(&agent, &path).await;
    assert_eq!((&before["opened"], &before["why"]), (&Value::Null, &Value::Null), "nothing is taken by reading");

    let taken = desk.asks(&agent, "/api/v1/work/next", json!({})).await;
    let read = desk.read(&agent, &path).await;
    assert_eq!(read["opened"]["lease"], taken["opened"]["lease"]);
    assert!(read["why"].as_str().is_some_and(|why| !why.is_empty()), "{read}");
    assert_eq!(read["client"]["briefing"], "Never say cheap.");
    assert_eq!((&read["client"]["caller_id"], &read["client"]["currency"]), (&json!("+13125550199"), &json!("USD")));
    assert_eq!((&read["person"]["phone"], &read["person"]["language"]), (&json!("+13125550142"), &json!("English")));
    assert_eq!(
        read["script"],
        json!({
            "notices": [{"name": "recording", "text": "This call is recorded."}],
            "texts": [
                {"name": "opening", "text": "Hello, this is Dana agent for ACME."},
                {"name": "voicemail", "text": "This is Dana agent. I try again tomorrow."},
            ]
        })
    );
    let place = &read["place"];
    assert_eq!((&place["time_zone"], &place["may_call"]), (&json!("America/Chicago"), &json!(true)), "{place}");
    assert_eq!(place["until"], "2026-11-25T02:00:00Z", "eight in the evening there");
    assert!(place["local_time"].as_str().unwrap().starts_with("2026-11-24T10:03"), "{place}");
    let questions = read["questions"].as_array().unwrap().iter();
    let asked: Vec<_> = questions.map(|one| format!("{} {}", one["id"], one["type"]).replace('"', "")).collect();
    assert_eq!(asked, ["timeframe_days number", "budget money", "lender yes_no", "area choices"]);
    let soon = of(&read["questions"], "id", "timeframe_days");
    assert_eq!((&soon["ask_next"], &soon["worth"], &soon["unit"]), (&json!(true), &json!(50), &json!("days")));
    assert_eq!(of(&read["questions"], "id", "area")["choices"], json!(["Lakeview", "Lincoln Park"]));
    assert_eq!(of(&read["questions"], "id", "lender")["choices"], json!(["yes", "no"]));

    let spanish = "update person set locale = 'es-MX'";
    sqlx::query(spanish).execute(&desk.app.pool).await.unwrap();
    let read = desk.read(&agent, &path).await;
    assert_eq!(of(&read["script"]["notices"], "name", "recording")["text"], "Esta llamada se graba.");
    assert_eq!(read["script"]["texts"][0]["text"], "Hola, soy Dana agent, de ACME.");
    assert_eq!(of(&read["questions"], "id", "timeframe_days")["ask"], "¿En cuántos días quiere mudarse?");
}

#[tokio::test]
async fn a_program_is_told_what_saving_each_disposition_would_do() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let agent = desk.app.user(UserRole::Agent, None).await;
    let path = format!("/api/v1/work/{lead}/dispositions");
    let all = desk.read(&agent, &path).await;
    let keys: Vec<_> = all.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]);
    assert!(of(&all, "disposition", "no_answer")["after"]["saves"] == true, "{all}");
    let call = of(&all, "disposition", "call_back");
    assert_eq!((&call["needs_next"], &call["after"]["what"]), (&json!(true), &json!("call_back")));
    assert_eq!(of(&all, "disposition", "number_dead")["after"]["what"], "number_void");
    assert_eq!(of(&all, "disposition", "do_not_contact")["takes_stop"], true);

    // Numbers as a program has them, and words as they are typed.
    let typed = json!({"lead": lead, "version": 1, "answers": {"timeframe_days": 30, "budget": "450,000"}});
    desk.asks(&agent, "/api/v1/work/draft", typed).await;
    let all = desk.read(&agent, &path).await;
    let after = &of(&all, "disposition", "answered")["after"];
    assert_eq!((&after["what"], &after["saves"]), (&json!("goes"), &json!(true)), "{after}");
    let waits =
        "Becomes A and waits for somebody of ACME: the client has no enabled endpoint. You can take it back for";
    assert!(after["words"].as_str().unwrap().starts_with(waits) && after["to"].is_null(), "{after}");
    let endpoint = "insert into endpoint (id, client_id, kind, url, created_at)
        select id, id, 'webhook', 'https://x.example/', created_at from client";
    sqlx::query(endpoint).execute(&desk.app.pool).await.unwrap();
    let all = desk.read(&agent, &path).await;
    let after = &of(&all, "disposition", "answered")["after"];
    let (words, to) = (after["words"].as_str().unwrap(), after["to"].as_str().unwrap());
    assert!(
        words.starts_with(&format!("Becomes A and goes to {to} in 20 s. You can take it back for 20 s.")),
        "{words}"
    );
    let vain = &of(&all, "disposition", "no_answer")["after"];
    assert_eq!((&vain["what"], &vain["saves"]), (&json!("refused"), &json!(false)), "nobody was reached");
    let read = desk.read(&agent, &format!("/api/v1/work/{lead}")).await;
    assert_eq!((&read["preview"]["grade"], &read["draft"]["version"]), (&json!("A"), &json!(1)), "{read}");

    let stopped =
        "update lead set stage = 'closed', closed_at = created_at, closed_reason = 'moved away' where id = $1";
    sqlx::query(stopped).bind(lead.uuid()).execute(&desk.app.pool).await.unwrap();
    let over = desk.read(&agent, &path).await;
    assert_eq!(of(&over, "disposition", "answered")["after"]["what"], "over");
    assert_eq!(of(&over, "disposition", "do_not_contact")["after"]["saves"], true, "a wish is always kept");
}

#[tokio::test]
async fn a_program_offers_times_for_a_call_back_and_hears_why_one_cannot_be() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let agent = desk.app.user(UserRole::Agent, None).await;
    let read = desk.read(&agent, &format!("/api/v1/work/{lead}")).await;
    let offered = &read["call_back"];
    assert_eq!((offered["days"].as_array().unwrap().len(), &offered["times"][0]), (7, &json!("09:00")), "{offered}");
    assert_eq!(of(&offered["days"], "date", "2026-11-29")["closed"], "no calls", "a Sunday");
    let preset = of(&offered["presets"], "key", "t")["next"].as_str().unwrap();
    assert!(preset.starts_with("2026-11-25T10:0"), "{preset}");
    let preview = async |next: &str| {
        let asked = json!({"lead": lead, "disposition": "call_back", "next": next});
        desk.asks(&agent, "/api/v1/work/preview", asked).await
    };
    let good = preview("2026-11-25T10:30").await;
    assert_eq!(
        (&good["call_back"]["at"], &good["call_back"]["there"]),
        (&json!("2026-11-25T16:30:00Z"), &json!("Wed 25 Nov, 10:30 Chicago"))
    );
    let words = good["after"]["words"].as_str().unwrap();
    assert!(words.contains("a call on Wed 25 Nov, 10:30 Chicago"), "{words}");
    let night = preview("2026-11-25T23:00").await;
    assert!(night["call_back"]["trouble"].as_str().unwrap().starts_with("Nobody may be called then"), "{night}");
    assert_eq!(
        (&night["after"]["saves"], &night["after"]["what"]),
        (&json!(false), &json!("refused")),
        "as it is when it is saved: {night}"
    );
    for disposition in ["answered", "reached_other"] {
        let asked = json!({"lead": lead, "disposition": disposition, "next": "2026-12-04T10:30"});
        let agreed = desk.asks(&agent, "/api/v1/work/preview", asked).await;
        assert_eq!(agreed["next_at"], "2026-12-04T16:30:00Z", "{agreed}");
        assert!(agreed["after"]["words"].as_str().unwrap().contains("Fri 4 Dec"), "{agreed}");
        let asked = json!({"lead": lead, "disposition": disposition, "next": "2026-12-06T10:30"});
        let sunday = desk.asks(&agent, "/api/v1/work/preview", asked).await;
        assert_eq!(
            (&sunday["after"]["saves"], &sunday["wrong"][0]["field"]),
            (&json!(false), &json!("next")),
            "{sunday}"
        );
    }
    let soon = json!({"lead": lead, "disposition": "call_back", "next": "soon"});
    assert_eq!(desk.app.post(&agent, "/api/v1/work/preview", &soon).await.problem(), "invalid-request");
    let stop = json!({"lead": lead, "disposition": "do_not_contact", "stop": {"whom": "firm"}});
    let stop = desk.asks(&agent, "/api/v1/work/preview", stop).await;
    assert!(stop["after"]["words"].as_str().unwrap().contains("any client of the firm"), "{stop}");
}

#[tokio::test]
async fn a_program_reads_the_calls_of_a_lead_and_an_unknown_length_is_none() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let agent = desk.app.user(UserRole::Agent, None).await;
    let now = desk.app.clock.now();
    let dialed = desk.asks(&agent, "/api/v1/work/dial", json!({"lead": lead})).await;
    let path = format!("/api/v1/leads/{lead}/calls");
    let calls = desk.read(&agent, &path).await;
    let call = &calls["calls"][0];
    assert_eq!((&call["call"], &call["number"]), (&dialed["call"], &json!("+13125550142")));
    assert_eq!(
        (&call["length_s"], &call["answered_at"], &call["by"]),
        (&Value::Null, &Value::Null, &json!("Dana agent"))
    );
    let at = |seconds: i64| now + SignedDuration::from_secs(seconds);
    let told = json!({"call": dialed["call"], "answered_at": at(9), "ended_at": at(194),
                      "recording_url": "https://pbx.example/r/1"});
    desk.asks(&agent, "/v1/calls", told).await;
    let refused = json!({"lead": lead, "what": "recording"});
    assert_eq!(desk.app.post(&agent, "/api/v1/work/refuse", &refused).await.status, 204);
    let calls = desk.read(&agent, &path).await;
    let call = &calls["calls"][0];
    assert_eq!((&call["length_s"], &call["state"]), (&json!(185), &json!("ended")));
    assert_eq!(call["recording_url"], "https://pbx.example/r/1");
    assert_eq!(calls["refused"][0]["what"], "recording");
    let broker = desk.app.user(UserRole::Broker, Some(&desk.acme)).await;
    for path in [path, format!("/api/v1/leads/{lead}/slots"), format!("/api/v1/work/{lead}")] {
        assert_eq!(desk.app.see(&broker, &path).await.problem(), "not-found", "{path}");
    }
}

#[tokio::test]
async fn a_program_books_a_slot_that_it_was_offered() {
    let desk = with_reps().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let agent = desk.app.user(UserRole::Agent, None).await;
    let path = format!("/api/v1/leads/{lead}/slots");
    let slots = desk.read(&agent, &path).await;
    let slots = slots.as_array().unwrap();
    assert!(slots.len() > 5 && slots.iter().all(|one| one["rep_name"] != "Kim Foreign"), "a rep of another client");
    let starts: Vec<Timestamp> = slots.iter().map(|one| one["starts_at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(starts.is_sorted() && starts[0] > desk.app.clock.now());
    assert_eq!(slots[0]["unsettled"], Value::Null, "{}", slots[0]);
    let mobile = "update person set country = 'AU', time_zone = null, phone = '+61412999001'";
    sqlx::query(mobile).execute(&desk.app.pool).await.unwrap();
    assert_eq!(desk.read(&agent, &path).await[0]["unsettled"]["places"], "Perth to Sydney");
    let book = json!({"slot": slots[0]["slot"], "note": "Bring plans"});
    let booked = desk.app.post(&agent, &format!("/api/v1/leads/{lead}/appointment"), &book).await;
    assert_eq!(booked.status, 204, "{}", booked.text);
    let left = desk.read(&agent, &path).await;
    assert!(left.as_array().unwrap().iter().all(|one| one["slot"] != slots[0]["slot"]), "it is free no more");
}

#[tokio::test]
async fn a_program_without_a_lead_is_told_what_there_is_and_what_the_day_was() {
    let desk = desk().await;
    let agent = desk.app.user(UserRole::Agent, None).await;
    let nothing = desk.read(&agent, "/api/v1/work/ready").await;
    assert_eq!((&nothing["leads"], &nothing["today"]["worked"]), (&json!([]), &json!(0)), "{nothing}");
    let first = desk.lead("Casey", "+13125550142").await;
    let later = desk.lead("Robin", "+13125550143").await;
    desk.app.promised(&desk.acme, later.uuid(), (true, desk.app.clock.now() + SignedDuration::from_hours(2))).await;
    let by = "update promise set user_id = $1";
    sqlx::query(by).bind(agent.id.uuid()).execute(&desk.app.pool).await.unwrap();
    let ready = desk.read(&agent, "/api/v1/work/ready").await;
    let casey = of(&ready["leads"], "lead", &first.to_string());
    assert_eq!((&casey["name"], &casey["client"]), (&json!("Casey Smith"), &json!("ACME")), "{ready}");
    let promised = &ready["promised"][0];
    assert_eq!((&promised["client"], &promised["is_due"]), (&json!("ACME"), &json!(false)), "{ready}");
    assert_eq!((&promised["time_zone"], &promised["lead"]), (&json!("America/Chicago"), &Value::Null), "nobody picks");
    assert_eq!(ready["today"]["promised_later"], 1);
    let manager = desk.app.user(UserRole::Manager, None).await;
    let all = desk.read(&manager, "/api/v1/work/ready").await;
    assert_eq!(all["promised"][0]["lead"], json!(later), "who manages the desk reads whose it is");

    let taken = desk.asks(&agent, "/api/v1/work/next", json!({})).await;
    assert_eq!(taken["opened"]["lead"], json!(first));
    let open = desk.read(&agent, "/api/v1/work").await;
    assert_eq!((&open["opened"][0]["lease"], &open["undo"]), (&taken["opened"]["lease"], &Value::Null));
    let saved = json!({"lead": first, "lease": taken["opened"]["lease"], "disposition": "answered"});
    let saved = desk.asks(&agent, "/api/v1/work/dispose", saved).await;
    let open = desk.read(&agent, "/api/v1/work").await;
    assert_eq!((&open["opened"], &open["undo"]["touch"]), (&json!([]), &saved["touch"]));
    let ready = desk.read(&agent, "/api/v1/work/ready").await;
    assert_eq!((&ready["today"]["worked"], &ready["today"]["spoke"]), (&json!(1), &json!(1)));
    assert_eq!(ready["today"]["by_disposition"], json!([{"disposition": "answered", "leads": 1}]));
}

#[tokio::test]
async fn a_program_opens_the_lead_of_who_calls_back() {
    let desk = desk().await;
    let (casey, robin) = (desk.lead("Casey", "+13125550142").await, desk.lead("Robin", "+17735550142").await);
    let agent = desk.app.user(UserRole::Agent, None).await;
    let several = desk.asks(&agent, "/api/v1/work/rang", json!({"phone": "0142"})).await;
    assert_eq!((&several["opened"], several["open"].as_array().unwrap().len()), (&Value::Null, 2), "{several}");
    let opened = desk.asks(&agent, "/api/v1/work/rang", json!({"phone": "(312) 555-0142"})).await;
    assert_eq!(opened["opened"]["lead"], json!(casey), "{opened}");
    let colleague = desk.app.user(UserRole::Agent, None).await;
    let held = desk.app.post(&colleague, "/api/v1/work/rang", &json!({"phone": "+13125550142"})).await;
    assert_eq!(held.problem(), "conflict", "a colleague has it open");
    for nothing in [json!({"phone": "call me"}), json!({})] {
        assert_eq!(desk.app.post(&agent, "/api/v1/work/rang", &nothing).await.problem(), "invalid-request");
    }

    desk.barred("+17735550142").await;
    let barred = desk.asks(&agent, "/api/v1/work/rang", json!({"phone": "+17735550142"})).await;
    assert_eq!((&barred["opened"], &barred["open"][0]["lead"]), (&Value::Null, &json!(robin)), "{barred}");
    assert_eq!(
        (&barred["barred"][0]["client"], &barred["barred"][0]["why"]),
        (&json!("acme"), &json!("asked by letter"))
    );
    let note = json!({"phone": "+17735550142", "what": "note", "note": "wants a brochure"});
    desk.asks(&agent, "/api/v1/work/rang", note).await;
    let kept = "select count(*) from note where text = 'Rang of their own wish: wants a brochure'";
    assert_eq!(desk.app.count(kept).await, 1);
    let lift = json!({"phone": "+17735550142", "what": "lift", "client": "acme", "note": "asks for calls again"});
    assert_eq!(
        desk.app.post(&agent, "/api/v1/work/rang", &lift).await.problem(),
        "not-found",
        "an agent lifts nothing"
    );
    let manager = desk.app.user(UserRole::Manager, None).await;
    let lifted = desk.asks(&manager, "/api/v1/work/rang", lift).await;
    assert_eq!((&lifted["barred"], &lifted["opened"]), (&json!([]), &Value::Null), "{lifted}");
    assert_eq!(desk.app.count("select count(*) from suppression").await, 0);
}

#[tokio::test]
async fn a_program_hears_that_a_lead_ended_and_keeps_the_words_of_the_call() {
    let desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let agent = desk.app.user(UserRole::Agent, None).await;
    let taken = desk.asks(&agent, "/api/v1/work/next", json!({})).await;
    let held = json!({"lead": lead, "lease": taken["opened"]["lease"]});
    assert_eq!(desk.asks(&agent, "/api/v1/work/renew", held.clone()).await["over"], Value::Null);
    let closed = "update lead set stage = 'closed', closed_at = created_at, closed_reason = 'moved away' where id = $1";
    sqlx::query(closed).bind(lead.uuid()).execute(&desk.app.pool).await.unwrap();
    let renewed = desk.asks(&agent, "/api/v1/work/renew", held.clone()).await;
    assert!(renewed["over"].as_str().is_some_and(|over| over.contains("moved away")), "{renewed}");
    assert!(desk.read(&agent, &format!("/api/v1/work/{lead}")).await["over"].is_string());
    let note = json!({"lead": lead, "lease": held["lease"], "note": "wants a garden"});
    assert_eq!(desk.asks(&agent, "/api/v1/work/late-note", note).await["kept_with"], json!(lead));
    assert_eq!(desk.app.count("select count(*) from note where text = 'wants a garden'").await, 1);
    assert_eq!(desk.read(&agent, "/api/v1/work").await["opened"], json!([]), "the work on it ended");
}

#[tokio::test]
async fn points_that_are_hidden_are_in_no_answer_to_a_program() {
    let mut settings = Settings::default();
    settings.desk.hide_points = true;
    let desk = desk_with(settings).await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let (agent, manager) = (desk.app.user(UserRole::Agent, None).await, desk.app.user(UserRole::Manager, None).await);
    for user in [&agent, &manager] {
        let typed = json!({"lead": lead, "version": 1, "answers": {"timeframe_days": 30}});
        desk.asks(user, "/api/v1/work/draft", typed).await;
    }
    let path = format!("/api/v1/work/{lead}");
    let told = async |user: &User| {
        let read = desk.read(user, &path).await;
        let all = desk.read(user, &format!("{path}/dispositions")).await;
        let words = of(&all, "disposition", "answered")["after"]["words"].as_str().unwrap().to_owned();
        (read, words)
    };
    let (read, words) = told(&agent).await;
    assert!(words.starts_with("Becomes B. "), "{words}");
    assert_eq!((&read["preview"]["grade"], &read["preview"]["score"]), (&json!("B"), &Value::Null));
    assert!(read["questions"].as_array().unwrap().iter().all(|one| one["worth"].is_null()), "{read}");
    assert_eq!(of(&read["questions"], "id", "budget")["ask_next"], true, "which is worth most is told");
    let (read, words) = told(&manager).await;
    assert!(words.starts_with("Becomes B 50. "), "{words}");
    assert_eq!(of(&read["questions"], "id", "budget")["worth"], 30);
}
