//! `ripen user`: people who sign in at the desk.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ripen_actions::{
    user::{AddUser, SetUser, find, list},
    user_link::InviteUser,
    user_password::{SetPassword, set},
};
use ripen_domain::{actor::UserRole, user::Password};
use ripen_runtime::random::password;
use ripen_store::user::account::UserRecord;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum UserAction {
    /// Add somebody who signs in at once with the password that is shown, once; or who is mailed an invitation.
    Add(NewUserOptions),
    /// List who signs in.
    List,
    /// Change what somebody may do, or whom they work for; what is not named stays.
    Set(UserOptions),
    /// End somebody's sessions and tokens until they are resumed; what they held goes back to the desk.
    Pause {
        /// E-mail address or id.
        user: String,
    },
    /// Let somebody sign in again.
    Resume {
        /// E-mail address or id.
        user: String,
    },
    /// Mail somebody who has no password yet another invitation to choose one.
    Invite {
        /// E-mail address or id.
        user: String,
    },
    /// Make a new password, shown once; all sessions end.
    Password {
        /// E-mail address or id.
        user: String,
    },
}

/// Options of `ripen user add`.
#[derive(Debug, Args)]
pub struct NewUserOptions {
    /// E-mail address: what they sign in with.
    pub email: String,
    /// admin, manager, agent or broker.
    #[arg(long)]
    pub role: UserRole,
    /// What colleagues read; the part of the address before the @ where it is left out.
    #[arg(long)]
    pub name: Option<String>,
    /// A broker's client, by its slug.
    #[arg(long)]
    pub client: Option<String>,
    /// Mail them a link by which they choose their password, instead of showing one.
    #[arg(long)]
    pub invite: bool,
    /// Where they are, as in America/Chicago: the clock by which they read times; else their browser's.
    #[arg(long, visible_alias = "zone", value_name = "ZONE")]
    pub time_zone: Option<String>,
}

/// Options of `ripen user set`.
#[derive(Debug, Args)]
pub struct UserOptions {
    /// E-mail address or id.
    pub user: String,
    /// What colleagues read.
    #[arg(long)]
    pub name: Option<String>,
    /// admin, manager, agent or broker.
    #[arg(long)]
    pub role: Option<UserRole>,
    /// A broker's client, by its slug.
    #[arg(long)]
    pub client: Option<String>,
    /// A language they speak, as in en or es-MX; as often as there are any. They replace all others.
    #[arg(long = "language", value_name = "TAG")]
    pub languages: Vec<String>,
    /// Any language.
    #[arg(long, conflicts_with = "languages")]
    pub any_language: bool,
    /// A client they work for, by its slug; as often as there are any. They replace all others.
    #[arg(long = "works-for", value_name = "SLUG")]
    pub clients: Vec<String>,
    /// Every client.
    #[arg(long, conflicts_with = "clients")]
    pub any_client: bool,
    /// Where they are, as in America/Chicago; `any` for none.
    #[arg(long, visible_alias = "zone", value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// How they write dates and hours, as in en-US; `any` for the browser's.
    #[arg(long)]
    pub locale: Option<String>,
}

/// Runs the command.
pub async fn run(common: &Common, action: UserAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: UserAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        UserAction::Add(options) => {
            let NewUserOptions { email, role, name, client, invite, time_zone } = options;
            let made = (!invite).then(|| Password::typed(&password()));
            let request = AddUser { email: email.clone(), name, role, client, password: made.clone(), time_zone };
            let id = actions.run(&actor, &request).await.map_err(refused("user add"))?;
            let said = match made {
                Some(made) => json!({"id": id, "password": made.reveal()}),
                None => json!({"id": id, "invited": email}),
            };
            output::record(common.json, &said)?;
        }
        UserAction::Invite { user } => {
            let user = find(&actions, &actor, &user).await.map_err(refused("user invite"))?;
            let is_new = actions.run(&actor, &InviteUser { user: user.id }).await.map_err(refused("user invite"))?;
            let said = if is_new { "on its way" } else { "mailed within the last minute already" };
            output::record(common.json, &json!({"id": user.id, "invited": user.email, "mail": said}))?;
        }
        UserAction::List => {
            let users = list(&actions, &actor).await.map_err(refused("user list"))?;
            let rows: Vec<_> = users.iter().map(shown).collect();
            output::table(common.json, &["id", "email", "name", "role", "client", "state", "languages"], &rows)?;
        }
        UserAction::Set(options) => {
            let user = find(&actions, &actor, &options.user).await.map_err(refused("user set"))?;
            let set = actions.run(&actor, &change(&user, options)).await.map_err(refused("user set"))?;
            output::record(common.json, &shown(&set))?;
        }
        UserAction::Pause { user } => {
            let user = find(&actions, &actor, &user).await.map_err(refused("user pause"))?;
            let request = SetUser { is_paused: Some(true), ..SetUser::of(user.id) };
            let set = actions.run(&actor, &request).await.map_err(refused("user pause"))?;
            output::record(common.json, &shown(&set))?;
        }
        UserAction::Resume { user } => {
            let user = find(&actions, &actor, &user).await.map_err(refused("user resume"))?;
            let request = SetUser { is_paused: Some(false), ..SetUser::of(user.id) };
            let set = actions.run(&actor, &request).await.map_err(refused("user resume"))?;
            output::record(common.json, &shown(&set))?;
        }
        UserAction::Password { user } => {
            let user = find(&actions, &actor, &user).await.map_err(refused("user password"))?;
            let chosen = password();
            let request = SetPassword {
                user: user.id,
                chosen: Password::typed(&chosen),
                but: None,
                by_link: None,
                time_zone: None,
            };
            set(&actions, &actor, &request).await.map_err(refused("user password"))?;
            output::record(common.json, &json!({"id": user.id, "password": chosen}))?;
        }
    }
    Ok(())
}

fn change(user: &UserRecord, options: UserOptions) -> SetUser {
    // A word for "none", since leaving the flag out means that it stays.
    let unless_any = |text: String| (text != "any").then_some(text);
    SetUser {
        name: options.name,
        role: options.role,
        client: options.client,
        languages: (options.any_language || !options.languages.is_empty()).then_some(options.languages),
        clients: (options.any_client || !options.clients.is_empty()).then_some(options.clients),
        time_zone: options.time_zone.map(unless_any),
        locale: options.locale.map(unless_any),
        ..SetUser::of(user.id)
    }
}

fn shown(user: &UserRecord) -> Value {
    let state = match (user.is_paused, user.password_at) {
        (true, _) => "paused",
        (false, None) => "invited",
        (false, Some(_)) => "active",
    };
    json!({"id": user.id, "email": user.email, "name": user.name, "role": user.role.word(), "client": user.client,
           "state": state, "languages": user.languages, "works_for": user.clients, "time_zone": user.time_zone,
           "locale": user.locale, "created_at": user.created_at})
}
