//! A date that was refused, with its times as the reader writes them and by whose clock: what the action says of it is for the command
//! line, which has no reader's clock.

use ripen_actions::{FieldError, Refusal, lead::find};
use ripen_domain::{id::LeadId, promise::When as Wish};

use super::callback::{CallbackTerms, not_then};
use crate::{
    context::DeskContext,
    people::{viewer::Viewer, when::When},
};

/// What was wished for a lead, and the field in which it stands.
#[derive(Debug, Clone, Copy)]
pub struct WishedDate<'a> {
    /// The lead.
    pub lead: LeadId,
    /// The field.
    pub field: &'a str,
    /// As it was written.
    pub wish: &'a str,
}

/// The refusal in the reader's words, where it is one of this date.
pub async fn as_read(context: &DeskContext, viewer: &Viewer, wished: WishedDate<'_>, refusal: Refusal) -> Refusal {
    let Refusal::Invalid(errors) = refusal else { return refusal };
    let is_of_date = |error: &FieldError| error.field == wished.field && error.code == "invalid";
    if !errors.iter().any(is_of_date) {
        return Refusal::Invalid(errors);
    }
    let Some(words) = words(context, viewer, wished).await else { return Refusal::Invalid(errors) };
    let read = |error: FieldError| match is_of_date(&error) {
        true => FieldError { message: words.clone(), ..error },
        false => error,
    };
    Refusal::Invalid(errors.into_iter().map(read).collect())
}

/// None where it names no time, or could be promised by now.
async fn words(context: &DeskContext, viewer: &Viewer, wished: WishedDate<'_>) -> Option<String> {
    let wish: Wish = wished.wish.parse().ok()?;
    let lead = find(&context.actions, &viewer.actor, wished.lead).await.ok()?;
    let places = lead.places();
    let when = When::of(viewer, context.clock.now());
    let terms = CallbackTerms { hours: &context.actions.hours, places: &places, when: &when, zone: viewer.zone() };
    let error = wish.due(when.now(), terms.hours, terms.places).err()?;
    Some(not_then(&error, &terms))
}
