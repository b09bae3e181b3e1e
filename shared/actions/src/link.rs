//! Signed links: a new key for those made from now on, and the end of those made until now, of one rep or about one delivery.

use jiff::Timestamp;
use ripen_domain::{
    actor::Permission,
    id::{ClientId, DeliveryId, RepId},
};
use ripen_store::{
    StoreError,
    signing_key::NewLinkKey,
    team::rep::{RepChange, RepSettings},
};
use serde_json::json;

use crate::{Action, FieldErrors, Refusal, Work, rep, work::AuditChange};

/// Makes a new key of links. Those signed with the former ones go on until their own time is over, unless they are ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct RotateLinkKey {
    /// What the former keys signed opens nothing any more, as soon as the new one signs: one of them is in wrong hands.
    pub end_former: bool,
}

impl Action for RotateLinkKey {
    type Done = NewLinkKey;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<NewLinkKey, Refusal> {
        // The firm's, not a client's: every client's links are signed with it.
        if work.scope().client_uuid().is_some() {
            return Err(Refusal::Forbidden { who: work.actor.to_string() });
        }
        let made = match work.tx.link_key_add(work.now).await {
            Err(StoreError::Taken(_)) => {
                let why = "another key was made at the same time: it counts for both".to_owned();
                return Err(Refusal::conflict("rotated_meanwhile", why));
            }
            made => made?,
        };
        let ended = if self.end_former { work.tx.link_keys_end_former(made).await? } else { 0 };
        let after = json!({"number": made.number, "signs_from": made.signs_from, "former_ended": ended});
        let change = AuditChange { client: None, before: None, after: Some(after) };
        work.changed("link.rotate", format!("link key {}", made.number), change);
        Ok(made)
    }
}

/// Whose links are ended.
#[derive(Debug, Clone)]
pub enum LinkHolder {
    /// A rep: their page, and the pages of all that was delivered or offered to them.
    Rep {
        /// Id; with a client a name or e-mail address too.
        rep: String,
        /// The client's slug.
        client: Option<String>,
    },
    /// Whoever has a link about this delivery.
    Delivery(DeliveryId),
}

/// Ends the links that were made until now. Links made later work.
#[derive(Debug, Clone)]
pub struct RevokeLinks {
    /// Whose.
    pub of: LinkHolder,
}

/// Links that were ended.
#[derive(Debug, Clone)]
pub struct RevokedLinks {
    /// The rep or the delivery.
    pub of: String,
    /// Links made before open nothing.
    pub since: Timestamp,
}

impl Action for RevokeLinks {
    type Done = RevokedLinks;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<RevokedLinks, Refusal> {
        let scope = work.scope();
        let of = match &self.of {
            LinkHolder::Delivery(id) => {
                let ended = work.tx.delivery_links_end(scope, *id, work.now).await?;
                let ended = ended.ok_or_else(|| Refusal::missing("delivery", id))?;
                let (before, after) = (json!({"links_since": ended.before}), json!({"links_since": work.now}));
                work.changed("link.revoke", id, AuditChange::of(ended.client, before, after));
                id.to_string()
            }
            LinkHolder::Rep { rep, client } => {
                let (rep, client) = found(work, rep, client.as_deref()).await?;
                let before = settings(work, rep).await?;
                let change = RepChange { revoke_links: true, ..RepChange::default() };
                work.tx.rep_set(scope, rep, &change, work.now).await?;
                let (before, after) = (json!({"links_since": before.links_since}), json!({"links_since": work.now}));
                work.changed("link.revoke", rep, AuditChange::of(client, before, after));
                rep.to_string()
            }
        };
        Ok(RevokedLinks { of, since: work.now })
    }
}

/// The rep that is meant, and whose it is.
async fn found(work: &mut Work<'_>, rep: &str, client: Option<&str>) -> Result<(RepId, ClientId), Refusal> {
    let scope = work.scope();
    let Some(slug) = client else {
        // A name may be shared by clients; an id is one rep's.
        let id: RepId = rep.parse().map_err(|_| {
            let why = format!("{rep:?} is no id of a rep: name the client too, or give the id");
            Refusal::field("rep", "ambiguous", why)
        })?;
        let client = work.tx.rep_client(scope, id).await?.ok_or_else(|| Refusal::missing("rep", id))?;
        return Ok((id, client));
    };
    let mut errors = FieldErrors::default();
    let client = work.client(slug, &mut errors).await?;
    let rep = match &client {
        Some(client) => rep::find(&work.tx.reps(scope, client.id).await?, client, rep, &mut errors),
        None => None,
    };
    errors.finish()?;
    let found = rep.zip(client).map(|(rep, client)| (rep, client.id));
    found.ok_or_else(|| Refusal::missing("client", slug))
}

async fn settings(work: &mut Work<'_>, rep: RepId) -> Result<RepSettings, Refusal> {
    let found = work.tx.rep_settings(work.scope(), rep).await?;
    found.ok_or_else(|| Refusal::missing("rep", rep))
}
