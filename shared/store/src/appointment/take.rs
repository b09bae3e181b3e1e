//! Appointments of a lead that goes on as another.

use ripen_domain::id::LeadId;

use crate::{StoreError, Transaction};

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
}
