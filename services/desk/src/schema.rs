//! What clients may say of a lead, as the description of the API says it. `domain::outcome` reads it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutcomeBody {
    /// `accepted`, `returned`, `not_yet`, `won` or `lost`.
    #[schema(example = "won")]
    pub outcome: String,
    /// Why it is returned or lost; of one that is not ready yet, what was agreed.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// What a won lead was sold for.
    #[schema(example = "12500.00")]
    pub amount: Option<String>,
    /// ISO 4217, with the amount.
    #[schema(example = "USD")]
    pub currency: Option<String>,
    /// When one that is not ready yet may be.
    #[schema(example = "2027-03-01")]
    pub date: Option<String>,
}
