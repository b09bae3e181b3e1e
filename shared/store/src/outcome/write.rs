//! The statements of an outcome: what it is about, what was said before, what it changes, and the answers of webhooks that
//! wait to become one.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    calling::{Place, Whereabouts},
    id::{ClientId, DeliveryId, LeadId},
    outcome::{ASK_AFTER, Currency, Follows, Next, ReturnRules, Said, Sale},
    person::Profile,
    promise::{Due, Kind, State},
};
use rust_decimal::Decimal;

use crate::{
    Scope, Store, StoreError, Transaction,
    error::{one_row, word},
    lead::load::LeadRow,
    outcome::record::{OutcomeRecord, Recorded},
};

/// A delivery as an outcome needs to know it.
#[derive(Debug)]
pub(crate) struct Owed {
    pub(crate) lead: LeadId,
    /// The client's name.
    pub(crate) client: String,
    pub(crate) rules: ReturnRules,
    pub(crate) delivered_at: Option<Timestamp>,
    /// Where the person may be.
    pub(crate) places: Vec<Place>,
}

struct Columns {
    number: i32,
    at: jiff_sqlx::Timestamp,
    kind: String,
    reason: Option<String>,
    amount: Option<Decimal>,
    currency: Option<String>,
    not_before: Option<jiff_sqlx::Timestamp>,
    how: String,
    said_by: String,
}

impl Columns {
    fn record(self) -> Result<OutcomeRecord, StoreError> {
        let currency = self.currency.as_deref().map(word::<Currency>).transpose()?;
        Ok(OutcomeRecord {
            number: self.number,
            at: self.at.to_jiff(),
            kind: word(&self.kind)?,
            reason: self.reason,
            sale: self.amount.zip(currency).map(|(amount, currency)| Sale { amount, currency }),
            not_before: self.not_before.map(jiff_sqlx::Timestamp::to_jiff),
            how: word(&self.how)?,
            by: self.said_by,
        })
    }
}

impl Store {
    /// What was said of a delivery, oldest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn outcomes_of(&self, scope: Scope, delivery: DeliveryId) -> Result<Vec<OutcomeRecord>, StoreError> {
        let rows = sqlx::query_as!(
            Columns,
            "-- outcome.of_delivery
            select o.number, o.at, o.kind, o.reason, o.amount, o.currency, o.not_before, o.how, o.said_by
            from outcome o join delivery d on d.id = o.delivery_id
            where o.delivery_id = $1 and ($2::uuid is null or d.client_id = $2) order by o.number",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Columns::record).collect()
    }

    /// When a client may return leads.
    ///
    /// # Errors
    /// When the database is away or there is no such client.
    pub async fn return_rules(&self, client: ClientId) -> Result<ReturnRules, StoreError> {
        let row = sqlx::query!(
            "-- client.returns
            select return_days, return_reasons from client where id = $1",
            client.uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(ReturnRules { days: row.return_days, reasons: row.return_reasons })
    }

    /// Sets when a client may return leads.
    ///
    /// # Errors
    /// `Moved` when there is no such client.
    pub async fn client_set_returns(&self, client: ClientId, rules: &ReturnRules) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.set_returns
            update client set return_days = $2, return_reasons = $3 where id = $1",
            client.uuid(),
            rules.days,
            &rules.reasons
        )
        .execute(&self.pool)
        .await?;
        one_row(done.rows_affected(), "client")
    }

    /// Answers that wait to be recorded since before `before`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn answers_waiting(&self, before: Timestamp, limit: i64) -> Result<Vec<(DeliveryId, Said)>, StoreError> {
        let rows = sqlx::query!(
            "-- outcome_answer.waiting
            select delivery_id, said from outcome_answer where refused is null and at <= $1 order by at limit $2",
            before.to_sqlx(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let said = |value| serde_json::from_value(value).unwrap_or_default();
        Ok(rows.into_iter().map(|row| (DeliveryId::from_uuid(row.delivery_id), said(row.said))).collect())
    }

    /// Ends the wait of an answer that says nothing that can be recorded; why stays beside it for people.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn answer_refuse(&self, delivery: DeliveryId, why: &str) -> Result<(), StoreError> {
        let mut batch = self.begin().await?;
        batch.answer_refused(delivery, why).await?;
        batch.commit().await
    }
}

impl Transaction {
    /// The delivery, if it was ever sent.
    pub(crate) async fn owed(&mut self, scope: Scope, delivery: DeliveryId) -> Result<Option<Owed>, StoreError> {
        let row = sqlx::query!(
            "-- outcome.owed
            select d.lead_id, d.state, d.ended_at, c.name as client, c.country as client_country, c.time_zone as client_time_zone,
                   c.return_days, c.return_reasons, p.phone, p.postal_code, p.country, p.time_zone
            from delivery d join delivery_body b on b.delivery_id = d.id join client c on c.id = d.client_id
            join lead l on l.id = d.lead_id join person p on p.id = l.person_id
            where d.id = $1 and d.event = 'lead.matured' and ($2::uuid is null or d.client_id = $2)",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| {
            let profile = Profile {
                phone: row.phone,
                postal_code: row.postal_code,
                country: row.country,
                time_zone: row.time_zone,
                ..Profile::default()
            };
            let arrived = matches!(row.state.as_str(), "delivered" | "filed");
            Owed {
                lead: LeadId::from_uuid(row.lead_id),
                client: row.client,
                rules: ReturnRules { days: row.return_days, reasons: row.return_reasons },
                delivered_at: row.ended_at.filter(|_| arrived).map(jiff_sqlx::Timestamp::to_jiff),
                places: Whereabouts::of(&profile, &row.client_country, &row.client_time_zone).places(),
            }
        }))
    }

    pub(crate) async fn outcomes_said(&mut self, delivery: DeliveryId) -> Result<Vec<OutcomeRecord>, StoreError> {
        let rows = sqlx::query_as!(
            Columns,
            "-- outcome.said
            select number, at, kind, reason, amount, currency, not_before, how, said_by from outcome
            where delivery_id = $1 order by number",
            delivery.uuid()
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(Columns::record).collect()
    }

    /// Whether the delivery is of the lead's last maturation, whether another of that one is kept by its rep, and whether
    /// the person has another open lead in the program.
    pub(crate) async fn around(&mut self, delivery: DeliveryId) -> Result<(bool, bool, bool), StoreError> {
        let row = sqlx::query!(
            r#"-- outcome.around
            select d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
                     as "is_latest!",
                   exists (select 1 from delivery o where o.lead_id = d.lead_id and o.maturation_id = d.maturation_id and o.id <> d.id
                             and (select s.kind from outcome s where s.delivery_id = o.id order by s.number desc limit 1)
                                 in ('accepted', 'won')) as "kept_elsewhere!",
                   exists (select 1 from lead x where x.person_id = l.person_id and x.program_id = l.program_id and x.id <> l.id
                             and x.stage in ('lead', 'contact', 'opportunity')) as "another_open!"
            from delivery d join lead l on l.id = d.lead_id where d.id = $1"#,
            delivery.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok((row.is_latest, row.kept_elsewhere, row.another_open))
    }

    pub(crate) async fn outcome_insert(&mut self, delivery: DeliveryId, new: &OutcomeRecord) -> Result<(), StoreError> {
        sqlx::query!(
            "-- outcome.insert
            insert into outcome (delivery_id, number, at, kind, reason, amount, currency, not_before, how, said_by)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            delivery.uuid(),
            new.number,
            new.at.to_sqlx(),
            new.kind.word(),
            new.reason,
            new.sale.map(|sale| sale.amount),
            new.sale.map(|sale| sale.currency.to_string()),
            new.not_before.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            new.how.word(),
            new.by
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends open promises, each in its state, because of what a client said.
    pub(crate) async fn promises_end_by(
        &mut self,
        lead: LeadId,
        ended: &[(i64, State)],
        (by, why): (&str, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let generations: Vec<_> = ended.iter().map(|(generation, _)| *generation).collect();
        let states: Vec<_> = ended.iter().map(|(_, state)| state.word().to_owned()).collect();
        let done = sqlx::query!(
            "-- promise.end_by_client
            update promise p set state = n.state, ended_at = $4, ended_by = $5, ended_why = $6
            from unnest($2::bigint[], $3::text[]) as n (generation, state)
            where p.lead_id = $1 and p.generation = n.generation and p.state in ('scheduled', 'work')",
            lead.uuid(),
            &generations,
            &states,
            now.to_sqlx(),
            by,
            why
        )
        .execute(self.connection())
        .await?;
        if usize::try_from(done.rows_affected()) == Ok(ended.len()) {
            Ok(())
        } else {
            Err(StoreError::Moved("promise"))
        }
    }

    /// The next step that follows, from the client's words. Only a person replaces what the client asked for.
    pub(crate) async fn promise_from_client(
        &mut self,
        lead: &LeadRow,
        (next, due): (Next, Option<Due>),
        (by, why): (&str, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let later = now.saturating_add(ASK_AFTER).unwrap_or(now);
        let (kind, state, at) = match next {
            Next::Work => (Kind::Requalify, State::Work, now),
            Next::OnDate => (Kind::Requalify, State::Scheduled, due.map_or(later, |due| due.at)),
            Next::Ask | Next::Stays | Next::Ended => (Kind::Outcome, State::Scheduled, later),
        };
        sqlx::query!(
            "-- promise.from_client
            insert into promise (lead_id, generation, client_id, kind, state, due_at, due_until, why, from_whom, agreed,
                                 offered_until, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
            lead.id.uuid(),
            lead.generation.saturating_add(1),
            lead.client.uuid(),
            kind.word(),
            state.word(),
            at.to_sqlx(),
            due.and_then(|due| due.until).map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            why,
            by,
            kind == Kind::Requalify,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    pub(crate) async fn lead_said(
        &mut self,
        lead: LeadId,
        follows: &Follows,
        said: &OutcomeRecord,
        generation: i64,
    ) -> Result<(), StoreError> {
        let reason = said.reason.as_deref().unwrap_or_default();
        let done = sqlx::query!(
            "-- lead.said
            update lead set stage = coalesce($2, stage), generation = $3,
                            returned_at = case when $4 then $5::timestamptz when not $4 then null else returned_at end,
                            closed_at = case when $2 is null then closed_at when $2 = 'closed' then $5 end,
                            closed_reason = case when $2 is null then closed_reason when $2 = 'closed' then 'lost: ' || $6 end,
                            amount = case when $2 is null then amount else $7 end,
                            currency = case when $2 is null then currency else $8 end
            where id = $1",
            lead.uuid(),
            follows.stage.map(|stage| stage.word()),
            generation,
            follows.given_back,
            said.at.to_sqlx(),
            reason,
            said.sale.map(|sale| sale.amount),
            said.sale.map(|sale| sale.currency.to_string())
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    /// Ends the wait of a webhook's answer: it is an outcome now, was one before, or cannot be one.
    pub(crate) async fn answer_end(&mut self, delivery: DeliveryId, verdict: &Recorded) -> Result<(), StoreError> {
        if let Recorded::Refused(why) = verdict {
            return self.answer_refused(delivery, &why.0).await;
        }
        sqlx::query!(
            "-- outcome_answer.done
            delete from outcome_answer where delivery_id = $1",
            delivery.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn answer_refused(&mut self, delivery: DeliveryId, why: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "-- outcome_answer.refuse
            update outcome_answer set refused = $2 where delivery_id = $1",
            delivery.uuid(),
            why
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
