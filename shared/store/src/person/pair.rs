//! Pairs of persons who may be one: proposed when an arrival fits both, decided by people alone.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{ClientId, PersonId},
};

use crate::{Scope, Store, StoreError, Transaction};

/// Two persons who may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonPair {
    /// Known first.
    pub earlier: PersonId,
    /// The other one.
    pub later: PersonId,
    /// Whose persons they are.
    pub client: ClientId,
}

/// What a person said of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairVerdict {
    /// They are one.
    Same,
    /// They are two.
    Different,
}

impl PairVerdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
        }
    }
}

/// Who says what of a pair, and why.
#[derive(Debug, Clone, Copy)]
pub struct PairWord<'a> {
    /// Who.
    pub by: &'a Actor,
    /// Why.
    pub why: &'a str,
    /// When.
    pub at: Timestamp,
}

/// A pair that nobody has decided on, as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedPair {
    /// The persons.
    pub pair: PersonPair,
    /// The client's slug.
    pub slug: String,
    /// The earlier one's name.
    pub earlier_name: Option<String>,
    /// The later one's.
    pub later_name: Option<String>,
    /// What speaks for it.
    pub why: String,
    /// Since when.
    pub at: Timestamp,
}

impl Transaction {
    /// Proposes pairs; what was proposed or decided before stays.
    pub async fn pairs_propose(&mut self, pairs: &[PersonPair], why: &str, now: Timestamp) -> Result<(), StoreError> {
        let earlier: Vec<_> = pairs.iter().map(|pair| pair.earlier.uuid()).collect();
        let later: Vec<_> = pairs.iter().map(|pair| pair.later.uuid()).collect();
        let clients: Vec<_> = pairs.iter().map(|pair| pair.client.uuid()).collect();
        sqlx::query!(
            "-- person_pair.propose
            insert into person_pair (earlier_id, later_id, client_id, why, at)
            select distinct ($1::uuid[])[i], ($2::uuid[])[i], ($3::uuid[])[i], $4, $5::timestamptz
            from generate_subscripts($1::uuid[], 1) i order by 1, 2 on conflict do nothing",
            &earlier,
            &later,
            &clients,
            why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Keeps what somebody said of a pair. The newest word counts.
    pub(crate) async fn pair_decide(
        &mut self,
        pair: PersonPair,
        verdict: PairVerdict,
        word: &PairWord<'_>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- person_pair.decide
            insert into person_pair (earlier_id, later_id, client_id, verdict, why, at, by, decided_at)
            values ($1, $2, $3, $4, $5, $6, $7, $6)
            on conflict (earlier_id, later_id) do update set verdict = excluded.verdict, by = excluded.by,
                                                             decided_at = excluded.decided_at",
            pair.earlier.uuid(),
            pair.later.uuid(),
            pair.client.uuid(),
            verdict.word(),
            word.why,
            word.at.to_sqlx(),
            word.by.name()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Which of these persons were said to be different from another one of them.
    pub async fn pairs_different(&mut self, persons: &[PersonId]) -> Result<Vec<(PersonId, PersonId)>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query!(
            "-- person_pair.different
            select earlier_id, later_id from person_pair
            where earlier_id = any($1) and later_id = any($1) and verdict = 'different'",
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        let pair = |earlier, later| (PersonId::from_uuid(earlier), PersonId::from_uuid(later));
        Ok(rows.into_iter().map(|row| pair(row.earlier_id, row.later_id)).collect())
    }
}

impl Store {
    /// Pairs that wait for somebody to say whether they are one, oldest first.
    pub async fn pairs_proposed(&self, scope: Scope, limit: i64) -> Result<Vec<ProposedPair>, StoreError> {
        let rows = sqlx::query!(
            r#"-- person_pair.list
            select pp.earlier_id, pp.later_id, pp.client_id, pp.why, pp.at, c.slug,
                   coalesce(nullif(concat_ws(' ', a.first_name, a.last_name), ''), a.name) as earlier_name,
                   coalesce(nullif(concat_ws(' ', b.first_name, b.last_name), ''), b.name) as later_name
            from person_pair pp join client c on c.id = pp.client_id
            join person a on a.id = pp.earlier_id join person b on b.id = pp.later_id
            where pp.verdict = 'proposed' and a.merged_into is null and b.merged_into is null
              and ($1::uuid is null or pp.client_id = $1)
            order by pp.at, pp.earlier_id limit $2"#,
            scope.client_uuid(),
            limit
        )
        .fetch_all(&self.lists)
        .await?;
        let found = rows.into_iter().map(|row| ProposedPair {
            pair: PersonPair {
                earlier: PersonId::from_uuid(row.earlier_id),
                later: PersonId::from_uuid(row.later_id),
                client: ClientId::from_uuid(row.client_id),
            },
            slug: row.slug,
            earlier_name: row.earlier_name,
            later_name: row.later_name,
            why: row.why,
            at: row.at.to_jiff(),
        });
        Ok(found.collect())
    }
}
