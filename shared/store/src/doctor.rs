//! What `ripen doctor` asks the database: the invariants that no single row can promise.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ripen_domain::id::{ArrivalId, LeadId};

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

/// A source of which everything that came lately is quarantined for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedSource {
    /// Its name.
    pub name: String,
    /// The slug of its client.
    pub client: String,
    /// Why, in a word.
    pub reason: String,
    /// How many wait for a person.
    pub count: i64,
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

/// A wish not to be contacted that came to a version before, which kept it with the arrival and did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnheardWish {
    /// The arrival that says so.
    pub arrival: ArrivalId,
    /// The lead of its person; none where it lies in the quarantine.
    pub lead: Option<LeadId>,
    /// How many there are in all.
    pub all: i64,
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
    /// The oldest wishes not to be contacted that a version before did not hear, which had no codes: said of a person who was known, or
    /// in the quarantine. One that was heard and lifted since is among them where it is as old.
    pub async fn wishes_unheard(&self, scope: Scope) -> Result<Vec<UnheardWish>, StoreError> {
        // A day longer: for as long processes of that version may have gone on. Not where there was none.
        let rows = sqlx::query!(
            r#"-- doctor.wishes_unheard
            select a.id, a.lead_id, count(*) over () as "all!"
            from arrival a left join person p on p.id = a.person_id
            where a.flags @> array['do_not_contact'] and ($1::uuid is null or a.client_id = $1)
              and a.received_at < (select m.installed_on + interval '1 day' from _sqlx_migrations m
                                 where m.version = 37 and m.installed_on > (select min(installed_on) + interval '1 hour' from _sqlx_migrations))
              and (not p.do_not_contact
                   or a.state = 'quarantined' and a.reason in ('key_reused', 'source_paused') and a.released_at is null and a.dropped_at is null)
            order by a.received_at, a.id limit 5"#,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let found = rows.into_iter().map(|row| UnheardWish {
            arrival: ArrivalId::from_uuid(row.id),
            lead: row.lead_id.map(LeadId::from_uuid),
            all: row.all,
        });
        Ok(found.collect())
    }

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

    /// Sources of which the last five arrivals since then, or more, are in the quarantine for one reason, but for that of a pause: it is
    /// their sender who does something wrong, and not one lead.
    pub async fn sources_in_quarantine(
        &self,
        scope: Scope,
        since: Timestamp,
    ) -> Result<Vec<QuarantinedSource>, StoreError> {
        let rows = sqlx::query!(
            r#"-- doctor.sources_in_quarantine
            with many as (
              select source_id, reason, count(*) as kept, (array_agg(received_at order by received_at desc))[5] as fifth_at
              from arrival
              where state = 'quarantined' and released_at is null and dropped_at is null and reason <> 'source_paused' and received_at >= $1
              group by source_id, reason having count(*) >= 5
            )
            select s.name, c.slug, m.reason as "reason!", m.kept as "kept!"
            from many m join source s on s.id = m.source_id join client c on c.id = s.client_id
            where ($2::uuid is null or s.client_id = $2)
              and not exists (select from arrival a
                              where a.client_id = s.client_id and a.received_at >= m.fifth_at and a.source_id = m.source_id
                                and (a.state <> 'quarantined' or a.reason is distinct from m.reason))
            order by c.slug, s.name"#,
            since.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let found = rows.into_iter().map(|row| QuarantinedSource {
            name: row.name,
            client: row.slug,
            reason: row.reason,
            count: row.kept,
        });
        Ok(found.collect())
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
