//! What a batch needs to know of each client to grade and route its leads.

use ripen_domain::{
    id::{ClientId, CriteriaId, EndpointId, ProgramId, SourceId},
    lead::Channel,
};

use crate::{Scope, StoreError, Transaction, client::client_record::ClientRecord, source::source_record::State};

/// What a batch needs to know of one client.
#[derive(Debug, Clone)]
pub struct GradingSettings {
    /// The client.
    pub client: ClientRecord,
    /// Its line of business.
    pub program: ProgramId,
    /// The active criteria; none before the first activation.
    pub criteria: Option<CriteriaId>,
    /// Enabled endpoints that ask for matured leads.
    pub endpoints: Vec<EndpointId>,
    /// Something says who gets which lead when: a document, a capacity, what a rep takes. Where nothing does, every enabled
    /// endpoint gets every lead at once.
    pub is_routed: bool,
}

/// What a batch needs to know of one source.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// Its id.
    pub id: SourceId,
    /// Name as people write it.
    pub name: String,
    /// How leads of it arrive.
    pub channel: Channel,
}

impl Transaction {
    /// How leads of a source of the scope are decided.
    pub async fn source_settings(
        &mut self,
        scope: Scope,
        source: SourceId,
    ) -> Result<Option<GradingSettings>, StoreError> {
        let found = self.settings_of(&[source]).await?.pop();
        Ok(found.map(|(_, work)| work).filter(|work| scope.covers(work.client.id)))
    }

    /// What this batch needs to know of these sources and of their clients.
    pub async fn settings_of(
        &mut self,
        sources: &[SourceId],
    ) -> Result<Vec<(SourceSettings, GradingSettings)>, StoreError> {
        let sources: Vec<_> = sources.iter().map(|source| source.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- client.settings_of
            select s.id as source_id, s.name as source_name, s.channel, c.id, c.slug, c.name, c.country, c.time_zone, c.state,
                   g.id as program_id, g.criteria_id,
                   (select array_agg(e.id order by e.id) from endpoint e
                    where e.client_id = c.id and e.state = 'enabled' and not e.is_fallback and 'lead.matured' = any(e.events)) as endpoints,
                   (c.route is not null or c.capacity is not null
                     or exists (select 1 from rep r where r.client_id = c.id and (r.hours is not null or r.is_paused
                                  or r.capacity is not null or cardinality(r.holidays) > 0))) as "is_routed!"
            from source s
            join client c on c.id = s.client_id
            join program g on g.id = coalesce(c.program_id, (select id from program where is_default))
            where s.id = any($1)"#,
            &sources
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let source = SourceSettings {
                    id: SourceId::from_uuid(row.source_id),
                    name: row.source_name,
                    channel: crate::error::word(&row.channel)?,
                };
                let work = GradingSettings {
                    client: ClientRecord {
                        id: ClientId::from_uuid(row.id),
                        slug: row.slug,
                        name: row.name,
                        country: row.country,
                        time_zone: row.time_zone,
                        state: State::read(&row.state)?,
                    },
                    program: ProgramId::from_uuid(row.program_id),
                    criteria: row.criteria_id.map(CriteriaId::from_uuid),
                    endpoints: row.endpoints.unwrap_or_default().into_iter().map(EndpointId::from_uuid).collect(),
                    is_routed: row.is_routed,
                };
                Ok((source, work))
            })
            .collect()
    }
}
