//! Tokens of clients' programs: made and revoked by the firm, looked up by their hash with every request.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, TokenId};

use crate::{Scope, Store, StoreError, Transaction, error::one_row};

/// A token to be kept; in clear it is kept nowhere.
#[derive(Debug, Clone)]
pub struct NewClientToken {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub client: ClientId,
    /// What it is for.
    pub name: String,
    /// SHA-256.
    pub hash: [u8; 32],
}

/// A token as people see it.
#[derive(Debug, Clone)]
pub struct ClientTokenRecord {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it opens nothing.
    pub revoked_at: Option<Timestamp>,
}

/// Who a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHolder {
    /// The token.
    pub id: TokenId,
    /// The client.
    pub client: ClientId,
    /// The token's name.
    pub name: String,
}

/// A token that opens nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedToken {
    /// Whose it was.
    pub client: ClientId,
    /// Since when.
    pub at: Timestamp,
}

impl Transaction {
    /// Keeps a token.
    ///
    /// # Errors
    /// `Moved` when the client is not in the scope.
    pub async fn client_token_add(
        &mut self,
        scope: Scope,
        new: &NewClientToken,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client_token.add
            insert into client_token (id, client_id, name, hash, created_at)
            select $1, id, $3, $4, $5 from client where id = $2 and ($6::uuid is null or id = $6)",
            new.id.uuid(),
            new.client.uuid(),
            new.name,
            &new.hash,
            now.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }

    /// Ends a token for good; one that has ended stays as it is. None where the scope has no such token.
    pub async fn client_token_revoke(
        &mut self,
        scope: Scope,
        id: TokenId,
        now: Timestamp,
    ) -> Result<Option<RevokedToken>, StoreError> {
        // `coalesce`: a second revocation must not move the instant from which requests under the token are suspect.
        let row = sqlx::query!(
            r#"-- client_token.revoke
            update client_token set revoked_at = coalesce(revoked_at, $2)
            where id = $1 and ($3::uuid is null or client_id = $3) returning client_id, revoked_at as "revoked_at!""#,
            id.uuid(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let revoked =
            |client, at: jiff_sqlx::Timestamp| RevokedToken { client: ClientId::from_uuid(client), at: at.to_jiff() };
        Ok(row.map(|row| revoked(row.client_id, row.revoked_at)))
    }
}

impl Store {
    /// A client's tokens, oldest first.
    pub async fn client_tokens(&self, scope: Scope, client: ClientId) -> Result<Vec<ClientTokenRecord>, StoreError> {
        // Revoked ones too: the audit names tokens that are long gone.
        let rows = sqlx::query!(
            "-- client_token.list
            select id, name, created_at, revoked_at from client_token
            where client_id = $1 and ($2::uuid is null or client_id = $2) order by id",
            client.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ClientTokenRecord {
                id: TokenId::from_uuid(row.id),
                name: row.name,
                created_at: row.created_at.to_jiff(),
                revoked_at: row.revoked_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
            .collect())
    }

    /// Who a token that is not revoked belongs to.
    pub async fn client_token_holder(&self, hash: &[u8; 32]) -> Result<Option<TokenHolder>, StoreError> {
        // By the hash, so that whoever reads the table or its backup holds no token that opens anything.
        let row = sqlx::query!(
            "-- client_token.holder
            select id, client_id, name from client_token where hash = $1 and revoked_at is null",
            hash
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| TokenHolder {
            id: TokenId::from_uuid(row.id),
            client: ClientId::from_uuid(row.client_id),
            name: row.name,
        }))
    }
}
