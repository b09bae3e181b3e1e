//! `ripen delivery`: what went out, every attempt of it, and sending it again.

use std::process::ExitCode;

use anyhow::Context as _;
use jiff::Timestamp;
use ripen_domain::id::{DeliveryId, EndpointId};
use ripen_runtime::{clock::Clock, random::uuid_v7, secrets};
use ripen_store::{
    Store, StoreError,
    delivery::{
        attempt::AttemptRow,
        list::{DeliveryFilter, DeliveryRecord},
        replay::{NewReplay, ReplayRecord},
    },
};
use serde_json::{Value, json};

use crate::command::firm;
use crate::{
    cli::{Common, DeliveryAction, DeliveryOptions, ReplayOptions, id},
    command::client_of,
    database::Database,
    output,
};

/// At most so many characters of an answer are shown.
const ANSWER_CHARS: usize = 2_000;
/// At most so many replays are listed.
const REPLAYS: i64 = 100;

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: DeliveryAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database.store).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: DeliveryAction, store: &Store) -> anyhow::Result<()> {
    match action {
        DeliveryAction::List(options) => list(common, store, options).await,
        DeliveryAction::Show { id } => show(common, store, id).await,
        DeliveryAction::Retry { id } => again(common, store, id, false).await,
        DeliveryAction::Replay(ReplayOptions { id: Some(id), .. }) => again(common, store, id, true).await,
        DeliveryAction::Replay(options) => replay(common, store, options).await,
        DeliveryAction::Replays => {
            let rows: Vec<_> = store.replays(firm(), REPLAYS).await?.iter().map(progress).collect();
            let columns = ["id", "endpoint", "state", "delivered", "of", "dead", "passed_over", "by", "created"];
            Ok(output::table(common.json, &columns, &rows)?)
        }
    }
}

async fn list(common: &Common, store: &Store, options: DeliveryOptions) -> anyhow::Result<()> {
    let scope = match options.client {
        Some(slug) => firm().within(client_of(store, &slug).await?.id),
        None => firm(),
    };
    let state = options.state.map(|state| state.word().to_owned());
    let filter = DeliveryFilter { id: None, endpoint: options.endpoint, state, lead: options.lead };
    let found = store.deliveries(scope, &filter, i64::from(options.limit)).await?;
    let rows: Vec<_> = found.iter().map(shown).collect();
    let columns = ["id", "client", "lead", "event", "to", "rep", "state", "attempts", "created", "due", "reason"];
    Ok(output::table(common.json, &columns, &rows)?)
}

async fn show(common: &Common, store: &Store, id: DeliveryId) -> anyhow::Result<()> {
    let record = known(store, id).await?;
    let attempts: Vec<_> = store.attempts_of(firm(), id).await?.iter().map(attempt).collect();
    let mut shown = shown(&record);
    if common.json {
        shown["tried"] = Value::Array(attempts);
        return Ok(output::record(true, &shown)?);
    }
    output::record(false, &shown)?;
    output::text("\n")?;
    Ok(output::table(false, &["attempt", "at", "ms", "status", "error", "answer"], &attempts)?)
}

async fn again(common: &Common, store: &Store, id: DeliveryId, delivered: bool) -> anyhow::Result<()> {
    let record = known(store, id).await?;
    match store.delivery_retry(firm(), id, delivered, Clock::system().now()).await {
        Ok(()) => {}
        Err(StoreError::Moved(_)) => anyhow::bail!("{id} {}", refusal(&record)),
        Err(error) => return Err(error.into()),
    }
    Ok(output::record(common.json, &shown(&known(store, id).await?))?)
}

/// Why a delivery cannot be sent again as asked.
fn refusal(record: &DeliveryRecord) -> String {
    match record.state.as_str() {
        "delivered" | "filed" => {
            format!("was {} already: `ripen delivery replay {}` sends it once more", record.state, record.id)
        }
        "withdrawn" => format!("was withdrawn: {}", record.reason.as_deref().unwrap_or("it is no longer to be sent")),
        "held" => "has no endpoint to go to: `ripen endpoint add` or `ripen endpoint resume`".to_owned(),
        _ => "is being attempted just now".to_owned(),
    }
}

async fn replay(common: &Common, store: &Store, options: ReplayOptions) -> anyhow::Result<()> {
    let wanted: EndpointId = id(&options.endpoint.context("name a delivery, or an --endpoint")?)?;
    let endpoint = store.endpoints(firm(), Some(wanted), Clock::system().now()).await?.pop();
    let endpoint = endpoint.with_context(|| format!("no endpoint {wanted}: `ripen endpoint list` shows them"))?;
    let (from, to) = options.from.zip(options.to).context("a range needs --from and --to")?;
    anyhow::ensure!(from < to, "--from is not before --to");
    anyhow::ensure!(endpoint.enabled, "{0} is disabled: `ripen endpoint resume {0}` first", endpoint.id);
    let now = Clock::system().now();
    let by = secrets::operator();
    let new = NewReplay { id: uuid_v7(now), endpoint: endpoint.id, range: from..to, by: &by };
    let count = store.replay_begin(&new, now).await?;
    let next = "the dispatcher sends them again; `ripen delivery replays` shows how far it is";
    Ok(output::record(common.json, &json!({"id": new.id, "endpoint": endpoint.id, "deliveries": count, "next": next}))?)
}

async fn known(store: &Store, id: DeliveryId) -> anyhow::Result<DeliveryRecord> {
    let filter = DeliveryFilter { id: Some(id), ..DeliveryFilter::default() };
    let found = store.deliveries(firm(), &filter, 1).await?.pop();
    found.with_context(|| format!("no delivery {id}: `ripen delivery list` shows them"))
}

fn shown(record: &DeliveryRecord) -> Value {
    let at = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let is_open = matches!(record.state.as_str(), "pending" | "held");
    json!({"id": record.id, "client": record.client, "lead": record.lead, "event": record.event, "state": record.state,
           "reason": record.reason, "rep": record.rep,
           "endpoint": record.endpoint.as_ref().map(|(id, _)| id), "to": record.endpoint.as_ref().map(|(_, to)| to),
           "attempts": record.attempts.0, "excused": record.attempts.1, "created": at(record.created_at),
           "due": is_open.then(|| at(record.due_at)), "ended": record.ended_at.map(at)})
}

fn attempt(row: &AttemptRow) -> Value {
    let answer = row.answer.as_deref().map(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.chars().take(ANSWER_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect::<String>()
    });
    json!({"attempt": row.number, "at": row.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "ms": row.duration_ms,
           "status": row.status, "error": row.error, "answer": answer})
}

fn progress(replay: &ReplayRecord) -> Value {
    json!({"id": replay.id, "endpoint": replay.endpoint, "state": if replay.finished { "finished" } else { "running" },
           "delivered": replay.delivered, "of": replay.replayed, "dead": replay.dead, "passed_over": replay.passed_over,
           "by": replay.by, "created": replay.created_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()})
}
