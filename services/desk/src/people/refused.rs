//! What people and their programs are told of an action that was not done.

use std::collections::BTreeMap;

use ripen_actions::{FieldError, Refusal};
use ripen_store::StoreError;
use ripen_web::{FieldProblem, Problem, catalogue, openapi::refusals};
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response as Described},
};

/// What every page of the desk may refuse. To a browser they are pages.
pub struct PageRefusals;

impl IntoResponses for PageRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[
            &catalogue::FOREIGN_FORM,
            &catalogue::NOT_FOUND,
            &catalogue::CONFLICT,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
        ])
    }
}

/// What every operation for users' programs may refuse.
pub struct ApiRefusals;

impl IntoResponses for ApiRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[
            &catalogue::UNAUTHENTICATED,
            &catalogue::FOREIGN_FORM,
            &catalogue::NOT_FOUND,
            &catalogue::CONFLICT,
            &catalogue::INVALID_REQUEST,
            &catalogue::TOO_MANY_REQUESTS,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
        ])
    }
}

/// A refusal as a problem: every wrong field with its words.
#[must_use]
pub fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Invalid(errors) => {
            let fields = errors.iter().map(|error| FieldProblem {
                pointer: pointer(&error.field).into(),
                code: error.code,
                message: error.message.clone().into(),
            });
            Problem::new(&catalogue::INVALID_REQUEST, "Something that was given cannot be used: see errors.")
                .with_errors(fields.collect())
        }
        // What is another client's and what is not there look the same.
        Refusal::Missing { .. } | Refusal::Forbidden { .. } => Problem::not_found(),
        Refusal::Conflict { message, .. } => Problem::new(&catalogue::CONFLICT, message.clone()),
        Refusal::Store(error) => failed(error),
    }
}

/// The field as a JSON pointer: `/opportunity/amount`, `/answers/budget`. The id of a question is one name, whatever stands in it.
fn pointer(field: &str) -> String {
    match field.strip_prefix("answers.") {
        Some(question) => format!("/answers/{}", question.replace('~', "~0").replace('/', "~1")),
        None => format!("/{}", field.replace('.', "/")),
    }
}

/// The answer where the database did not do it.
#[must_use]
pub fn failed(error: &StoreError) -> Problem {
    if error.is_unreachable() || error.is_conflict() {
        tracing::warn!(%error, "a request at the desk could not be carried out");
        return Problem::unavailable("The database did not answer. What you typed is kept in the page: send it again.");
    }
    tracing::error!(%error, "a request at the desk could not be carried out");
    Problem::internal()
}

/// What is wrong with one field, for the form it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTrouble {
    /// The field.
    pub field: String,
    /// In words.
    pub message: String,
}

/// Every wrong field, for the form.
#[must_use]
pub fn troubles(errors: &[FieldError]) -> Vec<FieldTrouble> {
    let one = |error: &FieldError| FieldTrouble { field: error.field.clone(), message: error.message.clone() };
    errors.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_pointed_at_where_it_stands_in_the_body() {
        assert_eq!(pointer("note"), "/note");
        assert_eq!(pointer("opportunity.amount"), "/opportunity/amount");
        assert_eq!(pointer("co_deciders.0.name"), "/co_deciders/0/name");
        assert_eq!(pointer("answers.budget"), "/answers/budget");
        assert_eq!(pointer("answers.a.b/c~d"), "/answers/a.b~1c~0d");
    }
}
