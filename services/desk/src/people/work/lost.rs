//! What the work page says of a lead that is not the viewer's to save any more: who has it, and what was saved of it last.

use ripen_actions::{
    Refusal,
    desk::{draft_of, held_by, last_saved},
};
use ripen_domain::id::LeadId;
use ripen_store::lead::last_touch::LastTouch;

use super::history::in_words;
use crate::{
    context::DeskContext,
    people::{viewer::Viewer, when::When},
};

/// A lead that is held no more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LostLead {
    /// Who has it by now; none where nobody has.
    pub holder: Option<String>,
    /// What was saved of it last, as a sentence; empty where nothing was.
    pub last: String,
    /// Where what was typed is by now.
    pub kept: KeptWords,
}

/// Where what was typed about a lead is that cannot be saved any more: said only where it is so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeptWords {
    /// In the viewer's draft.
    Draft,
    /// In the page alone: the draft is a newer one, of another tab.
    BesideNewer,
    /// In the page alone.
    #[default]
    Nowhere,
}

/// Who has the lead by now, what was saved of it last, and whether the viewer has a draft.
///
/// # Errors
/// `Missing` where the viewer may see no such lead.
pub async fn lost_lead(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<LostLead, Refusal> {
    let holder = held_by(&context.actions, &viewer.actor, lead).await?;
    let last = last_saved(&context.actions, &viewer.actor, lead).await?;
    let when = When::of(viewer, context.clock.now());
    let last = last.map(|last| sentence(&last, last.user == Some(viewer.id()), &when)).unwrap_or_default();
    let kept = match draft_of(&context.actions, &viewer.actor, lead).await? {
        Some(_) => KeptWords::Draft,
        None => KeptWords::Nowhere,
    };
    Ok(LostLead { holder, last, kept })
}

fn sentence(last: &LastTouch, is_own: bool, when: &When) -> String {
    let by = if is_own { "You" } else { last.by.as_str() };
    let agreed = last.agreed_for.map(|at| format!(" The next call is agreed for {}.", when.whole(at)));
    let saved = format!("{by} saved it on {}: {}.", when.whole(last.at), in_words(last.disposition));
    format!("{saved}{}", agreed.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};
    use ripen_domain::touch::Disposition;

    use super::*;

    #[test]
    fn it_says_who_saved_what_and_which_call_is_agreed() {
        let now: Timestamp = "2026-11-24T16:03:00Z".parse().unwrap();
        let when = When::at_clock(now, TimeZone::UTC);
        let last = LastTouch {
            at: "2026-11-24T16:00:00Z".parse().unwrap(),
            by: "Lee".to_owned(),
            user: None,
            disposition: Disposition::CallBack,
            agreed_for: Some("2026-12-03T10:00:00Z".parse().unwrap()),
        };
        assert_eq!(
            sentence(&last, false, &when),
            "Lee saved it on Tue 24 Nov 2026, 16:00 UTC: asked to be called back. The next call is agreed for Thu 3 Dec 2026, 10:00 UTC."
        );
        let own = LastTouch { agreed_for: None, disposition: Disposition::Answered, ..last };
        assert_eq!(sentence(&own, true, &when), "You saved it on Tue 24 Nov 2026, 16:00 UTC: answered.");
    }
}
