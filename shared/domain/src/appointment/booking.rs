//! What becomes of one appointment: held while people talk, booked, moved, cancelled. A transition consumes it and refuses
//! with the reason; the id stays over all of them, and each change is counted, so that a calendar knows the newest.

use jiff::Timestamp;
use uuid::Uuid;

use super::Slot;
use crate::id::{AppointmentId, LeadId, RepId};

/// Where an appointment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppointmentState {
    /// Kept free until this instant, and free again from then on.
    Held {
        /// Until when.
        until: Timestamp,
    },
    /// Agreed with the person.
    Booked,
    /// Will not be.
    Cancelled {
        /// When that was said.
        at: Timestamp,
        /// In words.
        why: String,
    },
}

/// A time that was agreed between a lead's person and a rep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its id: the same however often it is moved.
    pub id: AppointmentId,
    /// Whose person.
    pub lead: LeadId,
    /// With whom.
    pub rep: RepId,
    /// When.
    pub slot: Slot,
    /// Where it stands.
    pub state: AppointmentState,
    /// Counts its changes after it was booked; calendars take the highest.
    pub sequence: i32,
    /// What was agreed beside the time.
    pub note: Option<String>,
}

/// Why an appointment cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookingRefused {
    /// It was cancelled.
    #[error("it was cancelled: {0}")]
    Cancelled(String),
    /// It has begun.
    #[error("it has begun or is over")]
    Over,
    /// It is booked already.
    #[error("it is booked already: move it")]
    Booked,
    /// The hold ran out.
    #[error("it was only held, and the hold has run out")]
    HoldOver,
}

impl Appointment {
    /// Whether the slot is nobody else's at `now`.
    #[must_use]
    pub fn occupies(&self, now: Timestamp) -> bool {
        match self.state {
            // A hold that ran out frees its slot by the clock, without a sweep that would have to come first.
            AppointmentState::Held { until } => until > now,
            AppointmentState::Booked => true,
            AppointmentState::Cancelled { .. } => false,
        }
    }

    /// Whether it is agreed and still to come, or going on.
    #[must_use]
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        // By its end: one that goes on is still told of and shown.
        self.state == AppointmentState::Booked && self.slot.ends_at > now
    }

    /// Why it will not be.
    #[must_use]
    pub fn cancelled_because(&self) -> Option<&str> {
        match &self.state {
            AppointmentState::Cancelled { why, .. } => Some(why),
            AppointmentState::Held { .. } | AppointmentState::Booked => None,
        }
    }

    /// The name of its last change: the same change is told once.
    #[must_use]
    pub fn change_id(&self) -> Uuid {
        // Derived from id and count, so that a repeated write makes the same event and not a second one.
        Uuid::new_v5(&self.id.uuid(), &self.sequence.to_be_bytes())
    }

    /// What is held becomes booked, here or with another rep at another time, which then must be free. A hold that ran out
    /// holds nothing, but is no reason to refuse.
    ///
    /// # Errors
    /// Where it is booked or cancelled already.
    pub fn book(self, rep: RepId, slot: Slot, note: Option<String>) -> Result<Self, BookingRefused> {
        match self.state {
            // The slot is checked by the caller, under the lock of the rep's row.
            AppointmentState::Held { .. } => Ok(Self { rep, slot, note, state: AppointmentState::Booked, ..self }),
            AppointmentState::Booked => Err(BookingRefused::Booked),
            AppointmentState::Cancelled { why, .. } => Err(BookingRefused::Cancelled(why)),
        }
    }

    /// To another time of the same rep, which must be free.
    ///
    /// # Errors
    /// Where it is cancelled, has begun, or was held and is no more.
    pub fn move_to(self, slot: Slot, now: Timestamp) -> Result<Self, BookingRefused> {
        match &self.state {
            AppointmentState::Held { until } if *until <= now => Err(BookingRefused::HoldOver),
            // A held appointment is not in any calendar yet: its number stays.
            AppointmentState::Held { .. } => Ok(Self { slot, ..self }),
            AppointmentState::Booked if self.slot.starts_at <= now => Err(BookingRefused::Over),
            // Calendars drop an update whose number is not higher.
            AppointmentState::Booked => Ok(Self { slot, sequence: self.sequence.saturating_add(1), ..self }),
            AppointmentState::Cancelled { why, .. } => Err(BookingRefused::Cancelled(why.clone())),
        }
    }

    /// It will not be.
    ///
    /// # Errors
    /// Where it is cancelled already or has begun.
    pub fn cancel(self, why: String, now: Timestamp) -> Result<Self, BookingRefused> {
        match &self.state {
            AppointmentState::Booked if self.slot.starts_at <= now => Err(BookingRefused::Over),
            AppointmentState::Held { .. } | AppointmentState::Booked => {
                // Counted for a hold too: the change needs a name of its own.
                let sequence = self.sequence.saturating_add(1);
                Ok(Self { sequence, state: AppointmentState::Cancelled { at: now, why }, ..self })
            }
            AppointmentState::Cancelled { why, .. } => Err(BookingRefused::Cancelled(why.clone())),
        }
    }
}
