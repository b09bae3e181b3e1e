//! What could not be understood of the arrivals of a lead, for whoever calls the person.

use ripen_domain::{
    flag::{Flag, FlaggedArrival, standing},
    id::LeadId,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{Scope, Store, StoreError, suppression::flagged_contacts::FlaggedLead};

/// One arrival's flags, and the questions that were answered after it.
#[derive(Deserialize)]
struct StoredFlags {
    flags: Vec<Flag>,
    answered_since: Vec<String>,
}

/// The flags of one arrival, of this version or an earlier one.
pub(crate) fn stored_flags(stored: Value) -> Result<Vec<Flag>, StoreError> {
    serde_json::from_value(stored).map_err(|_| StoreError::Corrupt("the flags of an arrival".to_owned()))
}

/// The flags that stand, from a list of arrivals, newest first.
pub(crate) fn standing_flags(stored: Value) -> Result<Vec<Flag>, StoreError> {
    let arrivals: Vec<StoredFlags> =
        serde_json::from_value(stored).map_err(|_| StoreError::Corrupt("the flags of an arrival".to_owned()))?;
    let of_arrival = |StoredFlags { flags, answered_since }: StoredFlags| FlaggedArrival { flags, answered_since };
    Ok(standing(arrivals.into_iter().map(of_arrival)))
}

impl Store {
    /// What is still not understood of a lead, without what must not be contacted.
    pub async fn flags_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<Flag>, StoreError> {
        let stored = sqlx::query_scalar!(
            "-- arrival.flags_of_lead
            select json_agg(json_build_object('flags', f.submission -> 'flags', 'answered_since',
                array(select w.question from answer w where w.lead_id = f.lead_id and w.at > f.received_at))
              order by f.received_at desc, f.id desc)
            from arrival f
            where f.lead_id = $1 and f.submission -> 'flags' is not null and ($2::uuid is null or f.client_id = $2)",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        let mut flags = stored.map(standing_flags).transpose()?.unwrap_or_default();
        self.withhold_suppressed(vec![FlaggedLead { lead, flags: &mut flags }]).await?;
        Ok(flags)
    }
}
