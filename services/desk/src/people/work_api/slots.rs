//! Free times of a client's reps for a lead, as pages offer them.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::appointment::FreeSlot;
use ripen_domain::id::{LeadId, RepId};
use ripen_web::{Problem, extract::PathId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{WorkReadRefusals, unsettled::UnsettledClocks};
use crate::{
    context::DeskContext,
    people::{
        refused::refused,
        slots::{OfferedSlot, free_slots},
        viewer::Viewer,
    },
};

/// A slot that is free.
#[derive(Serialize, ToSchema)]
pub struct FreeSlotView {
    /// As `POST /api/v1/leads/{id}/appointment` takes it.
    #[schema(example = "rep_01kahxq5z5e4y9wd3tvdnzxkqj 2026-11-25T16:30:00Z")]
    slot: String,
    /// With whom.
    #[schema(value_type = String)]
    rep: RepId,
    /// Their name.
    rep_name: String,
    /// From when.
    starts_at: Timestamp,
    /// Until when.
    ends_at: Timestamp,
    /// The rep's clock.
    #[schema(example = "America/Chicago")]
    rep_time_zone: Option<String>,
    /// The clock where the person is; one of several where `unsettled` names those.
    person_time_zone: Option<String>,
    /// What the clocks that may be the person's show at its beginning, while it is not settled where they are.
    unsettled: Option<UnsettledClocks>,
    /// By both clocks, in words.
    words: String,
}

impl From<(FreeSlot, OfferedSlot)> for FreeSlotView {
    fn from((one, offered): (FreeSlot, OfferedSlot)) -> Self {
        let OfferedSlot { value, text, clocks } = offered;
        let FreeSlot { rep, slot, zone, person_zone } = one;
        Self {
            slot: value,
            rep: rep.id,
            rep_name: rep.name,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            rep_time_zone: zone.iana_name().map(str::to_owned),
            person_time_zone: person_zone.iana_name().map(str::to_owned),
            unsettled: clocks.map(UnsettledClocks::from),
            words: text,
        }
    }
}

/// What the reps of the lead's client have free, the earliest first. Nothing is held by it: a slot may be taken the moment after.
#[utoipa::path(get, path = "/api/v1/leads/{id}/slots", operation_id = "list_free_slots", tag = "work",
    params(("id" = String, Path, description = "The lead's id, lead_….")),
    responses((status = 200, description = "The slots.", body = Vec<FreeSlotView>), WorkReadRefusals))]
pub async fn list_slots(
    State(context): State<DeskContext>,
    PathId(lead): PathId<LeadId>,
    viewer: Viewer,
) -> Result<Json<Vec<FreeSlotView>>, Problem> {
    viewer.require_staff()?;
    let free = free_slots(&context, &viewer, lead).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(free.into_iter().map(FreeSlotView::from).collect()))
}
