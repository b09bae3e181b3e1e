//! The unit of work of a batch: persons, leads and what arrived on them, in memory.
//!
//! Loaded once under the locks, changed by the batch's messages in order, written at the end in one transaction. Whoever shows
//! what would become of a lead loads one too, without locks. Nothing here reads or writes.

use std::collections::BTreeMap;

use crate::{
    StoreError,
    arrival::write::ArrivalRow,
    client::load::{GradingSettings, SourceSettings},
    lead::{
        answer::{AnswerRow, NoteRow},
        load::LeadRow,
    },
    person::{pair::PersonPair, record::KnownPerson},
};
use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    criteria::{Answer, SourceFacts},
    hash::ContentHash,
    id::{ArrivalId, ClientId, LeadId, PersonId, ProgramId, SourceId},
    person::Profile,
    promise::Open,
};

/// A person, known or new.
#[derive(Debug, Clone)]
pub struct TrackedPerson {
    /// The client.
    pub client: ClientId,
    /// What is known.
    pub profile: Profile,
    /// Somebody confirmed who it is.
    pub verified: bool,
    /// Asked not to be contacted.
    pub do_not_contact: bool,
    /// When the number was called lately; read only where that may matter.
    pub calls: Vec<Timestamp>,
    /// Whether its row is to be written.
    pub changed: bool,
}

/// A lead, known or new.
#[derive(Debug, Clone)]
pub struct TrackedLead {
    /// As it will be written.
    pub row: LeadRow,
    /// Its row is to be written.
    pub changed: bool,
    /// Answers by question.
    pub answers: BTreeMap<String, Answer>,
    /// Promises not ended.
    pub promises: Vec<Open>,
    /// The regrade that was asked for, at the version read.
    pub regrade: Option<i64>,
    /// Arrivals of this batch.
    pub arrived: Vec<ArrivalId>,
    /// The promise that fell due.
    pub fired: Option<i64>,
}

impl TrackedLead {
    /// A lead without anything around it yet.
    #[must_use]
    pub fn new(row: LeadRow) -> Self {
        Self {
            row,
            changed: false,
            answers: BTreeMap::new(),
            promises: Vec::new(),
            regrade: None,
            arrived: Vec::new(),
            fired: None,
        }
    }
}

/// On whose lead an arrival is.
#[derive(Debug, Clone, Copy)]
pub struct ArrivalOwner {
    /// The person.
    pub person: PersonId,
    /// The lead.
    pub lead: LeadId,
}

/// An arrival that may be repeated word for word.
#[derive(Debug, Clone, Copy)]
pub struct EarlierArrival {
    /// Its id.
    pub id: ArrivalId,
    /// When it came.
    pub received_at: Timestamp,
}

/// Under what somebody is reached: an identity means something within a client alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientIdentity {
    /// Whose person it is.
    pub client: ClientId,
    /// The identity.
    pub identity: Identity,
}

/// What a person has one open lead of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonProgram {
    /// The person.
    pub person: PersonId,
    /// The program.
    pub program: ProgramId,
}

/// What a source said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceContent {
    /// The source.
    pub source: SourceId,
    /// The hash of what it said.
    pub content: ContentHash,
}

/// An identity that leads to a person from now on.
#[derive(Debug, Clone)]
pub struct NewIdentity {
    /// Under what.
    pub of: ClientIdentity,
    /// To whom.
    pub person: PersonId,
}

/// An arrival that says the same as an earlier one.
#[derive(Debug, Clone, Copy)]
pub struct RepeatedArrival {
    /// The one that ends.
    pub id: ArrivalId,
    /// The one it repeats.
    pub repeats: ArrivalId,
}

/// Everything one batch reads and writes.
#[derive(Debug, Default)]
pub struct UnitOfWork {
    /// What to know of each client.
    pub work: BTreeMap<ClientId, GradingSettings>,
    /// Names and channels of sources.
    pub sources: BTreeMap<SourceId, SourceFacts>,
    /// Persons.
    pub persons: BTreeMap<PersonId, TrackedPerson>,
    /// Who is reached under an identity, oldest first.
    pub reached: BTreeMap<ClientIdentity, Vec<PersonId>>,
    /// Leads.
    pub leads: BTreeMap<LeadId, TrackedLead>,
    /// The open lead of a person under a program.
    pub open: BTreeMap<PersonProgram, LeadId>,
    /// On whose lead an arrival is, for those that this batch corrects and those that it brings.
    pub owners: BTreeMap<ArrivalId, ArrivalOwner>,
    /// Earlier arrivals of a source by the hash of their content.
    pub same_content: BTreeMap<SourceContent, Vec<EarlierArrival>>,
    /// Identities that lead to a person from now on, to be written.
    pub new_identities: Vec<NewIdentity>,
    /// When the first arrival on a lead was received, for leads that an arrival of another source joins.
    pub first_received: BTreeMap<LeadId, Timestamp>,
    /// To be written.
    pub arrivals: Vec<ArrivalRow>,
    /// To be written.
    pub answers: Vec<AnswerRow>,
    /// To be written.
    pub notes: Vec<NoteRow>,
    /// Persons who may be one, to be proposed.
    pub pairs: Vec<PersonPair>,
    /// Persons who must not be contacted, and why.
    pub barred: BTreeMap<PersonId, String>,
    /// Those of them of whom that was not known: to be written.
    pub newly_barred: Vec<PersonId>,
    /// Those of them who are reached under something more since: to be written, where they said so themselves.
    pub to_suppress: Vec<PersonId>,
    /// Ids that end as repetitions, each with the arrival it repeats.
    pub repeats: Vec<RepeatedArrival>,
}

impl UnitOfWork {
    /// Takes in a person that was read.
    pub fn load_person(&mut self, known: KnownPerson) {
        self.persons.entry(known.person).or_insert(TrackedPerson {
            client: known.client,
            profile: known.profile,
            verified: known.verified,
            do_not_contact: known.do_not_contact,
            calls: Vec::new(),
            changed: false,
        });
    }

    /// Takes in a source that was read, with its client.
    pub fn load_settings(&mut self, source: SourceSettings, work: GradingSettings) {
        self.sources.insert(source.id, SourceFacts { name: source.name, channel: source.channel });
        self.work.insert(work.client.id, work);
    }

    /// Takes in an answer that was read.
    ///
    /// # Errors
    /// `Corrupt` where nobody knows who would have given it.
    pub fn load_answer(&mut self, row: AnswerRow) -> Result<(), StoreError> {
        let origin = row.origin.parse().map_err(|_| StoreError::Corrupt("the origin of an answer".to_owned()))?;
        if let Some(lead) = self.leads.get_mut(&row.lead) {
            lead.answers.insert(row.question, Answer { value: row.value, at: row.at, origin });
        }
        Ok(())
    }

    /// Takes in a lead that was read.
    pub fn load_lead(&mut self, row: LeadRow) {
        if row.stage.is_open() {
            // So that the next arrival of this batch joins it instead of opening a second one.
            self.open.insert(PersonProgram { person: row.person, program: row.program }, row.id);
        }
        // Locked by its person and by its own id, it comes twice: the first stays, with what was changed in it.
        self.leads.entry(row.id).or_insert_with(|| TrackedLead::new(row));
    }
}
