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
    // What holds for the whole request goes before what the lead says of itself.
    request.or(submission.test.then_some(QuarantineReason::Test))
}
