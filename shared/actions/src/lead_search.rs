//! Leads by anything that is typed.

use ripen_domain::{
    actor::{Actor, Permission},
    search::SearchKeys,
};
use ripen_store::lead::{
    list::ListedLead,
    search::{LeadsFound, SearchedLeads},
};

use crate::{Actions, Refusal, lead_next::note_next, lead_withhold::withhold, work::permit};

/// So many are shown; whoever finds more types more.
pub const FOUND_AT_MOST: usize = 50;

/// What was found.
#[derive(Debug)]
pub struct FoundLeads {
    /// The leads, those that arrived last first.
    pub leads: Vec<ListedLead>,
    /// There are more.
    pub has_more: bool,
    /// So many could be meant that not all were looked at: newer ones may be missing.
    pub is_cut: bool,
}

/// The leads in the actor's scope that a text could mean. Whoever does not work leads finds by words those alone that were handed
/// over and may be contacted, and by an id any, without who it is.
///
/// # Errors
/// `Forbidden` for whoever has no account.
pub async fn search(actions: &Actions, actor: &Actor, typed: &str) -> Result<FoundLeads, Refusal> {
    permit(actor, Permission::Own)?;
    let keys = SearchKeys::read(typed);
    if keys.is_empty() {
        return Ok(FoundLeads { leads: Vec::new(), has_more: false, is_cut: false });
    }
    let limit = i64::try_from(FOUND_AT_MOST).unwrap_or(i64::MAX).saturating_add(1);
    let wanted = SearchedLeads { keys: &keys, only_handed_over: !actor.may(Permission::Work), limit };
    let LeadsFound { leads: mut found, by_id, is_cut } = actions.store.leads_search(actor.scope(), wanted).await?;
    let has_more = is_cut || found.len() > FOUND_AT_MOST;
    found.truncate(FOUND_AT_MOST);
    let mut leads = actions.store.leads_of_list(actor.scope(), &found).await?;
    // That it was found by words would say whose name or number it has.
    let withheld = withhold(actions, actor, &mut leads).await?;
    leads.retain(|lead| !withheld.contains(&lead.id) || by_id.contains(&lead.id));
    note_next(actions, actor, &mut leads).await?;
    Ok(FoundLeads { leads, has_more, is_cut })
}
