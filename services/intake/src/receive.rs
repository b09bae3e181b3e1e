//! The steps from a body to durable arrivals: read, parse, normalise, keep. Answering is the endpoint's.

use std::{num::NonZeroU32, sync::Mutex};

use axum::{
    body::{Body, Bytes},
    http::HeaderMap,
};
use jiff::Timestamp;
use ripen_domain::{arrival::QuarantineReason, id::ArrivalId};
use ripen_store::source::record::{SourceRecord, State};
use ripen_web::{Problem, body, catalogue};

use crate::{
    IntakeContext,
    arrival::{AcceptedBody, Ready, Reception},
    durable::NotDurable,
    formats::{self, BodyFormat, PostedLead, form::Form, json},
    header,
};

/// What was received.
pub enum ReceivedPost {
    /// One lead.
    One {
        /// Its arrival.
        own: AcceptedBody,
        /// Whether it is kept but not worked.
        quarantined: bool,
    },
    /// An array.
    Many {
        /// For each element its arrival or why it was refused, in order.
        results: Vec<Result<AcceptedLead, Problem>>,
        /// When the whole body was here.
        at: Timestamp,
    },
}

/// One received element.
pub struct AcceptedLead {
    /// Its arrival.
    pub id: ArrivalId,
    /// Whether it is kept but not worked.
    pub quarantined: bool,
}

/// Why nothing was received.
pub struct RefusedPost {
    /// The answer.
    pub problem: Problem,
    /// What was typed, where a form was.
    pub form: Option<Form>,
}

impl From<Problem> for RefusedPost {
    fn from(problem: Problem) -> Self {
        Self { problem, form: None }
    }
}

impl From<NotDurable> for Problem {
    fn from(_: NotDurable) -> Self {
        Self::unavailable("Neither the queue nor the database can be reached. Nothing was received.")
    }
}

/// Takes what an identified source sends.
///
/// # Errors
/// The refusal, with the form where there was one.
pub async fn receive(
    context: &IntakeContext,
    source: &SourceRecord,
    headers: &HeaderMap,
    format: Result<BodyFormat, Problem>,
    content: Body,
) -> Result<ReceivedPost, RefusedPost> {
    let (format, key) = match admit(source, headers, format) {
        Ok(admitted) => admitted,
        Err(problem) => {
            // Read to the end, or the sender would see a broken connection instead of its answer.
            body::discard(content).await;
            return Err(problem.into());
        }
    };
    let bytes = body::read(headers, content, context.body).await?;
    // Read once for the whole request: every lead of an array was received in the same moment.
    let reception = Reception {
        source,
        received_at: context.clock.now(),
        key,
        form_id: None,
        said: Mutex::default(),
        quarantine: None,
    };
    if format.is_form() {
        let form = Form::read(headers, format, &bytes).await?;
        return match one_form(context, reception, format, (&form, &bytes)).await {
            Ok(received) => Ok(received),
            // With the form: a person gets it back filled in, to correct it.
            Err(problem) => Err(RefusedPost { problem, form: Some(form) }),
        };
    }
    if format == BodyFormat::UndeclaredJson {
        formats::undeclared(&bytes)?;
    }
    // After the body is read: a sender over its rate has sent it already, and must get its answer.
    match json::read(&bytes, context.array_leads)? {
        json::Document::One(posted) => {
            context.rate.check(&source.id)?;
            Ok(one(context, &reception, posted).await?)
        }
        json::Document::Many(posted) => {
            // Each lead counts: by requests alone a sender of arrays would have a thousand times the rate.
            let count = u32::try_from(posted.len()).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
            // A key that ends by itself is that of `ripen import`, which waits for what it sent before it sends more.
            if source.key_expires_at.is_none() {
                context.rate.check_many(&source.id, count)?;
            }
            Ok(many(context, &reception, posted).await?)
        }
    }
}

/// What can be refused before the body is read.
fn admit<'h>(
    source: &SourceRecord,
    headers: &'h HeaderMap,
    format: Result<BodyFormat, Problem>,
) -> Result<(BodyFormat, Option<&'h str>), Problem> {
    let format = format?;
    if !format.fits(source.format) {
        return Err(formats::unsupported("This source is set up for another format."));
    }
    // A form's page cannot show this to anybody who could do something about it, hence the exception.
    if source.state == State::Paused && !format.is_form() {
        return Err(Problem::new(&catalogue::SOURCE_PAUSED, "The firm has paused this source. Nothing was received."));
    }
    Ok((format, header::idempotency_key(headers)?))
}

async fn one_form(
    context: &IntakeContext,
    mut reception: Reception<'_>,
    format: BodyFormat,
    (form, bytes): (&Form, &Bytes),
) -> Result<ReceivedPost, Problem> {
    context.rate.check(&reception.source.id)?;
    // No key: a page that was cached gives one id to all its visitors, and one who goes back corrects what was typed.
    reception.form_id = form.submission_id();
    reception.quarantine = if form.is_trapped() {
        Some(QuarantineReason::Honeypot)
    } else {
        // Whoever filled in a form cannot be told to ask the firm: thanked, and kept until the source works again.
        (reception.source.state == State::Paused).then_some(QuarantineReason::SourcePaused)
    };
    one(context, &reception, form.posted(format, bytes)).await
}

async fn one(context: &IntakeContext, reception: &Reception<'_>, posted: PostedLead) -> Result<ReceivedPost, Problem> {
    let Ready { own, quarantined, body } = reception.arrival(posted, None)?;
    // Durable before the answer: what a sender was told is received must not be lost.
    context.durable.write(own.id.uuid(), body, reception.received_at).await?;
    Ok(ReceivedPost::One { own, quarantined })
}

async fn many(
    context: &IntakeContext,
    reception: &Reception<'_>,
    posted: Vec<PostedLead>,
) -> Result<ReceivedPost, Problem> {
    let mut messages = Vec::with_capacity(posted.len());
    let mut results = Vec::with_capacity(posted.len());
    for (index, posted) in posted.into_iter().enumerate() {
        results.push(reception.arrival(posted, Some(index)).map(
            |Ready { own: AcceptedBody { id, .. }, quarantined, body }| {
                // Those that are refused have no message; the others are kept whatever became of these.
                messages.push((id.uuid(), body));
                AcceptedLead { id, quarantined }
            },
        ));
    }
    // All of them refused is still an answer with a result for each.
    if !messages.is_empty() {
        context.durable.write_all(messages, reception.received_at).await?;
    }
    Ok(ReceivedPost::Many { results, at: reception.received_at })
}
