//! What is known of a post before its fields are read: where it comes from and when it was here.

use jiff::Timestamp;

/// What is known of a post beside its fields.
#[derive(Debug, Clone, Copy)]
pub struct PostedFrom<'a> {
    /// The source's country, for phone numbers and values of leads that name none.
    pub country: &'a str,
    /// The client's time zone, for times of leads that name none.
    pub time_zone: &'a str,
    /// When the whole body was here.
    pub received_at: Timestamp,
    /// Fields of a form that began with a `+` that was not encoded, by the names they were posted under.
    pub bare_plus: &'a [String],
}
