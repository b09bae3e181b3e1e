//! A disposition, and taking it back.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::{
    FieldError, Refusal,
    desk::{Dispose, NewCoDecider, StopContact, UndoDisposition},
    lead::{NewAnswer, NextWish},
    opportunity::NewOpportunity,
};
use ripen_domain::{id::LeadId, promise::When, touch::Disposition};
use ripen_web::{FieldProblem, Problem, catalogue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{WorkRefusals, view::OpenedLeadView};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfJson,
        leads::stop_whom::{StopWhom, stop_for_firm},
        refused::refused,
        work::date_refused::{WishedDate, as_read},
    },
};

/// How the work on a lead ended, and what it brought.
#[derive(Deserialize, ToSchema)]
pub struct DisposeBody {
    /// The lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// As it was taken.
    #[schema(value_type = String)]
    lease: Uuid,
    /// The same id again is the same disposition.
    #[schema(value_type = Option<String>)]
    touch: Option<Uuid>,
    /// `answered`, `no_answer`, `voicemail`, `wrong_number`, `call_back`, `not_interested`, `do_not_contact`, `reached_other`,
    /// `never_enquired`, `number_dead` or `note`.
    #[schema(value_type = String, example = "answered")]
    disposition: Disposition,
    /// With `wrong_number` and `number_dead`: the number that was called, as the lead showed it (`+14155550100;ext=12`). It is given up also
    /// where somebody has put another one in its place since, which stays. Without it, it is the number that the person is known by, and
    /// 409 (`number_changed`) where that is another than when the lead was opened. A number that `dial` dialed counts before both.
    phone: Option<String>,
    /// Answers by question.
    #[serde(default)]
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
    /// Words to keep.
    note: Option<String>,
    /// When the next call was agreed for, by the person's clock: `2027-04-03T14:30`, `2027-04-03`, `2027-04`, `30d`.
    next: Option<String>,
    /// What was agreed.
    next_why: Option<String>,
    /// With `do_not_contact`: how far the wish goes.
    stop: Option<StopBody>,
    /// Who decides with the person.
    #[serde(default)]
    co_deciders: Vec<CoDeciderBody>,
    /// The possible business, where it was named.
    opportunity: Option<OpportunityBody>,
    /// The version of the draft that this commits, which is gone with it. Without one, and without the `touch` that the draft was saved
    /// with, a draft is gone where all of its words are here; another stays, and is there when the lead is opened again.
    version: Option<i64>,
}

/// How far a wish not to be contacted goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopBody {
    /// `client`, which it is where nothing is said, or `firm`: for every client of the firm.
    whom: Option<StopWhom>,
    /// The same: true for the firm.
    for_firm: Option<bool>,
    /// These addresses and numbers only; all of the person's where there are none.
    #[serde(default)]
    identities: Vec<String>,
}

/// Somebody who decides with the person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoDeciderBody {
    /// As it was said.
    name: String,
    /// What they are to the person.
    #[serde(default)]
    relation: String,
    /// Their number.
    phone: Option<String>,
    /// Their address.
    email: Option<String>,
}

/// A possible business.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpportunityBody {
    /// What it is about.
    pub business: String,
    /// How much: digits with a point.
    pub amount: Option<String>,
    /// ISO 4217, with the amount.
    pub currency: Option<String>,
    /// When it may be decided.
    #[schema(example = "2027-04-03")]
    pub expected_on: Option<String>,
    /// In per cent.
    pub likelihood: Option<u8>,
}

impl From<OpportunityBody> for NewOpportunity {
    fn from(body: OpportunityBody) -> Self {
        let OpportunityBody { business, amount, currency, expected_on, likelihood } = body;
        Self { business, amount, currency, expected_on, likelihood }
    }
}

/// What was committed.
#[derive(Serialize, ToSchema)]
pub struct DisposedView {
    /// The disposition's id, to take it back.
    #[schema(value_type = String)]
    touch: Uuid,
    /// It was recorded before: nothing changed.
    is_repeated: bool,
    /// When the next step that was agreed falls due.
    next: Option<Timestamp>,
    /// Until when it can be taken back; none where it cannot.
    undo_until: Option<Timestamp>,
    /// A draft with other words was saved since, by another tab or program of yours: it is kept.
    keeps_draft: bool,
}

/// Ends the work on a lead.
#[utoipa::path(post, path = "/api/v1/work/dispose", operation_id = "dispose_lead", tag = "work",
    request_body = DisposeBody,
    responses((status = 200, description = "Committed.", body = DisposedView), WorkRefusals))]
pub async fn dispose_lead(
    State(context): State<DeskContext>,
    asked: CsrfJson<DisposeBody>,
) -> Result<Json<DisposedView>, Problem> {
    let CsrfJson { viewer, body } = asked;
    viewer.require_staff()?;
    let wish = body.next.clone().unwrap_or_default();
    let dispose = body.read()?;
    let done = match context.actions.run(&viewer.actor, &dispose).await {
        Ok(done) => done,
        Err(refusal) => {
            let wished = WishedDate { lead: dispose.lead, field: "next", wish: &wish };
            return Err(refused(&as_read(&context, &viewer, wished, refusal.renamed("why", "next_why")).await));
        }
    };
    let touched = done.touched;
    Ok(Json(DisposedView {
        touch: touched.touch,
        is_repeated: touched.is_repeated,
        next: touched.next,
        undo_until: done.undo_until,
        keeps_draft: done.keeps_draft,
    }))
}

impl DisposeBody {
    fn read(self) -> Result<Dispose, Problem> {
        let next = next_time(self.next.as_deref())?;
        let why = self.next_why.unwrap_or_else(|| "call back".to_owned());
        Ok(Dispose {
            lead: self.lead,
            lease: self.lease,
            touch: self.touch,
            disposition: self.disposition,
            phone: self.phone,
            answer: self.answers.into_iter().map(|(question, value)| NewAnswer { question, value }).collect(),
            note: self.note,
            next: next.map(|when| NextWish { when, why }),
            stop: self.stop.map(StopBody::read).transpose()?,
            co_deciders: self
                .co_deciders
                .into_iter()
                .map(|one| NewCoDecider { name: one.name, relation: one.relation, phone: one.phone, email: one.email })
                .collect(),
            opportunity: self.opportunity.map(NewOpportunity::from),
            draft: None,
            version: self.version,
        })
    }
}

impl StopBody {
    /// What the action takes.
    ///
    /// # Errors
    /// 422 where its two ways to say for whom say opposite things.
    pub(super) fn read(self) -> Result<StopContact, Problem> {
        let for_firm = stop_for_firm(self.whom, self.for_firm).map_err(|error| {
            let field = format!("stop.{}", error.field);
            refused(&Refusal::Invalid(vec![FieldError { field, ..error }]))
        })?;
        Ok(StopContact { for_firm: for_firm.unwrap_or(false), identities: self.identities })
    }
}

/// The time that is named for the next call; none where none is.
///
/// # Errors
/// 422 where it is no time.
pub(super) fn next_time(next: Option<&str>) -> Result<Option<When>, Problem> {
    let next = next.map(str::trim).filter(|next| !next.is_empty());
    next.map(|next| next.parse::<When>().map_err(|error| unreadable(&error))).transpose()
}

fn unreadable(error: &impl ToString) -> Problem {
    let wrong = FieldProblem { pointer: "/next".into(), code: "invalid", message: error.to_string().into() };
    Problem::new(&catalogue::INVALID_REQUEST, "The next step names no time.").with_errors(vec![wrong])
}

/// A disposition to take back.
#[derive(Deserialize, ToSchema)]
pub struct UndoBody {
    /// Its id.
    #[schema(value_type = String)]
    touch: Uuid,
}

/// A disposition that was taken back.
#[derive(Serialize, ToSchema)]
pub struct UndoneView {
    /// The lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// It is open again, where nobody else has it.
    opened: Option<OpenedLeadView>,
}

/// Takes a disposition back within the time for it; the lead is decided again.
#[utoipa::path(post, path = "/api/v1/work/undo", operation_id = "undo_disposition", tag = "work",
    request_body = UndoBody,
    responses((status = 200, description = "Taken back.", body = UndoneView), WorkRefusals))]
pub async fn undo_disposition(
    State(context): State<DeskContext>,
    asked: CsrfJson<UndoBody>,
) -> Result<Json<UndoneView>, Problem> {
    let CsrfJson { viewer, body: UndoBody { touch } } = asked;
    viewer.require_staff()?;
    let undone = context.actions.run(&viewer.actor, &UndoDisposition { touch }).await;
    let undone = undone.map_err(|refusal| refused(&refusal))?;
    Ok(Json(UndoneView { lead: undone.lead, opened: undone.held.map(OpenedLeadView::from) }))
}
