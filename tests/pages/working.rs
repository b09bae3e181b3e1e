//! A day's work: three leads with the mouse, three with the keys alone, a call back by the lead's clock, and what was taken back.

use serde_json::json;

use super::{desk, disposition};
use crate::harness::browser::{WIDE, WindowLook};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_three_leads_with_the_mouse() {
    let Some(desk) = desk().await else { return };
    for first in ["Ada", "Ben", "Cleo"] {
        desk.enquiry(first, "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    }
    let tab = desk.at_work(&desk.agent().await).await;
    tab.click("#next button").await;
    tab.see("#work").await;

    // The first becomes an A: said while it is typed, before it is saved, and after.
    assert!(tab.text(".who .why").await.contains("nobody has called yet"));
    assert_eq!(tab.text("#grade .g.big").await, "B");
    tab.fill("#a-timeframe_days", "30").await;
    tab.fill("#a-budget", "450000").await;
    tab.click("label:has([name='a.preapproved'][value=yes])").await;
    tab.see("#grade .g.big.A").await;
    tab.click(&disposition("answered")).await;
    tab.see("#after:has-text('Becomes A and goes to')").await;
    assert!(tab.text("#after").await.contains("take it back for 20 s"), "{}", tab.text("#after").await);
    tab.see("#save:has-text('send to')").await;
    tab.fill("#note", "Lease ends in May").await;
    let name = tab.text("h1").await;
    tab.click("#save").await;
    tab.see(&format!("#toast:has-text('{name} is saved as A')")).await;
    assert_ne!(tab.text("h1").await, name, "the next one");

    // The others are not reached.
    tab.click(&disposition("no_answer")).await;
    tab.see("#after:has-text('tried again')").await;
    tab.click("#save").await;
    tab.see("#toast:has-text('is saved')").await;
    tab.click(&disposition("voicemail")).await;
    tab.click("#save").await;
    tab.see("#idle").await;
    let day = tab.text(".day").await;
    assert!(day.contains('3') && day.contains("No answer") && day.contains("Voicemail"), "{day}");
    assert_eq!(desk.count("select count(*) from touch where disposition <> 'note'").await, 3);
    assert_eq!(desk.count("select count(*) from lead where grade = 'A'").await, 1);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_three_leads_with_the_keys_alone() {
    let Some(desk) = desk().await else { return };
    for first in ["Ada", "Ben", "Cleo"] {
        desk.enquiry(first, "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    }
    let tab = desk.tab(WIDE).await;
    let agent = desk.agent().await;
    tab.goto("/").await;
    tab.goto("/login").await;
    // The form has the focus.
    tab.type_text(&agent.email).await;
    tab.press("Tab").await;
    tab.type_text(&agent.password).await;
    tab.press("Enter").await;
    tab.arrive("/work").await;
    tab.see("#idle").await;
    tab.press("n").await;
    tab.see("#work").await;
    let first = tab.text("h1").await;

    // Into the question, the answer, and with Alt the disposition from inside of the field.
    tab.tab_to("a-timeframe_days").await;
    tab.press("Control+a").await;
    tab.type_text("30").await;
    tab.press("Tab").await;
    tab.type_text("450000").await;
    tab.press("Alt+1").await;
    tab.see("#after:has-text('Stays B')").await;
    tab.tab_to("note").await;
    // Letters and digits in a field are text.
    tab.type_text("n 1 z: rings 2 times").await;
    assert_eq!(tab.value("#note").await, "n 1 z: rings 2 times");
    tab.press("Alt+n").await;
    tab.see(&format!("#toast:has-text('{first} is saved')")).await;

    // Taken back by its key, corrected, saved again.
    tab.press("z").await;
    tab.see("text=Taken back").await;
    assert_eq!(tab.text("h1").await, first);
    assert_eq!(tab.value("#note").await, "n 1 z: rings 2 times", "typed once");
    // What was answered is the draft's again: whoever says now that nobody answered is asked which it is.
    tab.press("3").await;
    tab.press("n").await;
    tab.see("#troubles:has-text('reached nobody')").await;
    tab.press("1").await;
    tab.press("n").await;
    tab.see(&format!("#toast:has-text('{first} is saved')")).await;

    // The second is promised a call, by keys of the picker; the third is given back.
    tab.press("4").await;
    tab.see("#picker").await;
    tab.press("Escape").await;
    tab.miss("#picker").await;
    tab.press("4").await;
    tab.see("#picker").await;
    tab.press("t").await;
    tab.see("#save:has-text('Promise')").await;
    tab.press("n").await;
    tab.see("#toast:has-text('is saved')").await;
    let third = tab.text("h1").await;
    tab.press("Escape").await;
    tab.see("text=The lead is given back").await;
    tab.press("i").await;
    tab.type_text("nobody").await;
    tab.press("Enter").await;
    tab.see("text=That is no telephone number").await;
    tab.press("Escape").await;
    tab.press("n").await;
    tab.see("#work").await;
    assert_eq!(tab.text("h1").await, third, "nobody else had it");
    tab.press("2").await;
    tab.press("n").await;
    tab.see("#idle").await;
    assert_eq!(desk.count("select count(*) from touch where disposition = 'call_back'").await, 1);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_times_for_a_call_back_are_seen_wherever_the_page_stands() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    // So low that the script is longer than the window.
    let tab = desk.signed_in(&desk.agent().await, WindowLook { height: 520, ..WIDE }).await;
    tab.arrive("/work").await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.tab_to("note").await;
    tab.press("Control+End").await;
    tab.press("Alt+4").await;
    tab.see("#picker").await;
    assert!(tab.is_in_sight("#picker > footer").await, "the times are out of sight");
    // What was typed goes on where it was.
    tab.type_text("x").await;
    assert_eq!(tab.value("#note").await, "x");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_goes_everywhere_by_keys() {
    let Some(desk) = desk().await else { return };
    for first in ["Ada", "Ben", "Cleo"] {
        desk.enquiry(first, "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    }
    let tab = desk.at_work(&desk.agent().await).await;
    tab.press("g").await;
    tab.press("l").await;
    tab.arrive("/leads").await;
    tab.press("/").await;
    tab.type_text("jones").await;
    tab.press("Enter").await;
    tab.see("text=3 found").await;
    tab.tab_to("Ada Jones").await;
    tab.press("Enter").await;
    tab.arrive("/leads/lead_").await;
    tab.press("e").await;
    tab.see("#do #note:focus").await;
    tab.type_text("Has a dog").await;
    tab.press("Tab").await;
    tab.press("Enter").await;
    tab.see("blockquote:has-text('Has a dog')").await;
    tab.press("m").await;
    tab.see("text=To when").await;
    tab.press("Escape").await;
    tab.press("?").await;
    tab.arrive("/keys").await;
    tab.press("g").await;
    tab.press("w").await;
    tab.arrive("/work").await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alt_works_on_a_choice_too_and_esc_gives_no_lead_away_that_is_in_hand() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let tab = desk.at_work(&desk.agent().await).await;
    tab.click("#next button").await;
    tab.see("#work").await;
    tab.click(&disposition("no_answer")).await;
    tab.see("[name=disposition][value=no_answer]:checked").await;
    // The focus is on the choice.
    tab.press("Alt+1").await;
    tab.see("[name=disposition][value=answered]:checked").await;
    tab.press("Escape").await;
    tab.see("text=it is not given back by Esc").await;
    tab.see("#work").await;
    tab.click("text=Give it back").await;
    tab.see("text=The lead is given back").await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_back_is_picked_by_the_clock_where_the_person_is() {
    let Some(desk) = desk().await else { return };
    let lead = desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let tab = desk.at_work(&desk.agent().await).await;
    tab.click("#next button").await;
    tab.click(&disposition("call_back")).await;
    tab.see("#picker").await;
    let said = tab.text("#picker > header").await;
    assert!(said.contains("Times are Chicago, where Ada is. You are in Berlin, 7 h ahead."), "{said}");

    // A day alone is no promise yet.
    tab.click(".days label >> nth=2").await;
    tab.see("#said:has-text('Choose a day and a time')").await;
    let day = tab.attribute(".days input >> nth=2", "value").await;
    tab.fill("#cb_date", &day).await;
    tab.fill("#cb_clock", "10:30").await;
    tab.see("#said:has-text('10:30 Chicago')").await;
    tab.see("#said:has-text('17:30 for you')").await;
    tab.see("#save:has-text('10:30')").await;
    tab.fill("#cb_why", "has the letter by then").await;
    tab.click("#save").await;
    tab.see("#toast:has-text('is saved')").await;

    let sql = "select to_char(due_at at time zone 'America/Chicago', 'YYYY-MM-DD HH24:MI') || ' ' || why
               from promise where agreed and state = 'scheduled'";
    let promised: String = sqlx::query_scalar(sql).fetch_one(desk.scenario.installation.pool()).await.unwrap();
    assert_eq!(promised, format!("{day} 10:30 has the letter by then"));
    tab.goto(&format!("/leads/{lead}")).await;
    let step = tab.text("[aria-labelledby=h-step]").await;
    assert!(step.contains("Promised call") && step.contains("Agreed with the person by Dana Okafor"), "{step}");

    // A time that is past there is refused at once, and what was typed stays.
    tab.click("text=Take and call").await;
    tab.see("#work").await;
    tab.click(&disposition("call_back")).await;
    tab.fill("#cb_date", "2020-01-02").await;
    tab.fill("#cb_clock", "10:30").await;
    tab.see("#said:has-text('That is past there')").await;
    tab.click("#save").await;
    tab.see("#troubles").await;
    assert_eq!(tab.value("#cb_date").await, "2020-01-02");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_is_taken_back_within_its_seconds_and_not_after() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let tab = desk.at_work(&desk.agent().await).await;
    tab.click("#next button").await;
    tab.fill("#a-timeframe_days", "30").await;
    tab.fill("#a-budget", "450000").await;
    tab.click("label:has([name='a.preapproved'][value=yes])").await;
    tab.click(&disposition("answered")).await;
    tab.fill("#note", "Wants the house at the lake").await;
    tab.click("#save").await;
    tab.see("#toast:has-text('is saved as A')").await;
    tab.see("#toast [data-left]").await;
    tab.click("#toast button").await;
    tab.see("text=Taken back: the lead is as it was before").await;
    assert_eq!(tab.value("#note").await, "Wants the house at the lake");
    assert_eq!(tab.value("#a-timeframe_days").await, "30");
    assert_eq!(desk.count("select count(*) from lead where grade = 'A'").await, 0);
    assert_eq!(desk.scenario.receiver.count(), 0, "nothing was sent");

    // Saved again, and the time is over.
    tab.click(&disposition("answered")).await;
    tab.click("#save").await;
    tab.see("#toast:has-text('is saved')").await;
    desk.change("update desk_undo set until = now() - interval '1 second' where done_at is null").await;
    tab.click("#toast button").await;
    tab.see("text=The time to take it back is over").await;
    assert_eq!(desk.count("select count(*) from lead where grade = 'A'").await, 1);
    desk.stop().await;
}
