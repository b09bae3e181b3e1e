//! What became of an arrival, as its sender may know it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    arrival::BodyTime,
    flag::Flag,
    hash::ContentHash,
    id::{ArrivalId, LeadId, SourceId},
    lead::Grade,
    message::ArrivalMessage,
};

use crate::{
    Store, StoreError,
    arrival::{dead_letter::unreadable, flags::stored_flags, seen::hash},
    error::word,
};

/// What became of an arrival, as its sender may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivalState {
    /// On a lead.
    Graded,
    /// It corrected what is known of the person of a lead that was over by then: nothing was decided.
    Corrected,
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
    /// Why, where it is quarantined or dead.
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

/// A body that was worked, by what says whether it counts.
#[derive(Debug, Clone, Copy)]
pub struct WorkedBody {
    /// What it says, hashed.
    pub content: ContentHash,
    /// When it was received.
    pub received_at: Timestamp,
    /// When it came last, itself or what says the same and is kept nowhere.
    pub last: BodyTime,
}

/// One id may come with ever more bodies: so many are told of.
const BODIES_SHOWN: i64 = 20;

/// A body that is kept under another id than the one that its sender was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherBody {
    /// Under which it is kept.
    pub id: ArrivalId,
    /// What its sender was told.
    pub came_as: ArrivalId,
}

/// Arrivals that were asked for, with the other bodies that came under their ids.
#[derive(Debug, Clone)]
pub struct ArrivalBodies {
    /// What became of them all.
    pub statuses: Vec<ArrivalStatus>,
    /// Which of them are other bodies.
    pub others: Vec<OtherBody>,
}

/// Why an arrival is dead, in a word: what the letter says is for whoever runs Ripen.
fn why_dead(content: ContentHash, letter: Option<&str>) -> String {
    let word = match letter {
        Some("dropped") => "dropped",
        _ if content == unreadable() => "unreadable",
        _ => "failed",
    };
    word.to_owned()
}

/// When the arrival of a letter was received, where its message can be read.
fn received_as_said(body: &[u8]) -> Option<Timestamp> {
    let ArrivalMessage::V1(arrival) = serde_json::from_slice(body).ok()?;
    Some(arrival.received_at)
}

impl Store {
    /// Of what was worked under the external id of this arrival of a source the body that counts; none where it came without
    /// one.
    pub async fn arrival_counting(&self, source: SourceId, id: ArrivalId) -> Result<Option<WorkedBody>, StoreError> {
        // The last in the order of `BodyTime::is_newer`: of those that may be it by the index, which knows the beginnings of days alone.
        let row = sqlx::query!(
            r#"-- arrival.counting
            select v.content as "content!", v.received_at as "received_at!", v.last_at as "last_at!",
                   v.submitted_at as "submitted_at?"
            from arrival_seen s join arrival a on a.id = s.arrival_id
            cross join lateral (
              select b.content, b.received_at, b.last_at, b.counts_at as submitted_at from (
                select n.content, n.received_at, l.last_at,
                       -- `least` of nothing and a time would be that time, whatever the sender's clock said.
                       coalesce(case when n.submission ->> 'submitted_until' is not null
                                     then least((n.submission ->> 'submitted_until')::timestamptz, l.last_at) end,
                                n.submitted_at, l.last_at) as counts_at
                from arrival n cross join lateral (select greatest(n.received_at, n.said_again_at) as last_at) l
                where n.source_id = a.source_id and n.external_id = a.external_id and n.state = 'graded'
                order by coalesce(n.submitted_at, n.received_at) desc, n.received_at desc limit 100) b
              order by b.counts_at desc, b.last_at desc limit 1) v
            where s.id = $1 and a.source_id = $2"#,
            id.uuid(),
            source.uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let submitted_at = row.submitted_at.map(jiff_sqlx::Timestamp::to_jiff);
            let last = BodyTime { received_at: row.last_at.to_jiff(), submitted_at };
            Ok(WorkedBody { content: hash(row.content)?, received_at: row.received_at.to_jiff(), last })
        })
        .transpose()
    }

    /// What became of these arrivals of one source, and of the other bodies that came under their ids.
    pub async fn arrival_bodies(&self, source: SourceId, ids: &[ArrivalId]) -> Result<ArrivalBodies, StoreError> {
        // One that is asked for twice has its bodies once.
        let ids: BTreeSet<_> = ids.iter().copied().collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let others = self.other_bodies(&ids).await?;
        // Of another source neither the first nor the others are found.
        let all: Vec<_> = ids.into_iter().chain(others.iter().map(|body| body.id)).collect();
        Ok(ArrivalBodies { statuses: self.arrival_status(source, &all).await?, others })
    }

    /// Under which ids the other bodies are kept that came under these: of each the newest [`BODIES_SHOWN`].
    async fn other_bodies(&self, ids: &[ArrivalId]) -> Result<Vec<OtherBody>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- arrival.came_as
            select b.id as "id!", w.id as "came_as!" from unnest($1::uuid[]) as w (id)
            cross join lateral (
              select s.id from arrival_seen s where s.came_as = w.id order by s.seen_at desc limit $2) b"#,
            &ids,
            BODIES_SHOWN
        )
        .fetch_all(&self.pool)
        .await?;
        let body = |id, came_as| OtherBody { id: ArrivalId::from_uuid(id), came_as: ArrivalId::from_uuid(came_as) };
        Ok(rows.into_iter().map(|row| body(row.id, row.came_as)).collect())
    }

    /// What became of these arrivals of one source. Ids that are not stored yet are absent.
    pub async fn arrival_status(&self, source: SourceId, ids: &[ArrivalId]) -> Result<Vec<ArrivalStatus>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        // A dead or erased arrival has no row that names its source, so any source that knows the id may ask; it
        // learns only the state.
        let rows = sqlx::query!(
            r#"-- arrival.status
            select s.id as "id!", s.content as "content!", s.ended as "ended!", s.seen_at as "seen_at!", a.reason as "reason?", a.received_at as "received_at?",
                   a.lead_id as "lead_id?", a.repeat as "repeat?", a.corrects_ended as "corrects_ended?", l.grade as "grade?",
                   (a.submission -> 'flags') as "flags?",
                   dead.state as "letter?", dead.body as "letters_body?",
                   (select max(v.received_at) from arrival v
                    where v.amends in (s.id, a.id, a.amends) and v.received_at > a.received_at) as amended_at
            from arrival_seen s
            left join arrival a on a.id = s.arrival_id
            left join lead l on l.id = a.lead_id
            left join lateral (
              select d.state, d.body from dead_letter d
              where s.ended = 'dead' and d.queue = 'ripen.arrivals' and (d.seen_id = s.id or d.message_id = s.id)
              order by d.id desc limit 1) dead on true
            where s.id = any($1) and (a.source_id = $2 or (s.ended in ('dead', 'erased') and s.source_id = $2))"#,
            &ids, source.uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let state = match row.ended.as_str() {
                    // What waited with a dead one that was replayed is what that became.
                    "dead" if row.lead_id.is_none() => ArrivalState::Dead,
                    "erased" => ArrivalState::Erased,
                    _ if row.corrects_ended == Some(true) => ArrivalState::Corrected,
                    // A duplicate or an amendment points to the arrival that it became part of, and shares that one's
                    // lead.
                    _ if row.lead_id.is_some() => ArrivalState::Graded,
                    _ => ArrivalState::Quarantined,
                };
                let content = hash(row.content)?;
                let is_dead = state == ArrivalState::Dead;
                let received_at = row.received_at.map(jiff_sqlx::Timestamp::to_jiff);
                let received_at = received_at.or_else(|| received_as_said(row.letters_body.as_deref()?));
                Ok(ArrivalStatus {
                    id: ArrivalId::from_uuid(row.id),
                    content,
                    state,
                    reason: if is_dead { Some(why_dead(content, row.letter.as_deref())) } else { row.reason },
                    received_at: received_at.unwrap_or_else(|| row.seen_at.to_jiff()),
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
