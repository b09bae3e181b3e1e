//! What the firm sets for a client's sales team, what its members do with offers, and slips that are taken back.

use ripen_domain::{
    actor::Actor,
    appointment::Terms,
    calling::Hours,
    delivery::OutcomeKind,
    id::{DeliveryId, EndpointId},
    outcome::{How, Outcome as Said},
    said_by::SaidBy,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    appointment::change::AppointmentChange,
    client::settings::ClientChange,
    lead::recall::Recalled,
    outcome::record_outcome::{NewOutcome, Recorded},
    team::route::NewRoute,
};
use uuid::Uuid;

use super::{
    model::GivenBack,
    world::{Outcome, World, firm},
};

/// How many teams there are.
pub const TEAMS: u8 = 7;

/// Routing, and how many leads a day, of each team; the first has neither.
fn team(number: u8) -> Option<(String, Option<i32>)> {
    let [first, second] = [3, 4].map(|id| EndpointId::from_uuid(Uuid::from_u128(id)));
    Some(match number {
        0 => return None,
        1 => (format!("mode = \"round_robin\"\nrecipients = [\"{first}\", \"{second}\"]"), None),
        2 => {
            let shares = format!("{{ name = \"{first}\", weight = 3 }}, {{ name = \"{second}\", weight = 1 }}");
            (format!("mode = \"weighted\"\nrecipients = [{shares}]"), Some(1))
        }
        3 => (
            format!(
                "mode = \"first_to_claim\"\nclaim_within = \"15m\"\nowner = \"{first}\"\n\
                 recipients = [\"{first}\", \"{second}\"]"
            ),
            None,
        ),
        // Reps, each with a mailbox; the webhooks of the team are told beside them.
        4 => ("mode = \"round_robin\"\nrecipients = [\"Dana\", \"Lee\"]".to_owned(), Some(3)),
        5 => (
            "mode = \"first_to_claim\"\nclaim_within = \"15m\"\nowner = \"Lee\"\nrecipients = [\"Dana\", \"Lee\"]"
                .to_owned(),
            None,
        ),
        _ => (
            format!(
                "mode = \"first_to_claim\"\nclaim_within = \"2h\"\nowner = \"{second}\"\n\
                 recipients = [\"{second}\"]\nfallback = [\"{first}\"]"
            ),
            Some(2),
        ),
    })
}

impl World {
    /// The client's team is organised like this from now on.
    pub async fn organise(&self, number: u8) {
        let now = self.now();
        let mut tx = self.qualifier.store.begin().await.unwrap();
        let capacity = match team(number) {
            None => {
                tx.route_use(firm(), self.client(), None, now).await.unwrap();
                None
            }
            Some((document, capacity)) => {
                let by = Actor::operator("the simulation");
                let new = NewRoute { client: self.client(), document: &document, when_dead: None, by: &by };
                tx.route_set(firm(), &new, now).await.unwrap();
                capacity
            }
        };
        let change = ClientChange { capacity: Some(capacity), ..ClientChange::default() };
        tx.client_set(firm(), self.client(), &change, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Somebody accepts one of the offers that were sent, or passes.
    pub async fn answer_offer(&self, which: u8, accept: bool) -> Outcome {
        let sql = "select id from delivery where event = 'lead.offered' and attempts > 0 order by id";
        let offers: Vec<Uuid> = sqlx::query_scalar(sql).fetch_all(&self.pool).await.unwrap();
        let Some(offer) = offers.get(usize::from(which) % offers.len().max(1)) else { return Ok(()) };
        let outcome =
            if accept { Said::Accepted { reason: None } } else { Said::Returned { reason: "passed".to_owned() } };
        assert!(matches!(outcome.kind(), OutcomeKind::Accepted | OutcomeKind::Returned));
        let delivery = DeliveryId::from_uuid(*offer);
        let actor = Actor::operator("Kim");
        let new = NewOutcome {
            delivery,
            outcome: &outcome,
            how: How::Api,
            by: SaidBy::Actor(&actor),
            actor: &actor,
            fresh_id: uuid_v7,
            confirmed: false,
            seen: None,
            answered_at: None,
        };
        let mut tx = self.qualifier.store.begin().await.map_err(|error| error.to_string())?;
        let done = tx.outcome_record(firm(), &new, &Hours::default(), self.now()).await;
        tx.commit().await.map_err(|error| error.to_string())?;
        match done {
            Ok(Recorded::Done(_) | Recorded::Again | Recorded::Refused(_)) => Ok(()),
            other => Err(format!("an offer that is answered came to {other:?}")),
        }
    }

    /// An agent takes the person's lead back.
    pub async fn recall(&mut self, person: u8) -> Outcome {
        let Some(lead) = self.lead_of(person).await else { return Ok(()) };
        let mut tx = self.qualifier.store.begin().await.map_err(|error| error.to_string())?;
        let (actor, terms) = (Actor::operator("Kim"), Terms::default());
        let change = AppointmentChange { actor: &actor, terms: &terms, now: self.now(), fresh_id: uuid_v7 };
        let done = tx.lead_recall(firm(), lead, "a slip", change).await;
        tx.commit().await.map_err(|error| error.to_string())?;
        match done {
            Ok(Recalled::Done { .. }) => {
                let at = self.now();
                self.model.note_given_back(lead, GivenBack { at, is_back: true });
                Ok(())
            }
            Ok(Recalled::NotMatured) => Ok(()),
            other => Err(format!("a recall came to {other:?}")),
        }
    }
}
