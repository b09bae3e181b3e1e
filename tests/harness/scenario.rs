//! The one way to set the scene of a story: a client with a source, webhooks, reps and routing, criteria, a mail server, and
//! the served binary. Stories add what is theirs.

use ripen_testkit::{
    mailbox::{Mailbox, ReceivedMail},
    receiver::Receiver,
    wait::until,
};
use serde_json::{Value, json};

use super::{CRITERIA, Installation, Kind, LIMIT, Source, always_open, posters, process::Process};

/// The client of every scenario.
pub const CLIENT: &str = "acme";

/// A scene that is set: everything in it is used directly.
pub struct Scenario {
    pub installation: Installation,
    /// The client's source.
    pub source: Source,
    /// Where the client's webhooks lead.
    pub receiver: Receiver,
    /// Where mails go, once [`Plan::mail_server`] was asked for; before that they are filed.
    pub mailbox: Mailbox,
    pub process: Process,
}

/// A scene that is being set. Sweeps are quick, queues are in the process, mails are filed.
pub struct Plan {
    installation: Installation,
    criteria: &'static str,
    receiver: Receiver,
    mailbox: Mailbox,
    /// Commands, in the order they were asked for; the criteria and the source are there before them.
    steps: Vec<Step>,
}

enum Step {
    Run(Vec<String>),
    /// A webhook, and what is then set of it.
    Webhook {
        add: Vec<String>,
        set: Vec<String>,
    },
    Route(String),
}

impl Plan {
    /// A client with a source and criteria by [`CRITERIA`], and nobody to send leads to.
    pub async fn new() -> Self {
        Self::on(Kind::Local).await
    }

    /// The same on these queues.
    pub async fn on(kind: Kind) -> Self {
        let installation = Installation::new(kind).await;
        let (receiver, mailbox) = (Receiver::start().await, Mailbox::start().await);
        let plan = Self { installation, criteria: CRITERIA, receiver, mailbox, steps: Vec::new() };
        plan.set("DISPATCHER__SWEEP_INTERVAL_MS", "100").set("QUALIFIER__SWEEP_INTERVAL_MS", "100")
    }

    /// A key of the configuration.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.installation.set(key, value);
        self
    }

    /// People may be called at any time.
    pub fn always_open(mut self) -> Self {
        always_open(&mut self.installation);
        self
    }

    /// Other criteria.
    pub fn criteria(mut self, document: &'static str) -> Self {
        self.criteria = document;
        self
    }

    /// Mails go to a server, and are there to be read.
    pub fn mail_server(self) -> Self {
        let url = self.mailbox.url();
        self.set("MAIL__URL", &url).set("MAIL__FROM", "Ripen <ripen@example.com>")
    }

    /// A webhook of the client at this path, added with these words; `set` is what `endpoint set` then changes of it.
    pub fn webhook(mut self, path: &str, add: &[&str], set: &[&str]) -> Self {
        let url = self.receiver.url(path);
        let words = ["endpoint", "add", "--client", CLIENT, "--webhook", &url, "--allow-private"];
        self.steps.push(Step::Webhook { add: owned(&[&words[..], add].concat()), set: owned(set) });
        self
    }

    /// Changes the client.
    pub fn client(self, change: &[&str]) -> Self {
        self.run(&[&["client", "set", CLIENT], change].concat())
    }

    /// An endpoint of the client that takes mails.
    pub fn office(self, name: &str, email: &str) -> Self {
        self.run(&["endpoint", "add", "--client", CLIENT, "--email", email, "--name", name])
    }

    /// A rep of the client, with a mail address of the first name.
    pub fn rep(self, name: &str) -> Self {
        let email = format!("{}@example.com", name.split(' ').next().unwrap_or(name).to_lowercase());
        self.run(&["rep", "add", name, "--client", CLIENT, "--email", &email])
    }

    /// A rep who takes leads at these hours of this time zone.
    pub fn rep_at(self, name: &str, time_zone: &str, hours: &str) -> Self {
        self.rep(name).run(&["rep", "set", name, "--client", CLIENT, "--time-zone", time_zone, "--hours", hours])
    }

    /// The client's routing.
    pub fn routing(mut self, document: &str) -> Self {
        self.steps.push(Step::Route(document.to_owned()));
        self
    }

    fn run(mut self, arguments: &[&str]) -> Self {
        self.steps.push(Step::Run(owned(arguments)));
        self
    }

    /// Sets the scene and serves every role.
    pub async fn serve(self) -> Scenario {
        let Self { installation, criteria, receiver, mailbox, steps } = self;
        let source = installation.client(CLIENT).await;
        installation.activate(criteria).await;
        for step in steps {
            match step {
                Step::Run(arguments) => drop(installation.json(&borrowed(&arguments)).await),
                Step::Webhook { add, set } => {
                    let added = installation.json(&borrowed(&add)).await;
                    if !set.is_empty() {
                        let id = added["id"].as_str().unwrap();
                        installation.json(&[&["endpoint", "set", id], &borrowed(&set)[..]].concat()).await;
                    }
                }
                Step::Route(document) => drop(installation.route(&document, CLIENT).await),
            }
        }
        let process = installation.serve("").await;
        Scenario { installation, source, receiver, mailbox, process }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

impl Scenario {
    /// Posts a lead, which must be accepted.
    pub async fn post(&self, body: &Value) {
        let answer = posters::post(&self.process.url, &self.source, body).await;
        assert_eq!(answer.as_ref().map(|(status, _)| *status), Some(202), "{answer:?}");
    }

    /// Posts a lead of the client's source, under a key of the request where there is one, and waits: what its sender is told, be it
    /// decided or kept.
    pub async fn told(&self, key: Option<&str>, body: &Value) -> Value {
        let (status, told) = posters::ask(&self.process.url, &self.source, key, body).await;
        assert!(matches!(status, 200 | 202), "{status} {told}");
        told
    }

    /// The same of a source's lead that has to be decided.
    pub async fn told_decided(&self, source: &Source, key: Option<&str>, body: &Value) -> Value {
        let (status, told) = posters::ask(&self.process.url, source, key, body).await;
        assert_eq!(status, 200, "decided within the time: {told}");
        told
    }

    /// Posts what a person of this name answers.
    pub async fn enquire(&self, name: &str, answers: Value) {
        // In small letters alone it would be the user's name of the address, which is no person's.
        let family = name.starts_with(char::is_lowercase).then_some("Example");
        self.post(&json!({"email": email(name), "first_name": name, "last_name": family, "answers": answers})).await;
    }

    /// Posts what a person of this name answers and waits for the lead; its id.
    pub async fn lead(&self, name: &str, answers: Value) -> String {
        self.enquire(name, answers).await;
        self.lead_of(name).await
    }

    /// The id of the lead of a person of this name, once it is there.
    pub async fn lead_of(&self, name: &str) -> String {
        let email = email(name);
        until("the lead is there", LIMIT, || async {
            let listed = self.installation.json(&["lead", "list", "--email", &email]).await;
            listed[0]["lead"].as_str().map(str::to_owned)
        })
        .await
    }

    /// Waits until there are so many decisions.
    pub async fn decided(&self, count: i64) {
        until("it is decided", LIMIT, || async {
            (self.installation.count("select count(*) from decision").await >= count).then_some(())
        })
        .await;
    }

    /// Waits until so many leads have matured.
    pub async fn matured(&self, count: i64) {
        until("all matured", LIMIT, || async {
            (self.installation.count("select count(*) from maturation").await == count).then_some(())
        })
        .await;
    }

    /// Records a conversation of Kim's.
    pub async fn touch(&self, lead: &str, more: &[&str]) -> Value {
        self.installation.json(&[&["lead", "touch", lead, "--by", "Kim"], more].concat()).await
    }

    /// Takes a lead back.
    pub async fn recall(&self, lead: &str, why: &str) -> Value {
        self.installation.json(&["lead", "recall", lead, "--why", why, "--by", "Kim"]).await
    }

    /// Puts another routing in force.
    pub async fn route(&self, document: &str) -> Value {
        self.installation.route(document, CLIENT).await
    }

    /// Changes a rep.
    pub async fn rep(&self, name: &str, change: &[&str]) -> Value {
        self.installation.json(&[&["rep", "set", name, "--client", CLIENT], change].concat()).await
    }

    /// Runs what must be refused, and says why it was.
    pub async fn refused(&self, arguments: &[&str]) -> String {
        let output = self.installation.run(arguments).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// The first mail whose subject begins so, once it is there.
    pub async fn mail(&self, subject: &str) -> ReceivedMail {
        until(&format!("a mail {subject}"), LIMIT, || async {
            self.mailbox.received().into_iter().find(|mail| mail.header("Subject").starts_with(subject))
        })
        .await
    }
}

fn email(name: &str) -> String {
    format!("{}@example.com", name.to_lowercase())
}
