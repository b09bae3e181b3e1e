//! Leases of leads: one agent at a time has a lead open. A lease ends with its disposition, by leaving, or by silence, which the
//! database's own clock measures.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    desk::{AgentTerms, LEASE, Rank},
    id::{ClientId, LeadId, UserId},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, error::word};

/// A lead that somebody has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskLease {
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// Who has it.
    pub user: UserId,
    /// This taking of it.
    pub lease: Uuid,
    /// Where it stood in the order.
    pub rank: Rank,
    /// Why, in words.
    pub why: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// A lease to take.
#[derive(Debug, Clone, Copy)]
pub struct NewLease<'a> {
    /// The lead.
    pub lead: LeadId,
    /// For whom.
    pub user: UserId,
    /// This taking of it.
    pub lease: Uuid,
    /// Where it stood in the order.
    pub rank: Rank,
    /// Why, in words.
    pub why: &'a str,
    /// Where it is opened once more, the number at which it was opened before; that of now where there is none.
    pub phone: Option<&'a str>,
}

/// A lease as a page names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseRef {
    /// The lead.
    pub lead: LeadId,
    /// Who took it.
    pub user: UserId,
    /// Which taking of it.
    pub lease: Uuid,
}

/// Who works, and whether they still may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskAgent {
    /// What they may be handed.
    pub terms: AgentTerms,
    /// They sign in no more.
    pub is_paused: bool,
}

struct LeaseRow {
    lead_id: Uuid,
    client_id: Uuid,
    user_id: Uuid,
    lease: Uuid,
    kind: String,
    why: String,
    taken_at: jiff_sqlx::Timestamp,
    leased_until: jiff_sqlx::Timestamp,
}

impl LeaseRow {
    fn record(self) -> Result<DeskLease, StoreError> {
        Ok(DeskLease {
            lead: LeadId::from_uuid(self.lead_id),
            client: ClientId::from_uuid(self.client_id),
            user: UserId::from_uuid(self.user_id),
            lease: self.lease,
            rank: word(&self.kind)?,
            why: self.why,
            taken_at: self.taken_at.to_jiff(),
            until: self.leased_until.to_jiff(),
        })
    }
}

fn seconds(length: SignedDuration) -> f64 {
    length.as_secs_f64()
}

impl Transaction {
    /// What an agent may be handed, with their account held until the transaction ends: two pages of one agent take one lead, and
    /// whoever pauses the account waits, and then gives back what was taken.
    pub async fn desk_agent(&mut self, user: UserId) -> Result<Option<DeskAgent>, StoreError> {
        let row = sqlx::query!(
            "-- desk.agent
            select state, languages, clients from user_account where id = $1 for no key update",
            user.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| DeskAgent {
            terms: AgentTerms {
                user: Some(user),
                languages: row.languages,
                clients: row.clients.into_iter().map(ClientId::from_uuid).collect(),
            },
            is_paused: row.state == "paused",
        }))
    }

    /// The clients that an agent works for; empty for all.
    pub async fn desk_agent_clients(&mut self, user: UserId) -> Result<Vec<ClientId>, StoreError> {
        // Without a lock: whoever takes a lead locks the account before the lead, and an act on a lead comes the other way round.
        let clients = sqlx::query_scalar!(
            "-- desk.agent_clients
            select clients from user_account where id = $1",
            user.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(clients.unwrap_or_default().into_iter().map(ClientId::from_uuid).collect())
    }

    /// Who could be handed a lead: the agents who sign in, or where there are none whoever else of the firm does.
    pub async fn desk_team(&mut self) -> Result<Vec<AgentTerms>, StoreError> {
        let rows = sqlx::query!(
            "-- desk.team
            select id, languages, clients from user_account u where state = 'active' and role <> 'broker'
              and (role = 'agent' or not exists (select from user_account a where a.state = 'active' and a.role = 'agent'))"
        )
        .fetch_all(self.connection())
        .await?;
        let terms = rows.into_iter().map(|row| AgentTerms {
            user: Some(UserId::from_uuid(row.id)),
            languages: row.languages,
            clients: row.clients.into_iter().map(ClientId::from_uuid).collect(),
        });
        Ok(terms.collect())
    }

    /// The leads that an agent has open, the newest first.
    pub async fn desk_leases_of(&mut self, user: UserId) -> Result<Vec<DeskLease>, StoreError> {
        let rows = sqlx::query_as!(
            LeaseRow,
            "-- desk_lease.of_user
            select lead_id, client_id, user_id, lease, kind, why, taken_at, leased_until from desk_lease
            where user_id = $1 and leased_until > clock_timestamp() order by taken_at desc, lead_id",
            user.uuid()
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(LeaseRow::record).collect()
    }

    /// Takes a lead that nobody has open; none where somebody has, or works on it this very moment.
    pub async fn desk_lease_take(
        &mut self,
        scope: Scope,
        new: &NewLease<'_>,
        now: Timestamp,
    ) -> Result<Option<DeskLease>, StoreError> {
        // The lead itself first, and never waited for: of ten agents who want the same one, nine go on to the next.
        let row = sqlx::query_as!(
            LeaseRow,
            "-- desk_lease.take
            with free as materialized (
              select id, client_id, person_id from lead where id = $1 and ($2::uuid is null or client_id = $2) for update skip locked
            )
            insert into desk_lease as d (lead_id, client_id, user_id, lease, kind, why, taken_at, leased_until, phone)
            select id, client_id, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8),
                   (select coalesce(p.phone || coalesce(';ext=' || p.phone_extension, ''), '') from person p where p.id = person_id)
            from free
            on conflict (lead_id) do update set client_id = excluded.client_id, user_id = excluded.user_id, lease = excluded.lease,
              kind = excluded.kind, why = excluded.why, taken_at = excluded.taken_at, leased_until = excluded.leased_until,
              phone = excluded.phone
            where d.leased_until <= clock_timestamp()
            returning lead_id, client_id, user_id, lease, kind, why, taken_at, leased_until",
            new.lead.uuid(),
            scope.client_uuid(),
            new.user.uuid(),
            new.lease,
            new.rank.word(),
            new.why,
            now.to_sqlx(),
            seconds(LEASE)
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(LeaseRow::record).transpose()
    }

    /// Opens a lead by its name for an agent, also where they have it open already; none where somebody else has.
    pub async fn desk_lease_open(
        &mut self,
        scope: Scope,
        new: &NewLease<'_>,
        now: Timestamp,
    ) -> Result<Option<DeskLease>, StoreError> {
        // Without the lead's lock: a decision that is being made of it does not keep anybody from looking.
        let row = sqlx::query_as!(
            LeaseRow,
            "-- desk_lease.open
            insert into desk_lease as d (lead_id, client_id, user_id, lease, kind, why, taken_at, leased_until, phone)
            select id, client_id, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8),
                   coalesce($9, (select coalesce(p.phone || coalesce(';ext=' || p.phone_extension, ''), '') from person p where p.id = person_id))
            from lead where id = $1 and ($2::uuid is null or client_id = $2)
            on conflict (lead_id) do update set
              lease = case when d.user_id = excluded.user_id and d.leased_until > clock_timestamp() then d.lease else excluded.lease end,
              kind = case when d.user_id = excluded.user_id and d.leased_until > clock_timestamp() then d.kind else excluded.kind end,
              why = case when d.user_id = excluded.user_id and d.leased_until > clock_timestamp() then d.why else excluded.why end,
              taken_at = case when d.user_id = excluded.user_id and d.leased_until > clock_timestamp() then d.taken_at else excluded.taken_at end,
              phone = case when d.user_id = excluded.user_id and d.leased_until > clock_timestamp() then d.phone else excluded.phone end,
              client_id = excluded.client_id, user_id = excluded.user_id, leased_until = excluded.leased_until
            where d.leased_until <= clock_timestamp() or d.user_id = excluded.user_id
            returning lead_id, client_id, user_id, lease, kind, why, taken_at, leased_until",
            new.lead.uuid(),
            scope.client_uuid(),
            new.user.uuid(),
            new.lease,
            new.rank.word(),
            new.why,
            now.to_sqlx(),
            seconds(LEASE),
            new.phone
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(LeaseRow::record).transpose()
    }

    /// Keeps a lead open, also after a silence in which nobody else took it; gives until when. None where it is held no more.
    pub async fn desk_lease_renew(&mut self, of: LeaseRef) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query!(
            "-- desk_lease.renew
            update desk_lease set leased_until = clock_timestamp() + make_interval(secs => $4)
            where lead_id = $1 and user_id = $2 and lease = $3 returning leased_until",
            of.lead.uuid(),
            of.user.uuid(),
            of.lease,
            seconds(LEASE)
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.leased_until.to_jiff()))
    }

    /// The number that the person was known by when a lead was taken, as it is stored; empty where there was none. None where nobody
    /// knows: the lease is not there, or an older version took it.
    pub async fn desk_lease_number(&mut self, of: LeaseRef) -> Result<Option<String>, StoreError> {
        let number = sqlx::query_scalar!(
            "-- desk_lease.number
            select phone from desk_lease where lead_id = $1 and user_id = $2 and lease = $3",
            of.lead.uuid(),
            of.user.uuid(),
            of.lease
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(number.flatten())
    }

    /// Ends a lease; whether it was there.
    pub async fn desk_lease_end(&mut self, of: LeaseRef) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- desk_lease.end
            delete from desk_lease where lead_id = $1 and user_id = $2 and lease = $3",
            of.lead.uuid(),
            of.user.uuid(),
            of.lease
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The name of whoever has a lead open that is not this user.
    pub async fn desk_lease_holder(&mut self, lead: LeadId, but: UserId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query!(
            "-- desk_lease.holder
            select u.name from desk_lease d join user_account u on u.id = d.user_id
            where d.lead_id = $1 and d.user_id <> $2 and d.leased_until > clock_timestamp()",
            lead.uuid(),
            but.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.name))
    }

    /// Gives back everything that a user has open; how many leads.
    pub async fn desk_leases_end(&mut self, user: UserId) -> Result<u64, StoreError> {
        let done = sqlx::query!("-- desk_lease.end_all\ndelete from desk_lease where user_id = $1", user.uuid())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }
}

impl Store {
    /// The leads that an agent has open, the newest first.
    pub async fn open_leases_of(&self, user: UserId) -> Result<Vec<DeskLease>, StoreError> {
        self.begin().await?.desk_leases_of(user).await
    }
}
