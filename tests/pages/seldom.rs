//! What people see seldom, looked at as `looks.rs` looks at what they see every day: numbers that ring, leads that were lost, forms
//! that few open, lists that are mostly empty, refusals and what comes after them.

use ripen_actions::queues::QueueList;
use serde_json::json;

use super::{
    Desk, Person, desk, disposition,
    looks::{Looker, NOTE, leads},
    sign_in,
};
use crate::harness::browser::{NARROW, Tab, WIDE, WindowLook};

/// What the tests here look at, each its own.
pub(super) const BY_AGENTS: &[&str] = &["/work/ready", "/leads/new", "/leads/entered/{id}", "/leads/{id}"];
pub(super) const BY_MANAGERS: &[&str] = &["/queues/{list}", "/users", "/leads/{id}", "/audit"];

/// The end of the numbers of two open leads.
const SEVERAL: &str = "0191";
const ENDED: &str = "+1 312 555 0192";
const BARRED: &str = "+1 312 555 0193";
const UNKNOWN: &str = "+1 312 555 0194";
/// An arrival that nobody has worked: there is none.
const ENTERED: &str = "/leads/entered/arr_01kahxq5z5e4y9wd3tvdnzxkqj";

/// Leads whose numbers ring. The one that ended, closed on this page.
async fn rung(desk: &Desk, tab: Tab<'_>) -> String {
    let called = |number: &str| json!({"phone": number, "answers": {"timeframe_days": 200}});
    desk.enquiry("Ida", "Moreau", called("+1 312 555 0191")).await;
    desk.enquiry("Ivo", "Moreau", called("+1 415 555 0191")).await;
    let ended = desk.enquiry("Ella", "Moreau", called(ENDED)).await;
    tab.goto(&format!("/leads/{ended}?open=close")).await;
    tab.fill("#why-text", "Bought elsewhere").await;
    tab.click("text=Close the lead of").await;
    tab.see("text=Closed: Bought elsewhere").await;
    let barred = desk.enquiry("Bea", "Moreau", called(BARRED)).await;
    desk.scenario.touch(&barred, &["--disposition", "do_not_contact"]).await;
    ended
}

/// Types the number that rings.
async fn ring(looker: &Looker<'_>, number: &str, shows: &str) {
    looker.goto("/work", 200).await;
    looker.fill("#phone", number).await;
    looker.click(".rang button").await;
    looker.see(shows).await;
}

/// In each window a lead that is saved in the other.
async fn lose(looker: &mut Looker<'_>) {
    let (wide, narrow) = (looker.wide, looker.narrow);
    wide.goto("/work").await;
    wide.press("n").await;
    wide.see("#work").await;
    narrow.goto("/work").await;
    narrow.see("#work").await;
    wide.click(&disposition("no_answer")).await;
    wide.click("#save").await;
    wide.see("#toast").await;
    wide.see("#work").await;
    narrow.click(".dock-bar label").await;
    narrow.click(&disposition("no_answer")).await;
    narrow.click("#save").await;
    narrow.see("#lost").await;
    looker.one(narrow, "work-lost-360").await;
    narrow.goto("/work").await;
    narrow.see("#work").await;
    narrow.click(".dock-bar label").await;
    narrow.click(&disposition("no_answer")).await;
    narrow.click("#save").await;
    narrow.see("#toast").await;
    wide.click(&disposition("no_answer")).await;
    wide.click("#save").await;
    wide.see("#lost").await;
    looker.one(wide, "work-lost-1280").await;
}

/// A form that was opened before somebody signed in anew.
async fn of_another_session<'d>(desk: &'d Desk, person: &Person, look: WindowLook) -> Tab<'d> {
    let window = desk.browser.window(&desk.scenario.process.url, look).await;
    let (before, after) = (window.tab().await, window.tab().await);
    before.goto("/login").await;
    sign_in(before, person).await;
    before.goto("/keys").await;
    after.goto("/keys").await;
    after.click(".top summary").await;
    after.click("text=Sign out").await;
    after.see("#password").await;
    sign_in(after, person).await;
    before.click(".top summary").await;
    before.click("text=Dark").await;
    before.see(".code-name:has-text('403')").await;
    before
}

#[tokio::test(flavor = "multi_thread")]
async fn what_agents_see_seldom_is_good_to_look_at() {
    let Some(desk) = desk().await else { return };
    let house = ["source", "add", "Open house", "--client", "acme", "--channel", "in_person"];
    desk.scenario.installation.json(&house).await;
    let agent = desk.agent().await;
    let mut looker = Looker::of(&desk, &agent).await;
    let leads = leads(&desk).await;
    let ended = rung(&desk, looker.wide).await;
    looker.at("work-ready-list", "/work/ready", 200).await;
    looker.at("work-ready-over", "/work/ready?opening=nothing", 200).await;
    for (name, number, shows) in [
        ("rings-several", SEVERAL, "#h-found"),
        ("rings-ended", ENDED, "#h-ended"),
        ("rings-barred", BARRED, "#barred"),
        ("rings-unknown", UNKNOWN, "text=No lead has this number"),
    ] {
        ring(&looker, number, shows).await;
        looker.now(name).await;
    }
    looker.at("leads-new-asked", "/leads/new", 200).await;
    looker.fill("#phone", "12").await;
    looker.fill("#email", "nobody@@").await;
    looker.click("text=Enter the lead").await;
    looker.see(".field.bad #phone").await;
    looker.now("leads-new-wrong").await;
    looker.at("leads-entered", ENTERED, 200).await;
    looker.at("lead-reopen", &format!("/leads/{ended}?open=reopen"), 200).await;
    looker.at("lead-recall", &format!("/leads/{}?open=recall", leads.sent), 200).await;
    looker.press("Control+k").await;
    looker.see("#palette[open]").await;
    looker.now("palette").await;
    looker.fill("#palette input", "Priya").await;
    looker.see("#palette li:has-text('Priya')").await;
    looker.now("palette-found").await;
    lose(&mut looker).await;

    let wide = of_another_session(&desk, &agent, WIDE).await;
    let narrow = of_another_session(&desk, &agent, NARROW).await;
    let mut refused = Looker::at_both(wide, narrow);
    refused.now("forbidden").await;

    looker.goto(&format!("/leads/{}?open=note", leads.long), 200).await;
    looker.fill("#note", NOTE).await;
    desk.change("delete from user_session").await;
    looker.click("text=Keep the note").await;
    looker.see("#password").await;
    looker.now("sign-in-kept").await;
    looker.fill("#email", &agent.email).await;
    looker.fill("#password", &agent.password).await;
    looker.click("button:has-text('Sign in')").await;
    looker.see("h1:has-text('Send it again')").await;
    looker.now("send-again").await;
    looker.with(refused).done(BY_AGENTS);
    // What was lost or over is refused to the pages' scripts too, which is no fault of theirs.
    desk.browser.troubles().await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_managers_see_seldom_is_good_to_look_at() {
    let Some(desk) = desk().await else { return };
    let admin = desk.person("Alex Kim", "admin", &[]).await;
    desk.agent().await;
    let returned = desk.returned("Rae").await;
    let mut looker = Looker::of(&desk, &admin).await;
    leads(&desk).await;
    rung(&desk, looker.wide).await;
    for list in QueueList::all() {
        looker.at(&format!("queues-{}", list.word()), &format!("/queues/{}", list.word()), 200).await;
    }
    looker.at("queues-undated", "/queues/held?undated=true", 200).await;
    looker.at("queues-of-client", "/queues/new?client=acme", 200).await;
    looker.goto("/queues/quarantine", 200).await;
    looker.click("summary:has-text('Release')").await;
    looker.now("queues-asks").await;
    looker.at("lead-returned", &format!("/leads/{returned}"), 200).await;
    looker.at("lead-judge-return", &format!("/leads/{returned}?open=judge_return"), 200).await;
    ring(&looker, BARRED, "#barred").await;
    looker.click("summary:has-text('Lift it')").await;
    looker.now("rings-lift").await;
    looker.goto("/users", 200).await;
    let edit = looker.wide.all("a:has-text('Languages, clients')", "href").await;
    looker.at("users-edit", edit.first().expect("somebody can be changed"), 200).await;

    // Asked for the first time: a statement that is known would find the table by any name.
    desk.change("alter table audit rename to audit_that_was").await;
    looker.at("broken", "/audit", 500).await;
    desk.change("alter table audit_that_was rename to audit").await;
    looker.done(BY_MANAGERS);
    desk.stop().await;
}
