//! `ripen serve --demo`: a sample client with two sources, criteria, a webhook and a rep; sample leads go in by HTTP, and the
//! A leads are shown as they come out at the webhook.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::{Json, Router, http::HeaderMap, routing::post};
use jiff::SignedDuration;
use ripen_actions::{
    Actions,
    client::AddClient,
    criteria::ActivateCriteria,
    endpoint::{AddEndpoint, Destination},
    rep::AddRep,
    source::{AddSource, AddSourceKey},
};
use ripen_domain::{
    actor::{Actor, System},
    delivery::ClientEvent,
    lead::Channel,
};
use ripen_outbound::intake::{ArrivalAnswer, ElementAnswer, IntakeClient};
use ripen_runtime::{clock::Clock, config::Settings};
use ripen_store::{Store, client::record::ClientRecord, source::record::SourceFormat};
use serde_json::{Value, json};

use crate::output;

const SLUG: &str = "demo-homes";
/// Whose lead the demonstration points to.
const SAMPLE: &str = "casey@example.com";
const DOCUMENT: &str = include_str!("../../../deploy/criteria/web-enquiry.toml");
/// Where the demonstration's own webhook receiver listens.
const RECEIVER: &str = "/demo/webhook";

/// The sample client's webhook receiver: prints what it is sent.
pub fn routes() -> Router {
    Router::new().route(RECEIVER, post(received))
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

/// Sets the sample up where it is not there yet, sends the leads in, and says how they were graded.
///
/// # Errors
/// When a step is refused.
pub async fn run(store: &Store, address: SocketAddr) -> anyhow::Result<()> {
    let base = format!("http://{address}");
    let actor = Actor::system(System::Demo);
    let actions = Actions::new(store.clone(), Clock::system(), &Settings::default())?;
    // By the slug, so that a second start finds the sample instead of adding another.
    let known = ripen_actions::client::list(&actions, &actor).await?.into_iter().find(|client| client.slug == SLUG);
    let client = match known {
        Some(client) => client,
        None => set_up(&actions, &actor, &base).await?,
    };
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
        if let ElementAnswer::Received { arrival } = result {
            ids.push(arrival.as_str());
        }
    }
    report(&intake, &ids).await
}

async fn report(intake: &IntakeClient, ids: &[&str]) -> anyhow::Result<()> {
    // 100 looks in 10 s, a bound: without a qualifier in the process nothing would ever be graded.
    for _ in 0..100 {
        let statuses = intake.statuses(ids).await?;
        if statuses.iter().all(ArrivalAnswer::is_decided) {
            let quarantined = statuses.iter().filter(|status| status.is_quarantined()).count();
            let graded = statuses.len() - quarantined;
            output::say(&format!(
                "\n{graded} leads graded, {quarantined} test lead(s) kept apart. Why is each what it is?\n  \
                 ripen decision list --email {SAMPLE}\nAnd your own client:\n  ripen client add \"Acme Homes\"\n"
            ));
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("the sample leads are not graded after 10 s")
}

async fn set_up(actions: &Actions, actor: &Actor, base: &str) -> anyhow::Result<ClientRecord> {
    let request = AddClient {
        name: "Demo Homes".to_owned(),
        slug: Some(SLUG.to_owned()),
        country: "US".to_owned(),
        time_zone: "America/Chicago".to_owned(),
    };
    let client = actions.run(actor, &request).await?;
    for (name, channel) in [("Web site", Channel::WebForm), ("Spring trade show", Channel::TradeShow)] {
        let request = AddSource {
            client: SLUG.to_owned(),
            name: name.to_owned(),
            channel,
            format: SourceFormat::Any,
            country: None,
            cost_per_lead: None,
            thanks: None,
        };
        actions.run(actor, &request).await?;
    }
    let request = ActivateCriteria { document: DOCUMENT.to_owned(), backtest: None };
    actions.run(actor, &request).await?;
    let to = Destination::Webhook { url: format!("{base}{RECEIVER}"), allow_private: true };
    actions.run(actor, &AddEndpoint { client: SLUG.to_owned(), to, name: None }).await?;
    let (name, email) = ("Sam Rep".to_owned(), "sam.rep@example.com".to_owned());
    actions.run(actor, &AddRep { client: SLUG.to_owned(), name, email }).await?;
    Ok(client)
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
