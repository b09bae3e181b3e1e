//! Deliveries as their client reads them: all that was ever sent, in an order in which nothing comes to stand before what
//! was read already.
//!
//! Bodies are frozen by many workers at once, so neither their ids nor their times are in the order in which they become
//! visible. Each gets its place when the client first reads that far, one reader at a time.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::OutcomeKind,
    id::{ClientId, DeliveryId, LeadId, RepId},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, delivery::attempt::AttemptRow, endpoint::record::EndpointKind, error::word,
    outcome::list::OutcomeRecord,
};

/// So many get their place in one transaction.
const PLACED_AT_ONCE: i64 = 5_000;

/// Where to read on.
#[derive(Debug, Clone, Copy, Default)]
pub struct FeedStart {
    /// After this delivery; from the beginning where none is named.
    pub after: Option<DeliveryId>,
    /// Only what was first sent at this instant or later.
    pub since: Option<Timestamp>,
}

/// A delivery that was sent at least once.
#[derive(Debug, Clone)]
pub struct SentRow {
    /// Its id.
    pub id: DeliveryId,
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// `pending`, `held`, `leased`, `delivered`, `filed`, `dead` or `withdrawn`.
    pub state: String,
    /// Webhook or e-mail.
    pub kind: Option<EndpointKind>,
    /// Attempts begun.
    pub attempts: i32,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// When it was delivered, given up or withdrawn.
    pub ended_at: Option<Timestamp>,
    /// What was said last about it.
    pub newest: Option<OutcomeKind>,
    /// The payload, byte for byte.
    pub body: Vec<u8>,
}

/// The rep that a delivery was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentToRep {
    /// Its id.
    pub id: RepId,
    /// Name as people write it.
    pub name: String,
}

/// One delivery with everything that happened to it.
#[derive(Debug, Clone)]
pub struct SentDelivery {
    /// The delivery.
    pub row: SentRow,
    /// The client: name, country, and the reasons for which it returns leads.
    pub client: (String, String, Vec<String>),
    /// The rep it was for.
    pub rep: Option<SentToRep>,
    /// The person asked not to be contacted since.
    pub do_not_contact: bool,
    /// Attempts, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// What was said of it, oldest first.
    pub outcomes: Vec<OutcomeRecord>,
}

struct SentColumns {
    id: Uuid,
    client_id: Uuid,
    lead_id: Uuid,
    state: String,
    kind: Option<String>,
    attempts: i32,
    at: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
    newest: Option<String>,
    body: Vec<u8>,
}

impl SentColumns {
    fn row(self) -> Result<SentRow, StoreError> {
        Ok(SentRow {
            id: DeliveryId::from_uuid(self.id),
            client: ClientId::from_uuid(self.client_id),
            lead: LeadId::from_uuid(self.lead_id),
            state: self.state,
            kind: self.kind.as_deref().map(EndpointKind::read).transpose()?,
            attempts: self.attempts,
            sent_at: self.at.to_jiff(),
            ended_at: self.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            newest: self.newest.as_deref().map(word).transpose()?,
            body: self.body,
        })
    }
}

impl Store {
    /// What was sent to a client, at most `limit`; none where the delivery to read on from was never sent to it.
    pub async fn sent_to(
        &self,
        scope: Scope,
        client: ClientId,
        start: FeedStart,
        limit: i64,
    ) -> Result<Option<Vec<SentRow>>, StoreError> {
        // Asked before the places are given: another client's program must not even make this one's rows move.
        if !scope.covers(client) {
            return Ok(None);
        }
        // Until nothing is left without a place: a reader that stopped early would be told that it has read
        // everything.
        while self.place(client).await? >= PLACED_AT_ONCE.unsigned_abs() {}
        let after = match start.after {
            None => 0,
            Some(delivery) => match self.place_of(client, delivery).await? {
                Some(place) => place,
                None => return Ok(None),
            },
        };
        // A body without a place is left out: listed now, it would be passed over or repeated once it has one.
        let rows = sqlx::query_as!(
            SentColumns,
            r#"-- feed.list
            select d.id, d.client_id, d.lead_id, d.state, e.kind as "kind?", d.attempts, b.at, d.ended_at, b.body,
                   (select o.kind from outcome o where o.delivery_id = d.id order by o.number desc limit 1) as newest
            from delivery_body b join delivery d on d.id = b.delivery_id left join endpoint e on e.id = d.endpoint_id
            where b.client_id = $1 and b.place > $2 and ($3::timestamptz is null or b.at >= $3) order by b.place limit $4"#,
            client.uuid(),
            after,
            start.since.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(SentColumns::row).collect::<Result<_, _>>().map(Some)
    }

    /// One delivery that was sent, with its attempts and outcomes.
    pub async fn sent(&self, scope: Scope, delivery: DeliveryId) -> Result<Option<SentDelivery>, StoreError> {
        let row = sqlx::query_as!(
            SentColumns,
            r#"-- feed.show
            select d.id, d.client_id, d.lead_id, d.state, e.kind as "kind?", d.attempts, b.at, d.ended_at, b.body,
                   (select o.kind from outcome o where o.delivery_id = d.id order by o.number desc limit 1) as newest
            from delivery_body b join delivery d on d.id = b.delivery_id left join endpoint e on e.id = d.endpoint_id
            where b.delivery_id = $1 and ($2::uuid is null or b.client_id = $2)"#,
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let around = sqlx::query!(
            r#"-- feed.around
            select c.name, c.country, c.return_reasons, r.id as "rep_id?", r.name as "rep?", p.do_not_contact
            from delivery d join client c on c.id = d.client_id join lead l on l.id = d.lead_id
            join person p on p.id = l.person_id
            left join endpoint e on e.id = d.endpoint_id
            left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            where d.id = $1"#,
            delivery.uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Some(SentDelivery {
            row: row.row()?,
            client: (around.name, around.country, around.return_reasons),
            rep: around.rep_id.zip(around.rep).map(|(id, name)| SentToRep { id: RepId::from_uuid(id), name }),
            do_not_contact: around.do_not_contact,
            attempts: self.attempts_of(scope, delivery).await?,
            outcomes: self.outcomes_of(scope, delivery).await?,
        }))
    }

    /// The place of a delivery that was sent to the client.
    async fn place_of(&self, client: ClientId, delivery: DeliveryId) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query!(
            "-- feed.place_of
            select place from delivery_body where delivery_id = $1 and client_id = $2",
            delivery.uuid(),
            client.uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        // A place is missing only between the freeze and the next reader: reading from the beginning repeats, and
        // loses nothing.
        Ok(row.map(|row| row.place.unwrap_or(0)))
    }

    /// Gives places to what has none yet, after all that have one; returns to how many. The client's row is the lock:
    /// whoever gives places sees all that were given.
    async fn place(&self, client: ClientId) -> Result<u64, StoreError> {
        // Without a lock first: most reads find nothing new, and should not wait for each other or for the routing.
        let waiting = sqlx::query!(
            r#"-- feed.unplaced
            select exists (select 1 from delivery_body where client_id = $1 and place is null) as "some!""#,
            client.uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        if !waiting.some {
            return Ok(0);
        }
        // No key update of the client: two readers would otherwise both give the next number, and one would miss what
        // the other placed.
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- feed.lock
            select id from client where id = $1 for no key update",
            client.uuid()
        )
        .fetch_optional(&mut *tx)
        .await?;
        // A new statement under READ COMMITTED: the one above cannot see the places that were committed while it
        // waited.
        let done = sqlx::query!(
            "-- feed.place
            update delivery_body b set place = n.place
            from (select delivery_id, row_number() over (order by delivery_id)
                         + (select coalesce(max(place), 0) from delivery_body where client_id = $1 and place is not null) as place
                  from (select delivery_id from delivery_body where client_id = $1 and place is null
                        order by delivery_id limit $2) unplaced) n
            where b.delivery_id = n.delivery_id and b.place is null",
            client.uuid(),
            PLACED_AT_ONCE
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}
