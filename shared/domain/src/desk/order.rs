//! The order in which leads are handed out: one function, shown to managers as it is.
//!
//! 1. **Promised**: a call was agreed with the person for now. Those that the agent promised themselves first, then the one
//!    that waits longest.
//! 2. **Fresh**: nobody has called since the person enquired, it did not come in bulk, and the person could have been called for
//!    less than [`FRESH`] since. The newest first, by callable minutes: on Monday morning all of the weekend is fresh.
//! 3. **Untouched**: nobody has called since the person enquired; it came in bulk, or waits longer. The oldest first.
//! 4. **Returned**: its client gave it back, or somebody opened it again. The one that waits longest first.
//! 5. **Due**: its re-qualification fell due. The one that is due longest first.
//! 6. **Plan**: the next step of a plan is due. The one that is due longest first. No lead has a plan yet, so nothing is handed out by it.
//! 7. **Rest**: somebody tried, and nobody was reached. By likely value: grade, points, then who waits longest.
//!
//! Within a rank, clients take turns by their weights (see [`super::in_turn`]).
//!
//! What counts is the last enquiry. Who was called in May and enquires again in July waits as whoever never was: the touches before
//! an enquiry are those of another. Arrivals less than a day apart are one enquiry
//! ([`ENQUIRY_APART`](crate::lead::ENQUIRY_APART)). *In bulk* came an enquiry by a channel of lists, by an import, or with others in
//! one request (an array, a file), whatever its source's channel: nobody of those waits at a telephone. Who is on a list and also
//! asks by themselves did not come in bulk.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use crate::{
    calling::{Hours, Place, is_allowed, next_allowed},
    id::{ClientId, LeadId, UserId},
    lead::{Grade, words},
};

/// An enquiry is fresh while the person could have been called for no longer than this.
pub const FRESH: SignedDuration = SignedDuration::from_mins(240);
/// In such steps callable time is counted: hours open and close on minutes that these meet.
const STEP: SignedDuration = SignedDuration::from_mins(5);

words! {
    /// Where a lead stands in the order, the first rank first.
    Rank "rank" {
        /// A call was agreed for now.
        Promised = "promised",
        /// A new enquiry that nobody touched.
        Fresh = "fresh",
        /// Nobody touched it since the last enquiry.
        Untouched = "untouched",
        /// Its client gave it back, or somebody opened it again.
        Returned = "returned",
        /// Its re-qualification fell due.
        Due = "due",
        /// A step of its plan is due.
        Plan = "plan",
        /// Tried in vain.
        Rest = "rest",
        /// Opened by name: no order hands it out.
        Named = "named",
    }
}

impl Rank {
    /// Why a lead of this rank is handed out, in words.
    #[must_use]
    pub const fn because(self) -> &'static str {
        match self {
            Self::Promised => "a call is promised for now",
            Self::Fresh => "a new enquiry that nobody has called yet",
            Self::Untouched => "nobody has called since the enquiry",
            Self::Returned => "it came back to the desk: its client returned it, or somebody opened it again",
            Self::Due => "it is to be looked at again",
            Self::Plan => "the next step of its plan is due",
            Self::Rest => "nobody was reached yet",
            Self::Named => "opened by name",
        }
    }

    /// Which of several leads of this rank comes first, in words: what [`in_order`] does.
    #[must_use]
    pub const fn first_of(self) -> &'static str {
        match self {
            Self::Promised => "what the agent promised themselves, then the one that waits longest",
            Self::Fresh => {
                "the newest, by the minutes in which the person could have been called; with 240 of them it is fresh no more"
            }
            Self::Untouched => "the oldest enquiry",
            Self::Returned => "the one that waits longest",
            Self::Due | Self::Plan => "the one that is due longest",
            Self::Rest => "by likely value: the grade, then the points, then who waits longest",
            Self::Named => "whoever asks for it",
        }
    }
}

/// Of a lead what its rank depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RankSubject {
    /// When the promise to call or to look again falls, or fell, due and nobody worked on it since.
    pub due_at: Option<Timestamp>,
    /// It was agreed with the person.
    pub is_agreed: bool,
    /// It was given back to the desk: nobody agreed it with the person.
    pub is_put_back: bool,
    /// When the next step of a plan is due; none without a plan.
    pub step_at: Option<Timestamp>,
    /// Somebody tried to reach the person since the last enquiry, or wrote something down.
    pub is_touched: bool,
    /// The last enquiry came on a list, in an import, or with others in one request.
    pub is_bulk: bool,
    /// For how long the person could have been called since the enquiry, as [`callable_wait`] counts it.
    pub waited: SignedDuration,
}

/// The rank of a lead; `Rest` for one that nothing else is due of.
#[must_use]
pub fn rank(of: &RankSubject, now: Timestamp) -> Rank {
    let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    match of {
        _ if is_due(of.due_at) && of.is_agreed => Rank::Promised,
        _ if !of.is_touched && !of.is_bulk && of.waited < FRESH => Rank::Fresh,
        _ if !of.is_touched => Rank::Untouched,
        _ if is_due(of.due_at) && of.is_put_back => Rank::Returned,
        _ if is_due(of.due_at) => Rank::Due,
        _ if is_due(of.step_at) => Rank::Plan,
        _ => Rank::Rest,
    }
}

/// A lead that may be handed out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeskCandidate {
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// What its rank depends on.
    pub subject: RankSubject,
    /// Who promised the call; none where anybody may make it.
    pub promised_by: Option<UserId>,
    /// The last enquiry.
    pub enquired_at: Timestamp,
    /// The last grade.
    pub grade: Option<Grade>,
    /// The last points.
    pub score: i32,
}

/// A candidate with its rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderedLead {
    /// Where it stands.
    pub rank: Rank,
    /// The lead.
    pub candidate: DeskCandidate,
}

/// The candidates in the order in which this agent is handed them. `turns` are the clients, whose turn it is first: within a
/// rank the first lead of each client comes before the second of any.
#[must_use]
pub fn in_order(
    candidates: Vec<DeskCandidate>,
    agent: Option<UserId>,
    turns: &[ClientId],
    now: Timestamp,
) -> Vec<OrderedLead> {
    let ranked = candidates.into_iter().map(|one| OrderedLead { rank: rank(&one.subject, now), candidate: one });
    let mut ordered: Vec<_> = ranked.collect();
    ordered.sort_by_key(|one| (one.rank, within(one), one.candidate.lead));
    let turn = |client: ClientId| turns.iter().position(|one| *one == client).unwrap_or(turns.len());
    // The place of each lead among its own client's of the rank: rounds in which every client has one.
    let mut rounds: Vec<_> = Vec::with_capacity(ordered.len());
    for (at, one) in ordered.iter().enumerate() {
        let is_before = |before: &&OrderedLead| {
            before.rank == one.rank
                && before.candidate.client == one.candidate.client
                && is_own(before, agent) == is_own(one, agent)
        };
        rounds.push(ordered[..at].iter().filter(is_before).count());
    }
    let mut placed: Vec<_> = ordered.into_iter().zip(rounds).enumerate().collect();
    // What the agent promised comes before turns: the person expects this agent.
    placed.sort_by_key(|(at, (one, round))| (one.rank, !is_own(one, agent), *round, turn(one.candidate.client), *at));
    placed.into_iter().map(|(_, (one, _))| one).collect()
}

/// Whether the agent promised this call.
fn is_own(one: &OrderedLead, agent: Option<UserId>) -> bool {
    one.rank == Rank::Promised && agent.is_some() && one.candidate.promised_by == agent
}

/// What decides within a rank; the smallest is first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct WithinRank {
    first: Timestamp,
    waited: SignedDuration,
    newest: Reverse<Timestamp>,
    grade: Option<Grade>,
    points: Reverse<i32>,
    oldest: Timestamp,
}

fn within(one: &OrderedLead) -> WithinRank {
    let of = &one.candidate;
    let alike = WithinRank {
        first: Timestamp::MIN,
        waited: SignedDuration::ZERO,
        newest: Reverse(Timestamp::MIN),
        grade: None,
        points: Reverse(0),
        oldest: Timestamp::MIN,
    };
    match one.rank {
        Rank::Promised | Rank::Returned | Rank::Due => {
            WithinRank { first: of.subject.due_at.unwrap_or(Timestamp::MAX), ..alike }
        }
        Rank::Plan => WithinRank { first: of.subject.step_at.unwrap_or(Timestamp::MAX), ..alike },
        // Of two that could not be called at all since they came, the newer: the chance to reach somebody falls by the minute.
        Rank::Fresh => WithinRank { waited: of.subject.waited, newest: Reverse(of.enquired_at), ..alike },
        Rank::Untouched => WithinRank { first: of.enquired_at, ..alike },
        Rank::Rest | Rank::Named => WithinRank {
            // Without a grade nothing is known of its value: it counts as the last.
            grade: Some(of.grade.unwrap_or(Grade::C)),
            points: Reverse(of.score),
            oldest: of.enquired_at,
            ..alike
        },
    }
}

/// For how long a person could have been called between two instants, in steps of five minutes; no more than `most` is counted.
#[must_use]
pub fn callable_wait(
    (from, to): (Timestamp, Timestamp),
    most: SignedDuration,
    hours: &Hours,
    places: &[Place],
) -> SignedDuration {
    let (mut at, mut waited) = (from, SignedDuration::ZERO);
    while at < to && waited < most {
        if !is_allowed(at, hours, places) {
            let opens = next_allowed(at, hours, places);
            // Nobody there can ever be called: then no time is lost.
            if opens <= at {
                return waited;
            }
            at = opens;
            continue;
        }
        let step = STEP.min(to.duration_since(at));
        waited = waited.saturating_add(step);
        at = at.saturating_add(step).unwrap_or(to);
    }
    waited.min(most)
}

#[cfg(test)]
mod tests;
