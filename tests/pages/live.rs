//! What is new shows by itself, and a page that hears nothing, or shows nothing that changes, does not say that it is live.

use ripen_testkit::wait::until;
use serde_json::json;

use super::{Desk, desk, disposition, sign_in};
use crate::harness::{LIMIT, browser::WIDE};

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_what_is_new_and_say_when_they_do_not() {
    let Some(desk) = desk().await else { return };
    let manager = desk.person("Mona Reyes", "manager", &[]).await;
    let tab = desk.signed_in(&manager, WIDE).await;
    tab.arrive("/queues").await;
    tab.see("#live:not(.off)").await;
    assert_eq!(tab.text("#live").await, "Live");
    tab.see("#queues .figures a.v, #queues .figures .v:has-text('0')").await;
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    // Without a click.
    tab.see("#queues .figures a[href='/queues/new']:has-text('1')").await;
    tab.see("#rail-work:has-text('1')").await;

    let lead = desk.enquiry("Ben", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    tab.see("#queues .figures a[href='/queues/new']:has-text('2')").await;
    tab.goto(&format!("/leads/{lead}")).await;
    tab.see("#live:not(.off)").await;
    desk.scenario.touch(&lead, &["--disposition", "note", "--note", "Written elsewhere"]).await;
    tab.see("blockquote:has-text('Written elsewhere')").await;

    // The server goes: no page claims to be live.
    let Desk { scenario, browser } = desk;
    let tab = browser.window(&scenario.process.url, WIDE).await.tab().await;
    tab.goto("/login").await;
    sign_in(tab, &manager).await;
    tab.see("#live:not(.off)").await;
    scenario.process.stop().await;
    tab.see("#live.off").await;
    assert_eq!(tab.text("#live").await, "Not live");
    // What was refused meanwhile is no fault of the page.
    browser.troubles().await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_counts_follow_what_happens_and_stay_as_they_are_used() {
    let Some(desk) = desk().await else { return };
    let days = || json!({"answers": {"timeframe_days": 200}});
    desk.enquiry("Ada", "Jones", days()).await;
    let manager = desk.signed_in(&desk.person("Mona Reyes", "manager", &[]).await, WIDE).await;
    manager.goto("/leads?view=all").await;
    manager.see("#live:not(.off)").await;
    manager.press("j").await;
    manager.see("#list tr.at:has-text('Ada Jones')").await;
    desk.enquiry("Ben", "Jones", days()).await;
    manager.see("#list tr:has-text('Ben Jones')").await;
    manager.see("#views a[aria-current][data-count='2']").await;
    manager.see("#list-head:has-text('CSV of these 2')").await;
    manager.see("#list tr.at:has-text('Ada Jones') th a:focus").await;

    manager.goto("/queues/new").await;
    manager.see("#live:not(.off)").await;
    desk.enquiry("Cleo", "Jones", days()).await;
    manager.see("#list tr:has-text('Cleo Jones')").await;

    let agent = desk.at_work(&desk.agent().await).await;
    agent.see("#ready a[data-count='3']").await;
    agent.see("#live:not(.off)").await;
    // Whoever types a number that rings goes on typing.
    agent.press("i").await;
    agent.type_text("0110").await;
    desk.enquiry("Dev", "Jones", days()).await;
    agent.see("#ready a[data-count='4']").await;
    agent.see("#phone:focus").await;
    assert_eq!(agent.value("#phone").await, "0110");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leads_page_says_who_has_it_open_and_what_it_became() {
    let Some(desk) = desk().await else { return };
    let lead = desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let manager = desk.signed_in(&desk.person("Mona Reyes", "manager", &[]).await, WIDE).await;
    manager.goto(&format!("/leads/{lead}")).await;
    manager.see("#live:not(.off)").await;
    manager.see("#lead-head .g.big.B").await;
    let agent = desk.at_work(&desk.agent().await).await;
    agent.press("n").await;
    agent.see("#work").await;
    manager.see("#stands:has-text('Dana Okafor has this lead open')").await;
    agent.fill("#a-timeframe_days", "30").await;
    agent.fill("#a-budget", "450000").await;
    agent.click("label:has([name='a.preapproved'][value=yes])").await;
    agent.click(&disposition("answered")).await;
    agent.click("#save").await;
    agent.see("#toast:has-text('is saved as A')").await;
    manager.see("#lead-head .g.big.A").await;
    manager.see("#why h2:has-text('Why A')").await;
    manager.see("#stages [aria-current]").await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_nothing_updates_does_not_say_that_it_is_live() {
    let Some(desk) = desk().await else { return };
    let admin = desk.signed_in(&desk.person("Alex Kim", "admin", &[]).await, WIDE).await;
    for path in ["/audit", "/users", "/account", "/keys", "/style", "/leads/new", "/leads?q=jones"] {
        assert_eq!(admin.goto(path).await, 200, "{path}");
        // It has heard something, as every page does.
        until("it is known whether it hears", LIMIT, || async {
            (admin.count("#live[title]").await == 1).then_some(())
        })
        .await;
        assert_eq!(admin.count("#live[hidden]").await, 1, "{path}");
    }
    desk.stop().await;
}
