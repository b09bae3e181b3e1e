//! How fast new criteria, or a change of program, reach open leads.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{CriteriaId, ProgramId};

use crate::{StoreError, Transaction};

/// Leads of a program regraded in a second at the least, however far they could be spread.
const LEAST_PACE: f64 = 50.0;
/// As many as there is work for: leads that no criteria have graded yet are not to wait.
const AT_ONCE: f64 = 1e6;

impl Transaction {
    /// Makes a version the active one of its program, at the pace that takes it to all open leads within `spread`.
    pub(crate) async fn program_use_criteria(
        &mut self,
        program: ProgramId,
        criteria: CriteriaId,
        spread: SignedDuration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // The pace is set once, by how many leads there are now. `paced_at` lies a second back, so that the first
        // sweep finds something allowed. Leads that no criteria ever graded are not spread: they wait for a grade.
        sqlx::query!(
            "-- program.use_criteria
            update program set criteria_id = $2, paced_at = $3::timestamptz - interval '1 second',
                               pace = case when criteria_id is null or $4::double precision <= 0 then $5::double precision else greatest($6::double precision, (
                                 select count(*) from lead where program_id = $1 and stage in ('lead', 'contact', 'opportunity')
                               )::double precision / $4) end
            where id = $1",
            program.uuid(),
            criteria.uuid(),
            now.to_sqlx(),
            spread.as_secs_f64(),
            AT_ONCE,
            LEAST_PACE
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has so many leads that came to a program regraded within `spread`, or faster where it is at a faster pace already.
    pub async fn program_take_leads(
        &mut self,
        program: ProgramId,
        leads: u64,
        spread: SignedDuration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        #[allow(clippy::cast_precision_loss, reason = "a pace need not be exact")]
        let pace = (leads as f64 / spread.as_secs_f64().max(1.0)).max(LEAST_PACE);
        // The faster of the two: leads that came from another program must not slow down what is under way.
        sqlx::query!(
            "-- program.set_pace
            update program set pace = greatest($2, case when paced_at > $3 then pace end), paced_at = $4 where id = $1",
            program.uuid(),
            pace,
            now.checked_sub(spread).unwrap_or(now).to_sqlx(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
