//! Everything that leaves: guarded webhooks and mail.
