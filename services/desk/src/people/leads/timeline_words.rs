//! What entries of a lead's timeline say: sentences instead of the words that the rows keep.

use ripen_actions::lead_page::DecisionLine;
use ripen_domain::{criteria::grouped, delivery::EventType, lead::OutcomeKind, outcome::Sale};
use ripen_store::{
    delivery::list::DeliveryRecord,
    endpoint::endpoint_record::EndpointKind,
    outcome::list::{OutcomeRecord, OutcomeVerdict},
};

/// `12,500 USD`
pub fn money(sale: Sale) -> String {
    format!("{} {}", grouped(&sale.amount_text()), sale.currency)
}

/// `B 65` for the first, and `B 65 → A 90` where it was another before; the grades alone where points are hidden.
pub fn decided(one: &DecisionLine, before: Option<&DecisionLine>, hides_points: bool) -> String {
    let said = |line: &DecisionLine| match hides_points {
        true => line.grade.to_string(),
        false => format!("{} {}", line.grade, line.score),
    };
    match before.map(said).filter(|before| *before != said(one)) {
        Some(before) => format!("{before} → {}", said(one)),
        None => said(one),
    }
}

/// What made the grade what it is: what holds it down or closed the lead, or which rules came or went since the decision before.
pub fn because(one: &DecisionLine, before: Option<&DecisionLine>) -> String {
    if let Some(closed) = &one.closed {
        return closed.clone();
    }
    if !one.caps.is_empty() && before.is_none_or(|before| before.caps != one.caps) {
        return one.caps.join("; ");
    }
    let Some(before) = before else { return String::new() };
    let lacks = |rules: &[String], rule: &String| !rules.contains(rule);
    let came = one.rules.iter().filter(|rule| lacks(&before.rules, rule)).cloned();
    let went = before.rules.iter().filter(|rule| lacks(&one.rules, rule)).map(|rule| format!("no longer: {rule}"));
    let changed: Vec<_> = came.chain(went).collect();
    match changed.is_empty() {
        true if before.version != one.version => format!("version {} of the criteria", one.version),
        _ => changed.join("; "),
    }
}

/// What was sent, to whom, and whether it came there: `Sent to Sam Rep by mail`.
pub fn delivered(one: &DeliveryRecord) -> String {
    let by = match one.kind {
        Some(EndpointKind::Email) => " by mail",
        Some(EndpointKind::Webhook) => " by webhook",
        None => "",
    };
    let to = match (&one.rep, one.kind) {
        (Some(rep), _) => format!("to {rep}{by}"),
        (None, Some(_)) => format!("to the client{by}"),
        (None, None) => "to nobody yet".to_owned(),
    };
    let what = match one.event {
        EventType::LeadMatured => "",
        EventType::LeadOffered => "offer ",
        EventType::LeadUpdated => "news ",
        EventType::LeadRecalled => "that it is taken back ",
        EventType::LeadTaken => "that another has it ",
        EventType::LeadSuppressed => "not to contact them ",
        EventType::LeadOutcome => "the outcome ",
        EventType::DeliveryDead => "that a delivery failed ",
        EventType::EndpointDisabled => "that an endpoint is off ",
    };
    match one.state.as_str() {
        "delivered" => format!("Sent {what}{to}"),
        "filed" => format!("Written to a file: {what}{to}"),
        "held" => format!("Held: {what}{to}"),
        "dead" => format!("Could not be sent: {what}{to}"),
        "withdrawn" => format!("Not sent any more: {what}{to}"),
        "leased" => format!("Being sent: {what}{to}"),
        _ => format!("To be sent: {what}{to}"),
    }
}

/// What the other side said to an attempt: `250, taken by their mail server`.
pub fn answered(status: Option<i32>, error: Option<&str>, kind: Option<EndpointKind>) -> String {
    let is_taken = matches!(status, Some(200..=299)) && error.is_none();
    let by = match kind {
        Some(EndpointKind::Email) => ", taken by their mail server",
        _ => ", taken",
    };
    let taken = is_taken.then_some(by);
    match (status, error) {
        (Some(status), Some(error)) => format!("{status} {error}"),
        (Some(status), None) => format!("{status}{}", taken.unwrap_or_default()),
        (None, error) => error.unwrap_or_default().to_owned(),
    }
}

/// `Returned by Wren Tale`
pub fn said(outcome: &OutcomeRecord) -> String {
    let by = &outcome.by;
    match outcome.kind {
        OutcomeKind::Accepted => format!("Accepted by {by}"),
        OutcomeKind::Returned => format!("Returned by {by}"),
        OutcomeKind::NotYet => format!("Not yet, says {by}"),
        OutcomeKind::Won => format!("Won, says {by}"),
        OutcomeKind::Lost => format!("Lost, says {by}"),
    }
}

/// `Morgan Slate agrees: they are right`
pub fn judged(verdict: &OutcomeVerdict) -> String {
    let how = match verdict.verdict {
        ripen_domain::outcome::Verdict::Upheld => "agrees",
        ripen_domain::outcome::Verdict::Rejected => "does not agree",
    };
    format!("{} {how}: {}", verdict.by, verdict.why)
}

#[cfg(test)]
mod tests {
    use ripen_domain::{id::DecisionId, lead::Grade};
    use uuid::Uuid;

    use super::*;

    fn line(grade: Grade, score: i32, (caps, rules): (&[&str], &[&str])) -> DecisionLine {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        DecisionLine {
            id: DecisionId::from_uuid(Uuid::nil()),
            at: jiff::Timestamp::UNIX_EPOCH,
            grade,
            score,
            version: 1,
            caps: owned(caps),
            rules: owned(rules),
            closed: None,
        }
    }

    #[test]
    fn a_decision_says_what_changed_and_why() {
        let a = line(Grade::A, 90, (&[], &["Has a lender", "Soon"]));
        let b = line(Grade::B, 65, (&[], &["Soon"]));
        let returned = line(Grade::B, 90, (&["The client returned it"], &["Has a lender", "Soon"]));
        assert_eq!((decided(&b, None, false), because(&b, None)), ("B 65".to_owned(), String::new()));
        assert_eq!(
            (decided(&a, Some(&b), false), because(&a, Some(&b))),
            ("B 65 → A 90".to_owned(), "Has a lender".to_owned())
        );
        assert_eq!(because(&returned, Some(&a)), "The client returned it");
        assert_eq!(because(&b, Some(&a)), "no longer: Has a lender");
        assert_eq!((decided(&b, Some(&b), false), because(&b, Some(&b))), ("B 65".to_owned(), String::new()));
        let hidden = |one: &DecisionLine, before: &DecisionLine| decided(one, Some(before), true);
        assert_eq!([hidden(&a, &b), hidden(&a, &returned), hidden(&b, &returned)], ["B → A", "B → A", "B"]);
    }

    #[test]
    fn an_answer_of_a_mail_server_is_more_than_its_number() {
        assert_eq!(answered(Some(250), None, Some(EndpointKind::Email)), "250, taken by their mail server");
        assert_eq!(answered(Some(503), Some("busy"), Some(EndpointKind::Webhook)), "503 busy");
        assert_eq!(answered(None, Some("filed"), Some(EndpointKind::Email)), "filed");
    }
}
