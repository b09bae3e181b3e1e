//! `GET /api/v1/audit`: who changed what, newest first.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::audit::list;
use ripen_domain::{actor::UserRole, id::ClientId};
use ripen_store::audit::list::AuditRecord;
use ripen_web::{Problem, extract::Query};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    context::DeskContext,
    people::{
        audit::AuditQuery,
        refused::{ApiRefusals, refused},
        viewer::Viewer,
    },
};

/// Entries on a page.
const ON_A_PAGE: usize = 100;

/// A change.
#[derive(Serialize, ToSchema)]
pub struct AuditEntryView {
    /// Its id.
    #[schema(value_type = String)]
    id: Uuid,
    /// When.
    at: Timestamp,
    /// Who: `user:…`, `operator:…`, `token:…`, `system:…`.
    actor: String,
    /// `noun.verb`.
    #[schema(example = "user.set")]
    action: String,
    /// To what.
    object: String,
    /// Whose data it is; none for what belongs to the whole firm.
    #[schema(value_type = Option<String>)]
    client: Option<ClientId>,
    /// What it was.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What it is since.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

impl From<AuditRecord> for AuditEntryView {
    fn from(entry: AuditRecord) -> Self {
        let AuditRecord { id, at, actor, action, object, client, before, after } = entry;
        Self { id, at, actor, action, object, client, before, after }
    }
}

/// Changes, newest first.
#[derive(Serialize, ToSchema)]
pub struct AuditPageView {
    /// At most 100.
    entries: Vec<AuditEntryView>,
    /// `before` of the next page; none where this is the last.
    #[schema(value_type = Option<String>)]
    next: Option<Uuid>,
}

/// Lists who changed what, for managers and admins.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "list_audit", tag = "desk", security(("user_token" = [])),
    params(
        ("object" = Option<String>, Query, description = "Only what was done to this object; of a lead, to its person too."),
        ("actor" = Option<String>, Query, description = "Only what this actor did."),
        ("before" = Option<String>, Query, description = "Only what is older than this entry: the `next` of the page before."),
    ),
    responses((status = 200, description = "A page of changes.", body = AuditPageView), ApiRefusals))]
pub async fn many(
    State(context): State<DeskContext>,
    viewer: Viewer,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditPageView>, Problem> {
    viewer.require(&[UserRole::Admin, UserRole::Manager])?;
    // One more than is shown tells whether there are more.
    let filter = query.filter(i64::try_from(ON_A_PAGE + 1).unwrap_or(i64::MAX));
    let mut found = list(&context.actions, &viewer.actor, &filter).await.map_err(|refusal| refused(&refusal))?;
    let has_more = found.len() > ON_A_PAGE;
    found.truncate(ON_A_PAGE);
    let next = found.last().filter(|_| has_more).map(|entry| entry.id);
    Ok(Json(AuditPageView { entries: found.into_iter().map(AuditEntryView::from).collect(), next }))
}
