//! Deliveries that are owed no more: of leads that are no longer A, and of leads that end or are taken back.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::LeadId;
use uuid::Uuid;

use crate::{
    StoreError, Transaction,
    delivery::held::{UNDECIDED, UNDECIDED_WAITS},
    person::unmerge::MergeRecord,
};

/// What of a lead that ends goes out all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeptDeliveries {
    /// Nothing.
    None,
    /// What is owed to the client's programs: the lead is the client's, and its books would lack it.
    OfPrograms,
}

/// A lead that is A again and that its client has all the time.
#[derive(Debug, Clone, Copy)]
pub struct OwedAgain {
    /// It.
    pub lead: LeadId,
    /// When what is owed of it may go, which is also until when it can be taken back.
    pub due: Timestamp,
    /// It is told with what is new, and with all that was said before: nothing of that is owed beside it.
    pub has_news: bool,
}

/// Why a delivery waits that nobody has yet, in words: without them nobody who sees it wait knows that it can be taken back.
pub const CAN_BE_TAKEN_BACK: &str = "can be taken back until then";
/// Why what nobody was sent yet is withdrawn when its lead's grade falls, in words. Where the lead is A again it is found by its code.
const NO_LONGER_A: &str = "the lead is no longer A";

impl Transaction {
    /// Stops what is owed of leads that end or that their client no longer has, attempted or not, each with why; returns how
    /// many deliveries. What is under way is stopped by the next lease.
    pub(crate) async fn deliveries_end(
        &mut self,
        ended: &[(LeadId, String)],
        kept: KeptDeliveries,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let leads: Vec<_> = ended.iter().map(|(lead, _)| *lead).collect();
        self.offers_over(&leads, now).await?;
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let reasons: Vec<_> = ended.iter().map(|(_, why)| why.clone()).collect();
        // Attempted ones too, unlike a down-grade: a retry would hand over a lead that is over or was taken back. What was
        // delivered once and is to be sent again stays delivered.
        let done = sqlx::query!(
            "-- delivery.end
            update delivery d set state = v.ends_as, reason = n.why, reason_code = null, ended_at = coalesce(d.first_delivered_at, $3)
            from (select ($1::uuid[])[i] as lead_id, ($2::text[])[i] as why from generate_subscripts($1::uuid[], 1) i) n, delivery_over v
            where d.lead_id = n.lead_id and v.delivery_id = d.id and d.state in ('pending', 'held') and d.event in ('lead.matured', 'lead.offered', 'lead.updated')
              and not ($4 and d.event <> 'lead.offered' and exists (select from endpoint e where e.id = d.endpoint_id and e.kind = 'webhook'))",
            &leads,
            &reasons,
            now.to_sqlx(),
            kept == KeptDeliveries::OfPrograms
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Owes again what was withdrawn, never attempted, because its lead was no longer A: the lead itself where somebody else of the client
    /// has it, and what was said of it where nothing was told since. That they were no A is told to nobody who was not told yet.
    pub async fn deliveries_owe_again(&mut self, leads: &[OwedAgain], now: Timestamp) -> Result<(), StoreError> {
        let ids: Vec<_> = leads.iter().map(|one| one.lead.uuid()).collect();
        let due: Vec<_> = leads.iter().map(|one| one.due.to_sqlx()).collect();
        let has_news: Vec<_> = leads.iter().map(|one| one.has_news).collect();
        // What was said was in the news of the grade, which goes now: where nobody was sent that, and nothing else says it, it is lost.
        sqlx::query!(
            "-- delivery.owe_again
            update delivery d set state = 'pending', reason = case when n.due > $3 then $4::text end, reason_code = null, ended_at = null, followed_up_at = null, in_line = false, due_at = n.due, undo_until = n.due, offered_until = $3
            from unnest($1::uuid[], $2::timestamptz[], $5::boolean[]) n (lead_id, due, has_news)
            where d.lead_id = n.lead_id and d.endpoint_id is not null and d.state = 'withdrawn' and d.attempts = 0
              and (d.event = 'lead.matured'
                   or d.event = 'lead.updated' and not n.has_news and d.said ->> 'kind' is distinct from 'grade'
                      and not exists (select from delivery u where u.maturation_id = d.maturation_id and u.endpoint_id = d.endpoint_id
                                        and u.event = 'lead.updated' and u.attempts > 0 and u.created_at >= d.ended_at))
              and delivery_reason_code(d.reason_code, d.reason) = 'no_longer_a'
              and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)",
            &ids,
            &due as &[jiff_sqlx::Timestamp],
            now.to_sqlx(),
            CAN_BE_TAKEN_BACK,
            &has_news
        )
        .execute(self.connection())
        .await?;
        self.grade_events_withdraw(&ids, now).await
    }

    /// Withdraws the news of leads' last grade that nobody was sent yet: sent now, it would say what is no longer so.
    async fn grade_events_withdraw(&mut self, leads: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- delivery.grade_events_withdraw
            update delivery set state = 'withdrawn', reason = 'the lead is A again', reason_code = null, ended_at = $2
            where lead_id = any($1) and event = 'lead.updated' and said ->> 'kind' = 'grade' and state in ('pending', 'held') and attempts = 0",
            leads,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Withdraws what was never attempted of leads that are no longer A.
    pub async fn deliveries_withdraw(&mut self, leads: &[LeadId], now: Timestamp) -> Result<(), StoreError> {
        self.offers_over(leads, now).await?;
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // Never attempted and not under lease: a client that may have received a lead must not find it withdrawn
        // without being told. News that waits for this decision, and that no touch but a
        // decision made, is of the conversation that was taken back: it is owed never again.
        sqlx::query!(
            "-- delivery.withdraw
            update delivery set state = 'withdrawn', ended_at = $3,
                   reason = case when event = 'lead.updated' and reason_code = 'undecided' and not exists (select from touch t where t.id = cause) then 'taken back' else $2::text end,
                   reason_code = case when event = 'lead.updated' and reason_code = 'undecided' and not exists (select from touch t where t.id = cause) then null else 'no_longer_a' end
            where lead_id = any($1) and state in ('pending', 'held') and attempts = 0 and event in ('lead.matured', 'lead.offered', 'lead.updated')
              -- That what was told is somebody else's is told whatever the lead is now.
              and said ->> 'kind' is distinct from 'corrected'",
            &leads,
            NO_LONGER_A,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Stops what nobody has of a lead until it is decided again, what it would be told of its grade included: a disposition was taken
    /// back. What is routed again waits too, where it is routed.
    pub(crate) async fn deliveries_stop_until_decided(
        &mut self,
        lead: LeadId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // A lease that is faster is waited for, and counts as an attempt: who was sent it is told of the grade. One that is slower finds
        // another date. Withdrawn they would be lost where the lead is A all the same: nothing would owe them again.
        sqlx::query!(
            "-- delivery.stop_until_decided
            update delivery set state = 'held', reason = $2, reason_code = 'undecided', in_line = false, due_at = greatest(due_at, $3), offered_until = $4
            where id = any(array(
              select id from delivery
              where lead_id = $1 and endpoint_id is not null and state in ('pending', 'held') and attempts = 0
                and (event in ('lead.matured', 'lead.offered') or event = 'lead.updated' and said ->> 'kind' in ('grade', 'conversation'))
              order by id for update))",
            lead.uuid(),
            UNDECIDED,
            now.saturating_add(UNDECIDED_WAITS).unwrap_or(now).to_sqlx(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has what waited for the decision of these leads go out, after that decision withdrew what it was to withdraw.
    pub(crate) async fn deliveries_of_decided(&mut self, leads: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- delivery.of_decided
            update delivery set state = case when endpoint_id is null then 'held' else 'pending' end, reason = case when undo_until > $2 then $3::text end, reason_code = null,
                   due_at = greatest($2, undo_until), offered_until = $2
            where lead_id = any($1) and state = 'held' and attempts = 0 and reason_code = 'undecided'",
            leads,
            now.to_sqlx(),
            CAN_BE_TAKEN_BACK
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Withdraws what a touch would have told clients, where it was not sent yet: the touch was taken back. Also what is withdrawn already
    /// because the grade fell, or it would be owed again with the grade.
    pub(crate) async fn updates_withdraw(
        &mut self,
        lead: LeadId,
        cause: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- delivery.updates_withdraw
            update delivery set state = 'withdrawn', reason = 'taken back', reason_code = null, ended_at = $3
            where lead_id = $1 and cause = $2 and event = 'lead.updated' and attempts = 0
              and (state in ('pending', 'held') or state = 'withdrawn' and delivery_reason_code(reason_code, reason) = 'no_longer_a')",
            lead.uuid(),
            cause,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Owes again what a merge stopped or let go and that was not sent since.
    pub(crate) async fn deliveries_of_merge_restore(
        &mut self,
        merge: &MergeRecord,
        ended: &[LeadId],
    ) -> Result<(), StoreError> {
        let ended: Vec<_> = ended.iter().map(|lead| lead.uuid()).collect();
        sqlx::query!(
            "-- delivery.of_merge_restore
            update delivery d set state = case s.state when 'leased' then 'pending' else s.state end, reason = s.reason, reason_code = s.reason_code,
                   same_as = s.same_as, due_at = s.due_at, offered_until = s.offered_until, ended_at = null
            from person_merge_row r cross join lateral jsonb_populate_record(null::delivery, r.row) s
            where r.merge_id = $1 and r.of = 'delivery' and d.id = s.id
              and (d.state = 'withdrawn' and d.ended_at >= $2 and d.lead_id = any($3)
                   or s.same_as is not null and d.state = 'held' and d.same_as is null and d.endpoint_id is null)",
            merge.id,
            merge.at.to_sqlx(),
            &ended
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
