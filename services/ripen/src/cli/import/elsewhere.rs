//! What a Ripen elsewhere would make of rows, as far as it can be told without its database: whether each is a lead. Which country
//! its source is of is not known here, so a number that is one anywhere counts as one.

use jiff::Timestamp;
use ripen_actions::list_import::Foreseen;
use ripen_domain::{
    arrival::Arrival,
    flag::FlagCode,
    id::{ClientId, SourceId},
    lead::Channel,
};
use ripen_intake::rehearsal::rehearse;
use ripen_outbound::intake::ProblemAnswer;
use ripen_store::source::source_record::{SourceFormat, SourceRecord, State};
use ripen_web::Problem;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::foresight::{ForeseenRow, as_answered, said_by};

/// Countries whose numbers have every length and every kind of prefix that there is.
const COUNTRIES: [&str; 12] = ["US", "DE", "GB", "FR", "IT", "ES", "BR", "IN", "AU", "JP", "MX", "SG"];

/// What each of these leads would come to, or why it would be refused whatever the country of its source is.
///
/// # Errors
/// When they are no leads at all.
pub fn look(leads: &[&Map<String, Value>], now: Timestamp) -> anyhow::Result<Vec<Result<ForeseenRow, ProblemAnswer>>> {
    let mut best: Vec<Option<Result<Arrival, Problem>>> = leads.iter().map(|_| None).collect();
    for country in COUNTRIES {
        let open: Vec<_> = (0..leads.len()).filter(|place| !best[*place].as_ref().is_some_and(is_settled)).collect();
        if open.is_empty() {
            break;
        }
        let array = open.iter().map(|place| Value::Object(leads[*place].clone())).collect();
        let arrivals = rehearse(&Value::Array(array), &source_of(country), now)
            .map_err(|problem| anyhow::anyhow!("{}", problem.detail()))?;
        for (place, arrival) in open.into_iter().zip(arrivals) {
            let is_better = match &best[place] {
                None => true,
                Some(Err(_)) => arrival.is_ok(),
                Some(Ok(_)) => is_settled(&arrival),
            };
            if is_better {
                best[place] = Some(arrival);
            }
        }
    }
    Ok(best.into_iter().flatten().map(foreseen).collect())
}

/// Whether no other country could make more of it.
fn is_settled(arrival: &Result<Arrival, Problem>) -> bool {
    let is_of_phone = |code| matches!(code, FlagCode::PhoneUnusable | FlagCode::PhoneDoubtful);
    arrival.as_ref().is_ok_and(|arrival| !arrival.submission.flags.iter().any(|flag| is_of_phone(flag.code)))
}

fn foreseen(arrival: Result<Arrival, Problem>) -> Result<ForeseenRow, ProblemAnswer> {
    match arrival {
        Err(problem) => Err(as_answered::<ProblemAnswer>(&problem).unwrap_or_default()),
        Ok(arrival) => Ok(ForeseenRow {
            arrival: arrival.id,
            content: arrival.content,
            flags: as_answered(&arrival.submission.flags).unwrap_or_default(),
            is_quarantined: arrival.quarantine.is_some(),
            foreseen: Foreseen::New,
            said: said_by(&arrival),
        }),
    }
}

fn source_of(country: &str) -> SourceRecord {
    SourceRecord {
        id: SourceId::from_uuid(Uuid::nil()),
        client: ClientId::from_uuid(Uuid::nil()),
        name: String::new(),
        channel: Channel::List,
        country: country.to_owned(),
        time_zone: "UTC".to_owned(),
        format: SourceFormat::Any,
        state: State::Active,
        thanks_url: None,
        sees_grade: None,
        key_expires_at: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_a_lead_in_no_country_is_refused_and_what_is_one_in_any_is_not() {
        let leads = [
            json!({"external_id": "1", "phone": "0152 28817386"}),
            json!({"external_id": "2", "phone": "(415) 555-0100"}),
            json!({"external_id": "3", "email": "casey@example.com", "phone": "12"}),
            json!({"external_id": "4", "phone": "12"}),
            json!({"external_id": "5", "name": "Nobody"}),
        ];
        let leads: Vec<_> = leads.iter().map(|lead| lead.as_object().unwrap()).collect();
        let looked = look(&leads, "2026-11-30T09:00:00Z".parse().unwrap()).unwrap();
        let is_in: Vec<_> = looked.iter().map(Result::is_ok).collect();
        assert_eq!(is_in, [true, true, true, false, false]);
        let flags: Vec<_> = looked.iter().flatten().map(|row| row.flags.len()).collect();
        assert_eq!(flags, [0, 0, 1]);
    }
}
