//! Which grade the points make, and what holds a grade down: gates that do not hold, a lead that was given back, one that nobody
//! confirmed, time alone, what the person said, and a person who must not be contacted.

use std::sync::Arc;

use super::{Decision, bench::Bench};
use crate::{
    criteria::{
        decision::receipt::{Cap, Cause, DO_NOT_CONTACT, Finding, KeptBack, Verdict},
        facts::value::Held,
        rule::Interval,
    },
    lead::Grade,
};

impl Decision {
    /// Whether its points make an A that rests on nothing new: a person has to speak with the lead.
    #[must_use]
    pub fn wants_confirmation(&self) -> bool {
        self.receipt.caps.iter().any(|cap| matches!(&*cap.by, "confirm_within" | "time_alone"))
    }
}

impl Bench<'_, '_> {
    /// The score's grade, and everything that holds it down. A gate that is not known to hold holds it down too.
    pub(super) fn grade(&self, score: i32, gates: &[Finding], cause: &Cause) -> (Grade, Vec<Cap>) {
        let grades = &self.criteria.grades;
        // From the highest down: the bounds of a document may be equal.
        let mut grade = match score {
            score if score >= grades.a => Grade::A,
            score if score >= grades.b => Grade::B,
            _ => Grade::C,
        };
        let mut caps = Vec::new();
        // Missing and failed gates count as not holding: what nobody knows must not make an A.
        for gate in gates.iter().filter(|gate| gate.result != Verdict::Yes) {
            // A gate without a bound caps at B, so that it never lets an A through.
            let at_most = gate.at_most.unwrap_or(Grade::B);
            // `Grade` orders A before C: "less" is better.
            if grade < at_most {
                grade = at_most;
                caps.push(Cap { by: Arc::clone(&gate.id), at_most, because: Arc::clone(&gate.because) });
            }
        }
        let holds_down = || {
            // What a person said comes before what time did.
            let said = kept_back(cause).or_else(|| self.is_returned());
            said.or_else(|| self.is_unconfirmed()).or_else(|| ripens_by_time_alone(cause))
        };
        // Only for what would be an A: the caps below say B, which would lift a C.
        let held_down = (grade == Grade::A).then(holds_down).flatten();
        if let Some((by, because)) = held_down {
            // Only to B: whoever is held down is called, not forgotten.
            grade = Grade::B;
            caps.push(Cap { by: by.into(), at_most: Grade::B, because: because.into() });
        }
        if let Some(why) = &cause.barred {
            grade = Grade::C;
            caps.push(Cap { by: DO_NOT_CONTACT.into(), at_most: Grade::C, because: why.as_str().into() });
        }
        (grade, caps)
    }

    fn is_returned(&self) -> Option<(&'static str, String)> {
        // Read through the inputs, so that it is on the receipt.
        let returned = self.inputs.read(self.criteria.slots.returned) == Some(&Held::YesNo(true));
        returned.then(|| ("returned", "The client returned it and nobody has spoken to the person since".to_owned()))
    }

    /// An A rests on an arrival or a conversation of the last weeks.
    fn is_unconfirmed(&self) -> Option<(&'static str, String)> {
        let Interval { length: limit, written: text } = &self.criteria.grades.confirm_within;
        let slots = &self.criteria.slots;
        let latest = [slots.last_arrived_at, slots.last_conversation_at].map(|slot| match self.inputs.read(slot) {
            Some(Held::Instant(at)) => Some(*at),
            _ => None,
        });
        // A lead without either has no age to be too old for.
        let latest = latest.into_iter().flatten().max()?;
        let unconfirmed = self.inputs.now().duration_since(latest) > *limit;
        unconfirmed.then(|| ("confirm_within", format!("No arrival and no conversation within {text}")))
    }
}

/// What somebody said keeps a lead back, whatever was answered beside it: it waits for a person's word.
fn kept_back(cause: &Cause) -> Option<(&'static str, String)> {
    let kept = cause.kept_back?;
    let why = match kept {
        KeptBack::Review => "The person says that they never enquired: a manager looks at the consent first",
        KeptBack::NotInterested => "The person said that they are not interested, and has not enquired since",
    };
    Some((kept.word(), why.to_owned()))
}

/// Time alone makes work for the desk, never an A: what ripens between two enquiries is for a person to confirm.
fn ripens_by_time_alone(cause: &Cause) -> Option<(&'static str, String)> {
    let why = "Only time has passed since it was no A: somebody has to speak to the person";
    cause.is_time_alone().then(|| ("time_alone", why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ArrivalId;

    #[test]
    fn time_alone_is_a_promise_of_a_lead_that_was_no_a() {
        let arrival = ArrivalId::from_uuid(uuid::Uuid::from_u128(1));
        for (cause, expected) in [
            (Cause::promise(3).after(Some(Grade::B)), true),
            (Cause::promise(3).after(Some(Grade::C)), true),
            (Cause::promise(3).after(Some(Grade::A)), false),
            (Cause::promise(3), false),
            (Cause::promise(3).and(Cause::arrivals(vec![arrival])).after(Some(Grade::B)), false),
            (Cause::promise(3).and(Cause::regrade()).after(Some(Grade::B)), false),
            (Cause::default().after(Some(Grade::B)), false),
        ] {
            assert_eq!(cause.is_time_alone(), expected, "{cause:?}");
        }
    }
}
