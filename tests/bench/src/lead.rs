//! The leads that are posted, and the criteria they are graded by.
//!
//! Each lead has a number, from which its identities are made: no two are one person, and a webhook tells which lead it
//! is about.

use std::io::Write as _;

/// How long a posted body is, in bytes: that of a lead with everything a usual form asks.
pub const BODY_BYTES: usize = 726;

/// How many leads there can be in one run.
pub const MOST: u64 = 990_000;

/// Fifteen rules, of which an A lead meets six.
pub const CRITERIA: &str = r#"
name = "bench"

[[question]]
id = "timeframe_days"
ask = "When would you like to move?"
type = "number"
unit = "days"
min = 0
max = 3650

[[question]]
id = "budget"
ask = "What would you like to spend?"
type = "money"
min = 0

[[question]]
id = "preapproved"
ask = "Has a lender pre-approved you?"
type = "yes_no"

[[question]]
id = "works_with_agent"
ask = "Are you working with an agent already?"
type = "yes_no"

[[rule]]
id = "soon"
when = "answers.timeframe_days <= 90"
points = 40
because = "Wants to move within three months"

[[rule]]
id = "this_year"
when = "answers.timeframe_days > 90 && answers.timeframe_days <= 365"
points = 10
because = "Wants to move within a year"

[[rule]]
id = "at_once"
when = "answers.timeframe_days <= 14"
points = 5
because = "Wants to move within two weeks"

[[rule]]
id = "preapproved"
when = "answers.preapproved"
points = 25
because = "A lender has pre-approved them"

[[rule]]
id = "budget_known"
when = "answers.budget >= 100000"
points = 5
because = "Named a budget that buys a home"

[[rule]]
id = "budget_high"
when = "answers.budget >= 400000"
points = 5
because = "Named a high budget"

[[rule]]
id = "budget_top"
when = "answers.budget >= 1000000"
points = 5
because = "Named a very high budget"

[[rule]]
id = "ready_buyer"
when = "answers.preapproved && answers.timeframe_days <= 60"
points = 5
because = "Can buy now and wants to"

[[rule]]
id = "spoke_to_us"
when = "lead.channel in ['in_person', 'phone', 'live_chat', 'referral']"
points = 15
because = "Came to us in conversation"

[[rule]]
id = "asked_us"
when = "lead.channel in ['web_form', 'landing_page', 'email']"
points = 5
because = "Wrote to us"

[[rule]]
id = "came_back"
when = "lead.enquiries >= 2"
points = 10
because = "Enquired more than once"

[[rule]]
id = "came_often"
when = "lead.arrivals >= 4"
points = 5
because = "Enquired many times"

[[rule]]
id = "spoken_to"
when = "lead.touches >= 1"
points = 5
because = "Somebody has spoken to them"

[[rule]]
id = "known_well"
when = "lead.verified"
points = 5
because = "Their contact data is verified"

[[rule]]
id = "has_an_agent"
when = "answers.works_with_agent"
points = -30
because = "Works with another agent"

[grades]
A = 70
B = 40
confirm_within = "30d"

[requalify]
B = "30d"
C = "90d"
rounds = 6
"#;

/// Writes the body of lead `number`; it will be an A, or else a B.
pub fn write(number: u64, is_a: bool, out: &mut Vec<u8>) {
    assert!(number < MOST, "more leads than there are phone numbers for");
    out.clear();
    let days = if is_a { 45 } else { 200 };
    let (exchange, line) = (512 + number / 10_000, number % 10_000);
    write!(
        out,
        r#"{{"external_id":"B-{number:07}","first_name":"Casey","last_name":"Smith","name":"Casey Smith","email":"lead-{number:07}@example.com","phone":"(415) {}-{line:04}","postal_code":"60134","country":"US","time_zone":"America/Chicago","locale":"en-US","channel":"web_form","answers":{{"timeframe_days":{days},"budget":450000,"preapproved":true}},"consent":{{"text":"I agree to be contacted about my enquiry.","version":"3"}},"tracking":{{"page_url":"https://www.example.com/homes","utm_source":"search","utm_campaign":"spring"}},"notes":""#,
        avoiding_services(exchange)
    )
    .expect("memory");
    while out.len() + 2 < BODY_BYTES {
        out.push(b"Three bedrooms and a garden. "[out.len() % 29]);
    }
    out.extend_from_slice(br#""}"#);
    debug_assert_eq!(out.len(), BODY_BYTES);
}

/// Exchanges that end in 11 are the telephone company's own.
fn avoiding_services(exchange: u64) -> u64 {
    if exchange >= 611 { exchange + 1 } else { exchange }
}

/// The number of the lead that a webhook is about.
pub fn number_in(webhook: &[u8]) -> Option<u64> {
    const BEFORE: &[u8] = b"lead-";
    const DIGITS: usize = 7;
    webhook.windows(BEFORE.len() + DIGITS + 1).find_map(|window| {
        let digits = window.strip_prefix(BEFORE)?.strip_suffix(b"@")?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    })
}
