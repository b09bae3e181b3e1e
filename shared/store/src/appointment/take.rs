//! Appointments of a lead that goes on as another.

use ripen_domain::id::LeadId;
use uuid::Uuid;

use crate::{StoreError, Transaction, person::unmerge::MergeRecord};

impl Transaction {
    /// Booked ones go over; what was only held for it is held for nobody.
    pub(crate) async fn appointments_of_lead_take(&mut self, goes_on: LeadId, ends: LeadId) -> Result<(), StoreError> {
        sqlx::query!(
            "-- appointment.of_lead_take
            update appointment set lead_id = $1 where lead_id = $2 and state = 'booked'",
            goes_on.uuid(),
            ends.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Those that a merge moved are again of the lead that they were booked for.
    pub(crate) async fn appointments_of_merge_give_back(&mut self, merge: &MergeRecord) -> Result<(), StoreError> {
        sqlx::query!(
            "-- appointment.of_merge_give_back
            update appointment a set lead_id = s.lead_id
            from person_merge_row r cross join lateral jsonb_populate_record(null::appointment, r.row) s
            where r.merge_id = $1 and r.of = 'appointment' and a.id = s.id and a.lead_id = $2",
            merge.id,
            merge.goes_on.map(LeadId::uuid) as Option<Uuid>
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
