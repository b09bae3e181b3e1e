//! Where a lead would go, were it an A: in words.

use jiff::Timestamp;
use ripen_domain::{actor::Actor, id::LeadId};
use ripen_store::team::preview::PreviewedRoute;

use crate::{Actions, Refusal};

/// Where a lead goes that is an A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoesTo {
    /// To these, by their names.
    Whom(String),
    /// To nobody yet: it waits for somebody of its client who can take it.
    Waits {
        /// Why.
        why: String,
        /// Until when; none where somebody has to do something first.
        until: Option<Timestamp>,
    },
}

impl GoesTo {
    /// As it reads behind "goes to".
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Whom(names) => names.clone(),
            Self::Waits { why, .. } => format!("nobody yet: {why}"),
        }
    }
}

/// Where the lead goes once it is an A; none where the scope has no such lead.
pub(super) async fn goes_to(
    actions: &Actions,
    actor: &Actor,
    lead: LeadId,
    now: Timestamp,
) -> Result<Option<GoesTo>, Refusal> {
    let previewed = actions.store.route_preview(&actions.documents, actor.scope(), lead, now).await?;
    // Why it goes there stands on the lead's page.
    Ok(previewed.map(|previewed| whither(previewed.goes)))
}

fn whither(goes: PreviewedRoute) -> GoesTo {
    GoesTo::Whom(match goes {
        PreviewedRoute::Held { why, until } => return GoesTo::Waits { why, until },
        PreviewedRoute::Everybody => "every enabled endpoint of the client".to_owned(),
        PreviewedRoute::To(names) => listed(&names),
        PreviewedRoute::FirstOf(names) if names.len() < 2 => format!("{}, who is asked to take it", names.join("")),
        PreviewedRoute::FirstOf(names) => format!("the first of {} who takes it", listed(&names)),
    })
}

/// `Kim, Lee and Sam`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_goes_reads_behind_goes_to() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (goes, words) in [
            (PreviewedRoute::Everybody, "every enabled endpoint of the client"),
            (
                PreviewedRoute::Held { why: "the client's day is full".to_owned(), until: None },
                "nobody yet: the client's day is full",
            ),
            (PreviewedRoute::To(names(&["Dana Hill"])), "Dana Hill"),
            (PreviewedRoute::To(names(&["Dana Hill", "Lee Park", "Sam Rep"])), "Dana Hill, Lee Park and Sam Rep"),
            (PreviewedRoute::FirstOf(names(&["Dana Hill"])), "Dana Hill, who is asked to take it"),
            (
                PreviewedRoute::FirstOf(names(&["Dana Hill", "Lee Park"])),
                "the first of Dana Hill and Lee Park who takes it",
            ),
        ] {
            assert_eq!(whither(goes).words(), words);
        }
    }
}
