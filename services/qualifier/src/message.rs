//! The messages a batch is made of, read from their bytes.

use ripen_domain::{
    arrival::Arrival,
    id::LeadId,
    message::{ArrivalMessage, RequalifyMessage},
};

/// One thing to decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequalifyLead {
    /// The lead.
    pub lead: LeadId,
    /// The promise that fell due; none where a fact or the criteria changed.
    pub generation: Option<i64>,
}

/// A message that was understood.
#[derive(Debug, Clone)]
pub enum Item {
    /// Something arrived.
    Arrival(Box<Arrival>),
    /// Something is to be decided again.
    Requalify(RequalifyLead),
}

impl Item {
    /// Reads a message of `ripen.arrivals`.
    ///
    /// # Errors
    /// What is wrong with it, without its content.
    pub fn arrival(body: &[u8]) -> Result<Self, String> {
        // The version is in the message: while an older and a newer binary run side by side, each reads what it
        // knows, and what it does not know becomes a dead letter.
        let ArrivalMessage::V1(arrival) = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        Ok(Self::Arrival(arrival))
    }

    /// Reads a message of `ripen.requalify`.
    ///
    /// # Errors
    /// What is wrong with it, without its content.
    pub fn requalify(body: &[u8]) -> Result<Self, String> {
        let RequalifyMessage::V1 { lead, generation } =
            serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        Ok(Self::Requalify(RequalifyLead { lead, generation }))
    }
}

/// Says what kind of trouble it is and where, as far as known, never what stands there: serde's own text can quote contact
/// data. Of a message that is JSON but not one of ours the place is not known.
fn unreadable(error: &serde_json::Error) -> String {
    let place = match error.line() {
        0 => String::new(),
        line => format!(" at line {line}, column {}", error.column()),
    };
    format!("the message cannot be read: {:?} error{place}", error.classify())
}

/// The arrivals of a batch, and what is to be decided again, each once.
pub fn sorted<'a>(items: &[&'a Item]) -> (Vec<&'a Arrival>, Vec<RequalifyLead>) {
    let mut arrivals = Vec::new();
    let mut requalify = Vec::new();
    for item in items {
        match item {
            Item::Arrival(arrival) => arrivals.push(arrival.as_ref()),
            Item::Requalify(message) => requalify.push(*message),
        }
    }
    // The same promise may be offered twice: the sweeper offers again what was not confirmed.
    requalify.sort_unstable();
    requalify.dedup();
    (arrivals, requalify)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_message_says_where_but_not_what() {
        let error = Item::arrival(br#"{"v":"1","id":"casey@example.com"}"#).unwrap_err();
        assert!(error.contains("cannot be read") && !error.contains("casey"), "{error}");
        let broken = Item::arrival(br#"{"v":"1","id":casey}"#).unwrap_err();
        assert!(broken.contains("line 1") && !broken.contains("casey"), "{broken}");
        assert!(Item::requalify(b"{}").is_err());
    }
}
