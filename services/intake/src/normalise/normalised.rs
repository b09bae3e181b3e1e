//! What the posted fields of one lead came to: a submission, or why it has to be refused.

use ripen_domain::submission::Submission;
use ripen_web::{FieldProblem, Problem, catalogue};

/// What the posted fields came to.
pub struct Normalised {
    /// The submission, as far as it goes.
    pub submission: Submission,
    /// Why it has to be refused, field by field; empty when it has not.
    pub errors: Vec<FieldProblem>,
}

impl Normalised {
    /// The submission, when it can be used.
    ///
    /// # Errors
    /// 422 that names the fields; of element `index`, where the lead is one of an array.
    pub fn usable(self, index: Option<usize>) -> Result<Submission, Problem> {
        if self.errors.is_empty() {
            return Ok(self.submission);
        }
        let detail = if self.errors.iter().any(|error| error.pointer == "/external_id") {
            "The external id cannot be used."
        } else {
            "The lead has neither a usable e-mail address nor a usable phone number."
        };
        let in_element = |error: FieldProblem| match index {
            Some(index) => error.in_element(index),
            None => error,
        };
        let errors = self.errors.into_iter().map(in_element).collect();
        Err(Problem::new(&catalogue::INVALID_LEAD, detail).with_errors(errors))
    }
}
