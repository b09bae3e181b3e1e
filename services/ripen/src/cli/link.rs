//! `ripen link`: signed links, their keys and their end.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ripen_actions::link::{LinkHolder, RevokeLinks, RotateLinkKey};
use serde_json::json;

use crate::{
    cli::{Common, id, refused},
    database::Database,
    output,
};

/// What can be done with signed links.
#[derive(Debug, Subcommand)]
pub enum LinkAction {
    /// Make a new key. It signs in a minute, when every process knows it; links under the former ones go on until their time is over.
    Rotate(RotateLinkOptions),
    /// End the links that were made until now, of a rep or about a delivery: they say that they are over. Links made later work.
    Revoke(LinkOptions),
}

/// Options of `ripen link rotate`.
#[derive(Debug, Args)]
pub struct RotateLinkOptions {
    /// A former key is in wrong hands: end what the former keys signed, as soon as the new one signs. All links in mails and payloads
    /// until then are over, also those that are made within that minute.
    #[arg(long)]
    pub end_former: bool,
}

/// Options of `ripen link revoke`.
#[derive(Debug, Args)]
pub struct LinkOptions {
    /// A rep's: id, or with --client a name or e-mail address. Ends their page and the pages of all that they were sent.
    #[arg(long, required_unless_present = "delivery", conflicts_with = "delivery")]
    pub rep: Option<String>,
    /// The slug of the rep's client.
    #[arg(long, requires = "rep")]
    pub client: Option<String>,
    /// Those about one delivery or offer: its id.
    #[arg(long, value_name = "ID")]
    pub delivery: Option<String>,
}

/// Runs the command.
pub async fn run(common: &Common, action: LinkAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: LinkAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        LinkAction::Rotate(RotateLinkOptions { end_former }) => {
            let made = actions.run(&actor, &RotateLinkKey { end_former }).await.map_err(refused("link rotate"))?;
            output::record(common.json, &json!({"key": made.number, "signs_from": made.signs_from}))?;
        }
        LinkAction::Revoke(LinkOptions { rep, client, delivery }) => {
            let of = match delivery {
                Some(delivery) => LinkHolder::Delivery(id(&delivery)?),
                None => LinkHolder::Rep { rep: rep.unwrap_or_default(), client },
            };
            let done = actions.run(&actor, &RevokeLinks { of }).await.map_err(refused("link revoke"))?;
            output::record(common.json, &json!({"revoked": done.of, "made_before": done.since}))?;
        }
    }
    Ok(())
}
