//! What intake would make of leads, with nothing kept: for whoever shows what a file comes to before it is sent.

use std::sync::Mutex;

use jiff::Timestamp;
use ripen_domain::{arrival::Arrival, message::ArrivalMessage};
use ripen_store::source::source_record::SourceRecord;
use ripen_web::Problem;
use serde_json::Value;

use crate::{
    arrival::Reception,
    formats::json::{Document, read},
};

/// For each lead of an array the arrival that it would be, or why it would be refused.
///
/// # Errors
/// When it is no array of leads.
pub fn rehearse(
    leads: &Value,
    source: &SourceRecord,
    now: Timestamp,
) -> Result<Vec<Result<Arrival, Problem>>, Problem> {
    let posted = match read(leads.to_string().as_bytes(), usize::MAX)? {
        Document::One(posted) => vec![posted],
        Document::Many(posted) => posted,
    };
    let reception = Reception {
        source,
        received_at: now,
        key: None,
        form_id: None,
        is_of_sender: true,
        in_bulk: true,
        said: Mutex::default(),
        quarantine: None,
    };
    let arrival = |(index, posted)| {
        let ready = reception.arrival(posted, Some(index))?;
        // Read back from the message, so that what is shown is what would be queued.
        let ArrivalMessage::V1(arrival) = serde_json::from_slice(&ready.body).map_err(|_| Problem::internal())?;
        Ok(*arrival)
    };
    Ok(posted.into_iter().enumerate().map(arrival).collect())
}
