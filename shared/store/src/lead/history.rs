//! What happened to a lead, for its page: arrivals, notes, attempts of its deliveries, merges of its person, and under what that
//! person is reached.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    id::{ArrivalId, DeliveryId, LeadId, PersonId, SourceId},
    lead::Channel,
    submission::Consent,
};
use serde_json::Value;

use crate::{Scope, Store, StoreError, error::word};

/// Of each kind at most so many are shown: a lead with more is no lead of one person.
const SHOWN: i64 = 500;

/// Something that came in about a lead.
#[derive(Clone)]
pub struct LeadArrival {
    /// Its id.
    pub id: ArrivalId,
    /// Who sent it.
    pub source: SourceId,
    /// The source's name.
    pub source_name: String,
    /// How it came.
    pub channel: Channel,
    /// When.
    pub received_at: Timestamp,
    /// The sender's own id of it.
    pub external_id: Option<String>,
    /// It corrects another.
    pub is_correction: bool,
    /// What the person wrote.
    pub notes: Option<String>,
    /// The consent that came with it.
    pub consent: Option<Consent>,
}

/// What people write, and what they agreed to, is theirs.
impl std::fmt::Debug for LeadArrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LeadArrival({})", self.id)
    }
}

/// Words that were kept with a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNote {
    /// When.
    pub at: Timestamp,
    /// Whose words, or who wrote them down.
    pub by: String,
    /// The words.
    pub text: String,
}

/// One attempt of a delivery, without what was sent and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAttempt {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Counts from 1.
    pub number: i32,
    /// When.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i32,
    /// The answer's status.
    pub status: Option<i32>,
    /// What went wrong.
    pub error: Option<String>,
}

/// Two persons who were made one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownMerge {
    /// Who stayed.
    pub earlier: PersonId,
    /// Who became one with them.
    pub later: PersonId,
    /// Who said so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

/// Under what a person is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayToReach {
    /// It is a phone number; else a mail address.
    pub is_phone: bool,
    /// As it is kept: E.164 with `;ext=`, or the address.
    pub value: String,
    /// Since when it is known to lead to somebody else.
    pub void_at: Option<Timestamp>,
    /// When an enquiry brought it; none where something else was put in its place.
    pub said_at: Option<Timestamp>,
}

impl Store {
    /// What came in about a lead, newest first.
    pub async fn arrivals_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<LeadArrival>, StoreError> {
        let rows = sqlx::query!(
            r#"-- arrival.of_lead
            select a.id, a.source_id, s.name, coalesce(a.submission ->> 'channel', s.channel) as "channel!", a.received_at, a.external_id,
                   a.amends is not null as "is_correction!", a.submission ->> 'notes' as notes, a.submission -> 'consent' as consent
            from arrival a join source s on s.id = a.source_id
            where a.lead_id = $1 and ($2::uuid is null or a.client_id = $2) order by a.received_at desc, a.id desc limit $3"#,
            lead.uuid(),
            scope.client_uuid(),
            SHOWN
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(LeadArrival {
                    id: ArrivalId::from_uuid(row.id),
                    source: SourceId::from_uuid(row.source_id),
                    source_name: row.name,
                    channel: word(&row.channel)?,
                    received_at: row.received_at.to_jiff(),
                    external_id: row.external_id,
                    is_correction: row.is_correction,
                    notes: row.notes,
                    consent: row.consent.map(consent).transpose()?,
                })
            })
            .collect()
    }

    /// The lead that an arrival is on; none while it is not worked, or where it led to none.
    pub async fn lead_of_arrival(&self, scope: Scope, arrival: ArrivalId) -> Result<Option<LeadId>, StoreError> {
        // By what was seen: a repetition is part of the arrival that came first.
        let lead = sqlx::query_scalar!(
            r#"-- arrival.lead
            select a.lead_id from arrival_seen s join arrival a on a.id = s.arrival_id
            where s.id = $1 and ($2::uuid is null or a.client_id = $2)"#,
            arrival.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(lead.flatten().map(LeadId::from_uuid))
    }

    /// The words that were kept with a lead, newest first.
    pub async fn newest_notes_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<KeptNote>, StoreError> {
        let rows = sqlx::query!(
            "-- note.newest_of_lead
            select n.at, n.by, n.text from note n join lead l on l.id = n.lead_id
            where n.lead_id = $1 and ($2::uuid is null or l.client_id = $2) order by n.at desc, n.by limit $3",
            lead.uuid(),
            scope.client_uuid(),
            SHOWN
        )
        .fetch_all(&self.pool)
        .await?;
        let notes = rows.into_iter().map(|row| KeptNote { at: row.at.to_jiff(), by: row.by, text: row.text });
        Ok(notes.collect())
    }

    /// The attempts of all deliveries of a lead, oldest first.
    pub async fn attempts_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<ShownAttempt>, StoreError> {
        let rows = sqlx::query!(
            "-- attempt.of_lead
            select t.delivery_id, t.number, t.at, t.duration_ms, t.status, t.error
            from delivery d join attempt t on t.delivery_id = d.id
            where d.lead_id = $1 and ($2::uuid is null or d.client_id = $2) order by t.delivery_id, t.number limit $3",
            lead.uuid(),
            scope.client_uuid(),
            SHOWN
        )
        .fetch_all(&self.pool)
        .await?;
        let attempts = rows.into_iter().map(|row| ShownAttempt {
            delivery: DeliveryId::from_uuid(row.delivery_id),
            number: row.number,
            at: row.at.to_jiff(),
            duration_ms: row.duration_ms,
            status: row.status,
            error: row.error,
        });
        Ok(attempts.collect())
    }

    /// Who was made one with a person, oldest first.
    pub async fn merges_of_person(&self, scope: Scope, person: PersonId) -> Result<Vec<ShownMerge>, StoreError> {
        let rows = sqlx::query!(
            "-- person_merge.of_person
            select m.earlier_id, m.later_id, m.by, m.why, m.at, m.undone_at
            from (select id from person_merge where earlier_id = $1 union select id from person_merge where later_id = $1) w
            join person_merge m on m.id = w.id
            where $2::uuid is null or m.client_id = $2 order by m.at, m.id limit $3",
            person.uuid(),
            scope.client_uuid(),
            SHOWN
        )
        .fetch_all(&self.pool)
        .await?;
        let merges = rows.into_iter().map(|row| ShownMerge {
            earlier: PersonId::from_uuid(row.earlier_id),
            later: PersonId::from_uuid(row.later_id),
            by: row.by,
            why: row.why,
            at: row.at.to_jiff(),
            undone_at: row.undone_at.map(jiff_sqlx::Timestamp::to_jiff),
        });
        Ok(merges.collect())
    }

    /// Under what a person is reached, numbers first; also what is void.
    pub async fn ways_to_reach(&self, scope: Scope, person: PersonId) -> Result<Vec<WayToReach>, StoreError> {
        let rows = sqlx::query!(
            "-- person_identity.of_person
            select kind, value, void_at, said_at from person_identity
            where person_id = $1 and ($2::uuid is null or client_id = $2) order by kind desc, value limit $3",
            person.uuid(),
            scope.client_uuid(),
            SHOWN
        )
        .fetch_all(&self.pool)
        .await?;
        let mut shown = BTreeSet::new();
        // One mailbox is one way, under whichever of its names the person was known.
        let mut is_new = |kind: &str, value: &str| match Identity::stored(kind, value) {
            Some(Identity::Email(email)) => shown.insert(email.mailbox()),
            _ => true,
        };
        let ways = rows.into_iter().filter(|row| is_new(&row.kind, &row.value)).map(|row| WayToReach {
            is_phone: row.kind == "phone",
            value: row.value,
            void_at: row.void_at.map(jiff_sqlx::Timestamp::to_jiff),
            said_at: row.said_at.map(jiff_sqlx::Timestamp::to_jiff),
        });
        Ok(ways.collect())
    }
}

fn consent(stored: Value) -> Result<Consent, StoreError> {
    serde_json::from_value(stored).map_err(|_| StoreError::Corrupt("the consent of an arrival".to_owned()))
}
