//! What happened to a lead that a rep has, in a title and a few sentences.

use ripen_domain::delivery::EventType;
use serde_json::Value;

use super::read::{name, word};

/// The title and the sentences; none for what hands a lead over.
pub(super) fn read(payload: &Value) -> Option<(String, Vec<String>)> {
    let data = &payload["data"];
    let who = name(&data["lead"]).unwrap_or_else(|| "name not given".to_owned());
    let reason = word(&data["reason"]);
    let (title, mut sentences) = match payload["type"].as_str()? {
        "lead.recalled" => {
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            let sentences =
                vec![format!("This lead was taken back{why}."), "Please do not work it any further.".to_owned()];
            (format!("Taken back: {who}"), sentences)
        }
        "lead.taken" => {
            let sentence = "Somebody else took this lead before you. There is nothing to do.".to_owned();
            (format!("Taken by somebody else: {who}"), vec![sentence])
        }
        "lead.suppressed" => {
            let sentence = format!("{who} asked not to be contacted. Please do not call or write to them any more.");
            (format!("Do not contact: {who}"), vec![sentence])
        }
        "lead.outcome" => {
            let outcome = &data["outcome"];
            let kind = word(&outcome["outcome"]).unwrap_or_default().replace('_', " ");
            let by = word(&outcome["said_by"]).map(|by| format!(" by {by}")).unwrap_or_default();
            let why = word(&outcome["reason"]).map(|why| format!(": {why}")).unwrap_or_default();
            (format!("{who}: {kind}"), vec![format!("Recorded as {kind}{by}{why}.")])
        }
        "delivery.dead" => {
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            let (what, lead) = (word(&data["event"]), word(&data["lead"]["id"]));
            let sentence = format!("{} of {} was given up{why}.", what.unwrap_or_default(), lead.unwrap_or_default());
            let delivery = word(&data["delivery"]).unwrap_or_default();
            ("A delivery was given up".to_owned(), vec![sentence, format!("It is delivery {delivery}.")])
        }
        "endpoint.disabled" => {
            let endpoint = word(&data["endpoint"]).unwrap_or_else(|| "An endpoint".to_owned());
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            let sentence = format!("{endpoint} gets nothing until it is enabled again{why}.");
            ("An endpoint was disabled".to_owned(), vec![sentence])
        }
        _ => return None,
    };
    let is_alarm = payload["type"].as_str().and_then(|kind| kind.parse().ok()).is_some_and(EventType::is_alarm);
    let about = word(&data["delivery"]).filter(|_| !is_alarm);
    sentences.extend(about.map(|delivery| format!("It came with delivery {delivery}.")));
    Some((title, sentences))
}
