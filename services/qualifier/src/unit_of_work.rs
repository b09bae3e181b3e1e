//! The unit of work of a batch: persons, leads and what arrived on them, in memory.
//!
//! Loaded once under the locks, changed by the batch's messages in order, written at the end in one transaction. Nothing
//! here reads or writes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    criteria::{Answer, SourceFacts},
    hash::ContentHash,
    id::{ArrivalId, ClientId, LeadId, PersonId, ProgramId, SourceId},
    person::Profile,
    promise::Open,
};
use ripen_store::{
    arrival::write::ArrivalRow,
    client::load::GradingSettings,
    delivery::perhaps_same::ReachedPerson,
    lead::{
        answer::{AnswerRow, NoteRow},
        load::LeadRow,
    },
    person::pair::PersonPair,
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
    pub(crate) reached: BTreeMap<(ClientId, Identity), Vec<PersonId>>,
    /// Leads.
    pub leads: BTreeMap<LeadId, TrackedLead>,
    /// The open lead of a person under a program.
    pub(crate) open: BTreeMap<(PersonId, ProgramId), LeadId>,
    /// On whose lead an arrival is, for those that this batch corrects and those that it brings.
    pub owners: BTreeMap<ArrivalId, ArrivalOwner>,
    /// Earlier arrivals of a source by the hash of their content.
    pub(crate) same_content: BTreeMap<(SourceId, ContentHash), Vec<EarlierArrival>>,
    /// Identities that lead to a person from now on, to be written.
    pub(crate) new_identities: Vec<(ClientId, Identity, PersonId)>,
    /// To be written.
    pub arrivals: Vec<ArrivalRow>,
    /// To be written.
    pub answers: Vec<AnswerRow>,
    /// To be written.
    pub notes: Vec<NoteRow>,
    /// Persons who may be one, to be proposed.
    pub(crate) pairs: Vec<PersonPair>,
    /// Persons who must not be contacted, and why.
    pub(crate) barred: BTreeMap<PersonId, String>,
    /// Those of them of whom that was not known: to be written.
    pub(crate) newly_barred: Vec<PersonId>,
    /// Those of them who are reached under something more since: to be written, where they said so themselves.
    pub(crate) to_suppress: Vec<PersonId>,
    /// Ids that end as repetitions, each with the arrival it repeats.
    pub(crate) repeats: Vec<(ArrivalId, ArrivalId)>,
}

impl UnitOfWork {
    /// Who is reached under something since this batch.
    pub fn newly_reached(&self) -> impl Iterator<Item = ReachedPerson> + '_ {
        let new = self.new_identities.iter();
        new.map(|(client, identity, person)| ReachedPerson {
            client: *client,
            identity: identity.clone(),
            person: *person,
        })
    }

    /// Takes in a lead that was locked.
    pub fn load_lead(&mut self, row: LeadRow) {
        if row.stage.is_open() {
            self.open.insert((row.person, row.program), row.id);
        }
        // Locked by its person and by its own id, it comes twice: the first stays, with what was changed in it.
        self.leads.entry(row.id).or_insert_with(|| TrackedLead::new(row));
    }
}
