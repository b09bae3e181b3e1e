//! `ripen endpoint`: where a client wants A leads.

use std::{collections::BTreeMap, process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use ripen_actions::endpoint::{
    AddEndpoint, Destination, LONGEST_TIMEOUT_S, RotateSecret, SetEndpoint, SetEndpointState, TrialTerms, backlog,
    find, list, trial,
};
use ripen_domain::{
    delivery::EventType, id::EndpointId, masked_address::MaskedAddress, secret::Secret, shown_url::shown_url,
};
use ripen_outbound::{
    guard::is_read_on_its_way,
    trust::Trust,
    webhook::{Limits, Sent, WebhookSecret, WebhookSender},
};
use ripen_store::endpoint::endpoint_record::EndpointRecord;
use serde_json::{Value, json};

use crate::{
    cli::{Common, id, refused},
    database::Database,
    output,
};

/// At most so many characters of the answer to a test are shown.
const ANSWER_CHARS: usize = 4_000;

/// Shown below the flags.
const ADD_EXAMPLES: &str = "Examples:
  ripen endpoint add --client acme-homes --email office@acme.example --name 'Office inbox'
  ripen endpoint add --client acme-homes --webhook https://crm.example/hook --events lead.matured,lead.updated,lead.recalled";

/// What can be done with endpoints.
#[derive(Debug, Subcommand)]
pub enum EndpointAction {
    /// Add an endpoint. A webhook's signing secret is shown this once.
    #[command(after_help = ADD_EXAMPLES)]
    Add {
        /// The client's slug.
        #[arg(long)]
        client: String,
        /// Post A leads to this URL.
        #[arg(long, value_name = "URL", conflicts_with = "email", required_unless_present = "email")]
        webhook: Option<MaskedAddress>,
        /// Send A leads to this address.
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// What people and routing documents call it; its URL or address where missing.
        #[arg(long)]
        name: Option<String>,
        /// The webhook may lie on this machine or in a private network: for tests and demonstrations.
        #[arg(long, requires = "webhook")]
        allow_private: bool,
        /// What it is told of, separated by commas: lead.matured, lead.updated, … A webhook is told of lead.matured where none is
        /// named. Whoever was sent a lead is told lead.suppressed in any case.
        #[arg(long, value_delimiter = ',', value_name = "EVENT")]
        events: Vec<EventType>,
    },
    /// List all endpoints.
    List,
    /// Show one endpoint.
    Show {
        /// Its id (`endpoint_…`).
        id: String,
    },
    /// Enable an endpoint again: what waits for it goes out.
    Resume {
        /// Its id (`endpoint_…`).
        id: String,
    },
    /// Disable an endpoint: what it is owed waits.
    Pause {
        /// Its id (`endpoint_…`).
        id: String,
    },
    /// Send a signed test event to a webhook and print its answer. Exit code 1 where it is no 2xx.
    Test {
        /// Its id (`endpoint_…`).
        id: String,
    },
    /// Change how deliveries go out to an endpoint; what is not named stays.
    Set(EndpointOptions),
    /// Make a new signing secret for a webhook, shown this once. Those it has sign beside it for a while.
    RotateSecret {
        /// Its id (`endpoint_…`).
        id: String,
        /// For how many hours the other secrets still sign.
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        overlap_h: u16,
    },
}

/// Options of `ripen endpoint set`.
#[derive(Debug, Args)]
pub struct EndpointOptions {
    /// Its id (`endpoint_…`).
    pub id: String,
    /// How many deliveries may be under way at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: Option<u16>,
    /// How many deliveries may go out in a second, over all processes; 0 for no limit.
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    /// How long an attempt may take, in seconds, up to 50; 0 for what the configuration says.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u8).range(0..=50))]
    pub timeout_s: Option<u8>,
    /// A header to send with each webhook: `Authorization: Bearer …`. As often as there are headers; they replace all others.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<Secret>,
    /// Send no headers of its own.
    #[arg(long, conflicts_with = "headers")]
    pub no_headers: bool,
    /// What it is told of, separated by commas: lead.matured, lead.updated, …
    #[arg(long, value_delimiter = ',', value_name = "EVENT")]
    pub events: Vec<EventType>,
    /// Where leads are routed, get only those that go to it by name. A webhook that is not so gets those of every rep too.
    #[arg(long)]
    pub by_name: bool,
    /// Where leads are routed, get those of every rep too.
    #[arg(long, conflicts_with = "by_name")]
    pub whole_team: bool,
    /// Another URL of a webhook; what waits for it goes there.
    #[arg(long, value_name = "URL", conflicts_with = "address")]
    pub url: Option<MaskedAddress>,
    /// The new URL may lie on this machine or in a private network.
    #[arg(long, requires = "url")]
    pub allow_private: bool,
    /// Another address of an e-mail endpoint; what waits for it goes there.
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<String>,
}

/// Runs the command.
pub async fn run(common: &Common, action: EndpointAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result
}

async fn act(common: &Common, action: EndpointAction, database: &Database) -> anyhow::Result<ExitCode> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        EndpointAction::Add { client, webhook, email, name, allow_private, events } => {
            let to = match webhook {
                Some(url) => Destination::Webhook { url, allow_private },
                None => Destination::Email { address: email.unwrap_or_default() },
            };
            warn_of_plain_http(&to);
            // No events named means those that every receiver understands, not none.
            let events = Some(events).filter(|events| !events.is_empty());
            let request = AddEndpoint { client, to, name, events };
            let added = actions.run(&actor, &request).await.map_err(refused("endpoint add"))?;
            let secret = added.secret.as_ref().map(WebhookSecret::reveal);
            output::record(common.json, &json!({"id": added.id, "secret": secret}))?;
        }
        EndpointAction::List => {
            // Counted once for the whole list, not per endpoint.
            let open = backlog(&actions, &actor, None).await?;
            let rows: Vec<_> = list(&actions, &actor).await?.iter().map(|endpoint| shown(endpoint, &open)).collect();
            output::table(common.json, &["id", "client", "kind", "to", "state", "circuit", "open", "reason"], &rows)?;
        }
        EndpointAction::Show { id: text } => {
            let endpoint = find(&actions, &actor, id(&text)?).await.map_err(refused("endpoint show"))?;
            show(common, database, &endpoint).await?;
        }
        EndpointAction::Resume { id } => set_enabled(common, database, &id, true).await?,
        EndpointAction::Pause { id } => set_enabled(common, database, &id, false).await?,
        EndpointAction::Test { id } => return test(common, database, &id).await,
        EndpointAction::Set(options) => {
            let request = request(options)?;
            request.to.iter().for_each(warn_of_plain_http);
            let set = actions.run(&actor, &request).await.map_err(refused("endpoint set"))?;
            show(common, database, &set).await?;
        }
        EndpointAction::RotateSecret { id: text, overlap_h } => {
            let request = RotateSecret { endpoint: id(&text)?, overlap_h };
            let made = actions.run(&actor, &request).await.map_err(refused("endpoint rotate-secret"))?;
            let secret = made.secret.reveal();
            let record = json!({"id": made.endpoint, "secret": secret, "others_until": made.others_until});
            output::record(common.json, &record)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn request(options: EndpointOptions) -> anyhow::Result<SetEndpoint> {
    let EndpointOptions { id: text, concurrency, rate, timeout_s, headers, no_headers, .. } = options;
    Ok(SetEndpoint {
        endpoint: id(&text)?,
        concurrency,
        rate,
        timeout_s,
        // Headers are replaced as a whole, because their values are not shown and cannot be edited.
        headers: (no_headers || !headers.is_empty()).then_some(headers),
        // No events named means that they stay, not that there are none.
        events: (!options.events.is_empty()).then_some(options.events),
        by_name: (options.by_name || options.whole_team).then_some(options.by_name),
        to: match (options.url, options.address) {
            (Some(url), _) => Some(Destination::Webhook { url, allow_private: options.allow_private }),
            (None, address) => address.map(|address| Destination::Email { address }),
        },
    })
}

/// Taken all the same: a firm may have a reason. Leads are names and numbers of persons.
fn warn_of_plain_http(to: &Destination) {
    let Destination::Webhook { url, .. } = to else { return };
    if is_read_on_its_way(url.reveal()) {
        output::say(
            "warning: leads go to this URL without encryption, and anybody on the way can read them: use https://",
        );
    }
}

async fn set_enabled(common: &Common, database: &Database, text: &str, enabled: bool) -> anyhow::Result<()> {
    let request = SetEndpointState { endpoint: id(text)?, enabled };
    let done = database.actions()?.run(&database.actor(), &request).await.map_err(refused(if enabled {
        "endpoint resume"
    } else {
        "endpoint pause"
    }))?;
    show(common, database, &done).await
}

/// Prints an endpoint with what it is owed, which is counted only now: nothing waits for that.
async fn show(common: &Common, database: &Database, endpoint: &EndpointRecord) -> anyhow::Result<()> {
    let open = backlog(&database.actions()?, &database.actor(), Some(endpoint.id)).await?;
    output::record(common.json, &shown(endpoint, &open))?;
    Ok(())
}

async fn test(common: &Common, database: &Database, text: &str) -> anyhow::Result<ExitCode> {
    let settings = &database.settings.dispatcher;
    let timeout = Duration::from_secs(settings.timeout_s);
    // As long as any endpoint may ask for: the sender's own limit holds beside the endpoint's.
    let longest = timeout.max(Duration::from_secs(LONGEST_TIMEOUT_S.into()));
    let limits = Limits { timeout: longest, max_answer_bytes: settings.response_bytes, ..Limits::default() };
    let sender = WebhookSender::new(limits, &Trust::with_file(&database.settings.tls.ca_file)?)?;
    let terms = TrialTerms { sender: &sender, timeout, allow_private: settings.allow_private };
    let (actions, actor) = (database.actions()?, database.actor());
    let sent = trial(&actions, &actor, id(text)?, terms).await.map_err(refused("endpoint test"))?;
    let taken = sent.result.as_ref().is_ok_and(|answer| answer.is_success());
    output::record(common.json, &answered(&sent))?;
    Ok(if taken { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn answered(sent: &Sent) -> Value {
    let ms = u64::try_from(sent.elapsed.as_millis()).unwrap_or(u64::MAX);
    match &sent.result {
        Ok(answer) => {
            // Cut: an answer may be a whole page of HTML.
            let text: String = String::from_utf8_lossy(&answer.body).chars().take(ANSWER_CHARS).collect();
            json!({"status": answer.status, "ms": ms, "answer": text, "cut": answer.truncated})
        }
        Err(error) => json!({"status": null, "ms": ms, "error": error.class(), "why": error.to_string()}),
    }
}

fn shown(endpoint: &EndpointRecord, open: &BTreeMap<EndpointId, i64>) -> Value {
    let terms = &endpoint.terms;
    let circuit = endpoint.probe_at.map(|at| format!("open, next probe {}", output::local(at, &TimeZone::UTC)));
    // Names only: the values are credentials.
    let names: Vec<_> = terms.headers.iter().filter_map(|header| Some(header.reveal().split_once(':')?.0)).collect();
    let secrets: Vec<_> = endpoint.secrets.iter().map(|one| json!({"made": one.made, "until": one.until})).collect();
    json!({"id": endpoint.id, "client": endpoint.client, "kind": endpoint.kind.word(), "to": shown_url(endpoint.to.reveal()),
           "state": if endpoint.enabled { "enabled" } else { "disabled" }, "reason": endpoint.reason, "open": open.get(&endpoint.id).unwrap_or(&0),
           "circuit": circuit, "probe_at": endpoint.probe_at, "failures": endpoint.failing.map(|failing| failing.failures),
           "failing_since": endpoint.failing.map(|failing| failing.since), "concurrency": terms.concurrency,
           "rate": terms.rate, "timeout_s": terms.timeout_s, "headers": names, "events": terms.events,
           "by_name": terms.by_name, "secrets": secrets})
}
