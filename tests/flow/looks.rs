//! Every mail to reps and every page behind its links, in a real browser: narrow and wide, by day and by night, with nothing
//! from elsewhere. The pictures are in `target/screenshots`.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ripen_testkit::{mailbox::Mailbox, wait::until};
use serde_json::{Value, json};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, always_open, load::post, process::Process};

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

struct Ground {
    installation: Installation,
    source: Source,
    mailbox: Mailbox,
    process: Process,
}

impl Ground {
    async fn new() -> Self {
        let mut installation = Installation::new(Kind::Local).await;
        always_open(&mut installation);
        let mailbox = Mailbox::start().await;
        for (key, value) in [
            ("DISPATCHER__SWEEP_INTERVAL_MS", "100"),
            ("QUALIFIER__SWEEP_INTERVAL_MS", "100"),
            ("HTTP__PUBLIC_URL", PUBLIC),
            ("MAIL__URL", &mailbox.url()),
            ("MAIL__FROM", "Ripen <ripen@example.com>"),
        ] {
            installation.set(key, value);
        }
        let source = installation.client("acme").await;
        installation.activate(CRITERIA).await;
        for (name, email) in [("Dana Hill", "dana@example.com"), ("Lee Park", "lee@example.com")] {
            installation.json(&["rep", "add", name, "--client", "acme", "--email", email]).await;
        }
        let file = installation.folder().join("routing.toml");
        std::fs::write(&file, ROUTING).unwrap();
        installation.json(&["route", "set", file.to_str().unwrap(), "--client", "acme"]).await;
        let process = installation.serve("").await;
        Self { installation, source, mailbox, process }
    }

    /// Posts an enquiry and returns its lead once a mail with this subject is there.
    async fn enquire(&self, name: &str, days: i64, subject: &str) -> String {
        let email = format!("{name}@example.com").to_lowercase();
        let body = json!({"email": email, "first_name": name, "last_name": "von und zu Hohenstein-Wilhelmsthal",
            "phone": "+1 415 555 0100", "postal_code": "60134", "answers": {"timeframe_days": days},
            "notes": "Please call after six. The address is https://example.com/a/very/long/path/that/has/no/place/to/break"});
        post(&self.process.url, &self.source, &body).await.unwrap();
        self.mail(subject).await;
        let listed = self.installation.json(&["lead", "list", "--email", &email]).await;
        listed[0]["lead"].as_str().unwrap().to_owned()
    }

    /// The first mail whose subject begins so.
    async fn mail(&self, subject: &str) -> String {
        until(&format!("a mail {subject}"), LIMIT, || async {
            let found = self.mailbox.received().into_iter().find(|mail| mail.header("Subject").starts_with(subject));
            found.map(|mail| mail.data)
        })
        .await
    }

    /// A link in the newest body of this kind, as it can be opened here.
    async fn link(&self, event: &str, key: &str) -> String {
        let sql = "select convert_from(b.body, 'utf8') from delivery_body b join delivery d on d.id = b.delivery_id
                   where d.event = $1 order by b.at desc limit 1";
        let body: String = sqlx::query_scalar(sql).bind(event).fetch_one(self.installation.pool()).await.unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        body["data"][key].as_str().unwrap().replace(PUBLIC, &self.process.url)
    }

    /// Every kind of mail that reps get, by name.
    async fn mails(&self) -> Value {
        let casey = self.enquire("Casey", 30, "A lead: Casey").await;
        self.enquire("Casey", 20, "Something new on your A lead: Casey").await;
        let slots = self.installation.json(&["appointment", "slots", "--lead", &casey, "--rep", "Dana Hill"]).await;
        let at = |n: usize| slots[n]["starts_at"].as_str().unwrap().to_owned();
        let book = ["appointment", "book", &casey, "--rep", "Dana Hill", "--at", &at(4), "--note", "Bring the plans"];
        let booked = self.installation.json(&book).await;
        let id = booked["appointment"].as_str().unwrap();
        self.mail("Appointment: Casey").await;
        self.installation.json(&["appointment", "move", id, "--at", &at(8)]).await;
        self.mail("Moved: Casey").await;
        self.installation.json(&["appointment", "cancel", id, "--why", "The person is travelling"]).await;
        let robin = self.enquire("Robin", 30, "A lead: Robin").await;
        self.installation.json(&["lead", "recall", &robin, "--why", "entered twice", "--by", "Kim"]).await;
        self.installation.json(&["lead", "touch", &casey, "--disposition", "do_not_contact", "--by", "Kim"]).await;
        self.enquire("Noor", 5, "A lead on offer").await;
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
            mails.push(json!({"name": format!("mail-{name}"), "source": self.mail(subject).await}));
        }
        Value::Array(mails)
    }

    /// Every page behind a mail's links.
    async fn pages(&self) -> Value {
        let lead = self.link("lead.matured", "outcome_url").await;
        let offer = self.link("lead.offered", "outcome_url").await;
        let rep = self.link("lead.updated", "open_leads_url").await;
        json!([
            {"name": "page-lead", "url": lead},
            {"name": "page-lead-unfolded", "url": lead, "open": "Won"},
            {"name": "page-lead-recorded", "url": lead, "click": "Accept it"},
            {"name": "page-offer", "url": offer},
            {"name": "page-rep", "url": rep},
            {"name": "page-no-link", "url": format!("{}/o/nothing", self.process.url)},
        ])
    }
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
    let ground = Ground::new().await;
    let (mails, pages) = (ground.mails().await, ground.pages().await);
    let shots = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots");
    let given = json!({"chromium": chromium, "shots": shots, "mails": mails, "pages": pages});
    let wrong = tokio::task::spawn_blocking(move || look(&modules, &given)).await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
