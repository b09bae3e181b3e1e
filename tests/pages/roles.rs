//! Who sees and does what: a user is paused, a broker reads, an admin invites.

use ripen_testkit::wait::until;
use serde_json::json;

use super::{Desk, desk, disposition, plan};
use crate::{
    cases::unquoted,
    harness::{
        LIMIT,
        browser::{Browser, NARROW, WIDE},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_is_paused_is_out_and_the_lead_goes_to_a_colleague() {
    let Some(desk) = desk().await else { return };
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    let agent = desk.at_work(&desk.agent().await).await;
    agent.click("#next button").await;
    agent.see("h1:has-text('Ada Jones')").await;
    let admin = desk.signed_in(&desk.person("Alex Kim", "admin", &[]).await, WIDE).await;
    // By the account's clock, and by the browser's where that names none: it is known from the first page on.
    desk.change("update user_account set time_zone = null where role = 'admin'").await;
    admin.goto("/account").await;
    admin.see("[aria-labelledby=h-zone] .hint:has-text('Auckland')").await;
    admin.goto("/queues").await;
    admin.see("[aria-labelledby=h-agents] tr:has-text('Dana Okafor'):has-text('Ada Jones')").await;
    admin.press("g").await;
    admin.press("u").await;
    admin.arrive("/users").await;
    admin.click("text=Pause Dana Okafor").await;
    admin.see("text=Let in Dana Okafor").await;

    agent.fill("#note", "Typed while paused").await;
    agent.see("text=You are signed out").await;
    desk.browser.troubles().await;
    let colleague = desk.at_work(&desk.person("Kofi Mensah", "agent", &[]).await).await;
    colleague.press("n").await;
    colleague.see("h1:has-text('Ada Jones')").await;
    assert_eq!(colleague.value("#note").await, "", "a draft is its writer's");
    colleague.click(&disposition("no_answer")).await;
    colleague.click("#save").await;
    colleague.see("#toast:has-text('is saved')").await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_sees_the_own_clients_leads_and_nothing_else() {
    let Some(desk) = desk().await else { return };
    let other = desk.scenario.installation.client("zenith").await;
    // Brokers read who a lead is once they have it.
    let hot = json!({"answers": {"timeframe_days": 30, "budget": 450_000, "preapproved": true}});
    let own = desk.enquiry("Ada", "Jones", hot).await;
    desk.delivered().await;
    let foreign = desk.enquiry_at(&other, ("Zoe", "Jones"), json!({"answers": {"timeframe_days": 200}})).await;
    let broker = desk.person("Bo Larsen", "broker", &["--client", "acme"]).await;
    let tab = desk.signed_in(&broker, WIDE).await;
    tab.arrive("/leads").await;
    assert_eq!(tab.all(".rail .item span", "").await, ["Leads"]);
    assert_eq!(tab.count(".leads-table tbody tr").await, 1);
    tab.fill("#find", "jones").await;
    tab.press("Enter").await;
    tab.see("text=1 found").await;
    assert_eq!(tab.goto(&format!("/leads/{own}")).await, 200);
    assert_eq!(tab.count(".acts form, .acts .btn").await, 0, "brokers change nothing here");
    for path in [&format!("/leads/{foreign}"), "/work", "/queues", "/users", "/audit", "/leads/new", "/style"] {
        assert_eq!(tab.goto(path).await, 404, "{path}");
        assert_eq!(tab.text("h1").await, "There is nothing here", "{path}");
        let html = tab.html().await;
        assert!(!html.contains("Zoe") && !html.contains("zenith") && !html.contains("ZENITH"), "{path}");
    }
    let refused = tab.goto("/leads?client=zenith").await;
    assert_eq!(refused, tab.goto("/leads?client=nobody").await, "another's client is as one that there is not");
    desk.stop().await;
}

/// The page that a mail's link leads to.
fn link(text: &str) -> String {
    let at = text.find("/welcome/").unwrap_or_else(|| panic!("{text}"));
    text[at..].chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '/').collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_chooses_a_password_and_works() {
    let Some(browser) = Browser::start().await else { return };
    let scenario = plan().await.mail_server().set("FIRM__NAME", "Lakefront Leads").serve().await;
    let desk = Desk { scenario, browser };
    let admin = desk.signed_in(&desk.person("Alex Kim", "admin", &[]).await, WIDE).await;
    admin.goto("/users").await;
    admin.fill("#email", "lee@firm.example").await;
    admin.fill("#name", "Lee Park").await;
    admin.choose("#role", "agent").await;
    admin.click("text=Add and mail an invitation").await;
    admin.see(".notice:has-text('lee@firm.example is mailed an invitation')").await;
    let mail = desk.scenario.mail("You can sign in at the desk").await;
    let page = link(&unquoted(&mail));

    let lee = desk.tab(NARROW).await;
    assert_eq!(lee.goto(&page).await, 200);
    assert_eq!(lee.value("#zone").await, "Pacific/Auckland", "where the browser is, before there is a cookie");
    lee.fill("#zone", "Europe/Paris").await;
    lee.fill("#chosen", "short").await;
    lee.click("text=Set it and sign in").await;
    lee.see("#chosen-e").await;
    assert_eq!(lee.value("#zone").await, "Europe/Paris", "what was typed stays");
    lee.fill("#chosen", "eleven blue boats").await;
    lee.click("text=Set it and sign in").await;
    lee.arrive("/work").await;
    assert_eq!(lee.goto(&page).await, 410, "once");
    lee.goto("/account").await;
    lee.see("[aria-labelledby=h-zone] .hint:has-text('Paris')").await;
    lee.goto("/work").await;
    desk.enquiry("Ada", "Jones", json!({"answers": {"timeframe_days": 200}})).await;
    lee.click("#next button").await;
    lee.see("h1:has-text('Ada Jones')").await;
    // On a phone the dispositions open from the foot.
    lee.click(".dock-bar label").await;
    lee.click(&disposition("no_answer")).await;
    lee.click("#save").await;
    lee.see("#toast:has-text('is saved')").await;

    // A password that is forgotten is replaced by mail, and the old one opens nothing.
    let tab = desk.tab(WIDE).await;
    tab.goto("/login").await;
    tab.click("text=Forgot your password?").await;
    tab.fill("#email", "lee@firm.example").await;
    tab.click("text=Mail me a link").await;
    tab.see("text=a mail with a link is on its way").await;
    let mail = until("the other mail", LIMIT, || async {
        let all = desk.scenario.mailbox.received();
        all.into_iter().rev().find(|mail| link_of(mail).is_some_and(|found| found != page))
    })
    .await;
    tab.goto(&link_of(&mail).unwrap()).await;
    tab.fill("#chosen", "twelve red trains").await;
    tab.click("text=Set it and sign in").await;
    tab.arrive("/work").await;
    tab.click(".top summary").await;
    tab.click("text=Sign out").await;
    tab.fill("#email", "lee@firm.example").await;
    tab.fill("#password", "eleven blue boats").await;
    tab.press("Enter").await;
    tab.see("text=This mail and password do not go together").await;
    assert_eq!(tab.value("#email").await, "lee@firm.example", "what was typed stays");
    desk.browser.troubles().await;
    desk.stop().await;
}

fn link_of(mail: &ripen_testkit::mailbox::ReceivedMail) -> Option<String> {
    let text = unquoted(mail);
    text.contains("/welcome/").then(|| link(&text))
}
