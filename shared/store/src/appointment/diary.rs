//! A rep's diary: when the rep works and which times are taken.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    appointment::{Diary, Slot},
    id::{AppointmentId, RepId},
};

use crate::{
    Scope, Store, StoreError, Transaction,
    pool::BoundedConnection,
    team::state::{RepHours, zone},
};

impl Store {
    /// A rep's diary at `now`. No lock is taken: what is free may be gone the moment after.
    pub async fn diary(&self, scope: Scope, rep: RepId, now: Timestamp) -> Result<Option<Diary>, StoreError> {
        read(self.pool.acquire().await?.bounded(), scope, (rep, None), now).await
    }
}

impl Transaction {
    /// A rep's diary at `now`, without a lock: for showing what is free, and where the rep's clock hangs.
    pub async fn diary(&mut self, scope: Scope, rep: RepId, now: Timestamp) -> Result<Option<Diary>, StoreError> {
        read(self.connection(), scope, (rep, None), now).await
    }

    /// Locks a client's rep and reads what is free: whoever takes a slot does so under this lock, so that no two take the
    /// same. `except` is not counted as taken.
    pub(crate) async fn diary_lock(
        &mut self,
        scope: Scope,
        rep: RepId,
        except: Option<AppointmentId>,
        now: Timestamp,
    ) -> Result<Option<Diary>, StoreError> {
        // No key update: inserts that refer to the rep by a foreign key go on; only others that take a slot wait.
        sqlx::query!(
            "-- appointment.rep_lock
            select id from rep where id = $1 and ($2::uuid is null or client_id = $2) for no key update",
            rep.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        // New statements: the one above cannot see what was booked while it waited for the lock.
        read(self.connection(), scope, (rep, except), now).await
    }
}

async fn read(
    mut connection: BoundedConnection<'_>,
    scope: Scope,
    (rep, except): (RepId, Option<AppointmentId>),
    now: Timestamp,
) -> Result<Option<Diary>, StoreError> {
    let row = sqlx::query!(
        r#"-- appointment.rep_hours
        select r.time_zone, r.hours, r.holidays as "holidays!: Vec<jiff_sqlx::Date>", r.is_paused, r.back_on,
               c.time_zone as client_zone
        from rep r join client c on c.id = r.client_id
        where r.id = $1 and ($2::uuid is null or r.client_id = $2)"#,
        rep.uuid(),
        scope.client_uuid()
    )
    .fetch_optional(connection.bounded())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let client_zone = zone(&row.client_zone)?;
    let hours = RepHours {
        time_zone: row.time_zone,
        hours: row.hours,
        holidays: row.holidays,
        is_paused: row.is_paused,
        back_on: row.back_on,
    };
    // Nothing sweeps holds that ran out, so the row still says `held`: its `held_until` decides.
    let rows = sqlx::query!(
        "-- appointment.taken
            select starts_at, ends_at from appointment
            where rep_id = $1 and state <> 'cancelled' and ends_at > $2 and (held_until is null or held_until > $2)
              and ($3::uuid is null or id <> $3)",
        rep.uuid(),
        now.to_sqlx(),
        except.map(AppointmentId::uuid)
    )
    .fetch_all(connection)
    .await?;
    let taken = rows.into_iter();
    let taken = taken.map(|row| Slot { starts_at: row.starts_at.to_jiff(), ends_at: row.ends_at.to_jiff() });
    let (schedule, pause) = (hours.schedule(&client_zone)?, hours.pause());
    Ok(Some(Diary { schedule, pause, taken: taken.collect() }))
}
