//! Criteria.
