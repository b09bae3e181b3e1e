//! The outbox of mails beside deliveries: written in the transaction of their cause, leased, sent and settled by the
//! dispatcher. What is said is looked up when it is sent, so that nobody is told what is no longer so.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::Next,
    id::{AppointmentId, DeliveryId, EndpointId, NoticeId, UserId},
};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    error::one_row,
    notice::owe::{MailRecipient, NoticeData, NoticeKind},
};

/// A notice to send now.
#[derive(Debug, Clone)]
pub struct DueNotice {
    /// Its id.
    pub id: NoticeId,
    /// The client's name; empty where it belongs to none.
    pub client: String,
    /// The client's slug; `desk` where it belongs to none.
    pub slug: String,
    /// The user of the desk it is for, where it is for one.
    pub user: Option<UserId>,
    /// What the user was to be told is no longer so: they are paused, or have chosen a password since.
    pub is_over: bool,
    /// What it says.
    pub kind: NoticeKind,
    /// The appointment it is about.
    pub appointment: Option<AppointmentId>,
    /// The delivery it is about.
    pub delivery: Option<DeliveryId>,
    /// The endpoint it is about.
    pub endpoint: Option<EndpointId>,
    /// What its kind needs beside what is looked up.
    pub data: NoticeData,
    /// Who gets it: of a rep as name and address are now.
    pub to: MailRecipient,
    /// It is for a rep who has left.
    pub has_left: bool,
    /// Attempts begun, this one included.
    pub attempts: i32,
    /// How the deliveries of its lead stand.
    pub lead: Handed,
}

/// Whether a client has a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// It has.
    Over,
    /// A delivery with a body of its own is on its way, or was given up and can be sent again: what it says may be old.
    UnderWay,
    /// It has not: what it will be told then is what is so then.
    NotYet,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeEnd {
    /// As an attempt ended.
    Tried(Next),
    /// Looked at again then; that counts as no attempt.
    Waits(Timestamp),
    /// Nobody needs it.
    Dropped(&'static str),
}

impl Store {
    /// Leases notices that are due, oldest first.
    pub async fn notices_lease(
        &self,
        (lease, lasts): (Uuid, Duration),
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<DueNotice>, StoreError> {
        // What an older process wrote for a rep names none: it is known by the address that it copied, while the rep still has it.
        // While the mail server refuses the sender none is looked at, but for those that may try it.
        // Expiry is judged by the database's clock alone. Attempts are counted with the lease, so that a process that
        // dies while sending uses up its tries.
        let rows = sqlx::query!(
            r#"-- notice.lease
            with due as materialized (
              select id from notice
              where state = 'pending' and due_at <= $1 and kind = any($5) and (leased_until is null or leased_until < clock_timestamp())
                and not exists (select from mail_refusal where probe_at > $1)
              order by due_at limit $4 for update skip locked
            ), leased as (
              update notice n set lease = $2, leased_until = clock_timestamp() + make_interval(secs => $3),
                     attempts = n.attempts + 1
              from due where n.id = due.id
              returning n.id, n.client_id, n.kind, n.appointment_id, n.delivery_id, n.endpoint_id, n.data, n.to_name, n.to_address, n.rep_id, n.user_id, n.created_at, n.attempts
            )
            select l.id as "id!", l.kind as "kind!", l.appointment_id, l.delivery_id, l.endpoint_id, l.data as "data!",
                   coalesce(r.name, u.name, l.to_name) as to_name, coalesce(r.email, u.email, l.to_address) as "to_address!",
                   coalesce(r.has_left, false) as "has_left!", l.user_id,
                   coalesce(u.state = 'paused' or u.links_since > l.created_at or (l.kind = 'user_invited' and u.password_at is not null), false) as "is_over!",
                   l.attempts as "attempts!", coalesce(c.name, '') as "client!", coalesce(c.slug, 'desk') as "slug!",
                   exists (select 1 from appointment a join delivery d on d.lead_id = a.lead_id
                           where a.id = l.appointment_id and d.event = 'lead.matured' and d.state in ('delivered', 'filed')) as "handed!",
                   exists (select 1 from appointment a join delivery d on d.lead_id = a.lead_id
                           where a.id = l.appointment_id and d.event = 'lead.matured' and d.attempts > 0 and d.state in ('pending', 'held', 'leased', 'dead'))
                     as "under_way!"
            from leased l left join client c on c.id = l.client_id
            left join user_account u on u.id = l.user_id
            left join appointment q on q.id = l.appointment_id
            left join rep r on r.client_id = l.client_id
              and case when l.rep_id is not null then r.id = l.rep_id
                       when l.appointment_id is not null then r.id = q.rep_id and r.email = l.to_address
                       else r.email = l.to_address and l.kind in ('rep_link', 'return_judged') end"#,
            now.to_sqlx(),
            lease,
            lasts.as_secs_f64(),
            limit,
            // Only kinds that this version knows: a newer binary beside it sends the others.
            &NoticeKind::ALL.map(|kind| kind.word().to_owned())[..]
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(DueNotice {
                    id: NoticeId::from_uuid(row.id),
                    client: row.client,
                    slug: row.slug,
                    user: row.user_id.map(UserId::from_uuid),
                    is_over: row.is_over,
                    kind: NoticeKind::read(&row.kind)?,
                    appointment: row.appointment_id.map(AppointmentId::from_uuid),
                    delivery: row.delivery_id.map(DeliveryId::from_uuid),
                    endpoint: row.endpoint_id.map(EndpointId::from_uuid),
                    data: NoticeData::read(row.data),
                    to: MailRecipient { name: row.to_name, address: row.to_address },
                    has_left: row.has_left,
                    attempts: row.attempts,
                    lead: match (row.handed, row.under_way) {
                        (true, _) => Handed::Over,
                        (false, true) => Handed::UnderWay,
                        (false, false) => Handed::NotYet,
                    },
                })
            })
            .collect()
    }

    /// Has a lease last so long from now on, by the database's clock; whether it is still held.
    pub async fn notice_keep_lease(&self, (id, lease): (NoticeId, Uuid), lasts: Duration) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- notice.keep_lease
            update notice set leased_until = clock_timestamp() + make_interval(secs => $3)
            where id = $1 and lease = $2 and state = 'pending'",
            id.uuid(),
            lease,
            lasts.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Records what became of a notice, if the lease still holds; that it was sent, whoever holds it by then.
    ///
    /// # Errors
    /// When the database is away, or `Moved` when the lease was lost: then it is sent again under the same Message-ID.
    pub async fn notice_settle(
        &self,
        (id, lease): (NoticeId, Uuid),
        end: &NoticeEnd,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (state, reason, due_at, uncounted) = match end {
            NoticeEnd::Tried(Next::Delivered) => ("sent", None, now, 0),
            NoticeEnd::Tried(Next::Filed) => ("filed", None, now, 0),
            NoticeEnd::Tried(Next::Retry(at, why)) => ("pending", Some(why.as_str()), *at, 0),
            NoticeEnd::Tried(Next::Dead(why) | Next::Held(why)) => ("dead", Some(why.as_str()), now, 0),
            // Looked at and put off: the attempt that the lease counted was none.
            NoticeEnd::Tried(Next::Waits(at, why)) => ("pending", Some(why.as_str()), *at, 1),
            NoticeEnd::Waits(at) => ("pending", None, *at, 1),
            NoticeEnd::Dropped(why) => ("dropped", Some(*why), now, 0),
        };
        // The lease is named: a worker that was too slow must not end what another sends now. What the mail server took is sent
        // in any case: it must not be sent once more because the answer came late.
        let done = sqlx::query!(
            "-- notice.settle
            update notice set state = $3, reason = $4, due_at = $5, attempts = attempts - $6, lease = null, leased_until = null,
                   ended_at = case when $3 <> 'pending' then $7::timestamptz end
            where id = $1 and (lease = $2 or $3 = 'sent' and state = 'pending')",
            id.uuid(),
            lease,
            state,
            reason,
            due_at.to_sqlx(),
            uncounted,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        one_row(done.rows_affected(), "notice")
    }
}
