//! receiver.
