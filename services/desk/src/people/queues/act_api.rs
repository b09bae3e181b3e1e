//! `POST /api/v1/queues/{list}`: what can be done about one row of what is stuck, as its buttons do it.

use axum::{Json, extract::State};
use ripen_actions::{FieldErrors, queues::QueueList};
use ripen_web::{Problem, extract::PathId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    LEADS_THE_DESK,
    act::{WantedAct, acts, run},
};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfJson,
        refused::{ApiRefusals, refused},
    },
};

/// Which row, and what is to become of it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct QueueActBody {
    /// The row's id, as the list has it.
    id: String,
    /// One of the list's `acts`: `again` sends or handles it once more, `release` lets an arrival be worked, `drop` gives it up.
    #[schema(example = "again")]
    what: String,
    /// Why, in words: needed of what is in quarantine.
    why: String,
    /// Of a dead delivery: `again` also where somebody else has the lead by now, which is a 409 otherwise.
    confirm: bool,
}

/// What was done about a row.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueActAnswer {
    /// The row.
    id: String,
    /// `again`, `released` or `dropped`.
    #[schema(example = "again")]
    done: &'static str,
}

/// Does something about a row of what is stuck.
#[utoipa::path(post, path = "/api/v1/queues/{list}", operation_id = "act_on_queue_row", tag = "desk",
    security(("user_token" = [])),
    params(("list" = String, Path, description = "dead, letters or quarantine: of others nothing is done here.")),
    request_body = QueueActBody,
    responses(
        (status = 200, description = "Done. A row that somebody else saw to meanwhile is a 404.", body = QueueActAnswer),
        ApiRefusals,
    ))]
pub async fn act(
    State(context): State<DeskContext>,
    PathId(list): PathId<String>,
    CsrfJson { viewer, body }: CsrfJson<QueueActBody>,
) -> Result<Json<QueueActAnswer>, Problem> {
    viewer.require(LEADS_THE_DESK)?;
    // Read once it is known who asks: whoever is not signed in is told that first.
    let list: QueueList = list.parse().map_err(|_| Problem::not_found())?;
    let known: Vec<_> = acts(list).iter().map(|act| act.what).collect();
    let mut errors = FieldErrors::default();
    errors.require(!body.id.trim().is_empty(), "id", "required", || "name the row by its id".to_owned());
    errors.require(known.contains(&body.what.as_str()), "what", "invalid", || match known.as_slice() {
        [] => "nothing is done about rows of this list".to_owned(),
        known => format!("of this list write {}", known.join(" or ")),
    });
    // From a command line it may be left out, and the action's own words say so: here it may not.
    let is_asked_why = acts(list).iter().any(|act| act.what == body.what && act.asks_why());
    errors.require(!is_asked_why || !body.why.trim().is_empty(), "why", "required", || {
        "say in a few words why: the audit keeps it".to_owned()
    });
    errors.finish().map_err(|refusal| refused(&refusal))?;
    let wanted = WantedAct { list, id: &body.id, what: &body.what, why: &body.why, confirmed: body.confirm };
    let done = run(&context, &viewer.actor, &wanted).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(QueueActAnswer { id: body.id, done: done.word() }))
}
