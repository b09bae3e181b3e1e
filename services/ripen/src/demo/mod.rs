//! `ripen serve --demo`: a sample firm with six weeks behind it, so that every page has something to show; then sample leads go in by
//! HTTP, and the A leads are shown as they come out at a client's webhook.

mod agent;
mod dice;
mod enquiries;
mod history;
mod manager;
mod outcomes;
mod past;
mod setting;
mod table;

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use axum::{Json, Router, http::HeaderMap, routing::post};
use jiff::SignedDuration;
use ripen_actions::{
    Actions,
    endpoint::{Destination, SetEndpoint},
    person::PersonQuery,
    source::AddSourceKey,
};
use ripen_domain::{
    actor::{Actor, System},
    delivery::ClientEvent,
    link::Links,
};
use ripen_outbound::intake::{ArrivalAnswer, ElementAnswer, IntakeClient};
use ripen_runtime::{clock::Clock, config::Settings};
use ripen_store::Store;
use serde_json::{Value, json};

use self::history::{HistoryStage, ShownSignIn};
use crate::output;

const SLUG: &str = "demo-homes";
/// Whose lead the demonstration points to.
const SAMPLE: &str = "casey@example.com";
/// Where the demonstration's own webhook receiver listens.
const RECEIVER: &str = "/demo/webhook";

/// How long the sample leads have to be graded. A machine that is busy, or builds beside it, takes its time.
const GRADED_WITHIN: Duration = Duration::from_secs(120);
/// How long they have to come out at the webhook.
const DELIVERED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A demonstration that may run here.
#[derive(Default)]
pub struct Demonstration {
    /// The sample client's webhook receiver, which prints what it is sent. Only for the demonstration: it takes posts from anybody.
    pub routes: Router,
    /// Who can be tried, where this start made them.
    sign_ins: Vec<ShownSignIn>,
}

/// Where a demonstration is to run.
pub struct DemoPlace<'a> {
    /// The database.
    pub store: &'a Store,
    /// As the process is configured.
    pub settings: &'a Settings,
    /// Folder of the installation.
    pub data_dir: &'a Path,
    /// Where the process will listen.
    pub address: SocketAddr,
    /// Where links lead.
    pub links: Option<Links>,
}

/// Makes a demonstration's past where there is none yet. Before any role runs: by their clock, all that is to happen in it is overdue.
///
/// # Errors
/// Where other clients are here and the sample is not: leads that nobody sent would stand among a firm's own.
pub async fn prepare(place: DemoPlace<'_>) -> anyhow::Result<Demonstration> {
    let DemoPlace { store, settings, data_dir, address, links } = place;
    let actor = Actor::system(System::Demo);
    let actions = Actions::new(store.clone(), Clock::system(), settings)?;
    let clients = ripen_actions::client::list(&actions, &actor).await?;
    let named = (!settings.database.url.is_empty()).then(|| "the database of database.url".to_owned());
    let named = named.unwrap_or_else(|| data_dir.display().to_string());
    let slugs: Vec<_> = clients.iter().map(|client| client.slug.as_str()).collect();
    refuse_among(&slugs, &named)?;
    let mut sign_ins = Vec::new();
    if slugs.is_empty() {
        output::say(
            "The demonstration's firm gets its past: six weeks of leads, calls and sales. This takes a moment.",
        );
        let receiver = format!("http://{address}{RECEIVER}");
        let end = actions.clock.now();
        let stage = HistoryStage { store, settings, data_dir, links, receiver: &receiver, end };
        // Boxed: it holds a whole firm, and every start without --demo would carry the room for it.
        let past = Box::pin(history::live_through(stage, &actor));
        sign_ins = past.await.context("the past of the demonstration")?;
    } else if !history::is_whole(store).await? {
        output::say(
            "The past of this demonstration was broken off, or is from an earlier version, and stays as it is. \
             For a whole one, start in an empty folder: --data-dir another-demo",
        );
    }
    Ok(Demonstration { routes: Router::new().route(RECEIVER, post(received)), sign_ins })
}

/// So many clients are named in a refusal.
const NAMED: usize = 3;

/// Refuses a place that has clients and is no demonstration's.
fn refuse_among(slugs: &[&str], place: &str) -> anyhow::Result<()> {
    if slugs.is_empty() || slugs.contains(&SLUG) {
        return Ok(());
    }
    let more = slugs.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = slugs.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    anyhow::bail!(
        "{place} has clients already ({named}{more}), and --demo would add a sample client and sample leads to them. \
         Nothing was changed. Use a folder of its own: `ripen serve --demo --data-dir demo-data`, with database.url left empty"
    )
}

async fn received(headers: HeaderMap, Json(event): Json<ClientEvent>) -> &'static str {
    // 200 for every event: a failing receiver would be retried and its circuit opened.
    let Some(data) = event.lead() else { return "ok" };
    let text = |text: Option<&String>| text.map_or("–", String::as_str).to_owned();
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or("–");
    let reasons: Vec<_> = data
        .reasons
        .get()
        .into_iter()
        .flatten()
        .map(|reason| format!("{:+} {}", reason.points.get().unwrap_or(&0), text(reason.because.get())))
        .collect();
    let name = data.lead.get().map(|lead| (lead.first_name.get(), lead.last_name.get())).unwrap_or_default();
    output::say(&format!(
        "  A lead at the webhook: {} {} ({} points: {})  [{id}]",
        text(name.0),
        text(name.1),
        data.score.get().unwrap_or(&0),
        reasons.join(", ")
    ));
    "ok"
}

impl Demonstration {
    /// Whom to sign in as beside the admin, where this start made them.
    pub fn sign_ins(&self) -> Option<String> {
        let lines = self.sign_ins.iter().map(|one| format!("  {:<9} {:<25} {}\n", one.role, one.email, one.password));
        let lines: String = lines.collect();
        (!lines.is_empty()).then(|| format!("  Or sign in as one of these, shown this once too:\n\n{lines}"))
    }
}

/// Sends the sample leads in, and says how they were graded. `ripen` is how the program is called.
///
/// # Errors
/// When a step is refused.
pub async fn run(store: &Store, address: SocketAddr, ripen: &str) -> anyhow::Result<()> {
    let base = format!("http://{address}");
    let actor = Actor::system(System::Demo);
    let actions = Actions::new(store.clone(), Clock::system(), &Settings::default())?;
    let client = ripen_actions::client::find(&actions, &actor, SLUG).await?;
    point_here(&actions, &actor, &base).await?;
    let sources = ripen_actions::source::list(&actions, &actor).await?;
    let source = sources.iter().find(|source| source.client == client.id);
    let source = source.context("the demonstration's client has no source")?.id;
    // A new key each time, because an existing key cannot be shown again; an hour is enough for a demonstration.
    let request = AddSourceKey { source, valid_for: SignedDuration::from_hours(1) };
    let key = actions.run(&actor, &request).await?;
    output::say(&format!(
        "Demonstration: {} sample leads go in at {base}/v1/leads\n",
        leads().as_array().map_or(0, Vec::len)
    ));
    // Over HTTP as any vendor: the demonstration goes through intake, not around it.
    let intake = IntakeClient::new(&base, key.reveal())?;
    let posted = intake.post(&leads()).await?;
    let mut ids = Vec::new();
    for result in &posted.results {
        if let ElementAnswer::Received { arrival, .. } = result {
            ids.push(arrival.as_str());
        }
    }
    report(&intake, &ids).await?;
    settle_deliveries(store).await;
    advise(&actions, &actor, ripen).await?;
    reps_page(store, &actions, &actor, &base).await
}

/// Points the sample's own webhook to where this start listens: the first one may have listened elsewhere.
async fn point_here(actions: &Actions, actor: &Actor, base: &str) -> anyhow::Result<()> {
    let here = format!("{base}{RECEIVER}");
    let endpoints = ripen_actions::endpoint::list(actions, actor).await?;
    // Only its own, by the path: a webhook that somebody added to the sample stays where it is.
    let own = endpoints
        .iter()
        .find(|one| one.client == SLUG && one.to.reveal().ends_with(RECEIVER) && one.to.reveal() != here);
    let Some(own) = own else { return Ok(()) };
    let to = Some(Destination::Webhook { url: here.into(), allow_private: true });
    actions.run(actor, &SetEndpoint { to, ..SetEndpoint::of(own.id) }).await?;
    Ok(())
}

/// Gives the A leads a moment to come out: what to do next stands last.
async fn settle_deliveries(store: &Store) {
    let begun = Instant::now();
    while begun.elapsed() < DELIVERED_WITHIN {
        match store.deliveries_under_way(Clock::system().now()).await {
            Ok(0) | Err(_) => return,
            Ok(_) => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
        }
    }
}

async fn advise(actions: &Actions, actor: &Actor, ripen: &str) -> anyhow::Result<()> {
    let casey = PersonQuery { email: Some(SAMPLE.to_owned()), phone: None };
    let decisions = ripen_actions::decision::list(actions, actor, &casey, Some(SLUG)).await?;
    // The list says what was decided; of one, its receipt says why.
    let newest = decisions.last().map(|newest| {
        format!("\nWhy is Casey Smith's lead what it is? In another terminal:\n  {ripen} decision show {}\n", newest.id)
    });
    output::say(&format!(
        "{}\nAll that was decided about a person:\n  {ripen} decision list --email {SAMPLE}\n\n\
         For clients of your own, stop this (Ctrl-C) and start without --demo in another folder (--data-dir).\n",
        newest.unwrap_or_default()
    ));
    Ok(())
}

/// Where a rep sees their own leads, as the mails to them say.
async fn reps_page(store: &Store, actions: &Actions, actor: &Actor, base: &str) -> anyhow::Result<()> {
    let now = actions.clock.now();
    let reps = ripen_actions::rep::list(actions, actor, SLUG).await?;
    let Some(rep) = reps.first() else { return Ok(()) };
    let links = Links::new(store.link_keys(now).await?, base);
    output::say(&format!("What {} of {SLUG} sees of their leads:\n  {}\n", rep.name, links.rep_url(rep.id, now)));
    Ok(())
}

async fn report(intake: &IntakeClient, ids: &[&str]) -> anyhow::Result<()> {
    let begun = Instant::now();
    // A bound: without a qualifier in the process nothing would ever be graded.
    while begun.elapsed() < GRADED_WITHIN {
        let statuses = intake.statuses(ids).await?;
        if statuses.iter().all(ArrivalAnswer::is_decided) {
            let quarantined = statuses.iter().filter(|status| status.is_quarantined()).count();
            let graded = statuses.len() - quarantined;
            output::say(&format!("\n{graded} leads graded, {quarantined} test lead kept apart."));
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
    anyhow::bail!(
        "the sample leads are not graded after {} s: does a qualifier run? /readyz says what is wrong",
        GRADED_WITHIN.as_secs()
    )
}

/// Leads of every kind: ready, waiting, cold, reachable by phone only, and a test.
fn leads() -> Value {
    json!([
        // The `external_id`s are fixed: a second start makes no new leads.
        {"external_id": "demo-1", "first_name": "Casey", "last_name": "Smith", "email": SAMPLE, "phone": "(415) 555-0100",
         "postal_code": "60134", "channel": "in_person", "answers": {"timeframe_days": 30, "budget": 450_000, "preapproved": true},
         "notes": "Wants a garden."},
        {"external_id": "demo-2", "first_name": "Robin", "last_name": "Lee", "email": "robin@example.com", "channel": "referral",
         "answers": {"timeframe_days": 60, "budget": 700_000, "preapproved": true}, "referred_by": "Casey Smith"},
        {"external_id": "demo-3", "first_name": "Alex", "last_name": "Kim", "email": "alex@example.com",
         "answers": {"timeframe_days": 200, "preapproved": false}},
        {"external_id": "demo-4", "first_name": "Noor", "phone": "+44 20 7031 3000", "country": "GB", "answers": {"timeframe_days": 900}},
        {"external_id": "demo-5", "name": "Test Lead", "email": "test@example.com", "test": true},
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_go_into_an_empty_place_or_a_demonstrations_own() {
        assert!(refuse_among(&[], "ripen-data").is_ok());
        assert!(refuse_among(&["acme", SLUG], "ripen-data").is_ok(), "begun as a demonstration");
        let refused = refuse_among(&["acme", "bolt", "cara", "dune", "elm"], "ripen-data").unwrap_err().to_string();
        assert!(refused.starts_with("ripen-data has clients already (acme, bolt, cara and 2 more)"), "{refused}");
        assert!(refused.contains("--data-dir"), "{refused}");
    }
}
