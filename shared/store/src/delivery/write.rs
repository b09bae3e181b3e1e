//! Deliveries that a maturation owes, inserted with it in one statement.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId, RepId};
use uuid::Uuid;

use crate::{
    StoreError, Transaction,
    decision::maturation::{MaturationArrays, MaturationRow},
};

#[derive(Default)]
struct DeliveryArrays {
    ids: Vec<Uuid>,
    clients: Vec<Uuid>,
    leads: Vec<Uuid>,
    maturations: Vec<Uuid>,
    endpoints: Vec<Option<Uuid>>,
    reps: Vec<Option<Uuid>>,
    reasons: Vec<Option<String>>,
    due: Vec<jiff_sqlx::Timestamp>,
    offers: Vec<Option<jiff_sqlx::Timestamp>>,
    offers_said: Vec<Option<String>>,
}

impl From<&[NewDelivery]> for DeliveryArrays {
    fn from(rows: &[NewDelivery]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id.uuid());
            columns.clients.push(row.client.uuid());
            columns.leads.push(row.lead.uuid());
            columns.maturations.push(row.maturation.uuid());
            columns.endpoints.push(row.to.map(|(endpoint, _)| endpoint.uuid()));
            columns.reps.push(row.to.and_then(|(_, rep)| rep).map(RepId::uuid));
            columns.reasons.push(row.why.clone());
            columns.due.push(row.due_at.to_sqlx());
            columns.offers.push(row.offered_until.map(ToSqlx::to_sqlx));
            // The offer's end goes out as text: JSON made in SQL from a timestamp would take the session's format.
            columns.offers_said.push(row.offered_until.map(|until| until.to_string()));
        }
        columns
    }
}

impl Transaction {
    /// Stores maturations and owes their deliveries; one that is owed already stays. `offered_until` is when a sweeper may
    /// offer them again.
    pub async fn maturations_write(
        &mut self,
        rows: &[MaturationRow],
        owed: &[NewDelivery],
        (now, offered_until): (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        let (m, d) = (MaturationArrays::from(rows), DeliveryArrays::from(owed));
        // One statement: a maturation without a delivery is a lead that nobody ever sends. What has nobody to go to
        // is `held`, and what waits has no direct wake-up to protect, so a sweeper may offer it at once.
        sqlx::query!(
            "-- maturation.write
            with owed as (
              insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, reason, due_at, offered_until,
                                    created_at, event, said)
              select ($8::uuid[])[i], ($9::uuid[])[i], ($10::uuid[])[i], ($11::uuid[])[i], ($12::uuid[])[i], ($13::uuid[])[i],
                     case when ($12::uuid[])[i] is null then 'held' else 'pending' end, ($14::text[])[i],
                     ($15::timestamptz[])[i], case when ($14::text[])[i] is null then $7::timestamptz else $6::timestamptz end, $6,
                     case when ($19::timestamptz[])[i] is null then 'lead.matured' else 'lead.offered' end,
                     case when ($19::timestamptz[])[i] is not null then json_build_object('until', ($20::text[])[i]) end
              from generate_subscripts($8::uuid[], 1) i
              on conflict do nothing
            )
            insert into maturation (id, lead_id, client_id, decision_id, at, route, rule, routed_at, routing)
            select ($1::uuid[])[i], ($2::uuid[])[i], ($3::uuid[])[i], ($4::uuid[])[i], ($5::timestamptz[])[i],
                   ($16::integer[])[i], ($17::text[])[i], case when ($17::text[])[i] is not null then $6 end, ($18::text[])[i]
            from generate_subscripts($1::uuid[], 1) i",
            &m.ids, &m.leads, &m.clients, &m.decisions, &m.at[..], now.to_sqlx(), offered_until.to_sqlx(), &d.ids, &d.clients,
            &d.leads, &d.maturations, &d.endpoints[..] as &[Option<Uuid>], &d.reps[..] as &[Option<Uuid>],
            &d.reasons[..] as &[Option<String>], &d.due[..], &m.versions[..] as &[Option<i32>],
            &m.rules[..] as &[Option<String>], &m.texts[..] as &[Option<String>],
            &d.offers[..] as &[Option<jiff_sqlx::Timestamp>], &d.offers_said[..] as &[Option<String>]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// A delivery to write.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// The maturation it passes on.
    pub maturation: MaturationId,
    /// Hands it over, or offers it until then.
    pub offered_until: Option<Timestamp>,
    /// Where to, and to which rep where it was routed to one; none while nobody can take it: then it is held.
    pub to: Option<(EndpointId, Option<RepId>)>,
    /// From when it is attempted, or routed again.
    pub due_at: Timestamp,
    /// Why not at once.
    pub why: Option<String>,
}
