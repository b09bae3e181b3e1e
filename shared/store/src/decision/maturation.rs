//! Maturations: that a lead became A, and how it was routed. They are inserted with their deliveries, in the statement of
//! `delivery/write.rs`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, DecisionId, LeadId, MaturationId},
    routing::Recipient,
};
use uuid::Uuid;

use crate::{StoreError, Transaction};

/// How a maturation was routed.
#[derive(Debug, Clone)]
pub struct RoutingNote {
    /// The version of the client's routing; none where it has none.
    pub version: Option<i32>,
    /// The rule that counted.
    pub rule: String,
    /// Where it went or until when it is held, and why nobody else has it.
    pub text: String,
}

/// A maturation to store.
#[derive(Debug, Clone)]
pub struct MaturationRow {
    /// Its id.
    pub id: MaturationId,
    /// The lead.
    pub lead: LeadId,
    /// Whose lead.
    pub client: ClientId,
    /// The decision that found it.
    pub decision: DecisionId,
    /// The instant.
    pub at: Timestamp,
    /// How it was routed; none where every endpoint gets every lead.
    pub routing: Option<RoutingNote>,
}

#[derive(Default)]
pub(crate) struct MaturationArrays {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) leads: Vec<Uuid>,
    pub(crate) clients: Vec<Uuid>,
    pub(crate) decisions: Vec<Uuid>,
    pub(crate) at: Vec<jiff_sqlx::Timestamp>,
    pub(crate) versions: Vec<Option<i32>>,
    pub(crate) rules: Vec<Option<String>>,
    pub(crate) texts: Vec<Option<String>>,
}

impl From<&[MaturationRow]> for MaturationArrays {
    fn from(rows: &[MaturationRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            let note = row.routing.as_ref();
            columns.ids.push(row.id.uuid());
            columns.leads.push(row.lead.uuid());
            columns.clients.push(row.client.uuid());
            columns.decisions.push(row.decision.uuid());
            columns.at.push(row.at.to_sqlx());
            columns.versions.push(note.and_then(|note| note.version));
            columns.rules.push(note.map(|note| note.rule.clone()));
            columns.texts.push(note.map(|note| note.text.clone()));
        }
        columns
    }
}

impl Transaction {
    /// Adds to how a maturation was routed who took the lead.
    pub(crate) async fn maturation_note_taken(
        &mut self,
        maturation: MaturationId,
        taker: &Recipient,
    ) -> Result<(), StoreError> {
        // Appended, because the routing's own explanation stays true: it says why the lead was on offer.
        sqlx::query!(
            "-- maturation.note_taken
            update maturation set routing = coalesce(routing, '') || E'\\nTaken by ' || $2 || E'\\n' where id = $1",
            maturation.uuid(),
            taker.name
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
