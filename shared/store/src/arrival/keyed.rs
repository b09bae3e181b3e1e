//! What came earlier under the keys of a batch's arrivals: under their Idempotency-Keys, their external ids, their forms.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    hash::ContentHash,
    id::{ArrivalId, ClientId, LeadId},
    person::Profile,
};

use crate::{StoreError, Transaction, arrival::seen::hash};

/// An Idempotency-Key that came with an arrival that goes by its external id.
#[derive(Debug, Clone, Copy)]
pub struct NewKey {
    /// What the key makes.
    pub key: ArrivalId,
    /// What came with it.
    pub content: ContentHash,
    /// The arrival.
    pub arrival: ArrivalId,
}

/// What came first with a key.
#[derive(Debug, Clone, Copy)]
pub struct KnownKey {
    /// What the key makes.
    pub key: ArrivalId,
    /// What came with it.
    pub content: ContentHash,
    /// The arrival, where one is kept.
    pub arrival: Option<ArrivalId>,
}

/// One body of those that came under an external id.
#[derive(Debug, Clone, Copy)]
pub struct EarlierBody {
    /// The arrival that came first under it.
    pub original: ArrivalId,
    /// What this one says, hashed.
    pub content: ContentHash,
    /// When it was received.
    pub received_at: Timestamp,
    /// When it was submitted, by the sender's clock.
    pub submitted_at: Option<Timestamp>,
}

/// One body of those that came under a form's submission id.
#[derive(Debug, Clone)]
pub struct EarlierForm {
    /// What the submission id makes.
    pub form: ArrivalId,
    /// Whose it is.
    pub client: ClientId,
    /// The arrival.
    pub arrival: ArrivalId,
    /// When it was received.
    pub received_at: Timestamp,
    /// The name, address and number that it gave, and nothing else.
    pub said: Profile,
}

impl Transaction {
    /// Notes keys, and returns those that came before with what came with them first. A key is noted as the same as the arrival
    /// that it came with.
    pub async fn arrivals_note_keys(
        &mut self,
        mut keys: Vec<NewKey>,
        now: Timestamp,
    ) -> Result<Vec<KnownKey>, StoreError> {
        // In one order, as every batch notes them: two that share keys would otherwise wait for each other.
        keys.sort_by_key(|new| new.key);
        let ids: Vec<_> = keys.iter().map(|new| new.key.uuid()).collect();
        let contents: Vec<_> = keys.iter().map(|new| new.content.bytes().to_vec()).collect();
        let arrivals: Vec<_> = keys.iter().map(|new| new.arrival.uuid()).collect();
        sqlx::query!(
            "-- arrival.note_keys
            insert into arrival_seen (id, content, ended, arrival_id, seen_at)
            select ($1::uuid[])[i], ($2::bytea[])[i], 'same', ($3::uuid[])[i], $4 from generate_subscripts($1::uuid[], 1) i
            on conflict do nothing",
            &ids,
            &contents,
            &arrivals,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        // A statement of its own: who noted a key at the same time has committed by now, and is seen only from here on.
        let rows = sqlx::query!(
            "-- arrival.known_keys
            select id, content, arrival_id from arrival_seen where id = any($1)",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let arrival = row.arrival_id.map(ArrivalId::from_uuid);
                Ok(KnownKey { key: ArrivalId::from_uuid(row.id), content: hash(row.content)?, arrival })
            })
            .collect()
    }

    /// All bodies that are kept of these external ids, by the ids of those that came first.
    pub async fn arrivals_bodies(&mut self, originals: &[ArrivalId]) -> Result<Vec<EarlierBody>, StoreError> {
        let ids: Vec<_> = originals.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- arrival.bodies
            select id as "original!", content as "content!", received_at as "received_at!", submitted_at
            from arrival where id = any($1) and state = 'graded'
            union all
            select amends, content, received_at, submitted_at from arrival where amends = any($1) and state = 'graded'"#,
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(EarlierBody {
                    original: ArrivalId::from_uuid(row.original),
                    content: hash(row.content)?,
                    received_at: row.received_at.to_jiff(),
                    submitted_at: row.submitted_at.map(jiff_sqlx::Timestamp::to_jiff),
                })
            })
            .collect()
    }

    /// When the first arrival of each of these leads was received.
    pub async fn arrivals_first_received(&mut self, leads: &[LeadId]) -> Result<Vec<(LeadId, Timestamp)>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- arrival.first_received
            select lead_id as "lead_id!", min(received_at) as "received_at!" from arrival where lead_id = any($1) group by lead_id"#,
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (LeadId::from_uuid(row.lead_id), row.received_at.to_jiff())).collect())
    }

    /// What was worked of these forms, received at `since` or later; the newest first.
    pub async fn arrivals_of_forms(
        &mut self,
        forms: &[ArrivalId],
        since: Timestamp,
    ) -> Result<Vec<EarlierForm>, StoreError> {
        let forms: Vec<_> = forms.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- arrival.of_forms
            select form_id as "form_id!", client_id, id, received_at, submission ->> 'first_name' as first_name,
                   submission ->> 'last_name' as last_name, submission ->> 'name' as name,
                   submission ->> 'email' as email, submission ->> 'phone' as phone
            from arrival where form_id = any($1) and received_at >= $2 and state = 'graded' order by received_at desc, id desc"#,
            &forms,
            since.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| EarlierForm {
                form: ArrivalId::from_uuid(row.form_id),
                client: ClientId::from_uuid(row.client_id),
                arrival: ArrivalId::from_uuid(row.id),
                received_at: row.received_at.to_jiff(),
                said: Profile {
                    first_name: row.first_name,
                    last_name: row.last_name,
                    name: row.name,
                    email: row.email,
                    phone: row.phone,
                    ..Profile::default()
                },
            })
            .collect())
    }
}
