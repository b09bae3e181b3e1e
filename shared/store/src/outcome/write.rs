//! What an outcome is about and how it is inserted.

use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    calling::{Place, Whereabouts},
    id::{ClientId, DeliveryId, LeadId},
    outcome::{AmountMeaning, AmountTerms, ReturnRules, Sale},
    person::Profile,
    time::zone,
    values::Conventions,
};
use rust_decimal::Decimal;

use crate::{Scope, StoreError, Transaction, error::word, outcome::list::OutcomeRecord};

/// So many sales of a client tell what is usual.
const FEWEST_SALES: i64 = 5;

/// A delivery as an outcome needs to know it.
#[derive(Debug)]
pub(crate) struct OutcomeContext {
    /// The delivery that handed the lead over: of an update the one that it updates.
    pub(crate) delivery: DeliveryId,
    pub(crate) lead: LeadId,
    pub(crate) owner: ClientId,
    /// The client's name.
    pub(crate) client: String,
    /// What its amounts are.
    pub(crate) terms: AmountTerms,
    /// How it writes numbers.
    pub(crate) written: Conventions,
    /// Its clock.
    pub(crate) clock: TimeZone,
    /// The clock of the rep to whom it went, where that is known.
    pub(crate) rep_clock: Option<TimeZone>,
    pub(crate) rules: ReturnRules,
    pub(crate) delivered_at: Option<Timestamp>,
    /// When the person first enquired.
    pub(crate) arrived_at: Timestamp,
    /// Where the person may be.
    pub(crate) places: Vec<Place>,
}

/// What else there is of the lead, read under its lock.
#[derive(Debug)]
pub(crate) struct OutcomeAround {
    /// The delivery is of the lead's last maturation.
    pub(crate) is_latest: bool,
    /// Another delivery of that one is kept by its rep, or another of the lead was won.
    pub(crate) kept_elsewhere: bool,
    /// Another of the lead was won.
    pub(crate) sold_elsewhere: bool,
    /// The person has another open lead, in whichever program: the client may have changed it since.
    pub(crate) another_open: bool,
    /// The lead is sold.
    pub(crate) is_sold: bool,
    /// What the lead was sold for, by whichever delivery that was said.
    pub(crate) sale: Option<Sale>,
    /// When the lead was taken back from the client, if it was since this delivery.
    pub(crate) recalled_at: Option<Timestamp>,
    /// It could not be delivered there, and somebody else of the client has the lead instead.
    pub(crate) is_given_on: bool,
}

impl Transaction {
    /// The delivery, if it was ever sent.
    pub(crate) async fn outcome_context(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
    ) -> Result<Option<OutcomeContext>, StoreError> {
        // Only what has a body: a client cannot speak of what was never sent to it.
        let row = sqlx::query!(
            r#"-- outcome.owed
            select d.id, d.lead_id, d.client_id, l.first_arrived_at,
                   coalesce(d.first_delivered_at, case when d.state in ('delivered', 'filed') then d.ended_at end) as delivered_at,
                   c.name as client, c.country as client_country, c.time_zone as client_time_zone, c.amounts, c.amount_share,
                   c.return_days, c.return_reasons, p.phone, p.postal_code, p.country, p.time_zone,
                   r.time_zone as "rep_time_zone?"
            from delivery d join delivery_body b on b.delivery_id = d.id join client c on c.id = d.client_id
            join lead l on l.id = d.lead_id join person p on p.id = l.person_id
            left join endpoint e on e.id = d.endpoint_id left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            where d.id = coalesce((select m.id from delivery u join delivery m using (maturation_id, endpoint_id)
                                   where u.id = $1 and u.event = 'lead.updated' and m.event = 'lead.matured' limit 1), $1)
              and d.event = 'lead.matured' and ($2::uuid is null or d.client_id = $2)"#,
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(|row| {
            let profile = Profile {
                phone: row.phone,
                postal_code: row.postal_code,
                country: row.country,
                time_zone: row.time_zone,
                ..Profile::default()
            };
            Ok(OutcomeContext {
                delivery: DeliveryId::from_uuid(row.id),
                lead: LeadId::from_uuid(row.lead_id),
                owner: ClientId::from_uuid(row.client_id),
                client: row.client,
                terms: AmountTerms { meaning: row.amounts.as_deref().map(word).transpose()?, share: row.amount_share },
                written: Conventions::of(None, Some(&row.client_country)),
                // A zone that this binary does not know must not keep the client from saying what became of a lead.
                clock: zone(&row.client_time_zone).unwrap_or(TimeZone::UTC),
                rep_clock: row.rep_time_zone.as_deref().and_then(zone),
                rules: ReturnRules { days: row.return_days, reasons: row.return_reasons },
                // The first time: neither a replay nor the end of a dead or withdrawn delivery starts the time for returns.
                arrived_at: row.first_arrived_at.to_jiff(),
                delivered_at: row.delivered_at.map(jiff_sqlx::Timestamp::to_jiff),
                places: Whereabouts::of(&profile, &row.client_country, &row.client_time_zone).places(),
            })
        })
        .transpose()
    }

    /// How the client of a delivery writes numbers and dates; none where there is no such delivery in the scope.
    pub async fn outcome_conventions(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
    ) -> Result<Option<Conventions>, StoreError> {
        let row = sqlx::query!(
            "-- outcome.conventions
            select c.country from delivery d join client c on c.id = d.client_id
            where d.id = $1 and ($2::uuid is null or d.client_id = $2)",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| Conventions::of(None, Some(&row.country))))
    }

    /// What the client's sales usually are, in the money and meaning of one; none where too few are known.
    pub(crate) async fn outcome_usual(
        &mut self,
        owed: &OutcomeContext,
        sale: Sale,
    ) -> Result<Option<Decimal>, StoreError> {
        // Of other leads, and of each what counts now: neither a slip that is said twice nor one that is corrected five times
        // becomes what is usual. The last ones: prices move.
        let row = sqlx::query!(
            r#"-- outcome.usual
            select percentile_disc(0.5) within group (order by amount) as median, count(*) as "sales!"
            from (select amount from outcome o
                  where client_id = $1 and currency = $2 and amount is not null and amount_is is not distinct from $3 and lead_id <> $4
                    and not exists (select from outcome n where n.lead_id = o.lead_id and (n.at, n.number) > (o.at, o.number)
                                      and (n.amount is not null or n.kind <> 'won'))
                  order by at desc limit 200) last"#,
            owed.owner.uuid(),
            sale.currency.to_string(),
            owed.terms.meaning.map(AmountMeaning::word),
            owed.lead.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(row.median.filter(|_| row.sales >= FEWEST_SALES))
    }

    /// What else there is of a lead about which something is said: of the delivery's own, or of the one that goes on for it.
    pub(crate) async fn outcome_around(
        &mut self,
        delivery: DeliveryId,
        lead: LeadId,
    ) -> Result<OutcomeAround, StoreError> {
        // Read under the lead's lock, so that two reps who return and keep the same lead at once see each other.
        let row = sqlx::query!(
            r#"-- outcome.around
            select d.maturation_id = (select m.id from maturation m where m.lead_id in (d.lead_id, l.id) order by m.at desc, m.id desc limit 1)
                     as "is_latest!",
                   coalesce(others.kept, false) as "kept_elsewhere!", coalesce(others.sold, false) as "sold_elsewhere!",
                   exists (select 1 from lead x where x.person_id = l.person_id and x.id <> l.id
                             and x.stage in ('lead', 'contact', 'opportunity')) as "another_open!",
                   l.stage = 'customer' as "is_sold!", l.amount, l.currency,
                   (delivery_given_on(d.id) or d.state = 'withdrawn' and delivery_reason_code(d.reason_code, d.reason) is not distinct from 'given_by_hand') as "is_given_on!",
                   case when greatest(own.recalled_at, l.recalled_at) >= d.created_at then greatest(own.recalled_at, l.recalled_at) end as recalled_at
            from delivery d join lead own on own.id = d.lead_id join lead l on l.id = $2
            cross join lateral (
              select bool_or(n.kind = 'won') as sold, bool_or(n.kind = 'won' or n.kind = 'accepted' and o.maturation_id = d.maturation_id) as kept
              from delivery o
              cross join lateral (select s.kind from outcome s where s.delivery_id = o.id order by s.number desc limit 1) n
              where o.lead_id in (d.lead_id, l.id) and o.id <> d.id) others
            where d.id = $1"#,
            delivery.uuid(),
            lead.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        let currency = row.currency.as_deref().map(word).transpose()?;
        Ok(OutcomeAround {
            sale: row.amount.zip(currency).map(|(amount, currency)| Sale { amount, currency }),
            is_sold: row.is_sold,
            is_latest: row.is_latest,
            kept_elsewhere: row.kept_elsewhere,
            sold_elsewhere: row.sold_elsewhere,
            another_open: row.another_open,
            recalled_at: row.recalled_at.map(jiff_sqlx::Timestamp::to_jiff),
            is_given_on: row.is_given_on,
        })
    }

    pub(crate) async fn outcome_insert(
        &mut self,
        owed: &OutcomeContext,
        new: &OutcomeRecord,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- outcome.insert
            insert into outcome (delivery_id, number, at, kind, reason, amount, currency, not_before, how, said_by,
                                 lead_id, client_id, happened_at, amount_is, amount_share, not_before_said)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            owed.delivery.uuid(),
            new.number,
            new.at.to_sqlx(),
            new.kind.word(),
            new.reason,
            new.sale.map(|sale| sale.amount),
            new.sale.map(|sale| sale.currency.to_string()),
            new.not_before.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            new.how.word(),
            new.by,
            owed.lead.uuid(),
            owed.owner.uuid(),
            new.happened_at.to_sqlx(),
            new.terms.meaning.map(AmountMeaning::word),
            new.terms.share,
            new.not_before_said
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
