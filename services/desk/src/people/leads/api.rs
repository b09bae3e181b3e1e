//! `/api/v1/leads`: the same as the pages, for programs of users.

use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use ripen_actions::{lead_list, lead_page, lead_search, why_not};
use ripen_domain::{
    actor::Permission,
    desk::{NextCall, NextOpening, NextWork},
    id::{DecisionId, LeadId},
    promise::{Kind, State as StepState},
};
use ripen_store::lead::list::ListedLead;
use ripen_web::{Problem, extract::PathId};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    asked::AskedLeads,
    beside_api::LeadBesideView,
    changes::{ChangeBody, LeadChange, apply},
    forms::ChangePath,
    new::EnterForm,
    next_step::{before_step, why_of},
    own_work::LeadsReader,
    page_mark::PageMark,
    query::LeadsQuery,
    shown::ShownWay,
    timeline::entries,
};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfJson,
        handover::HandoverView,
        points::{hides_points, hides_points_of, withhold_points, without_points},
        refused::refused,
        viewer::{NotSignedIn, Viewer},
        when::When,
        work::{
            date_refused::{WishedDate, as_read},
            next::blocked_in_words,
        },
    },
};

/// A lead in a list.
#[derive(Serialize, ToSchema)]
pub struct LeadRowView {
    /// Its id.
    #[schema(value_type = String, example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: LeadId,
    /// The client's slug.
    client: String,
    /// The program's name.
    program: String,
    /// Who it is; absent where nobody said, or the client does not have the lead.
    name: Option<String>,
    /// E.164.
    phone: Option<String>,
    /// Mail address.
    email: Option<String>,
    /// `lead`, `contact`, `opportunity`, `customer` or `closed`.
    stage: &'static str,
    /// Why it is closed.
    closed_reason: Option<String>,
    /// `A`, `B` or `C`; none before the first decision.
    grade: Option<&'static str>,
    /// The points; none while they are hidden from the agent who asks (`desk.hide_points`).
    score: Option<i32>,
    /// The name of the source of the first arrival.
    source: String,
    /// Of its arrivals' channels the one closest to a conversation.
    channel: &'static str,
    /// Arrivals on it.
    arrivals: i32,
    /// The last of them.
    #[schema(value_type = String)]
    last_arrived_at: Timestamp,
    /// How the last touch went.
    last_disposition: Option<String>,
    /// What is next.
    next_step: Option<LeadStepView>,
}

/// What is next for a lead.
#[derive(Serialize, ToSchema)]
pub struct LeadStepView {
    /// `requalify`, `activation`, `outcome` or `same_person`; where something comes before what is promised, or in its place, `call`,
    /// `again` (another try after tries in vain) or `blocked` (somebody has to do something first).
    kind: &'static str,
    /// `scheduled` or `work`.
    state: &'static str,
    /// When; none where it waits for criteria, where it can be called now, and of what is blocked. Whom it is withheld from reads its
    /// day alone, as the beginning of it by the client's clock.
    #[schema(value_type = Option<String>)]
    due_at: Option<Timestamp>,
    /// What is promised; of what is blocked, why.
    why: String,
    /// Agreed with the person.
    agreed: bool,
}

impl LeadStepView {
    /// The step of a lead, or what comes before it: as its page says.
    fn of(lead: &ListedLead, now: Timestamp) -> Option<Self> {
        let own = lead.step.as_ref().map(|step| Self {
            kind: step.kind.word(),
            state: step.state.word(),
            due_at: step.due_at,
            why: step.why.clone(),
            agreed: step.is_agreed,
        });
        let Some(before) = before_step(lead, now) else {
            return own.map(|step| Self { why: why_of(lead, &step.why), ..step });
        };
        let why = own.map(|step| step.why).unwrap_or_default();
        let said =
            |kind, state: StepState| Self { kind, state: state.word(), due_at: None, why: why.clone(), agreed: false };
        Some(match before {
            NextWork::Now => said("call", StepState::Work),
            NextWork::At(NextOpening { at, what }) => {
                let kind = match what {
                    NextCall::Again => "again",
                    NextCall::Look => Kind::Requalify.word(),
                    NextCall::Call | NextCall::Agreed => "call",
                };
                Self { due_at: Some(*at), ..said(kind, StepState::Scheduled) }
            }
            NextWork::Blocked { gate, words } => {
                Self { why: format!("it {}", blocked_in_words(*gate, words)), ..said("blocked", StepState::Work) }
            }
        })
    }
}

impl LeadRowView {
    fn of(lead: ListedLead, now: Timestamp) -> Self {
        let step = LeadStepView::of(&lead, now);
        Self {
            id: lead.id,
            client: lead.client,
            program: lead.program,
            name: lead.name,
            phone: lead.phone,
            email: lead.email,
            stage: lead.stage.word(),
            closed_reason: lead.closed,
            grade: lead.grade.map(|grade| grade.word()),
            score: lead.score,
            source: lead.source_name,
            channel: lead.channel.word(),
            arrivals: lead.arrivals,
            last_arrived_at: lead.last_arrived_at,
            last_disposition: lead.last_disposition,
            next_step: step,
        }
    }
}

/// A page of leads.
#[derive(Serialize, ToSchema)]
pub struct LeadRowsView {
    /// The leads.
    leads: Vec<LeadRowView>,
    /// Where the next page begins, for `after`; none where this is the last.
    next: Option<String>,
    /// A search found more than are here.
    more: bool,
}

/// A lead with everything that happened to it.
#[derive(Serialize, ToSchema)]
pub struct LeadWholeView {
    /// As lists have it.
    lead: LeadRowView,
    /// Numbers and addresses that lead to the person, as they are read.
    reached: Vec<String>,
    /// Why the person must not be contacted.
    do_not_contact: Option<String>,
    /// The newest answer to each question.
    #[schema(value_type = Object)]
    answers: Value,
    /// What could not be understood of what the person sent.
    flags: Vec<String>,
    /// Everything that happened, newest first.
    #[schema(value_type = Vec<Object>)]
    timeline: Value,
    /// The id of the decision that counts.
    #[schema(value_type = Option<String>)]
    decision: Option<DecisionId>,
    /// How far it is on its way to its client; none where it is the desk's.
    handover: Option<HandoverView>,
    /// Who it is, what was answered and said, and what is promised are left out, and not absent: the client does not have the lead.
    withheld: bool,
    /// What is known beside it, for what is done with it.
    beside: LeadBesideView,
}

/// Leads by filters, or by anything typed (`q`).
#[utoipa::path(get, path = "/api/v1/leads", operation_id = "list_leads", tag = "desk", params(LeadsQuery),
    responses(
        (status = 200, description = "A page of leads.", body = LeadRowsView),
        (status = 400, description = "A filter cannot be read, is given twice, needs another one, or contradicts one.", content_type = "application/problem+json", body = Problem),
        (status = 401, description = "No token, or a wrong one.", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "There is no such client.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn many(
    State(context): State<DeskContext>,
    viewer: Viewer,
    asked: AskedLeads,
) -> Result<Json<LeadRowsView>, Problem> {
    let (query, now) = (asked.sound()?, context.clock.now());
    if !query.q.trim().is_empty() {
        let found = lead_search::search(&context.actions, &viewer.actor, &query.q).await;
        let mut found = found.map_err(|refusal| refused(&refusal))?;
        withhold_points(&context, &viewer, &mut found.leads);
        let leads = found.leads.into_iter().map(|lead| LeadRowView::of(lead, now)).collect();
        return Ok(Json(LeadRowsView { leads, next: None, more: found.has_more }));
    }
    let query = if hides_points(&context, &viewer) { query.without_points() } else { query };
    let wanted = query.meant(&LeadsReader::of(&viewer, now));
    let listed = lead_list::list(&context.actions, &viewer.actor, &wanted).await;
    let mut page = listed.map_err(|refusal| refused(&refusal))?;
    withhold_points(&context, &viewer, &mut page.leads);
    let next = page.next.map(|mark| PageMark(mark).to_string());
    let more = next.is_some();
    let leads = page.leads.into_iter().map(|lead| LeadRowView::of(lead, now)).collect();
    Ok(Json(LeadRowsView { leads, next, more }))
}

/// One lead with everything that happened to it.
#[utoipa::path(get, path = "/api/v1/leads/{id}", operation_id = "get_lead", tag = "desk",
    params(("id" = String, Path, description = "The lead's id, lead_….")),
    responses(
        (status = 200, description = "The lead.", body = LeadWholeView),
        (status = 401, description = "No token, or a wrong one.", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "There is no such lead.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn one(
    State(context): State<DeskContext>,
    viewer: Viewer,
    PathId(lead): PathId<LeadId>,
) -> Result<Json<LeadWholeView>, Problem> {
    let mut page = lead_page::show(&context.actions, &viewer.actor, lead).await.map_err(|refusal| refused(&refusal))?;
    let hides_points = hides_points_of(&context, &viewer, lead).await.map_err(|refusal| refused(&refusal))?;
    let gates =
        why_not::gates(&context.actions, &viewer.actor, lead, None).await.map_err(|refusal| refused(&refusal))?;
    page.listed.score = page.listed.score.filter(|_| !hides_points);
    page.listed.next = gates.next;
    let now = context.clock.now();
    let when = When::of(&viewer, now);
    let timeline = entries(&page, &when, hides_points).into_iter().map(|entry| {
        json!({"at": entry.at.iso, "what": entry.what, "more": entry.more, "words": entry.words, "id": entry.id,
               "grade": entry.grade})
    });
    let answers = page.answers.iter().filter_map(|answered| {
        let answer = answered.answer.as_ref()?;
        Some((answer.question.clone(), json!({"value": answer.value, "at": answer.at, "origin": answer.origin})))
    });
    let ways = page.ways.iter().filter(|way| way.void_at.is_none());
    Ok(Json(LeadWholeView {
        beside: LeadBesideView::of(&page, &viewer, now),
        reached: ways.map(|way| ShownWay::of(&when, way).shown).collect(),
        do_not_contact: page.suppressed.clone(),
        answers: answers.collect::<serde_json::Map<_, _>>().into(),
        flags: page.flags.iter().map(ripen_domain::flag::Flag::in_words).collect(),
        timeline: timeline.collect::<Vec<_>>().into(),
        decision: page.receipt.as_ref().map(|receipt| receipt.decision),
        handover: gates.way.map(HandoverView::from),
        withheld: page.is_withheld,
        lead: LeadRowView::of(page.listed, now),
    }))
}

/// The two ids in the address of a decision.
pub struct DecisionPath {
    lead: LeadId,
    decision: DecisionId,
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for DecisionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self, Problem> {
        let given = axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await;
        let read = given.ok().and_then(|axum::extract::Path((lead, decision))| {
            Some(Self { lead: lead.parse().ok()?, decision: decision.parse().ok()? })
        });
        read.ok_or_else(Problem::not_found)
    }
}

/// A decision of a lead: its receipt as it is kept.
#[utoipa::path(get, path = "/api/v1/leads/{id}/decisions/{decision}", operation_id = "get_lead_decision", tag = "desk",
    params(
        ("id" = String, Path, description = "The lead's id, lead_…."),
        ("decision" = String, Path, description = "The decision's id, dec_…."),
    ),
    responses(
        (status = 200, description = "The receipt; null where it was erased. Without points while they are hidden from the agent who asks.", body = Object),
        (status = 401, description = "No token, or a wrong one.", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "There is no such decision of this lead, or it is for people who work leads.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn decision(
    State(context): State<DeskContext>,
    viewer: Viewer,
    DecisionPath { lead, decision }: DecisionPath,
) -> Result<Json<Value>, Problem> {
    let receipt = lead_page::receipt(&context.actions, &viewer.actor, lead, decision).await;
    let kept = receipt.map_err(|refusal| refused(&refusal))?;
    match hides_points_of(&context, &viewer, lead).await.map_err(|refusal| refused(&refusal))? {
        true => without_points(kept).map(Json).map_err(|_| Problem::internal()),
        false => Ok(Json(kept)),
    }
}

/// Does something with a lead.
#[utoipa::path(post, path = "/api/v1/leads/{id}/{change}", operation_id = "change_lead", tag = "desk",
    params(
        ("id" = String, Path, description = "The lead's id, lead_…."),
        ("change" = LeadChange, Path, description = "What is done."),
    ),
    request_body = ChangeBody,
    responses(
        (status = 204, description = "Done."),
        (status = 401, description = "No token, or a wrong one.", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "There is no such lead, or it is for people who work leads.", content_type = "application/problem+json", body = Problem),
        (status = 409, description = "What is there does not allow it.", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "Fields that cannot be used.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn change(
    State(context): State<DeskContext>,
    ChangePath { lead, change }: ChangePath,
    posted: CsrfJson<ChangeBody>,
) -> Result<StatusCode, NotSignedIn> {
    let CsrfJson { viewer, body } = posted;
    if !viewer.actor.may(Permission::Work) {
        return Err(Problem::not_found().into());
    }
    match apply(&context.actions, &viewer.actor, lead, (change, &body)).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(refusal) => {
            let wished = WishedDate { lead, field: "to", wish: &body.to };
            Err(refused(&as_read(&context, &viewer, wished, refusal).await).into())
        }
    }
}

/// An arrival that was entered.
#[derive(Serialize, ToSchema)]
pub struct EnteredView {
    /// The arrival; its lead is there as soon as it is worked.
    #[schema(value_type = String, example = "arr_01kahxq5z5e4y9wd3tvdnzxkqj")]
    arrival: ripen_domain::id::ArrivalId,
}

/// Enters somebody who walked in, rang, or stood at the booth.
#[utoipa::path(post, path = "/api/v1/leads", operation_id = "enter_lead", tag = "desk",
    request_body = EnterForm,
    responses(
        (status = 202, description = "Kept, to be worked at once; where another body came under its `key` before, kept and not worked, as `get_entered_lead` says of this arrival.", body = EnteredView),
        (status = 401, description = "No token, or a wrong one.", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "It is for people who work leads.", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "Fields that cannot be used.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn enter(
    State(context): State<DeskContext>,
    posted: CsrfJson<EnterForm>,
) -> Result<(StatusCode, Json<EnteredView>), Problem> {
    posted.viewer.require_staff()?;
    let request = posted.body.request().map_err(|refusal| refused(&refusal))?;
    let arrival = context.actions.run(&posted.viewer.actor, &request).await.map_err(|refusal| refused(&refusal))?;
    Ok((StatusCode::ACCEPTED, Json(EnteredView { arrival })))
}
