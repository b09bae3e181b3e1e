//! The statements of holding, booking, moving and cancelling appointments. Locks go from the lead to the rep; an appointment's
//! own row needs none, because whoever changes it holds its lead, and
//! a hold that ran out is ended by whoever needs its time.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    appointment::{Appointment, AppointmentState, Slot},
    id::{AppointmentId, ClientId, LeadId, RepId},
    lead::Stage,
};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    appointment::{
        change::{AppointmentChange, Unbookable},
        list::AppointmentColumns,
    },
    error::word,
};

/// A lead under its lock.
pub(crate) struct Locked {
    pub(crate) client: ClientId,
    pub(crate) stage: Stage,
    pub(crate) do_not_contact: bool,
}

impl Transaction {
    /// Locks a lead: one appointment of it is made at a time.
    pub(crate) async fn lead_to_book(&mut self, scope: Scope, lead: LeadId) -> Result<Option<Locked>, StoreError> {
        // The row of the lead only: locking the joined person too would take persons after leads, against the order
        // of locks.
        sqlx::query!(
            "-- appointment.lead_lock
            select id from lead where id = $1 and ($2::uuid is null or client_id = $2) for no key update",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        // A new statement: joined to a row that was waited for, the person would be read as before the wait, and who asked
        // meanwhile not to be contacted would get an appointment.
        let row = sqlx::query!(
            "-- appointment.locked_lead
            select l.client_id, l.stage, p.do_not_contact from lead l join person p on p.id = l.person_id
            where l.id = $1 and ($2::uuid is null or l.client_id = $2)",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(|row| {
            let (client, stage) = (ClientId::from_uuid(row.client_id), word(&row.stage)?);
            Ok(Locked { client, stage, do_not_contact: row.do_not_contact })
        })
        .transpose()
    }

    /// What a lead that is locked holds, or has booked and is not over.
    pub(crate) async fn appointment_of(
        &mut self,
        lead: LeadId,
        now: Timestamp,
    ) -> Result<Option<Appointment>, StoreError> {
        // `order by state` puts a booking before a hold, should a lead have both: the booking is what people were
        // told.
        let row = sqlx::query_as!(
            AppointmentColumns,
            "-- appointment.of_lead
            select id, lead_id, rep_id, state, starts_at, ends_at, held_until, sequence, note, cancelled_at, cancelled_why
            from appointment where lead_id = $1 and (state = 'held' or state = 'booked' and ends_at > $2)
            order by state, starts_at limit 1",
            lead.uuid(),
            now.to_sqlx()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(AppointmentColumns::appointment).transpose()
    }

    /// Locks an appointment's lead and reads it: nobody else books or moves it then.
    pub(crate) async fn appointment_lock(
        &mut self,
        scope: Scope,
        id: AppointmentId,
    ) -> Result<(ClientId, Appointment), Unbookable> {
        // Without a lock, only to learn which lead to lock: the appointment itself is read again under that lock.
        let row = sqlx::query!(
            "-- appointment.lead_of
            select lead_id from appointment where id = $1 and ($2::uuid is null or client_id = $2)",
            id.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await
        .map_err(StoreError::from)?;
        let lead = LeadId::from_uuid(row.ok_or(Unbookable::NoAppointment)?.lead_id);
        let Locked { client, .. } = self.lead_to_book(scope, lead).await?.ok_or(Unbookable::NoLead)?;
        Ok((client, self.appointment_read(id.uuid()).await?))
    }

    /// An appointment that is there.
    pub(crate) async fn appointment_read(&mut self, id: Uuid) -> Result<Appointment, StoreError> {
        let row = sqlx::query_as!(
            AppointmentColumns,
            "-- appointment.lock
            select id, lead_id, rep_id, state, starts_at, ends_at, held_until, sequence, note, cancelled_at, cancelled_why
            from appointment where id = $1",
            id
        )
        .fetch_one(self.connection())
        .await?;
        row.appointment()
    }

    /// Ends holds of others that ran out and lie where a slot is taken, under the lock of the rep.
    pub(crate) async fn holds_end(
        &mut self,
        (rep, slot): (RepId, Slot),
        except: Option<AppointmentId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // In the rep's lock but not in their leads': a lead whose hold ran out has no claim on the slot that it could
        // lose.
        sqlx::query!(
            "-- appointment.holds_end
            update appointment set state = 'cancelled', held_until = null, cancelled_at = $4, cancelled_why = 'the hold ran out',
                                   changed_at = $4
            where rep_id = $1 and state = 'held' and held_until <= $4 and starts_at < $3 and ends_at > $2
              and ($5::uuid is null or id <> $5)",
            rep.uuid(),
            slot.starts_at.to_sqlx(),
            slot.ends_at.to_sqlx(),
            now.to_sqlx(),
            except.map(AppointmentId::uuid)
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Writes an appointment as it is now, under the locks of its lead and of the rep.
    pub(crate) async fn appointment_put(
        &mut self,
        client: ClientId,
        one: &Appointment,
        change: AppointmentChange<'_>,
    ) -> Result<(), StoreError> {
        let (state, held_until, cancelled) = match &one.state {
            AppointmentState::Held { until } => ("held", Some(*until), None),
            AppointmentState::Booked => ("booked", None, None),
            AppointmentState::Cancelled { at, why } => ("cancelled", None, Some((*at, why.as_str()))),
        };
        // `created_at` is left out of the update: it keeps the instant of the first hold or booking.
        sqlx::query!(
            "-- appointment.put
            insert into appointment (id, client_id, lead_id, rep_id, state, starts_at, ends_at, held_until, sequence, note,
                                     made_by, created_at, changed_at, cancelled_at, cancelled_why)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14)
            on conflict (id) do update set rep_id = excluded.rep_id, state = excluded.state, starts_at = excluded.starts_at,
              ends_at = excluded.ends_at, held_until = excluded.held_until, sequence = excluded.sequence, note = excluded.note,
              made_by = excluded.made_by, changed_at = excluded.changed_at, cancelled_at = excluded.cancelled_at,
              cancelled_why = excluded.cancelled_why",
            one.id.uuid(),
            client.uuid(),
            one.lead.uuid(),
            one.rep.uuid(),
            state,
            one.slot.starts_at.to_sqlx(),
            one.slot.ends_at.to_sqlx(),
            held_until.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            one.sequence,
            one.note,
            change.actor.name(),
            change.now.to_sqlx(),
            cancelled.map(|(at, _)| at.to_sqlx()) as Option<jiff_sqlx::Timestamp>,
            cancelled.map(|(_, why)| why)
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
