//! Deliveries that a maturation owes, inserted with it in one statement.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{EventDetail, OfferTerms},
    id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId, RepId},
};
use serde_json::Value;
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
    codes: Vec<Option<String>>,
    due: Vec<jiff_sqlx::Timestamp>,
    offers: Vec<Option<Value>>,
    undo: Vec<Option<jiff_sqlx::Timestamp>>,
    waits_for: Vec<String>,
}

/// Several reps in one text: arrays of arrays of different lengths are none.
pub(crate) fn reps_text(reps: &[RepId]) -> String {
    reps.iter().map(|rep| rep.uuid().to_string()).collect::<Vec<_>>().join(",")
}

/// The code of what is held, where no date says when it goes on.
pub(crate) fn code_of(is_undated: bool) -> Option<&'static str> {
    is_undated.then_some("undated")
}

impl From<&[NewDelivery]> for DeliveryArrays {
    fn from(rows: &[NewDelivery]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id.uuid());
            columns.clients.push(row.client.uuid());
            columns.leads.push(row.lead.uuid());
            columns.maturations.push(row.maturation.uuid());
            columns.endpoints.push(row.to.map(|to| to.endpoint.uuid()));
            columns.reps.push(row.to.and_then(|to| to.rep).map(RepId::uuid));
            columns.reasons.push(row.why.clone());
            columns.codes.push(code_of(row.is_undated).map(str::to_owned));
            columns.due.push(row.due_at.to_sqlx());
            columns.undo.push(row.undo_until.map(ToSqlx::to_sqlx));
            columns.waits_for.push(reps_text(&row.waits_for));
            columns.offers.push(row.offer.clone().map(|terms| EventDetail::Offered(terms).to_value()));
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
        // What is offered has its rep for a cause: reps without an endpoint of their own share the team's, and each has an offer.
        // One statement: a maturation without a delivery is a lead that nobody ever sends. What has nobody to go to
        // is `held`, and what waits has no direct wake-up to protect, so a sweeper may offer it at once.
        sqlx::query!(
            "-- maturation.write
            with owed as (
              insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, reason, due_at, offered_until,
                                    created_at, event, said, cause, undo_until, waits_for, reason_code)
              select ($8::uuid[])[i], ($9::uuid[])[i], ($10::uuid[])[i], ($11::uuid[])[i], ($12::uuid[])[i], ($13::uuid[])[i],
                     case when ($12::uuid[])[i] is null then 'held' else 'pending' end, ($14::text[])[i],
                     ($15::timestamptz[])[i], case when ($14::text[])[i] is null then $7::timestamptz else $6::timestamptz end, $6,
                     case when ($19::json[])[i] is null then 'lead.matured' else 'lead.offered' end, ($19::json[])[i],
                     case when ($19::json[])[i] is null then $20::uuid else coalesce(($13::uuid[])[i], $20::uuid) end,
                     ($21::timestamptz[])[i], string_to_array(($22::text[])[i], ',')::uuid[], ($23::text[])[i]
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
            &d.offers[..] as &[Option<Value>], Uuid::nil(), &d.undo[..] as &[Option<jiff_sqlx::Timestamp>], &d.waits_for,
            &d.codes[..] as &[Option<String>]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// An endpoint that gets a lead.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryTarget {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The rep it is for, where it is for one alone.
    pub rep: Option<RepId>,
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
    /// Hands it over, or offers it on these terms.
    pub offer: Option<OfferTerms>,
    /// Where to; none while nobody can take it: then it is held.
    pub to: Option<DeliveryTarget>,
    /// From when it is attempted, or routed again.
    pub due_at: Timestamp,
    /// Why not at once.
    pub why: Option<String>,
    /// Held without a date at which it goes on.
    pub is_undated: bool,
    /// Until when the desk can take it back: it goes nowhere before, whatever changes meanwhile.
    pub undo_until: Option<Timestamp>,
    /// Reps for whom alone it is held, none of whom has an endpoint that is enabled.
    pub waits_for: Vec<RepId>,
}
