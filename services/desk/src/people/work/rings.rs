//! A number that rings and opens no lead by itself: several leads have it, none is open, or nobody may call it. `POST /work/rang` notes
//! that somebody whom nobody calls rang of their own wish, or lifts what bars the number.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    Refusal,
    person::PersonQuery,
    ringing::{NoteRinging, ringing},
    suppression::LiftSuppression,
};
use ripen_web::extract::NamedFields;
use serde::Deserialize;

use super::{
    idle::{IdleSays, idle_page},
    shown_rings::{LIFT, RingsSay},
};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfForm,
        refused::{PageRefusals, refused},
        viewer::Viewer,
    },
};

/// Shows what is known of the number, on the page without a lead.
pub(super) async fn rings(context: &DeskContext, viewer: &Viewer, status: StatusCode, says: RingsSay<'_>) -> Response {
    idle_page(context, viewer, status, IdleSays { phone: says.phone, rings: says, ..IdleSays::default() }).await
}

/// What was typed of the call.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RangForm {
    /// The number that rang, with its country code.
    phone: String,
    /// `note`, or `lift`.
    what: String,
    /// Whose entry is lifted: a slug; the firm's where it is empty.
    client: String,
    /// What they wanted; why they may be called again.
    note: String,
}

/// Contact data is among it.
impl std::fmt::Debug for RangForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RangForm(…)")
    }
}

impl NamedFields for RangForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Notes that they rang of their own wish, or lifts what bars their number.
#[utoipa::path(post, path = "/work/rang", operation_id = "note_ringing", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded",
        description = "`phone`, with its country code; `what`: `note`, or `lift` for managers and admins, with the slug of the `client` whose entry is lifted, the firm's where it is empty; `note`; `csrf`.", content = String),
    responses(
        (status = 200, description = "Done, as a page: something else bars the number still, or it was noted.", content_type = "text/html", body = String),
        (status = 303, description = "Nothing bars the number any more: to the form by which who rang is written down; or nobody is signed in: to the form to sign in."),
        (status = 422, description = "What is wrong, with what was typed, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn rang(State(context): State<DeskContext>, posted: CsrfForm<RangForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let done = act(&context, &viewer, &form).await;
    let number = match ringing(&context.actions, &viewer.actor, &form.phone).await {
        Ok(number) => number,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let says = RingsSay::of(&form.phone, &number);
    match done {
        Ok(()) if form.what == LIFT && number.barred.is_empty() => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("phone", &form.phone).finish();
            Redirect::to(&format!("/leads/new?lifted=true&{query}")).into_response()
        }
        Ok(()) => {
            let done = if form.what == LIFT {
                "That entry is lifted; what is shown below still stands."
            } else {
                "It is noted that they rang."
            };
            rings(&context, &viewer, StatusCode::OK, RingsSay { done, what: &form.what, ..says }).await
        }
        Err(Refusal::Invalid(errors)) => {
            let wrong = errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
            let typed = RingsSay { note: &form.note, what: &form.what, client: &form.client, wrong, ..says };
            rings(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, typed).await
        }
        // Somebody lifted it meanwhile: the page shows what stands now.
        Err(Refusal::Conflict { .. }) => rings(&context, &viewer, StatusCode::OK, says).await,
        Err(refusal) => refused(&refusal).into_response(),
    }
}

async fn act(context: &DeskContext, viewer: &Viewer, form: &RangForm) -> Result<(), Refusal> {
    let (actions, actor) = (&context.actions, &viewer.actor);
    if form.what != LIFT {
        let request = NoteRinging { phone: form.phone.clone(), note: form.note.clone() };
        return actions.run(actor, &request).await.map(drop);
    }
    let request = LiftSuppression {
        of: PersonQuery { phone: Some(form.phone.clone()), ..PersonQuery::default() },
        client: Some(form.client.trim().to_owned()).filter(|client| !client.is_empty()),
        why: form.note.clone(),
    };
    actions.run(actor, &request).await.map(drop)
}
