//! Sources: where a client's leads come from. Token and key are given out once, when they are made.

use jiff::SignedDuration;
use ripen_domain::{
    actor::{Actor, Permission},
    id::SourceId,
    lead::Channel,
    secret::Secret,
};
use ripen_runtime::random::bytes32;
use ripen_store::{
    StoreError,
    source::{
        key::NewSourceKey,
        source_record::{NewSource, SourceFormat, SourceRecord, State},
    },
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check,
    work::{AuditChange, permit},
};

/// Adds a source with its token and first key.
#[derive(Debug, Clone)]
pub struct AddSource {
    /// The client's slug.
    pub client: String,
    /// Name as people write it, unique within the client.
    pub name: String,
    /// How its leads arrive, where they do not say otherwise.
    pub channel: Channel,
    /// What it may send.
    pub format: SourceFormat,
    /// ISO 3166 alpha-2, where it differs from the client's.
    pub country: Option<String>,
    /// What one lead costs, in the client's currency.
    pub cost_per_lead: Option<Decimal>,
    /// Where a browser is sent after a form.
    pub thanks: Option<String>,
}

/// A source just made.
#[derive(Debug)]
pub struct AddedSource {
    /// The source.
    pub id: SourceId,
    /// Part of the address that forms post to.
    pub token: Secret,
    /// What its programs authenticate with.
    pub key: Secret,
}

impl Action for AddSource {
    type Done = AddedSource;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<AddedSource, Refusal> {
        let mut errors = FieldErrors::default();
        let name = check::name(&self.name, &mut errors);
        let country = self.country.as_deref().and_then(|code| errors.take("country", check::country(code)));
        let free = self.cost_per_lead.is_none_or(|cost| !cost.is_sign_negative());
        errors.require(free, "cost_per_lead", "out_of_range", || "a lead cannot cost less than nothing".to_owned());
        if let Some(thanks) = &self.thanks {
            errors.require(is_web_address(thanks), "thanks", "invalid", || {
                format!("{thanks:?} is no web address: write https://…")
            });
        }
        let client = work.client(&self.client, &mut errors).await?;
        errors.finish()?;
        let client = client.ok_or_else(|| Refusal::missing("client", &self.client))?;
        // Shown once, in the answer: only the hashes are stored.
        let (token, key) = (Secret::new("in", bytes32()), Secret::new("key", bytes32()));
        let new = NewSource {
            id: SourceId::from_uuid(work.fresh_id()),
            client: client.id,
            name,
            channel: self.channel,
            format: self.format,
            country,
            token_hash: token.hash(),
            key_hash: key.hash(),
            cost_per_lead: self.cost_per_lead,
            thanks_url: self.thanks.clone(),
        };
        // The unique index decides and not a look before.
        match work.tx.source_add(work.actor.scope(), &new, work.now).await {
            Err(StoreError::Taken(_)) => {
                let taken = format!("this client has a source {:?} already", new.name);
                return Err(Refusal::field("name", "taken", taken));
            }
            result => result?,
        }
        let after = json!({"name": new.name, "channel": new.channel.word(), "format": new.format.word(),
                           "country": new.country, "cost_per_lead": new.cost_per_lead, "thanks_url": new.thanks_url,
                           "state": State::Active.word()});
        work.changed("source.add", new.id, AuditChange::added(client.id, after));
        Ok(AddedSource { id: new.id, token, key })
    }
}

/// Pauses a source, or ends its pause.
#[derive(Debug, Clone, Copy)]
pub struct SetSourceState {
    /// The source.
    pub source: SourceId,
    /// What it is from now on.
    pub state: State,
}

impl Action for SetSourceState {
    type Done = ChangedSource;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<ChangedSource, Refusal> {
        let source = locked(work, self.source).await?;
        let kept = work.tx.quarantine_kept_by_pause(work.actor.scope(), source.id).await?;
        work.tx.source_set_state(work.actor.scope(), source.id, self.state).await?;
        let after = SourceRecord { state: self.state, ..source.clone() };
        let action = if self.state == State::Paused { "source.pause" } else { "source.resume" };
        work.changed(action, source.id, AuditChange::of(source.client, shown(&source), shown(&after)));
        // The qualifier lets go what the pause kept, and with it what intake still took in for a paused source meanwhile.
        Ok(ChangedSource { source: after, kept })
    }
}

/// What else a source may be set to.
#[derive(Debug, Clone, Copy)]
pub struct SetSource {
    /// The source.
    pub source: SourceId,
    /// Whether its senders are told the grade: always, never, or (inner none) those with its key alone.
    pub sees_grade: Option<Option<bool>>,
}

impl Action for SetSource {
    type Done = SourceRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<SourceRecord, Refusal> {
        let source = locked(work, self.source).await?;
        let Some(sees_grade) = self.sees_grade else {
            return Err(Refusal::field("sees_grade", "required", "nothing to set"));
        };
        work.tx.source_set_sees_grade(work.actor.scope(), source.id, sees_grade).await?;
        let after = SourceRecord { sees_grade, ..source.clone() };
        work.changed("source.set", source.id, AuditChange::of(source.client, shown(&source), shown(&after)));
        Ok(after)
    }
}

/// A source that was paused or resumed.
#[derive(Debug)]
pub struct ChangedSource {
    /// As it is now.
    pub source: SourceRecord,
    /// How many forms its pause kept, which are worked when it is resumed.
    pub kept: i64,
}

/// Gives a source another key, which ends by itself.
#[derive(Debug, Clone, Copy)]
pub struct AddSourceKey {
    /// The source.
    pub source: SourceId,
    /// For how long it opens anything.
    pub valid_for: SignedDuration,
}

impl Action for AddSourceKey {
    type Done = Secret;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<Secret, Refusal> {
        // A length of nothing or less would make a key that opens nothing from the start.
        let ends = work.now.checked_add(self.valid_for).ok().filter(|_| self.valid_for.is_positive());
        let Some(expires_at) = ends else {
            return Err(Refusal::field("valid_for", "out_of_range", "a key is valid for some time"));
        };
        let source = locked(work, self.source).await?;
        let key = Secret::new("key", bytes32());
        let new = NewSourceKey { source: source.id, hash: key.hash(), expires_at };
        work.tx.source_add_key(work.actor.scope(), &new, work.now).await?;
        let after = json!({"key_expires_at": expires_at});
        work.changed("source.add_key", source.id, AuditChange::added(source.client, after));
        Ok(key)
    }
}

/// The sources in the actor's scope, by client and name.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<SourceRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.sources(actor.scope()).await?)
}

/// A source.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn find(actions: &Actions, actor: &Actor, source: SourceId) -> Result<SourceRecord, Refusal> {
    // Sources are few: one statement for the list serves both.
    let found = list(actions, actor).await?.into_iter().find(|one| one.id == source);
    found.ok_or_else(|| Refusal::missing("source", source))
}

async fn locked(work: &mut Work<'_>, source: SourceId) -> Result<SourceRecord, Refusal> {
    let found = work.tx.source_lock(work.actor.scope(), source).await?;
    found.ok_or_else(|| Refusal::missing("source", source))
}

/// What the audit keeps of a source.
fn shown(source: &SourceRecord) -> Value {
    json!({"name": source.name, "channel": source.channel.word(), "format": source.format.word(),
           "country": source.country, "thanks_url": source.thanks_url, "sees_grade": source.sees_grade, "state": source.state.word()})
}

fn is_web_address(text: &str) -> bool {
    let plain = text.starts_with("https://") || text.starts_with("http://");
    // Blanks and line breaks would end the header in which the address is sent back.
    plain && !text.chars().any(|c| c.is_control() || c == ' ')
}
