//! What an agent's day was, by leads, and what became of the leads that they made an A.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    id::LeadId,
    touch::Disposition,
};
use ripen_store::lead::touched::{FollowedTouch, PromisedFilter};

use super::nobody;
use crate::{Actions, Refusal, work::permit};

/// Leads that became an A by an agent, with what their clients said of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MadeAs {
    /// So many became one.
    pub became: usize,
    /// The clients took so many of them.
    pub accepted: usize,
    /// The clients gave so many of them back.
    pub returned: usize,
}

/// What an agent did within a time. Each figure counts leads, as the list does that it links to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnDay {
    /// Leads worked.
    pub worked: usize,
    /// With whom they spoke.
    pub spoke: usize,
    /// By how it went, what was done most first.
    pub by_disposition: Vec<WorkedBy>,
    /// Leads that were closed.
    pub closed: usize,
    /// What became an A, and what came of that.
    pub made: MadeAs,
}

/// How many leads went one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkedBy {
    /// Which way.
    pub disposition: Disposition,
    /// So many leads.
    pub leads: usize,
}

/// What the actor did within a time.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn own_day(actions: &Actions, actor: &Actor, time: (Timestamp, Timestamp)) -> Result<OwnDay, Refusal> {
    permit(actor, Permission::Work)?;
    let user = actor.user_id().ok_or_else(nobody)?;
    Ok(counted(&actions.store.touches_followed(actor.scope(), user, time).await?))
}

/// How many leads the actor promised to call within a time.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn promised_within(
    actions: &Actions,
    actor: &Actor,
    (from, to): (Timestamp, Timestamp),
) -> Result<usize, Refusal> {
    permit(actor, Permission::Work)?;
    let user = actor.user_id().ok_or_else(nobody)?;
    Ok(actions.store.leads_promised_by(actor.scope(), PromisedFilter { user, from, to }).await?.len())
}

fn counted(touches: &[FollowedTouch]) -> OwnDay {
    let leads = |fits: &dyn Fn(&FollowedTouch) -> bool| {
        touches.iter().filter(|touch| fits(touch)).map(|touch| touch.lead).collect::<BTreeSet<LeadId>>().len()
    };
    let mut ways: Vec<Disposition> = Vec::new();
    for touch in touches {
        if !ways.contains(&touch.disposition) {
            ways.push(touch.disposition);
        }
    }
    let mut by_disposition: Vec<_> = ways
        .into_iter()
        .map(|way| WorkedBy { disposition: way, leads: leads(&|touch| touch.disposition == way) })
        .collect();
    by_disposition.sort_by_key(|way| (std::cmp::Reverse(way.leads), way.disposition.word()));
    OwnDay {
        worked: leads(&|_| true),
        spoke: leads(&|touch| touch.disposition.is_conversation()),
        by_disposition,
        closed: leads(&|touch| touch.was_closed),
        made: MadeAs {
            became: leads(&|touch| touch.became_a),
            accepted: leads(&|touch| touch.was_accepted),
            returned: leads(&|touch| touch.was_returned),
        },
    }
}
