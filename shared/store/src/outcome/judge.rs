//! Whether an outcome is taken, before anything is written: said before, stale, outside the client's rules, or to be asked back.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    calling::Hours,
    lead::OutcomeKind,
    outcome::{How, Outcome, OutcomeQuestion, OutcomeRefused, SaidBefore, question},
    promise::{Due, When},
};

use crate::{
    StoreError, Transaction,
    outcome::{
        list::{OutcomeDates, OutcomeRecord},
        said::{NewOutcome, Recorded},
        write::{OutcomeAround, OutcomeContext},
    },
};

/// An outcome that may be recorded.
pub(crate) struct TakenOutcome {
    /// With the reason as the client's rules spell it.
    pub(crate) outcome: Outcome,
    /// When a lead that is not ready may be.
    pub(crate) due: Option<Due>,
    /// When it was won or lost.
    pub(crate) happened_at: Timestamp,
    /// What is recorded otherwise than it was said, in words.
    pub(crate) told: Option<String>,
}

/// What is known when an outcome is judged, all of it read under the lead's lock.
pub(crate) struct OutcomeKnown<'a> {
    pub(crate) owed: &'a OutcomeContext,
    /// What was said of the delivery, oldest first.
    pub(crate) said: &'a [OutcomeRecord],
    pub(crate) around: &'a OutcomeAround,
    pub(crate) hours: &'a Hours,
    pub(crate) now: Timestamp,
}

impl Transaction {
    /// Whether the outcome is taken; and if not, what becomes of it.
    pub(crate) async fn outcome_judge(
        &mut self,
        new: &NewOutcome<'_>,
        known: &OutcomeKnown<'_>,
    ) -> Result<Result<TakenOutcome, Recorded>, StoreError> {
        let taken = match judge(new, known) {
            Ok(taken) => taken,
            Err(verdict) => return Ok(Err(verdict)),
        };
        let last = known.said.last();
        if new.confirmed {
            return Ok(Ok(taken.with_what_was_said(new, last)));
        }
        let usual = match taken.outcome.sale() {
            Some(sale) => self.outcome_usual(known.owed, sale).await?,
            None => None,
        };
        let (kind, written, terms) = (last.map(|one| one.kind), known.owed.written, known.owed.terms);
        // By the lead, under its lock: said of another delivery it is the lead's sale all the same.
        let before = if known.around.is_sold {
            let sale = known.around.sale.or_else(|| last?.sale);
            let is_elsewhere = kind != Some(OutcomeKind::Won) || known.around.sold_elsewhere;
            SaidBefore { kind: Some(OutcomeKind::Won), sale, is_elsewhere, usual, terms, written }
        } else {
            SaidBefore { kind, sale: last.and_then(|one| one.sale), is_elsewhere: false, usual, terms, written }
        };
        let asked = question(&taken.outcome, &before).or_else(|| ended_before(&taken, known)).or_else(|| {
            known.is_with_somebody_else().then(|| OutcomeQuestion(format!("{GIVEN_ON}: they will not sell it then.")))
        });
        Ok(asked.map_or_else(|| Ok(taken.with_what_was_said(new, last)), |asked| Err(Recorded::Asked(asked))))
    }
}

impl TakenOutcome {
    /// With what was said before of the same kind and is not said anew: whoever adds the amount does not take the date back, nor the
    /// other way round.
    fn with_what_was_said(mut self, new: &NewOutcome<'_>, last: Option<&OutcomeRecord>) -> Self {
        let Some(last) = last.filter(|last| last.kind == self.outcome.kind()) else { return self };
        // Of all else it is when it was said.
        if matches!(last.kind, OutcomeKind::Won | OutcomeKind::Lost) && new.outcome.happened().is_none() {
            self.happened_at = last.happened_at;
        }
        match &mut self.outcome {
            Outcome::Won { sale, reason, .. } => {
                *sale = sale.or(last.sale);
                *reason = reason.take().or_else(|| last.reason.clone());
            }
            Outcome::Accepted { reason } | Outcome::NotYet { reason, .. } | Outcome::Lost { reason, .. } => {
                *reason = reason.take().or_else(|| last.reason.clone());
            }
            // It always says why.
            Outcome::Returned { .. } => {}
        }
        self
    }
}

/// How a lead stands that is with somebody else by now.
const GIVEN_ON: &str = "This lead could not be delivered here, and somebody else of the client has it by now";

impl OutcomeKnown<'_> {
    /// Whether the lead could not be delivered, and somebody else was given it before anything was said here: who has it would neither
    /// see nor be told what is said of this delivery.
    const fn is_with_somebody_else(&self) -> bool {
        self.around.is_given_on && self.said.is_empty()
    }
}

/// What was won or lost before the person enquired was probably another lead: a source would have the credit for a sale that was made
/// before it sent anybody.
fn ended_before(taken: &TakenOutcome, known: &OutcomeKnown<'_>) -> Option<OutcomeQuestion> {
    let arrived = known.owed.arrived_at;
    let is_before = arrived.checked_sub(DAYS_APART).is_ok_and(|earliest| taken.happened_at < earliest);
    let clock = &known.owed.clock;
    let (happened, arrived) = (clock.to_datetime(taken.happened_at).date(), clock.to_datetime(arrived).date());
    let kind = taken.outcome.kind();
    (matches!(kind, OutcomeKind::Won | OutcomeKind::Lost) && is_before).then(|| {
        let kind = kind.word();
        OutcomeQuestion(format!("It is said to be {kind} on {happened}, and the person first enquired on {arrived}."))
    })
}

/// Clocks and days of books may be so far apart.
const DAYS_APART: SignedDuration = SignedDuration::from_hours(48);

/// What was won or lost may have happened so long before the person's first enquiry is on record.
const LATEST_ENTRY: SignedDuration = SignedDuration::from_hours(366 * 24);

fn judge(new: &NewOutcome<'_>, known: &OutcomeKnown<'_>) -> Result<TakenOutcome, Recorded> {
    let OutcomeKnown { owed, said, around, hours, now } = *known;
    let due = match new.outcome {
        Outcome::NotYet { when, .. } => Some((*when, when.due_or_next(now, hours, &owed.places))),
        _ => None,
    };
    let due_at = due.as_ref().and_then(|(_, due)| due.as_ref().ok()).map(|(due, _)| due.at);
    let asked = match new.outcome {
        // So many days from now are others each time, but a file or a click that comes again means those of the first time.
        Outcome::NotYet { when: When::Ahead(_), .. } if !new.once() => None,
        Outcome::NotYet { when, .. } => Some(when.to_string()),
        _ => None,
    };
    // Whoever follows a link names days by their own calendar.
    let clock = owed.rep_clock.as_ref().filter(|_| new.how == How::Link).unwrap_or(&owed.clock);
    // A date that cannot be is refused also where all else was said before: whoever sends it would take it for recorded. It cannot
    // become wrong by waiting.
    let happened = new.outcome.happened().map(|happened| happened.instant(clock, now));
    let happened_at = happened.transpose().map_err(Recorded::Refused)?;
    let dates = OutcomeDates { not_before: due_at, said: asked.as_deref(), happened_at };
    let same = |one: &OutcomeRecord| one.says(new.outcome, &dates);
    // Before the check of staleness: the same click again succeeds, whatever has been said since by the same hand.
    if said.last().is_some_and(same) || (new.once() && said.iter().any(|one| one.how == new.how && same(one))) {
        return Err(Recorded::Again);
    }
    let newest = said.last().map_or(0, |newest| newest.number);
    // Whoever looked at a page and decides on what it showed must not overwrite what was said meanwhile.
    if new.seen.is_some_and(|seen| seen != newest) {
        return Err(Recorded::Stale);
    }
    let refused = |words: String| Recorded::Refused(OutcomeRefused(words));
    if let Some(at) = around.recalled_at {
        let day = owed.clock.to_datetime(at).date();
        return Err(refused(format!("This lead was taken back on {day}: nothing more can be said of it.")));
    }
    // As on an offer that somebody else took: two would work on the lead, each thinking that it is theirs. That it is sold is a fact
    // whoever sold it, and is asked back.
    if known.is_with_somebody_else() && new.outcome.kind() != OutcomeKind::Won {
        return Err(refused(format!("{GIVEN_ON}: nothing can be said of it here. Please do not contact this person.")));
    }
    let happened_at = happened_at.unwrap_or(now);
    // A default of somebody's program, or another sale: a lead may be entered late, and not by so much.
    if owed.arrived_at.checked_sub(LATEST_ENTRY).is_ok_and(|earliest| happened_at < earliest) {
        let (happened, arrived) =
            (owed.clock.to_datetime(happened_at).date(), owed.clock.to_datetime(owed.arrived_at).date());
        let words = format!(
            "It cannot have happened on {happened}: the person first enquired on {arrived}. Say its date, or none for today."
        );
        return Err(refused(words));
    }
    let (due, told) = match due {
        None => (None, None),
        Some((when, due)) => {
            let (due, is_moved) = due.map_err(|error| refused(format!("This date cannot be: {error}.")))?;
            let home = owed.places.first().map_or(&owed.clock, |place| &place.zone);
            let day = home.to_datetime(due.at).date();
            let words = || format!("Nobody may be called on {when} where this person is: it is put on {day}.");
            (Some(due), is_moved.then(words))
        }
    };
    let (outcome, told) = match new.outcome {
        Outcome::Returned { reason } => match owed.rules.check(reason, owed.delivered_at, now) {
            Ok(reason) => (Outcome::Returned { reason }, told),
            // What a person asks for holds whatever the terms of return say; the source is not charged for it.
            Err(why) if new.outcome.fixed_reason().is_some() => {
                let lost = Outcome::Lost { reason: Some(reason.clone()), happened: None };
                // Said again it is the same as the last time.
                let undated = OutcomeDates { not_before: None, said: None, happened_at: None };
                if said.last().is_some_and(|one| one.says(&lost, &undated)) {
                    return Err(Recorded::Again);
                }
                (lost, Some(format!("{why} It is recorded as lost.")))
            }
            Err(why) => return Err(Recorded::Refused(why)),
        },
        other => (other.clone(), told),
    };
    debug_assert_eq!(due.is_some(), outcome.kind() == OutcomeKind::NotYet, "only these have a date to come");
    Ok(TakenOutcome { outcome, due, happened_at, told })
}
