//! The main stories with JavaScript switched off: every page works by its forms alone.

use ripen_testkit::wait::until;
use serde_json::json;

use super::{Desk, desk, disposition, plan};
use crate::harness::{
    LIMIT,
    browser::{Browser, PLAIN},
};

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

#[tokio::test(flavor = "multi_thread")]
async fn who_rings_or_walks_in_is_seen_to_without_javascript() {
    let Some(desk) = desk().await else { return };
    let house = ["source", "add", "Open house", "--client", "acme", "--channel", "in_person"];
    desk.scenario.installation.json(&house).await;
    let called = |number: &str| json!({"phone": number, "answers": {"timeframe_days": 200}});
    desk.enquiry("Ida", "Moreau", called("+1 312 555 0191")).await;
    desk.enquiry("Ivo", "Moreau", called("+1 415 555 0191")).await;
    let barred = desk.enquiry("Bea", "Moreau", called("+1 312 555 0193")).await;
    desk.scenario.touch(&barred, &["--disposition", "do_not_contact"]).await;
    let tab = desk.signed_in(&desk.agent().await, PLAIN).await;
    tab.arrive("/work").await;
    tab.fill("#phone", "0191").await;
    tab.click(".rang button").await;
    tab.see("text=Several open leads have this number").await;
    tab.click("button:has-text('Open Ivo Moreau')").await;
    tab.see("h1:has-text('Ivo Moreau')").await;
    tab.click("#leave").await;
    tab.see("text=The lead is given back").await;
    tab.fill("#phone", "+1 312 555 0193").await;
    tab.click(".rang button").await;
    tab.see("#barred:has-text('only a manager lifts')").await;
    tab.fill("#rang-note", "Wants to know who has her number").await;
    tab.click("text=Note that they rang").await;
    tab.see("text=It is noted that they rang").await;

    tab.fill("#phone", "+1 312 555 0194").await;
    tab.click(".rang button").await;
    tab.see("text=No lead has this number").await;
    tab.click("text=Write down who called").await;
    assert_eq!(tab.value("#phone").await, "+1 312 555 0194");
    tab.fill("#name", "Wanda Moreau").await;
    tab.fill("#phone", "12").await;
    tab.click("text=Enter the lead").await;
    tab.see(".field.bad #phone").await;
    assert_eq!(tab.value("#name").await, "Wanda Moreau", "what was typed stays");
    tab.fill("#phone", "+1 312 555 0194").await;
    tab.click("text=Enter the lead").await;
    until("it is entered", LIMIT, || async {
        tab.reload().await;
        (tab.count("text=The lead is entered").await > 0).then_some(())
    })
    .await;
    tab.see("h1:has-text('Wanda Moreau')").await;
    tab.click("button:has-text('Refuses to be recorded')").await;
    tab.see("#calls .late:has-text('Refuses to be recorded')").await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_is_booked_during_the_call_without_javascript() {
    let Some(browser) = Browser::start().await else { return };
    let scenario = plan().await.rep_at("Sam Rep", "America/Chicago", "all 09:00-17:00").serve().await;
    let desk = Desk { scenario, browser };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let tab = desk.signed_in(&desk.agent().await, PLAIN).await;
    tab.arrive("/work").await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.fill("#note", "Prefers the mornings").await;
    tab.click("#book summary").await;
    tab.click("text=Show the free times").await;
    tab.see("#slot").await;
    let free = tab.all("#slot option", "value").await;
    // The last that is offered: no clock reaches it meanwhile.
    tab.choose("#slot", free.last().expect("a time is free")).await;
    tab.click("text=Book it").await;
    tab.see("text=The appointment is booked").await;
    assert_eq!(tab.value("#note").await, "Prefers the mornings", "what else was typed stays a draft");
    assert_eq!(desk.count("select count(*) from appointment").await, 1);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stuck_goes_on_or_is_given_up_without_javascript() {
    let Some(desk) = desk().await else { return };
    for email in ["one@example.com", "two@example.com"] {
        desk.scenario.post(&json!({"email": email, "first_name": "Test", "test": true})).await;
    }
    until("both are kept", LIMIT, || async {
        (desk.count("select count(*) from arrival where state = 'quarantined'").await == 2).then_some(())
    })
    .await;
    let tab = desk.signed_in(&desk.person("Mona Reyes", "manager", &[]).await, PLAIN).await;
    for (what, told) in [("Release", "Released: it is worked like any other"), ("Drop", "Dropped: it stays on record")]
    {
        tab.goto("/queues/quarantine").await;
        tab.click(&format!("summary:has-text('{what}')")).await;
        tab.fill(".ask[open] input[name=why]", "Looked at").await;
        tab.click(".ask[open] button").await;
        tab.see(&format!("text={told}")).await;
    }
    let ended = "select count(*) from arrival where released_at is not null or dropped_at is not null";
    assert_eq!(desk.count(ended).await, 2);
    desk.stop().await;
}
