//! Pages for people who sign in, and the same as an API under `/api/v1`: agents, managers, admins, brokers.
//!
//! A page parses, calls one action or one reading function, and shows what came back. Who asks is a [`viewer::Viewer`];
//! what its role may not see does not exist for it: 404, and no link that leads there.

pub mod account;
pub mod api;
pub mod assets;
pub mod audit;
mod clocks;
pub mod csrf;
pub mod csrf_token;
pub mod errors;
pub mod forgotten;
pub mod frame;
pub mod handover;
pub mod home;
mod hour_cycle;
mod kept_form;
pub mod keys;
pub mod leads;
mod letters;
pub mod live;
mod named;
pub mod phone;
mod points;
pub mod queues;
pub mod refused;
pub mod routes;
pub mod sign_in;
mod slots;
pub mod style;
pub mod users;
pub mod viewer;
pub mod welcome;
pub mod when;
pub mod work;
pub mod work_api;

use ripen_store::StoreError;

use crate::context::DeskContext;

/// Forgets sessions that are over, wrong passwords of long ago, old drafts and what can be taken back no more; gives how many. To be called now and then.
///
/// # Errors
/// When the database is away: what is over opens nothing meanwhile.
pub async fn forget(context: &DeskContext) -> Result<u64, StoreError> {
    let now = context.clock.now();
    let store = &context.store;
    let signed_in = store.sessions_forget(now).await? + store.sign_in_forget(now).await?;
    Ok(signed_in
        + store.desk_undo_forget(now).await?
        + store.desk_drafts_forget(now).await?
        + store.leads_wake_forgotten().await?)
}
