//! Endpoints that fail or were disabled by what they answered, for whoever is alerted.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, EndpointId};

use crate::{Scope, Store, StoreError};

/// So many leads that wait for an endpoint are named.
const MOST_NAMED: i64 = 5;

/// An endpoint that fails or was disabled.
#[derive(Debug, Clone)]
pub struct FailingEndpoint {
    /// Which.
    pub endpoint: EndpointId,
    /// Whose.
    pub client: ClientId,
    /// The client's name.
    pub client_name: String,
    /// As people call it.
    pub name: String,
    /// It is a mailbox: what waits for one that is disabled goes to others, and to no second address of its own.
    pub is_mailbox: bool,
    /// Since when attempts fail.
    pub failing_since: Option<Timestamp>,
    /// Why it is disabled, where it is.
    pub disabled: Option<String>,
    /// Deliveries that wait for it.
    pub waiting: i64,
    /// Some of the leads among them, the oldest first: whose, and for which rep. Not for the client, who may not have them yet.
    pub leads: Vec<String>,
    /// So many of them are A leads that nobody of the client has.
    pub with_nobody: i64,
    /// Where the client is told.
    pub tell: Option<String>,
}

/// A webhook whose deliveries wait because what signs them, or a header of its own, cannot be opened.
#[derive(Debug, Clone)]
pub struct SealedEndpoint {
    /// Which.
    pub endpoint: EndpointId,
    /// Whose.
    pub client: ClientId,
    /// The client's name.
    pub client_name: String,
    /// As people call it.
    pub name: String,
    /// Deliveries that wait for it.
    pub waiting: i64,
}

impl Store {
    /// Webhooks whose deliveries wait for a key, by their last attempt.
    pub async fn endpoints_sealed(&self, scope: Scope) -> Result<Vec<SealedEndpoint>, StoreError> {
        let rows = sqlx::query!(
            r#"-- endpoint.sealed
            select e.id, e.client_id, c.name as client_name, coalesce(e.name, coalesce(e.shown_url, url_shown(e.url)), e.address) as "name!", count(*) as "waiting!"
            from delivery d join attempt a on a.delivery_id = d.id and a.number = d.attempts and a.error = 'sealed'
            join endpoint e on e.id = d.endpoint_id join client c on c.id = e.client_id
            where d.state = 'held' and d.endpoint_id is not null and ($1::uuid is null or d.client_id = $1)
            group by e.id, c.id order by e.id"#,
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let sealed = rows.into_iter().map(|row| SealedEndpoint {
            endpoint: EndpointId::from_uuid(row.id),
            client: ClientId::from_uuid(row.client_id),
            client_name: row.client_name,
            name: row.name,
            waiting: row.waiting,
        });
        Ok(sealed.collect())
    }

    /// Webhooks that failed since before `since`, and endpoints that were disabled by what they answered.
    pub async fn endpoints_failing(&self, since: Timestamp) -> Result<Vec<FailingEndpoint>, StoreError> {
        // What the firm disabled itself is nobody's alarm. The client is told and not one of its reps, who can do nothing about
        // a receiver.
        let rows = sqlx::query!(
            r#"-- endpoint.to_alert
            select e.id, e.client_id, c.name as client_name, coalesce(e.name, coalesce(e.shown_url, url_shown(e.url)), e.address) as "name!", e.failing_since, e.kind = 'email' as "is_mailbox!",
                   case when e.state = 'disabled' then e.state_reason end as disabled,
                   (select count(*) from delivery d where d.endpoint_id = e.id and d.state in ('pending', 'held', 'leased')) as "waiting!",
                   array(select concat_ws(' for ', coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name, 'somebody without a name'), r.name)
                         from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id
                         left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
                         where d.endpoint_id = e.id and d.event = 'lead.matured' and d.state in ('pending', 'held', 'leased')
                         order by d.created_at, d.id limit $2) as "leads!",
                   (select count(*) from delivery d join lead l on l.id = d.lead_id
                    where d.endpoint_id = e.id and d.event = 'lead.matured' and d.state in ('pending', 'held') and d.first_delivered_at is null
                      and l.grade = 'A' and l.stage in ('lead', 'contact', 'opportunity')
                      and not exists (select from delivery o join endpoint x on x.id = o.endpoint_id
                                      where o.maturation_id = d.maturation_id and o.event = 'lead.matured' and o.id <> d.id
                                        and (o.state in ('delivered', 'filed')
                                             or o.state in ('pending', 'held', 'leased') and x.state = 'enabled' and x.probe_at is null))) as "with_nobody!",
                   (select x.address from endpoint x
                    where x.client_id = e.client_id and x.kind = 'email' and x.state = 'enabled' and x.id <> e.id and x.rep_id is null
                    order by x.is_fallback desc, x.created_at, x.id limit 1) as tell
            from endpoint e join client c on c.id = e.client_id
            where e.state = 'enabled' and e.failing_since <= $1
               or e.state = 'disabled' and e.disabled_by is distinct from 'firm'"#,
            since.to_sqlx(),
            MOST_NAMED
        )
        .fetch_all(&self.pool)
        .await?;
        let broken = rows.into_iter().map(|row| FailingEndpoint {
            endpoint: EndpointId::from_uuid(row.id),
            client: ClientId::from_uuid(row.client_id),
            client_name: row.client_name,
            name: row.name,
            is_mailbox: row.is_mailbox,
            failing_since: row.failing_since.map(jiff_sqlx::Timestamp::to_jiff),
            disabled: row.disabled,
            waiting: row.waiting,
            leads: row.leads,
            with_nobody: row.with_nobody,
            tell: row.tell,
        });
        Ok(broken.collect())
    }
}
