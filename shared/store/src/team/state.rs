//! A client's sales team as routing needs it: its document, its reps and endpoints, whose turn it is, and how many leads
//! each was given today. Read and written under the lock of the client's row, so that concurrent batches take turns.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, EndpointId, RepId},
    routing::{Capacity, ClientLimit, OpeningHours, Pause, Recipient, RecipientId, Sales, Schedule},
};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction};

/// The routing document that a client put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveRoute {
    /// Its number.
    pub version: i32,
    /// The document's text.
    pub document: String,
}

impl ActiveRoute {
    /// From columns that are there both or not at all.
    fn read(version: Option<i32>, document: Option<String>) -> Option<Self> {
        version.zip(document).map(|(version, document)| Self { version, document })
    }
}

/// A client's team.
#[derive(Debug, Clone)]
pub struct Team {
    /// The routing document in force; none where every enabled endpoint gets every lead.
    pub route: Option<ActiveRoute>,
    /// How the team stands.
    pub sales: Sales,
}

impl Team {
    /// A team of nobody yet.
    fn begin(route: Option<ActiveRoute>, time_zone: &str, capacity: Option<i32>) -> Result<Self, StoreError> {
        // A negative limit cannot be stored; read as none, it would send everything, so the column's check keeps it
        // out.
        let per_day = capacity.and_then(|most| u32::try_from(most).ok());
        let capacity = Capacity { per_day, given_today: 0 };
        let client = ClientLimit { zone: zone(time_zone)?, capacity };
        Ok(Self { route, sales: Sales { client, recipients: Vec::new(), rotations: BTreeMap::new() } })
    }
}

/// When a rep takes leads, as it is kept.
pub(crate) struct RepHours {
    pub(crate) time_zone: Option<String>,
    pub(crate) hours: Option<String>,
    pub(crate) holidays: Vec<jiff_sqlx::Date>,
    pub(crate) is_paused: bool,
    pub(crate) back_on: Option<jiff_sqlx::Date>,
}

impl RepHours {
    /// The rep's hours; `zone` is where the client is.
    pub(crate) fn schedule(&self, zone: &TimeZone) -> Result<Schedule, StoreError> {
        let zone = self.time_zone.as_deref().map_or_else(|| Ok(zone.clone()), self::zone)?;
        let corrupt = |_| StoreError::Corrupt("the hours of a rep".to_owned());
        let hours =
            self.hours.as_deref().map_or_else(|| Ok(OpeningHours::always()), |text| text.parse().map_err(corrupt))?;
        Ok(Schedule { zone, hours, holidays: self.holidays.iter().map(|date| date.to_jiff()).collect() })
    }

    /// For how long the rep takes nothing.
    pub(crate) fn pause(&self) -> Option<Pause> {
        let pause = self.back_on.map_or(Pause::Open, |date| Pause::Until(date.to_jiff()));
        self.is_paused.then_some(pause)
    }
}

struct RepColumns {
    id: Uuid,
    client_id: Uuid,
    name: String,
    hours: RepHours,
    capacity: Option<i32>,
}

impl RepColumns {
    /// The rep with its own endpoints and the webhooks of the whole team.
    fn recipient(&self, zone: &TimeZone, endpoints: &[RecipientColumns]) -> Result<Recipient, StoreError> {
        let theirs = endpoints.iter().filter(|one| {
            // Webhooks of the whole team get each rep's leads too, so that the firm's own system sees all of them.
            one.takes && one.client_id == self.client_id && (one.rep_id == Some(self.id) || one.is_shared)
        });
        Ok(Recipient {
            id: RecipientId::Rep(RepId::from_uuid(self.id)),
            name: self.name.clone(),
            endpoints: theirs.map(|one| EndpointId::from_uuid(one.id)).collect(),
            schedule: self.hours.schedule(zone)?,
            pause: self.hours.pause(),
            capacity: Capacity { per_day: self.capacity.and_then(|most| u32::try_from(most).ok()), given_today: 0 },
        })
    }
}

struct RecipientColumns {
    id: Uuid,
    client_id: Uuid,
    rep_id: Option<Uuid>,
    name: String,
    takes: bool,
    is_shared: bool,
}

impl RecipientColumns {
    fn recipient(&self, zone: &TimeZone) -> Recipient {
        let id = EndpointId::from_uuid(self.id);
        Recipient {
            id: RecipientId::Endpoint(id),
            name: self.name.clone(),
            // Kept as a recipient even when it takes nothing: routing then says why, instead of not knowing the name.
            endpoints: if self.takes { vec![id] } else { Vec::new() },
            schedule: Schedule { zone: zone.clone(), ..Schedule::always() },
            pause: None,
            capacity: Capacity::default(),
        }
    }
}

pub(crate) fn zone(name: &str) -> Result<TimeZone, StoreError> {
    ripen_domain::time::zone(name).ok_or_else(|| StoreError::Corrupt(format!("the time zone {name:?}")))
}

impl Transaction {
    /// Locks these clients as [`Self::teams_lock`] does, but for those that somebody else holds, which it returns.
    pub async fn teams_held(&mut self, clients: &BTreeSet<ClientId>) -> Result<BTreeSet<ClientId>, StoreError> {
        let ids: Vec<_> = clients.iter().map(|client| client.uuid()).collect();
        let locked = sqlx::query_scalar!(
            "-- team.try_lock
            select id from client where id = any($1) order by id for no key update skip locked",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        let locked: BTreeSet<_> = locked.into_iter().map(ClientId::from_uuid).collect();
        Ok(clients.difference(&locked).copied().collect())
    }

    /// Locks these clients, in the order of their ids, and reads their teams as they stand at `now`. Comes after the locks
    /// of leads.
    pub async fn teams_lock(
        &mut self,
        clients: &BTreeSet<ClientId>,
        now: Timestamp,
    ) -> Result<BTreeMap<ClientId, Team>, StoreError> {
        let ids: Vec<_> = clients.iter().map(|client| client.uuid()).collect();
        // Sorted ids and after the leads, as every writer: two batches with the same two clients would deadlock
        // otherwise. No key update, so that deliveries and leads of the client are still inserted meanwhile.
        sqlx::query!(
            "-- team.lock
            select id from client where id = any($1) order by id for no key update",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        // A new statement: who waited for the lock sees the client as it is then, but what is joined to it as it was before
        // the wait, and the routing that was put in force meanwhile would count as none.
        let rows = sqlx::query!(
            r#"-- team.locked
            select c.id as "id!", c.time_zone as "time_zone!", c.capacity, r.version as "version?", r.document as "document?"
            from client c left join route r on r.client_id = c.id and r.version = c.route
            where c.id = any($1)"#,
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        let mut teams = BTreeMap::new();
        for row in rows {
            let route = ActiveRoute::read(row.version, row.document);
            let team = Team::begin(route, &row.time_zone, row.capacity)?;
            teams.insert(ClientId::from_uuid(row.id), team);
        }
        // New statements: what was given before this lock was got is committed, and must count.
        self.read_teams(&ids, &mut teams, now).await?;
        Ok(teams)
    }

    /// A client's team as it stands at `now`, for people to look at; none where the scope has no such client. Takes no lock: a
    /// batch that routes holds the client's row, and nobody who looks is to wait for it or make it wait.
    pub async fn team(&mut self, scope: Scope, client: ClientId, now: Timestamp) -> Result<Option<Team>, StoreError> {
        // The same columns as under the lock, without it: what people look at may be a moment old.
        let row = sqlx::query!(
            r#"-- team.read
            select c.time_zone, c.capacity, r.version as "version?", r.document as "document?"
            from client c left join route r on r.client_id = c.id and r.version = c.route
            where c.id = $1 and ($2::uuid is null or c.id = $2)"#,
            client.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let team = Team::begin(ActiveRoute::read(row.version, row.document), &row.time_zone, row.capacity)?;
        let mut teams = BTreeMap::from([(client, team)]);
        self.read_teams(&[client.uuid()], &mut teams, now).await?;
        Ok(teams.remove(&client))
    }

    async fn read_teams(
        &mut self,
        ids: &[Uuid],
        teams: &mut BTreeMap<ClientId, Team>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.load_recipients(ids, teams).await?;
        self.load_rotations(ids, teams).await?;
        self.load_given(teams, now).await
    }

    async fn load_recipients(&mut self, ids: &[Uuid], teams: &mut BTreeMap<ClientId, Team>) -> Result<(), StoreError> {
        let endpoints = sqlx::query_as!(
            // Fallbacks are no recipients: they get what a failing webhook does not take, never a lead of their own.
            RecipientColumns,
            r#"-- team.endpoints
            select id, client_id, rep_id, coalesce(name, shown_url, url_shown(url), address) as "name!",
                   state = 'enabled' and 'lead.matured' = any(events) as "takes!",
                   kind = 'webhook' and rep_id is null and not by_name as "is_shared!"
            from endpoint where client_id = any($1) and not is_fallback order by id"#,
            ids
        )
        .fetch_all(self.connection())
        .await?;
        // By name, so that equal turns fall to the same rep in every batch and in every preview.
        let reps = sqlx::query!(
            r#"-- team.reps
            select id, client_id, name, time_zone, hours, holidays as "holidays!: Vec<jiff_sqlx::Date>", is_paused, back_on,
                   capacity
            from rep where client_id = any($1) order by name, id"#,
            ids
        )
        .fetch_all(self.connection())
        .await?;
        let reps: Vec<_> = reps
            .into_iter()
            .map(|row| RepColumns {
                id: row.id,
                client_id: row.client_id,
                name: row.name,
                hours: RepHours {
                    time_zone: row.time_zone,
                    hours: row.hours,
                    holidays: row.holidays,
                    is_paused: row.is_paused,
                    back_on: row.back_on,
                },
                capacity: row.capacity,
            })
            .collect();
        // Over all clients of the batch in one statement each: a statement per client would cost a round trip each.
        for (client, team) in teams {
            let zone = &team.sales.client.zone;
            let theirs = reps.iter().filter(|rep| rep.client_id == client.uuid());
            let mut recipients: Vec<_> = theirs.map(|rep| rep.recipient(zone, &endpoints)).collect::<Result<_, _>>()?;
            let alone = endpoints.iter().filter(|one| one.client_id == client.uuid() && one.rep_id.is_none());
            recipients.extend(alone.map(|endpoint| endpoint.recipient(zone)));
            team.sales.recipients = recipients;
        }
        Ok(())
    }

    async fn load_rotations(&mut self, ids: &[Uuid], teams: &mut BTreeMap<ClientId, Team>) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            "-- team.rotations
            select client_id, rule, turns from rotation where client_id = any($1)",
            ids
        )
        .fetch_all(self.connection())
        .await?;
        for row in rows {
            let turns = serde_json::from_value(row.turns);
            // A rotation that cannot be read must not start again in silence: the first rep would get every lead of
            // the day.
            let turns = turns.map_err(|_| StoreError::Corrupt("the turns of a rotation".to_owned()))?;
            if let Some(team) = teams.get_mut(&ClientId::from_uuid(row.client_id)) {
                team.sales.rotations.insert(row.rule.into(), turns);
            }
        }
        Ok(())
    }

    /// Counts of the days around: which of them is today depends on where each recipient is.
    async fn load_given(&mut self, teams: &mut BTreeMap<ClientId, Team>, now: Timestamp) -> Result<(), StoreError> {
        let mut counted: Vec<(Uuid, Date, &mut Capacity)> = Vec::new();
        for (client, team) in teams {
            // The client's own day ends at midnight where the client is, a rep's where the rep is.
            let today = Schedule { zone: team.sales.client.zone.clone(), ..Schedule::always() }.date(now);
            counted.push((client.uuid(), today, &mut team.sales.client.capacity));
            for one in &mut team.sales.recipients {
                let today = one.schedule.date(now);
                counted.push((one.id.uuid(), today, &mut one.capacity));
            }
        }
        let ids: Vec<_> = counted.iter().map(|(id, ..)| *id).collect();
        let days: Vec<_> = counted.iter().map(|(_, day, _)| day.to_sqlx()).collect();
        // Pairs, because each recipient's today may be another date.
        let rows = sqlx::query!(
            "-- team.given
            select recipient_id, day, leads from given
            where (recipient_id, day) in (select ($1::uuid[])[i], ($2::date[])[i] from generate_subscripts($1::uuid[], 1) i)",
            &ids,
            &days[..]
        )
        .fetch_all(self.connection())
        .await?;
        let given: BTreeMap<_, _> = rows.into_iter().map(|row| (row.recipient_id, row.leads)).collect();
        for (id, _, capacity) in counted {
            capacity.given_today = given.get(&id).and_then(|leads| u32::try_from(*leads).ok()).unwrap_or(0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
