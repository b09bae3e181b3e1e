//! Leads that clients have, made in the database as the qualifier and the dispatcher leave them.

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::UserRole,
    id::{ClientId, DeliveryId, LeadId},
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{audit::list::AuditRecord, client::client_record::ClientRecord};
use serde_json::json;

use crate::harness::Office;

/// A lead that was delivered to a client.
#[derive(Debug, Clone, Copy)]
pub struct Delivered {
    pub lead: LeadId,
    pub delivery: DeliveryId,
}

impl Office {
    /// A lead of a new person that became A and was delivered to an enabled webhook, with its promise.
    pub async fn delivered(&self, client: &ClientRecord) -> Delivered {
        let at = self.actions.clock.now();
        let [lead, delivery, other] = [1, 2, 3].map(|_| uuid_v7(at));
        let now = at.to_sqlx();
        let sql = "with p as (
              insert into person (id, client_id, first_name, email, country, time_zone, created_at, updated_at)
              values ($1, $2, 'Casey', 'casey@example.com', 'US', 'America/Chicago', $3, $3)
            ), i as (
              insert into person_identity (client_id, kind, value, person_id) values ($2, 'email', 'casey@example.com', $1)
              on conflict do nothing
            ), e as (
              insert into endpoint (id, client_id, kind, url, created_at) values ($1, $2, 'webhook', 'https://x.example/', $3)
            ), d as (
              insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, attempts, due_at, offered_until,
                                    created_at, ended_at)
              values ($4, $2, $5, $1, $1, 'delivered', 1, $3, $3, $3, $3)
            ), b as (
              insert into delivery_body (delivery_id, client_id, at, body) values ($4, $2, $3, $6)
            ), m as (
              insert into maturation (id, lead_id, client_id, decision_id, at) values ($1, $5, $2, $1, $3)
            ), o as (
              insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
              values ($5, 1, $2, 'outcome', 'scheduled', $3 + interval '30 days', 'ask', 'criteria', $3, $3)
            )
            insert into lead (id, client_id, program_id, person_id, source_id, channel, grade, score, criteria_id, decision_id,
                              arrivals, enquiries, first_arrived_at, last_arrived_at, last_enquiry_at, matured_at, generation,
                              created_at)
            select $5, $2, id, $1, $1, 'web_form', 'A', 80, $1, $1, 1, 1, $3, $3, $3, $3, 1, $3 from program where is_default";
        let body = json!({"type": "lead.matured", "data": {"delivery": DeliveryId::from_uuid(delivery)}});
        let query = sqlx::query(sql).bind(other).bind(client.id.uuid()).bind(now).bind(delivery).bind(lead);
        query.bind(body.to_string().into_bytes()).execute(&self.pool).await.unwrap();
        Delivered { lead: LeadId::from_uuid(lead), delivery: DeliveryId::from_uuid(delivery) }
    }

    /// The lead is worked at the desk: graded B, with a step that criteria computed.
    pub async fn worked(&self, client: &ClientRecord) -> LeadId {
        let Delivered { lead, delivery } = self.delivered(client).await;
        for sql in [
            "with b as (delete from delivery_body where delivery_id = $2) delete from delivery where id = $2 and lead_id = $1",
            "with m as (delete from maturation where lead_id = $1) update lead set grade = 'B', matured_at = null
             where id = $1 and $2::uuid is not null",
            "update promise set kind = 'requalify' where lead_id = $1 and $2::uuid is not null",
        ] {
            sqlx::query(sql).bind(lead.uuid()).bind(delivery.uuid()).execute(&self.pool).await.unwrap();
        }
        lead
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// What was changed since everything was set up, newest first.
    pub async fn changes(&self) -> Vec<AuditRecord> {
        let setting_up = ["client.add", "rep.add", "endpoint.add"];
        let mut all = self.audit().await;
        all.retain(|entry| !setting_up.contains(&entry.action.as_str()));
        all
    }

    /// The actions of what was changed, newest first.
    pub async fn audited(&self) -> Vec<String> {
        self.changes().await.into_iter().map(|entry| entry.action).collect()
    }

    /// A second passes: entries of the audit that are of one microsecond are in no order.
    pub fn pass(&self) {
        assert!(self.actions.clock.advance(SignedDuration::from_secs(1)));
    }
}

/// Everybody who may not work leads.
pub fn outsiders(client: ClientId) -> [ripen_domain::actor::Actor; 2] {
    [crate::harness::user(UserRole::Broker, Some(client)), crate::harness::program(client)]
}
