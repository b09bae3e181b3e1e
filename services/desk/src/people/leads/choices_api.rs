//! What a list of leads and the form to enter one are chosen from, for programs: how many leads each view has, the clients, sources and
//! programs there are, and what became of a lead that was entered.

use axum::{Json, extract::State};
use ripen_actions::{Refusal, client, lead_list, lead_new};
use ripen_domain::{
    actor::Permission,
    id::{ArrivalId, ClientId, LeadId, SourceId},
};
use ripen_web::{Problem, extract::PathId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{asked::AskedLeads, choices::LeadView, own_work::LeadsReader, query::LeadsQuery};
use crate::{
    context::DeskContext,
    people::{refused::refused, viewer::Viewer, work_api::WorkReadRefusals},
};

/// How many leads a view has.
#[derive(Serialize, ToSchema)]
pub struct LeadsInView {
    /// The view.
    #[schema(example = "late")]
    view: &'static str,
    /// So many, up to 1,000.
    count: i64,
    /// There are more than were counted.
    more: bool,
}

/// How many leads each view has under the same filters.
#[derive(Serialize, ToSchema)]
pub struct LeadsInViews {
    /// Every view.
    views: Vec<LeadsInView>,
}

/// Counts the leads of every view under the filters of a list. The view, the order, the page and a search do not count.
#[utoipa::path(get, path = "/api/v1/leads/counts", operation_id = "count_leads", tag = "desk", params(LeadsQuery),
    security(("user_token" = [])),
    responses(
        (status = 200, description = "The numbers.", body = LeadsInViews),
        (status = 400, description = "A filter is given twice, or counts for nothing as it stands: each is named.", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "There is no such client.", content_type = "application/problem+json", body = Problem),
        WorkReadRefusals,
    ))]
pub async fn counts(
    State(context): State<DeskContext>,
    viewer: Viewer,
    asked: AskedLeads,
) -> Result<Json<LeadsInViews>, Problem> {
    let query = asked.sound_filters()?;
    let reader = LeadsReader::of(&viewer, context.clock.now());
    let mut views = Vec::new();
    for view in LeadView::ALL {
        let filter = query.in_view(view).filter(view, &reader);
        let counted = lead_list::count(&context.actions, &viewer.actor, query.client.as_deref(), &filter).await;
        let counted = counted.map_err(|refusal| refused(&refusal))?;
        views.push(LeadsInView { view: view.word(), count: counted.n, more: counted.is_more });
    }
    Ok(Json(LeadsInViews { views }))
}

/// A client that can be chosen.
#[derive(Serialize, ToSchema)]
pub struct ClientChoiceView {
    /// Its id.
    #[schema(value_type = String, example = "client_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: ClientId,
    /// By what filters and settings name it.
    slug: String,
    /// As people write it.
    name: String,
}

/// A source that can be chosen.
#[derive(Serialize, ToSchema)]
pub struct SourceChoiceView {
    /// Its id.
    #[schema(value_type = String, example = "source_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: SourceId,
    /// Whose leads it sends.
    #[schema(value_type = String)]
    client: ClientId,
    /// Its name.
    name: String,
    /// How its leads arrive.
    #[schema(example = "web_form")]
    channel: &'static str,
    /// Whoever asks may enter leads by it.
    enters: bool,
}

/// What lists and the form to enter a lead choose from.
#[derive(Serialize, ToSchema)]
pub struct LeadChoicesView {
    /// By slug.
    clients: Vec<ClientChoiceView>,
    /// Of those clients.
    sources: Vec<SourceChoiceView>,
    /// The names of the programs; none for brokers, who are not told them.
    programs: Vec<String>,
}

/// What leads are chosen by and entered with: clients, sources, programs.
#[utoipa::path(get, path = "/api/v1/leads/choices", operation_id = "list_lead_choices", tag = "desk",
    security(("user_token" = [])),
    responses((status = 200, description = "The choices.", body = LeadChoicesView), WorkReadRefusals))]
pub async fn choices(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<LeadChoicesView>, Problem> {
    read(&context, &viewer).await.map(Json).map_err(|refusal| refused(&refusal))
}

async fn read(context: &DeskContext, viewer: &Viewer) -> Result<LeadChoicesView, Refusal> {
    let (actions, actor) = (&context.actions, &viewer.actor);
    // Which lines of business a firm has is not a client's to know, and its people enter nobody.
    let (programs, by_hand) = match actor.may(Permission::Work) {
        true => (lead_list::programs(actions, actor).await?, lead_new::sources(actions, actor).await?),
        false => (Vec::new(), Vec::new()),
    };
    let clients = client::list(actions, actor).await?.into_iter();
    let sources = lead_list::sources(actions, actor).await?.into_iter();
    Ok(LeadChoicesView {
        clients: clients.map(|one| ClientChoiceView { id: one.id, slug: one.slug, name: one.name }).collect(),
        sources: sources
            .map(|one| SourceChoiceView {
                enters: by_hand.iter().any(|source| source.id == one.id),
                id: one.id,
                client: one.client,
                name: one.name,
                channel: one.channel.word(),
            })
            .collect(),
        programs,
    })
}

/// What became of a lead that was entered.
#[derive(Serialize, ToSchema)]
pub struct EnteredLeadView {
    /// Its lead; none while it is not worked, and where it is kept.
    #[schema(value_type = Option<String>)]
    lead: Option<LeadId>,
    /// Why it is in quarantine, or was before somebody gave it up; `key_reused` where another body came under its `key` before.
    #[schema(example = "key_reused")]
    quarantined: Option<&'static str>,
    /// Somebody gave it up.
    dropped: bool,
}

/// The lead of an arrival that was entered, as soon as it is there.
#[utoipa::path(get, path = "/api/v1/leads/entered/{id}", operation_id = "get_entered_lead", tag = "desk",
    security(("user_token" = [])),
    params(("id" = String, Path, description = "The arrival's id, arr_…, as entering it answered.")),
    responses(
        (status = 200, description = "Its lead, or why there is none yet.", body = EnteredLeadView),
        WorkReadRefusals,
    ))]
pub async fn entered(
    State(context): State<DeskContext>,
    viewer: Viewer,
    PathId(arrival): PathId<ArrivalId>,
) -> Result<Json<EnteredLeadView>, Problem> {
    let (actions, actor) = (&context.actions, &viewer.actor);
    let lead = lead_new::entered(actions, actor, arrival).await.map_err(|refusal| refused(&refusal))?;
    let kept = match lead {
        Some(_) => None,
        None => lead_new::kept_back(actions, actor, arrival).await.map_err(|refusal| refused(&refusal))?,
    };
    // What was let go is worked soon.
    let kept = kept.filter(|kept| kept.is_dropped || !kept.is_released);
    Ok(Json(EnteredLeadView {
        lead,
        quarantined: kept.map(|kept| kept.reason.word()),
        dropped: kept.is_some_and(|kept| kept.is_dropped),
    }))
}
