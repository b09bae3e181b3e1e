//! What clients may say of a lead, as the description of the API says it. `domain::outcome` reads it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutcomeBody {
    /// `accepted`, `returned`, `not_yet`, `won` or `lost`; `do_not_contact` and `wrong_number` give the lead back for that reason.
    #[schema(example = "won")]
    pub outcome: String,
    /// Why it is returned, which needs one, or lost; of one that is not ready yet, what was agreed. `do_not_contact` and
    /// `wrong_number` act, beside whatever reasons the client has of its own: nobody calls this person, or this number, any more.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// What a won lead was sold for, where that is known: written as where the client is, or with a point and no groups.
    #[schema(example = "12500.00")]
    pub amount: Option<String>,
    /// ISO 4217, with the amount.
    #[schema(example = "USD")]
    pub currency: Option<String>,
    /// When one that is not ready yet may be.
    #[schema(example = "2027-03-01")]
    pub date: Option<String>,
    /// When it was won or lost; now where missing.
    #[schema(example = "2026-11-20")]
    pub happened_at: Option<String>,
    /// It is meant: record it although it takes a sale back or the amount is unusual.
    pub confirm: Option<bool>,
    /// The same as `confirm`, of what corrects what was said before.
    pub correct: Option<bool>,
}
