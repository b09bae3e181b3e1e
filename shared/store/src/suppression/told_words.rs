//! What must not be contacted in the words that clients are told: a name, an answer, a note. Beside it, what they are told of a lead stays
//! what it is.

use std::collections::BTreeSet;

use ripen_domain::{
    contact::{Identity, mentioned},
    delivery::TellsWords,
};
use uuid::Uuid;

use super::flagged_contacts::BarredCandidates;
use crate::{Store, StoreError};

/// The fewest digits of a number that somebody may call.
const FEWEST_DIGITS: usize = 7;

/// Whether words may hold an address or a number: those of most leads hold none, and cost nothing.
fn may_be_reached_by(words: &str) -> bool {
    words.contains('@') || words.chars().filter(|c| c.is_numeric()).count() >= FEWEST_DIGITS
}

impl Store {
    /// Takes out of what is told what must not be contacted, for the firm or for the lead's client.
    pub(crate) async fn withhold_in_words<T: TellsWords + Send>(
        &self,
        mut told: Vec<&mut T>,
    ) -> Result<(), StoreError> {
        told.retain(|one| one.told_words().iter().any(|words| may_be_reached_by(words)));
        let leads: Vec<Uuid> = told.iter().map(|one| one.lead().uuid()).collect();
        if leads.is_empty() {
            return Ok(());
        }
        let senses = self.flag_senses(&leads).await?;
        let (mut of, mut ways) = (Vec::new(), Vec::new());
        let mut among = BarredCandidates::default();
        for (place, one) in told.iter().enumerate() {
            let Some(sense) = senses.get(&one.lead().uuid()) else { continue };
            let words = one.told_words();
            let found: BTreeSet<Identity> =
                words.iter().flat_map(|words| mentioned(words, &sense.countries())).collect();
            for identity in found {
                of.push(place);
                among.of.push(one.lead().uuid());
                among.kinds.push(identity.kind().to_owned());
                among.values.push(identity.value().to_owned());
                ways.push(identity);
            }
        }
        if ways.is_empty() {
            return Ok(());
        }
        let mut barred = vec![BTreeSet::new(); told.len()];
        for place in self.barred_among(&among).await? {
            if let (Some(of), Some(way)) = (of.get(place), ways.get(place))
                && let Some(barred) = barred.get_mut(*of)
            {
                barred.insert(way.clone());
            }
        }
        for (one, barred) in told.iter_mut().zip(&barred).filter(|(_, barred)| !barred.is_empty()) {
            if let Some(sense) = senses.get(&one.lead().uuid()) {
                one.withhold(&sense.countries(), barred);
            }
        }
        Ok(())
    }
}
