//! What an import of leads has to know of the database before it sends: which source is meant, what the script asks, and
//! which rows came before. Nothing is changed here: leads go in through intake, as everybody's do.

use std::collections::BTreeMap;

use ripen_domain::{
    actor::{Actor, Permission},
    arrival::variant_id,
    hash::ContentHash,
    id::{ArrivalId, ClientId},
};
use ripen_store::source::record::SourceRecord;

use crate::{Actions, Refusal, client, source, work::permit};

/// What sending something would come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreseen {
    /// A new arrival.
    New,
    /// The same came before.
    Repeated,
    /// Something else came before under the same id: this corrects it.
    Amends,
}

/// The source of an id or a name, within one client where one is named.
///
/// # Errors
/// Names the sources there are, or the clients that have one of this name.
pub async fn find_source(
    actions: &Actions,
    actor: &Actor,
    wanted: &str,
    client: Option<&str>,
) -> Result<SourceRecord, Refusal> {
    let clients = client::list(actions, actor).await?;
    let within = match client {
        Some(slug) => Some(client::find(actions, actor, slug).await?.id),
        None => None,
    };
    let slug = |id: ClientId| clients.iter().find(|client| client.id == id).map_or("", |client| client.slug.as_str());
    let mut sources = source::list(actions, actor).await?;
    sources.retain(|source| within.is_none_or(|client| source.client == client));
    let lower = wanted.trim().to_lowercase();
    let found: Vec<_> = sources
        .iter()
        .filter(|source| source.id.to_string() == wanted.trim() || source.name.to_lowercase() == lower)
        .collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let named: Vec<_> =
                sources.iter().map(|source| format!("{:?} ({})", source.name, slug(source.client))).collect();
            let there = if named.is_empty() { "there are none yet".to_owned() } else { named.join(", ") };
            Err(Refusal::field("source", "unknown", format!("no source {wanted:?}; {there}")))
        }
        several => {
            let slugs: Vec<_> = several.iter().map(|source| slug(source.client)).collect();
            let several = format!("several clients have a source {wanted:?}: name one of {}", slugs.join(", "));
            Err(Refusal::field("client", "required", several))
        }
    }
}

/// The ids of the questions that the script of a client's program asks; none before the first activation.
///
/// # Errors
/// When the criteria cannot be loaded.
pub async fn questions(actions: &Actions, actor: &Actor, client: ClientId) -> Result<Vec<String>, Refusal> {
    permit(actor, Permission::Manage)?;
    let mut tx = actions.store.begin().await?;
    let Some(active) = tx.client_criteria(actor.scope(), client).await? else { return Ok(Vec::new()) };
    let mut loaded = actions.documents.get_within(&mut tx, &[active.id]).await?;
    let criteria = loaded.remove(&active.id);
    Ok(criteria.iter().flat_map(|criteria| criteria.questions()).map(|question| question.id.to_string()).collect())
}

/// What each of these would come to, were it sent now; what is still queued is not known yet.
///
/// # Errors
/// When the actor may not know.
pub async fn foresee(
    actions: &Actions,
    actor: &Actor,
    wanted: &[(ArrivalId, ContentHash)],
) -> Result<Vec<Foreseen>, Refusal> {
    permit(actor, Permission::Manage)?;
    let ids: Vec<_> = wanted.iter().flat_map(|(id, content)| [*id, variant_id(*id, *content)]).collect();
    let mut tx = actions.store.begin().await?;
    let seen: BTreeMap<_, _> = tx.arrivals_seen(&ids).await?.into_iter().collect();
    let foreseen = |(id, content): &(ArrivalId, ContentHash)| match seen.get(id) {
        None => Foreseen::New,
        Some(before) if before == content || seen.contains_key(&variant_id(*id, *content)) => Foreseen::Repeated,
        Some(_) => Foreseen::Amends,
    };
    Ok(wanted.iter().map(foreseen).collect())
}
