//! Sources of which all that came last is in the quarantine.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use crate::{Scope, Store, StoreError};

/// A source of which everything that came lately is quarantined for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedSource {
    /// Its name.
    pub name: String,
    /// The slug of its client.
    pub client: String,
    /// Why, in a word.
    pub reason: String,
    /// How many wait for a person.
    pub count: i64,
}

impl Store {
    /// Sources of which the last five arrivals since then, or more, are in the quarantine for one reason, but for that of a pause: it is
    /// their sender who does something wrong, and not one lead.
    pub async fn sources_in_quarantine(
        &self,
        scope: Scope,
        since: Timestamp,
    ) -> Result<Vec<QuarantinedSource>, StoreError> {
        let rows = sqlx::query!(
            r#"-- quarantine.sources
            with many as (
              select source_id, reason, count(*) as kept, (array_agg(received_at order by received_at desc))[5] as fifth_at
              from arrival
              where state = 'quarantined' and released_at is null and dropped_at is null and reason <> 'source_paused' and received_at >= $1
              group by source_id, reason having count(*) >= 5
            )
            select s.name, c.slug, m.reason as "reason!", m.kept as "kept!"
            from many m join source s on s.id = m.source_id join client c on c.id = s.client_id
            where ($2::uuid is null or s.client_id = $2)
              and not exists (select from arrival a
                              where a.client_id = s.client_id and a.received_at >= m.fifth_at and a.source_id = m.source_id
                                and (a.state <> 'quarantined' or a.reason is distinct from m.reason))
            order by c.slug, s.name"#,
            since.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let found = rows.into_iter().map(|row| QuarantinedSource {
            name: row.name,
            client: row.slug,
            reason: row.reason,
            count: row.kept,
        });
        Ok(found.collect())
    }
}
