//! The past of leads, a batch at a time, for back-tests: every decision with what arrived and was answered around it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    criteria::{Answer, ClientFacts, PastArrival, PastDecision, PastLead, SourceFacts},
    delivery::OutcomeKind,
    id::{ClientId, LeadId},
    lead::Channel,
};
use serde::{Deserialize, de::IgnoredAny};
use uuid::Uuid;

use crate::{Store, StoreError, error::word};

/// Which past is looked at.
#[derive(Debug, Clone, Default)]
pub struct Period {
    /// The program's name.
    pub program: String,
    /// One client's leads only.
    pub client: Option<ClientId>,
    /// Decisions from then on.
    pub since: Option<Timestamp>,
    /// Decisions before then.
    pub until: Timestamp,
}

/// A lead's past and what the client said of it last.
pub type Past = (LeadId, PastLead, Option<OutcomeKind>);

impl Store {
    /// How many decisions lie in the period.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn history_count(&self, period: &Period) -> Result<i64, StoreError> {
        let row = sqlx::query!(
            r#"-- history.count
            select count(*) as "n!" from decision d join criteria k on k.id = d.criteria_id join program g on g.id = k.program_id
            where g.name = $1 and ($2::uuid is null or d.client_id = $2) and ($3::timestamptz is null or d.at >= $3) and d.at < $4"#,
            period.program,
            period.client.map(ClientId::uuid),
            period.since.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            period.until.to_sqlx()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.n)
    }

    /// The past of the next `limit` leads after `after`, by id. Leads without a decision in the period are left out, so
    /// that fewer may come; the last id looked at comes with them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn history_after(
        &self,
        period: &Period,
        after: LeadId,
        limit: i64,
    ) -> Result<Option<(LeadId, Vec<Past>)>, StoreError> {
        let rows = sqlx::query!(
            "-- history.leads
            select l.id, c.slug, c.name, c.country, c.time_zone, s.name as source_name, s.channel
            from lead l join program g on g.id = l.program_id join client c on c.id = l.client_id join source s on s.id = l.source_id
            where l.id > $1 and g.name = $2 and ($3::uuid is null or l.client_id = $3) order by l.id limit $4",
            after.uuid(),
            period.program,
            period.client.map(ClientId::uuid),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let Some(last) = rows.last().map(|row| LeadId::from_uuid(row.id)) else { return Ok(None) };
        let mut pasts: BTreeMap<Uuid, (PastLead, Option<OutcomeKind>)> = BTreeMap::new();
        for row in rows {
            let client = ClientFacts { slug: row.slug, name: row.name, country: row.country, time_zone: row.time_zone };
            let source = SourceFacts { name: row.source_name, channel: word(&row.channel)? };
            pasts.insert(row.id, (PastLead { client, source, ..PastLead::default() }, None));
        }
        let ids: Vec<_> = pasts.keys().copied().collect();
        let (decisions, arrivals, answers, outcomes) = tokio::try_join!(
            self.past_decisions(period, &ids),
            self.past_arrivals(&ids),
            self.past_answers(&ids),
            self.past_outcomes(&ids),
        )?;
        for (lead, decision) in decisions {
            pasts.entry(lead).or_default().0.decisions.push(decision);
        }
        for (lead, arrival) in arrivals {
            pasts.entry(lead).or_default().0.arrivals.push(arrival);
        }
        for (lead, question, answer) in answers {
            pasts.entry(lead).or_default().0.answers.push((question, answer));
        }
        for (lead, outcome) in outcomes {
            pasts.entry(lead).or_default().1 = Some(outcome);
        }
        let decided = pasts.into_iter().filter(|(_, (past, _))| !past.decisions.is_empty());
        Ok(Some((last, decided.map(|(id, (past, outcome))| (LeadId::from_uuid(id), past, outcome)).collect())))
    }

    async fn past_decisions(&self, period: &Period, ids: &[Uuid]) -> Result<Vec<(Uuid, PastDecision)>, StoreError> {
        let rows = sqlx::query!(
            r#"-- history.decisions
            select lead_id, at, grade, score, receipt::text as "receipt!" from decision
            where lead_id = any($1) and ($2::timestamptz is null or at >= $2) and at < $3 order by lead_id, at, id"#,
            ids,
            period.since.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            period.until.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let (at, grade) = (row.at.to_jiff(), word(&row.grade)?);
                Ok((row.lead_id, PastDecision { at, grade, score: row.score, receipt: row.receipt }))
            })
            .collect()
    }

    async fn past_arrivals(&self, ids: &[Uuid]) -> Result<Vec<(Uuid, PastArrival)>, StoreError> {
        let rows = sqlx::query!(
            r#"-- history.arrivals
            select a.lead_id as "lead_id!", a.received_at, a.submitted_at, a.amends is not null as "amends!", s.channel as of_source,
                   a.submission::text as "submission!"
            from arrival a join source s on s.id = a.source_id
            where a.lead_id = any($1) order by a.lead_id, a.received_at, a.id"#,
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                // What an erased person had submitted says nothing any more.
                let said: Said = serde_json::from_str(&row.submission).unwrap_or_default();
                let arrival = PastArrival {
                    received_at: row.received_at.to_jiff(),
                    submitted_at: row.submitted_at.map(jiff_sqlx::Timestamp::to_jiff),
                    amends: row.amends,
                    channel: said.channel.map_or_else(|| word(&row.of_source), Ok)?,
                    has_email: said.email.is_some(),
                    has_phone: said.phone.is_some(),
                    country: said.country,
                    postal_code: said.postal_code,
                    time_zone: said.time_zone,
                };
                Ok((row.lead_id, arrival))
            })
            .collect()
    }

    async fn past_answers(&self, ids: &[Uuid]) -> Result<Vec<(Uuid, String, Answer)>, StoreError> {
        let rows = sqlx::query!(
            "-- history.answers
            select lead_id, question, at, origin, value from answer where lead_id = any($1) order by lead_id, at, origin",
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let origin =
                    row.origin.parse().map_err(|_| StoreError::Corrupt("the origin of an answer".to_owned()))?;
                Ok((row.lead_id, row.question, Answer { value: row.value, at: row.at.to_jiff(), origin }))
            })
            .collect()
    }

    async fn past_outcomes(&self, ids: &[Uuid]) -> Result<Vec<(Uuid, OutcomeKind)>, StoreError> {
        let rows = sqlx::query!(
            "-- history.outcomes
            select d.lead_id, o.kind from delivery d join outcome o on o.delivery_id = d.id
            where d.lead_id = any($1) order by d.lead_id, o.at",
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|row| Ok((row.lead_id, word(&row.kind)?))).collect()
    }
}

/// Of a submission what criteria can see.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    channel: Option<Channel>,
    email: Option<IgnoredAny>,
    phone: Option<IgnoredAny>,
    country: Option<String>,
    postal_code: Option<String>,
    time_zone: Option<String>,
}
