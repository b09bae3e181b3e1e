//! An arrival as it is written: with what it says, what could not be understood of it, and where it is taken in.

use ripen_domain::{
    arrival::{Arrival, QuarantineReason},
    flag::Flag,
    submission::Submission,
};
use ripen_store::arrival::{seen::ArrivalOwner, write::ArrivalRow};

use crate::new_arrival::NewArrival;

/// The row with what the questions in force could not make of the answers.
pub fn with_flags(row: ArrivalRow, submission: &Submission, flags: Vec<Flag>) -> ArrivalRow {
    if flags.is_empty() {
        return row;
    }
    let mut flagged = submission.clone();
    flags.into_iter().for_each(|flag| flagged.flag(flag));
    ArrivalRow { submission: as_json(&flagged), flags: codes(&flagged), ..row }
}

fn as_json(submission: &Submission) -> String {
    // A parsed submission always serialises: it came from a message.
    serde_json::to_string(submission).unwrap_or_else(|_| "{}".to_owned())
}

fn codes(submission: &Submission) -> String {
    submission.flag_codes().iter().map(|code| code.word()).collect::<Vec<_>>().join(",")
}

/// The body as it is stored.
pub fn stored_raw(arrival: &Arrival) -> String {
    // PostgreSQL keeps no NUL in a text; U+2400 is its picture.
    arrival.raw.text.replace('\0', "\u{2400}")
}

/// The row of an arrival, taken in where `on` says.
pub fn row_of(
    fresh: &NewArrival<'_>,
    on: Option<ArrivalOwner>,
    quarantined: Option<QuarantineReason>,
    repeat: bool,
) -> ArrivalRow {
    let arrival = fresh.arrival;
    ArrivalRow {
        id: fresh.id,
        client: arrival.client,
        source: arrival.source,
        on,
        amends: None,
        corrects_ended: false,
        sameness: arrival.sameness,
        quarantined: quarantined.map(|reason| reason.word().to_owned()),
        repeat,
        content: arrival.content,
        external_id: arrival.submission.external_id.clone(),
        form: arrival.form,
        key: arrival.key.filter(|_| quarantined == Some(QuarantineReason::SourcePaused)),
        by_visitor: arrival.by_visitor,
        in_bulk: arrival.in_bulk,
        received_at: arrival.received_at,
        submitted_at: arrival.submission.submitted_at,
        media_type: arrival.raw.media_type.clone(),
        raw: stored_raw(arrival),
        submission: as_json(&arrival.submission),
        flags: codes(&arrival.submission),
    }
}
