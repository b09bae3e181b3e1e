//! mailbox.
