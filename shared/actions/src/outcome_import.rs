//! Outcomes that a client's books know: for each row of a file the one delivery it is about is found, and what it says is
//! recorded. Each row is an action of its own: it commits with its audit, or nothing of it happens. What fits none or more
//! than one lead is left to a person.

use std::collections::BTreeSet;

use ripen_domain::{
    actor::{Actor, Permission},
    contact::{Email, Identity, Phone},
    id::DeliveryId,
    outcome::{How, OutcomeFields},
};
use ripen_store::{client::record::ClientRecord, outcome::record::NewOutcome};

use crate::{
    Action, Actions, Refusal, Work, client,
    outcome::{OutcomeResult, read, record},
    work::permit,
};

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeRow {
    /// The line it begins on, as an editor counts.
    pub line: u64,
    /// A delivery's id.
    pub delivery: Option<String>,
    /// The person's e-mail address.
    pub email: Option<String>,
    /// The person's phone number.
    pub phone: Option<String>,
    /// What is said.
    pub said: OutcomeFields,
}

/// A row that is left to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftRow {
    /// Its line.
    pub line: u64,
    /// What is wrong: unreadable, refused, unmatched or ambiguous.
    pub left: &'static str,
    /// Why, in words.
    pub why: String,
}

/// What became of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeReport {
    /// Rows seen.
    pub rows: u64,
    /// Recorded now.
    pub recorded: u64,
    /// Said before.
    pub repeated: u64,
    /// Left to a person.
    pub left: Vec<LeftRow>,
}

/// An import under way.
#[derive(Debug)]
pub struct OutcomeImport<'a> {
    actions: &'a Actions,
    actor: &'a Actor,
    client: ClientRecord,
    is_rehearsal: bool,
    report: OutcomeReport,
}

impl<'a> OutcomeImport<'a> {
    /// Begins an import of what the books of a client know; a rehearsal keeps nothing of any row.
    ///
    /// # Errors
    /// When the actor may not, or there is no such client.
    pub async fn begin(
        actions: &'a Actions,
        actor: &'a Actor,
        client: &str,
        is_rehearsal: bool,
    ) -> Result<Self, Refusal> {
        permit(actor, ImportedOutcome::PERMISSION)?;
        let client = client::find(actions, actor, client).await?;
        Ok(Self { actions, actor, client, is_rehearsal, report: OutcomeReport::default() })
    }

    /// Notes a row that could not be read.
    pub fn unreadable(&mut self, line: u64, why: String) {
        // Counted as a row: the sum of all results is the number of lines that were read.
        self.report.rows += 1;
        self.report.left.push(LeftRow { line, left: "unreadable", why });
    }

    /// Records what a row says, or notes why not.
    ///
    /// # Errors
    /// When the database is away: the rows before stay recorded.
    pub async fn row(&mut self, row: OutcomeRow) -> Result<(), Refusal> {
        self.report.rows += 1;
        let (line, request) = (row.line, ImportedOutcome { client: self.client.clone(), row });
        // Each row is an action of its own: one that cannot be recorded must not undo those before it.
        let done = if self.is_rehearsal {
            self.actions.rehearse(self.actor, &request).await?
        } else {
            self.actions.run(self.actor, &request).await?
        };
        match done {
            RowResult::Recorded => self.report.recorded += 1,
            RowResult::Repeated => self.report.repeated += 1,
            RowResult::Left { left, why } => self.report.left.push(LeftRow { line, left, why }),
        }
        Ok(())
    }

    /// What became of all rows.
    #[must_use]
    pub fn finish(self) -> OutcomeReport {
        self.report
    }
}

/// One row of a client's books, recorded.
struct ImportedOutcome {
    client: ClientRecord,
    row: OutcomeRow,
}

/// What became of a row.
enum RowResult {
    Recorded,
    Repeated,
    Left { left: &'static str, why: String },
}

/// What a row is about.
enum DeliveryMatch {
    One(DeliveryId),
    None(String),
    Many(String),
}

impl Action for ImportedOutcome {
    type Done = RowResult;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<RowResult, Refusal> {
        let left = |left, why| Ok(RowResult::Left { left, why });
        let outcome = match read(&self.row.said) {
            Ok(outcome) => outcome,
            Err(Refusal::Invalid(errors)) => {
                let why: Vec<_> = errors.iter().map(|one| format!("{}: {}", one.field, one.message)).collect();
                // The row is left to a person, and the import goes on; only an error of the database ends it.
                return left("refused", why.join(" "));
            }
            Err(other) => return Err(other),
        };
        let delivery = match self.find(work).await? {
            DeliveryMatch::One(delivery) => delivery,
            DeliveryMatch::None(why) => return left("unmatched", why),
            DeliveryMatch::Many(why) => return left("ambiguous", why),
        };
        let by = format!("{}'s books", self.client.slug);
        let new = NewOutcome { delivery, outcome: &outcome, how: How::Import, by: &by, seen: None };
        // Within the client whose books these are: a delivery's id of somebody else matches nothing.
        match record(work, work.actor.scope().within(self.client.id), &new).await {
            Ok(OutcomeResult::Recorded) => Ok(RowResult::Recorded),
            // Nobody looked, so it cannot be stale by what they saw; it was said before.
            Ok(OutcomeResult::Repeated | OutcomeResult::Stale) => Ok(RowResult::Repeated),
            Ok(OutcomeResult::Refused(why)) => left("refused", why.0),
            Err(Refusal::Missing { .. }) => left("unmatched", "no such delivery was sent to this client".to_owned()),
            Err(other) => Err(other),
        }
    }
}

impl ImportedOutcome {
    /// By the delivery where one is named; else by e-mail and phone, which must not lead to two leads.
    async fn find(&self, work: &mut Work<'_>) -> Result<DeliveryMatch, Refusal> {
        if let Some(text) = &self.row.delivery {
            let found = text.parse().map(DeliveryMatch::One);
            return Ok(found.unwrap_or_else(|_| {
                DeliveryMatch::None("this is no delivery's id; those begin with dlv_".to_owned())
            }));
        }
        let identities = match self.identities() {
            Ok(identities) => identities,
            Err(why) => return Ok(DeliveryMatch::None(why)),
        };
        let scope = work.actor.scope().within(self.client.id);
        // A set: an address and a number usually lead to the same lead.
        let mut leads = BTreeSet::new();
        for identity in &identities {
            leads.extend(work.tx.leads_of(scope, identity).await?);
        }
        let mut sent = Vec::new();
        for lead in leads {
            // A lead that was never sent is nothing that a client could know of.
            sent.extend(work.tx.delivery_sent_last(scope, lead).await?.map(|delivery| (lead, delivery)));
        }
        Ok(match sent.as_slice() {
            [] => DeliveryMatch::None("no lead of this e-mail address or phone number was delivered".to_owned()),
            [(_, delivery)] => DeliveryMatch::One(*delivery),
            many => {
                let named: Vec<_> = many.iter().map(|(lead, delivery)| format!("{delivery} ({lead})")).collect();
                DeliveryMatch::Many(format!("more than one lead was delivered: name one of {}", named.join(", ")))
            }
        })
    }

    fn identities(&self) -> Result<Vec<Identity>, String> {
        let mut identities = Vec::new();
        if let Some(text) = &self.row.email {
            identities.push(Identity::Email(Email::parse(text).map_err(|why| format!("the e-mail address {why}"))?));
        }
        if let Some(text) = &self.row.phone {
            let read =
                // By the client's country: books hold numbers as they are dialled there.
                Phone::parse(text, Some(&self.client.country)).map_err(|why| format!("the phone number {why}"))?;
            identities.push(Identity::Phone(read.phone));
        }
        if identities.is_empty() {
            return Err("the row names neither a delivery nor an e-mail address nor a phone number".to_owned());
        }
        Ok(identities)
    }
}
