//! What clients say became of the leads that they got: by their reps, behind the links in the mails.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use ripen_actions::{
    Refusal,
    outcome::{OutcomeResult, RecordOutcome},
};
use ripen_domain::{
    actor::Actor,
    id::{DeliveryId, RepId},
    outcome::{How, OutcomeFields},
};

use super::{
    dice::Dice,
    past::{PastDesk, TakenLead},
    setting::FurnishedRep,
    table::{SampleClient, SampleWorld},
};

/// Something that a rep will say.
#[derive(Debug, Clone)]
pub struct Saying {
    /// When.
    pub at: Timestamp,
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Who.
    pub rep: RepId,
    /// What.
    pub said: OutcomeFields,
}

/// What a rep will say of a lead that came just now, the one of this number that the firm handed over. Some say nothing, and are asked.
pub fn sayings(world: &SampleWorld, sent: &TakenLead, number: usize, now: Timestamp) -> Vec<Saying> {
    let client = world.client.iter().find(|client| client.slug == sent.client);
    let (Some(client), Some(rep), true) = (client, sent.rep, sent.is_whole) else { return Vec::new() };
    let mut dice = Dice::of(&format!("{} {number}", sent.client));
    let mut all = Vec::new();
    let mut say = |after: SignedDuration, said: OutcomeFields| {
        let at = now.saturating_add(after).unwrap_or(now);
        all.push(Saying { at, delivery: sent.delivery, rep, said });
    };
    let hours = |from: i64, dice: &mut Dice, most: i64| {
        SignedDuration::from_hours(from) + dice.within(SignedDuration::from_hours(most))
    };
    if dice.is_in(12) {
        let said = OutcomeFields { reason: Some(dice.words(&world.words.returned)), ..word("returned") };
        say(hours(3, &mut dice, 60), said);
        return all;
    }
    if dice.is_in(82) {
        say(hours(0, &mut dice, 20) + SignedDuration::from_mins(5), word("accepted"));
        if let Some(said) = end(world, client, &mut dice) {
            say(hours(48, &mut dice, 400), said);
        }
    }
    all
}

/// How it ends, where it does.
fn end(world: &SampleWorld, client: &SampleClient, dice: &mut Dice) -> Option<OutcomeFields> {
    match dice.roll(100) {
        0..=37 => {
            let amount = Some(dice.words(&client.sales));
            Some(OutcomeFields { amount, currency: Some(client.currency.clone()), ..word("won") })
        }
        38..=61 => Some(OutcomeFields { reason: Some(dice.words(&world.words.lost)), ..word("lost") }),
        _ => None,
    }
}

fn word(outcome: &str) -> OutcomeFields {
    OutcomeFields { outcome: Some(outcome.to_owned()), ..OutcomeFields::default() }
}

/// A rep says it.
///
/// # Errors
/// When the database refuses.
pub async fn say(past: &PastDesk, reps: &BTreeMap<RepId, FurnishedRep>, saying: &Saying) -> anyhow::Result<()> {
    let rep = reps.get(&saying.rep).context("a rep that nobody added")?;
    let actor = Actor::rep_link(saying.rep, rep.name.clone(), rep.client);
    let Saying { delivery, said, .. } = saying.clone();
    let request = RecordOutcome { delivery, said, how: How::Link, seen: None, confirmed: true };
    match past.actions.run(&actor, &request).await {
        Ok(OutcomeResult::Refused(why)) => {
            tracing::debug!(%why, "an outcome of the demonstration is outside the rules")
        }
        Ok(_) => {}
        Err(Refusal::Store(error)) => return Err(error.into()),
        // Taken back by the firm meanwhile.
        Err(refusal) => tracing::debug!(%refusal, "an outcome of the demonstration was refused"),
    }
    Ok(())
}
