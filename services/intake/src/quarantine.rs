//! Which arrivals are quarantined as they come in: a filled honeypot, a form of a paused source, a lead that is marked as a test.

use ripen_domain::{arrival::QuarantineReason, submission::Submission};
use ripen_store::source::source_record::State;

use crate::formats::form::Form;

/// Why what a form says is kept and not worked.
pub fn of_form(form: &Form, state: State) -> Option<QuarantineReason> {
    if form.is_honeypot_filled() {
        Some(QuarantineReason::Honeypot)
    } else {
        // Whoever filled in a form cannot be told to ask the firm: thanked, and kept until the source works again.
        (state == State::Paused).then_some(QuarantineReason::SourcePaused)
    }
}

/// Why one lead is, of a request that may be so as a whole.
pub fn of_lead(request: Option<QuarantineReason>, submission: &Submission) -> Option<QuarantineReason> {
    let own = submission.test.then_some(QuarantineReason::Test);
    match request {
        // What a pause keeps is worked when it ends: a test, never.
        Some(QuarantineReason::SourcePaused) => own.or(request),
        // Else what holds for the whole request goes before what the lead says of itself.
        _ => request.or(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_never_worked_goes_before_what_waits_for_the_end_of_a_pause() {
        let (test, lead) = (Submission { test: true, ..Submission::default() }, Submission::default());
        for (request, of_test, of_other) in [
            (None, Some(QuarantineReason::Test), None),
            (Some(QuarantineReason::SourcePaused), Some(QuarantineReason::Test), Some(QuarantineReason::SourcePaused)),
            (Some(QuarantineReason::Honeypot), Some(QuarantineReason::Honeypot), Some(QuarantineReason::Honeypot)),
        ] {
            assert_eq!((of_lead(request, &test), of_lead(request, &lead)), (of_test, of_other), "{request:?}");
        }
    }
}
