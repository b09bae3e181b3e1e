//! The facts of a lead: what may be known at an instant, by what name a condition finds it, and what a given answer is worth.

pub(super) mod answer;
pub(super) mod field;
pub(super) mod inputs;
pub(super) mod snapshot;
pub(super) mod value;
