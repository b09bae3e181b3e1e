//! What staff set of a client: its name and place, program, capacity, state and return rules.

use std::{collections::BTreeMap, str::FromStr};

use jiff::Timestamp;
use ripen_domain::{
    id::{ClientId, ProgramId},
    outcome::{AmountMeaning, AmountTerms, ReturnRules},
};
use serde::Serialize;

use crate::{
    Scope, Store, StoreError, Transaction,
    desk::terms::DeskTerms,
    error::{one_row, word},
    source::source_record::State,
};

/// What becomes of a lead that could not be delivered to whom it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenDead {
    /// Whoever comes next by the routing has it; where nobody can take it now, the fallback.
    #[default]
    Next,
    /// The fallback has it; where there is none, whoever comes next.
    Fallback,
    /// It waits until a person says.
    Wait,
}

impl WhenDead {
    /// As it is kept and typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Fallback => "fallback",
            Self::Wait => "wait",
        }
    }

    pub(crate) fn read(kept: &str) -> Result<Self, StoreError> {
        kept.parse().map_err(|_| StoreError::Corrupt(format!("the word {kept:?}")))
    }
}

impl FromStr for WhenDead {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Next, Self::Fallback, Self::Wait];
        let found = all.into_iter().find(|rule| rule.word() == text);
        found.ok_or_else(|| format!("expected next, fallback or wait, given {text:?}"))
    }
}

/// What a client uses besides its name and place.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientSettings {
    /// The program's name.
    pub program: String,
    /// A leads that its sales team can take in a day.
    pub capacity: Option<i32>,
    /// Where its leads are mailed while a webhook of it fails and no rep has them.
    pub fallback: Option<String>,
    /// When it may return leads.
    pub returns: ReturnRules,
    /// What the amounts are that it reports.
    pub amounts: AmountTerms,
    /// What becomes of a lead that could not be delivered.
    pub when_dead: WhenDead,
    /// How it is worked at the desk.
    pub desk: DeskTerms,
}

/// What is to change of a client; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    /// Name as people write it.
    pub name: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// A leads a day; a none inside takes the limit away.
    pub capacity: Option<Option<i32>>,
    /// What becomes of a lead that could not be delivered.
    pub when_dead: Option<WhenDead>,
}

impl Store {
    /// What clients' sales teams can take in a day, by slug, where that is set.
    pub async fn client_capacities(&self, scope: Scope) -> Result<BTreeMap<String, u32>, StoreError> {
        let rows = sqlx::query!(
            r#"-- client.capacities
            select slug, capacity as "capacity!" from client where capacity is not null and ($1::uuid is null or id = $1)"#,
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.slug, u32::try_from(row.capacity).unwrap_or(0))).collect())
    }
}

impl Transaction {
    /// What a client uses; none where the scope has no such client.
    pub async fn client_settings(
        &mut self,
        scope: Scope,
        client: ClientId,
    ) -> Result<Option<ClientSettings>, StoreError> {
        // A client without a program of its own uses the default one, as everywhere else that `program_id` is read.
        let row = sqlx::query!(
            r#"-- client.settings
            select g.name, c.capacity, c.return_days, c.return_reasons, c.amounts, c.amount_share, c.when_dead,
                   coalesce(d.weight, 1) as "weight!", d.caller_id as "caller_id?", coalesce(d.briefing, '') as "briefing!",
                   (select e.address from endpoint e where e.client_id = c.id and e.is_fallback limit 1) as fallback
            from client c join program g on g.id = coalesce(c.program_id, (select id from program where is_default))
            left join desk_client d on d.client_id = c.id
            where c.id = $1 and ($2::uuid is null or c.id = $2)"#,
            client.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(|row| {
            Ok(ClientSettings {
                program: row.name,
                capacity: row.capacity,
                fallback: row.fallback,
                returns: ReturnRules { days: row.return_days, reasons: row.return_reasons },
                amounts: AmountTerms {
                    meaning: row.amounts.as_deref().map(word).transpose()?,
                    share: row.amount_share,
                },
                when_dead: WhenDead::read(&row.when_dead)?,
                desk: DeskTerms { weight: row.weight, caller_id: row.caller_id, briefing: row.briefing },
            })
        })
        .transpose()
    }

    /// Gives a client another program. Its open leads are taken there before, by `leads_set_program`. `Moved` when there is no
    /// such client in the scope.
    pub async fn client_set_program(
        &mut self,
        scope: Scope,
        client: ClientId,
        program: ProgramId,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.set_program
            update client set program_id = $2 where id = $1 and ($3::uuid is null or id = $3)",
            client.uuid(),
            program.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }

    /// Changes a client; what is held for it is routed again. `Moved` when there is no such client in the scope.
    pub async fn client_set(
        &mut self,
        scope: Scope,
        client: ClientId,
        change: &ClientChange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // `coalesce` cannot tell "no limit any more" from "not named", so the capacity comes with a flag of its own.
        let done = sqlx::query!(
            "-- client.set
            update client set name = coalesce($2, name), country = coalesce($3, country), time_zone = coalesce($4, time_zone),
                              capacity = case when $5 then $6 else capacity end, when_dead = coalesce($8, when_dead)
            where id = $1 and ($7::uuid is null or id = $7)",
            client.uuid(),
            change.name,
            change.country,
            change.time_zone,
            change.capacity.is_some(),
            change.capacity.flatten(),
            scope.client_uuid(),
            change.when_dead.map(WhenDead::word)
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")?;
        // In the same transaction: what waits for a larger capacity or another clock would otherwise wait until its
        // old due date.
        self.reroute(client, now).await?;
        // Its sources are read by its country and its clock.
        self.sources_tell_changed().await
    }

    /// Sets when a client may return leads; `Moved` when there is no such client in the scope.
    pub async fn client_set_returns(
        &mut self,
        scope: Scope,
        client: ClientId,
        rules: &ReturnRules,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.set_returns
            update client set return_days = $2, return_reasons = $3 where id = $1 and ($4::uuid is null or id = $4)",
            client.uuid(),
            rules.days,
            &rules.reasons,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }

    /// Sets what the amounts are that a client reports from now on; `Moved` when there is no such client in the scope.
    pub async fn client_set_amounts(
        &mut self,
        scope: Scope,
        client: ClientId,
        terms: AmountTerms,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.set_amounts
            update client set amounts = $2, amount_share = $3 where id = $1 and ($4::uuid is null or id = $4)",
            client.uuid(),
            terms.meaning.map(AmountMeaning::word),
            terms.share,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }

    /// Pauses or resumes a client, and then has what waited for that go out; `Moved` when there is no such client in the scope.
    pub async fn client_set_state(
        &mut self,
        scope: Scope,
        client: ClientId,
        state: State,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.set_state
            update client set state = $2 where id = $1 and ($3::uuid is null or id = $3)",
            client.uuid(),
            state.word(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")?;
        if state == State::Active {
            self.endpoints_release(client, now).await?;
        }
        Ok(())
    }
}

impl Transaction {
    /// Puts a version of the client's routing in force; none takes the routing out of force.
    pub(crate) async fn client_use_route(
        &mut self,
        scope: Scope,
        client: ClientId,
        version: Option<i32>,
    ) -> Result<(), StoreError> {
        // Only the number changes: the versions themselves stay, because maturations name the one that routed them.
        let done = sqlx::query!(
            "-- client.use_route
            update client set route = $2 where id = $1 and ($3::uuid is null or id = $3)",
            client.uuid(),
            version,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }
}
