//! Every number on a page is a link to the list it counts: each is followed, and the rows are counted.

use std::collections::BTreeSet;

use ripen_actions::queues::QueueList;
use serde_json::json;

use super::{Desk, Person, desk, disposition};
use crate::harness::browser::{Tab, WIDE};

/// A number that stands alone and is no link. Points count nothing, keys are no numbers, seconds run down, and beside a title stands the
/// count of the list below it.
const BARE: &str = "main :not(a, a *, :has(a), .score, .big-score, .faint, .head .dim, #toast *, option, code, kbd, time):text-matches(\"^[1-9][0-9,]*\\\\+?$\")";

/// Leads that wait, are late, were tried, stand still; of two clients.
async fn stage(desk: &Desk) {
    let other = desk.scenario.installation.client("zenith").await;
    let mut leads = Vec::new();
    for (n, first) in ["Ada", "Ben", "Cleo", "Dev", "Eva", "Fay", "Gus"].into_iter().enumerate() {
        let answers = json!({"answers": {"timeframe_days": 100 * n + 50}});
        leads.push(match n % 3 {
            2 => desk.enquiry_at(&other, (first, "Jones"), answers).await,
            _ => desk.enquiry(first, "Jones", answers).await,
        });
    }
    // One person came twice.
    desk.enquiry("Hal", "Jones", json!({"email": "hal@example.com"})).await;
    desk.scenario.post(&json!({"email": "hal@example.com", "answers": {"timeframe_days": 20}})).await;
    let touch = async |n: usize, more: &[&str]| desk.scenario.touch(&leads[n], more).await;
    touch(0, &["--disposition", "no_answer"]).await;
    touch(1, &["--disposition", "never_enquired"]).await;
    for n in [2, 3] {
        touch(n, &["--disposition", "call_back", "--next", "2d", "--why", "has the letter by then"]).await;
    }
    desk.change("update promise set due_at = now() - interval '3 hours', created_at = now() - interval '1 day' where agreed and state = 'scheduled'").await;
    desk.scenario.post(&json!({"email": "t@example.com", "test": true})).await;
    ripen_testkit::wait::until("both are late", crate::harness::LIMIT, || async {
        let late = desk.count("select count(*) from promise where agreed and state = 'work'").await;
        let kept = desk.count("select count(*) from arrival where state = 'quarantined'").await;
        let whole = desk.count("select count(*) from lead where arrivals = 2").await;
        (late == 2 && kept == 1 && whole == 1).then_some(())
    })
    .await;
}

/// Follows every number of a page. How many there were.
async fn follow(tab: Tab<'_>, page: &str) -> usize {
    tab.goto(page).await;
    let bare = tab.all(BARE, "").await;
    assert!(bare.is_empty(), "{page}: numbers without a list: {bare:?}");
    let (hrefs, counts) = (tab.all("[data-count]", "href").await, tab.all("[data-count]", "data-count").await);
    let numbers: BTreeSet<_> = hrefs.into_iter().zip(counts).collect();
    for (href, count) in &numbers {
        // Within the page that is open nothing is asked for, and there is no answer.
        let is_within = href.starts_with(page) && href[page.len()..].starts_with('#');
        assert_eq!(tab.goto(href).await, if is_within { 0 } else { 200 }, "{href}");
        let list = href.split_once('#').map_or_else(|| "main".to_owned(), |(_, id)| format!("#{id}"));
        let rows = tab.count(&format!("{list} [data-list] > tbody > tr, {list} ol[data-list] > li")).await;
        assert_eq!(rows.to_string(), *count, "{page}: {href}");
    }
    numbers.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_leads_to_a_list_of_as_many() {
    let Some(desk) = desk().await else { return };
    stage(&desk).await;
    let sign_in = async |person: Person| desk.signed_in(&person, WIDE).await;
    let manager = sign_in(desk.person("Mona Reyes", "manager", &[]).await).await;
    let queues = follow(manager, "/").await;
    assert!(queues >= 8, "{queues} numbers at the queues");
    let leads = follow(manager, "/leads?view=all").await;
    assert!(leads >= 8 + 8, "{leads} numbers at the leads");
    for list in QueueList::all() {
        follow(manager, &format!("/queues/{}", list.word())).await;
    }
    for view in ["open", "late", "closed"] {
        follow(manager, &format!("/leads?view={view}&client=zenith")).await;
    }
    manager.goto("/leads?view=all").await;
    for lead in manager.all(".leads-table .name a", "href").await {
        follow(manager, &lead).await;
    }

    let broker = sign_in(desk.person("Bo Larsen", "broker", &["--client", "acme"]).await).await;
    follow(broker, "/leads").await;
    let agent = sign_in(desk.agent().await).await;
    // One call made, the next lead given back: the page without a lead counts both the day and what waits.
    agent.press("n").await;
    agent.see("#work").await;
    agent.click(&disposition("no_answer")).await;
    agent.click("#save").await;
    agent.see("#toast").await;
    agent.see("#work").await;
    agent.press("Escape").await;
    agent.see("#idle").await;
    let idle = follow(agent, "/work").await;
    assert!(idle >= 8, "{idle} numbers where no lead is open");
    follow(agent, "/work/ready").await;
    agent.goto("/work").await;
    agent.press("n").await;
    agent.see("#work").await;
    follow(agent, "/work").await;
    desk.stop().await;
}
