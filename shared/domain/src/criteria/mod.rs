//! The criteria document: how a firm's manager says what makes an A lead, and how that is applied to one.
//!
//! [`Criteria::load`] reads and checks a document, all mistakes at once. [`qualify`] applies it to the [`Facts`] of a lead at
//! an instant; the [`Decision`] carries a [`Receipt`] that [`replay_decision`] makes again, byte for byte. Everything here is pure:
//! who loads the facts, keeps the receipts and fires what falls due is the qualifier's business.
//!
//! A hostile document costs an error: its size, depth and number of words are limited before anything recurses into it,
//! so that it is read within a few megabytes and a small part of a thread's stack.

mod answers_in;
mod backtest;
mod check_answer;
mod condition;
mod decision;
mod expression;
mod facts;
mod load;
mod model;
mod read_answer;
mod rule;
mod script;
mod typed_answers;

pub use backtest::{
    past::{PastAnswer, PastArrival, PastDecision, PastLead},
    run::{
        ALeads, Backtest, BacktestReport, BacktestStanding, ChangedDecision, GradeChange, ScoreBand, ScoredStanding,
        StandingFlow,
    },
};
pub use check_answer::InvalidAnswer;
pub use decision::{
    decide::{Decision, qualify},
    receipt::{
        Cap, Cause, CriteriaVersion, DO_NOT_CONTACT, Finding, KeptBack, NextStep, OwnDate, Reason, Receipt, Verdict,
    },
    replay_decision::{ReplayError, replay_decision},
};
pub use facts::{
    inputs::Input,
    snapshot::{Answer, ClientFacts, Facts, InvalidOrigin, LeadFacts, Origin, SourceFacts},
};
pub use load::document::CheckedCriteria;
pub use model::Criteria;
pub use read_answer::{AnswerContext, GivenAnswer};
pub use rule::{Disqualifier, Gate, Rule};
pub use script::{
    notice::SpokenNotice,
    question::{Kind, Question, Range},
    wording::Wording,
    words::{QuestionWords, grouped},
};

pub(crate) use condition::{Condition, ConditionReader, Conditions, Holding};

pub use crate::document::Mistake;
