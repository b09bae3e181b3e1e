//! Where a delivery stands: the states of its row, and the words that are kept for them.

use crate::lead::words;

words! {
    /// Where a delivery stands.
    DeliveryState "state of a delivery" {
        /// To be attempted when it is due.
        Pending = "pending",
        /// Waits for something other than time.
        Held = "held",
        /// Being attempted.
        Leased = "leased",
        /// The client has it.
        Delivered = "delivered",
        /// Written to a file because there is no mail server.
        Filed = "filed",
        /// Given up; a person can send it again.
        Dead = "dead",
        /// Not to be sent any more.
        Withdrawn = "withdrawn",
    }
}
