//! What intake would make of rows before they are sent: read as intake reads them, and compared with what came before.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use ripen_actions::{
    Actions,
    list_import::{self, Foreseen, ForeseenBody, ForetoldRow},
};
use ripen_domain::{
    arrival::{Arrival, BodyTime, return_id, variant_id},
    criteria::{AnswerContext, Criteria},
    flag::{Flag, FlagCode},
    hash::ContentHash,
    id::ArrivalId,
    person::{Absorb, Profile},
    time::zone,
    values::Conventions,
};
use ripen_intake::rehearsal::rehearse;
use ripen_outbound::intake::{FlagAnswer, ProblemAnswer};
use ripen_store::{arrival::common_key::CommonKey, source::source_record::SourceRecord};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{cli::refused, database::operator};

/// Looks at rows with the database that they will go to.
pub struct Foresight {
    actions: Actions,
    /// The source they come from.
    pub source: SourceRecord,
    /// What its client's script asks; empty before the first criteria.
    pub questions: Vec<AskedQuestion>,
    criteria: Option<Arc<Criteria>>,
}

/// A question of the script.
#[derive(Debug, Clone)]
pub struct AskedQuestion {
    /// Its id.
    pub id: String,
    /// The most points that a rule about it gives.
    pub points: i32,
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
    /// Who it says it is of.
    pub said: Profile,
}

impl ForeseenRow {
    /// The id under which it is stored, where it is a correction that was received then.
    pub fn correction(&self, received_at: Option<Timestamp>) -> Option<ArrivalId> {
        match self.foreseen {
            Foreseen::New | Foreseen::Repeated => None,
            Foreseen::Amends => Some(variant_id(self.arrival, self.content)),
            Foreseen::ComesBack => received_at.map(|at| return_id(self.arrival, self.content, at)),
        }
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
        let criteria = list_import::active_criteria(&actions, &actor, source.client).await;
        let criteria = criteria.map_err(refused("import"))?;
        let asked = |criteria: &Criteria| {
            let one = |id: &str| AskedQuestion { id: id.to_owned(), points: criteria.points_of(id) };
            criteria.questions().iter().map(|question| one(&question.id)).collect()
        };
        let questions = criteria.as_deref().map(asked).unwrap_or_default();
        Ok(Self { actions, source, questions, criteria })
    }

    /// Whether what comes in can be graded.
    pub const fn has_criteria(&self) -> bool {
        self.criteria.is_some()
    }

    /// What could not be used as it came, answers to the script among it: those are read where the row says that the person is,
    /// else by the source's country and clock.
    fn flags(&self, arrival: &Arrival) -> Vec<Flag> {
        let said = &arrival.submission;
        let mut flags = said.flags.clone();
        let Some(criteria) = &self.criteria else { return flags };
        let country = said.country.as_deref().unwrap_or(&self.source.country);
        let named = said.time_zone.as_deref().and_then(zone);
        let context = AnswerContext {
            conventions: Conventions::of(said.locale.as_deref(), Some(country)),
            zone: named.or_else(|| zone(&self.source.time_zone)).unwrap_or(TimeZone::UTC),
            at: arrival.received_at,
        };
        flags.extend(criteria.nearly_answers(said));
        let answers = criteria.answers_in(said);
        flags.extend(answers.filter_map(|(question, value)| criteria.read_answer(question, value, &context).flag));
        flags
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
        let wanted: Vec<_> = arrivals.iter().flatten().map(foretold).collect();
        let foreseen = list_import::foresee(&self.actions, &operator(), &wanted).await.map_err(refused("import"))?;
        let mut foreseen = foreseen.into_iter();
        let row = |arrival| match arrival {
            Err(problem) => Err(as_answered::<ProblemAnswer>(&problem).unwrap_or_default()),
            Ok(arrival) => {
                let arrival: Arrival = arrival;
                let new = ForeseenBody { foreseen: Foreseen::New, is_anothers: false };
                let ForeseenBody { foreseen, is_anothers } = foreseen.next().unwrap_or(new);
                let mut flags = self.flags(&arrival);
                flags.extend(is_anothers.then(another_person));
                Ok(ForeseenRow {
                    arrival: arrival.id,
                    content: arrival.content,
                    flags: as_answered(&flags).unwrap_or_default(),
                    is_quarantined: arrival.quarantine.is_some(),
                    foreseen,
                    said: said_by(&arrival),
                })
            }
        };
        Ok(arrivals.into_iter().map(row).collect())
    }
}

fn foretold(arrival: &Arrival) -> ForetoldRow {
    // What is not worked corrects nothing.
    let external_id = arrival.submission.external_id.clone().filter(|_| arrival.quarantine.is_none());
    ForetoldRow {
        arrival: arrival.id,
        content: arrival.content,
        external_id: external_id.map(|external_id| CommonKey::ExternalId { source: arrival.source, external_id }),
        time: BodyTime::of(arrival),
        said: said_by(arrival),
    }
}

/// Who an arrival says it is of.
pub fn said_by(arrival: &Arrival) -> Profile {
    let mut said = Profile::default();
    said.absorb(&arrival.submission, Absorb::Fill);
    said
}

/// Under one external id came somebody else.
pub fn another_person() -> Flag {
    Flag::new("external_id", FlagCode::AnotherPerson)
}

/// As a sender reads it from an answer.
pub fn as_answered<T: DeserializeOwned>(value: &impl serde::Serialize) -> Option<T> {
    serde_json::from_value(serde_json::to_value(value).ok()?).ok()
}
