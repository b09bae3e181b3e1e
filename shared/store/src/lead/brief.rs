//! What an agent reads before calling: whose lead it is and where it came from, and everything that happened to it before.

use jiff::Timestamp;
use ripen_domain::{
    id::{ClientId, LeadId},
    lead::{Channel, Grade, OutcomeKind},
    touch::Disposition,
};

use crate::{Scope, Store, StoreError, error::word};

/// Whose lead it is, and where it came from.
#[derive(Debug, Clone)]
pub struct LeadBackground {
    /// Whose.
    pub client: ClientId,
    /// The client's name.
    pub client_name: String,
    /// What an agent must know before calling for this client; empty where nothing was written.
    pub briefing: String,
    /// The number that its client shows to who is called, E.164; none for the telephone's own.
    pub caller_id: Option<String>,
    /// The source that brought it first.
    pub source: String,
    /// How it came.
    pub channel: Channel,
    /// How often the person enquired.
    pub enquiries: i32,
    /// When the last decision was made.
    pub decided_at: Option<Timestamp>,
    /// Something changed since, and it is to be decided again.
    pub is_to_be_decided: bool,
}

/// Something that happened to a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierEntry {
    /// When.
    pub at: Timestamp,
    /// The source, or who of the firm; empty for a decision.
    pub by: String,
    /// What.
    pub what: EarlierEvent,
}

/// What happened to a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EarlierEvent {
    /// The person enquired.
    Arrived,
    /// Somebody of the firm tried to reach the person.
    Touched {
        /// How it went.
        disposition: Disposition,
        /// How many answers it brought.
        answers: i32,
    },
    /// It was decided.
    Decided {
        /// The grade.
        grade: Grade,
        /// The points.
        score: i32,
    },
    /// Somebody wrote something, or an enquiry said it.
    Noted {
        /// The words.
        text: String,
        /// An enquiry said it.
        is_of_arrival: bool,
    },
    /// It was handed over to its client.
    Delivered {
        /// Their rep; none where it went to the client itself.
        rep: Option<String>,
    },
    /// Its client said what became of it.
    Outcome {
        /// What.
        kind: OutcomeKind,
        /// In the client's words.
        reason: Option<String>,
    },
}

impl Store {
    /// Whose lead it is, and where it came from.
    pub async fn lead_background(&self, scope: Scope, lead: LeadId) -> Result<Option<LeadBackground>, StoreError> {
        let row = sqlx::query!(
            r#"-- lead.background
            select l.client_id, c.name as client, coalesce(d.briefing, '') as "briefing!", d.caller_id as "caller_id?",
                   s.name as source, l.channel, l.enquiries,
                   k.at as "decided_at?", exists (select from regrade r where r.lead_id = l.id) as "is_to_be_decided!"
            from lead l join client c on c.id = l.client_id join source s on s.id = l.source_id
            left join desk_client d on d.client_id = l.client_id left join decision k on k.id = l.decision_id
            where l.id = $1 and ($2::uuid is null or l.client_id = $2)"#,
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(LeadBackground {
            client: ClientId::from_uuid(row.client_id),
            client_name: row.client,
            briefing: row.briefing,
            caller_id: row.caller_id,
            source: row.source,
            channel: word(&row.channel)?,
            enquiries: row.enquiries,
            decided_at: row.decided_at.map(jiff_sqlx::Timestamp::to_jiff),
            is_to_be_decided: row.is_to_be_decided,
        }))
    }

    /// What happened to a lead, the newest first, at most `limit` of each kind.
    pub async fn lead_earlier(&self, scope: Scope, lead: LeadId, limit: i64) -> Result<Vec<EarlierEntry>, StoreError> {
        // Each kind is cut for itself, so that a lead that is decided anew every day still shows who called.
        let rows = sqlx::query!(
            r#"-- lead.earlier
            select e.kind as "kind!", e.at as "at!", e.by as "by!", e.word as "word!", e.number as "number!"
            from lead l cross join lateral (
              (select 'arrived' as kind, coalesce(a.submitted_at, a.received_at) as at, s.name as by, '' as word, 0 as number
                 from arrival a join source s on s.id = a.source_id where a.lead_id = l.id order by 2 desc limit $3)
              union all
              (select 'touched', t.at, t.by, t.disposition, t.answers from touch t where t.lead_id = l.id order by t.at desc limit $3)
              union all
              (select 'decided', d.at, '', d.grade, d.score from decision d where d.lead_id = l.id order by d.at desc limit $3)
              union all
              (select case when n.origin = '' then 'noted' else 'said' end, n.at, n.by, n.text, 0
                 from note n where n.lead_id = l.id order by n.at desc limit $3)) e
            where l.id = $1 and ($2::uuid is null or l.client_id = $2)
            order by e.at desc, e.kind in ('noted', 'said'), e.kind"#,
            lead.uuid(),
            scope.client_uuid(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let entries = rows.into_iter().map(|row| {
            let what = match row.kind.as_str() {
                "touched" => EarlierEvent::Touched { disposition: word(&row.word)?, answers: row.number },
                "decided" => EarlierEvent::Decided { grade: word(&row.word)?, score: row.number },
                "noted" => EarlierEvent::Noted { text: row.word, is_of_arrival: false },
                "said" => EarlierEvent::Noted { text: row.word, is_of_arrival: true },
                _ => EarlierEvent::Arrived,
            };
            Ok(EarlierEntry { at: row.at.to_jiff(), by: row.by, what })
        });
        entries.collect()
    }
}
