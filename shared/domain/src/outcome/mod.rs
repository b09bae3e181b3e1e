//! What a client says about a delivered lead, and what follows from it: for the lead's stage, its grade and its next step.
//! Reps, their programs and the firm's staff say it. The client's rules of return are kept here; nothing here grades.

mod amount_meaning;
mod confirm;
mod fields;
mod happened;
mod members;
mod money;
mod refused;
mod return_reason;

pub use amount_meaning::{AmountMeaning, AmountTerms};
pub use confirm::{OutcomeQuestion, SaidBefore, question};
pub use fields::{InvalidField, OutcomeFields};
pub use happened::Happened;
pub use members::OutcomeMembers;
pub use money::{Currency, Sale, currency_of};
pub use refused::OutcomeRefused;
pub use return_reason::{FixedReason, reason_in_words};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    lead::{OutcomeKind, Stage, words},
    promise::{Kind, Open, PromiseEnd, State, When},
};

/// How long after a lead became A, or was taken back by its client, the client is asked what became of it.
pub const ASK_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

words! {
    /// What the firm says to a return.
    Verdict "verdict" {
        /// It was right to give the lead back.
        Upheld = "upheld",
        /// It was not: the lead is the client's again.
        Rejected = "rejected",
    }
}

words! {
    /// How an outcome was said.
    How "way of saying an outcome" {
        /// In the body of a webhook's answer.
        Answer = "answer",
        /// By a client's program.
        Api = "api",
        /// Behind a signed link.
        Link = "link",
        /// By the firm's staff.
        Command = "command",
        /// In a file of what the client's books know.
        Import = "import",
    }
}

/// One thing that a client says about a delivered lead. Reasons are the client's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The rep works it.
    Accepted {
        /// What else was said.
        reason: Option<String>,
    },
    /// Given back: it was no A.
    Returned {
        /// Why.
        reason: String,
    },
    /// Given back until a date: it is no A yet.
    NotYet {
        /// When it may be one.
        when: When,
        /// What else was said.
        reason: Option<String>,
    },
    /// Sold.
    Won {
        /// For how much; none where nobody says, which is not nothing.
        sale: Option<Sale>,
        /// What else was said.
        reason: Option<String>,
        /// When; none where nobody says.
        happened: Option<Happened>,
    },
    /// Not sold.
    Lost {
        /// Why.
        reason: Option<String>,
        /// When; none where nobody says.
        happened: Option<Happened>,
    },
}

impl Outcome {
    /// Its word.
    #[must_use]
    pub const fn kind(&self) -> OutcomeKind {
        match self {
            Self::Accepted { .. } => OutcomeKind::Accepted,
            Self::Returned { .. } => OutcomeKind::Returned,
            Self::NotYet { .. } => OutcomeKind::NotYet,
            Self::Won { .. } => OutcomeKind::Won,
            Self::Lost { .. } => OutcomeKind::Lost,
        }
    }

    /// The client's words.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Returned { reason } => Some(reason),
            Self::Accepted { reason }
            | Self::NotYet { reason, .. }
            | Self::Won { reason, .. }
            | Self::Lost { reason, .. } => reason.as_deref(),
        }
    }

    /// The reason that acts, where one is given for giving the lead back or losing it.
    #[must_use]
    pub fn fixed_reason(&self) -> Option<FixedReason> {
        match self {
            Self::Returned { reason } | Self::Lost { reason: Some(reason), .. } => FixedReason::of(reason),
            _ => None,
        }
    }

    /// What it was sold for.
    #[must_use]
    pub const fn sale(&self) -> Option<Sale> {
        match self {
            Self::Won { sale, .. } => *sale,
            _ => None,
        }
    }

    /// When it was won or lost, where that is said.
    #[must_use]
    pub const fn happened(&self) -> Option<Happened> {
        match self {
            Self::Won { happened, .. } | Self::Lost { happened, .. } => *happened,
            _ => None,
        }
    }
}

impl OutcomeKind {
    /// Whether the source answers for it: it sent what was no A lead. A lead that only came too early is none of these.
    #[must_use]
    pub const fn counts_against_source(self) -> bool {
        // Not "lost": the lead was as promised, and the sale failed later.
        matches!(self, Self::Returned)
    }
}

/// When a client may give a lead back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnRules {
    /// Within so many days after the delivery.
    pub days: i32,
    /// For one of these reasons; for any where there are none.
    pub reasons: Vec<String>,
}

impl ReturnRules {
    /// The reason as the rules spell it.
    ///
    /// # Errors
    /// Says the rule that the return is outside of. A lead that was never delivered is never late.
    pub fn check(
        &self,
        reason: &str,
        delivered_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<String, OutcomeRefused> {
        let limit = SignedDuration::from_hours(i64::from(self.days) * 24);
        // A lead without a delivery has no time that could be over.
        if let Some(at) = delivered_at.filter(|at| now.duration_since(*at) > limit) {
            // The day in UTC, as in payloads: a client's clock is not known here.
            let day = at.to_zoned(TimeZone::UTC).date();
            return Err(OutcomeRefused(match self.days {
                0 => format!("The terms allow no returns; this lead was delivered on {day}."),
                days => format!("A lead can be returned within {days} days; this one was delivered on {day}."),
            }));
        }
        if self.reasons.is_empty() {
            return Ok(reason.to_owned());
        }
        let same = |known: &&String| known.trim().eq_ignore_ascii_case(reason.trim());
        // The list's own spelling is kept, so that reports count one reason once.
        // Beside the client's own: nobody may be called on because a list lacks the reason.
        let fixed = || FixedReason::of(reason).map(|fixed| fixed.word().to_owned());
        self.reasons.iter().find(same).cloned().or_else(fixed).ok_or_else(|| {
            let fixed: Vec<_> = FixedReason::ALL.iter().map(|fixed| fixed.word()).collect();
            let all = [self.reasons.join("; "), fixed.join("; ")].join("; ");
            OutcomeRefused(format!("A lead can be returned for one of these reasons: {all}."))
        })
    }
}

/// Where a lead stands when something is said about one of its deliveries.
#[derive(Debug, Clone)]
pub struct LeadStanding<'a> {
    /// How far it has come.
    pub stage: Stage,
    /// Its grade is A now.
    pub is_a: bool,
    /// Somebody of the firm spoke with the person.
    pub spoken: bool,
    /// What was said last about this delivery.
    pub newest: Option<OutcomeKind>,
    /// The delivery is of the lead's last maturation.
    pub is_latest: bool,
    /// By what was said last about it, another delivery of the lead was won, or another of the same maturation accepted.
    pub kept_elsewhere: bool,
    /// By what was said last about it, another delivery of the lead was won.
    pub sold_elsewhere: bool,
    /// The person has another open lead.
    pub another_open: bool,
    /// The promises that are not ended.
    pub promises: &'a [Open],
}

/// The lead's next step from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUp {
    /// As it is.
    Stays,
    /// Somebody of the firm works on it now.
    Work,
    /// On the date that the client named.
    OnDate,
    /// The client is asked later what became of it.
    Ask,
    /// None: the lead is not open any more.
    Ended,
}

/// What an outcome does to its lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequences {
    /// How far the lead has come from now on; none where that stays.
    pub stage: Option<Stage>,
    /// From now on capped at B until a newer conversation, or no longer; none where that stays.
    pub given_back: Option<bool>,
    /// The next step.
    pub next: FollowUp,
    /// Open promises and the state each goes to.
    pub ended: Vec<PromiseEnd>,
}

impl Consequences {
    /// Nothing changes.
    pub const NOTHING: Self = Self { stage: None, given_back: None, next: FollowUp::Stays, ended: Vec::new() };

    /// Whether anything of the lead changes, so that it is decided again.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.stage.is_some() || self.given_back.is_some() || self.next != FollowUp::Stays
    }
}

/// What follows from an outcome. What was said before about the delivery is history: the newest counts.
///
/// A sale is a sale whatever went before. All else is said of the last maturation only, and not against a colleague who
/// keeps the lead. A lead that this delivery ended is opened again by a correction, unless the person has a newer one.
#[must_use]
pub fn follows(kind: OutcomeKind, at: &LeadStanding<'_>) -> Consequences {
    // Only what this delivery ended can be opened by a correction of it: a lead closed by a gate stays closed, and a sale said of
    // another delivery is not this one's to take back.
    let made_here = matches!(
        (at.stage, at.newest),
        (Stage::Customer, Some(OutcomeKind::Won)) | (Stage::Closed, Some(OutcomeKind::Lost))
    );
    // A sale is taken back where it was said, however old that delivery is: nowhere else can it be.
    let ended_here = made_here && !at.sold_elsewhere && (at.is_latest || at.stage == Stage::Customer);
    // A second open lead of the same person and program must not come to be.
    let reopens = ended_here && !at.another_open;
    // News of an old delivery, or of one of several while another still has the lead, is recorded and moves nothing.
    let counts = reopens || at.is_latest && !at.kept_elsewhere && at.stage.is_open();
    let reopened = reopens.then_some(if at.spoken { Stage::Contact } else { Stage::Lead });
    let given_back_before = matches!(at.newest, Some(OutcomeKind::Returned | OutcomeKind::NotYet));
    let follows = |stage, given_back, next| Consequences { stage, given_back, next, ended: ended(at.promises, next) };
    match kind {
        // Always, also of an old delivery: a sale is a fact wherever the lead is by now.
        OutcomeKind::Won => follows(Some(Stage::Customer), None, FollowUp::Ended),
        // A sale that is taken back closes the lead again, although it is not open.
        OutcomeKind::Lost if counts || ended_here => follows(Some(Stage::Closed), None, FollowUp::Ended),
        // The sale is taken back, but the lead is not: a colleague keeps it.
        OutcomeKind::Returned | OutcomeKind::NotYet if reopens && at.kept_elsewhere => {
            follows(reopened, None, FollowUp::Ask)
        }
        OutcomeKind::Returned if counts => follows(reopened, Some(true), FollowUp::Work),
        OutcomeKind::NotYet if counts => follows(reopened, Some(true), FollowUp::OnDate),
        // Where it was decided already, an A again would be delivered again: the desk confirms it first.
        OutcomeKind::Accepted if counts && (reopens || given_back_before) => {
            follows(reopened, at.is_a.then_some(false), FollowUp::Ask)
        }
        _ => follows(None, None, FollowUp::Stays),
    }
}

fn ended(promises: &[Open], next: FollowUp) -> Vec<PromiseEnd> {
    if next == FollowUp::Stays {
        return Vec::new();
    }
    let ending = |promise: &Open| match promise.kind {
        // Kept, not dropped: a person did what it was for.
        _ if promise.worked => State::Kept,
        // The client has answered, which is what it asked for.
        Kind::Outcome => State::Kept,
        Kind::Requalify if matches!(next, FollowUp::Work | FollowUp::OnDate) => State::Moved,
        Kind::Requalify | Kind::Activation | Kind::SamePerson => State::Dropped,
    };
    let end = |promise: &Open| PromiseEnd { generation: promise.generation, state: ending(promise) };
    promises.iter().map(end).collect()
}

#[cfg(test)]
mod tests;
