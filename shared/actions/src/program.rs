//! Programs: lines of business. One comes into being with the first criteria that are activated under its name.

use ripen_domain::actor::{Actor, Permission};
use ripen_store::program::program_record::ProgramRecord;

use crate::{Actions, Refusal, work::permit};

/// All programs, by name.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<ProgramRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.programs(actor.scope()).await?)
}
