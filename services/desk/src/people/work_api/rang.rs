//! Somebody calls back: the lead of the number that rings is opened. Of one that opens no lead it is said whose it is and what bars it,
//! and it is noted that they rang, or what bars it is lifted.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::{
    desk::take,
    person::PersonQuery,
    ringing::{BarredNumber, NoteRinging, RingingNumber, ringing},
    suppression::LiftSuppression,
};
use ripen_store::lead::show::LeadRecord;
use ripen_web::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{WorkRefusals, view::OpenedLeadView};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfJson,
        refused::refused,
        viewer::Viewer,
        work::shown_rings::{FoundLead, found},
    },
};

/// A number that rings.
#[derive(Deserialize, ToSchema)]
pub struct RangBody {
    /// In any spelling, or its last four digits or more. With its country code where `what` is `note` or `lift`.
    #[schema(example = "+13125550142")]
    phone: String,
    /// What is done.
    #[serde(default)]
    what: RangWhat,
    /// With `lift`: the slug of the client whose entry is lifted; the firm's where it is missing.
    client: Option<String>,
    /// With `note`: what they wanted. With `lift`: why they may be called again.
    #[serde(default)]
    note: String,
}

/// What is done with a number that rings.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RangWhat {
    /// Its lead is opened, where it has one that is open and nothing bars it.
    #[default]
    Open,
    /// It is noted that they rang of their own wish.
    Note,
    /// What bars it is lifted: for managers and admins.
    Lift,
}

/// What is known of a number.
#[derive(Serialize, ToSchema)]
pub struct RangView {
    /// The lead that is open now; none where several have the number or none does, or nobody may call it.
    opened: Option<OpenedLeadView>,
    /// Its open leads, the newest first.
    open: Vec<RingingLeadView>,
    /// Those that are won or closed.
    ended: Vec<RingingLeadView>,
    /// What bars it: the firm's entry first, then clients'.
    barred: Vec<BarredNumberView>,
}

/// A lead of a number.
#[derive(Serialize, ToSchema)]
pub struct RingingLeadView {
    /// Its id.
    #[schema(example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    lead: String,
    /// Who it is.
    name: String,
    /// The client's slug.
    client: String,
    /// The line of business.
    program: String,
    /// Its whole number, as it is read.
    phone: String,
    /// How it ended; none while it is open.
    ended: Option<String>,
}

impl RingingLeadView {
    fn of(lead: &LeadRecord) -> Self {
        let is_open = lead.stage.is_open();
        let FoundLead { id, name, client, program, number, ended } = found(lead);
        Self { lead: id, name, client, program, phone: number, ended: (!is_open).then_some(ended) }
    }
}

/// An entry by which nobody calls a number.
#[derive(Serialize, ToSchema)]
pub struct BarredNumberView {
    /// The number.
    phone: String,
    /// For which client, by its slug; for the whole firm where none.
    client: Option<String>,
    /// The client's name.
    client_name: Option<String>,
    /// Why.
    why: String,
    /// Who asked for it.
    by: String,
    /// Since when.
    since: Timestamp,
}

impl From<BarredNumber> for BarredNumberView {
    fn from(one: BarredNumber) -> Self {
        let BarredNumber { phone, client, client_name, why, by, since } = one;
        Self { phone: phone.as_str().to_owned(), client, client_name, why, by, since }
    }
}

/// Opens the lead of a number that rings; or notes that they rang, or lifts what bars the number. Like opening a lead by its name, it
/// is refused (409) to an agent who works for other clients alone, and where somebody else has the lead open.
#[utoipa::path(post, path = "/api/v1/work/rang", operation_id = "open_ringing", tag = "work",
    request_body = RangBody,
    responses((status = 200, description = "What is known of it, and the lead that is open.", body = RangView), WorkRefusals))]
pub async fn open_ringing(
    State(context): State<DeskContext>,
    asked: CsrfJson<RangBody>,
) -> Result<Json<RangView>, Problem> {
    let CsrfJson { viewer, body } = asked;
    viewer.require_staff()?;
    let (actions, actor) = (&context.actions, &viewer.actor);
    act(&context, &viewer, &body).await?;
    let number = ringing(actions, actor, &body.phone).await.map_err(|refusal| refused(&refusal))?;
    let opened = match number.only_lead().filter(|_| body.what == RangWhat::Open) {
        Some(lead) => Some(take(actions, actor, lead).await.map_err(|refusal| refused(&refusal))?),
        None => None,
    };
    let RingingNumber { open, ended, barred } = number;
    Ok(Json(RangView {
        opened: opened.map(OpenedLeadView::from),
        open: open.iter().map(RingingLeadView::of).collect(),
        ended: ended.iter().map(RingingLeadView::of).collect(),
        barred: barred.into_iter().map(BarredNumberView::from).collect(),
    }))
}

async fn act(context: &DeskContext, viewer: &Viewer, body: &RangBody) -> Result<(), Problem> {
    let (actions, actor) = (&context.actions, &viewer.actor);
    let (phone, note) = (body.phone.clone(), body.note.clone());
    let done = match body.what {
        RangWhat::Open => return Ok(()),
        RangWhat::Note => actions.run(actor, &NoteRinging { phone, note }).await.map(drop),
        RangWhat::Lift => {
            let of = PersonQuery { phone: Some(phone), ..PersonQuery::default() };
            let client = body.client.as_deref().map(str::trim).filter(|client| !client.is_empty());
            let lift = LiftSuppression { of, client: client.map(str::to_owned), why: note };
            actions.run(actor, &lift).await.map(drop)
        }
    };
    done.map_err(|refusal| refused(&refusal))
}
