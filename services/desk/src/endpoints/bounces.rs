//! `POST /v1/bounces/{token}`: a mail that came back, posted by whatever receives mail for `mail.return_path`. The token in the
//! address that it came back to says whose it is; that it is signed is what keeps strangers out.

use axum::{
    Json,
    extract::{Path, Request, State, rejection::PathRejection},
    http::header,
};
use jiff::Timestamp;
use ripen_domain::id::{DeliveryId, NoticeId};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    StoreError,
    audit::entry::AuditEntry,
    delivery::bounce::{BouncedLead, DeliveryReport, ReportResult},
    notice::owe::{MailRecipient, NoticeData, NoticeKind, OnceNotice},
};
use ripen_web::{
    Problem,
    address::Visitor,
    body::{self, BodyLimits},
    catalogue,
    extract::refuse_unread,
    openapi::refusals,
};
use serde::Serialize;
use serde_json::json;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{RefOr, Response as Described},
};

use super::caller::{by_link, by_nobody, failed};
use crate::{context::DeskContext, mail_report};

/// A report holds the mail that came back, and that may have an invitation.
const LARGEST_REPORT: usize = 1024 * 1024;
/// Types of mails; some programs name the type of the report that is in it.
const TYPES: [&str; 3] = ["message/rfc822", "message/global", "multipart/report"];

struct ReportRefusals;

impl IntoResponses for ReportRefusals {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Described>> {
        refusals(&[
            &catalogue::MALFORMED_BODY,
            &catalogue::NOT_FOUND,
            &catalogue::BODY_TOO_SLOW,
            &catalogue::BODY_TOO_LARGE,
            &catalogue::UNSUPPORTED_MEDIA_TYPE,
            &catalogue::TOO_MANY_REQUESTS,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
        ])
    }
}

/// What a mail that came back was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakenAs {
    /// The delivery failed and is dead.
    Failed,
    /// Noted on the attempt: it is delayed, was relayed, or had ended otherwise.
    Noted,
    /// The sender was refused: this mail waits and is sent once more. All mail waits where another address said so too.
    Waits,
    /// No report: an automatic reply, or a mail that cannot be read.
    Nothing,
}

/// What became of a mail that came back.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenReport {
    /// The delivery.
    #[schema(value_type = String, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    pub delivery: DeliveryId,
    /// What the mail was taken for.
    pub taken_as: TakenAs,
}

/// Takes a mail that came back. The same again changes nothing.
#[utoipa::path(post, path = "/v1/bounces/{token}", operation_id = "report_mail", tag = "deliveries",
    params(("token" = String, Path, description = "What stood for {token} in the address that it came back to (mail.return_path).")),
    request_body(content = String, content_type = "message/rfc822", description = "The whole mail, as it came."),
    responses(
        (status = 200, description = "Taken, or no report.", body = TakenReport),
        ReportRefusals,
    ))]
pub async fn report(
    State(context): State<DeskContext>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<TakenReport>, Problem> {
    let visitor = request.extensions().get::<Visitor>().copied();
    // The token before the body: strangers send nothing into memory.
    let delivery = match opened(&context, token, visitor) {
        Ok(delivery) => delivery,
        Err(problem) => return Err(refuse_unread(request, problem).await),
    };
    let given = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !TYPES.contains(&essence.as_str()) {
        let why = "Post the whole mail as it came, with Content-Type: message/rfc822.";
        return Err(refuse_unread(request, Problem::new(&catalogue::UNSUPPORTED_MEDIA_TYPE, why)).await);
    }
    let (parts, content) = request.into_parts();
    let limits = BodyLimits { bytes: LARGEST_REPORT, time: context.body.time };
    let mail = body::read(&parts.headers, content, limits).await?;
    let taken_as = take(&context, delivery, &mail).await?;
    Ok(Json(TakenReport { delivery, taken_as }))
}

/// The delivery that a token names.
fn opened(
    context: &DeskContext,
    token: Result<Path<String>, PathRejection>,
    visitor: Option<Visitor>,
) -> Result<DeliveryId, Problem> {
    let token = token.map_err(|_| unknown())?.0;
    // The signature first, which costs no query: all reports come from one address, and what somebody makes up and sends there must not
    // keep out those that are true.
    if let Ok(delivery) = context.keys.open_bounce(&token, context.clock.now()) {
        return Ok(delivery);
    }
    // 64 bits are not to be tried out.
    context.lookups.note_wrong_return_path(visitor)?;
    Err(unknown())
}

fn unknown() -> Problem {
    Problem::new(&catalogue::NOT_FOUND, "No mail of this installation has this return path.")
}

async fn take(context: &DeskContext, delivery: DeliveryId, mail: &[u8]) -> Result<TakenAs, Problem> {
    let Some(report) = mail_report::read(mail) else { return Ok(TakenAs::Nothing) };
    let now = context.clock.now();
    let done: Result<ReportResult, StoreError> = async {
        let mut batch = context.store.begin().await?;
        let reported = DeliveryReport { delivery, report: &report, pause: context.sender_pause };
        let done = batch.delivery_report(by_link(), &reported, now).await?;
        if let ReportResult::Worked(lead) = &done {
            let told = of_worked((context, delivery), lead, &report.text);
            batch.notices_once_with(told.as_slice(), now).await?;
        }
        let noted = audited(delivery, &done, now);
        batch.audit_record(&by_nobody(), noted.as_slice(), now).await?;
        batch.commit().await?;
        Ok(done)
    }
    .await;
    match done.map_err(|error| failed(&error))? {
        ReportResult::Unknown => Err(unknown()),
        ReportResult::Noted | ReportResult::Worked(_) => Ok(TakenAs::Noted),
        ReportResult::Waits(_) => {
            tracing::error!(delivery.id = %delivery, report = report.text, "the mail of a delivery came back because the sender is refused: it is sent once more, and all mail waits once a second address says so");
            Ok(TakenAs::Waits)
        }
        ReportResult::Dead(_) => {
            tracing::warn!(delivery.id = %delivery, report = report.text, "the mail of a delivery came back");
            Ok(TakenAs::Failed)
        }
    }
}

/// What a report made of its delivery, as the audit tells it. What it says stands on the attempt, as does all of a report that
/// changed nothing.
fn audited(delivery: DeliveryId, done: &ReportResult, now: Timestamp) -> Option<AuditEntry> {
    let (client, state) = match done {
        ReportResult::Dead(client) => (*client, "dead"),
        ReportResult::Waits(client) => (*client, "pending"),
        ReportResult::Unknown | ReportResult::Noted | ReportResult::Worked(_) => return None,
    };
    Some(AuditEntry {
        id: uuid_v7(now),
        action: "delivery.came_back",
        object: delivery.to_string(),
        client: Some(client),
        before: Some(json!({"state": "delivered"})),
        after: Some(json!({"state": state})),
    })
}

/// What the firm is told of a mail that came back although somebody works on its lead: nothing is done by itself then.
fn of_worked((context, delivery): (&DeskContext, DeliveryId), lead: &BouncedLead, report: &str) -> Option<OnceNotice> {
    let address = Some(context.alerts.clone()).filter(|address| !address.is_empty())?;
    let now = context.clock.now();
    Some(OnceNotice {
        id: NoticeId::from_uuid(uuid_v7(now)),
        client: Some(lead.client),
        kind: NoticeKind::LeadDead,
        key: format!("lead_worked:{delivery}:{address}"),
        delivery: None,
        endpoint: None,
        to: MailRecipient { name: None, address },
        data: words_of_worked(delivery, lead, report),
        due_at: now,
    })
}

fn words_of_worked(delivery: DeliveryId, lead: &BouncedLead, report: &str) -> NoticeData {
    let BouncedLead { client: _, client_name, person, worked_by: to } = lead;
    let person = person.as_deref().unwrap_or("somebody without a name");
    let sentences = vec![
        format!("The mail with which {to} got the lead of {person} came back: {}.", report.trim_end_matches('.')),
        "Somebody works on the lead all the same, as the page of that mail shows: it stays there. Please see to the address.".to_owned(),
        format!("`ripen delivery show {delivery}` shows what was reported."),
    ];
    NoticeData::written(format!("{client_name}: a mail to {to} came back"), sentences)
}

#[cfg(test)]
mod tests {
    use ripen_domain::id::ClientId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_firm_is_told_whose_lead_it_is_and_who_works_on_it() {
        let lead = BouncedLead {
            client: ClientId::from_uuid(Uuid::nil()),
            client_name: "Acme Homes".to_owned(),
            person: Some("Casey Smith".to_owned()),
            worked_by: "Dana Hill".to_owned(),
        };
        let words = words_of_worked(DeliveryId::from_uuid(Uuid::nil()), &lead, "5.1.1 no such mailbox.");
        assert_eq!(words.title.as_deref(), Some("Acme Homes: a mail to Dana Hill came back"));
        let first = "The mail with which Dana Hill got the lead of Casey Smith came back: 5.1.1 no such mailbox.";
        assert_eq!(words.sentences[0], first);
        let unnamed = words_of_worked(DeliveryId::from_uuid(Uuid::nil()), &BouncedLead { person: None, ..lead }, "x");
        assert!(unnamed.sentences[0].contains("the lead of somebody without a name"), "{unnamed:?}");
    }
}
