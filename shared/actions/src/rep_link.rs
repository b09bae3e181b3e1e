//! A new link to a rep's page, mailed to the rep where the one at hand is too old.

use jiff::tz::TimeZone;
use ripen_domain::{
    actor::Permission,
    id::{NoticeId, RepId},
};
use ripen_store::notice::owe::{NewNotice, NoticeData, NoticeKind, RepOnce};
use serde_json::json;

use crate::{Action, Refusal, Work, work::AuditChange};

/// Mails a rep a new link to their page: to the address that is known of them and to no other, so that whoever found an old link
/// gains nothing.
#[derive(Debug, Clone, Copy)]
pub struct RenewRepLink {
    /// The rep.
    pub rep: RepId,
}

impl Action for RenewRepLink {
    /// Whether it is owed now; it was asked for today already where not.
    type Done = bool;

    const PERMISSION: Permission = Permission::Report;

    async fn act(&self, work: &mut Work<'_>) -> Result<bool, Refusal> {
        work.actions.can_mail_links()?;
        let scope = work.scope();
        let client = work.tx.rep_client(scope, self.rep).await?;
        let client = client.ok_or_else(|| Refusal::missing("rep", self.rep))?;
        let notice = NewNotice {
            id: NoticeId::from_uuid(work.fresh_id()),
            client,
            kind: NoticeKind::RepLink,
            appointment: None,
            data: NoticeData::rep_link(self.rep),
            due_at: work.now,
        };
        // One a day: somebody who finds an old link must not fill a mailbox.
        let key = format!("rep_link:{}:{}", self.rep, work.now.to_zoned(TimeZone::UTC).date());
        let once = RepOnce { rep: self.rep, key: &key };
        let is_new = work.tx.notice_to_rep_once(scope, once, &notice, work.now).await?;
        if is_new {
            work.changed("rep.renew_link", self.rep, AuditChange::added(client, json!({"mailed": true})));
        }
        Ok(is_new)
    }
}
