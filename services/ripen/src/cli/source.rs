//! `ripen source`: where a client's leads come from. Token and key are shown once, when they are made.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use ripen_actions::source::{AddSource, AddedSource, SetSource, SetSourceState, find, list};
use ripen_domain::lead::Channel;
use ripen_store::source::source_record::{SourceFormat, SourceRecord, State};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    cli::{Common, id, refused},
    database::Database,
    output,
};

/// What can be done with sources.
#[derive(Debug, Subcommand)]
pub enum SourceAction {
    /// Add a source. Its token and key are shown this once.
    #[command(after_help = ADD_EXAMPLE)]
    Add(SourceOptions),
    /// List all sources.
    List,
    /// Show one source.
    Show {
        /// Its id (`source_…`).
        id: String,
    },
    /// Change a source.
    Set {
        /// Its id (`source_…`).
        id: String,
        /// Whether its senders are told the grade: yes, no, or default (those with its key are; forms and whoever has the
        /// address alone are not).
        #[arg(long, num_args = 0..=1, default_missing_value = "yes", value_name = "yes|no|default")]
        sees_grade: Option<SeesGrade>,
    },
    /// Refuse what it sends until resumed; forms are thanked and kept.
    Pause {
        /// Its id (`source_…`).
        id: String,
    },
    /// End a pause: what it kept is worked.
    Resume {
        /// Its id (`source_…`).
        id: String,
    },
}

/// Shown below the flags.
const ADD_EXAMPLE: &str = "Example:
  ripen source add 'Web site' --client acme-homes --channel web_form --cost-per-lead 12.50 --thanks https://acme.example/thanks";

/// Options of `ripen source add`.
#[derive(Debug, Args)]
pub struct SourceOptions {
    /// Name as people write it.
    pub name: String,
    /// The client's slug.
    #[arg(long)]
    pub client: String,
    /// How its leads arrive, where they do not say otherwise: in_person, phone, live_chat, referral, web_form, landing_page, email,
    /// social, vendor, trade_show, direct_mail or list.
    #[arg(long)]
    pub channel: Channel,
    /// The only format it may send; the content type decides where missing.
    #[arg(long)]
    pub format: Option<OnlyFormat>,
    /// Country for reading phone numbers (ISO 3166), where it differs from the client's.
    #[arg(long)]
    pub country: Option<String>,
    /// What one lead costs, in the client's currency.
    #[arg(long, value_name = "AMOUNT")]
    pub cost_per_lead: Option<Decimal>,
    /// Where a browser is sent after a form.
    #[arg(long, value_name = "URL")]
    pub thanks: Option<String>,
}

/// Formats that a source can be held to.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum OnlyFormat {
    /// JSON only.
    Json,
    /// HTML forms only.
    Form,
}

/// Who of a source is told grades.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SeesGrade {
    /// Every sender.
    Yes,
    /// Nobody.
    No,
    /// Those with its key; forms and whoever has the address alone are not.
    Default,
}

/// Runs the command.
pub async fn run(common: &Common, action: SourceAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: SourceAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        SourceAction::Add(options) => {
            let added = actions.run(&actor, &request(options)).await.map_err(refused("source add"))?;
            shown_once(common, &added, &public_url(database))?;
        }
        SourceAction::List => {
            let rows: Vec<_> = list(&actions, &actor).await?.iter().map(shown).collect();
            output::table(common.json, &["id", "name", "channel", "format", "country", "state"], &rows)?;
        }
        SourceAction::Show { id: text } => {
            let source = find(&actions, &actor, id(&text)?).await.map_err(refused("source show"))?;
            output::record(common.json, &shown(&source))?;
        }
        SourceAction::Set { id: text, sees_grade } => {
            let sees_grade = sees_grade.map(|sees| match sees {
                SeesGrade::Yes => Some(true),
                SeesGrade::No => Some(false),
                SeesGrade::Default => None,
            });
            let request = SetSource { source: id(&text)?, sees_grade };
            let done = actions.run(&actor, &request).await.map_err(refused("source set"))?;
            output::record(common.json, &shown(&done))?;
        }
        SourceAction::Pause { id } => set_state(common, database, &id, State::Paused).await?,
        SourceAction::Resume { id } => set_state(common, database, &id, State::Active).await?,
    }
    Ok(())
}

fn request(options: SourceOptions) -> AddSource {
    let SourceOptions { name, client, channel, format, country, cost_per_lead, thanks } = options;
    let format = match format {
        None => SourceFormat::Any,
        Some(OnlyFormat::Json) => SourceFormat::Json,
        Some(OnlyFormat::Form) => SourceFormat::Form,
    };
    AddSource { client, name, channel, format, country, cost_per_lead, thanks }
}

fn shown_once(common: &Common, added: &AddedSource, base: &str) -> anyhow::Result<()> {
    // The database has only their hashes; there is no second chance to show them.
    let (token, key) = (added.token.reveal(), added.key.reveal());
    let url = format!("{base}/v1/in/{token}");
    output::record(common.json, &json!({"id": added.id, "token": token, "key": key, "url": url}))?;
    // On standard error: standard output stays one record that can be piped.
    output::say("token and key are shown this once: keep them now");
    Ok(())
}

/// Where the outside reaches this installation.
fn public_url(database: &Database) -> String {
    // The running server knows the port it was given; the configuration may say port 0.
    let beside = database.beside.as_ref().and_then(|running| running.http_url.clone());
    let http = &database.settings.http;
    let configured = (!http.public_url.is_empty()).then(|| http.public_url.clone());
    configured.or(beside).unwrap_or_else(|| format!("http://{}", http.listen)).trim_end_matches('/').to_owned()
}

async fn set_state(common: &Common, database: &Database, text: &str, state: State) -> anyhow::Result<()> {
    let request = SetSourceState { source: id(text)?, state };
    let done = database.actions()?.run(&database.actor(), &request).await.map_err(refused(match state {
        State::Active => "source resume",
        State::Paused => "source pause",
    }))?;
    output::record(common.json, &shown(&done.source))?;
    if done.kept > 0 {
        output::say(&match state {
            State::Active => format!("{} forms that the pause kept are worked now", done.kept),
            State::Paused => format!("{} forms are kept from an earlier pause", done.kept),
        });
    }
    Ok(())
}

fn shown(source: &SourceRecord) -> Value {
    json!({"id": source.id, "client": source.client, "name": source.name, "channel": source.channel,
           "format": source.format.word(), "country": source.country, "state": source.state.word(),
           "thanks_url": source.thanks_url, "sees_grade": source.sees_grade})
}
