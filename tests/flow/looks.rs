//! Every mail and every page behind its links, in a real browser: narrow and wide, by day and by night, with nothing
//! from elsewhere. The pictures are in `target/screenshots`. What takes days, or a fault, to be sent is looked at as the tests of
//! its words keep it.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::id::RepId;
use ripen_runtime::clock::Clock;
use ripen_store::notice::owe::NoticeKind;
use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT, browser,
    process::client,
    scenario::{CLIENT, Plan, Scenario},
};

const ROUTING: &str = r#"owner = "Lee Park"
mode = "round_robin"
recipients = ["Dana Hill"]

[[rule]]
id = "soon"
when = "answers.timeframe_days < 10"
because = "Whoever moves at once is raced for"
mode = "first_to_claim"
recipients = ["Dana Hill", "Lee Park"]
"#;
const PUBLIC: &str = "https://ripen.example";

async fn scenario() -> Scenario {
    let plan = Plan::new().await.always_open().mail_server().set("HTTP__PUBLIC_URL", PUBLIC);
    let plan = plan.set("MAIL__ALERTS", "firm@example.com").set("DISPATCHER__REMIND_EVERY_S", "1");
    plan.rep("Dana Hill").rep("Lee Park").routing(ROUTING).serve().await
}

/// Posts an enquiry and returns its lead once a mail with this subject is there.
async fn enquire(scenario: &Scenario, name: &str, days: i64, subject: &str) -> String {
    let email = format!("{name}@example.com").to_lowercase();
    // Numbers of their own: a second lead of one number would wait until somebody says whose it is.
    let line = name.bytes().map(u32::from).sum::<u32>() % 100;
    let phone = format!("+1 415 555 01{line:02}");
    let body = json!({"email": email, "first_name": name, "last_name": "von und zu Hohenstein-Wilhelmsthal",
        "phone": phone, "postal_code": "60134", "answers": {"timeframe_days": days},
        "notes": "Please call after six. The address is https://example.com/a/very/long/path/that/has/no/place/to/break"});
    scenario.post(&body).await;
    scenario.mail(subject).await;
    scenario.lead_of(name).await
}

/// A link in the newest body of this kind, as it can be opened here.
async fn link(scenario: &Scenario, event: &str, key: &str) -> String {
    let sql = "select convert_from(b.body, 'utf8') from delivery_body b join delivery d on d.id = b.delivery_id
               join endpoint e on e.id = d.endpoint_id where d.event = $1 and e.kind = 'email' order by b.at desc limit 1";
    let body: String = sqlx::query_scalar(sql).bind(event).fetch_one(scenario.installation.pool()).await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    body["data"][key].as_str().unwrap().replace(PUBLIC, &scenario.process.url)
}

/// What was told of a lead, by the ids that people see, in the order in which it was owed.
async fn deliveries(scenario: &Scenario, lead: &str, event: &str) -> Vec<String> {
    let listed = scenario.installation.json(&["delivery", "list", "--lead", lead]).await;
    let mut ids: Vec<_> = listed.as_array().unwrap().iter().filter(|one| one["event"] == event).collect();
    ids.sort_by_key(|one| one["id"].as_str().map(str::to_owned));
    ids.into_iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// The page of a delivery, as its reader opens it.
async fn page_of(scenario: &Scenario, delivery: &str, now: Timestamp) -> String {
    let keys = scenario.installation.store(1).link_keys(now).await.unwrap();
    format!("{}/o/{}", scenario.process.url, keys.token(delivery.parse().unwrap(), now))
}

/// Has what comes of leads told to the reps who have them.
async fn outcomes_are_told(scenario: &Scenario) {
    let more = "update endpoint set events = events || 'lead.outcome'::text where kind = 'email'";
    sqlx::query(more).execute(scenario.installation.pool()).await.unwrap();
}

/// What is told of two webhooks of the team of which one wants no more, and one fails for long.
async fn endpoints_fail(scenario: &Scenario) {
    for (path, name, status) in [("/gone", "CRM", 410), ("/down", "Post room", 500)] {
        scenario.receiver.set(path, Behaviour::Status(status));
        let hook = scenario.receiver.url(path);
        let add =
            ["endpoint", "add", "--client", CLIENT, "--webhook", hook.as_str(), "--allow-private", "--name", name];
        scenario.installation.json(&add).await;
    }
    // Dana's mailbox takes nothing any more; her links go on while she is away.
    let later = (Clock::system().now() + SignedDuration::from_hours(24 * 30)).strftime("%Y-%m-%d").to_string();
    scenario.installation.json(&["rep", "set", "Dana Hill", "--client", CLIENT, "--away-until", &later]).await;
    enquire(scenario, "Zoe", 30, "A lead: Zoe").await;
    scenario.mail("CRM was disabled").await;
    until("the other one fails", LIMIT, || async {
        let long = "update endpoint set failing_since = failing_since - interval '1 hour'
                    where failing_since is not null and name = 'Post room'";
        let done = sqlx::query(long).execute(scenario.installation.pool()).await.unwrap();
        (done.rows_affected() == 1).then_some(())
    })
    .await;
    scenario.mail("Post room fails").await;
}

/// Has people ask for what is mailed to them: another password, and another link to a rep's page.
async fn asked_for(scenario: &Scenario, now: Timestamp) {
    scenario.installation.json(&["user", "add", "kim@firm.example", "--role", "agent"]).await;
    let lee: uuid::Uuid = sqlx::query_scalar("select id from rep where name = 'Lee Park'")
        .fetch_one(scenario.installation.pool())
        .await
        .unwrap();
    let keys = scenario.installation.store(1).link_keys(now).await.unwrap();
    let old = keys.rep_token(RepId::from_uuid(lee), now - SignedDuration::from_hours(24 * 40));
    for (path, form) in [("/forgotten".to_owned(), "email=kim%40firm.example"), (format!("/r/{old}"), "")] {
        let asked = client().post(format!("{}{path}", scenario.process.url)).body(form);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert!(asked.status().is_success(), "{path}: {}", asked.status());
    }
    scenario.mail("Another password for the desk").await;
    scenario.mail("Your new link to your open leads").await;
}

/// What becomes of leads beside that they are called, each with its mail; the leads by name.
async fn ends(scenario: &Scenario) -> BTreeMap<&'static str, String> {
    let mut leads = BTreeMap::new();
    outcomes_are_told(scenario).await;
    let omar = enquire(scenario, "Omar", 5, "A lead on offer").await;
    until("both are offered it", LIMIT, || async {
        let sent = "select count(*) from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id
                    where p.first_name = 'Omar' and d.event = 'lead.offered' and d.state = 'delivered'";
        (scenario.installation.count(sent).await == 2).then_some(())
    })
    .await;
    let offers = deliveries(scenario, &omar, "lead.offered").await;
    scenario.installation.json(&["outcome", "add", &offers[0], "accepted"]).await;
    scenario.mail("Taken by somebody else").await;
    leads.insert("taken", omar);

    let sam = enquire(scenario, "Sam", 30, "A lead: Sam").await;
    let sams = deliveries(scenario, &sam, "lead.matured").await.remove(0);
    scenario.installation.json(&["outcome", "add", &sams, "returned", "--reason", "No budget"]).await;
    scenario.installation.json(&["outcome", "reject", &sams, "--why", "A budget was named"]).await;
    scenario.mail("Return rejected: Sam").await;
    leads.insert("judged", sam);

    let mira = enquire(scenario, "Mira", 30, "A lead: Mira").await;
    let miras = deliveries(scenario, &mira, "lead.matured").await.remove(0);
    let won = ["outcome", "add", &miras, "won", "--amount", "12500", "--currency", "USD"];
    scenario.installation.json(&won).await;
    leads.insert("won", mira);

    let uma = enquire(scenario, "Uma", 30, "A lead: Uma").await;
    let days = "update delivery set first_delivered_at = now() - interval '3 days', ended_at = now() - interval '3 days'
                where event = 'lead.matured' and lead_id = (select l.id from lead l join person p on p.id = l.person_id where p.first_name = 'Uma')";
    sqlx::query(days).execute(scenario.installation.pool()).await.unwrap();
    scenario.mail("Uma von und zu Hohenstein-Wilhelmsthal is waiting").await;
    leads.insert("untouched", uma);

    scenario.mailbox.refuse("dana@example.com", "552 5.2.2 mailbox full");
    let jo = enquire(scenario, "Jo", 30, "A lead: Jo").await;
    until("the firm knows that Dana could not have it", LIMIT, || async {
        let told = scenario.mailbox.received();
        told.iter().any(|mail| mail.header("Subject").contains("could not be delivered")).then_some(())
    })
    .await;
    leads.insert("given-on", jo);
    scenario.installation.json(&["user", "add", "lee@firm.example", "--role", "manager", "--invite"]).await;
    scenario.mail("You can sign in at the desk").await;
    endpoints_fail(scenario).await;
    asked_for(scenario, Clock::system().now()).await;
    leads
}

/// Every kind of mail that reps get, by name.
async fn mails(scenario: &Scenario) -> Value {
    let casey = enquire(scenario, "Casey", 30, "A lead: Casey").await;
    enquire(scenario, "Casey", 20, "Something new on your A lead: Casey").await;
    let slots = scenario.installation.json(&["appointment", "slots", "--lead", &casey, "--rep", "Dana Hill"]).await;
    let at = |n: usize| slots[n]["starts_at"].as_str().unwrap().to_owned();
    let book = ["appointment", "book", &casey, "--rep", "Dana Hill", "--at", &at(4), "--note", "Bring the plans"];
    let booked = scenario.installation.json(&book).await;
    let id = booked["appointment"].as_str().unwrap();
    scenario.mail("Appointment: Casey").await;
    // The last of them: everything that reminds of it is still to come.
    let last = slots.as_array().unwrap().last().unwrap()["starts_at"].as_str().unwrap();
    scenario.installation.json(&["appointment", "move", id, "--at", last]).await;
    scenario.mail("Moved: Casey").await;
    let near = "update notice set due_at = now()
                where kind = 'appointment_reminder' and state = 'pending' and data->>'reminder' = 'day_before'";
    sqlx::query(near).execute(scenario.installation.pool()).await.unwrap();
    scenario.mail("Tomorrow: Casey").await;
    scenario.installation.json(&["appointment", "cancel", id, "--why", "The person is travelling"]).await;
    let robin = enquire(scenario, "Robin", 30, "A lead: Robin").await;
    scenario.recall(&robin, "entered twice").await;
    scenario.touch(&casey, &["--disposition", "do_not_contact"]).await;
    enquire(scenario, "Noor", 5, "A lead on offer").await;
    enquire(scenario, "Priya", 30, "A lead: Priya").await;
    let mut mails = Vec::new();
    for (name, subject) in [
        ("lead", "A lead: Casey"),
        ("update", "Something new"),
        ("appointment-booked", "Appointment: Casey"),
        ("appointment-moved", "Moved: Casey"),
        ("appointment-reminder", "Tomorrow: Casey"),
        ("appointment-cancelled", "Cancelled: Casey"),
        ("recalled", "Taken back"),
        ("suppressed", "Do not contact"),
        ("offer", "A lead on offer"),
    ] {
        mails.push(json!({"name": format!("mail-{name}"), "source": scenario.mail(subject).await.data}));
    }
    Value::Array(mails)
}

/// The mails of what became of leads, and to who signs in.
fn later_mails(scenario: &Scenario) -> Vec<Value> {
    let all = scenario.mailbox.received();
    let of = |(name, part): (&str, &str)| {
        let mail = all.iter().find(|mail| mail.header("Subject").contains(part));
        json!({"name": format!("mail-{name}"), "source": mail.unwrap_or_else(|| panic!("no mail {part}")).data})
    };
    [
        ("taken", "Taken by somebody else"),
        ("return-judged", "Return rejected"),
        ("waiting", "is waiting"),
        ("dead", "could not be delivered"),
        ("invited", "You can sign in at the desk"),
        ("password", "Another password for the desk"),
        ("rep-link", "Your new link to your open leads"),
        ("outcome", ": won, 12,500"),
        ("endpoint-disabled", "CRM was disabled"),
        ("endpoint-down", "Post room fails"),
    ]
    .map(of)
    .to_vec()
}

/// The pages of what is over, was said before or is typed wrong.
async fn later_pages(scenario: &Scenario, leads: &BTreeMap<&str, String>) -> Vec<Value> {
    let now = Clock::system().now();
    let page = async |lead: &str, event: &str, nth: usize| {
        let all = deliveries(scenario, &leads[lead], event).await;
        page_of(scenario, &all[nth], now).await
    };
    let robin = scenario.lead_of("Robin").await;
    let robins = deliveries(scenario, &robin, "lead.matured").await.remove(0);
    let casey = scenario.lead_of("Casey").await;
    let caseys = deliveries(scenario, &casey, "lead.matured").await.remove(0);
    let long_ago = now - SignedDuration::from_hours(24 * 800);
    let sams = deliveries(scenario, &leads["judged"], "lead.matured").await.remove(0);
    let ended = page_of(scenario, &sams, now - SignedDuration::from_mins(1)).await;
    scenario.installation.json(&["link", "revoke", "--delivery", &sams]).await;
    let reps: RepId = sqlx::query_scalar::<_, uuid::Uuid>("select id from rep where name = 'Dana Hill'")
        .fetch_one(scenario.installation.pool())
        .await
        .map(RepId::from_uuid)
        .unwrap();
    let keys = scenario.installation.store(1).link_keys(now).await.unwrap();
    let old_list =
        format!("{}/r/{}", scenario.process.url, keys.rep_token(reps, now - SignedDuration::from_hours(24 * 40)));
    let won = page("won", "lead.matured", 0).await;
    let waiting = page("untouched", "lead.matured", 0).await;
    vec![
        json!({"name": "page-lead-taken-back", "url": page_of(scenario, &robins, now).await}),
        json!({"name": "page-lead-not-to-contact", "url": page_of(scenario, &caseys, now).await}),
        json!({"name": "page-lead-given-on", "url": page("given-on", "lead.matured", 0).await}),
        json!({"name": "page-lead-won", "url": won}),
        json!({"name": "page-lead-asked", "url": won, "post": {"outcome": "accepted", "seen": "1"}}),
        json!({"name": "page-lead-stale", "url": won, "post": {"outcome": "lost", "reason": "gone", "seen": "0"}}),
        json!({"name": "page-lead-wrong", "url": waiting, "post": {"outcome": "won", "amount": "lots", "currency": "USD", "seen": "0"}}),
        json!({"name": "page-offer-won", "url": page("taken", "lead.offered", 0).await}),
        json!({"name": "page-offer-over", "url": page("taken", "lead.offered", 1).await}),
        json!({"name": "page-link-ended", "url": ended}),
        json!({"name": "page-link-expired", "url": page_of(scenario, &robins, long_ago).await}),
        json!({"name": "page-rep-old-link", "url": old_list}),
        json!({"name": "page-rep-link-mailed", "url": old_list, "click": "Mail me a new link"}),
    ]
}

/// Every page behind a mail's links, and what a browser meets that posted a form.
async fn pages(scenario: &Scenario) -> Value {
    let lead = link(scenario, "lead.matured", "outcome_url").await;
    let offer = link(scenario, "lead.offered", "outcome_url").await;
    let rep = link(scenario, "lead.updated", "open_leads_url").await;
    json!([
        {"name": "page-home", "url": scenario.process.url},
        {"name": "page-lead", "url": lead},
        {"name": "page-lead-unfolded", "url": lead, "open": "Won"},
        {"name": "page-lead-return", "url": lead, "open": "Return…"},
        {"name": "page-lead-recorded", "url": lead, "click": "Accept it"},
        {"name": "page-lead-tried", "url": lead, "click": "Tried, no answer"},
        {"name": "page-lead-no-contact", "url": lead, "open": "Return…"},
        {"name": "page-offer", "url": offer},
        {"name": "page-rep", "url": rep},
        {"name": "page-rep-closed", "url": rep, "open": "in the last 30 days"},
        {"name": "page-no-link", "url": format!("{}/o/nothing", scenario.process.url)},
        {"name": "page-thanks", "url": format!("{}/v1/thanks", scenario.process.url)},
        {"name": "page-refused", "url": format!("{}/v1/in/{}", scenario.process.url, scenario.source.token),
            "post": {"first_name": "Casey", "email": "casey", "notes": "Please call after six.\nNot on Mondays."}},
        {"name": "page-problems", "url": format!("{}/v1/problems", scenario.process.url)},
    ])
}

/// Where the tests of words keep the mails of notices, and those of events.
const NOTICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../services/dispatcher/src/alert/tests/snapshots");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/outbound/src/lead_mail/tests/snapshots");
/// Of events those whose mails are sent here.
const SENT_EVENTS: [&str; 7] = [
    "lead_matured",
    "lead_offered",
    "lead_outcome_won",
    "lead_recalled",
    "lead_suppressed",
    "lead_taken",
    "lead_updated_arrival",
];

/// Whether a mail of this kind is sent here. Of the verdict on a return only one of two is.
const fn is_sent(kind: NoticeKind) -> bool {
    match kind {
        NoticeKind::AppointmentBooked
        | NoticeKind::AppointmentMoved
        | NoticeKind::AppointmentCancelled
        | NoticeKind::AppointmentReminder
        | NoticeKind::EndpointDown
        | NoticeKind::EndpointDisabled
        | NoticeKind::LeadUntouched
        | NoticeKind::LeadDead
        | NoticeKind::RepLink
        | NoticeKind::UserInvited
        | NoticeKind::UserReset => true,
        NoticeKind::LeadsUntouched
        | NoticeKind::LeadPerhapsSame
        | NoticeKind::MailRefused
        | NoticeKind::ReturnJudged
        | NoticeKind::NoticeDead => false,
    }
}

/// The mails that a snapshot keeps, as they would come over SMTP.
fn kept(name: &str, path: &Path) -> Vec<Value> {
    let kept = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // Behind the snapshot's own two lines of dashes.
    let html = kept.splitn(3, "---\n").nth(2).unwrap_or_default();
    let mails = html.split("<!-- ----- -->").filter(|mail| !mail.trim().is_empty()).enumerate();
    let source = |mail: &str| format!("\r\n--part\r\nContent-Type: text/html\r\n\r\n{}", mail.trim());
    mails.map(|(n, mail)| json!({"name": format!("mail-kept-{name}-{n}"), "source": source(mail)})).collect()
}

/// The mails that are not sent here.
fn kept_mails() -> Vec<Value> {
    let notices = NoticeKind::ALL.into_iter().filter(|kind| !is_sent(*kind)).flat_map(|kind| {
        let file = format!("ripen_dispatcher__alert__tests__mails__{kind}_html.snap");
        kept(kind.word(), &Path::new(NOTICES).join(file))
    });
    let mut events: Vec<_> = fs::read_dir(EVENTS).unwrap().map(|entry| entry.unwrap().path()).collect();
    events.sort();
    let events = events.iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix("_html.snap")?;
        let event = name.strip_prefix("ripen_outbound__lead_mail__tests__kinds__kind_")?;
        (!SENT_EVENTS.contains(&event)).then(|| kept(event, path))
    });
    notices.chain(events.flatten()).collect()
}

#[test]
fn every_kind_of_mail_is_sent_here_or_looked_at_as_it_is_kept() {
    let kept = kept_mails();
    for mail in &kept {
        let source = mail["source"].as_str().unwrap();
        assert!(source.contains("<!doctype html>") && source.ends_with("</html>"), "{mail}");
    }
    let has = |name: &str| kept.iter().any(|mail| mail["name"] == format!("mail-kept-{name}"));
    for kind in NoticeKind::ALL.into_iter().filter(|kind| !is_sent(*kind)) {
        assert!(has(&format!("{kind}-0")), "{kind}");
    }
    for name in [
        "return_judged-1",
        "fallback-0",
        "lead_matured_with_appointment-0",
        "lead_taken_by_nobody-0",
        "lead_updated_conversation-0",
        "lead_updated_grade-0",
        "lead_updated_note-0",
        "delivery_dead-0",
    ] {
        assert!(has(name), "{name}");
    }
}

fn look(modules: &Path, given: &Value) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/look.mjs");
    let mut node = Command::new("node");
    let mut node = node.arg(script).current_dir(modules).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    node.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the browser could not be driven");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_and_the_pages_behind_them_are_good_to_look_at_on_every_screen() {
    let Some((chromium, modules)) = browser::found() else { return };
    let scenario = scenario().await;
    let (mut mails, mut pages) = (mails(&scenario).await, pages(&scenario).await);
    let leads = ends(&scenario).await;
    mails.as_array_mut().unwrap().extend(later_mails(&scenario));
    let sent: Vec<String> =
        sqlx::query_scalar("select distinct kind from notice").fetch_all(scenario.installation.pool()).await.unwrap();
    for kind in NoticeKind::ALL.into_iter().filter(|kind| is_sent(*kind)) {
        assert!(sent.iter().any(|word| word == kind.word()), "no mail of {kind} is sent here");
    }
    pages.as_array_mut().unwrap().extend(later_pages(&scenario, &leads).await);
    let given = json!({"chromium": chromium, "shots": browser::SHOTS, "mails": mails, "pages": pages});
    let wrong = tokio::task::spawn_blocking(move || look(&modules, &given)).await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mails_that_are_kept_are_good_to_look_at_on_every_screen() {
    let Some((chromium, modules)) = browser::found() else { return };
    let given = json!({"chromium": chromium, "shots": browser::SHOTS, "mails": kept_mails(), "pages": []});
    let wrong = look(&modules, &given);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
