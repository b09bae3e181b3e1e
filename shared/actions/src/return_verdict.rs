//! Returns: the firm upholds or rejects them, with a reason. Of an upheld one nothing more follows: the lead stays the desk's.
//! After a rejected one it is the client's again, as if it had accepted it. Where it cannot be theirs any more, because nobody may call
//! the person, or somebody else has the lead, no return is rejected.

use ripen_domain::{
    actor::Permission,
    id::{DeliveryId, NoticeId},
    outcome::{How, Outcome, Verdict},
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    notice::owe::{NewNotice, NoticeData, NoticeKind},
    outcome::{
        record_outcome::NewOutcome,
        verdict::{JudgedReturn, NewVerdict, ReturnJudgement},
    },
};
use serde_json::json;

use crate::{
    Action, FieldErrors, Refusal, Work,
    lead::LONGEST_WHY,
    outcome::{OutcomeResult, record},
    work::AuditChange,
};

/// Upholds or rejects the return that was said last of a delivery.
#[derive(Debug, Clone)]
pub struct JudgeReturn {
    /// The delivery.
    pub delivery: DeliveryId,
    /// What the firm says to it.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
}

impl Action for JudgeReturn {
    type Done = JudgedReturn;

    // What a vendor is paid, and what a client is told, depends on it.
    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<JudgedReturn, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say why, as the client is told");
        errors.finish()?;
        let scope = work.scope();
        let new = NewVerdict { delivery: self.delivery, verdict: self.verdict, why: &why, by: work.actor };
        let judged = match work.tx.return_judge(scope, &new, work.now).await? {
            ReturnJudgement::Done(judged) => judged,
            ReturnJudgement::Unknown => return Err(Refusal::missing("sent delivery", self.delivery)),
            ReturnJudgement::NotReturned(newest) => {
                let is = newest.map_or("nothing was said of it", |kind| kind.word());
                return Err(Refusal::conflict("not_returned", format!("{} is not returned: {is}", self.delivery)));
            }
            ReturnJudgement::Before(before) => {
                let said = format!("{} by {}: {}", before.verdict, before.by, before.why);
                return Err(Refusal::conflict("judged", format!("this return was {said}")));
            }
            ReturnJudgement::NotTheirs(why) => {
                let no = format!("a return is rejected where its lead can be handed back, and {why}: uphold it");
                return Err(Refusal::conflict("not_to_be_handed_back", no));
            }
        };
        let after = json!({"verdict": self.verdict.word(), "number": judged.number, "lead": judged.lead});
        work.changed("outcome.judge", self.delivery, AuditChange::added(judged.client, after));
        if self.verdict == Verdict::Rejected {
            self.hand_back(work, &judged, &why).await?;
        }
        self.tell(work, &judged, &why).await?;
        Ok(judged)
    }
}

impl JudgeReturn {
    /// The lead is the client's again.
    async fn hand_back(&self, work: &mut Work<'_>, judged: &JudgedReturn, why: &str) -> Result<(), Refusal> {
        let outcome = Outcome::Accepted { reason: Some(format!("the return was rejected: {why}")) };
        let (actor, scope) = (work.actor, work.scope());
        let new = NewOutcome {
            delivery: self.delivery,
            outcome: &outcome,
            how: How::Command,
            by: actor.into(),
            actor,
            fresh_id: uuid_v7,
            confirmed: true,
            seen: None,
            answered_at: None,
        };
        match record(work, scope, &new).await? {
            OutcomeResult::Refused(why) => Err(Refusal::conflict("not_to_be_handed_back", why.0)),
            // It was A when it was handed over, and was capped only because it had been given back.
            _ => Ok(work.tx.lead_hand_back(scope, judged.lead).await?),
        }
    }

    /// The rep who gave it back hears of it, by name and in words.
    async fn tell(&self, work: &mut Work<'_>, judged: &JudgedReturn, why: &str) -> Result<(), Refusal> {
        let Some(rep) = judged.rep else { return Ok(()) };
        let person = judged.person.as_deref().unwrap_or("A lead");
        let (title, next) = match self.verdict {
            Verdict::Upheld => (format!("Return upheld: {person}"), "There is nothing more to do."),
            Verdict::Rejected => (
                format!("Return rejected: {person}"),
                "The lead is yours again. Please call, and say what became of it.",
            ),
        };
        let sentences = vec![format!("You returned {person}; that was {}: {why}", self.verdict), next.to_owned()];
        let handed_back = (self.verdict == Verdict::Rejected).then_some(judged.delivery);
        let notice = NewNotice {
            id: NoticeId::from_uuid(work.fresh_id()),
            client: judged.client,
            kind: NoticeKind::ReturnJudged,
            appointment: None,
            data: NoticeData { handed_back, ..NoticeData::written(title, sentences) },
            due_at: work.now,
        };
        work.tx.notices_to_rep(rep, &[notice], work.now).await?;
        Ok(())
    }
}
