//! What intake would make of rows before they are sent: read as intake reads them, and compared with what came before.

use jiff::Timestamp;
use ripen_actions::{
    Actions,
    list_import::{self, Foreseen},
};
use ripen_domain::{arrival::variant_id, hash::ContentHash, id::ArrivalId};
use ripen_intake::rehearsal::rehearse;
use ripen_outbound::intake::{FlagAnswer, ProblemAnswer};
use ripen_store::source::record::SourceRecord;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{cli::refused, database::operator};

/// Looks at rows with the database that they will go to.
pub struct Foresight {
    actions: Actions,
    /// The source they come from.
    pub source: SourceRecord,
    /// What its client's script asks; empty before the first criteria.
    pub questions: Vec<String>,
}

/// What one row would come to.
pub struct ForeseenRow {
    /// Its arrival.
    pub arrival: ArrivalId,
    /// What it says.
    pub content: ContentHash,
    /// What could not be used as it came.
    pub flags: Vec<FlagAnswer>,
    /// Kept, not worked.
    pub is_quarantined: bool,
    /// New, the same again, or a correction.
    pub foreseen: Foreseen,
}

impl ForeseenRow {
    /// The id under which a correction is stored.
    pub fn variant(&self) -> ArrivalId {
        variant_id(self.arrival, self.content)
    }
}

impl Foresight {
    /// Finds the source of an id or name.
    ///
    /// # Errors
    /// Names the sources there are.
    pub async fn new(actions: Actions, wanted: &str, client: Option<&str>) -> anyhow::Result<Self> {
        let actor = operator();
        let found = list_import::find_source(&actions, &actor, wanted, client).await;
        let source = found.map_err(refused("import"))?;
        let questions = list_import::questions(&actions, &actor, source.client).await.map_err(refused("import"))?;
        Ok(Self { actions, source, questions })
    }

    /// What each of these leads would come to, or why it would be refused.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn look(
        &self,
        leads: &[&Map<String, Value>],
        now: Timestamp,
    ) -> anyhow::Result<Vec<Result<ForeseenRow, ProblemAnswer>>> {
        let array = Value::Array(leads.iter().map(|lead| Value::Object((*lead).clone())).collect());
        let arrivals =
            rehearse(&array, &self.source, now).map_err(|problem| anyhow::anyhow!("{}", problem.detail()))?;
        let wanted: Vec<_> = arrivals.iter().flatten().map(|arrival| (arrival.id, arrival.content)).collect();
        let foreseen = list_import::foresee(&self.actions, &operator(), &wanted).await.map_err(refused("import"))?;
        let mut foreseen = foreseen.into_iter();
        let row = |arrival| match arrival {
            Err(problem) => Err(as_answered::<ProblemAnswer>(&problem).unwrap_or_default()),
            Ok(arrival) => {
                let arrival: ripen_domain::arrival::Arrival = arrival;
                Ok(ForeseenRow {
                    arrival: arrival.id,
                    content: arrival.content,
                    flags: as_answered(&arrival.submission.flags).unwrap_or_default(),
                    is_quarantined: arrival.quarantine.is_some(),
                    foreseen: foreseen.next().unwrap_or(Foreseen::New),
                })
            }
        };
        Ok(arrivals.into_iter().map(row).collect())
    }
}

/// As a sender reads it from an answer.
fn as_answered<T: DeserializeOwned>(value: &impl serde::Serialize) -> Option<T> {
    serde_json::from_value(serde_json::to_value(value).ok()?).ok()
}
