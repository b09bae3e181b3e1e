//! What a refused request is answered with: `application/problem+json` (RFC 9457), never a posted value in it.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    catalogue::{self, ProblemType},
    request_id,
};

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) to the field.
    pub pointer: Cow<'static, str>,
    /// One word for machines: `missing`, `invalid`, `too_long`, `duplicate`.
    pub code: &'static str,
    /// One sentence for people.
    pub message: Cow<'static, str>,
}

impl FieldProblem {
    /// The same error inside element `index` of an array.
    #[must_use]
    pub fn in_element(mut self, index: usize) -> Self {
        self.pointer = format!("/{index}{}", self.pointer).into();
        self
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: &'static ProblemType,
    detail: Cow<'static, str>,
    errors: Vec<FieldProblem>,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem of this type. The detail is for the sender: it says what is wrong, where, and repeats no posted value.
    #[must_use]
    pub fn new(kind: &'static ProblemType, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), retry_after_s: None }
    }

    /// Names the fields that are wrong.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldProblem>) -> Self {
        self.errors = errors;
        self
    }

    /// Says something more.
    #[must_use]
    pub fn saying_too(mut self, more: &str) -> Self {
        self.detail = format!("{} {more}", self.detail).into();
        self
    }

    /// Says after how many seconds trying again makes sense; at least 1.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        // Zero would have a program ask again without a pause.
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    /// 500: what happened is in the log, not in the answer, which has the id under which it is there.
    #[must_use]
    pub fn internal() -> Self {
        Self::internal_of(request_id::current().as_deref())
    }

    /// The same of the request that has this id.
    pub(crate) fn internal_of(request: Option<&str>) -> Self {
        let logged = request.map_or_else(
            || "It was logged.".to_owned(),
            |id| format!("It was logged as {id}: name that to whoever runs Ripen."),
        );
        Self::new(&catalogue::INTERNAL_ERROR, format!("The request could not be carried out. {logged}"))
    }

    /// 404 for an address that leads nowhere.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(&catalogue::NOT_FOUND, "There is nothing at this address.")
    }

    /// 503 with a short wait.
    #[must_use]
    pub fn unavailable(detail: &'static str) -> Self {
        Self::new(&catalogue::UNAVAILABLE, detail).retry_after(2)
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> &'static ProblemType {
        self.kind
    }

    /// The sentence about this occurrence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The fields that are wrong.
    #[must_use]
    pub fn errors(&self) -> &[FieldProblem] {
        &self.errors
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        // A status that is none would be a mistake in the table.
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Adds the headers that go with the problem, whatever form its body takes.
    pub fn set_headers(&self, response: &mut Response) {
        // For pages too: the wait and the challenge are the same whatever the body is.
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind.status == 401 {
            let challenge = HeaderValue::from_static("Bearer realm=\"ripen\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.kind.status == 408 {
            // What follows on this connection would be the rest of the slow body.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // Relative to the same host: what the outside calls us is not known here.
        map.serialize_entry("type", &format_args!("{}#{}", catalogue::PATH, self.kind.code))?;
        map.serialize_entry("title", self.kind.title)?;
        map.serialize_entry("status", &self.kind.status)?;
        map.serialize_entry("detail", &self.detail)?;
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &self.errors)?;
        }
        map.end()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Texts and numbers always serialise; without a body the status still says what happened.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        let mut response = (self.status(), kind, body).into_response();
        self.set_headers(&mut response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_points_into_the_catalogue_and_names_the_fields() {
        let error = FieldProblem { pointer: "/email".into(), code: "missing", message: "Give one.".into() };
        let problem = Problem::new(&catalogue::INVALID_LEAD, "No way.").with_errors(vec![error.in_element(3)]);
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["type"], "/v1/problems#invalid-lead");
        assert_eq!(json["status"], 422);
        assert_eq!(json["errors"][0]["pointer"], "/3/email");
        assert_eq!(problem.into_response().headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn a_wait_is_told_and_is_never_zero() {
        let response = Problem::new(&catalogue::TOO_MANY_REQUESTS, "Slow down.").retry_after(0).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let response = Problem::new(&catalogue::UNAUTHENTICATED, "No key.").into_response();
        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    }
}
