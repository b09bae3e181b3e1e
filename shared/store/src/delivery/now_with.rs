//! Who of a client's team has a lead by now. A program of the team is told of a rep's lead beside the rep's mail; where that mail dies
//! and the lead goes to somebody else, the program still shows the first rep, and whoever reads it there sends the wrong one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    delivery::{EventDetail, EventType, LeadUpdate, Member, UpdateKind},
    id::{DeliveryId, LeadId},
};
use uuid::Uuid;

use crate::{
    StoreError, Transaction,
    delivery::event::{Event, EventArrays},
};

impl Transaction {
    /// Has the webhooks of the team name who has these deliveries' leads now, in what is not sent yet and in what is told from now on,
    /// and tells those that were sent another name and ask for `lead.updated`. Nobody new has a lead where several reps have it, or
    /// none: then nothing changes. Who accepted it has it, although it did not reach them. Told again for each further recipient, and
    /// once for each time that it is sent to them.
    ///
    /// A webhook of one rep's own is that rep's, and not of the team.
    pub(crate) async fn deliveries_now_with(
        &mut self,
        deliveries: &[DeliveryId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Most of what is routed again was given to nobody before: without a dead one there is nobody to be named anew.
        let ids: BTreeSet<_> = deliveries.iter().map(|id| id.uuid()).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        // A body that is frozen keeps the name that it was sent with, and so do the updates that were sent; the row names who has the
        // lead now, because later updates, the rep's page and the place in the day go by it: where that took none, this gives none back.
        let rows = sqlx::query!(
            r#"-- delivery.now_with
            with holder as (
              select o.maturation_id, (array_agg(o.id order by o.id desc))[1] as id, (array_agg(coalesce(o.rep_id, x.rep_id)))[1] as rep_id,
                     (array_agg(coalesce(x.name, x.address) order by o.id desc))[1] as name, (array_agg(o.excused order by o.id desc))[1] as excused,
                     (array_agg(o.created_at order by o.id desc))[1] as created_at,
                     bool_or(o.took_no_place or x.is_fallback or o.followed_up_at is not null) as took_none
              from delivery o join endpoint x on x.id = o.endpoint_id
              where o.maturation_id = any(array(select d.maturation_id from delivery d where d.id = any($1)))
                and o.event = 'lead.matured' and (x.kind = 'email' or x.rep_id is not null)
                and (o.state not in ('dead', 'withdrawn')
                     or o.state = 'dead' and coalesce((select s.kind in ('accepted', 'won') from outcome s where s.delivery_id = o.id
                                                       order by s.number desc limit 1), false))
              group by o.maturation_id having count(distinct coalesce(o.rep_id, x.rep_id, o.endpoint_id)) = 1
            ), beside as (
              select w.id
              from delivery w join holder h on h.maturation_id = w.maturation_id join endpoint e on e.id = w.endpoint_id
              where e.kind = 'webhook' and e.rep_id is null and w.rep_id is distinct from h.rep_id
                and (w.event = 'lead.matured' and w.state not in ('dead', 'withdrawn')
                     or w.event = 'lead.updated' and w.state in ('pending', 'held') and w.attempts = 0)
                and exists (select from delivery d join endpoint x on x.id = d.endpoint_id
                            where d.maturation_id = w.maturation_id and d.event = 'lead.matured' and d.state in ('dead', 'withdrawn')
                              and (x.kind = 'email' or x.rep_id is not null)
                              and coalesce(d.rep_id, x.rep_id) is not distinct from w.rep_id
                              -- Of nobody was told where everybody has it: a mailbox of the office that bounces gave nobody's on.
                              and (w.rep_id is not null or h.created_at >= d.ended_at))
              order by w.id for no key update of w
            )
            update delivery w set rep_id = h.rep_id, took_no_place = w.took_no_place or h.took_none
            from holder h, endpoint e
            where w.id in (select id from beside) and h.maturation_id = w.maturation_id and e.id = w.endpoint_id
            returning w.id, w.lead_id, w.event, w.attempts, e.events, h.id as "given_by!", h.excused as "excused!", h.rep_id as "rep_id?", h.name as "name?""#,
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        let mut told = EventArrays::default();
        for row in rows {
            let asks = row.events.iter().any(|event| event == EventType::LeadUpdated.word());
            // What was never attempted is frozen with the new name: there is nothing to take back.
            if row.event != EventType::LeadMatured.word() || row.attempts == 0 || !asks {
                continue;
            }
            let with = row.name.filter(|_| row.rep_id.is_none());
            let update =
                LeadUpdate { kind: UpdateKind::Assigned.into(), with: Member::if_some(with), ..LeadUpdate::default() };
            let detail = EventDetail::Updated(update);
            let lead = LeadId::from_uuid(row.lead_id);
            let cause = cause(row.given_by, row.excused);
            told.push(
                &Event { lead, detail, cause, mailed: false, unasked: false, due_at: now },
                DeliveryId::from_uuid(row.id),
                now,
            );
        }
        self.events_insert(&told, now).await.map(|_| ())
    }
}

/// By which delivery somebody has the lead, and with which of the times that it was sent: who was named before, and has it again because it
/// is sent to them again, is told once more.
fn cause(given_by: Uuid, attempts_before: i32) -> Uuid {
    match attempts_before {
        0 => given_by,
        attempts => Uuid::new_v5(&given_by, &attempts.to_be_bytes()),
    }
}

#[cfg(test)]
mod tests;
