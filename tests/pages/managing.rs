//! A manager's day with the keys alone: what is stuck goes on or is given up, consents and returns are judged, a number is lifted, an
//! agent is paused.

use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::{Value, json};

use super::{Desk, plan};
use crate::harness::{
    LIMIT,
    browser::{Browser, Tab, WIDE},
};

fn cold() -> Value {
    json!({"answers": {"timeframe_days": 200}})
}

/// A desk that gives up a delivery after a second.
async fn impatient() -> Option<Desk> {
    let browser = Browser::start().await?;
    let plan = plan().await.set("DISPATCHER__RETRY_SCHEDULE_S", "1").set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    Some(Desk { scenario: plan.serve().await, browser })
}

/// An A lead whose client did not take it, and takes what comes from now on.
async fn dead(desk: &Desk) {
    desk.scenario.receiver.set("/leads", Behaviour::Status(507));
    let hot = json!({"answers": {"timeframe_days": 30, "budget": 450_000, "preapproved": true}});
    desk.enquiry("Ada", "Jones", hot).await;
    until("it is dead", LIMIT, || async {
        (desk.count("select count(*) from delivery where state = 'dead'").await == 1).then_some(())
    })
    .await;
    desk.scenario.receiver.set("/leads", Behaviour::Status(204));
}

/// Two arrivals that are kept and not worked.
async fn kept(desk: &Desk) {
    for email in ["one@example.com", "two@example.com"] {
        desk.scenario.post(&json!({"email": email, "first_name": "Test", "test": true})).await;
    }
    until("both are kept", LIMIT, || async {
        (desk.count("select count(*) from arrival where state = 'quarantined'").await == 2).then_some(())
    })
    .await;
}

/// Opens what asks first in the first row of a list, and says why.
async fn ask(tab: Tab<'_>, what: &str, why: &str) {
    let rows = tab.all(&format!("#list summary:has-text('{what}')"), "").await;
    tab.tab_to(rows.first().expect("a row has it")).await;
    tab.press("Enter").await;
    tab.press("Tab").await;
    tab.type_text(why).await;
    tab.press("Enter").await;
}

/// Finds a lead by its name and opens its page.
async fn open(tab: Tab<'_>, name: &str) {
    tab.press("/").await;
    tab.type_text(name).await;
    tab.press("Enter").await;
    tab.see("text=1 found").await;
    tab.press("j").await;
    tab.press("Enter").await;
    tab.arrive("/leads/lead_").await;
}

/// The verdict that has the focus, and why.
async fn judge(tab: Tab<'_>, why: &str) {
    tab.see("[name=verdict]:focus").await;
    tab.press("Space").await;
    tab.tab_to("why-text").await;
    tab.type_text(why).await;
    tab.press("Enter").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_sets_what_is_stuck_going_with_the_keys_alone() {
    let Some(desk) = impatient().await else { return };
    dead(&desk).await;
    kept(&desk).await;
    let tab = desk.signed_in(&desk.person("Mona Reyes", "manager", &[]).await, WIDE).await;
    tab.arrive("/queues").await;
    tab.see("#queues:has-text('1 A lead could not be delivered')").await;
    tab.tab_to("1 A lead could not be delivered").await;
    tab.press("Enter").await;
    tab.arrive("/queues/dead").await;
    // The button of its row.
    tab.tab_to("what").await;
    tab.press("Enter").await;
    tab.see("text=It is under way again").await;
    desk.delivered().await;

    tab.press("g").await;
    tab.press("q").await;
    tab.see("#h-quarantine").await;
    tab.tab_to("All 2").await;
    tab.press("Enter").await;
    tab.arrive("/queues/quarantine").await;
    ask(tab, "Release", "It was no test").await;
    tab.see("text=Released: it is worked like any other").await;
    ask(tab, "Drop", "It was one").await;
    tab.see("text=Dropped: it stays on record").await;
    let ended = "select count(*) from arrival where released_at is not null or dropped_at is not null";
    assert_eq!(desk.count(ended).await, 2);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_judges_lifts_and_pauses_with_the_keys_alone() {
    let Some(desk) = super::desk().await else { return };
    desk.returned("Rae").await;
    let doubted = desk.enquiry("Nia", "Moreau", cold()).await;
    desk.scenario.touch(&doubted, &["--disposition", "never_enquired"]).await;
    let called = json!({"phone": "+1 312 555 0193", "answers": {"timeframe_days": 200}});
    let barred = desk.enquiry("Bea", "Larsen", called).await;
    desk.scenario.touch(&barred, &["--disposition", "do_not_contact"]).await;
    desk.agent().await;
    let tab = desk.signed_in(&desk.person("Mona Reyes", "manager", &[]).await, WIDE).await;
    tab.arrive("/queues").await;

    open(tab, "Rae Jones").await;
    tab.tab_to("Uphold or reject…").await;
    tab.press("Enter").await;
    judge(tab, "The budget was never known").await;
    tab.see("text=The return is judged").await;
    open(tab, "Nia Moreau").await;
    tab.tab_to("Look at the consent…").await;
    tab.press("Enter").await;
    judge(tab, "The form has the words").await;
    tab.see("text=The review is closed").await;

    tab.press("g").await;
    tab.press("w").await;
    tab.see("#idle").await;
    tab.tab_to("phone").await;
    tab.type_text("+1 312 555 0193").await;
    tab.press("Enter").await;
    tab.see("#barred").await;
    tab.tab_to("Lift it…").await;
    tab.press("Enter").await;
    tab.tab_to("lift-1").await;
    tab.type_text("She rang us today").await;
    tab.press("Enter").await;
    tab.see("text=Nothing bars this number any more").await;

    tab.press("Escape").await;
    tab.press("g").await;
    tab.press("u").await;
    tab.arrive("/users").await;
    // A manager pauses agents alone.
    tab.tab_to("pause").await;
    tab.press("Enter").await;
    tab.see("text=Let in Dana Okafor").await;
    assert_eq!(desk.count("select count(*) from consent_review where closed_at is null").await, 0);
    assert_eq!(desk.count("select count(*) from user_account where state = 'paused'").await, 1);
    desk.stop().await;
}
