//! Who had to do with a delivery, by name: for mails that say what went wrong with it. Ids are for commands.

use ripen_domain::id::{DeliveryId, EndpointId};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction};

/// The names around a delivery, as far as they are known.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DeliveryParties {
    /// The person whose lead it is.
    pub person: Option<String>,
    /// The rep it was for.
    pub rep: Option<String>,
    /// Where it was to go: the endpoint's name, or else its address.
    pub endpoint: Option<String>,
}

/// The recipients who have a lead that a delivery could not hand over, or are being sent it, or accepted it although it did not reach them
/// either: by name, a rep's before an endpoint's. A webhook of the team that names a rep is not that rep: their own mail may have come back.
async fn with_whom(
    executor: impl PgExecutor<'_>,
    scope: Scope,
    delivery: DeliveryId,
) -> Result<Vec<String>, StoreError> {
    let names = sqlx::query_scalar!(
        r#"-- delivery.with_whom
        select coalesce(r.name, e.name, coalesce(e.shown_url, url_shown(e.url)), e.address) as "name!"
        from delivery d join endpoint own on own.id = d.endpoint_id
        cross join lateral delivery_had_by(d.id) h (id) join delivery o on o.id = h.id and o.id <> d.id
        join endpoint e on e.id = o.endpoint_id left join rep r on r.id = coalesce(o.rep_id, e.rep_id)
        where d.id = $1 and ($2::uuid is null or d.client_id = $2) and d.event = 'lead.matured' and d.state = 'dead'
          and (coalesce(o.rep_id, e.rep_id) is null or coalesce(o.rep_id, e.rep_id) is distinct from coalesce(d.rep_id, own.rep_id))
          and (o.state not in ('dead', 'withdrawn') and delivery_given_on(d.id)
               or o.state = 'dead' and exists (select from maturation m where m.id = d.maturation_id and m.routed_at is not null))
        group by 1 order by min(o.id::text)"#,
        delivery.uuid(),
        scope.client_uuid()
    )
    .fetch_all(executor)
    .await?;
    Ok(names)
}

impl Transaction {
    /// Who has a lead that a delivery could not hand over by now, or is being sent it; nobody where it is with nobody else.
    pub async fn delivery_with_whom(&mut self, scope: Scope, delivery: DeliveryId) -> Result<Vec<String>, StoreError> {
        with_whom(self.connection(), scope, delivery).await
    }
}

impl Store {
    /// The same, looked at by itself.
    pub async fn delivery_with_whom(&self, scope: Scope, delivery: DeliveryId) -> Result<Vec<String>, StoreError> {
        with_whom(&self.pool, scope, delivery).await
    }

    /// The names around a delivery, with the endpoint that is meant where that is another than its own now.
    pub async fn delivery_parties(
        &self,
        scope: Scope,
        delivery: DeliveryId,
        endpoint: Option<EndpointId>,
    ) -> Result<DeliveryParties, StoreError> {
        let row = sqlx::query!(
            r#"-- delivery.parties
            select coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person, r.name as "rep?",
                   coalesce(e.name, e.address, coalesce(e.shown_url, url_shown(e.url))) as endpoint
            from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id
            left join endpoint e on e.id = coalesce($3, d.endpoint_id) and e.client_id = d.client_id
            left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            where d.id = $1 and ($2::uuid is null or d.client_id = $2)"#,
            delivery.uuid(),
            scope.client_uuid(),
            endpoint.map(EndpointId::uuid) as Option<Uuid>
        )
        .fetch_optional(&self.pool)
        .await?;
        // One that was pruned meanwhile has no names left.
        let parties = row.map(|row| DeliveryParties { person: row.person, rep: row.rep, endpoint: row.endpoint });
        Ok(parties.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
