//! Three small criteria documents of one program, as different as they can be: a plain one, one with a disqualifier, an
//! answer that counts down and an own date, and one with a gate that goes cold.

/// Grades by when the person wants to move.
const PLAIN: &str = r#"
name = "simulation"

[[question]]
id = "timeframe_days"
ask = "When?"
type = "number"
unit = "days"
min = 0
max = 3650

[[rule]]
id = "soon"
when = "answers.timeframe_days <= 90"
points = 70
because = "Wants to move within three months"

[[rule]]
id = "this_year"
when = "answers.timeframe_days > 90 && answers.timeframe_days <= 365"
points = 40
because = "Wants to move within a year"

[grades]
A = 70
B = 40
confirm_within = "30d"

[requalify]
B = "30d"
C = "90d"
rounds = 6
"#;

/// What was said counts down, whoever asks not to be contacted is closed, and the lead's own date is kept.
const COUNTING: &str = r#"
name = "simulation"

[[question]]
id = "timeframe_days"
ask = "When?"
type = "number"
unit = "days"
min = 0
max = 3650
counts_down = true
stale_after = "365d"

[[question]]
id = "call_again_on"
ask = "When may we call again?"
type = "date"

[[rule]]
id = "soon"
when = "answers.timeframe_days <= 60"
points = 50
because = "Wants to move within two months"

[[rule]]
id = "came_back"
when = "lead.enquiries >= 2"
points = 30
because = "Enquired more than once"

[[disqualify]]
id = "do_not_contact"
when = "lead.do_not_contact"
because = "Asked not to be contacted"

[grades]
A = 50
B = 30
confirm_within = "3650d"

[requalify]
B = "7d"
C = "30d"
on = "answers.call_again_on"
rounds = 2
"#;

/// Nobody is an A before somebody spoke to them, and far-away plans close the lead.
const GATED: &str = r#"
name = "simulation"

[[question]]
id = "timeframe_days"
ask = "When?"
type = "number"
unit = "days"
min = 0
max = 3650
stale_after = "180d"

[[rule]]
id = "this_year"
when = "answers.timeframe_days <= 365"
points = 60
because = "Wants to move within a year"

[[rule]]
id = "phone"
when = "lead.has_phone"
points = 10
because = "Can be phoned"

[[gate]]
id = "spoken"
require = "lead.touches >= 1"
at_most = "B"
because = "Nobody has spoken to this person yet"

[[disqualify]]
id = "dreaming"
when = "answers.timeframe_days > 600"
because = "Plans nothing within this time"

[grades]
A = 60
B = 10
confirm_within = "14d"

[requalify]
B = "14d"
C = "180d"
rounds = 1
"#;

/// The document of a number.
pub const fn document(number: u8) -> &'static str {
    match number % super::operation::DOCUMENTS {
        0 => PLAIN,
        1 => COUNTING,
        _ => GATED,
    }
}

/// The name that all of them have.
pub const PROGRAM: &str = "simulation";
