//! What an outcome is about and how it is inserted.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    calling::{Place, Whereabouts},
    id::{DeliveryId, LeadId},
    outcome::ReturnRules,
    person::Profile,
};

use crate::{Scope, StoreError, Transaction, outcome::list::OutcomeRecord};

/// A delivery as an outcome needs to know it.
#[derive(Debug)]
pub(crate) struct OutcomeContext {
    pub(crate) lead: LeadId,
    /// The client's name.
    pub(crate) client: String,
    pub(crate) rules: ReturnRules,
    pub(crate) delivered_at: Option<Timestamp>,
    /// Where the person may be.
    pub(crate) places: Vec<Place>,
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
            // `ended_at` of a dead or withdrawn delivery is not when the client had it, and must not start the time
            // for returns.
            let arrived = matches!(row.state.as_str(), "delivered" | "filed");
            OutcomeContext {
                lead: LeadId::from_uuid(row.lead_id),
                client: row.client,
                rules: ReturnRules { days: row.return_days, reasons: row.return_reasons },
                delivered_at: row.ended_at.filter(|_| arrived).map(jiff_sqlx::Timestamp::to_jiff),
                places: Whereabouts::of(&profile, &row.client_country, &row.client_time_zone).places(),
            }
        }))
    }

    /// Whether the delivery is of the lead's last maturation, whether another of that one is kept by its rep, and whether
    /// the person has another open lead, in whichever program: the client may have changed it since.
    pub(crate) async fn outcome_around(&mut self, delivery: DeliveryId) -> Result<(bool, bool, bool), StoreError> {
        // Read under the lead's lock, so that two reps who return and keep the same lead at once see each other.
        let row = sqlx::query!(
            r#"-- outcome.around
            select d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
                     as "is_latest!",
                   exists (select 1 from delivery o where o.lead_id = d.lead_id and o.maturation_id = d.maturation_id and o.id <> d.id
                             and (select s.kind from outcome s where s.delivery_id = o.id order by s.number desc limit 1)
                                 in ('accepted', 'won')) as "kept_elsewhere!",
                   exists (select 1 from lead x where x.person_id = l.person_id and x.id <> l.id
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
}
