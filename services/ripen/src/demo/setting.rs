//! Sets the demonstration's firm up: its clients with sources, criteria, reps and a webhook, and who signs in.

use std::collections::BTreeMap;

use anyhow::Context as _;
use ripen_actions::{
    Actions,
    client::{AddClient, SetClient},
    criteria::ActivateCriteria,
    endpoint::{AddEndpoint, Destination},
    rep::AddRep,
    routing::SetRouting,
    sign_in::{self, SignIn},
    source::{AddSource, AddedSource},
    user::{AddUser, SetUser},
};
use ripen_domain::{
    actor::Actor,
    id::{ClientId, RepId, UserId},
    user::Password,
};
use ripen_runtime::random::password;
use ripen_store::source::source_record::SourceFormat;

use super::table::{SampleClient, SampleUser, SampleWorld, criteria};

/// A client that is set up.
pub struct Furnished {
    /// Its id.
    pub id: ClientId,
    /// Its sources, in the table's order.
    pub sources: Vec<AddedSource>,
}

/// Who says what became of a lead.
#[derive(Debug, Clone)]
pub struct FurnishedRep {
    /// The rep's client.
    pub client: ClientId,
    /// The rep's name.
    pub name: String,
}

/// The firm as it stands before its first lead.
pub struct Furniture {
    /// Clients in the table's order.
    pub clients: Vec<Furnished>,
    /// Reps by id.
    pub reps: BTreeMap<RepId, FurnishedRep>,
    /// Who works, in the table's order of users, which has clients' brokers last.
    pub users: Vec<DemoAccount>,
}

/// Somebody who signs in.
pub struct DemoAccount {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub email: String,
    /// As long as this process sets things up, in clear.
    pub password: Password,
    /// Who they are when they have signed in.
    pub actor: Actor,
}

/// Sets everything up. The webhook of the first client leads to `receiver`.
///
/// # Errors
/// When a step is refused.
pub async fn furnish(
    actions: &Actions,
    actor: &Actor,
    world: &SampleWorld,
    receiver: &str,
) -> anyhow::Result<Furniture> {
    let mut furniture = Furniture { clients: Vec::new(), reps: BTreeMap::new(), users: Vec::new() };
    for (place, sample) in world.client.iter().enumerate() {
        // The first one's name is what a second start knows a demonstration by.
        let webhook = (place == 0).then_some(receiver);
        let client = add_client(actions, actor, sample).await?;
        let team = add_team(actions, actor, sample, webhook).await.with_context(|| sample.slug.clone())?;
        let reps = team.into_iter().zip(&sample.reps);
        furniture.reps.extend(reps.map(|(id, rep)| (id, FurnishedRep { client: client.id, name: rep.name.clone() })));
        furniture.clients.push(client);
    }
    for user in world.user.iter().filter(|user| user.client.is_none()) {
        furniture.users.push(add_user(actions, actor, user).await.with_context(|| user.email.clone())?);
    }
    Ok(furniture)
}

async fn add_client(actions: &Actions, actor: &Actor, sample: &SampleClient) -> anyhow::Result<Furnished> {
    let request = AddClient {
        name: sample.name.clone(),
        slug: Some(sample.slug.clone()),
        country: sample.country.clone(),
        time_zone: sample.time_zone.clone(),
    };
    let id = actions.run(actor, &request).await?.id;
    let mut sources = Vec::new();
    for source in &sample.sources {
        let request = AddSource {
            client: sample.slug.clone(),
            name: source.name.clone(),
            channel: source.channel(),
            format: SourceFormat::Any,
            country: None,
            cost_per_lead: source.cost.as_deref().map(str::parse).transpose()?,
            thanks: None,
        };
        sources.push(actions.run(actor, &request).await?);
    }
    let document = criteria(&sample.criteria).to_owned();
    let activated = actions.run(actor, &ActivateCriteria { document, backtest: None }).await?;
    let request = SetClient {
        client: sample.slug.clone(),
        program: Some(activated.program),
        desk_weight: Some(sample.weight),
        caller_id: Some(Some(sample.caller_id.clone())),
        briefing: Some(sample.briefing.clone()),
        ..SetClient::default()
    };
    actions.run(actor, &request).await?;
    Ok(Furnished { id, sources })
}

/// The client's reps, and who of them gets which lead; their ids in the table's order.
async fn add_team(
    actions: &Actions,
    actor: &Actor,
    sample: &SampleClient,
    webhook: Option<&str>,
) -> anyhow::Result<Vec<RepId>> {
    let slug = || sample.slug.clone();
    if let Some(url) = webhook {
        let to = Destination::Webhook { url: url.into(), allow_private: true };
        actions.run(actor, &AddEndpoint { client: slug(), to, name: None, events: None }).await?;
    }
    let (mut ids, mut recipients) = (Vec::new(), Vec::new());
    for rep in &sample.reps {
        let request = AddRep { client: slug(), name: rep.name.clone(), email: rep.email.clone() };
        ids.push(actions.run(actor, &request).await?.id);
        recipients.push(format!("\"{}\"", rep.name));
    }
    // One rep, or a webhook beside, gets everything; several take turns.
    if recipients.len() > 1 && webhook.is_none() {
        let document = format!("mode = \"round_robin\"\nrecipients = [{}]\n", recipients.join(", "));
        actions.run(actor, &SetRouting { client: slug(), document, when_dead: None }).await?;
    }
    Ok(ids)
}

/// Adds somebody who signs in, and signs them in once.
///
/// # Errors
/// When a step is refused.
pub async fn add_user(actions: &Actions, actor: &Actor, sample: &SampleUser) -> anyhow::Result<DemoAccount> {
    let chosen = Password::typed(&password());
    let request = AddUser {
        email: sample.email.clone(),
        name: Some(sample.name.clone()),
        role: sample.role.parse()?,
        client: sample.client.clone(),
        password: Some(chosen.clone()),
        time_zone: sample.time_zone.clone(),
    };
    let id = actions.run(actor, &request).await?;
    let change = SetUser {
        languages: Some(sample.languages.clone()),
        clients: Some(sample.clients.clone()),
        locale: Some(sample.locale.clone()),
        ..SetUser::of(id)
    };
    actions.run(actor, &change).await?;
    let actor = signed_in(actions, &sample.email, &chosen).await?;
    Ok(DemoAccount { id, email: sample.email.clone(), password: chosen, actor })
}

/// Signs somebody in as their browser does, and gives who that is.
///
/// # Errors
/// When they are not let in.
pub async fn signed_in(actions: &Actions, email: &str, password: &Password) -> anyhow::Result<Actor> {
    let typed = SignIn {
        email: email.to_owned(),
        password: password.clone(),
        from: "127.0.0.1".to_owned(),
        agent: "Browser of the demonstration".to_owned(),
    };
    let session = sign_in::sign_in(actions, &typed).await?.session;
    let (_, actor) =
        sign_in::by_session(actions, &session.hash()).await?.context("a session that just began is over")?;
    Ok(actor)
}
