//! Criteria documents, their activation, and back-tests.

pub mod activate;
pub mod backtest;
pub mod document;
pub mod document_cache;
pub(crate) mod loaded;
