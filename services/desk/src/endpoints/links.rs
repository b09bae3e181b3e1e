//! `GET` and `POST /o/{token}`: the page behind a link in a mail or payload. Getting it changes nothing, however often and by
//! whom: mail programs and their guards follow links before people do. Only a posted form says something.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use ripen_domain::{
    delivery::OutcomeKind,
    id::DeliveryId,
    link::BadLink,
    outcome::{How, Outcome, OutcomeFields},
};
use ripen_store::{
    delivery::feed::SentDelivery,
    outcome::record::{NewOutcome, Recorded},
};
use ripen_web::body;

use super::{by_link, failed};
use crate::{
    Context,
    page::{self, lead::Message},
};

type Token = Result<Path<String>, PathRejection>;

/// The lead, what was said of it, and forms to say something.
pub async fn show(State(context): State<Context>, token: Token) -> Response {
    match opened(&context, token).await {
        Ok(sent) => page::lead::render(StatusCode::OK, &sent, &Message::None, &OutcomeFields::default()),
        Err(response) => *response,
    }
}

/// Records what the form says and shows what is recorded.
pub async fn say(State(context): State<Context>, token: Token, request: Request) -> Response {
    let (parts, content) = request.into_parts();
    let sent = match opened(&context, token).await {
        Ok(sent) => sent,
        Err(response) => {
            body::discard(content).await;
            return *response;
        }
    };
    let bytes = match body::read(&parts.headers, content, context.body).await {
        Ok(bytes) => bytes,
        Err(problem) => return page::trouble(&problem),
    };
    let (said, seen) = form(&bytes);
    match said.read() {
        Ok(outcome) => record(&context, sent, (&said, &outcome), seen).await,
        Err(wrong) => page::lead::render(StatusCode::UNPROCESSABLE_ENTITY, &sent, &Message::Wrong(wrong), &said),
    }
}

async fn record(
    context: &Context,
    sent: SentDelivery,
    (said, outcome): (&OutcomeFields, &Outcome),
    seen: Option<i32>,
) -> Response {
    let id = sent.row.id;
    let by = sent.rep.as_deref().unwrap_or("whoever has the link");
    let new = NewOutcome { delivery: id, outcome, how: How::Link, by, seen, dry_run: false };
    let scope = by_link().within(sent.row.client);
    let recorded = match context.store.outcome_record(scope, &new, &context.hours, context.clock.now()).await {
        Ok(recorded) => recorded,
        Err(error) => return page::trouble(&failed(&error)),
    };
    let (status, message) = match recorded {
        Recorded::Done(_) => (StatusCode::OK, Message::Recorded),
        Recorded::Again => (StatusCode::OK, Message::Again),
        Recorded::Stale => (StatusCode::CONFLICT, Message::Stale),
        Recorded::Refused(why) => (StatusCode::CONFLICT, Message::Refused(why.0)),
        Recorded::Unknown => return page::dead(StatusCode::NOT_FOUND),
    };
    let typed = if status == StatusCode::OK { OutcomeFields::default() } else { said.clone() };
    match load(context, id).await {
        Ok(now) => page::lead::render(status, &now, &message, &typed),
        Err(response) => *response,
    }
}

async fn opened(context: &Context, token: Token) -> Result<SentDelivery, Box<Response>> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    match context.key.open(&token, context.clock.now()) {
        Ok(id) => load(context, id).await,
        Err(BadLink::Forged) => Err(Box::new(page::dead(StatusCode::NOT_FOUND))),
        Err(BadLink::Expired(_)) => Err(Box::new(page::dead(StatusCode::GONE))),
    }
}

async fn load(context: &Context, id: DeliveryId) -> Result<SentDelivery, Box<Response>> {
    // Whoever holds the link is let in by its signature, to this delivery alone.
    let found = context.store.sent(by_link(), id).await.map_err(|error| Box::new(page::trouble(&failed(&error))))?;
    found.ok_or_else(|| Box::new(page::dead(StatusCode::NOT_FOUND)))
}

/// The fields of a form, and the number of the outcome that was the newest when it was shown. Fields of another outcome's
/// form never come along: each outcome has a form of its own.
fn form(bytes: &[u8]) -> (OutcomeFields, Option<i32>) {
    let mut said = OutcomeFields::default();
    let mut seen = None;
    for (name, value) in form_urlencoded::parse(bytes) {
        let value = value.into_owned();
        match &*name {
            "outcome" => said.outcome = Some(word(value)),
            "reason" => said.reason = Some(value),
            "amount" => said.amount = Some(value),
            "currency" => said.currency = Some(value),
            "date" => said.date = Some(value),
            "seen" => seen = value.parse().ok(),
            _ => {}
        }
    }
    (said, seen)
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
    use super::*;

    #[test]
    fn a_form_is_read_field_by_field() {
        let (said, seen) = form(b"outcome=return&reason=no+budget&seen=2&x=1");
        assert_eq!((said.outcome.as_deref(), said.reason.as_deref()), (Some("returned"), Some("no budget")));
        assert_eq!(seen, Some(2));
        assert_eq!(form(b"\xff&seen=x").1, None);
    }
}
