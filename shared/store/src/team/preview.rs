//! Where a lead would go, were it to mature now: the assigner over what is read without a lock. Nothing is done, and no batch
//! waits for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use ripen_domain::{
    criteria::Criteria,
    id::{CriteriaId, LeadId},
};

use crate::{
    Scope, Store, StoreError, Transaction,
    criteria::document_cache::{BrokenCriteria, Documents},
    lead::unit_of_work::UnitOfWork,
    team::assign::{Assigner, LeadAssignment, TeamState, ToAssign},
};

/// Where a lead would go, were it to mature now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePreview {
    /// Who gets it.
    pub goes: PreviewedRoute,
    /// All of it in words, line by line: who gets it and why, and who does not.
    pub text: String,
}

/// Who would get a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewedRoute {
    /// Every enabled endpoint of the client.
    Everybody,
    /// These, by their names.
    To(Vec<String>),
    /// Whoever of these takes it first.
    FirstOf(Vec<String>),
    /// Nobody yet.
    Held {
        /// Why.
        why: String,
        /// Until when; none where somebody has to do something first.
        until: Option<Timestamp>,
    },
}

impl PreviewedRoute {
    fn of(assigned: &LeadAssignment) -> Self {
        let names = || assigned.whom.clone();
        match &assigned.held {
            _ if assigned.offer.is_some() => Self::FirstOf(names()),
            _ if !assigned.whom.is_empty() => Self::To(names()),
            Some(hold) => Self::Held { why: hold.why.clone(), until: (!hold.is_undated).then_some(hold.until) },
            None => Self::Everybody,
        }
    }
}

impl Store {
    /// Where a lead would go, were it to mature now; none where the scope has no such lead.
    pub async fn route_preview(
        &self,
        documents: &Documents,
        scope: Scope,
        lead: LeadId,
        now: Timestamp,
    ) -> Result<Option<RoutePreview>, StoreError> {
        let mut tx = self.begin().await?;
        let work_unit = tx.look_at(scope, lead).await?;
        if !work_unit.leads.contains_key(&lead) {
            return Ok(None);
        }
        let criteria = routing_scripts(&mut tx, &work_unit, documents).await?;
        let team_state = TeamState::look(&mut tx, scope, &work_unit, lead, now).await?;
        let matured_now = ToAssign { lead, matured_at: now, had: &[], dead: &[], offered: None, is_in_order: true };
        let assigned = Assigner::new(&work_unit, &criteria, team_state, now).assign(matured_now);
        let goes = PreviewedRoute::of(&assigned);
        let plain = || match assigned.held {
            Some(hold) => format!("Held: {}\n", hold.why),
            None => "No routing: goes to every enabled endpoint of the client at once\n".to_owned(),
        };
        let text = assigned.note.map_or_else(plain, |note| note.text);
        Ok(Some(RoutePreview { goes, text }))
    }
}

impl Transaction {
    /// Reads what is known of a lead without a lock, to show what would become of it; nothing where the scope has no such lead.
    pub async fn look_at(&mut self, scope: Scope, lead: LeadId) -> Result<UnitOfWork, StoreError> {
        let mut work_unit = UnitOfWork::default();
        for row in self.leads_read(scope, &[lead]).await? {
            work_unit.load_lead(row);
        }
        let Some(row) = work_unit.leads.get(&lead).map(|lead| lead.row.clone()) else { return Ok(work_unit) };
        for known in self.persons_of(&[row.person]).await? {
            work_unit.load_person(known);
        }
        for answer in self.answers_of(&[lead]).await? {
            work_unit.load_answer(answer)?;
        }
        for open in self.promises_of(&[lead]).await? {
            if let Some(lead) = work_unit.leads.get_mut(&open.lead) {
                lead.promises.push(open.promise);
            }
        }
        for (lead, version) in self.regrades_of(&[lead]).await? {
            if let Some(lead) = work_unit.leads.get_mut(&lead) {
                lead.regrade = Some(version);
            }
        }
        for standing in self.handover_standings(&[lead]).await? {
            work_unit.load_standing(standing);
        }
        for (source, work) in self.settings_of(&[row.source]).await? {
            work_unit.load_settings(source, work);
        }
        Ok(work_unit)
    }
}

/// The criteria whose questions routing may ask, read over the transaction's own connection. A lead is not kept from its client because they cannot be read.
///
/// # Errors
/// When the database is away.
pub async fn routing_scripts(
    tx: &mut Transaction,
    work_unit: &UnitOfWork,
    documents: &Documents,
) -> Result<BTreeMap<CriteriaId, Arc<Criteria>>, StoreError> {
    let used: BTreeSet<_> = work_unit.work.values().filter_map(|work| work.criteria).collect();
    match documents.get_within(tx, &used.into_iter().collect::<Vec<_>>()).await {
        Ok(criteria) => Ok(criteria),
        Err(BrokenCriteria::Store(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "leads are routed without the questions of their script");
            Ok(BTreeMap::new())
        }
    }
}
