//! Deliveries as staff see them, newest first.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::EventType,
    id::{ClientId, DeliveryId, EndpointId, LeadId},
    masked_address::MaskedAddress,
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, endpoint::endpoint_record::EndpointKind, error::word};

/// Where a delivery goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryEndpoint {
    /// The endpoint.
    pub id: EndpointId,
    /// Its URL or address.
    pub to: MaskedAddress,
}

/// A delivery as staff see it. Who the lead is stands in the lead.
#[derive(Debug, Clone)]
pub struct DeliveryRecord {
    /// Its id.
    pub id: DeliveryId,
    /// The client's slug.
    pub client: String,
    /// The client.
    pub client_id: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// What it tells.
    pub event: EventType,
    /// Where it goes; none while the client has no enabled endpoint.
    pub endpoint: Option<DeliveryEndpoint>,
    /// The rep it is for.
    pub rep: Option<String>,
    /// Webhook or e-mail.
    pub kind: Option<EndpointKind>,
    /// pending, held, leased, delivered, filed, dead or withdrawn.
    pub state: String,
    /// Why it is held, dead or withdrawn, or why the last attempt failed.
    pub reason: Option<String>,
    /// Held until somebody does something: `due_at` is when it is looked at again.
    pub is_undated: bool,
    /// Not to be attempted before.
    pub due_at: Timestamp,
    /// Attempts begun.
    pub attempts: i32,
    /// Those of them that do not count against the schedule.
    pub excused: i32,
    /// When it came to be owed.
    pub created_at: Timestamp,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why what its answer says was not recorded.
    pub answer_refused: Option<String>,
}

impl DeliveryRecord {
    /// Not to be attempted before; none of what is held for something that has no date.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        (!self.is_undated).then_some(self.due_at)
    }
}

/// Which deliveries are meant; what is none is any.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint: Option<EndpointId>,
    /// In this state.
    pub state: Option<String>,
    /// Older than this one: where the page before ended.
    pub after: Option<DeliveryId>,
}

struct DeliveryColumns {
    id: Uuid,
    slug: String,
    client_id: Uuid,
    lead_id: Uuid,
    event: String,
    endpoint_id: Option<Uuid>,
    to: Option<String>,
    kind: Option<String>,
    rep: Option<String>,
    state: String,
    reason: Option<String>,
    is_undated: bool,
    due_at: jiff_sqlx::Timestamp,
    attempts: i32,
    excused: i32,
    created_at: jiff_sqlx::Timestamp,
    sent_at: Option<jiff_sqlx::Timestamp>,
    ended_at: Option<jiff_sqlx::Timestamp>,
    answer_refused: Option<String>,
}

impl DeliveryColumns {
    fn record(self) -> Result<DeliveryRecord, StoreError> {
        let row = self;
        Ok(DeliveryRecord {
            id: DeliveryId::from_uuid(row.id),
            client: row.slug,
            client_id: ClientId::from_uuid(row.client_id),
            lead: LeadId::from_uuid(row.lead_id),
            event: word(&row.event)?,
            endpoint: row
                .endpoint_id
                .map(EndpointId::from_uuid)
                .zip(row.to)
                .map(|(id, to)| DeliveryEndpoint { id, to: to.into() }),
            rep: row.rep,
            kind: row.kind.as_deref().map(EndpointKind::read).transpose()?,
            state: row.state,
            reason: row.reason,
            is_undated: row.is_undated,
            due_at: row.due_at.to_jiff(),
            attempts: row.attempts,
            excused: row.excused,
            created_at: row.created_at.to_jiff(),
            sent_at: row.sent_at.map(jiff_sqlx::Timestamp::to_jiff),
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            answer_refused: row.answer_refused,
        })
    }
}

/// A page of deliveries, the newest first: its name, and a condition of its own up to an `and`. A macro because a checked statement is
/// known whole when it is compiled.
macro_rules! query_deliveries {
    ($name:tt, $own:tt, $scope:expr, $filter:expr, $limit:expr $(, $more:expr)*) => {
        sqlx::query_as!(
            DeliveryColumns,
            $name + r#"
            select d.id, c.slug, d.client_id, d.lead_id, d.event, d.endpoint_id, coalesce(coalesce(e.shown_url, url_shown(e.url)), e.address) as "to?",
                   e.kind as "kind?", (select r.name from rep r where r.id = coalesce(d.rep_id, e.rep_id)) as rep, d.state,
                   d.reason, d.state = 'held' and d.reason_code is not distinct from 'undated' as "is_undated!", d.due_at, d.attempts, d.excused, d.created_at, b.at as "sent_at?", d.ended_at,
                   a.refused as "answer_refused?"
            from delivery d join client c on c.id = d.client_id left join endpoint e on e.id = d.endpoint_id
            left join delivery_body b on b.delivery_id = d.id left join outcome_answer a on a.delivery_id = d.id
            where "# + $own + "d.id < $4 and ($1::uuid is null or d.client_id = $1) and ($2::uuid is null or d.endpoint_id = $2)
              and ($3::text is null or d.state = $3)
            order by d.id desc limit $5",
            $scope.client_uuid(),
            $filter.endpoint.map(EndpointId::uuid),
            $filter.state,
            before($filter),
            $limit
            $(, $more)*
        )
    };
}

impl Store {
    /// Deliveries, newest first.
    pub async fn deliveries(
        &self,
        scope: Scope,
        filter: &DeliveryFilter,
        limit: i64,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let rows = query_deliveries!("-- delivery.list", "", scope, filter, limit).fetch_all(&self.lists).await?;
        rows.into_iter().map(DeliveryColumns::record).collect()
    }

    /// Deliveries of a lead, newest first.
    pub async fn deliveries_about(
        &self,
        scope: Scope,
        lead: LeadId,
        filter: &DeliveryFilter,
        limit: i64,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        // Its own statement: the list's, in whose plan the lead may be absent, would go through everybody's.
        let rows = query_deliveries!("-- delivery.of_lead", "d.lead_id = $6 and ", scope, filter, limit, lead.uuid())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(DeliveryColumns::record).collect()
    }

    /// All deliveries of a lead, oldest first.
    pub async fn deliveries_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<DeliveryRecord>, StoreError> {
        let mut all = self.deliveries_about(scope, lead, &DeliveryFilter::default(), i64::MAX).await?;
        all.reverse();
        Ok(all)
    }

    /// How many deliveries are due or being attempted at `now`.
    pub async fn deliveries_under_way(&self, now: Timestamp) -> Result<i64, StoreError> {
        let row = sqlx::query!(
            r#"-- delivery.under_way
            select (select count(*) from delivery where state = 'pending' and endpoint_id is not null and due_at <= $1)
                 + (select count(*) from delivery where state = 'leased') as "n!""#,
            now.to_sqlx()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.n)
    }
}

impl Transaction {
    /// One delivery, as this transaction sees it. Nothing is locked.
    pub async fn delivery(&mut self, scope: Scope, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError> {
        // Its own statement: the list's, whose filters may be absent, cannot use the key under the plan that lookups keep.
        let row = sqlx::query_as!(
            DeliveryColumns,
            r#"-- delivery.show
            select d.id, c.slug, d.client_id, d.lead_id, d.event, d.endpoint_id, coalesce(coalesce(e.shown_url, url_shown(e.url)), e.address) as "to?",
                   e.kind as "kind?", (select r.name from rep r where r.id = coalesce(d.rep_id, e.rep_id)) as rep, d.state,
                   d.reason, d.state = 'held' and d.reason_code is not distinct from 'undated' as "is_undated!", d.due_at, d.attempts, d.excused, d.created_at, b.at as "sent_at?", d.ended_at,
                   a.refused as "answer_refused?"
            from delivery d join client c on c.id = d.client_id left join endpoint e on e.id = d.endpoint_id
            left join delivery_body b on b.delivery_id = d.id left join outcome_answer a on a.delivery_id = d.id
            where d.id = $1 and ($2::uuid is null or d.client_id = $2)"#,
            id.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(DeliveryColumns::record).transpose()
    }

    /// The delivery of a lead that was sent last; of those sent at once the first, so that it is the same one every time.
    pub async fn delivery_sent_last(&mut self, scope: Scope, lead: LeadId) -> Result<Option<DeliveryId>, StoreError> {
        // By when the body was frozen: ids say when a delivery came to be owed, and a held one is sent much later. Only
        // what handed the lead over: of an update that came after it nothing can be said.
        let row = sqlx::query!(
            "-- delivery.sent_last
            select d.id from delivery d join delivery_body b on b.delivery_id = d.id
            where d.lead_id = $1 and d.event = 'lead.matured' and ($2::uuid is null or d.client_id = $2) order by b.at desc, d.id limit 1",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| DeliveryId::from_uuid(row.id)))
    }

    /// The lead of a delivery; none where the scope has none.
    pub async fn delivery_lead(&mut self, scope: Scope, delivery: DeliveryId) -> Result<Option<LeadId>, StoreError> {
        let lead = sqlx::query_scalar!(
            "-- delivery.lead_of
            select lead_id from delivery where id = $1 and ($2::uuid is null or client_id = $2)",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(lead.map(LeadId::from_uuid))
    }
}

/// Where a page begins; the highest id where it is the first.
fn before(filter: &DeliveryFilter) -> Uuid {
    filter.after.map_or(Uuid::max(), DeliveryId::uuid)
}
