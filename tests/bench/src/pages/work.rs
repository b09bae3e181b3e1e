//! Ten agents at once: each takes the next lead, types, has the grade shown, says what happened, has the next one and reads there what
//! was decided. No lead comes to two of them.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{
    fill::Account,
    visitor::{Visitor, attribute, hidden},
};
use crate::{
    process::Process,
    report::{Aim, Report},
};

const SAVE_AND_NEXT_MS: f64 = 100.0;
const PREVIEW_MS: f64 = 50.0;
const DECIDED_MS: f64 = 200.0;
/// A page hears when there is news and asks at once: this is as quick as that.
const ASK_EVERY: Duration = Duration::from_millis(10);
const DECIDED_WITHIN: Duration = Duration::from_secs(60);

/// What one agent did.
#[derive(Default)]
struct Worked {
    leads: Vec<String>,
    previews: Vec<Duration>,
    saves: Vec<Duration>,
    /// From the answer to what happened until the decision is read.
    decisions: Vec<Duration>,
}

/// One agent alone, then all of them at once, each for so long.
pub async fn measure(report: &mut Report, when: &str, (process, accounts): (&Process, &[Account]), seconds: u64) {
    let agents: Vec<_> = accounts.iter().filter(|account| account.role == "agent").collect();
    let mut seen = HashSet::new();
    for count in [1, agents.len()] {
        let begun = Instant::now();
        let mut working = JoinSet::new();
        for agent in &agents[..count] {
            let visitor = Visitor::sign_in(process.address, &agent.email, &agent.password).await;
            working.spawn(work(visitor, Duration::from_secs(seconds)));
        }
        let mut all = Worked::default();
        let mut fewest = usize::MAX;
        while let Some(one) = working.join_next().await {
            let one = one.expect("no agent panics");
            fewest = fewest.min(one.leads.len());
            for lead in one.leads {
                assert!(seen.insert(lead.clone()), "{lead} came twice");
                all.leads.push(lead);
            }
            all.previews.extend(one.previews);
            all.saves.extend(one.saves);
            all.decisions.extend(one.decisions);
        }
        let rate = all.leads.len() as f64 / begun.elapsed().as_secs_f64();
        all.previews.sort_unstable();
        all.saves.sort_unstable();
        all.decisions.sort_unstable();
        let whose = if count == 1 { "one agent".to_owned() } else { format!("{count} agents at once") };
        report.times(&format!("{when}, {whose}: save and next"), &all.saves, Some(Aim::Below(SAVE_AND_NEXT_MS)));
        report.times(&format!("{when}, {whose}: grade as typed"), &all.previews, Some(Aim::Below(PREVIEW_MS)));
        report.times(&format!("{when}, {whose}: decision read"), &all.decisions, Some(Aim::Below(DECIDED_MS)));
        report.add(format!("{when}, {whose}: leads, none twice"), all.leads.len() as f64, "");
        report.add(format!("{when}, {whose}: leads"), rate, "/s");
        report.add(format!("{when}, {whose}: the fewest that an agent had"), fewest as f64, "");
    }
}

async fn work(mut agent: Visitor, time: Duration) -> Worked {
    let mut worked = Worked::default();
    let begun = Instant::now();
    let first = agent.post("/work/next", &[]).await;
    let mut page = agent.follow(first).await.answer.body;
    for round in 0_usize.. {
        let lead = hidden(&page, "lead").expect("there is work for every agent");
        worked.leads.push(lead.clone());
        let [lease, touch, version] = ["lease", "touch", "version"].map(|name| hidden(&page, name).unwrap_or_default());
        let mut form = vec![
            ("lead", lead.as_str()),
            ("lease", &lease),
            ("touch", &touch),
            ("version", &version),
            ("note", "Asked about the garden; the lease ends in May."),
        ];
        // Who reached nobody has no answers.
        form.extend(match round.is_multiple_of(3) {
            true => vec![("a.timeframe_days", "30"), ("a.budget", "450000"), ("disposition", "answered")],
            false => vec![("disposition", "no_answer")],
        });
        let shown = agent.post("/work/preview", &form).await;
        assert_eq!(shown.answer.status, 200, "the grade is shown: {}", shown.answer.body);
        worked.previews.push(shown.took);
        if begun.elapsed() > time {
            // The next measurement begins with nothing open. Whoever is handed this one then is the only one who works it.
            agent.post("/work/leave", &form).await;
            worked.leads.pop();
            return worked;
        }
        let saved = agent.post("/work/dispose", &form).await;
        let at = Instant::now();
        let next = agent.follow(saved).await;
        worked.saves.push(next.took);
        page = next.answer.body;
        read_decision(&mut agent, &page).await;
        worked.decisions.push(at.elapsed());
    }
    worked
}

/// Asks what became of what was just saved until it is decided, as the script of the page does.
async fn read_decision(agent: &mut Visitor, page: &str) {
    let toast = |page: &str| page.split_once("id=\"toast\"").map(|(_, rest)| rest.to_owned());
    let Some(mut shown) = toast(page) else { return };
    let [saved, lead, until] = ["data-saved", "data-lead", "data-until"]
        .map(|name| attribute(&shown, name).expect("what was saved says what it is"));
    let address = format!("/work/saved?saved={saved}&lead={lead}&until={until}");
    let begun = Instant::now();
    while shown.split('>').next().is_some_and(|form| form.contains("data-pending")) {
        assert!(begun.elapsed() < DECIDED_WITHIN, "{lead} is not decided");
        tokio::time::sleep(ASK_EVERY).await;
        shown = toast(&agent.get(&address).await.answer.body).expect("what was saved is told");
    }
}
