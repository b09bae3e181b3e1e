//! A change of an appointment: who makes it and when, what became of it, and why it could not be made.

use jiff::Timestamp;
use ripen_domain::{
    actor::Actor,
    appointment::{Appointment, BookingRefused, NotFree, Terms},
    id::{AppointmentId, ClientId},
};
use uuid::Uuid;

use crate::StoreError;

/// Who changes appointments, when, and under which terms.
#[derive(Clone, Copy)]
pub struct AppointmentChange<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// How appointments are made.
    pub terms: &'a Terms,
    /// When.
    pub now: Timestamp,
    /// Makes ids.
    pub fresh_id: fn(Timestamp) -> Uuid,
}

/// An appointment as it was and is.
#[derive(Debug, Clone)]
pub struct ChangedAppointment {
    /// Whose lead.
    pub client: ClientId,
    /// None where there was none.
    pub before: Option<Appointment>,
    /// As it is now.
    pub after: Appointment,
}

/// Why an appointment was neither made nor changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unbookable {
    /// There is no such lead.
    #[error("there is no such lead")]
    NoLead,
    /// There is no such rep, or it is another client's.
    #[error("the lead's client has no such rep")]
    NoRep,
    /// There is no such appointment.
    #[error("there is no such appointment")]
    NoAppointment,
    /// The lead is closed or a customer.
    #[error("the lead is not open any more")]
    LeadEnded,
    /// This person asked not to be contacted: no appointment is made with them.
    #[error("the person asked not to be contacted")]
    DoNotContact,
    /// The lead has one already.
    #[error("the lead has {0} already: move or cancel it")]
    Another(AppointmentId),
    /// The lead has this very one already: the same wish came twice.
    #[error("the lead has {0}, as it is wished")]
    AsWished(AppointmentId),
    /// The rep is not free then.
    #[error(transparent)]
    NotFree(#[from] NotFree),
    /// It cannot be changed so any more.
    #[error(transparent)]
    Refused(#[from] BookingRefused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
