//! Passwords of users: hashed off the threads that serve requests, and changed by their owner or by whoever opened a link that was
//! mailed to them. A new password ends every other session, and one set by a link or an admin every token.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    id::UserId,
    user::{HashedPassword, LockOut, Password},
};
use ripen_runtime::random::bytes32;
use ripen_store::{
    StoreError,
    user::{account::UserChange, failure::failure_key},
};
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check,
    work::{AuditChange, permit},
};

/// So many passwords are hashed at once: each takes 19 MiB and a processor, and whoever knows the page can ask for it.
static AT_ONCE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// What is kept of a password.
///
/// # Errors
/// When it cannot be hashed.
pub(crate) async fn hashed(password: &Password) -> Result<HashedPassword, Refusal> {
    let place = Arc::clone(&AT_ONCE).acquire_owned().await.ok();
    let password = password.clone();
    let mut salt = [0; 16];
    salt.copy_from_slice(&bytes32()[..16]);
    // The place goes with the work, which goes on where whoever asked hangs up.
    let hashing = spawn_blocking(move || {
        let made = password.hash(salt);
        drop(place);
        made
    });
    let made = hashing.await;
    let broken = |why: String| Refusal::Store(StoreError::Failed(why));
    made.map_err(|error| broken(error.to_string()))?.map_err(|error| broken(error.to_string()))
}

/// A turn at looking at a password. The count of wrong ones is read and written within it: read before, a thousand requests at once
/// would all be let through before the first of them is counted.
pub(crate) struct PasswordTurn {
    place: Option<Arc<OwnedSemaphorePermit>>,
}

impl PasswordTurn {
    /// Waits for one.
    pub(crate) async fn wait() -> Self {
        Self { place: Arc::clone(&AT_ONCE).acquire_owned().await.ok().map(Arc::new) }
    }

    /// Whether a password is the one that is kept; where none is kept, as long is taken to say no, or the time of the answer would
    /// tell which addresses have an account.
    pub(crate) async fn is_right(&self, password: &Password, kept: Option<HashedPassword>) -> bool {
        let password = password.clone();
        let kept = kept.unwrap_or_else(HashedPassword::of_nobody);
        let place = self.place.clone();
        let looking = spawn_blocking(move || {
            let is_right = kept.is(&password);
            drop(place);
            is_right
        });
        looking.await.unwrap_or(false)
    }
}

/// Sets a password: the owner's own, after the old one was checked, or by an admin or a mailed link.
#[derive(Debug, Clone)]
pub struct SetPassword {
    /// Whose.
    pub user: UserId,
    /// As typed.
    pub chosen: Password,
    /// The session that goes on; all others end.
    pub but: Option<[u8; 32]>,
    /// When the mailed link was made that it is set by.
    pub by_link: Option<Timestamp>,
    /// The clock that is chosen with it, an IANA name, an inner none for the browser's; none for what it is.
    pub time_zone: Option<Option<String>>,
}

/// Sets a password. A function around its action, because hashing takes its time, and no transaction is open meanwhile.
///
/// # Errors
/// `Invalid` where it is too weak or the time zone is none, `Conflict` where the link was used or ended, `Missing` where there is no such user.
pub async fn set(actions: &Actions, actor: &Actor, set: &SetPassword) -> Result<(), Refusal> {
    permit(actor, Permission::Own)?;
    let user = actions.store.user(set.user).await?.ok_or_else(|| Refusal::missing("user", set.user))?;
    let mut errors = FieldErrors::default();
    if let Some(Some(zone)) = &set.time_zone {
        errors.take("time_zone", check::time_zone(zone));
    }
    let password = match Password::chosen(set.chosen.reveal(), &user.email) {
        Ok(password) => password,
        Err(why) => {
            errors.add("password", "weak", why.to_string());
            return errors.finish();
        }
    };
    errors.finish()?;
    let kept = KeepPassword {
        user: set.user,
        hashed: hashed(&password).await?,
        but: set.but,
        by_link: set.by_link,
        time_zone: set.time_zone.clone(),
    };
    actions.run(actor, &kept).await
}

struct KeepPassword {
    user: UserId,
    hashed: HashedPassword,
    but: Option<[u8; 32]>,
    by_link: Option<Timestamp>,
    time_zone: Option<Option<String>>,
}

impl Action for KeepPassword {
    type Done = ();

    const PERMISSION: Permission = Permission::Own;

    async fn act(&self, work: &mut Work<'_>) -> Result<(), Refusal> {
        let user = work.tx.user_lock(self.user).await?.ok_or_else(|| Refusal::missing("user", self.user))?;
        // Whoever may not administer sets only their own.
        if !work.actor.may(Permission::Administer) && !work.actor.is_user(self.user) {
            return Err(Refusal::Forbidden { who: work.actor.to_string() });
        }
        // Under the lock: of two who follow one link at the same time, one sets the password.
        if self.by_link.is_some_and(|made| made < user.links_since || user.is_paused) {
            return Err(Refusal::conflict("link_over", "this link was used already, or was ended"));
        }
        work.tx.user_set_password(self.user, &self.hashed, work.now).await?;
        let ended = work.tx.sessions_end(self.user, self.but.as_ref(), work.now).await?;
        // Set by a link or by an admin it is set because somebody else may know what there was.
        let tokens = match self.by_link.is_some() || !work.actor.is_user(self.user) {
            true => work.tx.user_tokens_revoke(self.user, work.now).await?,
            false => 0,
        };
        let after = json!({"sessions_ended": ended, "tokens_revoked": tokens, "by_link": self.by_link.is_some()});
        work.changed(
            "user.set_password",
            self.user,
            AuditChange { client: user.client, before: None, after: Some(after) },
        );
        if let Some(zone) = self.time_zone.as_ref().filter(|zone| **zone != user.time_zone) {
            let change = UserChange { time_zone: Some(zone.clone()), ..UserChange::default() };
            work.tx.user_set(self.user, &change, work.now).await?;
            let (before, after) = (json!({"time_zone": user.time_zone}), json!({"time_zone": zone}));
            let change = AuditChange { client: user.client, before: Some(before), after: Some(after) };
            work.changed("user.set", self.user, change);
        }
        Ok(())
    }
}

/// Another password of whoever asks, who knows the one until now.
#[derive(Debug, Clone)]
pub struct ChangePassword {
    /// The one until now, as typed.
    pub old: Password,
    /// What is set.
    pub set: SetPassword,
}

/// Changes the password of whoever asks. A function and no action, because looking at the old one takes its time, and nobody's rows
/// may be locked meanwhile.
///
/// # Errors
/// `Invalid` where the old one is another, or the new one is too weak.
pub async fn change(actions: &Actions, actor: &Actor, change: &ChangePassword) -> Result<(), Refusal> {
    if !actor.is_user(change.set.user) {
        return Err(Refusal::Forbidden { who: actor.to_string() });
    }
    let now = actions.clock.now();
    let user = actions.store.user(change.set.user).await?.ok_or_else(|| Refusal::missing("user", change.set.user))?;
    // Counted like a sign-in: whoever sits at a browser that was left open must not try passwords for ever.
    let key = failure_key(LockOut::Account, &user.email);
    let turn = PasswordTurn::wait().await;
    if actions.store.sign_in_locked(&[key], now).await?.is_some() {
        return Err(Refusal::field("old", "locked", "too many wrong passwords: wait some minutes"));
    }
    let mut errors = FieldErrors::default();
    if !turn.is_right(&change.old, actions.store.user_hashed_password(user.id).await?).await {
        actions.store.sign_in_failed(LockOut::Account, key, now).await?;
        errors.add("old", "wrong", "this is not the password");
    }
    // Told together: whoever mends the one would hear of the other only then.
    if let Err(why) = Password::chosen(change.set.chosen.reveal(), &user.email) {
        errors.add("password", "weak", why.to_string());
    }
    errors.finish()?;
    // Before the new one waits for a turn of its own.
    drop(turn);
    set(actions, actor, &change.set).await
}
