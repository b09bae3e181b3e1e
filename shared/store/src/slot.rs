//! How processes that deliver share the slots of endpoints: each has a row, renews it, and says between whom it shares. What a
//! share comes to is the database's function `slot_share`, which the lease statement asks as well.

use std::time::Duration;

use ripen_domain::id::EndpointId;
use uuid::Uuid;

use crate::{Store, StoreError};

/// An endpoint with attempts under way in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyEndpoint {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How many.
    pub attempts: i32,
}

/// The place of a process among those that share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotPlace {
    /// How many share; 0 where it has no share.
    pub members: i32,
    /// Its place among them, from 0.
    pub place: i32,
}

impl SlotPlace {
    /// All slots.
    pub const ALONE: Self = Self { members: 1, place: 0 };
    /// No slot.
    pub const NOWHERE: Self = Self { members: 0, place: 0 };

    /// Several places as the statements take them.
    pub(crate) fn columns(places: &[Self]) -> SlotColumns {
        SlotColumns {
            members: places.iter().map(|place| place.members).collect(),
            places: places.iter().map(|place| place.place).collect(),
        }
    }
}

/// Places by column.
pub(crate) struct SlotColumns {
    pub(crate) members: Vec<i32>,
    pub(crate) places: Vec<i32>,
}

/// A process that stays.
#[derive(Debug, Clone, Copy)]
pub struct SlotRenewal<'a> {
    /// Its id.
    pub process: Uuid,
    /// How long it begins attempts on the strength of this renewal.
    pub begins_for: Duration,
    /// How long an attempt may take where the endpoint does not say otherwise; what its own clock may be off by included.
    pub attempt_takes: Duration,
    /// Between whom it shares, in order: it takes no more than that already.
    pub agrees: &'a [Uuid],
    /// Its place among those.
    pub place: SlotPlace,
    /// What it has under way. Where that is still more than its share it does not agree yet.
    pub busy: &'a [BusyEndpoint],
}

/// A process that delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotMember {
    /// Its id.
    pub process: Uuid,
    /// Between whom it shares.
    pub agreed: Vec<Uuid>,
}

/// All processes that deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotMembers {
    /// Whoever asked included; in no order.
    pub members: Vec<SlotMember>,
    /// Who asked was none of them, or not any more: it has no share yet.
    pub is_new: bool,
}

impl Store {
    /// Keeps a process among those that share, and forgets those that did not stay.
    pub async fn slots_renew(&self, renewal: &SlotRenewal<'_>) -> Result<SlotMembers, StoreError> {
        let busy: Vec<_> = renewal.busy.iter().map(|one| one.endpoint.uuid()).collect();
        let counts: Vec<_> = renewal.busy.iter().map(|one| one.attempts).collect();
        // `skip locked`: a process that is late and renews in this moment stays; two that forget each other must not wait for
        // each other.
        let rows = sqlx::query!(
            r#"-- slot.renew
            with forgotten as (
                delete from dispatcher_process where id in (
                    select id from dispatcher_process where expires_at < clock_timestamp() and id <> $1 for update skip locked)
            ), fitting as (
                select not exists (
                    select from unnest($5::uuid[], $6::integer[]) as b (endpoint_id, busy) join endpoint e on e.id = b.endpoint_id
                    where b.busy > slot_share(e.id, e.concurrency, $7, $8)) as fits
            ), renewed as (
                insert into dispatcher_process as p (id, expires_at, agreed)
                select $1, clock_timestamp() + make_interval(secs => $2::float8
                           + greatest($3::float8, (select max(timeout_s) from endpoint where kind = 'webhook'))),
                       case when fits then $4::uuid[] else '{}' end
                from fitting
                on conflict (id) do update set expires_at = excluded.expires_at,
                    agreed = case when excluded.agreed = '{}' then p.agreed else excluded.agreed end
                returning p.id, p.agreed, p.xmax = 0 as is_new
            )
            select id as "id!", agreed as "agreed!", false as "is_new!" from dispatcher_process
            where id <> $1 and expires_at >= clock_timestamp()
            union all select id, agreed, is_new from renewed"#,
            renewal.process,
            renewal.begins_for.as_secs_f64(),
            renewal.attempt_takes.as_secs_f64(),
            renewal.agrees,
            &busy,
            &counts,
            renewal.place.members,
            renewal.place.place
        )
        .fetch_all(&self.pool)
        .await?;
        let is_new = rows.iter().any(|row| row.is_new);
        let members = rows.into_iter().map(|row| SlotMember { process: row.id, agreed: row.agreed });
        Ok(SlotMembers { members: members.collect(), is_new })
    }

    /// Gives a process' share back at once.
    pub async fn slots_leave(&self, process: Uuid) -> Result<(), StoreError> {
        sqlx::query!("-- slot.leave\ndelete from dispatcher_process where id = $1", process)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
