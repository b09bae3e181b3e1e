//! rabbit.
