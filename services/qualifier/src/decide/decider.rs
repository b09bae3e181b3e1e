//! What deciding needs from outside: the criteria, the calling hours, the instant and new ids. Each step of deciding adds its part to it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use ripen_domain::{calling::Hours, criteria::Criteria, id::CriteriaId};

/// What deciding needs from outside the unit of work.
pub struct Decider<'a, F> {
    /// Documents by id.
    pub criteria: &'a BTreeMap<CriteriaId, Arc<Criteria>>,
    /// When people may be called.
    pub hours: &'a Hours,
    /// The instant of every decision of the batch.
    pub now: Timestamp,
    /// Makes a new UUID.
    pub new_id: F,
}
