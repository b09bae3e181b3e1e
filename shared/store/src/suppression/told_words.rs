//! What must not be contacted in the words that clients are told: a name, an answer, a note. Beside it, what they are told of a lead stays
//! what it is.

use std::collections::{BTreeMap, BTreeSet};

use ripen_domain::{
    contact::{Identity, mentioned},
    delivery::{FrozenBody, TellsWords},
    id::LeadId,
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

    /// Which of these frozen bodies name somebody who must not be contacted since, by their places, each without what names them. Of whom
    /// the lead is by now is not asked: that may be somebody else than whom it was frozen with.
    pub(crate) async fn bodies_outdated(
        &self,
        bodies: &[(LeadId, &[u8])],
    ) -> Result<BTreeMap<usize, Vec<u8>>, StoreError> {
        let read = |(place, (lead, body)): (usize, &(LeadId, &[u8]))| Some((place, FrozenBody::read(*lead, body)?));
        let mut frozen: Vec<_> = bodies.iter().enumerate().filter_map(read).collect();
        self.withhold_in_words(frozen.iter_mut().map(|(_, body)| body).collect()).await?;
        Ok(frozen.into_iter().filter_map(|(place, body)| Some((place, body.cut()?))).collect())
    }
}
