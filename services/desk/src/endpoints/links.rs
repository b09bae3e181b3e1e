//! `GET` and `POST /o/{token}`: the page behind a link in a mail or payload. Getting it changes nothing, however often and by
//! whom: mail programs and their guards follow links before people do. Only a posted form says something.

use axum::{
    Extension,
    extract::{
        FromRequest as _, Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::Response,
};
use ripen_actions::{
    Refusal,
    outcome::{OutcomeResult, RecordOutcome},
    rep_try::{RecordedTry, TryDelivery},
};
use ripen_domain::{
    delivery::{KnownLead, OutcomeKind},
    id::DeliveryId,
    link::BadLink,
    outcome::{How, OutcomeFields},
    touch::Disposition,
};
use ripen_store::{
    StoreError,
    appointment::list::{AppointmentFilter, AppointmentRecord},
    delivery::feed::SentDelivery,
};
use ripen_web::{
    address::Visitor,
    body,
    extract::{FormBody, NamedFields},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    caller::{actor_of_link, by_link, failed, refused},
    reps::forged,
};
use crate::{
    context::DeskContext,
    page::{
        self,
        lead::{LeadNotice, LinkedLead, OpenedBy},
    },
};

type LinkToken = Result<Path<String>, PathRejection>;
type OpenedFrom = Result<Query<FromQuery>, QueryRejection>;

/// Where it was opened from.
#[derive(Deserialize)]
pub struct FromQuery {
    /// The token of a rep's list: `FROM_LIST`.
    list: Option<String>,
}

/// What the page's forms say: each outcome has a form of its own, so that fields of another never come along.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct OutcomeForm {
    /// `accepted`, `returned`, `not_yet`, `won` or `lost`; `do_not_contact` and `wrong_number` give the lead back for that
    /// reason, and `no_answer` records a call in vain, which is no outcome.
    outcome: Option<String>,
    /// Why, or what was agreed.
    reason: Option<String>,
    /// Why, in words of their own, where no reason of a list is chosen.
    other: Option<String>,
    /// What it was sold for.
    amount: Option<String>,
    /// ISO 4217, with the amount.
    currency: Option<String>,
    /// When it may be ready; when it was won or lost.
    date: Option<String>,
    /// The number of the outcome that was the newest when the form was shown.
    seen: Option<String>,
    /// Not empty where whoever sends it was asked, and means it.
    confirm: Option<String>,
}

impl NamedFields for OutcomeForm {
    fn hint(_field: &str) -> &'static str {
        "write plain text."
    }
}

impl OutcomeForm {
    fn seen(&self) -> Option<i32> {
        // What cannot be read is as if nobody had looked: then nothing can be stale.
        self.seen.as_deref()?.parse().ok()
    }

    /// Whether it says that nobody answered.
    fn is_try(&self) -> bool {
        self.outcome.as_deref().map(str::trim) == Some(Disposition::NoAnswer.word())
    }

    fn confirmed(&self) -> bool {
        self.confirm.as_deref().is_some_and(|confirm| !confirm.trim().is_empty())
    }

    fn said(self) -> OutcomeFields {
        // `seen` and `confirm` are no part of what is said.
        let Self { outcome, reason, other, amount, currency, date, seen: _, confirm: _ } = self;
        let reason = match other.filter(|other| !other.trim().is_empty()) {
            Some(other) if reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) => Some(other),
            _ => reason,
        };
        OutcomeFields {
            outcome: outcome.map(word),
            reason,
            amount,
            currency,
            date,
            happened_at: None,
            unreadable: None,
        }
    }
}

/// Shows the lead behind a link, what was said of it, and forms to say something. Changes nothing.
#[utoipa::path(get, path = "/o/{token}", operation_id = "show_delivery", tag = "pages",
    params(("token" = String, Path, description = "The signed token of a link in a mail or payload."),
        ("list" = Option<String>, Query, description = "The token of the rep's list that it was opened from.")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "The link was changed on its way, as a page.", content_type = "text/html", body = String),
        (status = 410, description = "The link has expired or was ended, as a page.", content_type = "text/html", body = String),
        (status = 429, description = "Too many links that open nothing came from this address, as a page.", content_type = "text/html", body = String),
        (status = 503, description = "The database is away, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn show(
    State(context): State<DeskContext>,
    visitor: Option<Extension<Visitor>>,
    token: LinkToken,
    from: OpenedFrom,
) -> Response {
    // Nothing is recorded by a look: guards of mailboxes follow every link.
    match opened(&context, visitor, (token, from)).await {
        Ok(lead) => context.lead_page(StatusCode::OK, &lead, &LeadNotice::None, &OutcomeFields::default()).await,
        Err(response) => *response,
    }
}

/// Records what the form says, and shows the page with what is recorded.
#[utoipa::path(post, path = "/o/{token}", operation_id = "say_outcome", tag = "pages",
    params(("token" = String, Path, description = "The signed token of a link in a mail or payload."),
        ("list" = Option<String>, Query, description = "The token of the rep's list that it was opened from.")),
    request_body(content = OutcomeForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Recorded, now or before; the page.", content_type = "text/html", body = String),
        (status = 400, description = "The form cannot be read, as a page.", content_type = "text/html", body = String),
        (status = 404, description = "The link was changed on its way, as a page.", content_type = "text/html", body = String),
        (status = 409, description = "Not recorded: outside the terms, something else was said meanwhile, or it has to be confirmed; the page.",
            content_type = "text/html", body = String),
        (status = 410, description = "The link has expired or was ended, as a page.", content_type = "text/html", body = String),
        (status = 422, description = "Fields are wrong; the page with what was typed.", content_type = "text/html", body = String),
        (status = 429, description = "Too many links that open nothing came from this address, as a page.", content_type = "text/html", body = String),
        (status = 503, description = "The database is away, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn say(
    State(context): State<DeskContext>,
    visitor: Option<Extension<Visitor>>,
    token: LinkToken,
    from: OpenedFrom,
    request: Request,
) -> Response {
    let lead = match opened(&context, visitor, (token, from)).await {
        Ok(lead) => lead,
        Err(response) => {
            // Read to the end, or the browser would show a broken connection instead of the page.
            body::discard(request.into_body()).await;
            return *response;
        }
    };
    let form = match FormBody::<OutcomeForm>::from_request(request, &context).await {
        Ok(FormBody(form)) => form,
        // As a page, because a person sent the form.
        Err(problem) => return page::trouble(&problem),
    };
    if form.is_try() {
        return tried(&context, lead).await;
    }
    let (seen, confirmed) = (form.seen(), form.confirmed());
    let said = form.said();
    let request = RecordOutcome { delivery: lead.sent.row.id, said, how: How::Link, seen, confirmed };
    record(&context, lead, request).await
}

/// Records that the person was tried in vain, which is no outcome.
async fn tried(context: &DeskContext, lead: LinkedLead) -> Response {
    let id = lead.sent.row.id;
    let message = match context.actions.run(&actor_of_link(&lead.sent), &TryDelivery { delivery: id }).await {
        Ok(RecordedTry { is_repeated: false, .. }) => LeadNotice::Tried,
        Ok(RecordedTry { is_repeated: true, .. }) => LeadNotice::TriedAgain,
        Err(Refusal::Missing { .. }) => return page::dead(StatusCode::NOT_FOUND),
        Err(refusal) => return page::trouble(&refused(&refusal)),
    };
    match load(context, id, lead.by).await {
        Ok(now) => context.lead_page(StatusCode::OK, &now, &message, &OutcomeFields::default()).await,
        Err(response) => *response,
    }
}

async fn record(context: &DeskContext, lead: LinkedLead, request: RecordOutcome) -> Response {
    let (id, said) = (lead.sent.row.id, request.said.clone());
    // Of what was taken here it is said that the lead is given back.
    let is_offer = lead.sent.offer.as_ref().is_some_and(|offer| offer.handed.is_none());
    let passes = is_offer && said.outcome.as_deref().map(str::trim) == Some(OutcomeKind::Returned.word());
    let (status, message) = match context.actions.run(&actor_of_link(&lead.sent), &request).await {
        Ok(OutcomeResult::Recorded) if passes => (StatusCode::OK, LeadNotice::Passed),
        Ok(OutcomeResult::Recorded) => (StatusCode::OK, LeadNotice::Recorded),
        Ok(OutcomeResult::Adjusted(how)) => (StatusCode::OK, LeadNotice::Adjusted(how)),
        Ok(OutcomeResult::Repeated) => (StatusCode::OK, LeadNotice::Again),
        Ok(OutcomeResult::Asked(asked)) => (StatusCode::CONFLICT, LeadNotice::Asked(asked.0)),
        Ok(OutcomeResult::Stale) => (StatusCode::CONFLICT, LeadNotice::Stale),
        Ok(OutcomeResult::Refused(why)) => (StatusCode::CONFLICT, LeadNotice::Refused(why.0)),
        Err(Refusal::Invalid(errors)) => {
            let wrong = LeadNotice::Wrong(errors);
            return context.lead_page(StatusCode::UNPROCESSABLE_ENTITY, &lead, &wrong, &said).await;
        }
        // Withdrawn from sight since the page was opened.
        Err(Refusal::Missing { .. }) => return page::dead(StatusCode::NOT_FOUND),
        Err(refusal) => return page::trouble(&refused(&refusal)),
    };
    // What was typed stays only where it has to be corrected.
    let typed = if status == StatusCode::OK { OutcomeFields::default() } else { said };
    // Read again: the page shows what is recorded now, whoever said it.
    match load(context, id, lead.by).await {
        Ok(now) => context.lead_page(status, &now, &message, &typed).await,
        Err(response) => *response,
    }
}

async fn opened(
    context: &DeskContext,
    visitor: Option<Extension<Visitor>>,
    (token, from): (LinkToken, OpenedFrom),
) -> Result<LinkedLead, Box<Response>> {
    // An address that is no text is no token of ours.
    let token = token.map(|Path(token)| token).unwrap_or_default();
    match context.keys.open(&token, context.clock.now()) {
        Ok(link) => {
            let by = OpenedBy { made: link.made, back: back(context, from) };
            let lead = load(context, link.id, by).await?;
            // Before anything of it is shown: whoever has an ended link may not be who it was for.
            let is_over = link.is_ended_by(lead.sent.row.links_since) || lead.sent.has_left;
            if is_over { Err(Box::new(page::over())) } else { Ok(lead) }
        }
        // Told apart for people: a link that was cut by a mail program can be copied whole, one that expired cannot.
        Err(BadLink::Forged) => Err(Box::new(forged(context, visitor))),
        Err(BadLink::Expired(_)) => Err(Box::new(page::dead(StatusCode::GONE))),
        Err(BadLink::Ended(_)) => Err(Box::new(page::over())),
    }
}

/// The address of the list that it was opened from; empty where none is named, or by no token of ours. Whether the list still opens
/// is judged there.
fn back(context: &DeskContext, from: OpenedFrom) -> String {
    // A query that cannot be read keeps nobody from the page.
    let named = from.ok().and_then(|Query(query)| query.list);
    let list = named.filter(|token| context.keys.open_rep(token, context.clock.now()).is_ok());
    list.map(|token| format!("/r/{token}")).unwrap_or_default()
}

/// What is agreed with a lead's person. What cannot be read keeps nobody from the page.
async fn agreed(context: &DeskContext, sent: &SentDelivery) -> Vec<AppointmentRecord> {
    let (lead, from) = (Some(sent.row.lead), Some(context.clock.now()));
    let filter = AppointmentFilter { lead, from, ..AppointmentFilter::default() };
    let read = context.store.appointments(by_link().within(sent.row.client), filter).await;
    read.inspect_err(|error| tracing::warn!(%error, "a page goes without its lead's appointment")).unwrap_or_default()
}

/// What is known of a lead now, for whoever is to work with its person: nobody else learns more than they were told.
async fn known(context: &DeskContext, sent: &SentDelivery) -> Result<Option<KnownLead>, StoreError> {
    if !sent.is_theirs() || sent.offer.is_some() {
        return Ok(None);
    }
    let mut known = context.store.leads_known(by_link().within(sent.row.client), &[sent.row.lead]).await?;
    Ok(known.remove(&sent.row.lead))
}

async fn load(context: &DeskContext, id: DeliveryId, by: OpenedBy) -> Result<LinkedLead, Box<Response>> {
    let trouble = |error: StoreError| Box::new(page::trouble(&failed(&error)));
    // Whoever holds the link is let in by its signature, to this delivery alone.
    let found = context.store.sent(by_link(), id).await.map_err(trouble)?;
    let sent = found.ok_or_else(|| Box::new(page::dead(StatusCode::NOT_FOUND)))?;
    let handed = sent.offer.as_ref().and_then(|offer| offer.handed);
    let taken_page = handed.map(|handed| format!("/o/{}", context.keys.token(handed, context.clock.now())));
    let taken_page = taken_page.unwrap_or_default();
    // No page rather than one with a number that may be a stranger's by now.
    let known = known(context, &sent).await.map_err(trouble)?;
    Ok(LinkedLead { appointments: agreed(context, &sent).await, sent, known, by, taken_page })
}

/// People and older mails say `accept` and `return`.
fn word(value: String) -> String {
    match value.as_str() {
        "accept" => OutcomeKind::Accepted.word().to_owned(),
        "return" => OutcomeKind::Returned.word().to_owned(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::FromRef};
    use ripen_web::body::BodyLimits;

    use super::*;

    #[derive(Clone)]
    struct Limits;

    impl FromRef<Limits> for BodyLimits {
        fn from_ref(_: &Limits) -> Self {
            Self { bytes: 1000, time: std::time::Duration::from_secs(5) }
        }
    }

    async fn form(content: &'static [u8]) -> OutcomeForm {
        let FormBody(form) = FormBody::from_request(Request::new(Body::from(content)), &Limits).await.unwrap();
        form
    }

    #[tokio::test]
    async fn a_form_is_read_field_by_field() {
        let read = form(b"outcome=return&reason=no+budget&seen=2&x=1").await;
        assert_eq!(read.seen(), Some(2));
        let said = read.said();
        assert_eq!((said.outcome.as_deref(), said.reason.as_deref()), (Some("returned"), Some("no budget")));
        assert_eq!(form(b"\xff&seen=x").await.seen(), None);
    }
}
