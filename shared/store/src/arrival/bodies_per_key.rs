//! What came earlier under the external ids and forms of a batch's arrivals: of each so many bodies at most.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    arrival::BodyTime,
    hash::ContentHash,
    id::{ArrivalId, SourceId},
    person::{Absorb, Profile},
    submission::Submission,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    arrival::{common_key::CommonKey, seen::hash},
};

/// Of the bodies under one external id or form the newest so many are read: a constant in the place of an id would otherwise have
/// every batch read all that ever came.
pub const MOST_BODIES: usize = 100;

/// [`MOST_BODIES`] as a statement's limit.
const READ_AT_MOST: i64 = 100;

/// What is kept of a body that makes no arrival of its own, because it says what is known: from when on that counts.
#[derive(Debug, Clone, Copy)]
pub struct SaidAgain {
    /// The arrival that says the same.
    pub arrival: ArrivalId,
    /// When the body was received.
    pub at: Timestamp,
}

/// A body that was worked.
#[derive(Clone)]
pub struct EarlierBody {
    /// Under what it came.
    pub key: CommonKey,
    /// The arrival.
    pub id: ArrivalId,
    /// The arrival it corrects.
    pub amends: Option<ArrivalId>,
    /// What it says, hashed.
    pub content: ContentHash,
    /// When it came.
    pub time: BodyTime,
    /// When the last came that said the same and is kept nowhere: by this it counts.
    pub last: BodyTime,
    /// Who it says it is of.
    pub said: Profile,
    /// What it may answer, as it came.
    pub answers: Map<String, Value>,
    /// It came with a page's address or out of a form.
    pub by_visitor: bool,
}

impl fmt::Debug for EarlierBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without what it says: it is contact data.
        f.debug_struct("EarlierBody").field("id", &self.id).field("amends", &self.amends).finish_non_exhaustive()
    }
}

struct BodyColumns {
    id: Uuid,
    amends: Option<Uuid>,
    content: Vec<u8>,
    received_at: jiff_sqlx::Timestamp,
    submitted_at: Option<jiff_sqlx::Timestamp>,
    said_again_at: Option<jiff_sqlx::Timestamp>,
    submission: String,
    by_visitor: bool,
}

impl BodyColumns {
    fn record(self, key: CommonKey) -> Result<EarlierBody, StoreError> {
        // What an erased person had submitted says nothing any more.
        let submission: Submission = serde_json::from_str(&self.submission).unwrap_or_default();
        let mut said = Profile::default();
        said.absorb(&submission, Absorb::Fill);
        let submitted_at = self.submitted_at.map(jiff_sqlx::Timestamp::to_jiff);
        let received_at = self.received_at.to_jiff();
        // Of an erased person's the column is all that is left.
        let until = submission.submitted_until;
        let dated = Submission { submitted_at, submitted_until: until, ..Submission::default() };
        let last_at = self.said_again_at.map_or(received_at, |at| received_at.max(at.to_jiff()));
        Ok(EarlierBody {
            key,
            id: ArrivalId::from_uuid(self.id),
            amends: self.amends.map(ArrivalId::from_uuid),
            content: hash(self.content)?,
            time: BodyTime::said(received_at, &dated),
            last: BodyTime::said(last_at, &dated),
            said,
            answers: submission.perhaps_answers(),
            by_visitor: self.by_visitor,
        })
    }
}

impl Transaction {
    /// What was worked under these external ids, of sources of the scope alone.
    pub async fn arrivals_bodies_in(
        &mut self,
        scope: Scope,
        wanted: &BTreeSet<(CommonKey, ContentHash)>,
    ) -> Result<Vec<EarlierBody>, StoreError> {
        let source_of = |key: &CommonKey| match key {
            CommonKey::ExternalId { source, .. } => Some(*source),
            CommonKey::Form(_) => None,
        };
        let sources: BTreeSet<_> = wanted.iter().filter_map(|(key, _)| source_of(key)).collect();
        let sources: Vec<_> = sources.into_iter().map(|source| source.uuid()).collect();
        let covered: Vec<Uuid> = sqlx::query_scalar!(
            "-- arrival.sources_covered
            select id from source where id = any($1) and ($2::uuid is null or client_id = $2)",
            &sources,
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        let is_covered = |key: &CommonKey| source_of(key).is_some_and(|source| covered.contains(&source.uuid()));
        let wanted = wanted.iter().filter(|(key, _)| is_covered(key)).cloned().collect();
        self.arrivals_bodies(&wanted).await
    }

    /// What was worked under these external ids, whatever the arrivals' ids: of each the newest, and what says the same as one of
    /// these contents; those that were received first come first. Keys of forms are not looked for.
    pub async fn arrivals_bodies(
        &mut self,
        wanted: &BTreeSet<(CommonKey, ContentHash)>,
    ) -> Result<Vec<EarlierBody>, StoreError> {
        let (mut sources, mut externals, mut contents) = (Vec::new(), Vec::new(), Vec::new());
        for (key, content) in wanted {
            let CommonKey::ExternalId { source, external_id } = key else { continue };
            sources.push(source.uuid());
            externals.push(external_id.clone());
            contents.push(content.bytes().to_vec());
        }
        let rows = sqlx::query!(
            r#"-- arrival.bodies
            select b.source_id as "source_id!", b.external_id as "external_id!", b.id as "id!", b.amends as "amends?",
                   b.content as "content!", b.received_at as "received_at!", b.submitted_at as "submitted_at?",
                   b.said_again_at as "said_again_at?", b.submission as "submission!", b.by_visitor as "by_visitor!"
            from (
              select a.source_id, a.external_id, a.id, a.amends, a.content, a.received_at, a.submitted_at, a.said_again_at,
                     a.submission::text as submission, a.by_visitor
              from (select distinct k.source_id, k.external_id from unnest($1::uuid[], $2::text[]) as k (source_id, external_id)) w
              cross join lateral (
                select * from arrival n
                where n.source_id = w.source_id and n.external_id = w.external_id and n.state = 'graded'
                order by coalesce(n.submitted_at, n.received_at) desc, n.received_at desc limit $4) a
              union
              select a.source_id, a.external_id, a.id, a.amends, a.content, a.received_at, a.submitted_at, a.said_again_at,
                     a.submission::text, a.by_visitor
              from unnest($1::uuid[], $2::text[], $3::bytea[]) as w (source_id, external_id, content)
              cross join lateral (
                select * from arrival e
                where e.source_id = w.source_id and e.external_id = w.external_id and e.content = w.content
                  and e.state = 'graded'
                order by e.received_at desc limit 1) a
            ) b order by b.received_at, b.id"#,
            &sources,
            &externals,
            &contents,
            READ_AT_MOST
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let source = SourceId::from_uuid(row.source_id);
                let key = CommonKey::ExternalId { source, external_id: row.external_id };
                let columns = BodyColumns {
                    id: row.id,
                    amends: row.amends,
                    content: row.content,
                    received_at: row.received_at,
                    submitted_at: row.submitted_at,
                    said_again_at: row.said_again_at,
                    submission: row.submission,
                    by_visitor: row.by_visitor,
                };
                columns.record(key)
            })
            .collect()
    }

    /// What was worked of these forms and received in this time: of each the newest, and those of these ids, under which a body
    /// comes again that says the same. What was received first comes first.
    pub async fn arrivals_of_forms(
        &mut self,
        forms: &[ArrivalId],
        ids: &[ArrivalId],
        (since, until): (Timestamp, Timestamp),
    ) -> Result<Vec<EarlierBody>, StoreError> {
        let forms: Vec<_> = forms.iter().map(|id| id.uuid()).collect();
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- arrival.of_forms
            select b.form_id as "form_id!", b.id as "id!", b.amends as "amends?", b.content as "content!",
                   b.received_at as "received_at!", b.submitted_at as "submitted_at?", b.said_again_at as "said_again_at?",
                   b.submission as "submission!", b.by_visitor as "by_visitor!"
            from (
              select a.form_id, a.id, a.amends, a.content, a.received_at, a.submitted_at, a.said_again_at,
                     a.submission::text as submission, a.by_visitor
              from unnest($1::uuid[]) as w (form_id)
              cross join lateral (
                select * from arrival n
                where n.form_id = w.form_id and n.received_at >= $3 and n.received_at <= $4 and n.state = 'graded'
                order by n.received_at desc limit $5) a
              union
              select e.form_id, e.id, e.amends, e.content, e.received_at, e.submitted_at, e.said_again_at, e.submission::text,
                     e.by_visitor
              from arrival e
              where e.id = any($2) and e.form_id = any($1) and e.received_at >= $3 and e.received_at <= $4
                and e.state = 'graded'
            ) b order by b.received_at, b.id"#,
            &forms,
            &ids,
            since.to_sqlx(),
            until.to_sqlx(),
            READ_AT_MOST
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let key = CommonKey::Form(ArrivalId::from_uuid(row.form_id));
                let columns = BodyColumns {
                    id: row.id,
                    amends: row.amends,
                    content: row.content,
                    received_at: row.received_at,
                    submitted_at: row.submitted_at,
                    said_again_at: row.said_again_at,
                    submission: row.submission,
                    by_visitor: row.by_visitor,
                };
                columns.record(key)
            })
            .collect()
    }

    /// Notes when what is known was said again. What was noted already is never taken back, so that a message that is delivered twice
    /// changes nothing.
    pub async fn arrivals_said_again(&mut self, said: &[SaidAgain]) -> Result<(), StoreError> {
        // Each once: of two rows for one the statement would take either.
        let mut last: BTreeMap<ArrivalId, Timestamp> = BTreeMap::new();
        for one in said {
            last.entry(one.arrival).and_modify(|at| *at = one.at.max(*at)).or_insert(one.at);
        }
        let ids: Vec<_> = last.keys().map(|id| id.uuid()).collect();
        let at: Vec<_> = last.values().map(|at| at.to_sqlx()).collect();
        // In the order of ids: two who note the same of several arrivals would otherwise wait for each other.
        sqlx::query!(
            "-- arrival.said_again
            with said as materialized (
              select a.id, w.at from arrival a join unnest($1::uuid[], $2::timestamptz[]) as w (id, at) on w.id = a.id
              order by a.id for update of a
            )
            update arrival a set said_again_at = greatest(a.said_again_at, said.at) from said where a.id = said.id",
            &ids,
            &at[..]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
