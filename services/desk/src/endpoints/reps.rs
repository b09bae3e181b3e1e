//! `GET` and `POST /r/{token}`: a rep's own page of open leads, behind a link in their mails. A link works for a month, and until
//! the firm revokes what was sent before; one that is older asks to be mailed anew.

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use futures::future::try_join3;
use jiff::{SignedDuration, Timestamp};
use ripen_actions::{Refusal, rep_link::RenewRepLink};
use ripen_domain::{
    delivery::{EventType, OutcomeKind},
    id::{DeliveryId, LeadId, RepId},
    link::{BadLink, OpenedLink, lifetime},
};
use ripen_store::{
    appointment::list::AppointmentFilter,
    team::{
        rep_closed::{RepClosedLead, RepClosedWanted},
        rep_leads::{RepLead, RepLeads, RepLeadsWanted, RepLinks},
    },
};
use ripen_web::address::Visitor;

use super::caller::{FROM_LIST, actor_of_rep, by_link, failed, refused};
use crate::{
    context::DeskContext,
    page::{self, shown::ShownBy},
};

/// So many closed leads are told of, the last ones.
const MOST_CLOSED: i64 = 100;

type RepToken = Result<Path<String>, PathRejection>;

/// A link that opens a rep's page, or did.
struct RepPageLink {
    link: OpenedLink<RepId>,
    rep: RepLinks,
    /// It is older than a link to a list of persons may be.
    is_old: bool,
}

/// Shows a rep's open leads and offers behind the link in their mails.
#[utoipa::path(get, path = "/r/{token}", operation_id = "show_rep_leads", tag = "pages",
    params(("token" = String, Path, description = "The signed token of the rep's link.")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "The link was changed on its way, as a page.", content_type = "text/html", body = String),
        (status = 410, description = "The link has expired or was revoked, as a page.", content_type = "text/html", body = String),
        (status = 429, description = "Too many links that open nothing came from this address, as a page.", content_type = "text/html", body = String),
        (status = 503, description = "The database is away, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn show(
    State(context): State<DeskContext>,
    visitor: Option<Extension<Visitor>>,
    token: RepToken,
) -> Response {
    let RepPageLink { link, rep, is_old } = match opened(&context, visitor, token).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    if is_old {
        return page::old_link(&rep.client, false);
    }
    let (now, most) = (context.clock.now(), i64::try_from(page::rep::MOST).unwrap_or(i64::MAX));
    // Cut down to the rep's client, now that the link has named it. One more than is shown tells whether there are
    // more.
    let scope = by_link().within(rep.client_id);
    let agreed = AppointmentFilter { from: Some(now), rep: Some(link.id), ..AppointmentFilter::default() };
    // A page whose link is older than the end of a lead's links must not make new ones: whoever has it may be whom they
    // were ended for.
    let wanted = RepLeadsWanted { rep: link.id, link_made: link.made, now, limit: most + 1 };
    let lately = RepClosedWanted { rep: link.id, link_made: link.made, since: days_ago(now), limit: MOST_CLOSED };
    let read = try_join3(
        context.store.rep_leads(scope, wanted),
        context.store.rep_closed(scope, lately),
        context.store.appointments(scope, agreed),
    );
    let (RepLeads { leads, ended }, closed, appointments) = match read.await {
        Ok(read) => read,
        Err(error) => return page::trouble(&failed(&error)),
    };
    // No page rather than one with numbers that may be a stranger's by now.
    let known = match context.store.leads_known(scope, &theirs(&leads, &closed)).await {
        Ok(known) => known,
        Err(error) => return page::trouble(&failed(&error)),
    };
    // Fresh links, because those in old mails may have expired.
    // Each names this list, so that whoever came from it finds back: a link of a mail is to its lead alone.
    let list = context.keys.rep_token(link.id, link.made);
    let made = |of: DeliveryId| format!("/o/{}?{FROM_LIST}={list}", context.keys.token(of, now));
    // No answers are shown in the list, and so no questions looked up.
    let by = ShownBy { now, hours: &context.actions.hours, country: &rep.client_country, questions: &[] };
    let (link_made, closed, appointments, known) = (link.made, &closed[..], &appointments[..], &known);
    let moment = page::rep::Moment { by, appointments, known, link: &made, link_made, closed, ended };
    page::rep::render(&context.frame(&rep.client), &rep, &leads, moment)
}

/// The leads of which it is shown what is known now: those that the rep has, or sold.
fn theirs(leads: &[RepLead], closed: &[RepClosedLead]) -> Vec<LeadId> {
    let has = |one: &&RepLead| one.event != EventType::LeadOffered && !one.do_not_contact;
    let sold = closed.iter().filter(|one| one.kind == OutcomeKind::Won).map(|one| one.lead);
    leads.iter().filter(has).map(|one| one.lead).chain(sold).collect()
}

/// From when on what became of leads is told: as long as a link to the page works.
fn days_ago(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * lifetime::LIST_DAYS)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Mails the rep a new link to the page, to the address that is known of them.
#[utoipa::path(post, path = "/r/{token}", operation_id = "renew_rep_link", tag = "pages",
    params(("token" = String, Path, description = "The signed token of the rep's link.")),
    responses(
        (status = 200, description = "It is on its way, as a page.", content_type = "text/html", body = String),
        (status = 404, description = "The link was changed on its way, as a page.", content_type = "text/html", body = String),
        (status = 410, description = "The link has expired or was revoked, as a page.", content_type = "text/html", body = String),
        (status = 429, description = "Too many links that open nothing came from this address, as a page.", content_type = "text/html", body = String),
        (status = 503, description = "The database is away, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn renew(
    State(context): State<DeskContext>,
    visitor: Option<Extension<Visitor>>,
    token: RepToken,
) -> Response {
    let RepPageLink { link, rep, .. } = match opened(&context, visitor, token).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    match context.actions.run(&actor_of_rep(link.id, &rep), &RenewRepLink { rep: link.id }).await {
        // Sent today already is the same answer: the mail is there.
        Ok(_) => page::old_link(&rep.client, true),
        Err(Refusal::Missing { .. }) => page::over(),
        Err(refusal) => page::trouble(&refused(&refusal)),
    }
}

async fn opened(
    context: &DeskContext,
    visitor: Option<Extension<Visitor>>,
    token: RepToken,
) -> Result<RepPageLink, Box<Response>> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let now = context.clock.now();
    let link = match context.keys.open_rep(&token, now) {
        Ok(opened) => opened,
        Err(BadLink::Forged) => return Err(Box::new(forged(context, visitor))),
        Err(BadLink::Expired(_)) => return Err(Box::new(page::dead(StatusCode::GONE))),
        Err(BadLink::Ended(_)) => return Err(Box::new(page::over())),
    };
    let is_old = lifetime::is_too_old_for_list(link.made, now);
    match context.store.rep_links(link.id).await {
        // A link is dead if it was made before the last revocation: the firm revokes all of a rep's links at once,
        // and no list of links is kept. Who left is let in by none.
        Ok(Some(rep)) if !link.is_ended_by(rep.since) && !rep.has_left => Ok(RepPageLink { link, rep, is_old }),
        Ok(_) => Err(Box::new(page::over())),
        Err(error) => Err(Box::new(page::trouble(&failed(&error)))),
    }
}

/// The answer to a link that opens nothing: somebody who tries them out is told to stop.
pub fn forged(context: &DeskContext, visitor: Option<Extension<Visitor>>) -> Response {
    match context.lookups.note_wrong_link(visitor.map(|Extension(visitor)| visitor)) {
        Ok(()) => page::dead(StatusCode::NOT_FOUND),
        Err(problem) => page::trouble(&problem),
    }
}
