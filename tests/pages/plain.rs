//! The main stories with JavaScript switched off: every page works by its forms alone.

use serde_json::json;

use super::{desk, disposition};
use crate::harness::browser::PLAIN;

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_worked_promised_and_taken_back_without_javascript() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let tab = desk.signed_in(&agent, PLAIN).await;
    tab.arrive("/work").await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.fill("#a-timeframe_days", "30").await;
    tab.fill("#a-budget", "450000").await;
    tab.click("label:has([name='a.preapproved'][value=yes])").await;
    tab.click(&disposition("answered")).await;
    tab.fill("#note", "Lease ends in May").await;
    // What it would come to is asked for by a button.
    tab.click("text=Preview").await;
    tab.see("#grade .g.big.A").await;
    tab.see("#after:has-text('Becomes A and goes to')").await;
    assert_eq!(tab.value("#note").await, "Lease ends in May");
    tab.reload().await;
    assert_eq!(tab.value("#note").await, "Lease ends in May", "the draft");

    // Enter in a field keeps the draft, and saves nothing.
    tab.click("#a-budget").await;
    tab.press("Enter").await;
    tab.see("#work").await;
    assert_eq!(desk.count("select count(*) from touch").await, 0);

    tab.click("#save").await;
    tab.see("#toast:has-text('Ada Jones is saved')").await;
    tab.click("#toast button").await;
    tab.see("text=Taken back").await;
    assert_eq!(tab.value("#note").await, "Lease ends in May");

    // A call back, by a button and by a day and a time.
    tab.click(&disposition("call_back")).await;
    tab.see("#picker").await;
    tab.click("[data-preset=t]").await;
    tab.see("#said:has-text('Chicago')").await;
    tab.click("#save").await;
    tab.see("#toast:has-text('is saved')").await;
    tab.see("#idle").await;
    assert_eq!(desk.count("select count(*) from promise where agreed and state = 'scheduled'").await, 1);

    // What is missing is said, and what was typed stays.
    desk.enquiry("Ben", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.fill("#note", "Nothing chosen").await;
    tab.click("#save").await;
    tab.see("#troubles:has-text('choose what happened')").await;
    assert_eq!(tab.value("#note").await, "Nothing chosen");
    tab.click("#leave").await;
    tab.see("text=The lead is given back").await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_found_read_and_changed_without_javascript() {
    let Some(desk) = desk().await else { return };
    let lead = desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    desk.enquiry("Ben", "Smith", json!({"answers": {"timeframe_days": 900}})).await;
    let admin = desk.person("Alex Kim", "admin", &[]).await;
    let tab = desk.signed_in(&admin, PLAIN).await;
    tab.arrive("/queues").await;
    tab.fill("#find", "jones").await;
    tab.press("Enter").await;
    tab.see("text=1 found").await;
    tab.goto("/leads").await;
    tab.click("summary:has-text('Add a filter')").await;
    tab.choose("#f-grade", "C").await;
    tab.click(".filter-menu button").await;
    tab.see(".chip:has-text('Grade')").await;
    assert_eq!(tab.count(".leads-table tbody tr").await, 1);
    tab.click(".chip .x").await;
    assert_eq!(tab.count(".leads-table tbody tr").await, 2);

    tab.goto(&format!("/leads/{lead}")).await;
    tab.click(".head a:has-text('Note')").await;
    tab.fill("#note", "Has a dog").await;
    tab.click("text=Keep the note").await;
    tab.see("blockquote:has-text('Has a dog')").await;
    tab.click("summary:has-text('More')").await;
    tab.click("text=Close with a reason").await;
    tab.fill("#why-text", "Bought elsewhere").await;
    tab.click("text=Close the lead of").await;
    tab.see("text=Closed: Bought elsewhere").await;
    tab.click("text=Open again").await;
    tab.fill("#why-text", "Rang us").await;
    tab.click("text=Open the lead of").await;
    tab.see(".stages [aria-current]:has-text('lead')").await;

    // The theme, the account, and the end.
    tab.click(".top summary").await;
    tab.click("text=Dark").await;
    tab.see("html[data-theme=dark]").await;
    tab.goto("/users").await;
    tab.fill("#email", "lee@firm.example").await;
    tab.click("text=Add and show a password").await;
    tab.see(".notice:has-text('lee@firm.example')").await;
    tab.click(".top summary").await;
    tab.click("text=Sign out").await;
    tab.arrive("/login").await;
    desk.stop().await;
}
