//! Criteria documents, loaded once per version: a version never changes.

use std::{collections::BTreeMap, sync::Arc};

use ripen_domain::{criteria::Criteria, id::CriteriaId};

use crate::{Store, StoreError, Transaction, criteria::document::ActiveCriteria};

/// A stored document that this version of Ripen cannot load.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BrokenCriteria {
    /// It was activated by another version with other limits.
    #[error("criteria {id} cannot be loaded: {mistake}")]
    Mistaken {
        /// Which.
        id: CriteriaId,
        /// The first mistake.
        mistake: String,
    },
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What could be loaded of the documents that were asked for.
#[derive(Debug, Clone, Default)]
pub struct UsableDocuments {
    /// Those that can be used.
    pub found: BTreeMap<CriteriaId, Arc<Criteria>>,
    /// Those that cannot, each with its first mistake.
    pub broken: BTreeMap<CriteriaId, String>,
}

impl UsableDocuments {
    /// All of them.
    fn all(self) -> Result<BTreeMap<CriteriaId, Arc<Criteria>>, BrokenCriteria> {
        match self.broken.into_iter().next() {
            Some((id, mistake)) => Err(BrokenCriteria::Mistaken { id, mistake }),
            None => Ok(self.found),
        }
    }
}

/// The documents in use.
#[derive(Debug, Clone)]
pub struct Documents {
    store: Store,
}

impl Documents {
    /// Those that are loaded through this store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// These documents, loading what is missing.
    ///
    /// # Errors
    /// When one cannot be read or loaded.
    pub async fn get(&self, ids: &[CriteriaId]) -> Result<BTreeMap<CriteriaId, Arc<Criteria>>, BrokenCriteria> {
        let found = self.known(ids);
        let missing = missing(ids, &found);
        if missing.is_empty() {
            return Ok(found);
        }
        self.take(found, self.store.criteria_documents(&missing).await?).all()
    }

    /// Those of these documents that this version can load, and what is wrong with the others.
    pub async fn usable(&self, ids: &[CriteriaId]) -> Result<UsableDocuments, StoreError> {
        let found = self.known(ids);
        let missing = missing(ids, &found);
        if missing.is_empty() {
            return Ok(UsableDocuments { found, broken: BTreeMap::new() });
        }
        Ok(self.take(found, self.store.criteria_documents(&missing).await?))
    }

    /// Those of these documents that this version can load, and what is wrong with the others: one client's document must not
    /// keep everybody else's from being used. What is missing is read over the connection that a transaction has already.
    pub async fn usable_within(&self, tx: &mut Transaction, ids: &[CriteriaId]) -> Result<UsableDocuments, StoreError> {
        let found = self.known(ids);
        let missing = missing(ids, &found);
        if missing.is_empty() {
            return Ok(UsableDocuments { found, broken: BTreeMap::new() });
        }
        Ok(self.take(found, tx.criteria_documents_within(&missing).await?))
    }

    /// These documents, loading what is missing over the connection that a transaction has already.
    ///
    /// # Errors
    /// When one cannot be read or loaded.
    pub async fn get_within(
        &self,
        tx: &mut Transaction,
        ids: &[CriteriaId],
    ) -> Result<BTreeMap<CriteriaId, Arc<Criteria>>, BrokenCriteria> {
        let found = self.known(ids);
        let missing = missing(ids, &found);
        if missing.is_empty() {
            return Ok(found);
        }
        self.take(found, tx.criteria_documents_within(&missing).await?).all()
    }

    /// What was known and what was read, which is known from now on.
    fn take(&self, mut found: BTreeMap<CriteriaId, Arc<Criteria>>, read: Vec<ActiveCriteria>) -> UsableDocuments {
        let mut broken = BTreeMap::new();
        for stored in read {
            match Criteria::load(&stored.document) {
                Ok(loaded) => {
                    let version = u32::try_from(stored.version).unwrap_or(0);
                    found.insert(stored.id, Arc::new(loaded.criteria.with_version(version)));
                }
                // A document that an older limit admitted may fail now: naming its first mistake tells the operator what
                // to mend.
                Err(mistakes) => {
                    let mistake = mistakes.first().map(ToString::to_string).unwrap_or_default();
                    broken.insert(stored.id, mistake);
                }
            }
        }
        self.store.criteria.keep(&found);
        UsableDocuments { found, broken }
    }

    fn known(&self, ids: &[CriteriaId]) -> BTreeMap<CriteriaId, Arc<Criteria>> {
        self.store.criteria.known(ids)
    }
}

fn missing(ids: &[CriteriaId], found: &BTreeMap<CriteriaId, Arc<Criteria>>) -> Vec<CriteriaId> {
    ids.iter().copied().filter(|id| !found.contains_key(id)).collect()
}
