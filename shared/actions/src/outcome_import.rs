//! Outcomes that a client's books know: for each row of a file the one delivery it is about is found, and what it says is
//! recorded. Each row is an action of its own: it commits with its audit, or nothing of it happens. What fits none or more
//! than one lead is left to a person.

use std::collections::{BTreeMap, BTreeSet};

use ripen_domain::{
    actor::{Actor, Permission},
    contact::{Email, Identity, Phone},
    id::DeliveryId,
    lead::OutcomeKind,
    outcome::{How, Outcome, OutcomeFields, Sale},
    said_by::SaidBy,
    values::Conventions,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    client::client_record::ClientRecord,
    outcome::{list::OutcomeRecord, record_outcome::NewOutcome},
};

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
    /// What is wrong: unreadable, refused, asked (it has to be confirmed), unmatched or ambiguous.
    pub left: &'static str,
    /// Why, in words.
    pub why: String,
}

/// A row that is recorded, now or before, and of which somebody should know more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedRow {
    /// Its line.
    pub line: u64,
    /// What is to be known: moved (to another day), superseded (something else was said since, and counts), amount (of nothing that
    /// was won, left out) or earlier (a rehearsal judges it without an earlier row of the same delivery).
    pub noted: &'static str,
    /// In words.
    pub why: String,
}

/// What a row changes, for whoever looks before it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRowChange {
    /// Its line.
    pub line: u64,
    /// The delivery that it is about.
    pub delivery: DeliveryId,
    /// What counted before, in words; none where nothing was said.
    pub before: Option<String>,
    /// What counts then, in words.
    pub after: String,
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
    /// Recorded, now or before, otherwise than the file says.
    pub noted: Vec<NotedRow>,
    /// What would change, of a rehearsal alone.
    pub changes: Vec<OutcomeRowChange>,
}

/// An import under way.
#[derive(Debug)]
pub struct OutcomeImport<'a> {
    actions: &'a Actions,
    actor: &'a Actor,
    client: ClientRecord,
    is_rehearsal: bool,
    confirmed: bool,
    report: OutcomeReport,
    /// In a rehearsal the line that said something of a delivery first: nothing is kept of it.
    rehearsed: BTreeMap<DeliveryId, u64>,
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
        let (report, rehearsed) = (OutcomeReport::default(), BTreeMap::new());
        Ok(Self { actions, actor, client, is_rehearsal, confirmed: false, report, rehearsed })
    }

    /// Takes back sales and records unusual amounts where the books say so: somebody looked at what was left and means it.
    #[must_use]
    pub const fn confirmed(mut self, confirmed: bool) -> Self {
        self.confirmed = confirmed;
        self
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
    pub async fn row(&mut self, mut row: OutcomeRow) -> Result<(), Refusal> {
        self.report.rows += 1;
        let stray = row.said.take_stray_amount();
        let line = row.line;
        let (client, confirmed, compares) = (self.client.clone(), self.confirmed, self.is_rehearsal);
        let request = ImportedOutcome { client, confirmed, compares, row };
        // Each row is an action of its own: one that cannot be recorded must not undo those before it.
        let done = if self.is_rehearsal {
            self.actions.rehearse(self.actor, &request).await?
        } else {
            self.actions.run(self.actor, &request).await?
        };
        if let (Some(amount), RowResult::Recorded { .. } | RowResult::Repeated { .. }) = (stray, &done) {
            let why = format!("The amount {amount} is left out: amounts are recorded of what was won.");
            self.report.noted.push(NotedRow { line, noted: "amount", why });
        }
        match done {
            RowResult::Recorded { delivery, moved, change } => {
                self.report.recorded += 1;
                self.report.changes.extend(change);
                if self.is_rehearsal {
                    self.rehearse_again(line, delivery);
                }
                self.report.noted.extend(moved.map(|why| NotedRow { line, noted: "moved", why }));
            }
            RowResult::Repeated { counts } => {
                self.report.repeated += 1;
                self.report.noted.extend(counts.map(|why| NotedRow { line, noted: "superseded", why }));
            }
            RowResult::Left { left, why } => self.report.left.push(LeftRow { line, left, why }),
        }
        Ok(())
    }

    /// Notes where an earlier row said something of the same delivery, of which a rehearsal keeps nothing.
    fn rehearse_again(&mut self, line: u64, delivery: DeliveryId) {
        let first = *self.rehearsed.entry(delivery).or_insert(line);
        if first != line {
            let why = format!("Line {first} says something of the same delivery; this row is judged as if it did not.");
            self.report.noted.push(NotedRow { line, noted: "earlier", why });
        }
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
    confirmed: bool,
    /// What it changes is wanted.
    compares: bool,
    row: OutcomeRow,
}

/// What became of a row.
enum RowResult {
    Recorded {
        /// Of which delivery.
        delivery: DeliveryId,
        /// What it changes, where that is wanted.
        change: Option<OutcomeRowChange>,
        /// On another day than the file says, in words.
        moved: Option<String>,
    },
    Repeated {
        /// What counts instead, in words.
        counts: Option<String>,
    },
    Left {
        left: &'static str,
        why: String,
    },
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
        let written = Conventions::of(None, Some(&self.client.country));
        let outcome = match read(&self.row.said, &written) {
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
        let new = NewOutcome {
            delivery,
            outcome: &outcome,
            how: How::Import,
            by: SaidBy::Books(&self.client.slug),
            actor: work.actor,
            fresh_id: uuid_v7,
            confirmed: self.confirmed,
            seen: None,
            answered_at: None,
        };
        let change = self.change(work, delivery, &outcome).await?;
        // Within the client whose books these are: a delivery's id of somebody else matches nothing.
        match record(work, work.actor.scope().within(self.client.id), &new).await {
            Ok(OutcomeResult::Recorded) => Ok(RowResult::Recorded { delivery, change, moved: None }),
            Ok(OutcomeResult::Adjusted(how)) => Ok(RowResult::Recorded { delivery, change, moved: Some(how) }),
            Ok(OutcomeResult::Asked(asked)) => {
                left("asked", format!("{asked} It is recorded once somebody confirms it."))
            }
            // Nobody looked, so it cannot be stale by what they saw; it was said before.
            Ok(OutcomeResult::Repeated | OutcomeResult::Stale) => {
                let newest = work.tx.outcome_newest(work.actor.scope().within(self.client.id), delivery).await?;
                Ok(RowResult::Repeated { counts: newest.and_then(|newest| instead(&outcome, &newest)) })
            }
            Ok(OutcomeResult::Refused(why)) => left("refused", why.0),
            Err(Refusal::Missing { .. }) => left("unmatched", "no such delivery was sent to this client".to_owned()),
            Err(other) => Err(other),
        }
    }
}

/// What counts where something else was said since, in words.
fn instead(said: &Outcome, newest: &OutcomeRecord) -> Option<String> {
    let is_same = said.kind() == newest.kind && said.sale().is_none_or(|sale| newest.sale == Some(sale));
    let sale = newest.sale.map(|sale| format!(" for {sale}")).unwrap_or_default();
    let (kind, at) = (newest.kind.word().replace('_', " "), newest.at);
    (!is_same).then(|| {
        format!(
            "This was said before; since then {} said \u{201c}{kind}\u{201d}{sale} ({at}), and that counts.",
            newest.by
        )
    })
}

/// `won for 12,500.00 USD`.
fn in_words(kind: OutcomeKind, sale: Option<Sale>) -> String {
    let sale = sale.map(|sale| format!(" for {sale}")).unwrap_or_default();
    format!("{}{sale}", kind.word().replace('_', " "))
}

impl ImportedOutcome {
    /// What this row changes, where that is wanted. Read before it is recorded.
    async fn change(
        &self,
        work: &mut Work<'_>,
        delivery: DeliveryId,
        said: &Outcome,
    ) -> Result<Option<OutcomeRowChange>, Refusal> {
        if !self.compares {
            return Ok(None);
        }
        let newest = work.tx.outcome_newest(work.actor.scope().within(self.client.id), delivery).await?;
        let before = newest.map(|newest| in_words(newest.kind, newest.sale));
        let after = in_words(said.kind(), said.sale());
        Ok(Some(OutcomeRowChange { line: self.row.line, delivery, before, after }))
    }

    /// By the delivery where one is named; else by e-mail and phone, which must not lead to two leads, nor to another than the delivery.
    async fn find(&self, work: &mut Work<'_>) -> Result<DeliveryMatch, Refusal> {
        if let Some(text) = &self.row.delivery {
            let Ok(delivery) = text.parse() else {
                return Ok(DeliveryMatch::None("this is no delivery's id; those begin with dlv_".to_owned()));
            };
            return self.find_named(work, delivery).await;
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
        let known = leads.clone();
        let mut sent = Vec::new();
        for lead in leads {
            // A lead that was never sent is nothing that a client could know of.
            sent.extend(work.tx.delivery_sent_last(scope, lead).await?.map(|delivery| (lead, delivery)));
        }
        Ok(match sent.as_slice() {
            [] if known.is_empty() => DeliveryMatch::None("no lead has this e-mail address or phone number".to_owned()),
            [] => {
                let named: Vec<_> = known.iter().map(ToString::to_string).collect();
                DeliveryMatch::None(format!("known, but never delivered: {}", named.join(", ")))
            }
            [(_, delivery)] => DeliveryMatch::One(*delivery),
            many => {
                let named: Vec<_> = many.iter().map(|(lead, delivery)| format!("{delivery} ({lead})")).collect();
                DeliveryMatch::Many(format!("more than one lead was delivered: name one of {}", named.join(", ")))
            }
        })
    }

    /// The delivery that the row names, unless its address or number is that of another person's leads alone.
    async fn find_named(&self, work: &mut Work<'_>, delivery: DeliveryId) -> Result<DeliveryMatch, Refusal> {
        let scope = work.actor.scope().within(self.client.id);
        let Some(named) = work.tx.delivery_lead(scope, delivery).await? else {
            // Whether it was ever sent is said by whoever records it.
            return Ok(DeliveryMatch::One(delivery));
        };
        // The delivery is named: an address that cannot be read beside it says nothing of somebody else.
        for identity in &self.identities().unwrap_or_default() {
            let leads = work.tx.leads_of(scope, identity).await?;
            if !leads.is_empty() && !leads.contains(&named) {
                let others: Vec<_> = leads.iter().map(ToString::to_string).collect();
                let of = if matches!(identity, Identity::Phone(_)) { "phone number" } else { "e-mail address" };
                return Ok(DeliveryMatch::Many(format!(
                    "{delivery} is of {named}, and the {of} of the row is that of {}: leave out the wrong one",
                    others.join(", ")
                )));
            }
        }
        Ok(DeliveryMatch::One(delivery))
    }

    fn identities(&self) -> Result<Vec<Identity>, String> {
        let mut identities = Vec::new();
        if let Some(text) = &self.row.email {
            let email = Email::parse(text).map_err(|why| format!("the e-mail address {why}"))?;
            identities.push(Identity::of_email(&email));
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
