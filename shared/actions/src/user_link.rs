//! Mailed links by which users choose a password: an invitation to who was added, another one for who forgot theirs. The dispatcher
//! makes the link when it sends the mail; nothing of it is stored. A link works once: setting a password ends those made before.

use ripen_domain::{
    actor::{Actor, Permission, System},
    id::{NoticeId, UserId},
    link::OpenedLink,
    user::{LockOut, Password},
};
use ripen_store::{
    notice::owe::{NoticeKind, UserOnce},
    user::{account::UserRecord, failure::failure_key},
};
use serde_json::json;

use crate::{
    Action, Actions, Refusal, Work,
    sign_in::{SignedIn, begin, with_actor},
    user_password::{SetPassword, set},
    work::AuditChange,
};

/// So many seconds lie between two mails to one user by which a forgotten password is chosen again: nobody's mailbox is filled by
/// who knows the address.
const RESETS_EVERY_S: i64 = 600;
/// The same for invitations, which an admin mails: a request that comes twice mails one.
const INVITES_EVERY_S: i64 = 60;

/// Owes a user a mail with a link; whether it is new.
pub(crate) async fn owe(work: &mut Work<'_>, user: &UserRecord, kind: NoticeKind) -> Result<bool, Refusal> {
    work.actions.can_mail_links()?;
    let every = if kind == NoticeKind::UserInvited { INVITES_EVERY_S } else { RESETS_EVERY_S };
    // By when the user's links were ended too: what was mailed before that leads nowhere.
    let (since, time) = (user.links_since.as_microsecond(), work.now.as_second() / every);
    let user = user.id;
    let key = format!("{kind}:{user}:{since}:{time}");
    let once = UserOnce { id: NoticeId::from_uuid(work.fresh_id()), user, kind, key: &key };
    let is_new = work.tx.notice_to_user_once(once, work.now).await?;
    if is_new {
        let after = json!({"mailed": kind.word()});
        work.changed("user.mail_link", user, AuditChange { client: None, before: None, after: Some(after) });
    }
    Ok(is_new)
}

/// Mails somebody an invitation to choose a password, again where an earlier one was lost.
#[derive(Debug, Clone, Copy)]
pub struct InviteUser {
    /// Who.
    pub user: UserId,
}

impl Action for InviteUser {
    /// Whether it is owed now; it was within the last minute where not.
    type Done = bool;

    const PERMISSION: Permission = Permission::Administer;

    async fn act(&self, work: &mut Work<'_>) -> Result<bool, Refusal> {
        let user = work.tx.user_lock(self.user).await?.ok_or_else(|| Refusal::missing("user", self.user))?;
        if user.is_paused {
            return Err(Refusal::conflict("paused", "they are paused: let them sign in again first"));
        }
        if user.password_at.is_some() {
            let why = "they have a password already: whoever forgot it asks for another one on the page to sign in";
            return Err(Refusal::conflict("has_password", why));
        }
        owe(work, &user, NoticeKind::UserInvited).await
    }
}

struct MailReset {
    user: UserId,
}

impl Action for MailReset {
    type Done = bool;

    const PERMISSION: Permission = Permission::Administer;

    async fn act(&self, work: &mut Work<'_>) -> Result<bool, Refusal> {
        let user = work.tx.user_lock(self.user).await?.ok_or_else(|| Refusal::missing("user", self.user))?;
        if user.is_paused { Ok(false) } else { owe(work, &user, NoticeKind::UserReset).await }
    }
}

/// Mails whoever has this address a link to choose another password. Whether anybody has it is told to nobody.
///
/// # Errors
/// When the database is away, or where no mail can have a link.
pub async fn forgotten(actions: &Actions, email: &str) -> Result<(), Refusal> {
    // Whoever has the address: an error for some alone would say who they are.
    actions.can_mail_links()?;
    let Some(user) = actions.store.user_by_email(&email.trim().to_lowercase()).await? else { return Ok(()) };
    // To the address that is known and to no other: whoever asks gains nothing by it.
    actions.run(&Actor::system(System::Desk), &MailReset { user: user.id }).await.map(|_| ())
}

/// The user who may choose a password by a link that was opened; none where it was used, or ended by a pause.
///
/// # Errors
/// When the database is away.
pub async fn invited(actions: &Actions, link: OpenedLink<UserId>) -> Result<Option<UserRecord>, Refusal> {
    let user = actions.store.user(link.id).await?;
    Ok(user.filter(|user| !user.is_paused && !link.is_ended_by(user.links_since)))
}

/// What somebody chose by a link.
#[derive(Debug, Clone)]
pub struct ChosenByLink {
    /// The password, as typed.
    pub password: Password,
    /// The clock by which they read times, an IANA name, an inner none for the browser's; none where they were not asked.
    pub time_zone: Option<Option<String>>,
}

/// Sets the password that was chosen by a link, and signs its user in.
///
/// # Errors
/// `Invalid` where it is too weak or the time zone is none, `Conflict` or `Missing` where the link is over.
pub async fn choose(
    actions: &Actions,
    link: OpenedLink<UserId>,
    chosen: ChosenByLink,
    agent: &str,
) -> Result<SignedIn, Refusal> {
    let user = invited(actions, link).await?.ok_or_else(|| Refusal::missing("user", link.id))?;
    let (user, actor) = with_actor(user);
    let ChosenByLink { password, time_zone } = chosen;
    let chosen = SetPassword { user: user.id, chosen: password, but: None, by_link: Some(link.made), time_zone };
    set(actions, &actor, &chosen).await?;
    // Whoever reads the mails of the address is let in, however many others tried out passwords.
    actions.store.sign_in_forgive(failure_key(LockOut::Account, &user.email)).await?;
    // With the password that was just set.
    let user = actions.store.user(user.id).await?.ok_or_else(|| Refusal::missing("user", link.id))?;
    begin(actions, (user, actor), agent).await
}
