//! The installation's own keys, each sealed in its row and made when it is first needed. Whoever comes second gets the first one's.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::link::{LinkKey, LinkKeys};

use crate::{
    Store, StoreError, Transaction,
    sealing::{SealingPass, SealingScope, Stored},
};

/// A new key signs after so long: until then every process has read it, which they do more often.
const SIGNS_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// A key of links that was just made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLinkKey {
    /// Its number.
    pub number: u16,
    /// From when it signs.
    pub signs_from: Timestamp,
}

/// A key's columns.
struct KeyColumns {
    number: i16,
    key: Option<Vec<u8>>,
    sealed: Option<Vec<u8>>,
    signs_from: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
}

fn place(number: i16) -> String {
    format!("signing_key/link/{number}")
}

fn corrupt() -> StoreError {
    StoreError::Corrupt("the signing key of links".to_owned())
}

impl Store {
    /// The keys that links are signed with; one is made where there is none yet. One that cannot be opened is left out: what it
    /// signed does not open, and everything else goes on.
    ///
    /// # Errors
    /// Also where there are keys and none of them can be opened.
    pub async fn link_keys(&self, now: Timestamp) -> Result<LinkKeys, StoreError> {
        if let Some(keys) = self.known_link_keys().await? {
            return Ok(keys);
        }
        // Two statements: under `do nothing` the insert returns no row to whoever comes second, and that one must use
        // the first one's key, or its links would not open elsewhere.
        let sealed = self.keys.seal(&place(0), &self.keys.keyring()?.fresh())?;
        sqlx::query!(
            "-- signing_key.make
            insert into signing_key (purpose, number, sealed, created_at) values ('link', 0, $1, $2) on conflict do nothing",
            &sealed,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        self.known_link_keys().await?.ok_or_else(corrupt)
    }

    async fn known_link_keys(&self) -> Result<Option<LinkKeys>, StoreError> {
        let rows = sqlx::query_as!(
            KeyColumns,
            "-- signing_key.list
            select number, key, sealed, signs_from, ended_at from signing_key where purpose = 'link' order by number"
        )
        .fetch_all(&self.pool)
        .await?;
        let (mut keys, mut unopened) = (Vec::new(), None);
        for row in rows {
            let place = place(row.number);
            match self.link_key(row) {
                Ok(key) => keys.push(key),
                Err(error) => {
                    tracing::error!(place, %error, "a key of links cannot be opened: what it signed opens nothing. Put its master key back, or `ripen link rotate`");
                    unopened = Some(error);
                }
            }
        }
        let mut keys = keys.into_iter();
        match (keys.next(), unopened) {
            (Some(first), _) => Ok(Some(LinkKeys::new(first, keys.collect()))),
            // Another one beside them would be made anew by every start, and all links would be dead without a word.
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    fn link_key(&self, row: KeyColumns) -> Result<LinkKey, StoreError> {
        let KeyColumns { number, key, sealed, signs_from, ended_at } = row;
        let key = match sealed {
            Some(sealed) => self.keys.open(&place(number), &sealed)?,
            None => key.ok_or_else(corrupt)?,
        };
        let key = key.try_into().map_err(|_| corrupt())?;
        let number = u16::try_from(number).map_err(|_| corrupt())?;
        Ok(LinkKey::new(number, key, signs_from.to_jiff()).ended(ended_at.map(jiff_sqlx::Timestamp::to_jiff)))
    }

    pub(crate) async fn seal_signing_keys(
        &self,
        scope: SealingScope,
        pass: &mut SealingPass,
    ) -> Result<(), StoreError> {
        let current = *self.keys.keyring()?.current().bytes();
        let rows = sqlx::query!(
            "-- signing_key.to_seal
            select number, key, sealed from signing_key
            where purpose = 'link' and (sealed is null or $1 and substring(sealed from 2 for 4) <> $2) order by number",
            scope == SealingScope::Everything,
            &current
        )
        .fetch_all(&self.pool)
        .await?;
        for row in rows {
            let stored = Stored { clear: row.key, sealed: row.sealed };
            let Some(renewed) = self.keys.renewed(&place(row.number), &stored, pass) else { continue };
            let done = sqlx::query!(
                "-- signing_key.seal
                update signing_key set sealed = $2, key = null
                where purpose = 'link' and number = $1 and sealed is not distinct from $3",
                row.number,
                &renewed,
                stored.sealed.as_deref()
            )
            .execute(&self.pool)
            .await?;
            pass.count(stored.sealed.is_some(), done.rows_affected());
        }
        Ok(())
    }
}

impl Transaction {
    /// Ends what all keys but this one signed, from when this one signs; returns how many.
    pub async fn link_keys_end_former(&mut self, newest: NewLinkKey) -> Result<u64, StoreError> {
        let number = i16::try_from(newest.number).map_err(|_| corrupt())?;
        let done = sqlx::query!(
            "-- signing_key.end_former
            update signing_key set ended_at = $2 where purpose = 'link' and number < $1 and (ended_at is null or ended_at > $2)",
            number,
            newest.signs_from.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Makes a new key of links, which signs once every process knows it. `Taken` where another was made at the same time.
    pub async fn link_key_add(&mut self, now: Timestamp) -> Result<NewLinkKey, StoreError> {
        let row = sqlx::query!(
            r#"-- signing_key.next
            select coalesce(max(number) + 1, 0) as "number!" from signing_key where purpose = 'link'"#
        )
        .fetch_one(self.connection())
        .await?;
        let next = i16::try_from(row.number).map_err(|_| StoreError::Failed("there are too many keys".to_owned()))?;
        // The first one of all has nobody who would sign meanwhile.
        let signs_from = if next == 0 { now } else { now.saturating_add(SIGNS_AFTER).unwrap_or(now) };
        let fresh = self.keys().keyring()?.fresh();
        let sealed = self.keys().seal(&place(next), &fresh)?;
        // The number is the key of the row: of two that were made at once, one is refused.
        sqlx::query!(
            "-- signing_key.add
            insert into signing_key (purpose, number, sealed, created_at, signs_from) values ('link', $1, $2, $3, $4)",
            next,
            &sealed,
            now.to_sqlx(),
            signs_from.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(NewLinkKey { number: u16::try_from(next).map_err(|_| corrupt())?, signs_from })
    }
}
