//! `ripen client`: the companies leads are qualified for.

mod set;
mod token;

use std::process::ExitCode;

use clap::Subcommand;
use ripen_actions::client::{AddClient, SetClientState};
use ripen_store::{client::client_record::ClientRecord, source::source_record::State};
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub enum ClientAction {
    /// Add a client.
    Add {
        /// Name as people write it.
        name: String,
        /// Short name for commands and addresses; made from the name where missing.
        #[arg(long)]
        slug: Option<String>,
        /// Country for reading phone numbers (ISO 3166).
        #[arg(long, default_value = "US")]
        country: String,
        /// Time zone in which the client's days and hours are counted: America/Chicago.
        #[arg(long, default_value = "UTC", value_name = "ZONE")]
        time_zone: String,
    },
    /// List all clients.
    List,
    /// Show one client.
    Show {
        /// Its slug.
        slug: String,
    },
    /// Change a client. With another program its open leads are regraded; says first how many change grade.
    Set(set::ClientSetOptions),
    /// Keep what arrives, deliver nothing, until resumed.
    Pause {
        /// Its slug.
        slug: String,
    },
    /// End a pause.
    Resume {
        /// Its slug.
        slug: String,
    },
    /// Tokens with which a client's programs read its deliveries and say what became of them.
    Token {
        /// What to do.
        #[command(subcommand)]
        action: token::TokenAction,
    },
}

/// Runs the command.
pub async fn run(common: &Common, action: ClientAction) -> anyhow::Result<ExitCode> {
    // The first command of an installation; every other one finds something or is in the wrong folder.
    let database = match action {
        ClientAction::Add { .. } => Database::open_or_make(common).await?,
        _ => Database::open(common).await?,
    };
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: ClientAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        ClientAction::Add { name, slug, country, time_zone } => {
            let request = AddClient { name, slug, country, time_zone };
            let added = actions.run(&actor, &request).await.map_err(refused("client add"))?;
            output::record(common.json, &json!({"id": added.id, "slug": added.slug}))?;
        }
        ClientAction::List => {
            let clients = ripen_actions::client::list(&actions, &actor).await?;
            let rows: Vec<_> = clients.iter().map(shown).collect();
            output::table(common.json, &["slug", "name", "country", "time_zone", "state", "id"], &rows)?;
        }
        ClientAction::Show { slug } => {
            let found = ripen_actions::client::show(&actions, &actor, &slug).await;
            let (client, settings) = found.map_err(refused("client show"))?;
            let all = json!({"id": client.id, "slug": client.slug, "name": client.name, "country": client.country,
                             "time_zone": client.time_zone, "state": client.state.word(), "program": settings.program,
                             "capacity": settings.capacity, "fallback": settings.fallback, "return_days": settings.returns.days,
                             "when_dead": settings.when_dead,
                             "return_reasons": settings.returns.reasons, "amounts": settings.amounts.meaning,
                             "amount_share": settings.amounts.share.map(|share| share.normalize().to_string()),
                             "desk_weight": settings.desk.weight, "caller_id": settings.desk.caller_id,
                             "briefing": settings.desk.briefing});
            output::record(common.json, &all)?;
        }
        ClientAction::Set(options) => set::run(common, database, options).await?,
        ClientAction::Token { action } => token::run(common, database, action).await?,
        ClientAction::Pause { slug } => set_state(common, database, slug, State::Paused).await?,
        ClientAction::Resume { slug } => set_state(common, database, slug, State::Active).await?,
    }
    Ok(())
}

async fn set_state(common: &Common, database: &Database, client: String, state: State) -> anyhow::Result<()> {
    let request = SetClientState { client, state };
    let done = database.actions()?.run(&database.actor(), &request).await.map_err(refused(match state {
        State::Active => "client resume",
        State::Paused => "client pause",
    }))?;
    output::record(common.json, &shown(&done))?;
    Ok(())
}

fn shown(client: &ClientRecord) -> Value {
    json!({"id": client.id, "slug": client.slug, "name": client.name, "country": client.country,
           "time_zone": client.time_zone, "state": client.state.word()})
}
