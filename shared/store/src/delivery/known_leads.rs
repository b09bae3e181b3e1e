//! What is known of leads now, in the terms in which their clients were told of them: for the pages behind links, on which people call.

use std::collections::BTreeMap;

use ripen_domain::{
    delivery::KnownLead,
    id::{CriteriaId, DecisionId, LeadId},
    person::OtherContacts,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    decision::receipt::{PackedReceipt, Prepared},
    delivery::leased_delivery::{contacts, notes, object, query_lead_told, reasons_in},
    error::word,
    person::known_person::profile_of,
};

struct KnownColumns {
    id: Uuid,
    stage: String,
    grade: Option<String>,
    score: Option<i32>,
    decision_id: Option<Uuid>,
    criteria_id: Option<Uuid>,
    receipt: Option<Vec<u8>>,
    first_name: Option<String>,
    last_name: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    phone_extension: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    time_zone: Option<String>,
    locale: Option<String>,
    answers: Option<Value>,
    notes: Option<Value>,
    said_contacts: Option<Value>,
}

impl KnownColumns {
    /// The receipt of the decision that counts; none where that is not kept any more.
    fn receipt(&mut self, prepared: &Prepared) -> Option<PackedReceipt> {
        let of = (DecisionId::from_uuid(self.decision_id?), CriteriaId::from_uuid(self.criteria_id?));
        self.receipt.take().map(|bytes| PackedReceipt::new(of, bytes, prepared))
    }

    fn lead(mut self, prepared: &Prepared) -> Result<KnownLead, StoreError> {
        let receipt = self.receipt(prepared);
        let profile = profile_of!(self);
        Ok(KnownLead {
            lead: LeadId::from_uuid(self.id),
            stage: word(&self.stage)?,
            others: OtherContacts::beside(&profile, contacts(self.said_contacts)?),
            profile,
            grade: self.grade.as_deref().map(word).transpose()?,
            score: self.score,
            reasons: receipt.and_then(reasons_in),
            answers: object(self.answers),
            notes: self.notes.map(notes).transpose()?.unwrap_or_default(),
        })
    }
}

impl Store {
    /// What is known of these leads, without what must not be contacted in it; nothing of those that the scope has none of.
    pub async fn leads_known(&self, scope: Scope, leads: &[LeadId]) -> Result<BTreeMap<LeadId, KnownLead>, StoreError> {
        if leads.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = query_lead_told!(
            KnownColumns,
            r#"-- delivery.known_leads
            select l.id, l.stage, l.grade as "grade?", l.score as "score?", x.id as "decision_id?", x.criteria_id as "criteria_id?", x.receipt as "receipt?","#,
            "
            from lead l join person p on p.id = l.person_id left join decision x on x.id = l.decision_id
            where l.id = any($1) and ($2::uuid is null or l.client_id = $2)",
            &ids,
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let prepared = self.dictionaries(rows.iter().filter_map(|row| row.criteria_id)).await?;
        let mut known = BTreeMap::new();
        for row in rows {
            let lead = row.lead(&prepared)?;
            known.insert(lead.lead, lead);
        }
        self.withhold_in_words(known.values_mut().collect()).await?;
        Ok(known)
    }
}

#[cfg(test)]
mod tests;
