//! One lead, one routing, one instant: where the lead goes. It never fails and never drops a lead: what nobody can take now
//! is held, with the earliest instant at which somebody can.
//!
//! The first rule that holds counts. Its recipients are asked first. Where none of them can take the lead now, it waits for
//! the first of them who can, but not beyond `wait_at_most` after it matured: then the fallback is asked, and then the
//! owner. The client's own capacity stands above all of it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    Mode, Routing, RoutingRule, RuleCondition, RuleRecipient,
    recipient::{ClientLimit, Recipient, RecipientId},
    result::{Assignment, Chosen, Later, Passed, PassedOver, Routed, RulePassed},
    rotation::Rotation,
    tier::{HoldReason, Tier},
};
use crate::criteria::{Facts, Holding};

/// The lead that is routed.
#[derive(Debug, Clone, Copy)]
pub struct MaturedLead<'f> {
    /// What is known about it.
    pub facts: &'f Facts,
    /// When it matured: from then on it waits.
    pub matured_at: Timestamp,
    /// Who is asked first: others than the recipients once an offer to them lapsed.
    pub from: Tier,
}

/// How the client's sales team stands at the instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sales {
    /// The client's own limit.
    pub client: ClientLimit,
    /// Every rep and every endpoint of the client, also those that cannot take leads.
    pub recipients: Vec<Recipient>,
    /// By rule: whose turn it is.
    pub rotations: BTreeMap<Arc<str>, Rotation>,
}

impl Sales {
    /// Counts a lead that was routed, so that the next one of a batch finds the state after it.
    pub fn apply(&mut self, routed: &Routed) {
        // A lead that is held uses up nobody's capacity and moves no rotation.
        if routed.chosen().is_empty() {
            return;
        }
        let count = |given: &mut u32| *given = given.saturating_add(1);
        count(&mut self.client.capacity.given_today);
        for chosen in routed.chosen() {
            // Also for the rest of a batch: the next lead is routed by these counts before anything is written.
            let recipient = self.recipients.iter_mut().find(|recipient| recipient.id == chosen.id);
            recipient.into_iter().for_each(|recipient| count(&mut recipient.capacity.given_today));
        }
        if let Assignment::Given { rotation: Some(rotation), .. } = &routed.assignment {
            self.rotations.insert(Arc::clone(&routed.rule), rotation.clone());
        }
    }

    fn recipient(&self, id: Option<RecipientId>) -> Option<&Recipient> {
        self.recipients.iter().find(|recipient| Some(recipient.id) == id)
    }
}

/// Routes a lead at an instant.
#[must_use]
pub fn route(routing: &Routing, lead: &MaturedLead<'_>, sales: &Sales, now: Timestamp) -> Routed {
    // A clock read inside would make the explanation differ from the decision it explains.
    let (rule, rules) = matching(routing, lead.facts, now);
    let round = Round { routing, rule, lead, sales, now };
    let assignment = round.assign();
    let passed = round.passed(&assignment);
    Routed {
        rule: Arc::clone(&rule.id),
        because: Arc::clone(&rule.because),
        mode: rule.mode,
        rules,
        passed,
        assignment,
    }
}

/// The first rule that holds, and why those before it do not.
fn matching<'r>(routing: &'r Routing, facts: &Facts, now: Timestamp) -> (&'r RoutingRule, Vec<RulePassed>) {
    let mut passed = Vec::new();
    // All conditions at once: facts that several rules read are computed once.
    let asked: Vec<_> = routing.rules.iter().filter_map(RoutingRule::condition).collect();
    let mut holdings = routing.conditions.ask(facts, now, &asked).into_iter();
    for rule in &routing.rules {
        let why = match &rule.when {
            RuleCondition::Always => return (rule, passed),
            RuleCondition::Unfit(why) => format!("asks what this lead's script does not: {why}"),
            RuleCondition::Holds(_) => match holdings.next() {
                Some(Holding::Yes) => return (rule, passed),
                Some(Holding::NotKnown(missing)) => format!("not known: {}", missing.join(", ")),
                // An error in one rule passes it over, and the lead goes on to the next: routing never fails.
                Some(Holding::Failed(why)) => format!("could not be computed: {why}"),
                Some(Holding::No) | None => "does not hold".to_owned(),
            },
        };
        passed.push(RulePassed { id: Arc::clone(&rule.id), why });
    }
    // The default has no condition, so that every lead has a rule.
    (&routing.default, passed)
}

/// A recipient with the place that the document gives it.
type Placed<'a> = (&'a RuleRecipient, &'a Recipient);

/// One lead on its way through the tiers of one rule.
struct Round<'a> {
    routing: &'a Routing,
    rule: &'a RoutingRule,
    lead: &'a MaturedLead<'a>,
    sales: &'a Sales,
    now: Timestamp,
}

impl<'a> Round<'a> {
    fn shares(&self, tier: Tier) -> &'a [RuleRecipient] {
        match tier {
            Tier::Recipients => &self.rule.recipients,
            Tier::Fallback => &self.rule.fallback,
            Tier::Owner => self.routing.owner.as_slice(),
        }
    }

    /// Those of a tier that exist.
    fn placed(&self, tier: Tier) -> impl Iterator<Item = Placed<'a>> + use<'a> {
        let sales = self.sales;
        self.shares(tier).iter().filter_map(move |share| Some((share, sales.recipient(share.id)?)))
    }

    fn assign(&self) -> Assignment {
        let full = self.sales.client.full_until(self.now);
        // A capacity of 0 frees no place tomorrow: only a person can change that.
        if full == Some(None) {
            return Assignment::Held { until: None, why: HoldReason::ClientFull(0) };
        }
        // Recipients are asked from when the client takes leads again: one who is there now and away then would win and not get it.
        let from = full.flatten().unwrap_or(self.now);
        let (tier, opens) = self.opening(from);
        match (opens, full) {
            (None, _) => Assignment::Held { until: None, why: HoldReason::NobodyEver },
            (Some(at), None) if at <= self.now => self.give(tier),
            (Some(_), None) => Assignment::Held { until: opens, why: HoldReason::NobodyNow(tier) },
            (Some(_), Some(_)) => {
                let most = self.sales.client.capacity.per_day.unwrap_or_default();
                Assignment::Held { until: opens, why: HoldReason::ClientFull(most) }
            }
        }
    }

    /// Whose turn it is, not before an instant, and when the first of them can take the lead.
    fn opening(&self, from: Timestamp) -> (Tier, Option<Timestamp>) {
        // Never before `from`: a client who is full has outlasted the wait for the recipients already.
        let patience = self.lead.matured_at.checked_add(self.routing.wait_at_most).unwrap_or(Timestamp::MAX).max(from);
        let mut asked = (self.lead.from, None);
        // A lead whose offer lapsed starts at a later tier; those asked before are not asked again.
        for tier in Tier::ALL.into_iter().filter(|tier| *tier >= self.lead.from && !self.shares(*tier).is_empty()) {
            let opens = self.placed(tier).filter_map(|(_, one)| one.next_available(self.now, from)).min();
            // Within the wait that the document allows: a fallback that is free now does not take what the recipients take soon.
            if opens.is_some_and(|at| at <= patience) {
                return (tier, opens);
            }
            // The earliest of all tiers: with everybody away beyond the wait, the lead goes to whoever is back first.
            asked = (tier, asked.1.into_iter().chain(opens).min());
        }
        asked
    }

    /// Gives the lead to a tier of which somebody can take it now.
    fn give(&self, tier: Tier) -> Assignment {
        // `away` is asked again at `now`: `opening` told only that somebody of the tier is there.
        let able: Vec<_> = self.placed(tier).filter(|(_, one)| one.away(self.now).is_none()).collect();
        let all = || able.iter().map(|(_, one)| chosen(one)).collect();
        match (tier, self.rule.mode) {
            (Tier::Recipients, Mode::All) => {
                Assignment::Given { tier, to: all(), later: self.later(tier), rotation: None }
            }
            (Tier::Recipients | Tier::Fallback, Mode::FirstToClaim) => {
                // `MAX` where the sum overflows: an offer without end instead of a lead without one.
                let until = self.now.checked_add(self.routing.claim_within).unwrap_or(Timestamp::MAX);
                Assignment::Offered { tier, to: all(), until }
            }
            (Tier::Recipients, Mode::RoundRobin | Mode::Weighted) => self.in_turn(&able),
            (Tier::Fallback | Tier::Owner, _) => {
                // The first in the order of the document: fallback and owner are not shared out.
                let to = able.first().map(|(_, one)| chosen(one)).into_iter().collect();
                Assignment::Given { tier, to, later: Vec::new(), rotation: None }
            }
        }
    }

    /// Those who get what all get once they can take it.
    fn later(&self, tier: Tier) -> Vec<Later> {
        let away = self.placed(tier).filter(|(_, one)| one.away(self.now).is_some());
        let later = away
            .filter_map(|(_, one)| Some(Later { chosen: chosen(one), until: one.next_available(self.now, self.now)? }));
        later.collect()
    }

    fn in_turn(&self, able: &[Placed<'a>]) -> Assignment {
        let weight = |share: &RuleRecipient| if self.rule.mode == Mode::Weighted { share.weight } else { 1 };
        let present: Vec<_> = able.iter().map(|(share, one)| (one.id, weight(share))).collect();
        // A rule without a stored rotation begins a new one.
        let rotation = self.sales.rotations.get(&self.rule.id).cloned().unwrap_or_default();
        let next = rotation.next(&present);
        // `next` came from the same list, so that a place is always found; 0 otherwise, and an empty list gives nobody.
        let place = able.iter().position(|(_, one)| Some(one.id) == next).unwrap_or_default();
        let to = able.get(place).map(|(_, one)| chosen(one)).into_iter().collect();
        let rotation = present.get(place).map(|(id, weight)| rotation.after(*id, *weight));
        Assignment::Given { tier: Tier::Recipients, to, later: Vec::new(), rotation }
    }

    /// Everybody who does not get the lead, and why.
    fn passed(&self, assignment: &Assignment) -> Vec<PassedOver> {
        let (reached, mut named): (Tier, Vec<RecipientId>) = match assignment {
            Assignment::Given { tier, to, later, .. } => {
                let later = later.iter().map(|one| one.chosen.id);
                (*tier, to.iter().map(|one| one.id).chain(later).collect())
            }
            Assignment::Offered { tier, to, .. } => (*tier, to.iter().map(|one| one.id).collect()),
            Assignment::Held { why: HoldReason::NobodyNow(tier), .. } => (*tier, Vec::new()),
            Assignment::Held { .. } => (Tier::Owner, Vec::new()),
        };
        let first = named.first().and_then(|id| self.sales.recipient(Some(*id))).map(|one| one.name.clone());
        let mut passed = Vec::new();
        // A name that stands in several tiers is told once, by the first.
        for (tier, share) in Tier::ALL.iter().flat_map(|tier| self.shares(*tier).iter().map(|share| (*tier, share))) {
            let Some(one) = self.sales.recipient(share.id) else {
                passed.push(PassedOver { name: share.name.to_string(), id: None, why: Passed::Unknown, until: None });
                continue;
            };
            if named.contains(&one.id) {
                continue;
            }
            named.push(one.id);
            let why = match (one.away(self.now), &first) {
                // The order of the arms is the order in which a reader asks: was it asked before, was it needed, was it
                // away.
                _ if tier < self.lead.from => Passed::AskedBefore(tier),
                _ if tier > reached => Passed::NotNeeded(tier),
                (Some(away), _) => Passed::Away(away),
                (None, Some(before)) => Passed::NotItsTurn { before: before.clone() },
                (None, None) => Passed::ClientFull,
            };
            passed.push(self.passed_over(one, why));
        }
        // Reps and endpoints that the rule does not name are listed too: "why did I not get it" has an answer for
        // everybody.
        let others = self.sales.recipients.iter().filter(|one| !named.contains(&one.id));
        passed.extend(others.map(|one| self.passed_over(one, Passed::NotNamed)));
        passed
    }

    fn passed_over(&self, one: &Recipient, why: Passed) -> PassedOver {
        let is_away = matches!(why, Passed::Away(_));
        let until = is_away.then(|| one.next_available(self.now, self.now)).flatten();
        PassedOver { name: one.name.clone(), id: Some(one.id), why, until }
    }
}

fn chosen(recipient: &Recipient) -> Chosen {
    Chosen { id: recipient.id, name: recipient.name.clone(), endpoints: recipient.endpoints.clone() }
}
