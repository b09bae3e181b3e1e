//! Signing in and out. Whoever signs in is nobody yet: this is authentication, and makes the actor.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    actor::{Actor, Permission},
    hash::ContentHash,
    id::UserId,
    secret::Secret,
    user::{LockOut, Password, tries_left},
};
use ripen_runtime::random::bytes32;
use ripen_store::{
    StoreError,
    user::{
        account::UserRecord,
        failure::failure_key,
        session::{NewSession, SessionRecord},
    },
};
use serde_json::json;

use crate::{Action, Actions, Refusal, Work, user_password::PasswordTurn, work::AuditChange};

/// A session ends after so long, used or not: two weeks, so that who works every day types a password twice a month.
pub const SESSION_LASTS: SignedDuration = SignedDuration::from_hours(24 * 14);

/// What somebody typed to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The address of the account.
    pub email: String,
    /// The password.
    pub password: Password,
    /// The network address it came from: of IPv6 the /64 that one customer has.
    pub from: String,
    /// The browser, as it names itself.
    pub agent: String,
}

/// Somebody who is signed in now.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub user: UserRecord,
    /// The cookie's value: only its hash is kept.
    pub session: Secret,
    /// From when it opens nothing.
    pub expires_at: Timestamp,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SignInRefusal {
    /// Wrong address, wrong password, paused or not yet invited: which of them is told to nobody.
    #[error("this address and password do not belong together")]
    Wrong {
        /// How many more from here before a wait, once there are few: the same of an account that there is not.
        left: Option<u32>,
    },
    /// Too many wrong passwords came before.
    #[error("too many wrong passwords")]
    Locked {
        /// Until when nothing opens.
        until: Timestamp,
    },
    /// The session could not be made.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Signs somebody in.
///
/// # Errors
/// Why not.
pub async fn sign_in(actions: &Actions, typed: &SignIn) -> Result<SignedIn, SignInRefusal> {
    let email = typed.email.trim().to_lowercase();
    let account = failure_key(LockOut::Account, &email);
    let address = failure_key(LockOut::Address, &typed.from);
    let here = failure_key(LockOut::AccountFromAddress, &format!("{}\n{email}", typed.from));
    let keys = CountedKeys { account, address, here };
    // Before a turn is waited for, so that whoever is locked out keeps nobody else waiting; and within it, where it counts.
    unlocked(actions, &[account, address]).await?;
    let turn = PasswordTurn::wait().await;
    unlocked(actions, &[account, address]).await?;
    // Counted also where whoever asked hangs up before the answer.
    let (own, tried) = (actions.clone(), typed.password.clone());
    let looking = tokio::spawn(async move { look(&own, turn, (&email, &tried), keys).await });
    let user = looking.await.map_err(|error| Refusal::Store(StoreError::Failed(error.to_string())))??;
    match begin(actions, with_actor(user), &typed.agent).await {
        // Paused or another password set since it was looked at.
        Err(Refusal::Conflict { .. }) => Err(SignInRefusal::Wrong { left: None }),
        begun => Ok(begun?),
    }
}

/// Under which wrong passwords are counted.
#[derive(Clone, Copy)]
struct CountedKeys {
    account: ContentHash,
    address: ContentHash,
    /// Of the account from the address.
    here: ContentHash,
}

/// Looks a password up and at, and counts what came of it; gives whose it is.
async fn look(
    actions: &Actions,
    turn: PasswordTurn,
    (email, password): (&str, &Password),
    keys: CountedKeys,
) -> Result<UserRecord, SignInRefusal> {
    let now = actions.clock.now();
    let user = actions.store.user_by_email(email).await.map_err(Refusal::from)?;
    let kept = match &user {
        Some(user) if !user.is_paused => actions.store.user_hashed_password(user.id).await.map_err(Refusal::from)?,
        _ => None,
    };
    let is_right = turn.is_right(password, kept).await;
    let (Some(user), true) = (user, is_right) else {
        for (of, key) in [(LockOut::Account, keys.account), (LockOut::Address, keys.address)] {
            actions.store.sign_in_failed(of, key, now).await.map_err(Refusal::from)?;
        }
        let of = LockOut::AccountFromAddress;
        let failures = actions.store.sign_in_failed(of, keys.here, now).await.map_err(Refusal::from)?;
        return Err(SignInRefusal::Wrong { left: tries_left(of, failures) });
    };
    for key in [keys.account, keys.here] {
        actions.store.sign_in_forgive(key).await.map_err(Refusal::from)?;
    }
    // The address's count goes down by one and not to nothing: one right password among many wrong ones must not buy many
    // more tries.
    actions.store.sign_in_ease(keys.address).await.map_err(Refusal::from)?;
    Ok(user)
}

/// Begins a session of whoever has just been recognised.
pub(crate) async fn begin(
    actions: &Actions,
    (user, actor): (UserRecord, Actor),
    agent: &str,
) -> Result<SignedIn, Refusal> {
    let now = actions.clock.now();
    let session = Secret::new("ss", bytes32());
    let expires_at = now.checked_add(SESSION_LASTS).unwrap_or(now);
    let agent = agent.chars().filter(|sign| !sign.is_control()).take(200).collect();
    actions
        .run(
            &actor,
            &BeginSession { user: user.id, verified: user.password_at, hash: session.hash(), expires_at, agent },
        )
        .await?;
    Ok(SignedIn { user, session, expires_at })
}

/// Before the password is looked at: else a lock-out would still let everybody try.
async fn unlocked(actions: &Actions, keys: &[ContentHash]) -> Result<(), SignInRefusal> {
    let locked = actions.store.sign_in_locked(keys, actions.clock.now()).await.map_err(Refusal::from)?;
    locked.map_or(Ok(()), |until| Err(SignInRefusal::Locked { until }))
}

/// Keeps a session of whoever has just been recognised.
struct BeginSession {
    user: UserId,
    /// When the password was set that was looked at.
    verified: Option<Timestamp>,
    hash: [u8; 32],
    expires_at: Timestamp,
    agent: String,
}

impl Action for BeginSession {
    type Done = ();

    const PERMISSION: Permission = Permission::Own;

    async fn act(&self, work: &mut Work<'_>) -> Result<(), Refusal> {
        let user = work.tx.user_lock(self.user).await?.ok_or_else(|| Refusal::missing("user", self.user))?;
        if user.is_paused || user.password_at > self.verified {
            return Err(Refusal::conflict(
                "sign_in_over",
                "another password was set meanwhile, or a pause: sign in again",
            ));
        }
        let new =
            NewSession { hash: self.hash, user: self.user, expires_at: self.expires_at, agent: self.agent.clone() };
        work.tx.session_add(&new, work.now).await?;
        let after = json!({"browser": self.agent});
        work.changed("user.sign_in", self.user, AuditChange { client: None, before: None, after: Some(after) });
        Ok(())
    }
}

/// Ends a session of whoever asks.
#[derive(Debug, Clone)]
pub struct SignOut {
    /// The session.
    pub hash: [u8; 32],
}

impl Action for SignOut {
    type Done = ();

    const PERMISSION: Permission = Permission::Own;

    async fn act(&self, work: &mut Work<'_>) -> Result<(), Refusal> {
        let user = work.actor.user_id().ok_or_else(|| Refusal::Forbidden { who: work.actor.to_string() })?;
        if !work.tx.session_end(user, &self.hash).await? {
            return Err(Refusal::missing("session", "of this browser"));
        }
        work.changed("user.sign_out", user, AuditChange { client: None, before: None, after: Some(json!({})) });
        Ok(())
    }
}

/// The browsers in which whoever asks is signed in, the last seen first.
///
/// # Errors
/// `Forbidden` for who is no user.
pub async fn sessions(actions: &Actions, actor: &Actor) -> Result<Vec<SessionRecord>, Refusal> {
    let user = actor.user_id().ok_or_else(|| Refusal::Forbidden { who: actor.to_string() })?;
    Ok(actions.store.sessions_of(user, actions.clock.now()).await?)
}

/// Who a session or a user's token belongs to, as an actor.
///
/// # Errors
/// When the database is away.
pub async fn by_session(actions: &Actions, hash: &[u8; 32]) -> Result<Option<(UserRecord, Actor)>, Refusal> {
    let user = actions.store.session_user(hash, actions.clock.now()).await?;
    Ok(user.map(with_actor))
}

/// Who a user's token belongs to, as an actor.
///
/// # Errors
/// When the database is away.
pub async fn by_token(actions: &Actions, hash: &[u8; 32]) -> Result<Option<(UserRecord, Actor)>, Refusal> {
    let user = actions.store.user_token_user(hash, actions.clock.now()).await?;
    Ok(user.map(with_actor))
}

/// An account with the actor that it is.
pub(crate) fn with_actor(user: UserRecord) -> (UserRecord, Actor) {
    let actor = Actor::user(user.id, user.name.clone(), user.role, user.client);
    (user, actor)
}
