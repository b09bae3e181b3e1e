//! Candidates for the next lead: of each rank a bounded number, read from an index that has them in the order of the rank, so
//! that the cost does not grow with what waits. Which of them is handed out, the domain's order and the gates decide.
//!
//! A lead that somebody has open, and one that was looked at and may not be called yet, is passed over. Of those that nobody has called
//! or reached very many may sleep: they are left out by their index. Of the others few do, and each is looked up.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    calling::{Place, Whereabouts},
    id::{ClientId, LeadId, UserId},
    lead::Grade,
};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction, error::word};

/// At most so many promised calls of the agent's own, and so many of all others: one's own are found however many are late.
const PROMISED: i64 = 40;
/// An enquiry older than this is not fresh in any calendar of hours: weekends and holidays included.
const FRESH_WITHIN: SignedDuration = SignedDuration::from_hours(6 * 24);

/// From which list candidates are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskList {
    /// Calls that were agreed and are due.
    Promised,
    /// Nobody touched them; the newest.
    Fresh,
    /// Nobody touched them; the oldest.
    Untouched,
    /// Given back to the desk: by their client, or opened again.
    Returned,
    /// Computed dates that are due.
    Due,
    /// Tried in vain, by grade and points.
    Rest,
}

/// Whom candidates are for.
#[derive(Debug, Clone, Copy)]
pub struct CandidatesFor<'a> {
    /// Of these clients.
    pub clients: &'a [ClientId],
    /// Nobody whose locale begins with one of these words; none where any language is spoken. A locale that says no language that is
    /// known keeps its person from nobody.
    pub unspoken: &'a [String],
    /// At most so many of each client.
    pub of_each: i64,
    /// Whose own promises are read whatever else is due.
    pub user: Option<UserId>,
}

/// A candidate, with where its person may be.
#[derive(Debug, Clone, PartialEq)]
pub struct QueuedLead {
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// When the promise fell due that it was found by.
    pub due_at: Option<Timestamp>,
    /// It was agreed with the person.
    pub is_agreed: bool,
    /// It was given back to the desk, which nobody agreed with the person.
    pub is_put_back: bool,
    /// Who promised the call.
    pub promised_by: Option<UserId>,
    /// Somebody touched it since the last enquiry.
    pub is_touched: bool,
    /// It came on a list, or with others in one request.
    pub is_bulk: bool,
    /// The last enquiry.
    pub enquired_at: Timestamp,
    /// The last grade.
    pub grade: Option<Grade>,
    /// The last points.
    pub score: i32,
    /// Where the person may be.
    pub places: Vec<Place>,
}

struct QueuedRow {
    id: Uuid,
    client_id: Uuid,
    due_at: Option<jiff_sqlx::Timestamp>,
    agreed: Option<bool>,
    promised_by: Option<Uuid>,
    touched: bool,
    in_bulk: bool,
    last_enquiry_at: jiff_sqlx::Timestamp,
    grade: Option<String>,
    score: Option<i32>,
    country: Option<String>,
    postal_code: Option<String>,
    time_zone: Option<String>,
    phone: Option<String>,
    client_country: String,
    client_time_zone: String,
}

impl QueuedRow {
    fn lead(self, list: DeskList) -> Result<QueuedLead, StoreError> {
        let is_put_back = list == DeskList::Returned;
        let whereabouts = Whereabouts {
            time_zone: self.time_zone.as_deref(),
            country: self.country.as_deref().or(Some(&self.client_country)),
            postal_code: self.postal_code.as_deref(),
            phone: self.phone.as_deref(),
            client_time_zone: &self.client_time_zone,
        };
        Ok(QueuedLead {
            lead: LeadId::from_uuid(self.id),
            client: ClientId::from_uuid(self.client_id),
            due_at: self.due_at.map(jiff_sqlx::Timestamp::to_jiff),
            is_agreed: self.agreed.unwrap_or(false) && !is_put_back,
            is_put_back,
            promised_by: self.promised_by.map(UserId::from_uuid),
            is_touched: self.touched,
            is_bulk: self.in_bulk,
            enquired_at: self.last_enquiry_at.to_jiff(),
            grade: self.grade.as_deref().map(word).transpose()?,
            score: self.score.unwrap_or(0),
            places: whereabouts.places(),
        })
    }
}

impl Transaction {
    /// Candidates of a list.
    pub async fn desk_candidates(
        &mut self,
        scope: Scope,
        list: DeskList,
        whom: CandidatesFor<'_>,
        now: Timestamp,
    ) -> Result<Vec<QueuedLead>, StoreError> {
        let clients: Vec<_> =
            whom.clients.iter().filter(|client| scope.covers(**client)).map(|one| one.uuid()).collect();
        let rows = match list {
            DeskList::Promised => self.desk_promised(&clients, whom, now).await?,
            DeskList::Fresh => self.desk_fresh(&clients, whom, now).await?,
            DeskList::Untouched => self.desk_untouched(&clients, whom).await?,
            DeskList::Returned => self.desk_returned(&clients, whom, now).await?,
            DeskList::Due => self.desk_due(&clients, whom, now).await?,
            DeskList::Rest => self.desk_rest(&clients, whom).await?,
        };
        rows.into_iter().map(|row| row.lead(list)).collect()
    }

    async fn desk_promised(
        &mut self,
        clients: &[Uuid],
        whom: CandidatesFor<'_>,
        now: Timestamp,
    ) -> Result<Vec<QueuedRow>, StoreError> {
        let rows = sqlx::query_as!(
            QueuedRow,
            r#"-- desk.promised
            select l.id, l.client_id, p.due_at as "due_at?", p.agreed as "agreed?", p.user_id as "promised_by?",
                   (l.touches > l.touches_before) as "touched!", coalesce(l.in_bulk, l.channel = 'list') as "in_bulk!",
                   l.last_enquiry_at, l.grade, l.score, h.country, h.postal_code, h.time_zone, h.phone,
                   c.country as client_country, c.time_zone as client_time_zone
            from (
              (select p.lead_id, p.due_at, p.agreed, p.user_id from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
              where p.user_id = $5 and p.kind = 'requalify' and p.agreed and p.worked_at is null and p.state in ('scheduled', 'work')
                and p.due_at <= $3 and p.due_at > p.created_at and p.client_id = any($1) and l.stage in ('lead', 'contact', 'opportunity')
                and h.phone is not null and (cardinality($2::text[]) = 0 or h.locale is null or locale_language(h.locale) <> all($2))
                and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
                and not exists (select from desk_wait w where w.lead_id = l.id and w.until > $3 and w.looked_at >= l.last_arrived_at offset 0)
              order by p.due_at limit $4)
              union all
              (select p.lead_id, p.due_at, p.agreed, p.user_id from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
              where p.user_id is distinct from $5 and p.kind = 'requalify' and p.agreed and p.worked_at is null and p.state in ('scheduled', 'work')
                and p.due_at <= $3 and p.due_at > p.created_at and p.client_id = any($1) and l.stage in ('lead', 'contact', 'opportunity')
                and h.phone is not null and (cardinality($2::text[]) = 0 or h.locale is null or locale_language(h.locale) <> all($2))
                and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
                and not exists (select from desk_wait w where w.lead_id = l.id and w.until > $3 and w.looked_at >= l.last_arrived_at offset 0)
              order by p.due_at limit $4)
            ) p
            join lead l on l.id = p.lead_id
            join person h on h.id = l.person_id
            join client c on c.id = l.client_id"#,
            clients,
            whom.unspoken,
            now.to_sqlx(),
            PROMISED,
            whom.user.map(UserId::uuid) as Option<Uuid>
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }

    async fn desk_fresh(
        &mut self,
        clients: &[Uuid],
        whom: CandidatesFor<'_>,
        now: Timestamp,
    ) -> Result<Vec<QueuedRow>, StoreError> {
        let since = now.saturating_sub(FRESH_WITHIN).unwrap_or(Timestamp::MIN);
        let rows = sqlx::query_as!(
            QueuedRow,
            r#"-- desk.fresh
            select f.*, c.country as "client_country!", c.time_zone as "client_time_zone!"
            from unnest($1::uuid[]) as of (client_id)
            cross join lateral (
              select l.id as "id!", l.client_id as "client_id!", null::timestamptz as due_at, false as agreed, null::uuid as promised_by,
                     (l.touches > l.touches_before) as "touched!", coalesce(l.in_bulk, l.channel = 'list') as "in_bulk!", l.last_enquiry_at as "last_enquiry_at!", l.grade, l.score,
                     h.country, h.postal_code, h.time_zone, h.phone
              from lead l join person h on h.id = l.person_id
              where l.client_id = of.client_id and l.stage in ('lead', 'contact', 'opportunity') and l.touches <= l.touches_before
                and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) and not coalesce(l.in_bulk, l.channel = 'list') and l.last_enquiry_at > $3
                and h.phone is not null and (cardinality($2::text[]) = 0 or h.locale is null or locale_language(h.locale) <> all($2))
                and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
                and not exists (select from desk_wait w where w.lead_id = l.id and w.until > $4 and w.looked_at >= l.last_arrived_at offset 0)
              order by l.last_enquiry_at desc, l.id desc limit $5) f
            join client c on c.id = f."client_id!""#,
            clients,
            whom.unspoken,
            since.to_sqlx(),
            now.to_sqlx(),
            whom.of_each
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }

    async fn desk_untouched(
        &mut self,
        clients: &[Uuid],
        whom: CandidatesFor<'_>,
    ) -> Result<Vec<QueuedRow>, StoreError> {
        let rows = sqlx::query_as!(
            QueuedRow,
            r#"-- desk.untouched
            select f.*, c.country as "client_country!", c.time_zone as "client_time_zone!"
            from unnest($1::uuid[]) as of (client_id)
            cross join lateral (
              select l.id as "id!", l.client_id as "client_id!", null::timestamptz as due_at, false as agreed, null::uuid as promised_by,
                     (l.touches > l.touches_before) as "touched!", coalesce(l.in_bulk, l.channel = 'list') as "in_bulk!", l.last_enquiry_at as "last_enquiry_at!", l.grade, l.score,
                     h.country, h.postal_code, h.time_zone, h.phone
              from lead l join person h on h.id = l.person_id
              where l.client_id = of.client_id and l.stage in ('lead', 'contact', 'opportunity') and l.touches <= l.touches_before
                and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at)
                and h.phone is not null and (cardinality($2::text[]) = 0 or h.locale is null or locale_language(h.locale) <> all($2))
                and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
                and not l.asleep
              order by l.last_enquiry_at, l.id limit $3) f
            join client c on c.id = f."client_id!""#,
            clients,
            whom.unspoken,
            whom.of_each
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }

    /// What is made for the very moment was agreed with nobody: the client gave the lead back, or somebody opened it again.
    async fn desk_returned(
        &mut self,
        clients: &[Uuid],
        whom: CandidatesFor<'_>,
        now: Timestamp,
    ) -> Result<Vec<QueuedRow>, StoreError> {
        let rows = sqlx::query_as!(
            QueuedRow,
            r#"-- desk.returned
            select l.id, l.client_id, p.due_at as "due_at?", p.agreed as "agreed?", null::uuid as "promised_by?",
                   (l.touches > l.touches_before) as "touched!", coalesce(l.in_bulk, l.channel = 'list') as "in_bulk!",
                   l.last_enquiry_at, l.grade, l.score, h.country, h.postal_code, h.time_zone, h.phone,
                   c.country as client_country, c.time_zone as client_time_zone
            from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id join client c on c.id = l.client_id
            where p.kind = 'requalify' and p.agreed and p.worked_at is null and p.state in ('scheduled', 'work')
              and p.due_at <= $3 and p.due_at = p.created_at and p.client_id = any($1) and l.stage in ('lead', 'contact', 'opportunity')
              and h.phone is not null and (cardinality($2::text[]) = 0 or h.locale is null or locale_language(h.locale) <> all($2))
              and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
              and not exists (select from desk_wait w where w.lead_id = l.id and w.until > $3 and w.looked_at >= l.last_arrived_at offset 0)
            order by p.due_at limit $4"#,
            clients,
            whom.unspoken,
            now.to_sqlx(),
            PROMISED
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }

    async fn desk_due(
        &mut self,
        clients: &[Uuid],
        whom: CandidatesFor<'_>,
        now: Timestamp,
    ) -> Result<Vec<QueuedRow>, StoreError> {
        let rows = sqlx::query_as!(
            QueuedRow,
            r#"-- desk.due
            select f.*, c.country as "client_country!", c.time_zone as "client_time_zone!"
            from unnest($1::uuid[]) as of (client_id)
            cross join lateral (
              select l.id as "id!", l.client_id as "client_id!", p.due_at, p.agreed, p.user_id as promised_by,
                     (l.touches > l.touches_before) as "touched!", coalesce(l.in_bulk, l.channel = 'list') as "in_bulk!", l.last_enquiry_at as "last_enquiry_at!", l.grade, l.score,
                     h.country, h.postal_code, h.time_zone, h.phone
              from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
              where p.client_id = of.client_id and p.kind = 'requalify' and not p.agreed and p.worked_at is null
                and p.state in ('scheduled', 'work') and p.due_at <= $3 and l.stage in ('lead', 'contact', 'opportunity')
                and h.phone is not null and (cardinality($2::text[]) = 0 or h.locale is null or locale_language(h.locale) <> all($2))
                and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
                and not exists (select from desk_wait w where w.lead_id = l.id and w.until > $3 and w.looked_at >= l.last_arrived_at offset 0)
              order by p.due_at limit $4) f
            join client c on c.id = f."client_id!""#,
            clients,
            whom.unspoken,
            now.to_sqlx(),
            whom.of_each
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }

    async fn desk_rest(&mut self, clients: &[Uuid], whom: CandidatesFor<'_>) -> Result<Vec<QueuedRow>, StoreError> {
        let rows = sqlx::query_as!(
            QueuedRow,
            r#"-- desk.rest
            select f.*, c.country as "client_country!", c.time_zone as "client_time_zone!"
            from unnest($1::uuid[]) as of (client_id)
            cross join lateral (
              select l.id as "id!", l.client_id as "client_id!", null::timestamptz as due_at, false as agreed, null::uuid as promised_by,
                     (l.touches > l.touches_before) as "touched!", coalesce(l.in_bulk, l.channel = 'list') as "in_bulk!", l.last_enquiry_at as "last_enquiry_at!", l.grade, l.score,
                     h.country, h.postal_code, h.time_zone, h.phone
              from lead l join person h on h.id = l.person_id
              where l.client_id = of.client_id and l.stage in ('lead', 'contact', 'opportunity') and l.touches > l.touches_before
                and (l.last_conversation_at is null or l.last_conversation_at < l.last_enquiry_at)
                and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at)
                and h.phone is not null and (cardinality($2::text[]) = 0 or h.locale is null or locale_language(h.locale) <> all($2))
                and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
                and not l.asleep
              order by l.grade, l.score desc, l.id limit $3) f
            join client c on c.id = f."client_id!""#,
            clients,
            whom.unspoken,
            whom.of_each
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }
}
