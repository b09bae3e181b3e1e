//! Receipts at rest: compressed against the dictionary that is kept with the criteria that wrote them, so that a decision
//! costs a fraction of its text and still reads back byte for byte. Bytes that are not compressed are the text itself: so
//! what erasure leaves of a receipt, `null`, needs no dictionary.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use ripen_domain::id::{CriteriaId, DecisionId};
use sqlx::PgExecutor;
use uuid::Uuid;
use zstd::{
    bulk::Compressor,
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe::{DCtx, compress_bound, get_frame_content_size},
};

use crate::{Store, StoreError, decision::write::NewDecision};

/// How a compressed receipt begins (RFC 8878, 3.1.1); a text never does.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Measured on receipts of 1.6 to 2.3 kB: 170 to 240 bytes in 5 to 8 µs. Level 4 saves another 40 bytes for twice the time.
const LEVEL: i32 = 3;
/// No receipt is longer: a damaged length must not ask for all memory.
const LONGEST: u64 = 16 << 20;
/// Dictionaries kept ready, some 200 kB each.
const KEPT: usize = 64;

// Making a context costs more than opening a receipt with it, and one serves one call at a time.
thread_local! {
    static OPENER: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

/// A dictionary made ready for use.
pub(crate) struct Dictionary {
    packs: EncoderDictionary<'static>,
    opens: DecoderDictionary<'static>,
}

impl Dictionary {
    /// `None` where zstd cannot use these bytes.
    fn prepare(bytes: &[u8]) -> Option<Self> {
        let packs = EncoderDictionary::try_copy(bytes, LEVEL).ok()?;
        Some(Self { packs, opens: DecoderDictionary::try_copy(bytes).ok()? })
    }

    /// What writes receipts by this dictionary; made once for many of them.
    fn packer(&self) -> Result<Compressor<'_>, StoreError> {
        let make = || {
            let mut packer = Compressor::with_prepared_dictionary(&self.packs)?;
            // A damaged receipt must be reported as damaged: a decision that replays to other bytes would look like a
            // defect of the criteria.
            packer.include_checksum(true)?;
            Ok(packer)
        };
        make().map_err(|error: std::io::Error| StoreError::Failed(format!("compressing a receipt: {error}")))
    }

    fn open(&self, bytes: &[u8]) -> Option<String> {
        let length = get_frame_content_size(bytes).ok()?.filter(|length| *length <= LONGEST)?;
        let mut text = Vec::with_capacity(usize::try_from(length).ok()?);
        OPENER.with_borrow_mut(|opener| {
            let opener = opener.get_or_insert_with(DCtx::create);
            opener.decompress_using_ddict(&mut text, bytes, self.opens.as_ddict()).ok()
        })?;
        String::from_utf8(text).ok()
    }
}

/// Dictionaries by criteria.
pub(crate) type Prepared = BTreeMap<CriteriaId, Arc<Dictionary>>;

/// The dictionaries that were needed lately.
#[derive(Default)]
pub(crate) struct Dictionaries(Mutex<Prepared>);

impl fmt::Debug for Dictionaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dictionaries")
    }
}

impl Dictionaries {
    /// Those of `wanted` that are at hand, and the others.
    fn at_hand(&self, wanted: impl Iterator<Item = Uuid>) -> (Prepared, Vec<Uuid>) {
        let wanted: BTreeSet<_> = wanted.collect();
        // Never held over an await: loading happens between two short locks.
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut found, mut missing) = (Prepared::new(), Vec::new());
        for id in wanted {
            match known.get(&CriteriaId::from_uuid(id)) {
                Some(dictionary) => drop(found.insert(CriteriaId::from_uuid(id), Arc::clone(dictionary))),
                None => missing.push(id),
            }
        }
        (found, missing)
    }

    fn keep(&self, id: CriteriaId, dictionary: &Arc<Dictionary>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(id, Arc::clone(dictionary));
        // The oldest version has the least left to read.
        while known.len() > KEPT {
            known.pop_first();
        }
    }

    async fn load(
        &self,
        executor: impl PgExecutor<'_>,
        missing: &[Uuid],
        found: &mut Prepared,
    ) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            "-- criteria.dictionaries
            select id, dictionary from criteria where id = any($1)",
            missing
        )
        .fetch_all(executor)
        .await?;
        for row in rows {
            let id = CriteriaId::from_uuid(row.id);
            // Bytes that zstd cannot use leave the dictionary out: the receipt that needs it is reported, the others
            // are read.
            if let Some(dictionary) = Dictionary::prepare(&row.dictionary).map(Arc::new) {
                self.keep(id, &dictionary);
                found.insert(id, dictionary);
            }
        }
        Ok(())
    }

    /// Compresses the receipts of a batch, in their order.
    pub(crate) async fn pack(
        &self,
        executor: impl PgExecutor<'_>,
        decisions: &[NewDecision],
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let (mut found, missing) = self.at_hand(decisions.iter().map(|decision| decision.criteria.uuid()));
        if !missing.is_empty() {
            self.load(executor, &missing, &mut found).await?;
        }
        let mut packers: BTreeMap<CriteriaId, Compressor<'_>> = BTreeMap::new();
        // Once per batch and version: preparing a compressor costs as much as several receipts.
        for (id, dictionary) in &found {
            packers.insert(*id, dictionary.packer()?);
        }
        let packed = decisions.iter().map(|decision| {
            let packer = packers.get_mut(&decision.criteria).ok_or_else(|| no_dictionary(decision.id))?;
            pack(packer, &decision.receipt)
        });
        packed.collect()
    }
}

/// One receipt's text, compressed and no longer than it must be.
fn pack(packer: &mut Compressor<'_>, text: &str) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(compress_bound(text.len()));
    packer
        .compress_to_buffer(text.as_bytes(), &mut bytes)
        .map_err(|error| StoreError::Failed(format!("compressing a receipt: {error}")))?;
    // Receipts of a batch are held until the statement is sent: the reserve is ten times what they need.
    bytes.shrink_to_fit();
    Ok(bytes)
}

fn no_dictionary(decision: DecisionId) -> StoreError {
    StoreError::Corrupt(format!("the receipt of {decision}: the dictionary of its criteria is missing"))
}

/// A receipt as it is kept. Opening it takes microseconds of computing: for many, a thread that may block is the place.
#[derive(Clone)]
pub struct PackedReceipt {
    decision: DecisionId,
    bytes: Vec<u8>,
    dictionary: Option<Arc<Dictionary>>,
}

/// Shows no content: receipts hold personal data.
impl fmt::Debug for PackedReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackedReceipt").field("decision", &self.decision).finish_non_exhaustive()
    }
}

impl PackedReceipt {
    pub(crate) fn new((decision, criteria): (DecisionId, CriteriaId), bytes: Vec<u8>, prepared: &Prepared) -> Self {
        Self { decision, bytes, dictionary: prepared.get(&criteria).map(Arc::clone) }
    }

    /// The receipt, byte for byte; `null` where it was erased.
    ///
    /// # Errors
    /// When its bytes are damaged, or the dictionary of its criteria is missing. Names the decision.
    pub fn open(&self) -> Result<String, StoreError> {
        let damaged = || StoreError::Corrupt(format!("the receipt of {}: its bytes are damaged", self.decision));
        // What erasure leaves is plain text, and must stay readable when no dictionary is at hand.
        if !self.bytes.starts_with(&MAGIC) {
            return String::from_utf8(self.bytes.clone()).map_err(|_| damaged());
        }
        let dictionary = self.dictionary.as_ref().ok_or_else(|| no_dictionary(self.decision))?;
        dictionary.open(&self.bytes).ok_or_else(damaged)
    }
}

impl Store {
    /// The dictionaries of these criteria; without the missing ones.
    pub(crate) async fn dictionaries(&self, wanted: impl Iterator<Item = Uuid> + Send) -> Result<Prepared, StoreError> {
        let (mut found, missing) = self.dictionaries.at_hand(wanted);
        if !missing.is_empty() {
            // A connection is taken only where something is missing, which is rare: most reads find all at hand.
            self.dictionaries.load(&self.pool, &missing, &mut found).await?;
        }
        Ok(found)
    }

    /// The same, read over this connection where they are not at hand.
    pub(crate) async fn dictionaries_over(
        &self,
        executor: impl PgExecutor<'_>,
        wanted: impl Iterator<Item = Uuid> + Send,
    ) -> Result<Prepared, StoreError> {
        let (mut found, missing) = self.dictionaries.at_hand(wanted);
        if !missing.is_empty() {
            self.dictionaries.load(executor, &missing, &mut found).await?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
