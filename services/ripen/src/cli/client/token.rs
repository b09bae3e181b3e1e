//! `ripen client token`: what a client's programs authenticate with. A token is shown once, when it is made.

use clap::Subcommand;
use ripen_actions::client_token::{AddClientToken, RevokeClientToken, list};
use ripen_domain::id::TokenId;
use serde_json::json;

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with a client's tokens.
#[derive(Debug, Subcommand)]
pub enum TokenAction {
    /// Make a token. It is shown this once.
    Add {
        /// The client's slug.
        slug: String,
        /// What it is for.
        #[arg(long, default_value = "API")]
        name: String,
    },
    /// List a client's tokens.
    List {
        /// The client's slug.
        slug: String,
    },
    /// End a token for good.
    Revoke {
        /// Its id (`token_…`).
        id: TokenId,
    },
}

pub(super) async fn run(common: &Common, database: &Database, action: TokenAction) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        TokenAction::Add { slug, name } => {
            let request = AddClientToken { client: slug, name };
            let made = actions.run(&actor, &request).await.map_err(refused("client token add"))?;
            output::record(common.json, &json!({"id": made.id, "token": made.token.reveal()}))?;
            // The database has only its hash; there is no second chance to show it.
            output::say("the token is shown this once: keep it now");
        }
        TokenAction::List { slug } => {
            let tokens = list(&actions, &actor, &slug).await.map_err(refused("client token list"))?;
            let rows: Vec<_> = tokens
                .iter()
                .map(|one| json!({"id": one.id, "name": one.name, "created_at": one.created_at, "revoked_at": one.revoked_at}))
                .collect();
            output::table(common.json, &["id", "name", "created_at", "revoked_at"], &rows)?;
        }
        TokenAction::Revoke { id } => {
            let request = RevokeClientToken { token: id };
            let revoked_at = actions.run(&actor, &request).await.map_err(refused("client token revoke"))?;
            output::record(common.json, &json!({"id": id, "revoked_at": revoked_at}))?;
        }
    }
    Ok(())
}
