//! Who had to do with a delivery, by name: for mails that say what went wrong with it. Ids are for commands.

use ripen_domain::id::{DeliveryId, EndpointId};
use uuid::Uuid;

use crate::{Scope, Store, StoreError};

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

impl Store {
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
