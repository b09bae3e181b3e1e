//! `ripen delivery`: what went out, every attempt of it, and sending it again.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ripen_actions::{
    Actions,
    delivery::{
        DeliveryQuery, ReleaseDelivery, ReplayDelivery, ReplayRange, RerouteDelivery, RetryDelivery, list,
        replay_ranges, show,
    },
};
use ripen_domain::{
    actor::Actor,
    delivery::DeliveryState,
    id::{DeliveryId, EndpointId, LeadId},
};
use ripen_store::delivery::{attempt::AttemptRow, list::DeliveryRecord, replay_range::ReplayRecord};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// At most so many characters of an answer are shown.
const ANSWER_CHARS: usize = 2_000;

/// Shown below the flags.
const REPLAY_EXAMPLE: &str = "Example:
  ripen delivery replay --endpoint endpoint_… --from 2026-11-20 --to 2026-11-22 --failed";

/// What can be done with deliveries.
#[derive(Debug, Subcommand)]
pub enum DeliveryAction {
    /// List deliveries, newest first.
    List(DeliveryOptions),
    /// Show one delivery with every attempt: status, duration, kind of failure, answer.
    Show {
        /// Its id (`dlv_…`).
        id: DeliveryId,
    },
    /// Send one that is dead or waits at once, with the whole schedule before it again.
    Retry {
        /// Its id (`dlv_…`).
        id: DeliveryId,
        /// Also where somebody else has the lead by now.
        #[arg(long)]
        confirm: bool,
    },
    /// Send one that is held as perhaps the same person's as a lead that the client has: it is somebody else's.
    Release {
        /// Its id (`dlv_…`; `ripen delivery list --state held` shows them).
        id: DeliveryId,
        /// How you know.
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Hand the lead of a dead delivery over to another endpoint of the client.
    Reroute {
        /// Its id (`dlv_…`).
        id: DeliveryId,
        /// Where the lead goes now (`ripen endpoint list`; a rep's own mailbox is one too).
        #[arg(long, value_name = "ENDPOINT")]
        to: EndpointId,
    },
    /// Send again what was delivered or is dead, under the same ids and with the same bytes: one, or a time range.
    #[command(after_help = REPLAY_EXAMPLE)]
    Replay(ReplayOptions),
    /// List replays and how far they are.
    Replays,
}

/// Options of `ripen delivery list`.
#[derive(Debug, Args)]
pub struct DeliveryOptions {
    /// To this endpoint.
    #[arg(long, value_name = "ID")]
    pub endpoint: Option<EndpointId>,
    /// In this state: pending, held, leased, delivered, filed, dead or withdrawn.
    #[arg(long)]
    pub state: Option<DeliveryState>,
    /// Of this lead (`lead_…`).
    #[arg(long, value_name = "ID")]
    pub lead: Option<LeadId>,
    /// Of one client only: its slug.
    #[arg(long)]
    pub client: Option<String>,
    /// Only what is older than this one: the last one of the page before.
    #[arg(long, value_name = "ID")]
    pub after: Option<DeliveryId>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
}

/// Options of `ripen delivery replay`.
#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// One delivery (`dlv_…`).
    #[arg(required_unless_present = "endpoint", conflicts_with_all = ["endpoint", "from", "to"])]
    pub id: Option<DeliveryId>,
    /// All of this endpoint in a time range.
    #[arg(long, value_name = "ID", requires_all = ["from", "to"])]
    pub endpoint: Option<EndpointId>,
    /// Those that came to be owed then or later: a day (UTC) or a moment (2026-11-21T10:00:00Z).
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Timestamp>,
    /// Those before then.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Timestamp>,
    /// Of a range only what is dead, and nothing that was delivered.
    #[arg(long, requires = "endpoint")]
    pub failed: bool,
    /// Of one delivery: also where somebody else has the lead by now.
    #[arg(long, requires = "id")]
    pub confirm: bool,
}

/// A moment, or the beginning of a day in UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    // UTC, as the times in the list are: a day of the operator's clock would shift the range.
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    // Moments first: a day is also the beginning of a moment.
    let found = text.parse::<Timestamp>().ok().or_else(day);
    found.ok_or_else(|| "write a day (2026-11-21) or a moment with its offset (2026-11-21T10:00:00Z)".to_owned())
}

/// Runs the command.
pub async fn run(common: &Common, action: DeliveryAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: DeliveryAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        DeliveryAction::List(DeliveryOptions { endpoint, state, lead, client, after, limit }) => {
            let query = DeliveryQuery { endpoint, state, lead, client, after, limit };
            let found = list(&actions, &actor, &query).await.map_err(refused("delivery list"))?;
            let next = |record: &DeliveryRecord| Some(record.id.to_string());
            let rows: Vec<_> = found.iter().map(|record| output::paged(shown(record), next(record))).collect();
            output::say_more(&rows, found.last().and_then(next), limit);
            let columns =
                ["id", "client", "lead", "event", "to", "rep", "state", "attempts", "created", "due", "reason"];
            Ok(output::table(common.json, &columns, &rows)?)
        }
        DeliveryAction::Show { id } => print(common, &actions, &actor, id).await,
        DeliveryAction::Retry { id, confirm } => {
            let done = actions
                .run(&actor, &RetryDelivery { delivery: id, confirmed: confirm })
                .await
                .map_err(refused("delivery retry"))?;
            Ok(output::record(common.json, &shown(&done))?)
        }
        DeliveryAction::Release { id, why } => {
            let request = ReleaseDelivery { delivery: id, why };
            let lead = actions.run(&actor, &request).await.map_err(refused("delivery release"))?;
            Ok(output::record(common.json, &json!({"released": id, "lead": lead}))?)
        }
        DeliveryAction::Reroute { id, to } => {
            let request = RerouteDelivery { delivery: id, to };
            let done = actions.run(&actor, &request).await.map_err(refused("delivery reroute"))?;
            Ok(output::record(common.json, &shown(&done))?)
        }
        DeliveryAction::Replay(ReplayOptions { id: Some(id), confirm, .. }) => {
            let request = ReplayDelivery { delivery: id, confirmed: confirm };
            let done = actions.run(&actor, &request).await.map_err(refused("delivery replay"))?;
            Ok(output::record(common.json, &shown(&done))?)
        }
        DeliveryAction::Replay(options) => replay(common, &actions, &actor, options).await,
        DeliveryAction::Replays => {
            let rows: Vec<_> = replay_ranges(&actions, &actor).await?.iter().map(progress).collect();
            let columns = ["id", "endpoint", "state", "delivered", "of", "dead", "passed_over", "by", "created"];
            Ok(output::table(common.json, &columns, &rows)?)
        }
    }
}

/// What an attempt's error says where the mail was written to a file: nothing failed.
const FILED: &str = "filed";

/// A delivery with every attempt.
#[derive(Serialize)]
struct TriedDelivery {
    #[serde(flatten)]
    shown: Value,
    tried: Vec<Value>,
}

async fn print(common: &Common, actions: &Actions, actor: &Actor, id: DeliveryId) -> anyhow::Result<()> {
    let found = show(actions, actor, id).await.map_err(refused("delivery show"))?;
    let attempts: Vec<_> = found.attempts.iter().map(attempt).collect();
    let shown = shown(&found.delivery);
    if common.json {
        return Ok(output::record(true, &serde_json::to_value(TriedDelivery { shown, tried: attempts })?)?);
    }
    output::record(false, &shown)?;
    if attempts.is_empty() {
        output::say("no attempt was made yet");
        return Ok(());
    }
    output::text("\n")?;
    let columns = ["attempt", "at", "ms", "status", "error", "filed", "answer", "report"];
    Ok(output::table(false, &columns, &attempts)?)
}

async fn replay(common: &Common, actions: &Actions, actor: &Actor, options: ReplayOptions) -> anyhow::Result<()> {
    let endpoint = options.endpoint.context("name a delivery, or an --endpoint")?;
    let (from, to) = options.from.zip(options.to).context("a range needs --from and --to")?;
    // Counted before the action: counting takes long where there is much, and the transaction would stand open for it.
    let request = ReplayRange::counted(actions, actor, endpoint, (from..to, options.failed)).await;
    let request = request.map_err(refused("delivery replay"))?;
    // Only begun here: the dispatcher works it off in steps, or thousands of deliveries would go out in one
    // transaction.
    let begun = actions.run(actor, &request).await.map_err(refused("delivery replay"))?;
    let next = "the dispatcher sends them again; `ripen delivery replays` shows how far it is";
    let shown = json!({"id": begun.id, "endpoint": endpoint, "deliveries": begun.deliveries, "next": next});
    Ok(output::record(common.json, &shown)?)
}

fn shown(record: &DeliveryRecord) -> Value {
    let at = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    // An ended delivery keeps its last `due_at`, which means nothing any more.
    let due = record.due().filter(|_| matches!(record.state.as_str(), "pending" | "held"));
    json!({"id": record.id, "client": record.client, "lead": record.lead, "event": record.event, "state": record.state,
           "reason": record.reason, "rep": record.rep,
           "endpoint": record.endpoint.as_ref().map(|endpoint| endpoint.id), "to": record.endpoint.as_ref().map(|endpoint| endpoint.to.reveal()),
           "attempts": record.attempts, "excused": record.excused, "created": at(record.created_at),
           "due": due.map(at), "ended": record.ended_at.map(at), "answer_refused": record.answer_refused})
}

fn attempt(row: &AttemptRow) -> Value {
    let answer = row.answer.as_deref().map(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        // An answer is whatever a stranger's server sent: control characters could drive the terminal.
        text.chars().take(ANSWER_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect::<String>()
    });
    let error = row.error.as_deref().filter(|error| *error != FILED);
    json!({"attempt": row.number, "at": row.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "ms": row.duration_ms,
           "status": row.status, "error": error, "filed": row.error.is_some() && error.is_none(), "answer": answer,
           "report": row.report})
}

fn progress(replay: &ReplayRecord) -> Value {
    json!({"id": replay.id, "endpoint": replay.endpoint, "state": if replay.finished { "finished" } else { "running" },
           "delivered": replay.delivered, "of": replay.replayed, "dead": replay.dead, "passed_over": replay.passed_over,
           "by": replay.by, "created": replay.created_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()})
}
