//! Every mail to reps and every page behind its links, in a real browser: narrow and wide, by day and by night, with nothing
//! from elsewhere. The pictures are in `target/screenshots`.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::harness::scenario::{Plan, Scenario};

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
               where d.event = $1 order by b.at desc limit 1";
    let body: String = sqlx::query_scalar(sql).bind(event).fetch_one(scenario.installation.pool()).await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    body["data"][key].as_str().unwrap().replace(PUBLIC, &scenario.process.url)
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
    scenario.installation.json(&["appointment", "move", id, "--at", &at(8)]).await;
    scenario.mail("Moved: Casey").await;
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
        ("appointment-cancelled", "Cancelled: Casey"),
        ("recalled", "Taken back"),
        ("suppressed", "Do not contact"),
        ("offer", "A lead on offer"),
    ] {
        mails.push(json!({"name": format!("mail-{name}"), "source": scenario.mail(subject).await.data}));
    }
    Value::Array(mails)
}

/// Every page behind a mail's links, and what a browser meets that posted a form.
async fn pages(scenario: &Scenario) -> Value {
    let lead = link(scenario, "lead.matured", "outcome_url").await;
    let offer = link(scenario, "lead.offered", "outcome_url").await;
    let rep = link(scenario, "lead.updated", "open_leads_url").await;
    json!([
        {"name": "page-lead", "url": lead},
        {"name": "page-lead-unfolded", "url": lead, "open": "Won"},
        {"name": "page-lead-recorded", "url": lead, "click": "Accept it"},
        {"name": "page-offer", "url": offer},
        {"name": "page-rep", "url": rep},
        {"name": "page-no-link", "url": format!("{}/o/nothing", scenario.process.url)},
        {"name": "page-thanks", "url": format!("{}/v1/thanks", scenario.process.url)},
        {"name": "page-refused", "url": format!("{}/v1/in/{}", scenario.process.url, scenario.source.token),
            "post": {"first_name": "Casey", "email": "casey", "notes": "Please call after six.\nNot on Mondays."}},
        {"name": "page-problems", "url": format!("{}/v1/problems", scenario.process.url)},
    ])
}

/// The browser, and the modules that drive it, where `tests/run` has found them.
#[allow(clippy::disallowed_methods, reason = "tests/run says where they are")]
fn browser() -> Option<(PathBuf, PathBuf)> {
    let place = |name| std::env::var_os(name).map(PathBuf::from);
    Some((place("RIPEN_TEST_CHROMIUM")?, place("RIPEN_TEST_BROWSER")?))
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
#[allow(clippy::print_stderr, reason = "a check that is not made must be seen")]
async fn mails_and_the_pages_behind_them_are_good_to_look_at_on_every_screen() {
    let Some((chromium, modules)) = browser() else {
        eprintln!("skipped: no browser, or nothing to drive it with; tests/run fetches both");
        return;
    };
    let scenario = scenario().await;
    let (mails, pages) = (mails(&scenario).await, pages(&scenario).await);
    let shots = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots");
    let given = json!({"chromium": chromium, "shots": shots, "mails": mails, "pages": pages});
    let wrong = tokio::task::spawn_blocking(move || look(&modules, &given)).await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
