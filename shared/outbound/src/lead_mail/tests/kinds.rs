//! The mail of every event, as text and as HTML.

use ripen_domain::delivery::EventType;

use super::*;

const LETTERHEAD: Letterhead<'static> = Letterhead {
    firm: "Northwind Leads",
    client: "Acme Homes",
    questions: &[],
    is_fallback: false,
    calling: None,
    told_before: None,
    names: AlarmNames { person: Some("Casey O'Neil"), rep: Some("Robin Rep"), endpoint: Some("CRM") },
};

/// What is told after a lead was handed over, with this beside whom it is about.
fn later(more: &Value) -> Value {
    let mut data = json!({"delivery": "dlv_01kam0000000000000000000000", "assigned_to": {"name": "Robin Rep"},
                          "lead": {"id": "lead_01kam0000000000000000000000", "name": "Casey O'Neil"}});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data
}

/// The whole lead with this beside it.
fn lead(more: &Value) -> Value {
    let mut data = payload()["data"].clone();
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data
}

/// Everything that is mailed of an event, by a word for each where there are several.
fn told(event: EventType) -> Vec<(&'static str, Value)> {
    let one = |data: Value| vec![("", data)];
    match event {
        EventType::LeadMatured => vec![
            ("", lead(&json!({}))),
            (
                "_with_appointment",
                lead(
                    &json!({"handover": {"kind": "appointment", "appointment": "appt_1", "sequence": 0, "note": "Bring the plans",
                    "starts_at": "2026-11-24T15:00:00Z", "ends_at": "2026-11-24T15:30:00Z", "time_zone": "America/New_York"}}),
                ),
            ),
        ],
        EventType::LeadUpdated => vec![
            (
                "_arrival",
                lead(
                    &json!({"update": {"kind": "arrival", "changes": [{"field": "answers.budget", "before": 450_000, "after": 500_000}]}}),
                ),
            ),
            ("_conversation", lead(&json!({"update": {"kind": "conversation", "by": "Kim"}}))),
            ("_note", lead(&json!({"update": {"kind": "note", "by": "Kim"}}))),
            ("_grade", lead(&json!({"update": {"kind": "grade"}, "grade": "B"}))),
        ],
        EventType::LeadOffered => one(lead(&json!({"offered_until": "2026-11-21T10:15:00Z", "notes": [],
            "lead": {"id": "lead_1", "postal_code": "60134", "country": "US"}, "offered_to": {"name": "Robin Rep"}}))),
        EventType::LeadRecalled => {
            one(later(&json!({"reason": "entered twice", "recalled_at": "2026-11-22T10:00:00Z"})))
        }
        EventType::LeadTaken => vec![
            ("", later(&json!({"taken_at": "2026-11-22T10:00:00Z"}))),
            ("_by_nobody", later(&json!({"taken_at": "2026-11-22T10:00:00Z", "withdrawn": true}))),
        ],
        EventType::LeadSuppressed => {
            one(later(&json!({"reason": "asked on the phone", "suppressed_at": "2026-11-22T10:00:00Z"})))
        }
        EventType::LeadOutcome => vec![
            (
                "_won",
                later(
                    &json!({"outcome": {"outcome": "won", "amount": "12500.00", "currency": "USD", "said_by": "Robin"}}),
                ),
            ),
            (
                "_returned",
                later(&json!({"outcome": {"outcome": "returned", "reason": "wrong_number", "said_by": "Robin"}})),
            ),
            (
                "_judged",
                later(
                    &json!({"outcome": {"outcome": "returned", "reason": "No budget", "said_by": "Robin", "verdict": "rejected",
                "verdict_reason": "They answered our call"}}),
                ),
            ),
        ],
        EventType::DeliveryDead => one(json!({"delivery": "dlv_01kam0000000000000000000000", "event": "lead.matured",
            "endpoint": "endpoint_01kag00000e008000000000006", "lead": {"id": "lead_01kam0000000000000000000000"}, "attempts": 9,
            "reason": "answered 500"})),
        EventType::EndpointDisabled => {
            one(json!({"endpoint": "endpoint_01kag00000e008000000000006", "reason": "answered 410 Gone"}))
        }
    }
}

#[test]
fn the_mail_of_every_event_is_kept_as_text_and_as_html() {
    for kind in EventType::ALL.iter().copied() {
        for (which, data) in told(kind) {
            let body = json!({"type": kind.word(), "timestamp": "2026-11-21T10:00:00Z", "data": data});
            let mail = render(&event(&body), &LETTERHEAD);
            let name = format!("{}{which}", kind.word().replace('.', "_"));
            insta::assert_snapshot!(format!("kind_{name}_text"), format!("Subject: {}\n\n{}", mail.subject, mail.text));
            insta::assert_snapshot!(format!("kind_{name}_html"), mail.html);
        }
    }
}

#[test]
fn what_the_fallback_gets_says_why() {
    let mail = render(&event(&payload()), &Letterhead { is_fallback: true, ..LETTERHEAD });
    insta::assert_snapshot!("kind_fallback_text", format!("Subject: {}\n\n{}", mail.subject, mail.text));
    insta::assert_snapshot!("kind_fallback_html", mail.html);
}
