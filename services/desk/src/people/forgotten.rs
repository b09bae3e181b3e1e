//! `/forgotten`: another password by mail. The answer is the same for every address, so that nobody learns who has an account.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use ripen_actions::user_link::forgotten;
use ripen_web::{
    Problem,
    address::Visitor,
    catalogue,
    extract::{FormBody, NamedFields},
};
use serde::Deserialize;

use super::{
    frame::alone,
    refused::{PageRefusals, refused},
    viewer::is_of_this_origin,
};
use crate::context::DeskContext;

#[derive(Template)]
#[template(path = "people/forgotten.html")]
struct ForgottenTemplate {
    is_asked: bool,
}

/// The form to ask for another password.
#[derive(Deserialize)]
pub struct ForgottenForm {
    #[serde(default)]
    email: String,
}

impl NamedFields for ForgottenForm {
    fn hint(_: &str) -> &'static str {
        "Write a mail address."
    }
}

/// Shows the form to ask for another password.
#[utoipa::path(get, path = "/forgotten", operation_id = "show_forgotten", tag = "pages",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn show() -> Response {
    alone("Another password", ForgottenTemplate { is_asked: false }, StatusCode::OK)
}

/// Mails a link to choose another password to whoever has this address, if anybody has it.
#[utoipa::path(post, path = "/forgotten", operation_id = "ask_for_password", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`email`.", content = String),
    responses(
        (status = 200, description = "The same page for every address.", content_type = "text/html", body = String),
        (status = 429, description = "Too many came from this address, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn submit(
    State(context): State<DeskContext>,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
    FormBody(form): FormBody<ForgottenForm>,
) -> Response {
    if !is_of_this_origin(&headers) {
        return Problem::new(&catalogue::FOREIGN_FORM, "The form came from a page of another origin.").into_response();
    }
    let admitted = visitor.map_or(Ok(()), |Extension(visitor)| context.forgotten.take(visitor.address));
    if let Err(problem) = admitted {
        return problem.into_response();
    }
    if let Err(refusal) = context.actions.can_mail_links() {
        return refused(&refusal).into_response();
    }
    // Beside the answer, which would otherwise take longer where somebody has the address.
    tokio::spawn(async move {
        if let Err(refusal) = forgotten(&context.actions, &form.email).await {
            tracing::error!(%refusal, "a link to another password is not mailed; whoever asked for it has to ask again");
        }
    });
    alone("Another password", ForgottenTemplate { is_asked: true }, StatusCode::OK)
}
