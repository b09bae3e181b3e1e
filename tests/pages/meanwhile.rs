//! What happens elsewhere while a page is open: another tab saves the call, somebody stops the lead; and what is typed off the work
//! page, which no reload takes.

use ripen_testkit::wait::until;
use serde_json::json;

use super::{Desk, desk, disposition, plan, take_first};
use crate::harness::{
    LIMIT,
    browser::{Browser, WIDE},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_is_told_at_once_of_what_another_saved_and_saves_nothing_more() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let window = desk.browser.window(&desk.scenario.process.url, WIDE).await;
    let tab = window.tab().await;
    take_first(tab, &agent).await;
    let second = window.tab().await;
    second.goto("/work").await;
    second.see("#work").await;
    tab.click(&disposition("answered")).await;
    tab.click("#save").await;
    tab.see("#toast:has-text('is saved')").await;
    second.see("#told-here:has-text('You saved it on')").await;
    second.fill("#note", "From the second tab").await;
    second.click(&disposition("not_interested")).await;
    second.click("#save").await;
    second.see("#lost:has-text('You saved it on')").await;
    assert_eq!(second.value("#note").await, "From the second tab");
    assert_eq!(desk.count("select count(*) from touch").await, 1);
    second.click("text=Open it again").await;
    second.see("#work").await;
    until("the draft is there", LIMIT, || async {
        (second.value("#note").await == "From the second tab").then_some(())
    })
    .await;
    // What was refused on the way is no fault of the page.
    desk.browser.troubles().await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_stopped_while_it_is_open_says_so_and_keeps_the_note() {
    let Some(desk) = desk().await else { return };
    let lead = desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let tab = desk.at_work(&agent).await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.see("#live:not(.off)").await;
    tab.fill("#note", "Likes gardens").await;
    desk.scenario.touch(&lead, &["--disposition", "do_not_contact"]).await;
    tab.see("#over-here:has-text('Stop here')").await;
    tab.click("text=Keep the note, next").await;
    tab.see("text=Your note is kept on it").await;
    assert_eq!(desk.count("select count(*) from note where text = 'Likes gardens'").await, 1);
    tab.goto(&format!("/leads/{lead}")).await;
    tab.see("blockquote:has-text('Likes gardens')").await;
    desk.browser.troubles().await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_saving_will_do_is_said_anew_when_somebody_else_changes_the_client() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let tab = desk.at_work(&agent).await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.see("#live:not(.off)").await;
    tab.click(&disposition("no_answer")).await;
    tab.see("#after:has-text('tried again')").await;
    tab.fill("#note", "Rang out").await;
    desk.scenario.installation.json(&["client", "pause", "acme"]).await;
    tab.see("#after:has-text('is paused')").await;
    tab.see("#note:focus").await;
    assert_eq!(tab.value("#note").await, "Rang out");
    desk.browser.troubles().await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_changed_while_it_is_open_is_said_and_shown_when_whoever_calls_wants_it() {
    let Some(desk) = desk().await else { return };
    let lead = desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let tab = desk.at_work(&agent).await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.see("#live:not(.off)").await;
    tab.fill("#note", "A stranger").await;
    desk.change("update person set phone = '+13125550177'").await;
    desk.scenario.touch(&lead, &["--disposition", "note", "--note", "They rang"]).await;
    tab.see("#number-here:has-text('it is +1 312-555-0177 now')").await;
    tab.click("text=Show it").await;
    tab.see("#which-number:has-text('312-555-0177')").await;
    assert_eq!(tab.value("#note").await, "A stranger");
    desk.browser.troubles().await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_typed_off_the_work_page_survive_a_reload_and_are_gone_once_saved() {
    let Some(desk) = desk().await else { return };
    let lead = desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let tab = desk.at_work(&agent).await;
    for open in ["note", "close"] {
        let (path, field) = (format!("/leads/{lead}?open={open}"), if open == "note" { "#note" } else { "#why-text" });
        tab.goto(&path).await;
        tab.fill(field, "Half a sentence").await;
        tab.reload().await;
        tab.see("text=What you typed here before is back").await;
        assert_eq!(tab.value(field).await, "Half a sentence");
        // Another page of the desk and back.
        tab.goto("/leads").await;
        tab.goto(&path).await;
        assert_eq!(tab.value(field).await, "Half a sentence");
        tab.click("text=Throw it away").await;
        assert_eq!(tab.value(field).await, "");
        tab.reload().await;
        assert_eq!(tab.value(field).await, "");
    }
    tab.goto(&format!("/leads/{lead}?open=note")).await;
    tab.fill("#note", "A whole one").await;
    tab.click("text=Keep the note").await;
    tab.see("text=The note is kept").await;
    tab.goto(&format!("/leads/{lead}?open=note")).await;
    assert_eq!(tab.value("#note").await, "", "it is saved, and no draft any more");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_whose_field_changed_meanwhile_is_kept_and_offered() {
    let Some(desk) = desk().await else { return };
    let lead = desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let tab = desk.at_work(&desk.agent().await).await;
    let path = format!("/leads/{lead}?open=person");
    tab.goto(&path).await;
    tab.fill("#postal_code", "60601").await;
    desk.change("update person set postal_code = '60699'").await;
    for _ in 0..2 {
        tab.goto(&path).await;
        tab.see("#do .hint:has-text('you typed “60601” here, and somebody else changed it meanwhile')").await;
        assert_eq!(tab.value("#postal_code").await, "60699");
        // What is typed beside it does not throw it away.
        tab.fill("#locale", "es").await;
    }
    // Nor does saving that.
    tab.click("text=Correct the contact data").await;
    tab.see("[data-kept-until]").await;
    tab.goto(&path).await;
    tab.see("#do .hint:has-text('you typed “60601” here, and somebody else changed it meanwhile')").await;
    assert_eq!(tab.value("#locale").await, "es");
    tab.click("text=Put mine there").await;
    assert_eq!(tab.value("#postal_code").await, "60601");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caret_stands_behind_a_draft_and_what_was_saved_can_be_taken_back_after_a_look_elsewhere() {
    let Some(browser) = Browser::start().await else { return };
    // Longer than any machine takes for a look elsewhere.
    let scenario = plan().await.set("QUALIFIER__UNDO_S", "600").serve().await;
    let desk = Desk { scenario, browser };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.agent().await;
    let tab = desk.at_work(&agent).await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.fill("#note", "half a note, ").await;
    until("the draft is kept", LIMIT, || async {
        (desk.count("select count(*) from desk_draft where note = 'half a note, '").await == 1).then_some(())
    })
    .await;
    tab.reload().await;
    tab.see("#work").await;
    until("the draft is there", LIMIT, || async { (tab.value("#note").await == "half a note, ").then_some(()) }).await;
    tab.press("e").await;
    tab.type_text("and the rest").await;
    assert_eq!(tab.value("#note").await, "half a note, and the rest");
    tab.press("Escape").await;
    tab.click(&disposition("no_answer")).await;
    tab.click("#save").await;
    tab.see("#toast:has-text('is saved')").await;
    tab.goto("/leads").await;
    tab.goto("/work").await;
    tab.see("#toast button:has-text('Take back')").await;
    tab.press("z").await;
    tab.see("text=Taken back").await;
    assert_eq!(tab.value("#note").await, "half a note, and the rest");
    desk.stop().await;
}
