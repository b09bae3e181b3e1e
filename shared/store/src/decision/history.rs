//! The past of leads, a window of ids at a time, for back-tests: every decision with what arrived and was answered around
//! it. Reads everything there is of a program in the order of its leads, so that it is bound by no lookup.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    criteria::{ClientFacts, SourceFacts},
    delivery::OutcomeKind,
    id::{ArrivalId, ClientId, CriteriaId, DecisionId, LeadId},
};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    decision::{
        past::{PackedAnswer, PackedArrival, PackedDecision, PackedPast},
        receipt::PackedReceipt,
    },
    error::word,
    pool::{BoundedPool, PooledConnection},
};

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

impl Period {
    /// This past, as far as it lies in a scope. No client has the id that takes the place of one outside of it.
    fn within(&self, scope: Scope) -> Self {
        let inside = self.client.is_none_or(|client| scope.covers(client));
        let own = scope.client_uuid().map(ClientId::from_uuid);
        // An id that no client has selects nothing; leaving the client out instead would select the whole firm.
        let client = if inside { self.client.or(own) } else { Some(ClientId::from_uuid(Uuid::max())) };
        Self { client, ..self.clone() }
    }
}

/// Reads windows of the past over a connection of its own. Several share the windows of one past among them.
pub struct PastReader {
    store: Store,
    connection: PooledConnection,
    period: Period,
    /// The last lead that was given out.
    given: Arc<Mutex<Uuid>>,
    known: Arc<Known>,
}

/// Leads after `from`, up to `to`.
#[derive(Debug, Clone, Copy)]
struct LeadRange {
    from: Uuid,
    to: Uuid,
}

type Pasts = BTreeMap<Uuid, PackedPast>;

impl Store {
    /// How many decisions lie in the period.
    pub async fn history_count(&self, scope: Scope, period: &Period) -> Result<i64, StoreError> {
        let period = period.within(scope);
        let row = sqlx::query!(
            r#"-- history.count
            select count(*) as "n!" from decision d join criteria k on k.id = d.criteria_id join program g on g.id = k.program_id
            where g.name = $1 and ($2::uuid is null or d.client_id = $2) and ($3::timestamptz is null or d.at >= $3) and d.at < $4"#,
            period.program,
            period.client.map(ClientId::uuid),
            period.since.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            period.until.to_sqlx()
        )
        .fetch_one(&self.lists)
        .await?;
        Ok(row.n)
    }

    /// So many readers of one past, each over a connection; fewer where there are not as many.
    pub async fn history(&self, scope: Scope, period: &Period, readers: usize) -> Result<Vec<PastReader>, StoreError> {
        let period = period.within(scope);
        let given = Arc::new(Mutex::new(Uuid::nil()));
        // Read once for all readers: clients and sources are few, and a join in every window would repeat them with
        // each lead.
        let known = Arc::new(Known::read(&self.pool).await?);
        // The smaller pool: a back-test that took the other's connections would stop grading meanwhile.
        let connections = self.reader_connections(readers).await?.into_iter();
        let reader = |connection| PastReader {
            store: self.clone(),
            connection,
            period: period.clone(),
            given: Arc::clone(&given),
            known: Arc::clone(&known),
        };
        Ok(connections.map(reader).collect())
    }
}

impl PastReader {
    /// The past of the next leads, at most `limit`; `None` after the last. Leads without a decision in the period are left
    /// out, so that fewer may come.
    pub async fn next_past(&mut self, limit: i64) -> Result<Option<Vec<PackedPast>>, StoreError> {
        let Some((window, mut pasts)) = self.window(limit).await? else { return Ok(None) };
        self.decisions(window, &mut pasts).await?;
        self.arrivals(window, &mut pasts).await?;
        self.answers(window, &mut pasts).await?;
        self.outcomes(window, &mut pasts).await?;
        Ok(Some(pasts.into_values().filter(|past| !past.decisions.is_empty()).collect()))
    }

    /// The next leads. Nobody else is given these.
    async fn window(&mut self, limit: i64) -> Result<Option<(LeadRange, Pasts)>, StoreError> {
        let given = Arc::clone(&self.given);
        // Held over the statement: a second reader must begin after the last id that this one finds.
        let mut given = given.lock().await;
        let from = *given;
        let rows = sqlx::query!(
            "-- history.leads
            select l.id, l.client_id, l.source_id from lead l
            where l.id > $1 and l.program_id = (select id from program where name = $2) and ($3::uuid is null or l.client_id = $3)
            order by l.id limit $4",
            from,
            self.period.program,
            self.period.client.map(ClientId::uuid),
            limit
        )
        .fetch_all(self.connection.bounded())
        .await?;
        let Some(to) = rows.last().map(|row| row.id) else { return Ok(None) };
        // Set as soon as the window is known, so that the other readers find their windows while this one reads its
        // rows.
        *given = to;
        drop(given);
        let pasts = rows.into_iter().filter_map(|row| {
            let client = Arc::clone(self.known.clients.get(&row.client_id)?);
            let source = Arc::clone(self.known.sources.get(&row.source_id)?);
            Some((row.id, PackedPast::new(LeadId::from_uuid(row.id), client, source)))
        });
        Ok(Some((LeadRange { from, to }, pasts.collect())))
    }

    async fn decisions(&mut self, window: LeadRange, pasts: &mut Pasts) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            "-- history.decisions
            select d.id, d.lead_id, d.criteria_id, d.at, d.grade, d.score, d.receipt from decision d
            where d.lead_id > $1 and d.lead_id <= $2 and ($3::timestamptz is null or d.at >= $3) and d.at < $4
              and d.criteria_id in (select k.id from criteria k join program g on g.id = k.program_id where g.name = $5)
              and ($6::uuid is null or d.client_id = $6)
            order by d.lead_id, d.at, d.id",
            window.from,
            window.to,
            self.period.since.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            self.period.until.to_sqlx(),
            self.period.program,
            self.period.client.map(ClientId::uuid)
        )
        .fetch_all(self.connection.bounded())
        .await?;
        // Over the reader's own connection: asking the pool for a second one while all readers hold theirs could wait
        // for ever.
        let prepared =
            self.store.dictionaries_over(self.connection.bounded(), rows.iter().map(|row| row.criteria_id)).await?;
        for row in rows {
            let Some(past) = pasts.get_mut(&row.lead_id) else { continue };
            let of = (DecisionId::from_uuid(row.id), CriteriaId::from_uuid(row.criteria_id));
            past.decisions.push(PackedDecision {
                at: row.at.to_jiff(),
                grade: word(&row.grade)?,
                score: row.score,
                receipt: PackedReceipt::new(of, row.receipt, &prepared),
            });
        }
        Ok(())
    }

    async fn arrivals(&mut self, window: LeadRange, pasts: &mut Pasts) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            r#"-- history.arrivals
            select a.id, a.lead_id as "lead_id!", a.source_id, a.received_at, a.submitted_at, a.amends is not null as "amends!",
                   a.submission::text as "submission!"
            from arrival a where a.lead_id > $1 and a.lead_id <= $2 and ($3::uuid is null or a.client_id = $3)
            order by a.lead_id, a.received_at, a.id"#,
            window.from,
            window.to,
            self.period.client.map(ClientId::uuid)
        )
        .fetch_all(self.connection.bounded())
        .await?;
        for row in rows {
            let (Some(past), Some(source)) = (pasts.get_mut(&row.lead_id), self.known.sources.get(&row.source_id))
            else {
                continue;
            };
            past.arrivals.push(PackedArrival {
                id: ArrivalId::from_uuid(row.id),
                received_at: row.received_at.to_jiff(),
                submitted_at: row.submitted_at.map(jiff_sqlx::Timestamp::to_jiff),
                amends: row.amends,
                of_source: source.channel,
                submission: row.submission,
            });
        }
        Ok(())
    }

    async fn answers(&mut self, window: LeadRange, pasts: &mut Pasts) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            r#"-- history.answers
            select lead_id, question, at, origin, value::text as "value!" from answer
            where lead_id > $1 and lead_id <= $2 order by lead_id, at, origin"#,
            window.from,
            window.to
        )
        .fetch_all(self.connection.bounded())
        .await?;
        for row in rows {
            if let Some(past) = pasts.get_mut(&row.lead_id) {
                past.answers.push(PackedAnswer {
                    question: row.question,
                    at: row.at.to_jiff(),
                    origin: row.origin,
                    value: row.value,
                });
            }
        }
        Ok(())
    }

    async fn outcomes(&mut self, window: LeadRange, pasts: &mut Pasts) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            "-- history.outcomes
            select lead_id, kind from outcome where lead_id > $1 and lead_id <= $2 order by lead_id, at, number",
            window.from,
            window.to
        )
        .fetch_all(self.connection.bounded())
        .await?;
        for row in rows {
            if let Some(past) = pasts.get_mut(&row.lead_id) {
                // Ordered by time and number, so the last row of a lead is what the client said last.
                past.outcome = Some(word::<OutcomeKind>(&row.kind)?);
            }
        }
        Ok(())
    }
}

/// Clients and sources as criteria see them.
#[derive(Default)]
struct Known {
    clients: HashMap<Uuid, Arc<ClientFacts>>,
    sources: HashMap<Uuid, Arc<SourceFacts>>,
}

impl Known {
    async fn read(pool: &BoundedPool) -> Result<Self, StoreError> {
        let clients = sqlx::query!(
            "-- history.clients
            select id, slug, name, country, time_zone from client"
        )
        .fetch_all(pool)
        .await?;
        let clients = clients.into_iter().map(|row| {
            let client = ClientFacts { slug: row.slug, name: row.name, country: row.country, time_zone: row.time_zone };
            (row.id, Arc::new(client))
        });
        let mut known = Self { clients: clients.collect(), sources: HashMap::new() };
        let sources = sqlx::query!(
            "-- history.sources
            select id, name, channel from source"
        )
        .fetch_all(pool)
        .await?;
        for row in sources {
            known.sources.insert(row.id, Arc::new(SourceFacts { name: row.name, channel: word(&row.channel)? }));
        }
        Ok(known)
    }
}
