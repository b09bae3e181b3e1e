//! What is new shows by itself, and a page that hears nothing says so.

use serde_json::json;

use super::{Desk, desk, sign_in};
use crate::harness::browser::WIDE;

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
