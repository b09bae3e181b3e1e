//! Leads that a merge took over or closed, when that is undone.

use jiff_sqlx::ToSqlx;
use ripen_domain::id::LeadId;
use uuid::Uuid;

use crate::{StoreError, Transaction, person::unmerge::MergeRecord};

fn ids(leads: &[LeadId]) -> Vec<Uuid> {
    leads.iter().map(|lead| lead.uuid()).collect()
}

impl Transaction {
    /// Each lead is again its person's.
    pub(crate) async fn leads_of_merge_give_back(&mut self, merge: &MergeRecord) -> Result<(), StoreError> {
        sqlx::query!(
            "-- lead.of_merge_give_back
            update lead l set person_id = s.person_id
            from person_merge_row r cross join lateral jsonb_populate_record(null::lead, r.row) s
            where r.merge_id = $1 and r.of = 'lead' and l.id = s.id and l.person_id <> s.person_id",
            merge.id
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Leads that the merge closed.
    pub(crate) async fn leads_of_merge_ended(&mut self, merge: &MergeRecord) -> Result<Vec<LeadId>, StoreError> {
        let ended = sqlx::query_scalar!(
            "-- lead.of_merge_ended
            select l.id from person_merge_row r cross join lateral jsonb_populate_record(null::lead, r.row) s
            join lead l on l.id = s.id
            where r.merge_id = $1 and r.of = 'lead' and s.stage in ('lead', 'contact', 'opportunity') and l.id is distinct from $2
              and l.stage = 'closed' and l.closed_at = $3 order by l.id",
            merge.id,
            merge.goes_on.map(LeadId::uuid) as Option<Uuid>,
            merge.at.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(ended.into_iter().map(LeadId::from_uuid).collect())
    }

    /// What went over from them is theirs alone again.
    pub(crate) async fn lead_said_give_back(
        &mut self,
        merge: &MergeRecord,
        ended: &[LeadId],
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- lead.said_give_back
            with unanswered as (
              delete from answer a using answer e
              where a.lead_id = $2 and e.lead_id = any($3) and (a.question, a.at, a.origin) = (e.question, e.at, e.origin)
                and not exists (
                  select from person_merge_row r cross join lateral jsonb_populate_record(null::answer, r.row) s
                  where r.merge_id = $1 and r.of = 'answer'
                    and (s.lead_id, s.question, s.at, s.origin) = (a.lead_id, a.question, a.at, a.origin))
            )
            delete from note n using note e
            where n.lead_id = $2 and e.lead_id = any($3) and (n.at, n.by, n.text) = (e.at, e.by, e.text)
              and not exists (
                select from person_merge_row r cross join lateral jsonb_populate_record(null::note, r.row) s
                where r.merge_id = $1 and r.of = 'note' and (s.lead_id, s.at, s.by) = (n.lead_id, n.at, n.by)
                  and s.origin is not distinct from n.origin)",
            merge.id,
            merge.goes_on.map(LeadId::uuid) as Option<Uuid>,
            &ids(ended)
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Opens leads again that the merge closed, unless their person has another open one by now; what was counted on the other
    /// one for them is counted no more. Returns those that are open.
    pub(crate) async fn leads_of_merge_reopen(
        &mut self,
        merge: &MergeRecord,
        ended: &[LeadId],
    ) -> Result<Vec<LeadId>, StoreError> {
        let reopened = sqlx::query_scalar!(
            "-- lead.of_merge_reopen
            with was as materialized (
              select s.* from person_merge_row r cross join lateral jsonb_populate_record(null::lead, r.row) s
              where r.merge_id = $1 and r.of = 'lead'
            ), brought as (
              select sum(arrivals)::int as arrivals, sum(enquiries)::int as enquiries, min(first_arrived_at) as first_arrived_at,
                     max(last_arrived_at) as last_arrived_at, max(last_enquiry_at) as last_enquiry_at,
                     max(last_conversation_at) as last_conversation_at
              from was where id = any($3) having count(*) > 0
            ), uncounted as (
              update lead l set arrivals = greatest(l.arrivals - b.arrivals, 1),
                     enquiries = greatest(l.enquiries - b.enquiries, 1),
                     first_arrived_at = case when l.first_arrived_at = least(w.first_arrived_at, b.first_arrived_at)
                                             then w.first_arrived_at else l.first_arrived_at end,
                     last_arrived_at = case when l.last_arrived_at = greatest(w.last_arrived_at, b.last_arrived_at)
                                            then w.last_arrived_at else l.last_arrived_at end,
                     last_enquiry_at = case when l.last_enquiry_at = greatest(w.last_enquiry_at, b.last_enquiry_at)
                                            then w.last_enquiry_at else l.last_enquiry_at end,
                     in_bulk = case when l.last_enquiry_at = greatest(w.last_enquiry_at, b.last_enquiry_at) then w.in_bulk else l.in_bulk end,
                     touches_before = case when l.last_enquiry_at = greatest(w.last_enquiry_at, b.last_enquiry_at)
                                           then coalesce(w.touches_before, 0) else l.touches_before end,
                     last_conversation_at = case when l.last_conversation_at = greatest(w.last_conversation_at, b.last_conversation_at)
                                                 then w.last_conversation_at else l.last_conversation_at end
              from was w cross join brought b where l.id = $2 and w.id = l.id
            )
            update lead l set stage = w.stage, closed_at = null, closed_reason = null, closed_code = null, goes_on_as = null from was w
            where l.id = any($3) and w.id = l.id and not exists (
              select from lead o where o.person_id = l.person_id and o.program_id = l.program_id and o.id <> l.id
                and o.stage in ('lead', 'contact', 'opportunity'))
            returning l.id",
            merge.id,
            merge.goes_on.map(LeadId::uuid) as Option<Uuid>,
            &ids(ended)
        )
        .fetch_all(self.connection())
        .await?;
        Ok(reopened.into_iter().map(LeadId::from_uuid).collect())
    }
}
