//! What an import of leads has to know of the database before it sends: which source is meant, what the script asks, and
//! which rows came before. Nothing is changed here: leads go in through intake, as everybody's do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ripen_domain::{
    actor::{Actor, Permission},
    arrival::BodyTime,
    criteria::Criteria,
    document::did_you_mean,
    hash::ContentHash,
    id::{ArrivalId, ClientId},
    person::Profile,
};
use ripen_store::{
    arrival::{
        bodies_per_key::{EarlierBody, MOST_BODIES},
        common_key::CommonKey,
    },
    source::source_record::SourceRecord,
};

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
    /// The same came before, and something else since: this corrects that.
    ComesBack,
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
            let hint = did_you_mean(wanted.trim(), sources.iter().map(|source| source.name.as_str()));
            let said = match named.as_slice() {
                [] => format!("no source {wanted:?}; there are none yet"),
                named => format!("no source {wanted:?}{hint} (there are: {})", named.join(", ")),
            };
            Err(Refusal::field("source", "unknown", said))
        }
        several => {
            let slugs: Vec<_> = several.iter().map(|source| slug(source.client)).collect();
            let several = format!("several clients have a source {wanted:?}: name one of {}", slugs.join(", "));
            Err(Refusal::field("client", "required", several))
        }
    }
}

/// The criteria by which a client's program reads answers; none before the first activation.
///
/// # Errors
/// When the criteria cannot be loaded.
pub async fn active_criteria(
    actions: &Actions,
    actor: &Actor,
    client: ClientId,
) -> Result<Option<Arc<Criteria>>, Refusal> {
    permit(actor, Permission::Manage)?;
    let mut tx = actions.store.begin().await?;
    let Some(active) = tx.client_criteria(actor.scope(), client).await? else { return Ok(None) };
    let mut loaded = actions.documents.get_within(&mut tx, &[active.id]).await?;
    Ok(loaded.remove(&active.id))
}

/// A row that is to be sent.
#[derive(Debug, Clone)]
pub struct ForetoldRow {
    /// Its arrival.
    pub arrival: ArrivalId,
    /// What it says, hashed.
    pub content: ContentHash,
    /// Whose external id it has, and which.
    pub external_id: Option<CommonKey>,
    /// When it would come.
    pub time: BodyTime,
    /// Who it says it is of.
    pub said: Profile,
}

/// What a row would come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeseenBody {
    /// New, the same again, or a correction.
    pub foreseen: Foreseen,
    /// It corrects what was said of another person: name, address and number are all another's.
    pub is_anothers: bool,
}

/// What each of these would come to, were it sent now; what is still queued is not known yet.
///
/// # Errors
/// When the actor may not know.
pub async fn foresee(actions: &Actions, actor: &Actor, wanted: &[ForetoldRow]) -> Result<Vec<ForeseenBody>, Refusal> {
    permit(actor, Permission::Manage)?;
    let ids: Vec<_> = wanted.iter().map(|row| row.arrival).collect();
    let externals: BTreeSet<_> =
        wanted.iter().filter_map(|row| Some((row.external_id.clone()?, row.content))).collect();
    let mut tx = actions.store.begin().await?;
    let seen = tx.arrivals_seen_in(actor.scope(), &ids).await?;
    let seen: BTreeMap<_, _> = seen.into_iter().map(|seen| (seen.id, seen.content)).collect();
    let mut bodies: BTreeMap<CommonKey, Vec<EarlierBody>> = BTreeMap::new();
    for body in tx.arrivals_bodies_in(actor.scope(), &externals).await? {
        bodies.entry(body.key.clone()).or_default().push(body);
    }
    let foreseen = |row: &ForetoldRow| {
        let key = row.external_id.clone();
        let known = key.and_then(|key| bodies.get(&key)).map(Vec::as_slice).unwrap_or_default();
        foretell(row, known, seen.get(&row.arrival))
    };
    Ok(wanted.iter().map(foreseen).collect())
}

/// As the qualifier will see it.
fn foretell(row: &ForetoldRow, known: &[EarlierBody], seen: Option<&ContentHash>) -> ForeseenBody {
    let counts = known.iter().reduce(|one, other| if other.last.is_newer(one.last) { other } else { one });
    let foreseen = match (counts, seen) {
        (Some(counts), seen) => beside(row, (known, counts), seen),
        (None, None) => Foreseen::New,
        (None, Some(before)) if *before == row.content => Foreseen::Repeated,
        (None, Some(_)) => Foreseen::Amends,
    };
    let corrects = matches!(foreseen, Foreseen::Amends | Foreseen::ComesBack);
    let is_anothers = corrects && counts.is_some_and(|counts| counts.said.is_all_anothers(&row.said));
    ForeseenBody { foreseen, is_anothers }
}

/// What it would come to beside the bodies that are known, of which one counts.
fn beside(row: &ForetoldRow, (known, counts): (&[EarlierBody], &EarlierBody), seen: Option<&ContentHash>) -> Foreseen {
    let was_there = known.iter().any(|body| body.content == row.content);
    if !was_there && seen == Some(&row.content) {
        // What came first is dead, and waits with what says the same.
        return Foreseen::Repeated;
    }
    if counts.content == row.content || was_there && !row.time.is_newer(counts.last) {
        return Foreseen::Repeated;
    }
    match (was_there, known.len() < MOST_BODIES) {
        (true, true) => Foreseen::ComesBack,
        (false, true) => Foreseen::Amends,
        // An id with so many bodies names no lead.
        (true, false) => Foreseen::Repeated,
        (false, false) => Foreseen::New,
    }
}
