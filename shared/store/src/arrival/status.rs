//! What became of an arrival, as its sender may know it.

use jiff::Timestamp;
use ripen_domain::{
    flag::Flag,
    hash::ContentHash,
    id::{ArrivalId, LeadId, SourceId},
    lead::Grade,
};

use crate::{
    Store, StoreError,
    arrival::{flags::stored_flags, seen::hash},
    error::word,
};

/// What became of an arrival, as its sender may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivalState {
    /// On a lead.
    Graded,
    /// Kept, not worked.
    Quarantined,
    /// A dead letter.
    Dead,
    /// Erased at the person's request.
    Erased,
}

/// What became of an arrival.
#[derive(Debug, Clone)]
pub struct ArrivalStatus {
    /// As intake answered it.
    pub id: ArrivalId,
    /// What came under it first, hashed.
    pub content: ContentHash,
    /// Where it ended.
    pub state: ArrivalState,
    /// Why, where it is quarantined.
    pub reason: Option<String>,
    /// When the arrival that is stored was received.
    pub received_at: Timestamp,
    /// When the last correction under the same external id was received.
    pub amended_at: Option<Timestamp>,
    /// The lead it is on.
    pub lead: Option<LeadId>,
    /// The lead was there before it.
    pub repeat: bool,
    /// The lead's grade now.
    pub grade: Option<Grade>,
    /// What of it could not be understood.
    pub flags: Vec<Flag>,
}

impl Store {
    /// What became of these arrivals of one source. Ids that are not stored yet are absent.
    pub async fn arrival_status(&self, source: SourceId, ids: &[ArrivalId]) -> Result<Vec<ArrivalStatus>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        // A dead or erased arrival has no row that names its source, so any source that knows the id may ask; it
        // learns only the state.
        let rows = sqlx::query!(
            r#"-- arrival.status
            select s.id as "id!", s.content as "content!", s.ended as "ended!", s.seen_at as "seen_at!", a.reason as "reason?", a.received_at as "received_at?",
                   a.lead_id as "lead_id?", a.repeat as "repeat?", l.grade as "grade?",
                   (a.submission -> 'flags') as "flags?",
                   (select max(v.received_at) from arrival v where v.amends = s.id) as amended_at
            from arrival_seen s
            left join arrival a on a.id = s.arrival_id
            left join lead l on l.id = a.lead_id
            where s.id = any($1) and (a.source_id = $2 or (s.ended in ('dead', 'erased') and s.source_id = $2))"#,
            &ids, source.uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let state = match row.ended.as_str() {
                    "dead" => ArrivalState::Dead,
                    "erased" => ArrivalState::Erased,
                    // A duplicate or an amendment points to the arrival that it became part of, and shares that one's
                    // lead.
                    _ if row.lead_id.is_some() => ArrivalState::Graded,
                    _ => ArrivalState::Quarantined,
                };
                Ok(ArrivalStatus {
                    id: ArrivalId::from_uuid(row.id),
                    content: hash(row.content)?,
                    state,
                    reason: row.reason,
                    received_at: row.received_at.unwrap_or(row.seen_at).to_jiff(),
                    amended_at: row.amended_at.map(jiff_sqlx::Timestamp::to_jiff),
                    lead: row.lead_id.map(LeadId::from_uuid),
                    repeat: row.repeat.unwrap_or(false),
                    grade: row.grade.as_deref().map(word).transpose()?,
                    flags: row.flags.map(stored_flags).transpose()?.unwrap_or_default(),
                })
            })
            .collect()
    }
}
