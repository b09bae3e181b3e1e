//! Holding, booking, moving and cancelling appointments. The lead is locked, then the rep, and only then is looked what is
//! free: of those who want one slot at once, one gets it. What the rep has to be told is written with it.

use crate::{
    Scope, StoreError, Transaction,
    appointment::{
        change::{AppointmentChange, ChangedAppointment, Unbookable},
        lock::Locked,
    },
    delivery::event::Event,
    notice::owe::{NewNotice, NoticeData, NoticeKind},
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ripen_domain::{
    appointment::{Appointment, AppointmentState, Diary, Slot, reminders},
    delivery::{EventDetail, LeadUpdate, Member},
    id::{AppointmentId, ClientId, LeadId, NoticeId, RepId},
};

/// An appointment that changed, and what the rep is told of it.
#[derive(Clone, Copy)]
struct AppointmentNotice<'a> {
    client: ClientId,
    appointment: &'a Appointment,
    kind: NoticeKind,
    /// Reminders go by it; none where nothing is to be reminded of.
    diary: Option<&'a Diary>,
}

/// A slot that is wanted for a lead.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Whose person.
    pub lead: LeadId,
    /// With whom.
    pub rep: RepId,
    /// When.
    pub slot: Slot,
    /// What was agreed beside the time.
    pub note: Option<String>,
}

impl Transaction {
    /// Keeps a slot free until an instant. What the lead held before is let go.
    pub async fn appointment_hold(
        &mut self,
        scope: Scope,
        wish: Wish,
        until: Timestamp,
        change: AppointmentChange<'_>,
    ) -> Result<ChangedAppointment, Unbookable> {
        let (client, held, _) = self.take_slot(scope, &wish, change).await?;
        let state = AppointmentState::Held { until };
        // The lead's earlier hold is moved, not added to: two held rows would keep two slots from every other lead.
        let id = held.as_ref().map_or_else(|| AppointmentId::from_uuid((change.fresh_id)(change.now)), |held| held.id);
        let Wish { lead, rep, slot, note } = wish;
        // Nobody is told of a hold, so the calendar entry's sequence number has not begun.
        let made = Appointment { id, lead, rep, slot, state, sequence: 0, note };
        self.appointment_put(client, &made, change).await?;
        Ok(ChangedAppointment { client, before: held, after: made })
    }

    /// Books a slot for a lead, whether it is free or held for this lead.
    pub async fn appointment_book(
        &mut self,
        scope: Scope,
        wish: Wish,
        change: AppointmentChange<'_>,
    ) -> Result<ChangedAppointment, Unbookable> {
        let (client, held, diary) = self.take_slot(scope, &wish, change).await?;
        let Wish { lead, rep, slot, note } = wish;
        let booked = match held.clone() {
            Some(held) => held.book(rep, slot, note)?,
            None => {
                let id = AppointmentId::from_uuid((change.fresh_id)(change.now));
                Appointment { id, lead, rep, slot, state: AppointmentState::Booked, sequence: 0, note }
            }
        };
        self.appointment_put(client, &booked, change).await?;
        // A lead held in routing waits for a rep to be known; the booking names one.
        self.lead_release(lead, change.now).await?;
        let notice = AppointmentNotice {
            client,
            appointment: &booked,
            kind: NoticeKind::AppointmentBooked,
            diary: Some(&diary),
        };
        self.announce(notice, change).await?;
        Ok(ChangedAppointment { client, before: held, after: booked })
    }

    /// Moves an appointment to another slot of the same rep.
    pub async fn appointment_move(
        &mut self,
        scope: Scope,
        id: AppointmentId,
        slot: Slot,
        change: AppointmentChange<'_>,
    ) -> Result<ChangedAppointment, Unbookable> {
        // The lead first, the rep second, as in `take_slot`: two changes in opposite orders would deadlock.
        let (client, before) = self.appointment_lock(scope, id).await?;
        let rep = before.rep;
        let moved = before.clone().move_to(slot, change.now)?;
        // The appointment's own time is left out, so that it may move by less than its length.
        let diary = self.diary_lock(scope.within(client), rep, Some(id), change.now).await?.ok_or(Unbookable::NoRep)?;
        diary.check(slot, change.terms, change.now)?;
        // The unique index over a rep's slots counts holds that ran out, until they are ended here.
        self.holds_end((rep, slot), Some(id), change.now).await?;
        self.appointment_put(client, &moved, change).await?;
        // A hold was told to nobody: a mail that it moved would be the first the rep hears of it.
        if moved.state == AppointmentState::Booked {
            let notice = AppointmentNotice {
                client,
                appointment: &moved,
                kind: NoticeKind::AppointmentMoved,
                diary: Some(&diary),
            };
            self.announce(notice, change).await?;
        }
        Ok(ChangedAppointment { client, before: Some(before), after: moved })
    }

    /// Cancels an appointment, or lets go of what is held.
    pub async fn appointment_cancel(
        &mut self,
        scope: Scope,
        id: AppointmentId,
        why: &str,
        change: AppointmentChange<'_>,
    ) -> Result<ChangedAppointment, Unbookable> {
        let (client, before) = self.appointment_lock(scope, id).await?;
        let cancelled = before.clone().cancel(why.to_owned(), change.now)?;
        self.appointment_put(client, &cancelled, change).await?;
        // A hold was told to nobody, so its end is told to nobody either.
        if before.state == AppointmentState::Booked {
            let notice = AppointmentNotice {
                client,
                appointment: &cancelled,
                kind: NoticeKind::AppointmentCancelled,
                diary: None,
            };
            self.announce(notice, change).await?;
        }
        Ok(ChangedAppointment { client, before: Some(before), after: cancelled })
    }

    /// Locks the lead and the rep and makes sure that the slot can be had. Returns what the lead holds, to become the
    /// appointment, and the rep's diary.
    async fn take_slot(
        &mut self,
        scope: Scope,
        wish: &Wish,
        change: AppointmentChange<'_>,
    ) -> Result<(ClientId, Option<Appointment>, Diary), Unbookable> {
        let Locked { client, stage, do_not_contact } =
            self.lead_to_book(scope, wish.lead).await?.ok_or(Unbookable::NoLead)?;
        if do_not_contact {
            return Err(Unbookable::DoNotContact);
        }
        if !stage.is_open() {
            return Err(Unbookable::LeadEnded);
        }
        // Read under the lead's lock: two bookings of one lead at once would otherwise both find nothing.
        let own = self.appointment_of(wish.lead, change.now).await?;
        if let Some(booked) = own.as_ref().filter(|own| own.state == AppointmentState::Booked) {
            // A form that is sent twice, by a double click or because the answer got lost, asks for nothing new.
            let is_the_same = booked.rep == wish.rep && booked.slot == wish.slot && booked.note == wish.note;
            return Err(if is_the_same { Unbookable::AsWished(booked.id) } else { Unbookable::Another(booked.id) });
        }
        let except = own.as_ref().map(|own| own.id);
        let diary =
            self.diary_lock(scope.within(client), wish.rep, except, change.now).await?.ok_or(Unbookable::NoRep)?;
        diary.check(wish.slot, change.terms, change.now)?;
        // After the check, because a hold that ran out takes no time in the diary but still occupies the unique
        // index.
        self.holds_end((wish.rep, wish.slot), except, change.now).await?;
        Ok((client, own, diary))
    }

    /// Cancels what leads that ended, and are locked, still have ahead; each with why it ended.
    pub(crate) async fn appointments_end(
        &mut self,
        ended: &[(LeadId, String)],
        change: AppointmentChange<'_>,
    ) -> Result<(), StoreError> {
        let leads: Vec<_> = ended.iter().map(|(lead, _)| lead.uuid()).collect();
        // Only what is ahead: an appointment whose time has come took place and stays on record as booked.
        let rows = sqlx::query!(
            "-- appointment.of_ended
            select id, client_id from appointment
            where lead_id = any($1) and (state = 'held' or state = 'booked' and starts_at > $2) order by id",
            &leads,
            change.now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        for row in rows {
            let (client, before) = (ClientId::from_uuid(row.client_id), self.appointment_read(row.id).await?);
            let why =
                ended.iter().find(|(lead, _)| *lead == before.lead).map_or_else(String::new, |(_, why)| why.clone());
            let was_booked = before.state == AppointmentState::Booked;
            let Ok(cancelled) = before.cancel(why, change.now) else { continue };
            self.appointment_put(client, &cancelled, change).await?;
            if was_booked {
                let notice = AppointmentNotice {
                    client,
                    appointment: &cancelled,
                    kind: NoticeKind::AppointmentCancelled,
                    diary: None,
                };
                self.notify_rep(notice, change).await?;
            }
        }
        Ok(())
    }

    /// The rep hears of it by a mail, programs like of everything that is new of a lead.
    async fn announce(
        &mut self,
        notice: AppointmentNotice<'_>,
        change: AppointmentChange<'_>,
    ) -> Result<(), StoreError> {
        self.notify_rep(notice, change).await?;
        let one = notice.appointment;
        let what = LeadUpdate {
            kind: Member::if_some(notice.kind.told_as()),
            appointment: one.id.into(),
            reason: Member::or_null(one.cancelled_because().map(str::to_owned)),
            ..LeadUpdate::default()
        };
        let (lead, detail, cause) = (one.lead, EventDetail::Updated(what), one.change_id());
        self.enqueue(&[Event { lead, detail, cause, mailed: false, unasked: false, due_at: change.now }], change.now)
            .await?;
        Ok(())
    }

    /// What was to be told of an appointment is replaced by what it is now, with the reminders that are still to come.
    async fn notify_rep(
        &mut self,
        AppointmentNotice { client, appointment: one, kind, diary }: AppointmentNotice<'_>,
        change: AppointmentChange<'_>,
    ) -> Result<(), StoreError> {
        let now = change.now;
        // Before the new ones are written: a mail not yet sent about the earlier time would reach the rep after the
        // correction.
        self.notices_drop(one.id, "the appointment was changed", now).await?;
        let fresh = |kind, data, due_at| NewNotice {
            id: NoticeId::from_uuid((change.fresh_id)(change.now)),
            client,
            kind,
            appointment: Some(one.id),
            data,
            due_at,
        };
        let mut notices = vec![fresh(kind, NoticeData::default(), now)];
        if let Some(diary) = diary {
            let due = reminders(one.slot.starts_at, now, &diary.schedule.zone);
            notices.extend(
                due.into_iter()
                    .map(|(reminder, at)| fresh(NoticeKind::AppointmentReminder, NoticeData::reminder(reminder), at)),
            );
        }
        self.notices_to_rep(one.rep, &notices, now).await
    }
}
