//! Sources and their keys: intake asks here who is sending.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, SourceId},
    lead::Channel,
};
use rust_decimal::Decimal;

use crate::{
    Scope, Store, StoreError, Transaction,
    error::{one_row, word},
};

/// Whether a client or source works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// At work.
    Active,
    /// Paused by the firm.
    Paused,
}

impl State {
    pub(crate) fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "active" => Ok(Self::Active),
            "paused" => Ok(Self::Paused),
            other => Err(StoreError::Corrupt(format!("the state {other:?}"))),
        }
    }

    /// The word the database keeps.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
        }
    }
}

/// Which formats a source may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceFormat {
    /// The content type decides.
    Any,
    /// JSON only.
    Json,
    /// HTML forms only.
    Form,
}

impl SourceFormat {
    /// The word the database keeps.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Json => "json",
            Self::Form => "form",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        [Self::Any, Self::Json, Self::Form]
            .into_iter()
            .find(|format| format.word() == text)
            .ok_or_else(|| StoreError::Corrupt(format!("the format {text:?}")))
    }
}

/// What intake needs to know of a source.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// The source.
    pub id: SourceId,
    /// Whose leads it sends.
    pub client: ClientId,
    /// Name as people write it.
    pub name: String,
    /// How its leads arrive, where they do not say otherwise.
    pub channel: Channel,
    /// Country for reading phone numbers: its own, else its client's.
    pub country: String,
    /// The client's time zone: the clock of leads that name none.
    pub time_zone: String,
    /// What it may send.
    pub format: SourceFormat,
    /// Paused sources are refused.
    pub state: State,
    /// Where a browser is sent after a form.
    pub thanks_url: Option<String>,
    /// Whether its senders are told the grade, where the firm said so.
    pub sees_grade: Option<bool>,
    /// When the key that was asked for stops working.
    pub key_expires_at: Option<Timestamp>,
}

/// A source to be added. Token and key are stored hashed only.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// Its id.
    pub id: SourceId,
    /// Whose it is.
    pub client: ClientId,
    /// Name, unique within the client.
    pub name: String,
    /// How its leads arrive.
    pub channel: Channel,
    /// What it may send.
    pub format: SourceFormat,
    /// Country, where it differs from the client's.
    pub country: Option<String>,
    /// SHA-256 of its token.
    pub token_hash: [u8; 32],
    /// SHA-256 of its first key.
    pub key_hash: [u8; 32],
    /// What one lead costs, in the client's currency.
    pub cost_per_lead: Option<Decimal>,
    /// Where a browser is sent after a form.
    pub thanks_url: Option<String>,
}

struct SourceColumns {
    id: uuid::Uuid,
    client_id: uuid::Uuid,
    name: String,
    channel: String,
    country: String,
    time_zone: String,
    format: String,
    state: String,
    thanks_url: Option<String>,
    sees_grade: Option<bool>,
    expires_at: Option<jiff_sqlx::Timestamp>,
}

impl SourceColumns {
    fn record(self) -> Result<SourceRecord, StoreError> {
        Ok(SourceRecord {
            id: SourceId::from_uuid(self.id),
            client: ClientId::from_uuid(self.client_id),
            name: self.name,
            channel: word(&self.channel)?,
            country: self.country,
            time_zone: self.time_zone,
            format: SourceFormat::read(&self.format)?,
            state: State::read(&self.state)?,
            thanks_url: self.thanks_url,
            sees_grade: self.sees_grade,
            key_expires_at: self.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

impl Store {
    /// The source that a key opens, by the key's SHA-256. An expired key is still found: the caller knows the time.
    pub async fn source_by_key(&self, hash: &[u8; 32]) -> Result<Option<SourceRecord>, StoreError> {
        // An expired key is returned with its date: "expired" tells a vendor what to do, "unknown" does not.
        let found = sqlx::query_as!(
            SourceColumns,
            r#"-- source.by_key
            select s.id, s.client_id, s.name, s.channel, coalesce(s.country, c.country) as "country!", c.time_zone, s.format, s.state,
                   s.thanks_url, s.sees_grade, k.expires_at as "expires_at?"
            from source_key k join source s on s.id = k.source_id join client c on c.id = s.client_id
            where k.hash = $1"#,
            &hash[..]
        )
        .fetch_optional(&self.pool)
        .await?;
        found.map(SourceColumns::record).transpose()
    }

    /// The source of a token in `/v1/in/<token>`, by the token's SHA-256.
    pub async fn source_by_token(&self, hash: &[u8; 32]) -> Result<Option<SourceRecord>, StoreError> {
        // By the hash: the token in a form's address is all that a sender shows, and the table must not give it away.
        let found = sqlx::query_as!(
            SourceColumns,
            r#"-- source.by_token
            select s.id, s.client_id, s.name, s.channel, coalesce(s.country, c.country) as "country!", c.time_zone, s.format, s.state,
                   s.thanks_url, s.sees_grade, null::timestamptz as "expires_at?"
            from source s join client c on c.id = s.client_id
            where s.token_hash = $1"#,
            &hash[..]
        )
        .fetch_optional(&self.pool)
        .await?;
        found.map(SourceColumns::record).transpose()
    }

    /// The sources of a scope by client and name.
    pub async fn sources(&self, scope: Scope) -> Result<Vec<SourceRecord>, StoreError> {
        let rows = sqlx::query_as!(
            SourceColumns,
            r#"-- source.list
            select s.id, s.client_id, s.name, s.channel, coalesce(s.country, c.country) as "country!", c.time_zone, s.format, s.state,
                   s.thanks_url, s.sees_grade, null::timestamptz as "expires_at?"
            from source s join client c on c.id = s.client_id
            where $1::uuid is null or s.client_id = $1
            order by c.slug, s.name"#,
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(SourceColumns::record).collect()
    }
}

impl Transaction {
    /// Adds a source with its first key; `Taken` when the client has a source of that name, `Moved` when the client is not in
    /// the scope.
    pub async fn source_add(&mut self, scope: Scope, new: &NewSource, now: Timestamp) -> Result<(), StoreError> {
        // The client is checked in the insert itself: a check before it would leave a gap in which the scope does not
        // hold.
        let done = sqlx::query!(
            "-- source.add
            insert into source (id, client_id, name, channel, format, country, token_hash, cost_per_lead, thanks_url, created_at)
            select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 where $11::uuid is null or $2 = $11",
            new.id.uuid(), new.client.uuid(), new.name, new.channel.word(), new.format.word(), new.country,
            &new.token_hash[..], new.cost_per_lead, new.thanks_url, now.to_sqlx(), scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")?;
        // In the same transaction: a source without a key would refuse everything that its vendor sends.
        sqlx::query!(
            "-- source.add_first_key
            insert into source_key (hash, source_id, created_at) values ($1, $2, $3)",
            &new.key_hash[..],
            new.id.uuid(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// A source, held until the transaction ends; none where the scope has no such source.
    pub async fn source_lock(&mut self, scope: Scope, id: SourceId) -> Result<Option<SourceRecord>, StoreError> {
        // No key update: arrivals that refer to the source may still be written meanwhile.
        sqlx::query!(
            "-- source.lock
            select id from source where id = $1 and ($2::uuid is null or client_id = $2) for no key update",
            id.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        // A new statement: joined to a row that was waited for, the client would be read as it was before the wait.
        let found = sqlx::query_as!(
            SourceColumns,
            r#"-- source.locked
            select s.id, s.client_id, s.name, s.channel, coalesce(s.country, c.country) as "country!", c.time_zone, s.format, s.state,
                   s.thanks_url, s.sees_grade, null::timestamptz as "expires_at?"
            from source s join client c on c.id = s.client_id
            where s.id = $1 and ($2::uuid is null or s.client_id = $2)"#,
            id.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        found.map(SourceColumns::record).transpose()
    }

    /// Says whether the senders of a source are told grades; none for the default. `Moved` when there is no such source in the
    /// scope.
    pub async fn source_set_sees_grade(
        &mut self,
        scope: Scope,
        source: SourceId,
        sees_grade: Option<bool>,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- source.set_sees_grade
            update source set sees_grade = $2 where id = $1 and ($3::uuid is null or client_id = $3)",
            source.uuid(),
            sees_grade,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "source")?;
        self.sources_tell_changed().await
    }

    /// Pauses or resumes a source; `Moved` when there is no such source in the scope.
    pub async fn source_set_state(&mut self, scope: Scope, source: SourceId, state: State) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- source.set_state
            update source set state = $2 where id = $1 and ($3::uuid is null or client_id = $3)",
            source.uuid(),
            state.word(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "source")?;
        self.sources_tell_changed().await
    }
}
