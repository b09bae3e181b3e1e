//! `ripen rep`: a client's sales people, and when they take leads. A rep comes with an e-mail endpoint.

use std::{process::ExitCode, str::FromStr};

use clap::{Args, Subcommand};
use jiff::civil::Date;
use ripen_actions::rep::{AddRep, RepView, SetRep, list};
use ripen_domain::routing::Pause;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with reps.
#[derive(Debug, Subcommand)]
pub enum RepAction {
    /// Add a rep and an e-mail endpoint for them.
    Add {
        /// Name as people write it.
        name: String,
        /// The client's slug.
        #[arg(long)]
        client: String,
        /// E-mail address.
        #[arg(long)]
        email: String,
    },
    /// List the reps of a client: when they take leads, how many, and whether they can take one now.
    List {
        /// The client's slug.
        #[arg(long)]
        client: String,
    },
    /// Change when and how many leads a rep takes; what is not named stays.
    #[command(after_help = SET_EXAMPLE)]
    Set(RepOptions),
}

/// Shown below the flags.
const SET_EXAMPLE: &str = "Example:
  ripen rep set 'Dana Hill' --client acme-homes --hours 'mon-fri 09:00-17:30' --time-zone America/Chicago --capacity 8";

/// Options of `ripen rep set`.
#[derive(Debug, Args)]
pub struct RepOptions {
    /// Name, e-mail address or id.
    pub rep: String,
    /// The client's slug.
    #[arg(long)]
    pub client: String,
    /// Another name. A routing that names the old one passes the rep over until it is changed too.
    #[arg(long)]
    pub name: Option<String>,
    /// Where the rep is, as in America/Chicago; `client` for where the client is.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// When leads are taken, as in "mon-fri 09:00-12:30, mon-fri 13:30-18:00"; `any` for day and night.
    #[arg(long, value_name = "HOURS")]
    pub hours: Option<String>,
    /// A day on which none are taken. As often as there are such days; they replace all others.
    #[arg(long = "holiday", value_name = "DATE")]
    pub holidays: Vec<Date>,
    /// No holidays.
    #[arg(long, conflicts_with = "holidays")]
    pub no_holidays: bool,
    /// Takes no leads until this day, the first one back.
    #[arg(long, value_name = "DATE", conflicts_with_all = ["pause", "resume"])]
    pub away_until: Option<Date>,
    /// Takes no leads until resumed.
    #[arg(long, conflicts_with = "resume")]
    pub pause: bool,
    /// Takes leads again.
    #[arg(long)]
    pub resume: bool,
    /// How many leads a day at most; `any` for any number.
    #[arg(long, value_name = "N")]
    pub capacity: Option<DailyLimit>,
    /// Links that the rep was sent until now, to their page of open leads and to their leads, no longer open anything.
    #[arg(long)]
    pub revoke_links: bool,
}

/// How many leads a day; none for any number.
#[derive(Debug, Clone, Copy)]
pub struct DailyLimit(Option<u16>);

impl FromStr for DailyLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "any" {
            return Ok(Self(None));
        }
        let most = text.parse().map_err(|_| format!("write a number or `any`, not {text:?}"))?;
        Ok(Self(Some(most)))
    }
}

/// Runs the command.
pub async fn run(common: &Common, action: RepAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: RepAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        RepAction::Add { name, client, email } => {
            let request = AddRep { client, name, email };
            let added = actions.run(&actor, &request).await.map_err(refused("rep add"))?;
            // Mails are not signed: there is no secret to show, and programs that look for one read that.
            let shown = match common.json {
                true => json!({"id": added.id, "endpoint": added.endpoint, "secret": null}),
                false => json!({"id": added.id, "endpoint": added.endpoint}),
            };
            output::record(common.json, &shown)?;
        }
        RepAction::List { client } => {
            let reps = list(&actions, &actor, &client).await.map_err(refused("rep list"))?;
            let rows: Vec<_> = reps.iter().map(shown).collect();
            let columns = ["id", "name", "email", "time_zone", "hours", "capacity", "given_today", "away", "from"];
            output::table(common.json, &columns, &rows)?;
        }
        RepAction::Set(options) => {
            let set = actions.run(&actor, &request(options)).await.map_err(refused("rep set"))?;
            output::record(common.json, &shown(&set))?;
        }
    }
    Ok(())
}

fn request(options: RepOptions) -> SetRep {
    // A word for "none", since leaving the flag out means that it stays.
    let unless = |text: String, word: &str| (text != word).then_some(text);
    // clap refuses two of them at once.
    let pause = match (options.away_until, options.pause, options.resume) {
        (Some(date), ..) => Some(Some(Pause::Until(date))),
        (None, true, _) => Some(Some(Pause::Open)),
        (None, false, true) => Some(None),
        _ => None,
    };
    SetRep {
        client: options.client,
        rep: options.rep,
        name: options.name,
        time_zone: options.time_zone.map(|zone| unless(zone, "client")),
        hours: options.hours.map(|hours| unless(hours, "any")),
        holidays: (options.no_holidays || !options.holidays.is_empty()).then_some(options.holidays),
        pause,
        capacity: options.capacity.map(|DailyLimit(most)| most),
        revoke_links: options.revoke_links,
    }
}

fn shown(rep: &RepView) -> Value {
    json!({"id": rep.id, "name": rep.name, "email": rep.email, "time_zone": rep.time_zone, "hours": rep.hours,
           "holidays": rep.holidays, "capacity": rep.capacity, "given_today": rep.given_today,
           "away": rep.away.as_ref().map(ToString::to_string), "from": rep.from})
}
