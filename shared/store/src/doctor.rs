//! What `ripen doctor` asks the database: the invariants that no single row can promise.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ripen_domain::id::LeadId;

use crate::{Scope, Store, StoreError};

/// One invariant and how many rows break it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedInvariant {
    /// What must hold.
    pub invariant: &'static str,
    /// Rows that break it.
    pub broken: i64,
}

/// How much was given up and waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    /// Dead letters.
    pub letters: i64,
    /// Dead deliveries.
    pub deliveries: i64,
    /// Mails of appointments ahead that could not be sent.
    pub notices: i64,
}

/// What waits for a client that is paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PausedClient {
    /// Its slug.
    pub client: String,
    /// Leads that it gets when it is resumed.
    pub leads: i64,
    /// What it is told then: offers, and what is new of leads that it has.
    pub news: i64,
}

/// A lead of somebody who must not be contacted, of which an endpoint that was sent it was never told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntoldLead {
    /// It.
    pub lead: LeadId,
    /// How many there are in all.
    pub all: i64,
}

impl Store {
    /// The oldest leads of persons who must not be contacted of which an endpoint that was sent them was never told.
    pub async fn leads_untold(&self, scope: Scope) -> Result<Vec<UntoldLead>, StoreError> {
        // As `event.ever_had` looks for whom to tell.
        let rows = sqlx::query!(
            r#"-- doctor.leads_untold
            select l.id, count(*) over () as "all!" from lead l join person p on p.id = l.person_id
            where p.do_not_contact and ($1::uuid is null or l.client_id = $1)
              and exists (select from delivery d
                          where d.lead_id = l.id and d.endpoint_id is not null and d.event = 'lead.matured' and d.attempts > 0
                            and not exists (select from delivery t
                                            where t.lead_id = l.id and t.endpoint_id = d.endpoint_id and t.event = 'lead.suppressed'))
            order by l.id limit 5"#,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows.into_iter().map(|row| UntoldLead { lead: LeadId::from_uuid(row.id), all: row.all }).collect())
    }

    /// The slugs of clients that are sent leads and have no mailbox but their reps': nobody there is told of what could not be
    /// delivered, or of an endpoint that fails.
    pub async fn clients_untold(&self, scope: Scope) -> Result<Vec<String>, StoreError> {
        // As `dead.lock` and `endpoint.to_alert` look for whom to tell.
        let slugs = sqlx::query_scalar!(
            "-- doctor.clients_untold
            select c.slug from client c
            where c.state <> 'paused' and ($1::uuid is null or c.id = $1)
              and exists (select from endpoint e where e.client_id = c.id and e.state = 'enabled')
              and not exists (select from endpoint e where e.client_id = c.id and e.kind = 'email' and e.state = 'enabled' and e.rep_id is null)
            order by c.slug",
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(slugs)
    }

    /// Counts what breaks the invariants; every count should be 0.
    pub async fn findings(&self) -> Result<Vec<CheckedInvariant>, StoreError> {
        // One statement, one snapshot: counted apart, a batch that commits in between would look like a broken
        // invariant.
        let row = sqlx::query!(
            r#"-- doctor.findings
            select
              (select count(*) from lead l where l.stage in ('lead', 'contact', 'opportunity')
                and not exists (select 1 from promise p where p.lead_id = l.id and p.state in ('scheduled', 'work'))
                and not exists (select 1 from delivery d where d.lead_id = l.id and d.event = 'lead.matured' and d.state in ('pending', 'held', 'leased')))
                as "adrift!",
              (select count(*) from arrival_seen s where s.ended in ('lead', 'quarantined')
                and not exists (select 1 from arrival a where a.id = s.id)) as "unstored!",
              (select count(*) from arrival a where a.lead_id is not null
                and not exists (select 1 from lead l where l.id = a.lead_id and l.client_id = a.client_id)) as "strayed!",
              (select count(*) from lead l where not exists
                (select 1 from person p where p.id = l.person_id and p.client_id = l.client_id)) as "faceless!",
              (select count(*) from maturation m where not exists (select 1 from delivery d where d.maturation_id = m.id)) as "unowed!",
              (select count(*) from delivery d join maturation m on m.id = d.maturation_id join decision x on x.id = m.decision_id
                where x.grade <> 'A') as "ungraded!",
              (select count(*) from delivery d join endpoint e on e.id = d.endpoint_id where e.client_id <> d.client_id) as "crossed!",
              (select count(*) from appointment a join appointment b on b.rep_id = a.rep_id and b.id > a.id
                and b.starts_at < a.ends_at and b.ends_at > a.starts_at
                where a.state = 'booked' and b.state = 'booked') as "doubled!",
              (select count(*) from delivery_body b
                where not exists (select 1 from delivery_place p where p.delivery_id = b.delivery_id)) as "unlisted!"
            "#
        )
        // The lists' pool: counting over all leads must not take a connection from the batches.
        .fetch_one(&self.lists)
        .await?;
        Ok(vec![
            CheckedInvariant { invariant: "every open lead has a promise or a delivery under way", broken: row.adrift },
            CheckedInvariant { invariant: "every arrival that was seen is stored", broken: row.unstored },
            CheckedInvariant { invariant: "every arrival is on a lead of its own client", broken: row.strayed },
            CheckedInvariant { invariant: "every lead is of a person of its own client", broken: row.faceless },
            CheckedInvariant { invariant: "every maturation is owed to somebody", broken: row.unowed },
            CheckedInvariant { invariant: "only A leads are delivered", broken: row.ungraded },
            CheckedInvariant { invariant: "no delivery crosses to another client's endpoint", broken: row.crossed },
            CheckedInvariant { invariant: "no rep has two appointments at once", broken: row.doubled },
            CheckedInvariant { invariant: "every body that was sent is in its client's list", broken: row.unlisted },
        ])
    }

    /// Version of the server, and how many connections it allows.
    pub async fn server(&self) -> Result<(String, i32), StoreError> {
        let row = sqlx::query!(
            r#"-- doctor.server
            select current_setting('server_version') as "version!", current_setting('max_connections')::integer as "connections!""#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((row.version, row.connections))
    }

    /// How many locks the server has room for.
    pub async fn lock_room(&self) -> Result<i64, StoreError> {
        let row = sqlx::query!(
            r#"-- doctor.lock_room
            select current_setting('max_locks_per_transaction')::bigint
                   * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint) as "room!""#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.room)
    }

    /// Clients that are paused and have something waiting, by slug.
    pub async fn clients_paused(&self, scope: Scope) -> Result<Vec<PausedClient>, StoreError> {
        // Without what stops somebody: that passes a pause, and waits for another reason where it does.
        let rows = sqlx::query!(
            r#"-- doctor.clients_paused
            select c.slug, w.leads as "leads!", w.news as "news!" from client c cross join lateral (
              select count(distinct d.lead_id) filter (where d.event = 'lead.matured') as leads, count(*) filter (where d.event <> 'lead.matured') as news
              from delivery d
              where d.client_id = c.id and d.state in ('pending', 'held') and d.event not in ('lead.recalled', 'lead.suppressed')) w
            where c.state = 'paused' and w.leads + w.news > 0 and ($1::uuid is null or c.id = $1)
            order by c.slug"#,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let paused = rows.into_iter().map(|row| PausedClient { client: row.slug, leads: row.leads, news: row.news });
        Ok(paused.collect())
    }

    /// How many dead letters wait for a person, how many deliveries are dead, and how many notices of what is still ahead.
    pub async fn given_up(&self, now: Timestamp) -> Result<GivenUp, StoreError> {
        // A notice about a time that is past needs nobody any more.
        let row = sqlx::query!(
            r#"-- doctor.given_up
            select (select count(*) from dead_letter where state = 'waiting') as "letters!",
                   (select count(*) from delivery where state = 'dead') as "deliveries!",
                   (select count(*) from notice n join appointment a on a.id = n.appointment_id
                    where n.state = 'dead' and a.starts_at > $1) as "notices!""#,
            now.to_sqlx()
        )
        .fetch_one(&self.lists)
        .await?;
        Ok(GivenUp { letters: row.letters, deliveries: row.deliveries, notices: row.notices })
    }
}

#[cfg(test)]
mod tests;
