//! person.
