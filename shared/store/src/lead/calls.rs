//! When numbers were called: the attempts of the firm to reach anybody under them, for whichever client. The law counts calls by
//! who makes them and whom they reach; which client they were made for is told to nobody.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;

use crate::{StoreError, Transaction};

/// A call to a number.
#[derive(Debug, Clone)]
pub struct CallMade {
    /// E.164.
    pub phone: String,
    /// When.
    pub at: Timestamp,
}

impl Transaction {
    /// The attempts to reach anybody under these numbers since an instant, whichever client's lead they were for and whatever
    /// the extension: every call that was dialed, whatever was said of it afterwards, and what was entered of calls that no
    /// telephone told of.
    pub async fn calls_since(&mut self, numbers: &[String], since: Timestamp) -> Result<Vec<CallMade>, StoreError> {
        // What turned out to be somebody else's number was called until then. One touch may be said of several calls: each of
        // them rang.
        let rows = sqlx::query!(
            r#"-- touch.calls_since
            select n.phone as "phone!", t.at as "at!"
            from unnest($1::text[]) as n (phone)
            cross join lateral (
              select person_id, void_at from person_identity where kind = 'phone' and value = n.phone
              union
              select person_id, void_at from person_identity
              where kind = 'phone' and value like '%;ext=%' and split_part(value, ';ext=', 1) = n.phone) i
            join lead l on l.person_id = i.person_id join touch t on t.lead_id = l.id
            where t.at > $2 and t.disposition <> 'note' and (i.void_at is null or t.at <= i.void_at)
              and not exists (select from call c where c.touch_id = t.id and c.state <> 'failed')
            union all
            select n.phone, c.dialed_at from unnest($1::text[]) as n (phone)
            join call c on split_part(c.number, ';ext=', 1) = n.phone
            where c.dialed_at > $2 and c.state <> 'failed'"#,
            numbers,
            since.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| CallMade { phone: row.phone, at: row.at.to_jiff() }).collect())
    }
}

#[cfg(test)]
mod tests;
