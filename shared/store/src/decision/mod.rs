//! Decisions: receipts at rest, replay, and the history that back-tests read.

pub mod decision_reader;
pub mod history;
pub mod maturation;
pub mod past;
pub mod receipt;
pub mod show;
pub mod write;
