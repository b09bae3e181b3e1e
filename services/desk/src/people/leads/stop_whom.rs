//! For whom a wish not to be contacted holds, by either of its two names: `whom` (`client` or `firm`), or `for_firm`.

use ripen_actions::FieldError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For whom it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopWhom {
    /// For the client alone.
    Client,
    /// For every client of the firm.
    Firm,
}

/// Whether it holds for the whole firm; none where neither name says it.
///
/// # Errors
/// Where they say opposite things.
pub fn stop_for_firm(whom: Option<StopWhom>, for_firm: Option<bool>) -> Result<Option<bool>, FieldError> {
    let named = whom.map(|whom| whom == StopWhom::Firm);
    match (named, for_firm) {
        (Some(named), Some(said)) if named != said => {
            let message = "this and whom say opposite things: leave one of them out".to_owned();
            Err(FieldError { field: "for_firm".to_owned(), code: "contradicts", message })
        }
        (named, said) => Ok(named.or(said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_name_says_it_and_both_must_agree() {
        assert_eq!(stop_for_firm(None, None), Ok(None));
        assert_eq!(stop_for_firm(Some(StopWhom::Firm), None), Ok(Some(true)));
        assert_eq!(stop_for_firm(None, Some(true)), Ok(Some(true)));
        assert_eq!(stop_for_firm(Some(StopWhom::Client), Some(false)), Ok(Some(false)));
        assert!(stop_for_firm(Some(StopWhom::Client), Some(true)).is_err());
    }
}
