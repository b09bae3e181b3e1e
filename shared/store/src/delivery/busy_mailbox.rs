//! Leads whose mailbox says "not now" for too long: it is full, or its server makes whoever writes wait. They are given up there, and go
//! on like what a mailbox refuses for good, while the schedule of its retries would keep them for days.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::DeliveryId;

use crate::{Store, StoreError, delivery::dead::given_up};

/// Why such a lead is given up; the server's words come behind it.
const BUSY: &str = "its mailbox took no mail for too long";

impl Store {
    /// Gives up leads that a mailbox has put off since before `since`, so that others have them; returns how many.
    ///
    /// Not where there is nobody else, or the client wants what could not be delivered to wait: the mailbox is tried on then. Nor where
    /// others are mailed the same lead, somebody has an appointment with this rep, or all mail waits, for which no mailbox can do
    /// anything. What was sent again by hand begins anew.
    pub async fn give_up_of_busy_mailboxes(
        &self,
        since: Timestamp,
        limit: i64,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut batch = self.begin().await?;
        // 421 is said of the server, and what a refusal of the sender excused is no mailbox's. `skip locked`: what is leased in this
        // moment is on its way.
        let rows = sqlx::query!(
            r#"-- busy_mailbox.give_up
            with busy as materialized (
              select d.id from endpoint e join delivery d on d.endpoint_id = e.id and d.state = 'pending' and d.event = 'lead.matured'
              join client c on c.id = d.client_id and c.state = 'active'
              where e.kind = 'email' and e.state = 'enabled' and d.attempts > d.excused and d.first_delivered_at is null
                and coalesce((select t.when_dead from route t where t.client_id = c.id and t.version = c.route), c.when_dead) <> 'wait'
                and exists (select from attempt a where a.delivery_id = d.id and a.number > d.excused and a.at <= $1
                              and a.status between 400 and 499 and a.status <> 421)
                and (select a.status from attempt a where a.delivery_id = d.id order by a.number desc limit 1) between 400 and 499
                and not exists (select from mail_refusal) and not exists (select from mail_circuit where probe_at is not null)
                and not exists (select from appointment p where p.lead_id = d.lead_id and p.state <> 'cancelled' and p.ends_at > $2)
                and not exists (select from delivery o join endpoint x on x.id = o.endpoint_id
                                where o.maturation_id = d.maturation_id and o.id <> d.id and o.event = 'lead.matured' and x.kind = 'email'
                                  and (o.state in ('leased', 'delivered', 'filed') or o.state in ('pending', 'held') and x.state = 'enabled'))
                and exists (select from endpoint x
                            where x.client_id = d.client_id and x.id <> e.id and x.state = 'enabled' and 'lead.matured' = any(x.events)
                              and (x.is_fallback or x.rep_id is distinct from e.rep_id and x.rep_id is not null)
                              and not exists (select from rep y where y.id = x.rep_id and y.is_paused)
                              and not exists (select from delivery o where o.maturation_id = d.maturation_id and o.endpoint_id = x.id
                                                and o.event = 'lead.matured'))
                and not exists (select from delivery_over v where v.delivery_id = d.id and v.why is not null)
              order by d.id limit $3 for update of d skip locked
            )
            update delivery d set state = 'dead', reason = $4::text || coalesce(': ' || d.reason, ''), reason_code = null, ended_at = $2, in_line = false
            from busy b where d.id = b.id returning d.id, d.attempts, d.reason as "reason!""#,
            since.to_sqlx(),
            now.to_sqlx(),
            limit,
            BUSY
        )
        .fetch_all(batch.connection())
        .await?;
        let alarms: Vec<_> =
            rows.iter().map(|row| given_up((DeliveryId::from_uuid(row.id), row.attempts), &row.reason, now)).collect();
        batch.enqueue_alarms(&alarms, now).await?;
        batch.commit().await?;
        Ok(alarms.len())
    }
}

#[cfg(test)]
mod tests;
