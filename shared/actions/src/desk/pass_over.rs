//! For how long a lead that was found and may not be called is passed over.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    desk::{CallGate, GateKind, StepFacts, opens_at, shut},
    id::{ClientId, LeadId},
};
use ripen_store::desk::wait::DeskWait;

/// What somebody has to open is looked at again after this.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// What opens by itself is looked at again after this at the latest: hours may be set otherwise, and another's call taken back.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// They are shut for this agent, or this moment, alone.
const OF_AGENT: [GateKind; 3] = [GateKind::AgentClients, GateKind::Language, GateKind::Lease];
/// They open at their time and no earlier, unless the next step falls due or something changes of the lead, which wakes it.
const BY_THEMSELVES: [GateKind; 6] =
    [GateKind::Promise, GateKind::Attempts, GateKind::Elsewhere, GateKind::Calls, GateKind::Hours, GateKind::Capacity];

/// Until when a lead is passed over whose gates are these; none where it is only not for this agent.
///
/// Until all of them may be open and not for some minutes: of a list whose people are asleep for hours, more would be looked at
/// again than agents get through, and what lies behind them would never be reached.
pub(super) fn pass_over(
    (lead, client): (LeadId, ClientId),
    gates: &[CallGate],
    step: Option<StepFacts>,
    now: Timestamp,
) -> Option<DeskWait> {
    let own: Vec<_> = shut(gates).filter(|gate| !OF_AGENT.contains(&gate.kind)).cloned().collect();
    if own.is_empty() {
        return None;
    }
    let later = |by: SignedDuration| now.saturating_add(by).unwrap_or(now);
    let soon = later(LOOK_AGAIN);
    let opens = own.iter().map(|gate| match gate.opens_at {
        Some(at) if BY_THEMSELVES.contains(&gate.kind) => at,
        Some(at) => at.min(soon),
        None => soon,
    });
    // A call that is owed waits for no pause.
    let step = step.filter(|step| !step.is_worked && step.due_at > now).map_or(Timestamp::MAX, |step| step.due_at);
    let until = opens.max().unwrap_or(soon).min(step).min(later(LONGEST));
    Some(DeskWait { lead, client, until, opens_at: opens_at(&own), sleeps: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn gate(kind: GateKind, opens: Option<i64>) -> CallGate {
        CallGate { kind, is_open: false, words: String::new(), opens_at: opens.map(at) }
    }

    fn wait(gates: &[CallGate], step: Option<i64>) -> Option<(Timestamp, Option<Timestamp>)> {
        let of = (LeadId::from_uuid(uuid::Uuid::nil()), ClientId::from_uuid(uuid::Uuid::nil()));
        let step = step.map(|hour| StepFacts { due_at: at(hour), is_agreed: true, is_by_hand: true, is_worked: false });
        pass_over(of, gates, step, at(0)).map(|wait| (wait.until, wait.opens_at))
    }

    #[test]
    fn what_opens_by_itself_is_waited_for_and_what_somebody_opens_is_looked_at_soon() {
        let soon = at(0) + LOOK_AGAIN;
        let hours = gate(GateKind::Hours, Some(3));
        assert_eq!(wait(std::slice::from_ref(&hours), None), Some((at(3), Some(at(3)))));
        assert_eq!(wait(&[gate(GateKind::Review, None)], None), Some((soon, None)));
        // However soon somebody opens the one, the other is shut for hours; and nobody knows when both are open.
        assert_eq!(wait(&[gate(GateKind::Review, None), hours.clone()], None), Some((at(3), None)));
        let monday = gate(GateKind::Hours, Some(40));
        assert_eq!(wait(&[monday], None), Some((at(12), Some(at(40)))), "looked at in between, and said as it is");
        assert_eq!(wait(&[hours.clone(), gate(GateKind::Lease, Some(1))], None), Some((at(3), Some(at(3)))));
        assert_eq!(wait(&[gate(GateKind::Lease, Some(1)), gate(GateKind::Language, None)], None), None);
        assert_eq!(wait(&[], None), None);
        // The pause ends when the promised call falls due.
        assert_eq!(wait(&[gate(GateKind::Attempts, Some(9))], Some(2)).unwrap().0, at(2));
        assert_eq!(wait(&[gate(GateKind::Attempts, Some(9))], Some(-2)).unwrap().0, at(9));
    }
}
