//! The desk in a real browser: how every page looks, and the stories of those who work there.

mod counts;
mod drafts;
mod live;
mod looks;
mod managing;
mod meanwhile;
mod plain;
mod roles;
mod seldom;
mod working;

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT, Source,
    browser::{Browser, Tab, WIDE, WindowLook},
    posters,
    scenario::{Plan, Scenario},
};

/// Criteria with a question of every kind that the script has.
const DOCUMENT: &str = include_str!("../../deploy/criteria/web-enquiry.toml");

/// A served installation with a browser beside it.
struct Desk {
    scenario: Scenario,
    browser: Browser,
}

/// Somebody who signs in.
struct Person {
    email: String,
    password: String,
}

/// A desk where people may be called at any time; none where there is no browser.
async fn desk() -> Option<Desk> {
    let browser = Browser::start().await?;
    Some(Desk { scenario: plan().await.serve().await, browser })
}

async fn plan() -> Plan {
    Plan::new().await.always_open().criteria(DOCUMENT).webhook("/leads", &[], &[])
}

impl Desk {
    /// Somebody with a password, where they are and with hours as they write them.
    async fn person(&self, name: &str, role: &str, more: &[&str]) -> Person {
        let email = format!("{}@firm.example", name.split(' ').next().unwrap().to_lowercase());
        let ripen = &self.scenario.installation;
        let add = ["user", "add", &email, "--role", role, "--name", name];
        let added = ripen.json(&[&add[..], more].concat()).await;
        ripen.json(&["user", "set", &email, "--time-zone", "Europe/Berlin", "--locale", "en-GB"]).await;
        Person { email, password: added["password"].as_str().unwrap().to_owned() }
    }

    async fn agent(&self) -> Person {
        self.person("Dana Okafor", "agent", &[]).await
    }

    /// A page in a window of its own, with nobody signed in.
    async fn tab(&self, look: WindowLook) -> Tab<'_> {
        self.browser.window(&self.scenario.process.url, look).await.tab().await
    }

    /// A page in a window of its own in which somebody has signed in.
    async fn signed_in(&self, person: &Person, look: WindowLook) -> Tab<'_> {
        let tab = self.tab(look).await;
        tab.goto("/login").await;
        sign_in(tab, person).await;
        tab
    }

    /// The agent's page of a desk, at work.
    async fn at_work(&self, person: &Person) -> Tab<'_> {
        let tab = self.signed_in(person, WIDE).await;
        tab.arrive("/work").await;
        tab
    }

    /// Somebody from Chicago who enquired, once the lead is decided.
    async fn enquiry(&self, first: &str, last: &str, more: Value) -> String {
        self.enquiry_at(&self.scenario.source, (first, last), more).await
    }

    async fn enquiry_at(&self, source: &Source, (first, last): (&str, &str), more: Value) -> String {
        // Numbers of their own: a second lead of one number would wait until somebody says whose it is.
        let line = self.scenario.installation.count("select count(*) from lead").await + 10;
        let mut body = json!({"first_name": first, "last_name": last, "phone": format!("+1 312 555 01{line:02}"),
            "email": format!("lead{line}@example.com"), "postal_code": "60614", "country": "US"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = posters::post(&self.scenario.process.url, source, &body).await;
        assert_eq!(answer.as_ref().map(|(status, _)| *status), Some(202), "{answer:?}");
        // By its address, and not by the newest decision: what was touched before is decided again meanwhile.
        let sql = "select l.id from lead l join person p on p.id = l.person_id where p.email = $1 and l.decision_id is not null";
        let email = body["email"].as_str().unwrap_or_default().to_owned();
        until("it is decided", LIMIT, || async {
            let lead = sqlx::query_scalar(sql).bind(&email).fetch_optional(self.scenario.installation.pool()).await;
            lead.unwrap().map(|lead: uuid::Uuid| ripen_domain::id::LeadId::from_uuid(lead).to_string())
        })
        .await
    }

    /// Waits until a client has a lead.
    async fn delivered(&self) {
        until("the client has it", LIMIT, || async {
            (self.count("select count(*) from delivery where state = 'delivered'").await > 0).then_some(())
        })
        .await;
    }

    /// A lead that its client has and gave back.
    async fn returned(&self, first: &str) -> String {
        let hot = json!({"answers": {"timeframe_days": 30, "budget": 450_000, "preapproved": true}});
        let lead = self.enquiry(first, "Jones", hot).await;
        self.delivered().await;
        let newest = "select id from delivery where state = 'delivered' order by ended_at desc limit 1";
        let delivery = sqlx::query_scalar(newest).fetch_one(self.scenario.installation.pool()).await.unwrap();
        let delivery = ripen_domain::id::DeliveryId::from_uuid(delivery).to_string();
        self.scenario.installation.json(&["outcome", "add", &delivery, "returned", "--reason", "No budget"]).await;
        lead
    }

    async fn change(&self, sql: &'static str) {
        sqlx::query(sql).execute(self.scenario.installation.pool()).await.unwrap();
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.scenario.installation.count(sql).await
    }

    /// Ends both. No page may have asked another host or broken.
    async fn stop(self) {
        self.browser.stop().await;
        self.scenario.process.stop().await;
    }
}

/// Signs in and takes the next lead.
async fn take_first(tab: Tab<'_>, person: &Person) {
    tab.goto("/login").await;
    sign_in(tab, person).await;
    tab.click("#next button").await;
    tab.see("#work").await;
}

/// Fills the form and sends it.
async fn sign_in(tab: Tab<'_>, person: &Person) {
    tab.fill("#email", &person.email).await;
    tab.fill("#password", &person.password).await;
    tab.click("button:has-text('Sign in')").await;
    tab.miss("#password").await;
}

/// The disposition of this value.
fn disposition(value: &str) -> String {
    format!("label:has([name=disposition][value={value}])")
}
