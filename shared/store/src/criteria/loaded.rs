//! Criteria that are loaded: once per version and process, whoever asks. A version never changes.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use ripen_domain::{criteria::Criteria, id::CriteriaId};

/// The documents in use.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoadedCriteria(Arc<RwLock<BTreeMap<CriteriaId, Arc<Criteria>>>>);

impl LoadedCriteria {
    /// Those of these that are at hand.
    pub(crate) fn known(&self, ids: &[CriteriaId]) -> BTreeMap<CriteriaId, Arc<Criteria>> {
        // A panic elsewhere leaves whole entries: each is inserted after it was loaded.
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ids.iter().filter_map(|id| loaded.get(id).map(|criteria| (*id, Arc::clone(criteria)))).collect()
    }

    /// Has these at hand from now on.
    pub(crate) fn keep(&self, found: &BTreeMap<CriteriaId, Arc<Criteria>>) {
        // Only for the moment of writing: the database was asked without the lock, so a slow read blocks nobody. Two
        // readers may load the same version, which is the same.
        let mut loaded = self.0.write().unwrap_or_else(PoisonError::into_inner);
        loaded.extend(found.iter().map(|(id, criteria)| (*id, Arc::clone(criteria))));
    }
}
