//! Notices to be sent: written in the transaction of their cause.

use std::fmt;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    appointment::Reminder,
    delivery::UpdateKind,
    id::{AppointmentId, ClientId, DeliveryId, EndpointId, NoticeId, RepId, UserId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, sweep::SweepParts};

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
    /// A lead could not be delivered.
    LeadDead,
    /// The mail server refuses the sender, for the firm.
    MailRefused,
    /// A rep asked for a new link to their page.
    RepLink,
    /// What the firm says to a return, for the rep.
    ReturnJudged,
    /// A mail to somebody could not be sent, for whoever else can see to it.
    NoticeDead,
    /// Somebody was added who signs in, and is to choose a password.
    UserInvited,
    /// Somebody who signs in asked for another password.
    UserReset,
}

// A kind that is left out here is never leased: an older binary beside a newer one must not send what it cannot
// write.
impl NoticeKind {
    /// Every kind that this version can send: others are left to a newer one.
    pub const ALL: [Self; 16] = [
        Self::AppointmentBooked,
        Self::AppointmentMoved,
        Self::AppointmentCancelled,
        Self::AppointmentReminder,
        Self::EndpointDown,
        Self::EndpointDisabled,
        Self::LeadUntouched,
        Self::LeadsUntouched,
        Self::LeadPerhapsSame,
        Self::LeadDead,
        Self::MailRefused,
        Self::RepLink,
        Self::ReturnJudged,
        Self::NoticeDead,
        Self::UserInvited,
        Self::UserReset,
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
            Self::LeadDead => "lead_dead",
            Self::MailRefused => "mail_refused",
            Self::RepLink => "rep_link",
            Self::ReturnJudged => "return_judged",
            Self::NoticeDead => "notice_dead",
            Self::UserInvited => "user_invited",
            Self::UserReset => "user_reset",
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
            | Self::LeadPerhapsSame
            | Self::LeadDead
            | Self::MailRefused
            | Self::RepLink
            | Self::ReturnJudged
            | Self::NoticeDead
            | Self::UserInvited
            | Self::UserReset => None,
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
    /// The rep whose page it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rep: Option<RepId>,
    /// What it says instead where somebody else has the lead by the time it is sent: `{who}` is their name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
    /// The delivery that is the rep's again, which is asked once more before they are told to call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_back: Option<DeliveryId>,
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
        Self { reminder: None, title: Some(title), sentences, rep: None, elsewhere: Vec::new(), handed_back: None }
    }

    /// Of a mail that leads to a rep's page.
    #[must_use]
    pub fn rep_link(rep: RepId) -> Self {
        Self { rep: Some(rep), ..Self::default() }
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

/// Who gets a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRecipient {
    /// As people write it, where it is known.
    pub name: Option<String>,
    /// The e-mail address.
    pub address: String,
}

/// A notice that is told once, to an address.
#[derive(Debug, Clone)]
pub struct OnceNotice {
    /// Its id.
    pub id: NoticeId,
    /// Whom it concerns; none where it is the firm's own.
    pub client: Option<ClientId>,
    /// What it says.
    pub kind: NoticeKind,
    /// What it tells of: a second one of this key is none.
    pub key: String,
    /// The delivery it is about.
    pub delivery: Option<DeliveryId>,
    /// The endpoint it is about.
    pub endpoint: Option<EndpointId>,
    /// Who gets it.
    pub to: MailRecipient,
    /// A title and sentences.
    pub data: NoticeData,
    /// Not before.
    pub due_at: Timestamp,
}

/// What is told to a rep once.
#[derive(Debug, Clone, Copy)]
pub struct RepOnce<'a> {
    /// The rep.
    pub rep: RepId,
    /// A second notice of this key is none.
    pub key: &'a str,
}

/// What is told to somebody who signs in, once.
#[derive(Debug, Clone, Copy)]
pub struct UserOnce<'a> {
    /// The notice's id.
    pub id: NoticeId,
    /// Who.
    pub user: UserId,
    /// What it says.
    pub kind: NoticeKind,
    /// A second notice of this key is none.
    pub key: &'a str,
}

impl Transaction {
    /// Owes this to a user once under a key; whether it is new.
    pub async fn notice_to_user_once(&mut self, once: UserOnce<'_>, now: Timestamp) -> Result<bool, StoreError> {
        // Name and address are looked up again when it is sent.
        let done = sqlx::query!(
            "-- notice.to_user_once
            insert into notice (id, user_id, kind, key, to_name, to_address, data, due_at, created_at)
            select $2, u.id, $3, $4, u.name, u.email, '{}', $5, $5 from user_account u where u.id = $1
            on conflict (key) do nothing",
            once.user.uuid(),
            once.id.uuid(),
            once.kind.word(),
            once.key,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

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
        // Name and address are looked up again when it is sent: who left is told nothing, and a corrected address is used.
        sqlx::query!(
            "-- notice.to_rep
            insert into notice (id, client_id, kind, appointment_id, to_name, to_address, data, due_at, created_at, rep_id)
            select ($2::uuid[])[i], ($3::uuid[])[i], ($4::text[])[i], ($5::uuid[])[i], r.name, r.email, ($6::json[])[i],
                   ($7::timestamptz[])[i], $8, r.id
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

    /// Owes this to a rep once under a key; whether it is new.
    pub async fn notice_to_rep_once(
        &mut self,
        scope: Scope,
        RepOnce { rep, key }: RepOnce<'_>,
        notice: &NewNotice,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- notice.to_rep_once
            insert into notice (id, client_id, kind, key, to_name, to_address, data, due_at, created_at, rep_id)
            select $2, $3, $4, $5, r.name, r.email, $6, $7, $8, r.id from rep r where r.id = $1 and r.client_id = $3 and ($9::uuid is null or r.client_id = $9)
            on conflict (key) do nothing",
            rep.uuid(),
            notice.id.uuid(),
            notice.client.uuid(),
            notice.kind.word(),
            key,
            notice.data.to_value(),
            notice.due_at.to_sqlx(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
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
        // One statement each: they are few, and neither a conflict on one key nor one that the database refuses must keep the
        // others.
        let (mut new, mut parts) = (0, SweepParts::default());
        for one in notices {
            new += parts.part(once(&self.pool, one, now).await)?;
        }
        parts.end(new)
    }
}

impl Transaction {
    /// Owes these with their cause, each that was not told before.
    pub async fn notices_once_with(&mut self, notices: &[OnceNotice], now: Timestamp) -> Result<(), StoreError> {
        for one in notices {
            once(self.connection(), one, now).await?;
        }
        Ok(())
    }

    /// Drops what was not mailed yet of the same leads' earlier deliveries that were given up: what is told now says how it ended.
    pub async fn notices_of_dead_replace(
        &mut self,
        deliveries: &[DeliveryId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let deliveries: Vec<_> = deliveries.iter().map(|one| one.uuid()).collect();
        sqlx::query!(
            "-- notice.of_dead_replace
            update notice n set state = 'dropped', reason = 'a later one tells how it ended', ended_at = $2
            from delivery d join delivery o on o.maturation_id = d.maturation_id and o.id <> d.id
            where d.id = any($1) and o.event = 'lead.matured' and n.delivery_id = o.id and n.kind = 'lead_dead' and n.state = 'pending'
              and n.lease is null and n.attempts = 0 and not o.id = any($1)",
            &deliveries,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

async fn once(executor: impl PgExecutor<'_>, one: &OnceNotice, now: Timestamp) -> Result<u64, StoreError> {
    // The key is unique over all processes, so that two dispatchers that see the same failure tell of it once.
    let done = sqlx::query!(
        "-- notice.once
        insert into notice (id, client_id, kind, delivery_id, endpoint_id, key, to_name, to_address, data, due_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11, $10) on conflict (key) do nothing",
        one.id.uuid(),
        one.client.map(ClientId::uuid),
        one.kind.word(),
        one.delivery.map(DeliveryId::uuid) as Option<Uuid>,
        one.endpoint.map(EndpointId::uuid) as Option<Uuid>,
        one.key,
        one.to.name,
        one.to.address,
        one.data.to_value(),
        now.to_sqlx(),
        one.due_at.to_sqlx()
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}
