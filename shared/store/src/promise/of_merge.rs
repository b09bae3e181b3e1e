//! Promises that a merge ended, when that is undone.

use jiff_sqlx::ToSqlx;

use crate::{StoreError, Transaction, person::unmerge::MergeRecord};

impl Transaction {
    /// Makes promises again of open leads that the merge ended. That somebody has to say whose a lead is, only where it waits for
    /// that.
    pub(crate) async fn promises_of_merge_restore(&mut self, merge: &MergeRecord) -> Result<(), StoreError> {
        sqlx::query!(
            "-- promise.of_merge_restore
            update promise p set state = s.state, offered_until = s.offered_until, ended_at = null, ended_by = null, ended_why = null
            from person_merge_row r cross join lateral jsonb_populate_record(null::promise, r.row) s
            join lead l on l.id = s.lead_id and l.stage in ('lead', 'contact', 'opportunity')
            where r.merge_id = $1 and r.of = 'promise' and p.lead_id = s.lead_id and p.generation = s.generation and p.ended_at = $2
              and not exists (select from promise o where o.lead_id = p.lead_id and o.kind = p.kind and o.state in ('scheduled', 'work'))
              and (p.kind <> 'same_person'
                   or exists (select from delivery d where d.lead_id = p.lead_id and d.state = 'held' and d.same_as is not null))",
            merge.id,
            merge.at.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
