//! The unit of work of a batch: persons, leads and what arrived on them, in memory.
//!
//! Loaded once under the locks, changed by the batch's messages in order, written at the end in one transaction. Whoever shows
//! what would become of a lead loads one too, without locks. Nothing here reads or writes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    StoreError,
    arrival::{
        bodies_of_persons::BodyOfPerson,
        bodies_per_key::SaidAgain,
        seen::{ArrivalOwner, EarlierArrival, SourceContent},
        write::ArrivalRow,
    },
    client::grading_settings::{GradingSettings, SourceSettings},
    lead::{
        answer::{AnswerRow, NoteRow},
        join::LeadJoin,
        kept_back::HandoverStanding,
        lead_row::LeadRow,
        statement::StatementMove,
    },
    person::{
        identity::{ClientIdentity, NewIdentity},
        known_person::KnownPerson,
        number::PersonNumber,
        pair::PersonPair,
        statements::SaidOfPerson,
    },
};
use jiff::Timestamp;
use ripen_domain::{
    contact::{Identity, Phone},
    criteria::{Answer, KeptBack, SourceFacts},
    id::{ArrivalId, ClientId, LeadId, PersonId, ProgramId, SourceId},
    person::{BirthDate, Profile, ReadName},
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
    /// It was asked for because a disposition was taken back.
    pub is_taken_back: bool,
    /// And for nothing that was done since.
    pub is_taken_back_last: bool,
    /// Arrivals of this batch, corrections among them.
    pub arrived: Vec<ArrivalId>,
    /// Some of them are more than corrections: the person enquired.
    pub enquired: bool,
    /// The promise that fell due.
    pub fired: Option<i64>,
    /// When who expects a call is tried again after tries in vain; read only where somebody worked on the lead.
    pub again_at: Option<Timestamp>,
    /// What keeps it from being an A, whatever its points are.
    pub kept_back: Option<KeptBack>,
    /// Its client has it, and nobody gave or took it back since.
    pub is_handed_over: bool,
    /// It came back because the firm took it back, and nobody has spoken to the person since.
    pub is_recalled: bool,
    /// When somebody of the firm worked on it last: that may be taken back for a while.
    pub touched_at: Option<Timestamp>,
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
            is_taken_back: false,
            is_taken_back_last: false,
            arrived: Vec::new(),
            enquired: false,
            fired: None,
            again_at: None,
            kept_back: None,
            is_handed_over: false,
            is_recalled: false,
            touched_at: None,
        }
    }

    /// Notes that the person enquired by this arrival.
    pub fn note_enquiry(&mut self, arrival: ArrivalId) {
        self.changed = true;
        self.arrived.push(arrival);
        self.enquired = true;
    }
}

/// What a person has one open lead of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonProgram {
    /// The person.
    pub person: PersonId,
    /// The program.
    pub program: ProgramId,
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
    /// Further names of persons, which came by merges.
    pub other_names: BTreeMap<PersonId, Vec<ReadName>>,
    /// When persons were born, as their arrivals say; read where an arrival of the batch says so.
    pub births: BTreeMap<PersonId, Vec<BirthDate>>,
    /// Who is reached under an identity, oldest first.
    pub reached: BTreeMap<ClientIdentity, Vec<PersonId>>,
    /// Of those the links under which nobody is told to reach the person: something was put in the place of what they said.
    pub unsaid: BTreeSet<NewIdentity>,
    /// The numbers by which the batch's known persons are or were known, where something arrives.
    pub numbers: BTreeMap<PersonId, Vec<PersonNumber>>,
    /// Leads.
    pub leads: BTreeMap<LeadId, TrackedLead>,
    /// The open lead of a person under a program.
    pub open: BTreeMap<PersonProgram, LeadId>,
    /// On whose lead an arrival is, for those that this batch corrects and those that it brings.
    pub owners: BTreeMap<ArrivalId, ArrivalOwner>,
    /// Earlier arrivals of a source by the hash of their content.
    pub same_content: BTreeMap<SourceContent, Vec<EarlierArrival>>,
    /// What was said of the batch's persons, and by whom; read where a correction of the batch names somebody else.
    pub said_of: BTreeMap<PersonId, SaidOfPerson>,
    /// What each body says of the persons of whom the batch corrects something, its own bodies among them; none where it corrects
    /// nothing.
    pub bodies: Option<BTreeMap<PersonId, Vec<BodyOfPerson>>>,
    /// Of what corrections of the batch correct the one that stands for it since, where it is somebody else's.
    pub stands_for: BTreeMap<ArrivalId, ArrivalId>,
    /// Persons who are somebody else than was said: nothing that led to them does any more, to be written.
    pub renamed: Vec<PersonId>,
    /// Statements that are of somebody else: to be moved.
    pub moved: Vec<StatementMove>,
    /// Leads that end for another one, on which all that was said goes on.
    pub joins: Vec<LeadJoin>,
    /// Identities that lead to a person from now on, to be written.
    pub new_identities: Vec<NewIdentity>,
    /// Identities in whose place a correction put others: to be written.
    pub replaced: Vec<NewIdentity>,
    /// What else a number that arrives can be read as. It leads to nobody and is not written: suppressed, it bars them.
    pub other_readings: Vec<NewIdentity>,
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
    /// The same, who contradict each other by name and were born on one day.
    pub pairs_born_alike: Vec<PersonPair>,
    /// The same, whose names are as near as those of a couple, or as a slip of the pen.
    pub pairs_named_alike: Vec<PersonPair>,
    /// Persons who must not be contacted, and why.
    pub barred: BTreeMap<PersonId, String>,
    /// Those of them of whom that was not known: to be written.
    pub newly_barred: Vec<PersonId>,
    /// Those of them who are reached under something more since: to be written, where they said so themselves.
    pub to_suppress: Vec<PersonId>,
    /// Ids that end as repetitions, each with the arrival it repeats.
    pub repeats: Vec<RepeatedArrival>,
    /// What is known and was said again: to be written.
    pub said_again: Vec<SaidAgain>,
}

impl UnitOfWork {
    /// Takes in a person that was read; what was read last counts.
    pub fn load_person(&mut self, known: KnownPerson) {
        if !known.other_names.is_empty() {
            self.other_names.insert(known.person, known.other_names);
        }
        let person = TrackedPerson {
            client: known.client,
            profile: known.profile,
            verified: known.verified,
            do_not_contact: known.do_not_contact,
            calls: Vec::new(),
            changed: false,
        };
        self.persons.insert(known.person, person);
    }

    /// Takes in a number that was read. Nobody is reached under one that is void.
    pub fn load_number(&mut self, number: PersonNumber) {
        let of = ClientIdentity { client: number.client, identity: Identity::Phone(number.phone.clone()) };
        if let Some(reached) = self.reached.get_mut(&of).filter(|_| number.is_void) {
            reached.retain(|person| *person != number.person);
        }
        self.numbers.entry(number.person).or_default().push(number);
    }

    /// Where a pair belongs: an enquiry fits both, or it is of somebody new, who was born on one day with the other or not.
    pub const fn pairs_of(&mut self, fits_both: bool, is_born_alike: bool) -> &mut Vec<PersonPair> {
        match (fits_both, is_born_alike) {
            (true, _) => &mut self.pairs,
            (false, true) => &mut self.pairs_born_alike,
            (false, false) => &mut self.pairs_named_alike,
        }
    }

    /// Whether a number is known not to lead to a person. What is known of a number counts with every extension but those of
    /// which something else is known.
    #[must_use]
    pub fn is_void(&self, person: PersonId, phone: &Phone) -> bool {
        let Some(numbers) = self.numbers.get(&person) else { return false };
        let known = |value: &str| numbers.iter().find(|number| number.phone.as_str() == value);
        known(phone.as_str()).or_else(|| known(phone.number())).is_some_and(|number| number.is_void)
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

    /// Takes in how a lead stands towards its client, as it was read.
    pub fn load_standing(&mut self, standing: HandoverStanding) {
        if let Some(lead) = self.leads.get_mut(&standing.lead) {
            lead.kept_back = standing.kept_back;
            lead.is_handed_over = standing.is_handed_over;
            lead.is_recalled = standing.is_recalled;
            lead.touched_at = standing.touched_at;
        }
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
