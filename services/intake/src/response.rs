//! What a machine is answered when its leads were received.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use ripen_domain::{
    flag::Flag,
    id::{ArrivalId, LeadId},
    lead::Grade,
};
use ripen_store::arrival::status::{ArrivalState, ArrivalStatus};
use ripen_web::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{list::ReceivedList, receive::AcceptedLead};

/// When intake had the whole body, in microseconds: what latencies are measured from.
const RECEIVED_AT: HeaderName = HeaderName::from_static("ripen-received-at");

/// 202 for one lead.
pub fn one(id: ArrivalId, at: Timestamp) -> Response {
    let view = ReceivedView::One(AcceptedView::new(id));
    let mut response = (StatusCode::ACCEPTED, Json(view)).into_response();
    // An id always makes a header value.
    if let Ok(place) = HeaderValue::try_from(format!("/v1/arrivals/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    received_at(response, at)
}

/// 200 for a sender that waited for the decision on what it is told to be this arrival.
pub fn decided(id: ArrivalId, status: &ArrivalStatus, sees_grade: bool, at: Timestamp) -> Response {
    // Says that waiting was understood: without it a sender cannot tell a quick decision from an ignored wish.
    let applied = [(HeaderName::from_static("preference-applied"), HeaderValue::from_static("wait"))];
    received_at((applied, Json(StatusView::of(status, sees_grade).told_as(id, status))).into_response(), at)
}

/// 202 for an array, whatever became of its elements.
pub fn many(results: &[Result<AcceptedLead, Problem>], at: Timestamp) -> Response {
    let results: Vec<_> = results
        .iter()
        .map(|one| match one {
            Ok(accepted) => {
                ElementView::Accepted { accepted: AcceptedView::new(accepted.id), received_at: accepted.received_at }
            }
            Err(problem) => ElementView::Refused { problem },
        })
        .collect();
    let refused = results.iter().filter(|one| matches!(one, ElementView::Refused { .. })).count();
    let view = ReceivedView::Many(ArrayView { received: results.len() - refused, refused, results });
    // 202 also with elements refused: the others are stored, and a refusal of the whole would have them sent again.
    received_at((StatusCode::ACCEPTED, Json(view)).into_response(), at)
}

/// 202 for a list, whatever became of its rows.
pub fn list(list: &ReceivedList) -> Response {
    let results = list.results.iter().map(|one| RefusedRowView { row: one.row, line: one.line, problem: &one.problem });
    let arrivals =
        list.arrivals.iter().map(|one| ReceivedRowView { row: one.row, line: one.line, arrival: one.arrival });
    let flags = list.flags.iter().map(|(flag, of)| ListFlagView {
        field: &flag.field,
        flag: flag.code.word(),
        rows: of.rows,
        first_lines: &of.first_lines,
    });
    let view = ListView {
        received: list.received,
        refused: list.refused,
        results: results.collect(),
        flags: flags.collect(),
        arrivals: arrivals.collect(),
    };
    received_at((StatusCode::ACCEPTED, Json(ReceivedView::List(view))).into_response(), list.at)
}

fn received_at(mut response: Response, at: Timestamp) -> Response {
    // Also for what was decided: both answers are measured from the same instant.
    if let Ok(value) = HeaderValue::try_from(format!("{at:.6}")) {
        response.headers_mut().insert(RECEIVED_AT, value);
    }
    response
}

/// What a received post is answered with.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ReceivedView<'r> {
    /// One lead.
    One(AcceptedView),
    /// An array.
    Many(ArrayView<'r>),
    /// A list.
    List(ListView<'r>),
}

/// A lead that is durable.
#[derive(Serialize, ToSchema)]
pub struct AcceptedView {
    /// Its arrival.
    #[schema(value_type = String, example = "arr_01kahxq5z5e4y9wd3tvdnzxkqj")]
    arrival: ArrivalId,
    /// Always `received`.
    #[schema(example = "received")]
    status: &'static str,
}

impl AcceptedView {
    const fn new(arrival: ArrivalId) -> Self {
        Self { arrival, status: "received" }
    }
}

/// What became of an array.
#[derive(Serialize, ToSchema)]
pub struct ArrayView<'r> {
    /// How many elements are durable.
    received: usize,
    /// How many were refused.
    refused: usize,
    /// One for each element, in order.
    results: Vec<ElementView<'r>>,
}

/// What became of a list.
#[derive(Serialize, ToSchema)]
pub struct ListView<'r> {
    /// How many rows are durable.
    received: u64,
    /// How many were refused.
    refused: u64,
    /// The first thousand of those that were refused.
    results: Vec<RefusedRowView<'r>>,
    /// What of the durable rows could not be used as it came, by field. What is found only when they are graded, such as an answer
    /// that is no number, stands with the arrival.
    flags: Vec<ListFlagView<'r>>,
    /// The first thousand of the rows that are durable, each with its arrival.
    arrivals: Vec<ReceivedRowView>,
}

/// What could not be used as it came in rows of a list.
#[derive(Serialize, ToSchema)]
struct ListFlagView<'r> {
    /// The field; empty where it could be any.
    #[schema(example = "phone")]
    field: &'r str,
    /// Why.
    #[schema(example = "phone_doubtful")]
    flag: &'static str,
    /// How many rows.
    #[schema(example = 12)]
    rows: u64,
    /// The lines that the first three of them begin on.
    first_lines: &'r [u64],
}

/// A row that is durable.
#[derive(Serialize, ToSchema)]
struct ReceivedRowView {
    /// Which row it is, from 1; the header and empty lines are none.
    #[schema(example = 4)]
    row: u64,
    /// The line it begins on.
    #[schema(example = 5)]
    line: u64,
    /// Its arrival.
    #[schema(value_type = String, example = "arr_01kahxq5z5e4y9wd3tvdnzxkqj")]
    arrival: ArrivalId,
}

/// A row that was refused.
#[derive(Serialize, ToSchema)]
struct RefusedRowView<'r> {
    /// Which row it is, from 1; the header and empty lines are none.
    #[schema(example = 4)]
    row: u64,
    /// The line it begins on.
    #[schema(example = 5)]
    line: u64,
    /// Why.
    problem: &'r Problem,
}

/// What became of one element of an array.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum ElementView<'r> {
    Accepted {
        #[serde(flatten)]
        accepted: AcceptedView,
        /// When it counts as received: behind those that stand before it, a microsecond apart.
        received_at: Timestamp,
    },
    Refused {
        problem: &'r Problem,
    },
}

/// What became of one arrival, as its source may know it.
#[derive(Serialize, ToSchema)]
pub struct StatusView {
    /// The arrival.
    #[schema(value_type = String, example = "arr_01kahxq5z5e4y9wd3tvdnzxkqj")]
    arrival: ArrivalId,
    /// Of what corrects an arrival, where its sender waited: under which id it is kept, as in `bodies`.
    #[schema(value_type = Option<String>, example = "arr_01kahxq5z5e4y9wd3tvdnzxkqj")]
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<ArrivalId>,
    /// `pending`, `graded`, `corrected` (of a lead that was over: what is known of the person changed, nothing was decided),
    /// `quarantined`, `dead` or `erased`.
    #[schema(example = "graded")]
    status: &'static str,
    /// Why it is quarantined or dead. Of a dead one: `unreadable`, `failed` (and may be tried again by whoever runs Ripen) or
    /// `dropped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When the whole body was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<Timestamp>,
    /// When it was corrected last.
    #[serde(skip_serializing_if = "Option::is_none")]
    amended_at: Option<Timestamp>,
    /// The lead it is on.
    #[schema(value_type = Option<String>, example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<LeadId>,
    /// The lead was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<bool>,
    /// Its grade, where the source may see it.
    #[schema(value_type = Option<String>, example = "A")]
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<Grade>,
    /// What of it could not be understood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<FlagView>,
    /// What became of the other bodies that came under this id, the newest 20 of them: corrections, and those that are not worked.
    /// The last received comes first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bodies: Vec<BodyView>,
}

/// What became of another body than the first that came under an arrival's id.
#[derive(Serialize, ToSchema)]
pub struct BodyView {
    /// Under which id it is kept, and can be asked for.
    #[schema(value_type = String, example = "arr_01kahxq5z5e4y9wd3tvdnzxkqj")]
    arrival: ArrivalId,
    /// As of an arrival.
    #[schema(example = "quarantined")]
    status: &'static str,
    /// Why it is quarantined or dead.
    #[schema(example = "key_reused")]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it was all there: what its answer said in `ripen-received-at`.
    received_at: Timestamp,
    /// The lead it is on.
    #[schema(value_type = Option<String>, example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<LeadId>,
    /// What of it could not be understood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<FlagView>,
}

impl From<&ArrivalStatus> for BodyView {
    fn from(status: &ArrivalStatus) -> Self {
        Self {
            arrival: status.id,
            status: word(status.state),
            reason: status.reason.clone(),
            received_at: status.received_at,
            lead: status.lead,
            flags: status.flags.iter().map(FlagView::from).collect(),
        }
    }
}

const fn word(state: ArrivalState) -> &'static str {
    match state {
        ArrivalState::Graded => "graded",
        ArrivalState::Corrected => "corrected",
        ArrivalState::Quarantined => "quarantined",
        ArrivalState::Dead => "dead",
        ArrivalState::Erased => "erased",
    }
}

/// Something that could not be understood.
#[derive(Serialize, ToSchema)]
pub struct FlagView {
    /// The field, or the id of the question; empty where it could be any.
    #[schema(example = "budget")]
    field: String,
    /// Why.
    #[schema(example = "no_number")]
    code: &'static str,
    /// The words, cut where they go on for long.
    #[schema(example = "about half a million")]
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<String>,
    /// The nearest question, where none has this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    meant: Option<String>,
}

impl From<&Flag> for FlagView {
    fn from(flag: &Flag) -> Self {
        let Flag { field, code, said, meant } = flag.clone();
        Self { field, code: code.word(), said, meant }
    }
}

impl StatusView {
    /// An arrival that is not stored yet, or never was this source's.
    pub const fn pending(arrival: ArrivalId) -> Self {
        Self {
            arrival,
            body: None,
            status: "pending",
            reason: None,
            received_at: None,
            amended_at: None,
            lead: None,
            repeat: None,
            grade: None,
            flags: Vec::new(),
            bodies: Vec::new(),
        }
    }

    /// The same under the id that its sender is told without waiting, whichever body it is: what corrects an arrival is one more body
    /// of that. What is not worked keeps the id by which people find it.
    fn told_as(self, arrival: ArrivalId, status: &ArrivalStatus) -> Self {
        if status.id == arrival || status.lead.is_none() {
            return self;
        }
        Self { arrival, body: Some(status.id), ..self }
    }

    /// The same, with what became of the other bodies under its id.
    pub fn with_bodies(self, mut bodies: Vec<&ArrivalStatus>) -> Self {
        bodies.sort_by_key(|body| std::cmp::Reverse(body.received_at));
        Self { bodies: bodies.into_iter().map(BodyView::from).collect(), ..self }
    }
}

impl StatusView {
    /// What became of an arrival; its grade only where the sender is told grades.
    pub fn of(status: &ArrivalStatus, sees_grade: bool) -> Self {
        Self {
            arrival: status.id,
            body: None,
            status: word(status.state),
            reason: status.reason.clone(),
            received_at: Some(status.received_at),
            amended_at: status.amended_at,
            lead: status.lead,
            // Of a lead that is quarantined it would say that the person is known here.
            repeat: matches!(status.state, ArrivalState::Graded | ArrivalState::Corrected).then_some(status.repeat),
            grade: status.grade.filter(|_| sees_grade),
            flags: status.flags.iter().map(FlagView::from).collect(),
            bodies: Vec::new(),
        }
    }
}
