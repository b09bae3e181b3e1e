//! Appointments from a rep's free slots: held, booked once however many want one, moved, cancelled, passed on with the lead,
//! and told to the rep with an entry for the calendar.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_runtime::clock::Clock;
use ripen_testkit::{
    mailbox::{ReceivedMail, Reply},
    wait::until,
};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

/// One answer gives the score of an A.
const SCORED: &str = r#"name = "default"
[[question]]
id = "score"
ask = "How good is it?"
type = "number"
[[rule]]
id = "good"
when = "answers.score >= 60"
points = 60
because = "Good"
[grades]
A = 50
B = 20
"#;

const DANA_ALONE: &str = "about = \"Dana alone\"\nmode = \"round_robin\"\nrecipients = [\"Dana Hill\"]\n";
const HOURS: &str = "all 09:00-12:00, all 13:00-17:00";

/// Two reps in Chicago with a lunch break, of whom the routing names one, a webhook for the team, and a mail server.
async fn scenario() -> Scenario {
    let plan = Plan::new().await.always_open().mail_server().criteria(SCORED);
    let plan = plan.set("DISPATCHER__RETRY_SCHEDULE_S", "1,1,1,1,1,1").set("QUALIFIER__UNDO_S", "0");
    let plan = plan.webhook("/hook", &[], &[]);
    let plan = plan.rep_at("Dana Hill", "America/Chicago", HOURS).rep_at("Lee Park", "America/Chicago", HOURS);
    plan.routing(DANA_ALONE).serve().await
}

/// A lead of this score; not an A below 60.
async fn scored(scenario: &Scenario, name: &str, score: i64) -> String {
    scenario.lead(name, json!({"score": score})).await
}

async fn ripens(scenario: &Scenario, lead: &str) {
    scenario.touch(lead, &["--disposition", "answered", "--answer", "score=90"]).await;
}

/// The free slots of Lee, two days ahead and later: every reminder of them is still to come.
async fn slots(scenario: &Scenario, lead: &str) -> Vec<String> {
    let listed = scenario.installation.json(&["appointment", "slots", "--lead", lead, "--rep", "Lee Park"]).await;
    let soon = Clock::system().now() + SignedDuration::from_hours(48);
    let all = listed.as_array().unwrap().iter().map(|slot| slot["starts_at"].as_str().unwrap());
    all.filter(|at| at.parse::<Timestamp>().unwrap() > soon).map(str::to_owned).collect()
}

async fn book(scenario: &Scenario, lead: &str, at: &str) -> Value {
    let book = ["appointment", "book", lead, "--rep", "Lee Park", "--at", at, "--note", "Bring plans"];
    scenario.installation.json(&book).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_held_booked_moved_and_cancelled_by_the_clock_of_the_rep() {
    let scenario = scenario().await;
    let (lead, other) = (scored(&scenario, "casey", 10).await, scored(&scenario, "robin", 10).await);
    let listed = scenario.installation.json(&["appointment", "slots", "--lead", &lead, "--days", "4"]).await;
    let chicago = TimeZone::get("America/Chicago").unwrap();
    for slot in listed.as_array().unwrap() {
        let starts_at: Timestamp = slot["starts_at"].as_str().unwrap().parse().unwrap();
        let local = starts_at.to_zoned(chicago.clone());
        assert!((9..17).contains(&local.hour()) && local.hour() != 12 && local.minute() % 30 == 0, "{slot}");
        // Nobody knows where in the country the person is: the first of its zones, which is named.
        let person_time = slot["person_time"].as_str().unwrap();
        assert!(person_time.ends_with("EST") || person_time.ends_with("EDT"), "{slot}");
    }
    let both: std::collections::BTreeSet<_> =
        listed.as_array().unwrap().iter().map(|slot| slot["rep"].as_str().unwrap()).collect();
    assert_eq!(both.into_iter().collect::<Vec<_>>(), ["Dana Hill", "Lee Park"]);

    let free = slots(&scenario, &lead).await;
    let clock = free[0].parse::<Timestamp>().unwrap().to_zoned(chicago.clone()).strftime("%FT%R").to_string();
    let held = scenario.installation.json(&["appointment", "hold", &lead, "--rep", "Lee Park", "--at", &clock]).await;
    assert_eq!((&held["state"], &held["starts_at"]), (&json!("held"), &json!(free[0])), "by the rep's clock");
    let taken = ["appointment", "book", &other, "--rep", "lee@example.com", "--at", &free[0]];
    let said = scenario.refused(&taken).await;
    assert!(said.contains("the rep has something else then; free are: "), "{said}");
    let booked = book(&scenario, &lead, &free[0]).await;
    assert_eq!((&booked["state"], &booked["appointment"]), (&json!("booked"), &held["appointment"]));
    assert_eq!((&booked["note"], &booked["sequence"]), (&json!("Bring plans"), &json!(0)));
    assert!(!slots(&scenario, &other).await.contains(&free[0]));

    let id = booked["appointment"].as_str().unwrap();
    let again = scenario.refused(&["appointment", "book", &lead, "--rep", "Dana Hill", "--at", &free[5]]).await;
    assert!(again.contains("move or cancel it") && again.contains(id), "{again}");
    for (at, why) in [
        ("2020-01-01T09:00", "past"),
        ("2039-11-24T09:00", "too far ahead"),
        (&*format!("{}T03:00", &clock[..10]), "not within the rep's hours"),
        (&*format!("{}T13:10", &clock[..10]), "no slot begins then"),
        ("soon", "is no time"),
    ] {
        let output = scenario.installation.run(&["appointment", "move", id, "--at", at]).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{at}: {said}");
    }
    scenario.installation.json(&["appointment", "hold", &other, "--rep", "Lee Park", "--at", &free[3]]).await;
    let held = scenario.refused(&["appointment", "move", id, "--at", &free[3]]).await;
    assert!(held.contains("the rep has something else then"), "{held}");
    sqlx::query("update appointment set held_until = created_at where state = 'held'")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    let moved = scenario.installation.json(&["appointment", "move", id, "--at", &free[3]]).await;
    assert_eq!((&moved["appointment"], &moved["sequence"]), (&json!(id), &json!(1)));
    assert!(slots(&scenario, &other).await.contains(&free[0]), "what it left is free again");
    let listed = scenario.installation.json(&["appointment", "list", "--client", "acme", "--rep", "Lee Park"]).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["starts_at"]), (1, &json!(free[3])));
    let gone = scenario.installation.json(&["appointment", "cancel", id, "--why", "Fell ill"]).await;
    assert_eq!((&gone["state"], &gone["cancelled_why"]), (&json!("cancelled"), &json!("Fell ill")));
    let said = scenario.refused(&["appointment", "move", id, "--at", &free[4]]).await;
    assert!(said.contains("it was cancelled: Fell ill"), "{said}");
    book(&scenario, &other, &free[3]).await;
    until("nobody was told: neither lead was handed over", LIMIT, || async {
        let open = "select count(*) from notice where state <> 'dropped' and kind <> 'appointment_reminder'";
        (scenario.installation.count(open).await == 0).then_some(())
    })
    .await;
    assert!(scenario.mailbox.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_who_want_one_slot_at_once_one_gets_it() {
    let scenario = scenario().await;
    let mut leads = Vec::new();
    for n in 0..16 {
        leads.push(scored(&scenario, &format!("p{n}"), 10).await);
    }
    let at = slots(&scenario, &leads[0]).await.remove(0);
    let outputs = futures::future::join_all(leads.iter().map(|lead| async {
        let book = ["appointment", "book", lead, "--rep", "Lee Park", "--at", &at];
        scenario.installation.run(&book).await
    }))
    .await;
    let won = outputs.iter().filter(|output| output.status.success()).count();
    for output in outputs.iter().filter(|output| !output.status.success()) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("the rep has something else then"), "{said}");
    }
    assert_eq!((won, scenario.installation.count("select count(*) from appointment").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_of_different_lengths_never_overlap_however_they_are_taken_and_moved() {
    let scenario = scenario().await;
    let mut leads = Vec::new();
    for n in 0..12 {
        leads.push(scored(&scenario, &format!("p{n}"), 10).await);
    }
    let day = slots(&scenario, &leads[0]).await[0].parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24);
    let day = TimeZone::get("America/Chicago").unwrap().to_datetime(day).date();
    let of_length = |arguments: &[&str], minutes: &str| {
        let mut command = scenario.installation.command(&[arguments, &["--json"]].concat());
        command.env("RIPEN__APPOINTMENTS__LENGTH_MIN", minutes);
        async move { command.output().await.unwrap() }
    };
    let taken = leads.iter().enumerate().map(|(n, lead)| {
        let (minutes, time) = [("30", "09:30"), ("60", "09:00"), ("90", "09:00"), ("45", "09:45")][n % 4];
        let verb = if n % 3 == 0 { "hold" } else { "book" };
        let at = format!("{day}T{time}");
        of_length(&["appointment", verb, lead, "--rep", "Lee Park", "--at", &at], minutes)
    });
    let taken = futures::future::join_all(taken).await;
    assert!(taken.iter().any(|output| output.status.success()));
    let apart = "select count(*) from appointment a join appointment b on b.rep_id = a.rep_id and b.id > a.id
        and b.starts_at < a.ends_at and b.ends_at > a.starts_at where a.state <> 'cancelled' and b.state <> 'cancelled'";
    assert_eq!(scenario.installation.count(apart).await, 0);
    let afternoon = ["13:00", "13:30", "14:00", "14:30", "15:00", "15:30", "16:00", "16:30"];
    let booked = futures::future::join_all(leads[..8].iter().zip(afternoon).map(|(lead, time)| {
        let at = format!("{day}T{time}");
        of_length(&["appointment", "book", lead, "--rep", "Dana Hill", "--at", &at], "30")
    }))
    .await;
    let ids: Vec<String> = booked
        .iter()
        .filter(|output| output.status.success())
        .map(|output| {
            serde_json::from_slice::<Value>(&output.stdout).unwrap()["appointment"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(ids.len() >= 6, "{booked:?}");
    let moved = ids.iter().enumerate().map(|(n, id)| {
        let (minutes, time) = [("30", "10:00"), ("60", "10:00"), ("90", "13:00")][n % 3];
        let at = format!("{day}T{time}");
        of_length(&["appointment", "move", id, "--at", &at], minutes)
    });
    let moved = futures::future::join_all(moved).await;
    assert!(moved.iter().any(|output| output.status.success()), "{moved:?}");
    assert_eq!(scenario.installation.count(apart).await, 0);
    let doctor = scenario.installation.run(&["doctor"]).await;
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("no rep has two appointments at once"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_routing_only_the_rep_of_the_appointment_has_the_lead() {
    let scenario = scenario().await;
    scenario.installation.json(&["route", "remove", "--client", "acme"]).await;
    for name in ["Dana Hill", "Lee Park"] {
        scenario.installation.json(&["rep", "set", name, "--client", "acme", "--hours", "any"]).await;
    }
    let lead = scored(&scenario, "casey", 10).await;
    let free = slots(&scenario, &lead).await;
    book(&scenario, &lead, &free[0]).await;
    let would = scenario.installation.json(&["route", "explain", &lead, "--now"]).await;
    assert!(would["explanation"].as_str().unwrap().starts_with("Goes to Lee Park: "), "{would}");
    ripens(&scenario, &lead).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    scenario.mail("A lead").await;
    let to = scenario.mailbox.received().into_iter().flat_map(|mail| mail.to).collect::<Vec<_>>();
    assert_eq!(to, ["lee@example.com"]);
    assert_eq!(scenario.installation.count("select count(*) from delivery").await, 2, "the team's webhook and Lee");
    scored(&scenario, "robin", 90).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    let all = "select count(*) from delivery";
    assert_eq!(scenario.installation.count(all).await, 5, "who has none goes to all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_with_an_appointment_goes_to_that_rep_who_hears_of_every_change() {
    let scenario = scenario().await;
    let lead = scored(&scenario, "casey", 10).await;
    let free = slots(&scenario, &lead).await;
    let booked = book(&scenario, &lead, &free[0]).await;
    let id = booked["appointment"].as_str().unwrap();
    ripens(&scenario, &lead).await;

    let payload = scenario.receiver.wait_for(1, LIMIT).await[0].json();
    let data = &payload["data"];
    assert_eq!(data["assigned_to"], json!({"name": "Lee Park", "email": "lee@example.com"}), "not Dana");
    let handover = json!({"kind": "appointment", "appointment": id, "starts_at": free[0], "sequence": 0,
        "ends_at": booked["ends_at"], "time_zone": "America/Chicago", "note": "Bring plans"});
    assert_eq!(data["handover"], handover);
    let said = scenario.installation.json(&["route", "explain", &lead]).await;
    let said = said["explanation"].as_str().unwrap().to_owned();
    assert!(said.starts_with("Goes to Lee Park: has an appointment with Lee Park on ") && said.contains(id), "{said}");
    let mail = scenario.mail("A lead").await;
    assert_eq!(mail.to, ["lee@example.com"]);
    let entry = |mail: &ReceivedMail, method: &str, sequence: i64| {
        let data = mail.data.replace("\r\n ", "").replace("=\r\n", "").replace("=3D", "=");
        for part in [
            &*format!("METHOD:{method}\r\n"),
            &format!("SEQUENCE:{sequence}\r\n"),
            &format!("UID:{id}\r\n"),
            &format!("method={method}"),
            "appointment.ics",
            "mailto:lee@example.com",
        ] {
            assert!(data.contains(part), "{part} is missing in {data}");
        }
    };
    entry(&mail, "REQUEST", 0);
    assert!(mail.data.contains("Handover: Appointment, "), "{}", mail.data);
    until("it is known to be delivered", LIMIT, || async {
        let sent = "select count(*) from delivery where state = 'delivered'";
        (scenario.installation.count(sent).await == 2).then_some(())
    })
    .await;

    scenario.installation.json(&["appointment", "move", id, "--at", &free[2]]).await;
    entry(&scenario.mail("Moved: casey").await, "REQUEST", 1);
    let hurry = "update notice set due_at = now() where kind = 'appointment_reminder' and state = 'pending' and data->>'reminder' = $1";
    sqlx::query(hurry).bind("day_before").execute(scenario.installation.pool()).await.unwrap();
    let reminder = scenario.mail("Tomorrow: casey").await;
    assert!(!reminder.data.contains("BEGIN:VCALENDAR"), "{}", reminder.data);
    assert!(reminder.header("Message-ID").starts_with("<notice_"), "{}", reminder.header("Message-ID"));
    scenario.installation.json(&["appointment", "cancel", id, "--why", "Fell ill"]).await;
    entry(&scenario.mail("Cancelled: casey").await, "CANCEL", 2);
    let left = "select count(*) from notice where state = 'pending'";
    until("nothing is left to be said", LIMIT, || async {
        (scenario.installation.count(left).await == 0).then_some(())
    })
    .await;
    assert_eq!(scenario.mailbox.received().len(), 4, "the lead, the move, the reminder, the cancellation");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_books_on_the_page_of_a_lead_comes_with_the_lead() {
    let scenario = scenario().await;
    let lead = scored(&scenario, "casey", 10).await;
    let url = |path: &str| format!("{}{path}", scenario.process.url);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let added = scenario.installation.json(&["user", "add", "kim@firm.example", "--role", "agent"]).await;
    let password = added["password"].as_str().unwrap();
    let sign_in = client().post(url("/login")).header(form.0, form.1);
    let signed_in = sign_in.body(format!("email=kim@firm.example&password={password}")).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = client().get(url(&format!("/leads/{lead}?open=appointment"))).header("cookie", &cookie);
    let page = page.send().await.unwrap().text().await.unwrap();
    let between = |before: &str, after: &str| page.split(before).nth(1).unwrap().split(after).next().unwrap();
    let csrf = between("<meta name=\"csrf\" content=\"", "\"");
    // Late enough that nothing of it is over while the test runs.
    let options = between("<select id=\"slot\"", "</select>").split("<option value=\"").skip(1);
    let slot = options.filter(|option| option.contains("with Dana Hill")).nth(4).unwrap().split('"').next().unwrap();
    let book =
        client().post(url(&format!("/leads/{lead}/appointment"))).header("cookie", &cookie).header(form.0, form.1);
    let fields = format!("csrf={csrf}&slot={}&note=Bring+plans", slot.replace(' ', "+").replace(':', "%3A"));
    let booked = book.body(fields).send().await.unwrap();
    assert_eq!(booked.status().as_u16(), 303, "{}", booked.text().await.unwrap());
    ripens(&scenario, &lead).await;
    let data = scenario.receiver.wait_for(1, LIMIT).await[0].json()["data"].clone();
    let at = slot.split_once(' ').unwrap().1;
    assert_eq!((&data["handover"]["kind"], &data["handover"]["starts_at"]), (&json!("appointment"), &json!(at)));
    assert_eq!((&data["handover"]["note"], data["handover"]["appointment"].is_string()), (&json!("Bring plans"), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_ask_are_told_of_every_change_of_an_appointment() {
    let scenario = scenario().await;
    let listed = scenario.installation.json(&["endpoint", "list"]).await;
    let webhook = listed.as_array().unwrap().iter().find(|one| one["kind"] == "webhook").unwrap();
    let asks = ["endpoint", "set", webhook["id"].as_str().unwrap(), "--events", "lead.matured,lead.updated"];
    scenario.installation.json(&asks).await;
    let lead = scored(&scenario, "casey", 10).await;
    let free = slots(&scenario, &lead).await;
    let booked = book(&scenario, &lead, &free[0]).await;
    let id = booked["appointment"].as_str().unwrap();
    ripens(&scenario, &lead).await;
    let told = async |count| scenario.receiver.wait_for(count, LIMIT).await[count - 1].json()["data"].clone();
    assert_eq!(told(1).await["handover"]["appointment"], id, "it comes with the lead");
    scenario.installation.json(&["appointment", "move", id, "--at", &free[2]]).await;
    let data = told(2).await;
    assert_eq!(data["update"]["kind"], "appointment_moved");
    assert_eq!((&data["handover"]["starts_at"], &data["handover"]["sequence"]), (&json!(free[2]), &json!(1)));
    scenario.installation.json(&["appointment", "cancel", id, "--why", "ill"]).await;
    let data = told(3).await;
    assert_eq!(data["update"], json!({"kind": "appointment_cancelled", "appointment": id, "reason": "ill"}));
    assert_eq!(data["handover"], json!({"kind": "message"}));
    let another = book(&scenario, &lead, &free[4]).await;
    let data = told(4).await;
    assert_eq!(data["update"]["kind"], "appointment_booked");
    assert_eq!(data["handover"]["appointment"], another["appointment"]);
    scenario.installation.json(&["lead", "touch", &lead, "--disposition", "do_not_contact"]).await;
    let mail = until("the second cancellation is mailed", LIMIT, || async {
        let cancelled = |mail: &ReceivedMail| mail.header("Subject").starts_with("Cancelled: casey");
        scenario.mailbox.received().into_iter().filter(cancelled).nth(1)
    })
    .await;
    assert!(mail.data.contains("asked not to be contacted"), "{}", mail.data);
    assert!(!mail.data.contains("casey@example.com") && !mail.data.contains("mailto:casey"), "{}", mail.data);
    let mailed = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                  where e.kind = 'email' and d.event = 'lead.updated'";
    assert_eq!(scenario.installation.count(mailed).await, 0, "the reps have the mails about the appointment");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_goes_out_with_the_appointment_and_what_is_out_is_told_of_one() {
    let scenario = scenario().await;
    scenario.installation.json(&["rep", "set", "Dana Hill", "--client", "acme", "--pause"]).await;
    let lead = scored(&scenario, "casey", 90).await;
    until("it is held", LIMIT, || async {
        let held = "select count(*) from delivery where state = 'held' and endpoint_id is null";
        (scenario.installation.count(held).await == 1).then_some(())
    })
    .await;
    let free = slots(&scenario, &lead).await;
    let booked = book(&scenario, &lead, &free[0]).await;
    let payload = scenario.receiver.wait_for(1, LIMIT).await[0].json();
    assert_eq!(payload["data"]["handover"]["appointment"], booked["appointment"]);
    assert_eq!(payload["data"]["assigned_to"]["name"], "Lee Park");

    scenario.installation.json(&["rep", "set", "Dana Hill", "--client", "acme", "--hours", "any", "--resume"]).await;
    let lead = scored(&scenario, "robin", 90).await;
    let payload = scenario.receiver.wait_for(2, LIMIT).await[1].json();
    assert_eq!(payload["data"]["handover"], json!({"kind": "message"}));
    until("both were delivered twice", LIMIT, || async {
        let sent = "select count(*) from delivery where state = 'delivered'";
        (scenario.installation.count(sent).await == 4).then_some(())
    })
    .await;
    scenario.mailbox.set(Reply::Later);
    book(&scenario, &lead, &free[1]).await;
    let failed = "select count(*) from notice where kind = 'appointment_booked' and state = 'pending' and attempts > 0 and reason <> ''";
    until("it could not be sent", LIMIT, || async { (scenario.installation.count(failed).await == 1).then_some(()) })
        .await;
    scenario.mailbox.set(Reply::Accept);
    let mail = scenario.mail("Appointment: robin").await;
    assert!(mail.data.contains("METHOD:REQUEST"), "{}", mail.data);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_not_to_be_contacted_has_no_appointment_any_more() {
    let scenario = scenario().await;
    let lead = scored(&scenario, "casey", 10).await;
    let free = slots(&scenario, &lead).await;
    book(&scenario, &lead, &free[0]).await;
    let shown = scenario.installation.json(&["lead", "show", &lead]).await;
    assert_eq!(shown["appointments"][0]["state"], "booked");
    scenario.installation.json(&["lead", "touch", &lead, "--disposition", "do_not_contact"]).await;
    until("it is cancelled", LIMIT, || async {
        let gone =
            "select count(*) from appointment where state = 'cancelled' and cancelled_why like '%not to be contacted'";
        (scenario.installation.count(gone).await == 1).then_some(())
    })
    .await;
    assert!(slots(&scenario, &lead).await.contains(&free[0]));
    let said = scenario.refused(&["appointment", "book", &lead, "--rep", "Lee Park", "--at", &free[0]]).await;
    assert!(said.contains("asked not to be contacted"), "{said}");
    until("nobody has to be told", LIMIT, || async {
        let left = "select count(*) from notice where state <> 'dropped'";
        (scenario.installation.count(left).await == 0).then_some(())
    })
    .await;
}
