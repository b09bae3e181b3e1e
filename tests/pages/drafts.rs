//! What is typed is never lost: not by a reload, a crash, a second tab, the end of the session, nor a server that is away.

use ripen_testkit::wait::until;
use serde_json::json;

use super::{Desk, desk, disposition, sign_in, take_first};
use crate::harness::{
    LIMIT,
    browser::{Tab, WIDE},
};

/// Waits until a draft of the server holds this note.
async fn kept(desk: &Desk, note: &'static str) {
    until("the draft is kept", LIMIT, || async {
        let sql = "select count(*) from desk_draft where note = $1";
        let count: i64 = sqlx::query_scalar(sql).bind(note).fetch_one(desk.scenario.installation.pool()).await.unwrap();
        (count == 1).then_some(())
    })
    .await;
}

/// How often the one draft was saved.
async fn draft_version(desk: &Desk) -> i64 {
    desk.count("select version from desk_draft").await
}

/// What this browser kept is laid over the page once the server was asked whether it has something newer.
async fn holds(tab: Tab<'_>, note: &str) {
    until("the note is there", LIMIT, || async { (tab.value("#note").await == note).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_survives_a_reload_a_crash_and_a_second_tab() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let window = desk.browser.window(&desk.scenario.process.url, WIDE).await;
    let tab = window.tab().await;
    take_first(tab, &agent).await;

    // Saved as it is typed, without a button.
    tab.fill("#note", "Lease ends in May").await;
    tab.fill("#a-timeframe_days", "45").await;
    tab.click(&disposition("voicemail")).await;
    tab.see("#saved:has-text('Saved')").await;
    kept(&desk, "Lease ends in May").await;
    tab.reload().await;
    assert_eq!(tab.value("#note").await, "Lease ends in May");
    assert_eq!(tab.value("#a-timeframe_days").await, "45");
    assert_eq!(tab.count("[name=disposition][value=voicemail]:checked").await, 1);

    // Reloaded, and dead, before anything was sent.
    tab.fill("#note", "Lease ends in June").await;
    tab.reload().await;
    holds(tab, "Lease ends in June").await;
    tab.fill("#note", "Lease ends in July").await;
    tab.crash().await;
    let tab = window.tab().await;
    tab.goto("/work").await;
    holds(tab, "Lease ends in July").await;
    kept(&desk, "Lease ends in July").await;
    // Once is enough: saved again, it would stand against what is typed in another tab meanwhile.
    tab.see("#saved:has-text('Saved')").await;
    let version = draft_version(&desk).await;

    // A second tab shows it, and neither writes over the other unasked.
    let second = window.tab().await;
    second.goto("/work").await;
    holds(second, "Lease ends in July").await;
    assert_eq!(draft_version(&desk).await, version, "a draft that is there is not saved by being shown");
    second.fill("#note", "From the second tab").await;
    kept(&desk, "From the second tab").await;
    tab.fill("#note", "From the first tab").await;
    tab.see("text=Another tab of yours saved a newer draft").await;
    assert_eq!(tab.value("#note").await, "From the first tab", "what is typed stays");
    kept(&desk, "From the second tab").await;
    tab.click("text=Keep this one").await;
    kept(&desk, "From the first tab").await;
    second.fill("#note", "The second again").await;
    second.see("text=Another tab of yours saved a newer draft").await;
    second.click("text=Show that one").await;
    second.see("#note").await;
    assert_eq!(second.value("#note").await, "From the first tab");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_second_tab_was_told_is_saved_outlives_what_the_first_one_saves() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let window = desk.browser.window(&desk.scenario.process.url, WIDE).await;
    let tab = window.tab().await;
    take_first(tab, &agent).await;
    tab.fill("#note", "tab one text").await;
    kept(&desk, "tab one text").await;
    tab.see("#saved:has-text('Saved')").await;
    let second = window.tab().await;
    second.goto("/work").await;
    holds(second, "tab one text").await;
    second.fill("#note", "tab one text PLUS wife Ann decides").await;
    kept(&desk, "tab one text PLUS wife Ann decides").await;
    second.see("#saved:has-text('Saved')").await;

    tab.click(&disposition("no_answer")).await;
    tab.click("#save").await;
    tab.see("#toast:has-text('is saved')").await;
    tab.see("text=it is kept, and there when the lead is opened again").await;
    second.see("#told-here:has-text('Your draft is kept')").await;
    kept(&desk, "tab one text PLUS wife Ann decides").await;
    second.click("text=Open it again").await;
    holds(second, "tab one text PLUS wife Ann decides").await;
    // That the lead is held no more is told by the browser too.
    desk.browser.troubles().await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_survives_the_end_of_the_session_and_a_server_that_is_away() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    desk.enquiry("Bea", "Smith", json!({"answers": {"timeframe_days": 210}})).await;
    let agent = desk.agent().await;
    let tab = desk.at_work(&agent).await;
    tab.click("#next button").await;
    tab.see("#work").await;
    desk.change("update user_session set expires_at = now() - interval '1 second'").await;
    tab.fill("#note", "Typed after the session ended").await;
    tab.see("text=You are signed out").await;
    tab.click("text=sign in again").await;
    sign_in(tab, &agent).await;
    tab.arrive("/work").await;
    tab.see("#work").await;
    until("it is back", LIMIT, || async {
        (tab.value("#note").await == "Typed after the session ended").then_some(())
    })
    .await;
    kept(&desk, "Typed after the session ended").await;

    // Saving then asks for the password too, and nothing is lost by it.
    tab.fill("#note", "Saved after the session ended").await;
    kept(&desk, "Saved after the session ended").await;
    tab.click(&disposition("no_answer")).await;
    tab.see("#saved:has-text('Saved')").await;
    desk.change("update user_session set expires_at = now() - interval '1 second'").await;
    tab.click("#save").await;
    tab.see("text=You were signed out").await;
    sign_in(tab, &agent).await;
    tab.click("button:has-text('Send it')").await;
    tab.see("#toast:has-text('is saved')").await;
    tab.see("#work").await;

    // The line is cut: what is typed is kept here, said so, and sent when it is back.
    tab.cut_off(true).await;
    tab.fill("#note", "Typed in a tunnel").await;
    tab.see("#saved:has-text('Kept in this browser, not saved yet')").await;
    tab.cut_off(false).await;
    kept(&desk, "Typed in a tunnel").await;
    tab.see("#saved:has-text('Saved')").await;

    // Closed by its cross: the draft arrives, and the lead goes back.
    tab.fill("#note", "Typed last of all").await;
    tab.close().await;
    kept(&desk, "Typed last of all").await;
    until("the lead is given back", LIMIT, || async {
        let held = desk.count("select count(*) from desk_lease where leased_until > now()").await;
        (held == 0).then_some(())
    })
    .await;
    // The session that ended, and the line that was cut, are told by the browser too.
    desk.browser.troubles().await;
    desk.stop().await;
}
