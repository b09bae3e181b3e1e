//! What is quarantined: kept, never worked, never lost, until a person lets it go or drops it. Intake says so of what it receives, the
//! qualifier of a key that comes with another body.

use crate::lead::words;

words! {
    /// Why an arrival is kept but not worked.
    QuarantineReason "quarantine reason" {
        /// The form's honeypot was filled in.
        Honeypot = "honeypot",
        /// Marked as a test by its sender.
        Test = "test",
        /// The same Idempotency-Key came with another body.
        KeyReused = "key_reused",
        /// A browser form of a paused source.
        SourcePaused = "source_paused",
    }
}
