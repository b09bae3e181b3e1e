//! What does not go on by itself, or not now: deliveries that are held or dead, messages and arrivals that wait for a person,
//! consents that are looked at.

use std::fmt;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ripen_domain::id::LeadId;
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    queues::cursor::{QueueCursor, QueueSpan},
};

/// A list of what is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StuckKind {
    /// Deliveries that go on by themselves at their time.
    Held,
    /// Deliveries that were given up.
    Dead,
    /// Messages that could not be handled.
    Letters,
    /// Arrivals that are kept and not worked.
    Quarantine,
    /// Leads whose consent is looked at.
    Reviews,
}

impl StuckKind {
    /// Every list, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Held, Self::Dead, Self::Letters, Self::Quarantine, Self::Reviews];

    /// As addresses have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Dead => "dead",
            Self::Letters => "letters",
            Self::Quarantine => "quarantine",
            Self::Reviews => "reviews",
        }
    }
}

/// Who sent what is in quarantine, as they said it: whoever lets it go or gives it up judges by that.
#[derive(Clone, PartialEq, Eq)]
pub struct ArrivalSender {
    /// Their name.
    pub name: Option<String>,
    /// Their mail address.
    pub email: Option<String>,
    /// Their number as it is stored: E.164, and the extension where there is one.
    pub phone: Option<String>,
    /// The name of the source that it came by.
    pub source: String,
}

/// Contact data, but for the source.
impl fmt::Debug for ArrivalSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrivalSender").field("source", &self.source).finish_non_exhaustive()
    }
}

/// One thing that is stuck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckRow {
    /// What: a delivery, a letter, an arrival, a review.
    pub id: Uuid,
    /// The lead, where there is one.
    pub lead: Option<LeadId>,
    /// Who, where that is known; of an arrival its source.
    pub name: Option<String>,
    /// Of an arrival, who sent it.
    pub sender: Option<ArrivalSender>,
    /// The client's name; none where nobody knows whose it is.
    pub client: Option<String>,
    /// Since when; of what is held, until when, and none where that has no date.
    pub at: Option<Timestamp>,
    /// Why, in words.
    pub why: String,
    /// Where a page that ends with it ends.
    pub cursor: QueueCursor,
}

struct StuckColumns {
    id: Uuid,
    lead_id: Option<Uuid>,
    name: Option<String>,
    client: Option<String>,
    at: jiff_sqlx::Timestamp,
    is_undated: bool,
    why: String,
}

impl StuckColumns {
    fn row(self) -> StuckRow {
        let lead = self.lead_id.map(LeadId::from_uuid);
        let cursor = QueueCursor { at: self.at.to_jiff(), id: self.id };
        let at = Some(cursor.at).filter(|_| !self.is_undated);
        StuckRow { id: self.id, lead, name: self.name, sender: None, client: self.client, at, why: self.why, cursor }
    }
}

struct StuckArrivalColumns {
    id: Uuid,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    source: String,
    client: String,
    at: jiff_sqlx::Timestamp,
    why: String,
}

impl StuckArrivalColumns {
    fn row(self) -> StuckRow {
        let cursor = QueueCursor { at: self.at.to_jiff(), id: self.id };
        let source = self.source.clone();
        let sender = ArrivalSender { name: self.name, email: self.email, phone: self.phone, source: self.source };
        StuckRow {
            id: self.id,
            lead: None,
            name: Some(source),
            sender: Some(sender),
            client: Some(self.client),
            at: Some(cursor.at),
            why: self.why,
            cursor,
        }
    }
}

impl Store {
    /// What is stuck, the oldest first; of what was given up, the last.
    pub async fn stuck(&self, scope: Scope, kind: StuckKind, span: QueueSpan) -> Result<Vec<StuckRow>, StoreError> {
        let rows = match kind {
            StuckKind::Held => self.stuck_held(scope, span, false).await?,
            StuckKind::Dead => self.stuck_dead(scope, span).await?,
            StuckKind::Letters => self.stuck_letters(scope, span).await?,
            StuckKind::Quarantine => return self.stuck_arrivals(scope, span).await,
            StuckKind::Reviews => self.stuck_reviews(scope, span).await?,
        };
        Ok(rows.into_iter().map(StuckColumns::row).collect())
    }

    /// Of what is held, what goes on when somebody does something, and at no date.
    pub async fn stuck_undated(&self, scope: Scope, span: QueueSpan) -> Result<Vec<StuckRow>, StoreError> {
        Ok(self.stuck_held(scope, span, true).await?.into_iter().map(StuckColumns::row).collect())
    }

    async fn stuck_held(&self, scope: Scope, span: QueueSpan, undated: bool) -> Result<Vec<StuckColumns>, StoreError> {
        let rows = sqlx::query_as!(
            StuckColumns,
            r#"-- queues.held
            select d.id, d.lead_id as "lead_id?", coalesce(p.name, nullif(concat_ws(' ', p.first_name, p.last_name), '')) as name,
                   c.name as "client?", d.due_at as at, d.reason_code is not distinct from 'undated' as "is_undated!", coalesce(d.reason, '') as "why!"
            from client c join delivery d on d.client_id = c.id
            join lead l on l.id = d.lead_id join person p on p.id = l.person_id
            where d.state = 'held' and d.event = 'lead.matured' and ($1::uuid is null or c.id = $1)
              and (d.due_at, d.id) > ($3::timestamptz, $4::uuid) and (not $5 or d.reason_code = 'undated')
            order by d.due_at, d.id limit $2"#,
            scope.client_uuid(),
            span.limit,
            span.after().at.to_sqlx(),
            span.after().id,
            undated
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    /// What was given up and is not followed up yet, and what nobody else was given: until somebody does something of that lead it stands
    /// here, once, by the last that was given up of it and is no program beside another one. The last first: what one client's endpoint
    /// left in a week would hide what nobody has since today.
    async fn stuck_dead(&self, scope: Scope, span: QueueSpan) -> Result<Vec<StuckColumns>, StoreError> {
        let after = span.after.unwrap_or(QueueCursor::LAST);
        let rows = sqlx::query_as!(
            StuckColumns,
            r#"-- queues.dead
            select d.id, d.lead_id as "lead_id?", coalesce(p.name, nullif(concat_ws(' ', p.first_name, p.last_name), '')) as name,
                   c.name as "client?", d.ended_at as "at!", false as "is_undated!", coalesce(d.reason, '') as "why!"
            from delivery d join client c on c.id = d.client_id
            join lead l on l.id = d.lead_id join person p on p.id = l.person_id
            where d.state = 'dead' and d.event = 'lead.matured' and ($1::uuid is null or d.client_id = $1)
              and (d.ended_at, d.id) < ($3::timestamptz, $4::uuid)
              and (d.followed_up_at is null or d.followed_up_at < d.ended_at
                   or not exists (select from lead_to_give g where g.maturation_id = d.maturation_id and g.why_not is not null)
                      and not delivery_is_had(d.id)
                      and not exists (select from delivery o
                                      where o.maturation_id = d.maturation_id and o.event = 'lead.matured' and o.id <> d.id
                                        and (o.endpoint_id is null and o.state = 'held'
                                             or o.state = 'dead' and (o.ended_at, o.id) > (d.ended_at, d.id) and not delivery_is_had(o.id)))
                      and not exists (select from delivery o join outcome s on s.delivery_id = o.id where o.maturation_id = d.maturation_id))
            order by d.ended_at desc, d.id desc limit $2"#,
            scope.client_uuid(),
            span.limit,
            after.at.to_sqlx(),
            after.id
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    async fn stuck_letters(&self, scope: Scope, span: QueueSpan) -> Result<Vec<StuckColumns>, StoreError> {
        // Whose message it would be is not known: only who sees the whole firm sees any.
        let rows = sqlx::query_as!(
            StuckColumns,
            r#"-- queues.letters
            select id, null::uuid as lead_id, null::text as name, null::text as client, at, false as "is_undated!", reason as why from dead_letter
            where state = 'waiting' and $1::uuid is null and (at, id) > ($3::timestamptz, $4::uuid) order by at, id limit $2"#,
            scope.client_uuid(),
            span.limit,
            span.after().at.to_sqlx(),
            span.after().id
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    async fn stuck_arrivals(&self, scope: Scope, span: QueueSpan) -> Result<Vec<StuckRow>, StoreError> {
        let rows = sqlx::query_as!(
            StuckArrivalColumns,
            r#"-- queues.quarantine
            select a.id, coalesce(nullif(a.submission ->> 'name', ''),
                                  nullif(concat_ws(' ', a.submission ->> 'first_name', a.submission ->> 'last_name'), '')) as "name?",
                   a.submission ->> 'email' as "email?", a.submission ->> 'phone' as "phone?", s.name as "source!", c.name as "client!",
                   a.received_at as at, a.reason as "why!"
            from arrival a join client c on c.id = a.client_id join source s on s.id = a.source_id
            where a.state = 'quarantined' and a.released_at is null and a.dropped_at is null and ($1::uuid is null or a.client_id = $1)
              and (a.received_at, a.id) > ($3::timestamptz, $4::uuid)
            order by a.received_at, a.id limit $2"#,
            scope.client_uuid(),
            span.limit,
            span.after().at.to_sqlx(),
            span.after().id
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows.into_iter().map(StuckArrivalColumns::row).collect())
    }

    async fn stuck_reviews(&self, scope: Scope, span: QueueSpan) -> Result<Vec<StuckColumns>, StoreError> {
        let rows = sqlx::query_as!(
            StuckColumns,
            r#"-- queues.reviews
            select r.id, r.lead_id as "lead_id?", coalesce(p.name, nullif(concat_ws(' ', p.first_name, p.last_name), '')) as name,
                   c.name as "client?", r.opened_at as at, false as "is_undated!", r.why
            from consent_review r join client c on c.id = r.client_id
            join lead l on l.id = r.lead_id join person p on p.id = l.person_id
            where r.closed_at is null and ($1::uuid is null or r.client_id = $1)
              and (r.opened_at, r.id) > ($3::timestamptz, $4::uuid) order by r.opened_at, r.id limit $2"#,
            scope.client_uuid(),
            span.limit,
            span.after().at.to_sqlx(),
            span.after().id
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }
}

#[cfg(test)]
mod tests;
