//! Answers that were given anew with another value in a call: what a receipt marks, where that call made an A.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::LeadId;
use serde_json::Value;

use crate::{Scope, Store, StoreError};

/// An answer that replaced another one.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedAnswer {
    /// The question's id.
    pub question: String,
    /// As it was before.
    pub before: Value,
    /// As it was given then.
    pub after: Value,
    /// Who recorded it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// The answers that the last touch of a lead within a time gave another value than they had.
    pub async fn answers_changed(
        &self,
        scope: Scope,
        lead: LeadId,
        (after, until): (Option<Timestamp>, Timestamp),
    ) -> Result<Vec<ChangedAnswer>, StoreError> {
        let rows = sqlx::query!(
            r#"-- answer.changed
            select a.question, b.value as before, a.value as after, t.by, t.at
            from (select t.lead_id, t.by, t.at from touch t join lead l on l.id = t.lead_id
                  where t.lead_id = $1 and t.at <= $2 and ($3::timestamptz is null or t.at >= $3)
                    and ($4::uuid is null or l.client_id = $4)
                  order by t.at desc limit 1) t
            join answer a on a.lead_id = t.lead_id and a.at = t.at and a.origin = 'person:' || t.by
            cross join lateral (select b.value from answer b where b.lead_id = a.lead_id and b.question = a.question and b.at < a.at
                                order by b.at desc, b.origin desc limit 1) b
            where b.value::text <> a.value::text order by a.question"#,
            lead.uuid(),
            until.to_sqlx(),
            after.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let changed = rows.into_iter().map(|row| ChangedAnswer {
            question: row.question,
            before: row.before,
            after: row.after,
            by: row.by,
            at: row.at.to_jiff(),
        });
        Ok(changed.collect())
    }
}
