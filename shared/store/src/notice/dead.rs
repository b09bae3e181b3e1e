//! Mails to people that could not be sent: counted for whoever looks after the installation, and told to somebody else.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, NoticeId};

use crate::{
    Scope, Store, StoreError,
    notice::owe::{NoticeData, NoticeKind},
};

/// Mails of one kind to one address that could not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadNotices {
    /// What they said, as it is kept.
    pub kind: String,
    /// To whom.
    pub address: String,
    /// How many.
    pub count: i64,
    /// Why the last of them could not be sent.
    pub reason: String,
}

/// Whose mail it was.
#[derive(Debug, Clone)]
pub struct UnsentOfClient {
    /// The client.
    pub id: ClientId,
    /// Its name.
    pub name: String,
}

/// A mail that could not be sent, and of which nobody else was told yet.
#[derive(Debug, Clone)]
pub struct UnsentNotice {
    /// Its id.
    pub id: NoticeId,
    /// Whom it concerned; none where it was for somebody who signs in.
    pub client: Option<UnsentOfClient>,
    /// What it said.
    pub kind: String,
    /// To whom it was to go.
    pub address: String,
    /// Its title and sentences, where it was written in advance.
    pub data: NoticeData,
    /// Why it could not be sent.
    pub reason: String,
}

impl Store {
    /// Mails to people that could not be sent since then, by kind and address, the most first.
    pub async fn notices_dead(&self, scope: Scope, since: Timestamp) -> Result<Vec<DeadNotices>, StoreError> {
        let rows = sqlx::query!(
            r#"-- notice.dead
            select kind, to_address, count(*) as "count!", (array_agg(coalesce(reason, '') order by ended_at desc))[1] as "reason!"
            from notice where state = 'dead' and ended_at >= $1 and ($2::uuid is null or client_id = $2)
            group by kind, to_address order by count(*) desc, kind, to_address"#,
            since.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let dead = rows.into_iter().map(|row| DeadNotices {
            kind: row.kind,
            address: row.to_address,
            count: row.count,
            reason: row.reason,
        });
        Ok(dead.collect())
    }

    /// Those of them of which nobody was told, the oldest first, at most `limit`. Notices of this are not told of in their turn.
    pub async fn notices_unsent(
        &self,
        scope: Scope,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<UnsentNotice>, StoreError> {
        let rows = sqlx::query!(
            r#"-- notice.unsent
            select n.id, n.client_id, c.name as "client_name?", n.kind, n.to_address, n.data, n.reason
            from notice n left join client c on c.id = n.client_id
            where n.state = 'dead' and n.ended_at >= $1 and n.kind <> $4 and ($2::uuid is null or n.client_id = $2)
              and not exists (select from notice t where t.key = 'notice_dead:' || n.id)
            order by n.ended_at limit $3"#,
            since.to_sqlx(),
            scope.client_uuid(),
            limit,
            NoticeKind::NoticeDead.word()
        )
        .fetch_all(&self.lists)
        .await?;
        let unsent = rows.into_iter().map(|row| UnsentNotice {
            id: NoticeId::from_uuid(row.id),
            client: row
                .client_id
                .zip(row.client_name)
                .map(|(id, name)| UnsentOfClient { id: ClientId::from_uuid(id), name }),
            kind: row.kind,
            address: row.to_address,
            data: NoticeData::read(row.data),
            reason: row.reason.unwrap_or_default(),
        });
        Ok(unsent.collect())
    }
}

impl UnsentNotice {
    /// Under which it is told once.
    #[must_use]
    pub fn key(&self) -> String {
        format!("notice_dead:{}", self.id.uuid())
    }
}

#[cfg(test)]
mod tests;
