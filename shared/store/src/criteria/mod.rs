//! Criteria documents, their activation, and back-tests.

pub mod document;
