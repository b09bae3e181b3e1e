//! What a batch knows and is about to write, in memory: persons, leads, and what arrived on them.
//!
//! Loaded once under the locks, changed by the batch's messages in order, written at the end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    criteria::Answer,
    id::{ArrivalId, ClientId, LeadId, PersonId, ProgramId, SourceId},
    lead::Channel,
    person::Profile,
    promise::Open,
};
use ripen_store::{
    arrival::write::ArrivalRow,
    client::load::Work,
    lead::{
        answer::{AnswerRow, NoteRow},
        load::LeadRow,
    },
};

/// A person, known or new.
#[derive(Debug, Clone)]
pub struct DraftPerson {
    /// The client.
    pub client: ClientId,
    /// What is known.
    pub profile: Profile,
    /// Somebody confirmed who it is.
    pub verified: bool,
    /// Asked not to be contacted.
    pub do_not_contact: bool,
    /// To be written.
    pub changed: bool,
}

/// A lead, known or new.
#[derive(Debug, Clone)]
pub struct DraftLead {
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

impl DraftLead {
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

/// Everything one batch reads and writes.
#[derive(Debug, Default)]
pub struct Draft {
    /// What to know of each client.
    pub work: BTreeMap<ClientId, Work>,
    /// Names and channels of sources.
    pub sources: BTreeMap<SourceId, (String, Channel)>,
    /// Persons.
    pub persons: BTreeMap<PersonId, DraftPerson>,
    /// Who is reached under an identity, oldest first.
    pub reached: BTreeMap<(ClientId, Identity), Vec<PersonId>>,
    /// Leads.
    pub leads: BTreeMap<LeadId, DraftLead>,
    /// The open lead of a person under a program.
    pub open: BTreeMap<(PersonId, ProgramId), LeadId>,
    /// On which person and lead the arrivals are that are amended.
    pub amended: BTreeMap<ArrivalId, (PersonId, LeadId)>,
    /// Earlier arrivals by what they say.
    pub said: BTreeMap<(SourceId, ripen_domain::hash::ContentHash), Vec<(ArrivalId, Timestamp)>>,
    /// To be written.
    pub links: Vec<(ClientId, Identity, PersonId)>,
    /// To be written.
    pub arrivals: Vec<ArrivalRow>,
    /// To be written.
    pub answers: Vec<AnswerRow>,
    /// To be written.
    pub notes: Vec<NoteRow>,
    /// Ids that end as the same as an earlier arrival.
    pub same: Vec<(ArrivalId, ArrivalId)>,
}

impl Draft {
    /// Takes in a lead that was locked.
    pub fn know_lead(&mut self, row: LeadRow) {
        if row.stage.is_open() {
            self.open.insert((row.person, row.program), row.id);
        }
        self.leads.entry(row.id).or_insert_with(|| DraftLead::new(row));
    }
}
