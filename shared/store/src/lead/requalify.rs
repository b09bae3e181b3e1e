//! Requalification: leads whose facts or criteria changed and that are decided again. Each waits as a row of `regrade`, offered
//! as a message of `ripen.requalify`.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, LeadId, PersonId, ProgramId};

use crate::{
    Store, StoreError, Transaction,
    sweep::{LeftOffer, Sweep},
};

impl Transaction {
    /// Asks for the lead to be decided again.
    pub(crate) async fn regrade_ask(&mut self, lead: LeadId, why: &str, now: Timestamp) -> Result<(), StoreError> {
        // The version counts, so that a decision that read the facts before this change leaves the row behind.
        // Offered again at once, even where an offer is under way.
        sqlx::query!(
            "-- regrade.ask
            insert into regrade (lead_id, version, why, offered_until, created_at) values ($1, 1, $2, $3, $3)
            on conflict (lead_id) do update set version = regrade.version + 1, why = excluded.why,
                                                offered_until = excluded.offered_until",
            lead.uuid(),
            why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        // What was found of it at the desk may be otherwise now.
        self.desk_wait_wake(lead).await
    }

    /// Asks for a lead to be decided again of which a disposition was taken back. Until it is, what nobody has of it goes to nobody: the
    /// lease, the mail to the fallback, the follow-up of what could not be delivered and the routing ask for this, the last three by the
    /// view `lead_to_give`.
    pub(crate) async fn regrade_ask_taken_back(&mut self, lead: LeadId, now: Timestamp) -> Result<(), StoreError> {
        self.regrade_ask(lead, "a disposition was taken back", now).await?;
        // Apart from why it is asked for: what changes next has a reason of its own, and this holds until the decision.
        sqlx::query!(
            "-- regrade.taken_back
            update regrade set taken_back = true, taken_back_version = version where lead_id = $1",
            lead.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Asks for every open lead of these persons to be decided again; returns how many there are.
    pub(crate) async fn regrade_ask_persons(
        &mut self,
        persons: &[PersonId],
        why: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.regrade_ask_persons_but(persons, &[], why, now).await
    }

    /// The same, but for leads that are decided already by what changed.
    pub(crate) async fn regrade_ask_persons_but(
        &mut self,
        persons: &[PersonId],
        decided: &[LeadId],
        why: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let decided: Vec<_> = decided.iter().map(|lead| lead.uuid()).collect();
        let done = sqlx::query!(
            "-- regrade.ask_persons
            insert into regrade (lead_id, version, why, offered_until, created_at)
            select id, 1, $2, $3, $3 from lead
            where person_id = any($1) and stage in ('lead', 'contact', 'opportunity') and id <> all($4::uuid[]) order by id
            on conflict (lead_id) do update set version = regrade.version + 1, why = excluded.why,
                                                offered_until = excluded.offered_until",
            &persons,
            why,
            now.to_sqlx(),
            &decided
        )
        .execute(self.connection())
        .await?;
        self.desk_wait_wake_persons(&persons).await?;
        Ok(done.rows_affected())
    }

    /// Asks for a client's open leads that are not in its program to be decided again: their persons have another one there.
    pub(crate) async fn regrade_ask_left_behind(
        &mut self,
        client: ClientId,
        program: ProgramId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- regrade.ask_left_behind
            insert into regrade (lead_id, version, why, offered_until, created_at)
            select l.id, 1, 'its person has another lead in the program', $3, $3 from program g join lead l on l.program_id = g.id
            where g.id <> $2 and l.client_id = $1 and l.stage in ('lead', 'contact', 'opportunity') order by l.id
            on conflict (lead_id) do update set version = regrade.version + 1, why = excluded.why,
                                                offered_until = excluded.offered_until",
            client.uuid(),
            program.uuid(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The regrades of these leads with the version read now.
    pub async fn regrades_of(&mut self, leads: &[LeadId]) -> Result<Vec<(LeadId, i64)>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // Read before the facts: a change that commits in between has a higher version, and its regrade survives the
        // decision.
        let rows = sqlx::query!(
            "-- regrade.of
            select lead_id, version from regrade where lead_id = any($1)",
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (LeadId::from_uuid(row.lead_id), row.version)).collect())
    }

    /// Of these regrades, at the version that was read, the leads of which a disposition was taken back; and whether nothing was asked
    /// since.
    pub async fn regrades_taken_back(&mut self, read: &[(LeadId, i64)]) -> Result<Vec<(LeadId, bool)>, StoreError> {
        let leads: Vec<_> = read.iter().map(|(lead, _)| lead.uuid()).collect();
        let versions: Vec<_> = read.iter().map(|(_, version)| *version).collect();
        let rows = sqlx::query!(
            r#"-- regrade.are_taken_back
            select r.lead_id, r.taken_back_version is not distinct from r.version as "is_last!" from regrade r join unnest($1::uuid[], $2::bigint[]) as n (lead_id, version) on r.lead_id = n.lead_id and r.version = n.version
            where r.taken_back"#,
            &leads,
            &versions
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (LeadId::from_uuid(row.lead_id), row.is_last)).collect())
    }

    /// Removes regrades, each only at the version that the decision read. What waited for the decision because a disposition was taken
    /// back goes out, where the decision did not withdraw it.
    pub async fn regrades_delete(&mut self, read: &[(LeadId, i64)], now: Timestamp) -> Result<(), StoreError> {
        let leads: Vec<_> = read.iter().map(|(lead, _)| lead.uuid()).collect();
        let versions: Vec<_> = read.iter().map(|(_, version)| *version).collect();
        // A higher version means that something changed after this decision read the facts: its regrade stays.
        let done = sqlx::query!(
            "-- regrade.delete
            delete from regrade r using unnest($1::uuid[], $2::bigint[]) as n (lead_id, version)
            where r.lead_id = n.lead_id and r.version = n.version returning r.lead_id, r.taken_back",
            &leads,
            &versions
        )
        .fetch_all(self.connection())
        .await?;
        let taken_back: Vec<_> = done.into_iter().filter(|row| row.taken_back).map(|row| row.lead_id).collect();
        if taken_back.is_empty() {
            return Ok(());
        }
        self.deliveries_of_decided(&taken_back, now).await
    }

    /// Forgets offers that last longer than to `beyond`.
    pub(crate) async fn regrades_forget_offers(&mut self, now: Timestamp, beyond: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- regrade.forget_offers
            update regrade set offered_until = $1 where offered_until > $2",
            now.to_sqlx(),
            beyond.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Leads whose facts changed.
    pub async fn sweep_regrades(&self, sweep: Sweep) -> Result<Vec<LeadId>, StoreError> {
        // `skip locked`: two sweepers share the rows instead of offering each lead twice.
        let rows = sqlx::query!(
            "-- regrade.sweep
            update regrade r set offered_until = $2
            from (select lead_id from regrade where offered_until <= $1 order by offered_until limit $3
                  for update skip locked) due
            where r.lead_id = due.lead_id returning r.lead_id",
            sweep.now.to_sqlx(),
            sweep.until.to_sqlx(),
            sweep.limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| LeadId::from_uuid(row.lead_id)).collect())
    }

    /// Regrades that were left for later are offered again when the time of each has come.
    pub(crate) async fn regrades_offer_later(&self, left: &[LeftOffer]) -> Result<(), StoreError> {
        let left = || left.iter().filter(|one| one.generation.is_none());
        let leads: Vec<_> = left().map(|one| one.lead.uuid()).collect();
        let until: Vec<_> = left().map(|one| one.until.to_sqlx()).collect();
        sqlx::query!(
            "-- regrade.offer_later
            update regrade r set offered_until = n.until from unnest($1::uuid[], $2::timestamptz[]) as n (lead_id, until)
            where r.lead_id = n.lead_id",
            &leads,
            &until[..]
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Asks for a regrade of open leads that were not decided by their program's active criteria, each program at its own
    /// pace; what it did not use within `burst` is lost. Level-triggered: called again and again until nothing is left.
    pub async fn sweep_criteria(&self, now: Timestamp, burst: SignedDuration, limit: i64) -> Result<u64, StoreError> {
        // The pace is kept on the program's row, so that all replicas share it; `skip locked` leaves a program to
        // whoever has it. A `paced_at` in the future comes from a clock that was set back and is not waited for.
        // Of a program nothing is asked for while enough regrades of its own wait: facts that changed would queue behind them.
        // Those of others do not count: of a program whose criteria cannot be loaded they wait for as long as that lasts. The
        // two comparisons stand for "is not", which no index serves.
        let row = sqlx::query!(
            r#"-- regrade.sweep_criteria
            with paced as materialized (
              select id, criteria_id,
                     greatest(least(floor(extract(epoch from $1::timestamptz
                       - greatest(case when paced_at > $1 + interval '1 minute' then $2 else paced_at end, $2)) * pace), $3::bigint), 0)::bigint as allowed
              from program
              where criteria_id is not null
                and (select count(*) from (select from regrade r join lead l on l.id = r.lead_id
                                           where l.program_id = program.id limit $3::bigint) waiting) < $3::bigint
              for no key update skip locked
            ), outdated as materialized (
              select l.id, p.id as program_id
              from paced p
              cross join lateral (
                select id from lead where program_id = p.id and stage in ('lead', 'contact', 'opportunity')
                  and (criteria_id < p.criteria_id or criteria_id > p.criteria_id or criteria_id is null)
                  and not exists (select 1 from regrade r where r.lead_id = lead.id)
                limit p.allowed) l
            ), asked as (
              insert into regrade (lead_id, version, why, offered_until, created_at)
              select id, 1, 'the criteria changed', $1, $1 from outdated
              on conflict do nothing
            ), used as (
              update program set paced_at = $1 where id in (select program_id from outdated)
            )
            select count(*) as "n!" from outdated"#,
            now.to_sqlx(),
            now.checked_sub(burst).unwrap_or(now).to_sqlx(),
            limit
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }
}
