//! The steps from a body to durable arrivals: read, parse, normalise, keep. Answering is the endpoint's.

use std::{num::NonZeroU32, sync::Mutex};

use axum::{
    body::{Body, Bytes},
    http::HeaderMap,
};
use jiff::Timestamp;
use ripen_domain::id::ArrivalId;
use ripen_store::source::source_record::{SourceRecord, State};
use ripen_web::{Problem, address::Visitor, body, catalogue};

use crate::{
    IntakeContext,
    arrival::{AcceptedBody, Ready, Reception},
    durable::NotDurable,
    formats::{self, BodyFormat, PostedLead, csv::ColumnQuery, form::Form, json},
    header,
    list::{self, PostedList, ReceivedList, Stranger},
    list_turns::ListTurn,
    quarantine,
};

/// What was posted, as far as it is known before its body is read.
pub struct IncomingPost<'r> {
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// Its format, where it has one.
    pub format: Result<BodyFormat, Problem>,
    /// Whose browser it may come from; nobody's where it came with the source's key.
    pub visitor: Option<Visitor>,
    /// It came with the source's key, which stands in no page.
    pub has_key: bool,
    /// What stands behind the `?` of its address.
    pub query: Option<&'r str>,
    /// Its body, unread.
    pub content: Body,
}

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
    /// A list.
    List(ReceivedList),
}

/// One received element.
pub struct AcceptedLead {
    /// Its arrival.
    pub id: ArrivalId,
    /// Whether it is kept but not worked.
    pub quarantined: bool,
    /// When it counts as received.
    pub received_at: Timestamp,
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
        // A commit whose answer was lost may have happened: only what is known is claimed.
        Self::unavailable(
            "Neither the queue nor the database has confirmed in time that this is kept. It may have been received: send it again, \
             under the same Idempotency-Key or external_id where it has one. It will not be counted twice.",
        )
    }
}

impl IncomingPost<'_> {
    /// Looks into a body that calls itself an encoded form: what begins as JSON is JSON, posted by a program that says nothing of
    /// its type (`curl -d`).
    ///
    /// # Errors
    /// When the body cannot be read.
    pub async fn looked_into(self, context: &IntakeContext) -> Result<Self, Problem> {
        if !matches!(self.format, Ok(BodyFormat::UrlEncoded)) {
            return Ok(self);
        }
        let bytes = body::read(self.headers, self.content, context.body).await?;
        let format = if formats::begins_as_json(&bytes) { BodyFormat::Json } else { BodyFormat::UrlEncoded };
        Ok(Self { format: Ok(format), content: bytes.into(), ..self })
    }
}

/// Takes what an identified source sends.
///
/// # Errors
/// The refusal, with the form where there was one.
pub async fn receive(
    context: &IntakeContext,
    source: &SourceRecord,
    post: IncomingPost<'_>,
) -> Result<ReceivedPost, RefusedPost> {
    let IncomingPost { headers, format, visitor, has_key, query, content } = post;
    let (format, key) = match admit(source, headers, format) {
        Ok(admitted) => admitted,
        Err(problem) => {
            // Read to the end, or the sender would see a broken connection instead of its answer.
            body::discard(content).await;
            return Err(problem.into());
        }
    };
    // A form says what its visitor typed, whoever passes it on. A token stands in the pages of a source that has pages, and
    // what a page sends says that it is one; of other sources nobody but their program knows it.
    let is_of_sender = !format.is_form() && (has_key || !(source.channel.has_pages() || header::is_of_a_page(headers)));
    if format == BodyFormat::Csv {
        // Before the other limits, which count a body that is read already: a list may be of any length, and is measured row by row
        // while it comes.
        let stranger = (!has_key).then_some(Stranger { visitor });
        let posted = ColumnQuery::of(query, headers).map(|query| PostedList { source, stranger, is_of_sender, query });
        return Ok(list(context, posted, content).await?);
    }
    let bytes = body::read(headers, content, context.body).await?;
    // Read once for the whole request: the leads of an array were received in the same moment, and have the order in which they stand.
    let mut reception = Reception {
        source,
        received_at: context.clock.now(),
        key,
        form_id: None,
        is_of_sender,
        in_bulk: false,
        said: Mutex::default(),
        quarantine: None,
    };
    if format.is_form() {
        let form = Form::read(headers, format, &bytes).await?;
        // The visitor before the source: what one bot is refused takes nothing from the others.
        let admitted = visitor.map_or(Ok(()), |visitor| context.admit_form(visitor));
        let received = match admitted {
            Ok(()) => one_form(context, reception, format, (&form, &bytes)).await,
            Err(problem) => Err(problem),
        };
        return match received {
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
            visitor.map_or(Ok(()), |visitor| context.admit_program(visitor, NonZeroU32::MIN))?;
            context.rate_of_program(has_key).check(&source.id)?;
            Ok(one(context, &reception, posted).await?)
        }
        json::Document::Many(posted) => {
            // Each lead counts: by requests alone a sender of arrays would have a thousand times the rate.
            let count = u32::try_from(posted.len()).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
            visitor.map_or(Ok(()), |visitor| context.admit_program(visitor, count))?;
            // `ripen import` waits for what it sent before it sends more. Counted with the others it would keep the source's live
            // sender out for as long as the list goes.
            let is_list = has_key && (source.key_expires_at.is_some() || header::is_paced_list(headers));
            if !is_list {
                context.rate_of_program(has_key).check_many(&source.id, count)?;
            }
            // The last row of a list may come alone; a sender who writes each lead as an array of one sends no list.
            reception.in_bulk = is_list || posted.len() > 1;
            // Never closed.
            let turn = if is_list { context.lists.acquire().await.ok() } else { None };
            let received = many(context, &reception, posted).await;
            drop(turn);
            Ok(received?)
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
        return Err(formats::unfit(format, source.format));
    }
    // A form's page cannot show this to anybody who could do something about it, hence the exception.
    if source.state == State::Paused && !format.is_form() {
        return Err(Problem::new(&catalogue::SOURCE_PAUSED, "The firm has paused this source. Nothing was received."));
    }
    Ok((format, header::idempotency_key(headers)?))
}

/// A list is refused neither for its length nor for how many rows came before it: who sends it waits until it is read, and while it is
/// kept, piece by piece.
async fn list(
    context: &IntakeContext,
    posted: Result<PostedList<'_>, Problem>,
    content: Body,
) -> Result<ReceivedPost, Problem> {
    let admitted = match posted {
        Ok(posted) => list_turn(context, &posted).await.map(|turn| (posted, turn)),
        Err(problem) => Err(problem),
    };
    match admitted {
        // The turn is held until the last row is kept.
        Ok((posted, _turn)) => list::receive(context, &posted, content).await.map(ReceivedPost::List),
        Err(problem) => {
            body::discard(content).await;
            Err(problem)
        }
    }
}

async fn list_turn<'c>(context: &'c IntakeContext, posted: &PostedList<'_>) -> Result<ListTurn<'c>, Problem> {
    let source = posted.source.id;
    match &posted.stranger {
        Some(stranger) => context.strangers_list_turn(stranger.visitor, source).await,
        None => context.list_turns.turn(None, source).await,
    }
}

async fn one_form(
    context: &IntakeContext,
    mut reception: Reception<'_>,
    format: BodyFormat,
    (form, bytes): (&Form, &Bytes),
) -> Result<ReceivedPost, Problem> {
    context.forms.check(&reception.source.id)?;
    // No key: a page that was cached gives one id to all its visitors, and one who goes back corrects what was typed.
    reception.form_id = form.submission_id();
    reception.quarantine = quarantine::of_form(form, reception.source.state);
    one(context, &reception, form.posted(format, bytes)).await
}

async fn one(context: &IntakeContext, reception: &Reception<'_>, posted: PostedLead) -> Result<ReceivedPost, Problem> {
    let Ready { own, quarantined, body, .. } = reception.arrival(posted, None)?;
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
            |Ready { own: AcceptedBody { id, received_at, .. }, quarantined, body, .. }| {
                // Those that are refused have no message; the others are kept whatever became of these.
                messages.push((id.uuid(), body));
                AcceptedLead { id, quarantined, received_at }
            },
        ));
    }
    // All of them refused is still an answer with a result for each.
    if !messages.is_empty() {
        context.durable.write_all(messages, reception.received_at).await?;
    }
    Ok(ReceivedPost::Many { results, at: reception.received_at })
}
