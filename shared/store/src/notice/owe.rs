//! Notices to be sent: written in the transaction of their cause.

use std::fmt;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    appointment::Reminder,
    delivery::UpdateKind,
    id::{AppointmentId, ClientId, DeliveryId, EndpointId, NoticeId, RepId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Store, StoreError, Transaction};

/// What a notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// An appointment with the recipient was made.
    AppointmentBooked,
    /// It was moved.
    AppointmentMoved,
    /// It was cancelled.
    AppointmentCancelled,
    /// It is near.
    AppointmentReminder,
    /// A webhook fails.
    EndpointDown,
    /// An endpoint was disabled.
    EndpointDisabled,
    /// Nothing was said of a lead.
    LeadUntouched,
    /// Nothing was said of leads, for the firm.
    LeadsUntouched,
    /// A lead waits for somebody to say whose it is, for the firm.
    LeadPerhapsSame,
}

// A kind that is left out here is never leased: an older binary beside a newer one must not send what it cannot
// write.
impl NoticeKind {
    /// Every kind that this version can send: others are left to a newer one.
    pub(crate) const ALL: [Self; 9] = [
        Self::AppointmentBooked,
        Self::AppointmentMoved,
        Self::AppointmentCancelled,
        Self::AppointmentReminder,
        Self::EndpointDown,
        Self::EndpointDisabled,
        Self::LeadUntouched,
        Self::LeadsUntouched,
        Self::LeadPerhapsSame,
    ];

    /// As it is kept.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AppointmentBooked => "appointment_booked",
            Self::AppointmentMoved => "appointment_moved",
            Self::AppointmentCancelled => "appointment_cancelled",
            Self::AppointmentReminder => "appointment_reminder",
            Self::EndpointDown => "endpoint_down",
            Self::EndpointDisabled => "endpoint_disabled",
            Self::LeadUntouched => "lead_untouched",
            Self::LeadsUntouched => "leads_untouched",
            Self::LeadPerhapsSame => "lead_perhaps_same",
        }
    }

    /// The same as programs are told of it; none where they are not.
    pub(crate) const fn told_as(self) -> Option<UpdateKind> {
        match self {
            Self::AppointmentBooked => Some(UpdateKind::AppointmentBooked),
            Self::AppointmentMoved => Some(UpdateKind::AppointmentMoved),
            Self::AppointmentCancelled => Some(UpdateKind::AppointmentCancelled),
            Self::AppointmentReminder
            | Self::EndpointDown
            | Self::EndpointDisabled
            | Self::LeadUntouched
            | Self::LeadsUntouched
            | Self::LeadPerhapsSame => None,
        }
    }

    pub(crate) fn read(word: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|kind| kind.word() == word);
        found.ok_or_else(|| StoreError::Corrupt(format!("the word {word:?}")))
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a notice's kind needs beside what is looked up when it is sent, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoticeData {
    /// Which reminder it is; reminders only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminder: Option<Reminder>,
    /// What a mail that was written in advance is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<String>,
}

impl NoticeData {
    /// Of a reminder.
    #[must_use]
    pub fn reminder(reminder: Reminder) -> Self {
        Self { reminder: Some(reminder), ..Self::default() }
    }

    /// Of a mail that is written in advance.
    #[must_use]
    pub const fn written(title: String, sentences: Vec<String>) -> Self {
        Self { reminder: None, title: Some(title), sentences }
    }

    /// What was kept. What cannot be read says nothing.
    pub(crate) fn read(kept: Value) -> Self {
        // A mail without its details is still right about what it is for; an error would keep it unsent for ever.
        serde_json::from_value(kept).unwrap_or_default()
    }

    fn to_value(&self) -> Value {
        // Texts always serialise.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A notice to write.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// Its id.
    pub id: NoticeId,
    /// Whom it concerns.
    pub client: ClientId,
    /// What it says.
    pub kind: NoticeKind,
    /// The appointment it is about.
    pub appointment: Option<AppointmentId>,
    /// What its kind needs beside what is looked up.
    pub data: NoticeData,
    /// Not to be sent before.
    pub due_at: Timestamp,
}

/// A notice that is told once, to an address.
#[derive(Debug, Clone)]
pub struct OnceNotice {
    /// Its id.
    pub id: NoticeId,
    /// Whom it concerns.
    pub client: ClientId,
    /// What it says.
    pub kind: NoticeKind,
    /// What it tells of: a second one of this key is none.
    pub key: String,
    /// The delivery it is about.
    pub delivery: Option<DeliveryId>,
    /// The endpoint it is about.
    pub endpoint: Option<EndpointId>,
    /// Name and address.
    pub to: (Option<String>, String),
    /// A title and sentences.
    pub data: NoticeData,
}

impl Transaction {
    /// Owes these to a rep.
    pub async fn notices_to_rep(
        &mut self,
        rep: RepId,
        notices: &[NewNotice],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ids: Vec<_> = notices.iter().map(|one| one.id.uuid()).collect();
        let clients: Vec<_> = notices.iter().map(|one| one.client.uuid()).collect();
        let kinds: Vec<_> = notices.iter().map(|one| one.kind.word().to_owned()).collect();
        let appointments: Vec<_> = notices.iter().map(|one| one.appointment.map(AppointmentId::uuid)).collect();
        let data: Vec<_> = notices.iter().map(|one| one.data.to_value()).collect();
        let due: Vec<_> = notices.iter().map(|one| one.due_at.to_sqlx()).collect();
        // Name and address are copied now: a rep who is renamed or removed later was still the one to be told.
        sqlx::query!(
            "-- notice.to_rep
            insert into notice (id, client_id, kind, appointment_id, to_name, to_address, data, due_at, created_at)
            select ($2::uuid[])[i], ($3::uuid[])[i], ($4::text[])[i], ($5::uuid[])[i], r.name, r.email, ($6::json[])[i],
                   ($7::timestamptz[])[i], $8
            from generate_subscripts($2::uuid[], 1) i join rep r on r.id = $1",
            rep.uuid(),
            &ids,
            &clients,
            &kinds,
            &appointments[..] as &[Option<Uuid>],
            &data,
            &due[..],
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Drops what was still to be said of an appointment. What is being sent is sent.
    pub async fn notices_drop(
        &mut self,
        appointment: AppointmentId,
        why: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // One that is leased may be on its way already, and says what is so when it is sent.
        sqlx::query!(
            "-- notice.drop
            update notice set state = 'dropped', reason = $2, ended_at = $3
            where appointment_id = $1 and state = 'pending' and lease is null",
            appointment.uuid(),
            why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has what was told once about an endpoint told again when it happens again.
    pub(crate) async fn notices_tell_anew(&mut self, endpoint: EndpointId) -> Result<(), StoreError> {
        // The key goes and the notice stays: what was sent is on record, and the next failure is news.
        sqlx::query!(
            "-- notice.tell_anew
            update notice set key = null where endpoint_id = $1 and key is not null",
            endpoint.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Owes these, each that was not told before; returns how many are new.
    pub async fn notices_once(&self, notices: &[OnceNotice], now: Timestamp) -> Result<u64, StoreError> {
        // One statement each: they are few, and a conflict on one key must not keep the others.
        let mut new = 0;
        for one in notices {
            // The key is unique over all processes, so that two dispatchers that see the same failure tell of it
            // once.
            let done = sqlx::query!(
                "-- notice.once
                insert into notice (id, client_id, kind, delivery_id, endpoint_id, key, to_name, to_address, data, due_at, created_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) on conflict (key) do nothing",
                one.id.uuid(),
                one.client.uuid(),
                one.kind.word(),
                one.delivery.map(DeliveryId::uuid) as Option<Uuid>,
                one.endpoint.map(EndpointId::uuid) as Option<Uuid>,
                one.key,
                one.to.0,
                one.to.1,
                one.data.to_value(),
                now.to_sqlx()
            )
            .execute(&self.pool)
            .await?;
            new += done.rows_affected();
        }
        Ok(new)
    }
}
