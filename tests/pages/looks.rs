//! Every page of the desk as each role sees it: on a desk and on a phone, by day and by night. Nothing is wider than its window or
//! cut off, axe finds nothing, no other host is asked, and no page is heavy. The pictures are in `target/screenshots/desk-*.png`. What
//! is seen seldom, `seldom.rs` looks at.

use std::collections::BTreeSet;

use ripen_desk::people::routes::RULES;
use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::json;

use super::{Desk, Person, desk, disposition, plan, seldom};
use crate::{
    cases::unquoted,
    harness::{
        LIMIT,
        browser::{Browser, NARROW, Tab, WIDE},
    },
};

const LONG: &str = "Venkataraghavan-Subramaniam de los Ríos y Montenegro";
pub(super) const NOTE: &str =
    "Please call after six. The address is https://example.com/a/very/long/path/that/has/no/place/to/break/anywhere";

/// What the tests here look at, each its own.
const AT_WORK: &[&str] = &["/work"];
const BY_AGENTS: &[&str] = &["/leads", "/leads/new", "/leads/{id}", "/keys", "/style", "/account"];
const BY_OTHERS: &[&str] = &[
    "/queues",
    "/queues/{list}",
    "/leads/{id}",
    "/audit",
    "/users",
    "/leads",
    "/",
    "/login",
    "/forgotten",
    "/welcome/{token}",
];
/// What programs and pages ask for.
const NO_PAGES: [&str; 3] = ["/api/", "/v1/", "/assets/"];
/// What else is not looked at here, and why.
const NOT_HERE: [(&str, &str); 6] = [
    ("/leads.csv", "a file"),
    ("/work/saved", "a part of the work page, which is looked at with it"),
    ("/work/waiting", "a number of the rail"),
    ("/o/style.css", "a style sheet"),
    ("/o/{token}", "tests/flow/looks.rs looks at the pages behind links"),
    ("/r/{token}", "tests/flow/looks.rs looks at the pages behind links"),
];
/// What is looked at on paper too.
const PRINTED: [&str; 7] = ["lead", "leads", "work", "queues", "queues-held", "queues-dead", "audit"];

#[test]
fn every_page_is_looked_at_or_left_out_for_a_reason() {
    let looked = [AT_WORK, BY_AGENTS, BY_OTHERS, seldom::BY_AGENTS, seldom::BY_MANAGERS].concat();
    let is_left_out = |path: &str| NOT_HERE.iter().any(|(left, _)| *left == path);
    let pages =
        RULES.iter().filter(|rule| rule.method == "GET" && !NO_PAGES.iter().any(|start| rule.path.starts_with(start)));
    let wrong: Vec<_> = pages.map(|rule| rule.path).filter(|path| looked.contains(path) == is_left_out(path)).collect();
    assert!(wrong.is_empty(), "look at {wrong:?}, or say why not; not both");
}

/// The address of the table that a path is of: one that is said in full before one with a part in braces.
fn route(path: &str) -> Option<&'static str> {
    let path = path.split(['?', '#']).next()?;
    let fits = |rule: &str| {
        let (asked, named) = (path.split('/'), rule.split('/'));
        asked.clone().count() == named.clone().count()
            && asked.zip(named).all(|(part, name)| part == name || name.starts_with('{'))
    };
    let found = RULES.iter().filter(|rule| rule.method == "GET" && fits(rule.path)).map(|rule| rule.path);
    found.min_by_key(|path| path.contains('{'))
}

/// The leads that pages are looked at with, by what became of them.
pub(super) struct Leads {
    /// New, with a long name and much written.
    pub(super) long: String,
    /// Named in another script, promised a call that is late.
    late: String,
    /// An A that the client did not take yet.
    pub(super) sent: String,
    /// Says that they never enquired.
    review: String,
    /// Must not be contacted.
    stopped: String,
    /// Known by a mail address alone.
    nameless: String,
}

pub(super) async fn leads(desk: &Desk) -> Leads {
    let days = |days: i64| json!({"answers": {"timeframe_days": days}});
    let touch = async |lead: &str, more: &[&str]| drop(desk.scenario.touch(lead, more).await);
    desk.scenario.receiver.set("/leads", Behaviour::Status(500));
    let hot = json!({"answers": {"timeframe_days": 30, "budget": 450_000, "preapproved": true}, "notes": NOTE});
    let sent = desk.enquiry("Casey", "Smith", hot).await;
    let late = desk.enquiry("محمد", "الأحمد", json!({"locale": "ar", "answers": {"timeframe_days": 200}})).await;
    touch(&late, &["--disposition", "call_back", "--next", "2d", "--why", "has the letter by then", "--note", NOTE])
        .await;
    desk.change("update promise set due_at = now() - interval '3 hours', created_at = now() - interval '1 day' where agreed and state = 'scheduled'").await;
    let review = desk.enquiry("明子", "田中", days(300)).await;
    touch(&review, &["--disposition", "never_enquired", "--note", "Says it was the neighbour"]).await;
    let stopped = desk.enquiry("Olena", "Ковальчук", days(900)).await;
    touch(&stopped, &["--disposition", "do_not_contact"]).await;
    let nameless = desk.enquiry("", "", json!({"answers": {"timeframe_days": "soon"}, "phone": ""})).await;
    let dead = desk.enquiry("Jonas", "Weber", days(100)).await;
    touch(&dead, &["--disposition", "number_dead"]).await;
    for (first, last) in [("Ana", "García"), ("Lee", "Park"), ("Noor", "Haddad"), ("Priya", "Nair")] {
        let lead = desk.enquiry(first, last, days(150)).await;
        touch(&lead, &["--disposition", "no_answer"]).await;
    }
    desk.scenario.post(&json!({"email": "t@example.com", "first_name": "Test", "test": true})).await;
    let long = json!({"notes": NOTE, "answers": {"timeframe_days": 200}});
    let long = desk.enquiry("Priyadarshini Maria Guadalupe", LONG, long).await;
    until("the promise is late, and the delivery was tried", LIMIT, || async {
        let late = desk.count("select count(*) from promise where agreed and state = 'work'").await;
        let tried = desk.count("select count(*) from attempt").await;
        (late >= 1 && tried >= 1).then_some(())
    })
    .await;
    Leads { long, late, sent, review, stopped, nameless }
}

/// Somebody's page of a desk and of a phone, side by side.
pub(super) struct Looker<'d> {
    pub(super) wide: Tab<'d>,
    pub(super) narrow: Tab<'d>,
    wrong: Vec<String>,
    /// The addresses of the table that were looked at.
    looked: BTreeSet<&'static str>,
}

impl<'d> Looker<'d> {
    async fn nobody(desk: &'d Desk) -> Self {
        Self::at_both(desk.tab(WIDE).await, desk.tab(NARROW).await)
    }

    pub(super) const fn at_both(wide: Tab<'d>, narrow: Tab<'d>) -> Self {
        Self { wide, narrow, wrong: Vec::new(), looked: BTreeSet::new() }
    }

    pub(super) async fn of(desk: &'d Desk, person: &Person) -> Self {
        let (wide, narrow) = (desk.signed_in(person, WIDE).await, desk.signed_in(person, NARROW).await);
        Self::at_both(wide, narrow)
    }

    fn both(&self) -> [(Tab<'d>, u16); 2] {
        [(self.wide, WIDE.width), (self.narrow, NARROW.width)]
    }

    /// Looks at what is there now.
    pub(super) async fn now(&mut self, name: &str) {
        for (tab, width) in self.both() {
            // Once on paper.
            let is_printed = width == WIDE.width && PRINTED.contains(&name);
            self.wrong.extend(tab.look(&format!("desk-{name}-{width}"), is_printed).await);
        }
    }

    /// Opens a page that answers so, and looks at it.
    pub(super) async fn at(&mut self, name: &str, path: &str, status: u64) {
        self.goto(path, status).await;
        self.looked.extend(route(path));
        self.now(name).await;
    }

    /// Looks at what one of the two shows.
    pub(super) async fn one(&mut self, tab: Tab<'_>, name: &str) {
        self.wrong.extend(tab.look(&format!("desk-{name}"), false).await);
    }

    pub(super) async fn goto(&self, path: &str, status: u64) {
        for (tab, _) in self.both() {
            assert_eq!(tab.goto(path).await, status, "{path}");
        }
    }

    pub(super) async fn see(&self, at: &str) {
        for (tab, _) in self.both() {
            tab.see(at).await;
        }
    }

    pub(super) async fn press(&self, key: &str) {
        for (tab, _) in self.both() {
            tab.press(key).await;
        }
    }

    pub(super) async fn click(&self, at: &str) {
        for (tab, _) in self.both() {
            tab.click(at).await;
        }
    }

    pub(super) async fn fill(&self, at: &str, text: &str) {
        for (tab, _) in self.both() {
            tab.fill(at, text).await;
        }
    }

    /// Goes on with what another found, and looked at.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.wrong.extend(other.wrong);
        self.looked.extend(other.looked);
        self
    }

    /// Nothing is wrong, and what was to be looked at was.
    pub(super) fn done(self, named: &[&str]) {
        let missed: Vec<_> = named.iter().filter(|path| !self.looked.contains(**path)).collect();
        assert!(missed.is_empty(), "not looked at: {missed:?}");
        assert!(self.wrong.is_empty(), "{} to put right:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_at_work_is_good_to_look_at() {
    let Some(desk) = desk().await else { return };
    let mut looker = Looker::of(&desk, &desk.agent().await).await;
    looker.at("work-empty", "/work", 200).await;
    let leads = leads(&desk).await;

    // One agent has one lead open; both windows show it.
    looker.at("work-ready", "/work", 200).await;
    looker.wide.goto(&format!("/leads/{}", leads.long)).await;
    looker.wide.click("text=Take and call").await;
    looker.wide.see("#work").await;
    looker.at("work", "/work", 200).await;
    looker.wide.fill("#a-timeframe_days", "30").await;
    looker.wide.fill("#a-budget", "450000").await;
    looker.wide.click("label:has([name='a.preapproved'][value=yes])").await;
    looker.wide.fill("#note", NOTE).await;
    looker.wide.click(&disposition("answered")).await;
    looker.wide.see("#after:has-text('Becomes')").await;
    looker.wide.see("#saved:has-text('Saved')").await;
    looker.narrow.reload().await;
    looker.narrow.click(".dock-bar label").await;
    looker.now("work-typed").await;
    looker.wide.press("4").await;
    looker.wide.press("t").await;
    looker.wide.see("#save:has-text('Promise')").await;
    looker.wide.see("#saved:has-text('Saved')").await;
    looker.narrow.reload().await;
    looker.now("work-callback").await;
    looker.wide.press("8").await;
    looker.wide.see("#after:has-text('Nobody contacts')").await;
    looker.wide.see("#saved:has-text('Saved')").await;
    looker.narrow.reload().await;
    looker.now("work-stop").await;
    looker.wide.fill("#a-timeframe_days", "soon").await;
    looker.wide.press("Alt+1").await;
    looker.wide.see("#saved:has-text('Saved')").await;
    looker.narrow.reload().await;
    looker.narrow.click(".dock-bar label").await;
    // In one window: in the other the lead is saved elsewhere by then.
    looker.wide.click("#save").await;
    looker.wide.see("#work:has-text('is no number')").await;
    looker.now("work-wrong").await;
    looker.wide.fill("#a-timeframe_days", "30").await;
    looker.wide.click("#save").await;
    looker.wide.see("#toast").await;
    looker.one(looker.wide, "work-saved-1280").await;
    looker.done(AT_WORK);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_pages_are_good_to_look_at() {
    let Some(desk) = desk().await else { return };
    let mut looker = Looker::of(&desk, &desk.agent().await).await;
    looker.at("leads-empty", "/leads", 200).await;
    let leads = leads(&desk).await;

    looker.at("leads", "/leads?view=all", 200).await;
    looker.click("summary:has-text('Add a filter')").await;
    looker.now("leads-filters").await;
    looker.at("leads-filtered", "/leads?view=all&client=acme&grade=B&channel=web_form", 200).await;
    looker.at("leads-none", "/leads?q=%E2%80%9Cnobody%E2%80%9D", 200).await;
    looker.at("leads-new", "/leads/new", 200).await;
    looker.at("lead", &format!("/leads/{}", leads.long), 200).await;
    for form in ["note", "promise", "appointment", "person", "stop", "close"] {
        looker.at(&format!("lead-{form}"), &format!("/leads/{}?open={form}", leads.long), 200).await;
    }
    looker.at("lead-sent", &format!("/leads/{}", leads.sent), 200).await;
    looker.click(".head .menu summary").await;
    looker.now("lead-menu").await;
    looker.at("lead-late", &format!("/leads/{}", leads.late), 200).await;
    looker.at("lead-stopped", &format!("/leads/{}", leads.stopped), 200).await;
    looker.at("lead-nameless", &format!("/leads/{}", leads.nameless), 200).await;
    looker.at("keys", "/keys", 200).await;
    looker.at("style", "/style", 200).await;
    looker.at("account", "/account", 200).await;
    looker.at("not-found", "/queues", 404).await;
    looker.at("not-readable", "/leads?grade=D", 400).await;
    looker.done(BY_AGENTS);
    desk.stop().await;
}

/// Where the mail leads by which somebody chooses a password.
async fn invitation(desk: &Desk) -> String {
    desk.scenario.installation.json(&["user", "add", "lee@firm.example", "--role", "agent", "--invite"]).await;
    let text = unquoted(&desk.scenario.mail("You can sign in at the desk").await);
    let at = text.find("/welcome/").unwrap();
    text[at..].chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '/').collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_who_leads_reads_or_signs_in_are_good_to_look_at() {
    let Some(browser) = Browser::start().await else { return };
    let scenario = plan().await.mail_server().serve().await;
    let desk = Desk { scenario, browser };
    let admin = desk.person("Alexandra Konstantinopoulou-Featherstonehaugh", "admin", &[]).await;
    let mut looker = Looker::of(&desk, &admin).await;
    looker.at("queues-empty", "/queues", 200).await;
    let leads = leads(&desk).await;
    let agent = desk.at_work(&desk.agent().await).await;
    agent.press("n").await;
    agent.see("#work").await;

    looker.at("queues", "/queues", 200).await;
    looker.at("queues-late", "/queues/late", 200).await;
    looker.at("queues-quarantine", "/queues/quarantine", 200).await;
    looker.at("queues-dead", "/queues/dead", 200).await;
    looker.at("lead-review", &format!("/leads/{}?open=verdict", leads.review), 200).await;
    looker.at("audit", "/audit", 200).await;
    looker.at("audit-none", "/audit?object=lead_nothing", 200).await;
    desk.scenario.installation.json(&["user", "pause", "dana@firm.example"]).await;
    let welcome = invitation(&desk).await;
    looker.at("users", "/users", 200).await;
    looker.fill("#email", "dana@firm.example").await;
    looker.click("text=Add and show a password").await;
    looker.wide.see("#email-e").await;
    looker.now("users-wrong").await;
    looker.at("audit-menu", "/audit?object=lead_nothing", 200).await;
    looker.click(".top summary").await;
    looker.now("menu").await;
    let by_admin = looker;

    let broker = desk.person("Bo Larsen", "broker", &["--client", "acme"]).await;
    let mut looker = Looker::of(&desk, &broker).await;
    looker.at("broker-leads", "/leads?view=all", 200).await;
    looker.at("broker-lead", &format!("/leads/{}", leads.sent), 200).await;
    looker.at("broker-lead-not-theirs-yet", &format!("/leads/{}", leads.late), 200).await;
    let by_broker = looker;

    let mut looker = Looker::nobody(&desk).await;
    looker.at("home", "/", 200).await;
    looker.at("sign-in", "/login?next=/work", 200).await;
    looker.fill("#email", "dana@firm.example").await;
    looker.fill("#password", "not this one").await;
    looker.click("button:has-text('Sign in')").await;
    looker.wide.see("[role=alert]").await;
    looker.narrow.see("[role=alert]").await;
    looker.now("sign-in-wrong").await;
    looker.at("forgotten", "/forgotten", 200).await;
    looker.fill("#email", "dana@firm.example").await;
    looker.click("text=Mail me a link").await;
    looker.now("forgotten-asked").await;
    looker.at("welcome", &welcome, 200).await;
    looker.at("welcome-over", "/welcome/nothing", 404).await;
    looker.at("nothing", "/nothing", 404).await;
    looker.with(by_admin).with(by_broker).done(BY_OTHERS);
    desk.stop().await;
}
