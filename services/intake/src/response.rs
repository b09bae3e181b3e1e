//! What a machine is answered when its leads were received.

use axum::{
    Json,
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use ripen_domain::{
    id::{ArrivalId, LeadId},
    lead::Grade,
};
use ripen_store::arrival::status::{ArrivalState, ArrivalStatus};
use ripen_web::Problem;
use serde::Serialize;

use crate::receive::Taken;

/// When intake had the whole body, in microseconds: what latencies are measured from.
const RECEIVED_AT: HeaderName = HeaderName::from_static("ripen-received-at");

/// 202 for one lead.
pub fn one(id: ArrivalId, at: Timestamp) -> Response {
    let id = id.to_string();
    let json = HeaderValue::from_static("application/json");
    let body = Body::from(format!("{{\"arrival\":\"{id}\",\"status\":\"received\"}}"));
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::ACCEPTED;
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    if let Ok(place) = HeaderValue::try_from(format!("/v1/arrivals/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    received_at(response, at)
}

/// 200 for a sender that waited for the decision.
pub fn decided(status: &ArrivalStatus, at: Timestamp) -> Response {
    let applied = [(HeaderName::from_static("preference-applied"), HeaderValue::from_static("wait"))];
    received_at((applied, Json(StatusView::from(status))).into_response(), at)
}

/// 202 for an array, whatever became of its elements.
pub fn many(results: &[Result<Taken, Problem>], at: Timestamp) -> Response {
    let results: Vec<_> = results
        .iter()
        .map(|one| match one {
            Ok(taken) => ElementView::Arrival { arrival: taken.id, status: "received" },
            Err(problem) => ElementView::Problem { problem },
        })
        .collect();
    let refused = results.iter().filter(|one| matches!(one, ElementView::Problem { .. })).count();
    let view = ManyView { received: results.len() - refused, refused, results };
    received_at((StatusCode::ACCEPTED, Json(view)).into_response(), at)
}

fn received_at(mut response: Response, at: Timestamp) -> Response {
    if let Ok(value) = HeaderValue::try_from(format!("{at:.6}")) {
        response.headers_mut().insert(RECEIVED_AT, value);
    }
    response
}

#[derive(Serialize)]
struct ManyView<'r> {
    received: usize,
    refused: usize,
    results: Vec<ElementView<'r>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ElementView<'r> {
    Arrival { arrival: ArrivalId, status: &'static str },
    Problem { problem: &'r Problem },
}

/// What became of one arrival, as its source may know it.
#[derive(Serialize)]
pub struct StatusView {
    arrival: ArrivalId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<LeadId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<Grade>,
}

impl StatusView {
    /// An arrival that is not stored yet, or never was this source's.
    pub const fn pending(arrival: ArrivalId) -> Self {
        Self {
            arrival,
            status: "pending",
            reason: None,
            received_at: None,
            amended_at: None,
            lead: None,
            repeat: None,
            grade: None,
        }
    }
}

impl From<&ArrivalStatus> for StatusView {
    fn from(status: &ArrivalStatus) -> Self {
        let word = match status.state {
            ArrivalState::Graded => "graded",
            ArrivalState::Quarantined => "quarantined",
            ArrivalState::Dead => "dead",
            ArrivalState::Erased => "erased",
        };
        Self {
            arrival: status.id,
            status: word,
            reason: status.reason.clone(),
            received_at: Some(status.received_at),
            amended_at: status.amended_at,
            lead: status.lead,
            repeat: (status.state == ArrivalState::Graded).then_some(status.repeat),
            grade: status.grade,
        }
    }
}
