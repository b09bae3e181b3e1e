//! What the work's API takes and gives, as its description says it.

use jiff::Timestamp;
use ripen_actions::desk::{GradePreview, OpenedLead, UpcomingWork};
use ripen_domain::{
    desk::{CallGate, GateKind, NextWork, Rank},
    id::{ClientId, LeadId},
    lead::Grade,
    touch::Disposition,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::after::{AfterView, CallBackView};

/// A lead that is open.
#[derive(Serialize, ToSchema)]
pub struct OpenedLeadView {
    /// The lead.
    #[schema(value_type = String, example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    lead: LeadId,
    /// Whose.
    #[schema(value_type = String)]
    client: ClientId,
    /// This taking of it: `renew`, `leave` and `dispose` name it.
    #[schema(value_type = String)]
    lease: Uuid,
    /// Where it stood in the order: `promised`, `fresh`, `untouched`, `returned`, `due`, `rest` or `named`.
    #[schema(value_type = String, example = "fresh")]
    rank: Rank,
    /// Why this lead now, in words.
    why: String,
    /// When it was taken.
    taken_at: Timestamp,
    /// Until when it is held, unless it is renewed.
    until: Timestamp,
}

impl From<OpenedLead> for OpenedLeadView {
    fn from(one: OpenedLead) -> Self {
        let OpenedLead { lead, client, lease, rank, why, taken_at, until } = one;
        Self { lead, client, lease, rank, why, taken_at, until }
    }
}

/// The next lead, or when there is one.
#[derive(Serialize, ToSchema)]
pub struct NextLeadView {
    /// The lead that is open now; none where there is nothing to do.
    pub opened: Option<OpenedLeadView>,
    /// Where there is nothing to do: when there is, and what the day was.
    pub upcoming: Option<UpcomingView>,
}

/// When the next work comes due, and what was done today.
#[derive(Serialize, ToSchema)]
pub struct UpcomingView {
    /// When the next work comes due; none where nothing is dated.
    next_at: Option<Timestamp>,
    /// What it is then, in words.
    next_why: Option<String>,
    /// Calls that the agent promised for later today.
    promised_today: i64,
    /// What was done today, by the agent's clock.
    today: Vec<DispositionCountView>,
}

/// How often something was done.
#[derive(Serialize, ToSchema)]
pub struct DispositionCountView {
    /// How it went.
    #[schema(value_type = String, example = "answered")]
    disposition: Disposition,
    /// How often.
    touches: i64,
}

impl From<UpcomingWork> for UpcomingView {
    fn from(work: UpcomingWork) -> Self {
        let count = |one: ripen_store::desk::upcoming::DispositionCount| DispositionCountView {
            disposition: one.disposition,
            touches: one.touches,
        };
        Self {
            next_at: work.next_at,
            next_why: work.next_why.map(str::to_owned),
            promised_today: work.promised_today,
            today: work.today.into_iter().map(count).collect(),
        }
    }
}

/// A lead that is open, as its taker names it.
#[derive(Deserialize, ToSchema)]
pub struct LeaseBody {
    /// The lead.
    #[schema(value_type = String)]
    pub lead: LeadId,
    /// As it was taken.
    #[schema(value_type = String)]
    pub lease: Uuid,
}

/// Until when a lead is held.
#[derive(Serialize, ToSchema)]
pub struct RenewedView {
    /// Until then, unless it is renewed again.
    pub until: Timestamp,
    /// Why nobody works on it any more: it was closed or stopped, or its consent is looked at; none while it goes on.
    pub over: Option<String>,
    /// The number that the person is known by now, with its extension: somebody may have written another one down since the lead was
    /// opened. None where there is none.
    #[schema(example = "+14155550100;ext=12")]
    pub phone: Option<String>,
}

/// Whether a lead was held.
#[derive(Serialize, ToSchema)]
pub struct LeftView {
    /// It was, and is anybody's now.
    pub was_held: bool,
}

/// What a decision would be.
#[derive(Serialize, ToSchema)]
pub struct PreviewView {
    /// The grade that the lead has.
    #[schema(value_type = Option<String>, example = "B")]
    before: Option<Grade>,
    /// The points that it has.
    before_score: Option<i32>,
    /// The grade that it would have; none where the program has no criteria yet.
    #[schema(value_type = Option<String>, example = "A")]
    grade: Option<Grade>,
    /// The points that it would have.
    score: Option<i32>,
    /// The points that an A takes.
    needed: Option<i32>,
    /// Rules that count, those that give most first.
    reasons: Vec<PreviewReasonView>,
    /// Rules of which something is not known, those that give most first.
    missing: Vec<PreviewMissingView>,
    /// What holds the grade down, in words.
    held_down: Vec<String>,
    /// Why the lead would be closed.
    closed: Option<String>,
    /// The question that is worth most.
    ask_next: Option<String>,
    /// Answers that cannot be used as typed.
    wrong: Vec<WrongAnswerView>,
    /// Were it an A: where it goes, in words.
    goes_to: Option<String>,
    /// When it is looked at again otherwise.
    next_at: Option<Timestamp>,
    /// For how many seconds a disposition can be taken back.
    undo_s: i64,
    /// Of a preview that was asked for: what saving will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<AfterView>,
    /// What the time comes to that was named for the next call.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_back: Option<CallBackView>,
}

/// A rule that counts.
#[derive(Serialize, ToSchema)]
pub struct PreviewReasonView {
    /// Its id.
    rule: String,
    /// The manager's words.
    because: String,
    /// The points it gives.
    points: i32,
    /// The grade without them.
    #[schema(value_type = String, example = "B")]
    without: Grade,
}

/// A rule of which something is not known.
#[derive(Serialize, ToSchema)]
pub struct PreviewMissingView {
    /// Its id.
    rule: String,
    /// The manager's words.
    because: String,
    /// The points, should it hold.
    points: i32,
    /// The questions to ask.
    questions: Vec<String>,
}

/// What cannot be used as typed.
#[derive(Serialize, ToSchema)]
pub struct WrongAnswerView {
    /// `answers.QUESTION`, or `next`.
    field: String,
    /// What is wrong, in words.
    message: String,
}

impl PreviewView {
    /// The grade and what to ask next, where points are hidden until the disposition.
    pub fn without_points(self) -> Self {
        let (before_score, score, needed) = (None, None, None);
        Self { before_score, score, needed, reasons: Vec::new(), missing: Vec::new(), ..self }
    }

    /// With what saving will do, and what the time comes to that was named.
    pub fn with_after(self, after: AfterView, call_back: Option<CallBackView>) -> Self {
        Self { after: Some(after), call_back, ..self }
    }
}

impl From<GradePreview> for PreviewView {
    fn from(preview: GradePreview) -> Self {
        let outlook = preview.outlook.as_ref();
        let reasons = outlook.into_iter().flat_map(|outlook| &outlook.reasons).map(|one| PreviewReasonView {
            rule: one.rule.to_string(),
            because: one.because.to_string(),
            points: one.points,
            without: one.without,
        });
        let missing = outlook.into_iter().flat_map(|outlook| &outlook.missing).map(|one| PreviewMissingView {
            rule: one.rule.to_string(),
            because: one.because.to_string(),
            points: one.points,
            questions: one.questions.clone(),
        });
        let held_down = outlook.into_iter().flat_map(|outlook| &outlook.held_down).map(ToString::to_string);
        Self {
            before: preview.before.map(|before| before.grade),
            before_score: preview.before.map(|before| before.score),
            grade: outlook.map(|outlook| outlook.grade),
            score: outlook.map(|outlook| outlook.score),
            needed: outlook.map(|outlook| outlook.needed),
            reasons: reasons.collect(),
            missing: missing.collect(),
            held_down: held_down.collect(),
            closed: outlook.and_then(|outlook| outlook.closed.clone()),
            ask_next: outlook.and_then(|outlook| outlook.ask_next().map(str::to_owned)),
            wrong: preview
                .wrong
                .into_iter()
                .map(|one| WrongAnswerView { field: one.field, message: one.message })
                .collect(),
            goes_to: preview.goes_to.map(|goes_to| goes_to.words()),
            next_at: match preview.next {
                Some(NextWork::At(opening)) => Some(opening.at),
                _ => None,
            },
            undo_s: preview.undo.as_secs(),
            after: None,
            call_back: None,
        }
    }
}

/// A gate.
#[derive(Serialize, ToSchema)]
pub struct GateView {
    /// Which.
    #[schema(value_type = String, example = "hours")]
    gate: GateKind,
    /// Nothing of it stands against calling.
    is_open: bool,
    /// What it is about, in words.
    words: String,
    /// When it opens by itself; none where it is open, or somebody has to open it. Of `promise` and `resting` a client's people are told
    /// the day, as its beginning by the client's clock: of what opens later today, the beginning of today.
    opens_at: Option<Timestamp>,
}

impl From<CallGate> for GateView {
    fn from(gate: CallGate) -> Self {
        let CallGate { kind, is_open, words, opens_at } = gate;
        Self { gate: kind, is_open, words, opens_at }
    }
}
