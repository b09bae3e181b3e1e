//! What lists show of leads, and how many leads fit.

use ripen_domain::id::{LeadId, SourceId};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    error::word,
    lead::{
        fitting::{FitArguments, query_fitting, query_fitting_steps},
        list::{LeadFilter, LeadOrder, ListedLead, ListedStep},
        touched::both,
    },
};

/// Of so many held deliveries, the newest, the leads are listed.
const MOST_HELD: i64 = 5_000;

struct ListedColumns {
    id: Uuid,
    slug: String,
    client_name: String,
    program: String,
    person: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    stage: String,
    closed_reason: Option<String>,
    grade: Option<String>,
    score: Option<i32>,
    source_id: Uuid,
    source: String,
    channel: String,
    arrivals: i32,
    last_arrived_at: jiff_sqlx::Timestamp,
    last_disposition: Option<String>,
    last_touch_at: Option<jiff_sqlx::Timestamp>,
    step: Option<String>,
    step_state: Option<String>,
    due_at: Option<jiff_sqlx::Timestamp>,
    why: Option<String>,
    agreed: Option<bool>,
    put_back: Option<bool>,
    handed_over: bool,
}

impl ListedColumns {
    fn lead(self) -> Result<ListedLead, StoreError> {
        let row = self;
        let step = match (row.step, row.step_state) {
            (Some(kind), Some(state)) => Some(ListedStep {
                kind: word(&kind)?,
                state: word(&state)?,
                due_at: row.due_at.map(jiff_sqlx::Timestamp::to_jiff),
                day_by: None,
                why: row.why.unwrap_or_default(),
                is_agreed: row.agreed.unwrap_or_default(),
                is_put_back: row.put_back.unwrap_or_default(),
            }),
            _ => None,
        };
        Ok(ListedLead {
            id: LeadId::from_uuid(row.id),
            client: row.slug,
            client_name: row.client_name,
            program: row.program,
            name: row.person,
            phone: row.phone,
            email: row.email,
            stage: word(&row.stage)?,
            closed: row.closed_reason,
            grade: row.grade.as_deref().map(word).transpose()?,
            score: row.score,
            source: SourceId::from_uuid(row.source_id),
            source_name: row.source,
            channel: word(&row.channel)?,
            arrivals: row.arrivals,
            last_arrived_at: row.last_arrived_at.to_jiff(),
            last_disposition: row.last_disposition,
            last_touch_at: row.last_touch_at.map(jiff_sqlx::Timestamp::to_jiff),
            step,
            next: None,
            is_handed_over: row.handed_over,
        })
    }
}

impl Store {
    pub(super) async fn leads_listed(&self, scope: Scope, leads: &[Uuid]) -> Result<Vec<ListedLead>, StoreError> {
        // Once for all of a page: each part is a look-up by key.
        let rows = sqlx::query_as!(
            ListedColumns,
            r#"-- lead.listed
            select l.id, c.slug, c.name as client_name, g.name as program,
                   coalesce(nullif(concat_ws(' ', n.first_name, n.last_name), ''), n.name) as person, n.phone, n.email,
                   l.stage, l.closed_reason, l.grade, l.score, l.source_id, coalesce(s.name, '') as "source!", l.channel, l.arrivals, l.last_arrived_at,
                   l.last_disposition,
                   (select t.at from touch t where t.lead_id = l.id order by t.at desc limit 1) as last_touch_at,
                   p.kind as "step?", p.state as "step_state?", p.due_at as "due_at?", p.why as "why?", (p.agreed and p.due_at > p.created_at) as "agreed?", (p.agreed and p.due_at = p.created_at) as "put_back?",
                   (l.recalled_at is null or l.recalled_at <= l.matured_at)
                     and exists (select from delivery d where d.lead_id = l.id and d.event = 'lead.matured'
                                   and (d.first_delivered_at is not null or d.state in ('delivered', 'filed'))) as "handed_over!"
            from unnest($1::uuid[]) with ordinality as w (id, place) join lead l on l.id = w.id
            join client c on c.id = l.client_id join program g on g.id = l.program_id join person n on n.id = l.person_id
            left join source s on s.id = l.source_id
            left join lateral (select p.kind, p.state, p.due_at, p.why, p.agreed, p.created_at from promise p
                               where p.lead_id = l.id and p.state in ('scheduled', 'work')
                               order by coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.generation limit 1) p on true
            where ($2::uuid is null or l.client_id = $2) order by w.place"#,
            leads,
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(ListedColumns::lead).collect()
    }

    /// The leads that are meant by name, where a filter asks for what few leads have, which is found by indices of its own:
    /// something that is held back, what a user did or promised.
    pub(super) async fn leads_named(&self, scope: Scope, filter: &LeadFilter) -> Result<Option<Vec<Uuid>>, StoreError> {
        let of_user = self.leads_of_user(scope, (filter.touched.as_ref(), filter.promised)).await?;
        if !filter.is_held {
            return Ok(of_user);
        }
        let held = sqlx::query_scalar!(
            "-- lead.held
            select lead_id from delivery
            where state = 'held' and event = 'lead.matured' and ($1::uuid is null or client_id = $1) order by id desc limit $2",
            scope.client_uuid(),
            MOST_HELD
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(Some(both(of_user, held)))
    }

    /// How many leads fit, up to `most`: nobody waits until a million are counted.
    pub async fn leads_count(&self, scope: Scope, filter: &LeadFilter, most: i64) -> Result<i64, StoreError> {
        if filter.is_empty {
            return Ok(0);
        }
        if filter.is_about_steps() {
            return self.leads_count_by_step(scope, filter, most).await;
        }
        if filter.is_of_kinds() && !filter.is_named() {
            let found = self.leads_of_kinds(scope, filter, most).await?;
            return Ok(i64::try_from(found.len()).unwrap_or(most));
        }
        let fits = FitArguments::new(scope, filter, self.leads_named(scope, filter).await?);
        let n = query_fitting!(
            [r#"-- lead.count
            select count(*) as "n!" from (
              select from lead l
              where ($1::uuid is null or l.client_id = $1) and ($3::text is distinct from 'none' or l.decision_id is null) and "#],
            ["limit $12) counted"],
            fits,
            most,
        )
        .fetch_one(&self.lists)
        .await?;
        Ok(n)
    }

    async fn leads_count_by_step(&self, scope: Scope, filter: &LeadFilter, most: i64) -> Result<i64, StoreError> {
        let among = self.leads_among(scope, filter, LeadOrder::Step).await?;
        let fits = FitArguments::new(scope, filter, among);
        let n = query_fitting_steps!(
            r#"-- lead.count_by_step
            select count(*) as "n!" from (
              select from promise p join lead l on l.id = p.lead_id where "#,
            "limit $15) counted",
            fits,
            most,
        )
        .fetch_one(&self.lists)
        .await?;
        Ok(n)
    }
}
