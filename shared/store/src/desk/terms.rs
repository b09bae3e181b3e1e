//! How a client is worked at the desk: its agreed share, the number that is shown, and what an agent must know before calling.

use ripen_domain::id::ClientId;

use crate::{Scope, StoreError, Transaction, error::one_row};

/// How a client is worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskTerms {
    /// Its share of the desk, as a weight beside the others'.
    pub weight: i32,
    /// The number that is shown to who is called, E.164; none for the telephone's own.
    pub caller_id: Option<String>,
    /// What an agent must know before calling for it.
    pub briefing: String,
}

impl Transaction {
    /// Sets how a client is worked. `Moved` when there is no such client in the scope.
    pub async fn desk_terms_set(
        &mut self,
        scope: Scope,
        client: ClientId,
        terms: &DeskTerms,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- desk_client.set
            insert into desk_client as d (client_id, weight, caller_id, briefing)
            select id, $3, $4, $5 from client where id = $1 and ($2::uuid is null or id = $2)
            on conflict (client_id) do update set weight = excluded.weight, caller_id = excluded.caller_id, briefing = excluded.briefing",
            client.uuid(),
            scope.client_uuid(),
            terms.weight,
            terms.caller_id,
            terms.briefing
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }
}
