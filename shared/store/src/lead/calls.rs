//! When numbers were called: the attempts of the firm to reach anybody under them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::ClientId;

use crate::{StoreError, Transaction};

/// A call to a number.
#[derive(Debug, Clone)]
pub struct CallMade {
    /// For which client.
    pub client: ClientId,
    /// E.164.
    pub phone: String,
    /// When.
    pub at: Timestamp,
}

impl Transaction {
    /// The attempts to reach anybody under these numbers of clients since an instant, whichever lead they were
    /// for and whatever the extension.
    pub async fn calls_since(
        &mut self,
        numbers: &[(ClientId, String)],
        since: Timestamp,
    ) -> Result<Vec<CallMade>, StoreError> {
        let clients: Vec<_> = numbers.iter().map(|(client, _)| client.uuid()).collect();
        let phones: Vec<_> = numbers.iter().map(|(_, phone)| phone.clone()).collect();
        let rows = sqlx::query!(
            r#"-- touch.calls_since
            select n.client_id as "client_id!", n.phone as "phone!", t.at
            from unnest($1::uuid[], $2::text[]) as n (client_id, phone)
            cross join lateral (
              select person_id from person_identity
              where client_id = n.client_id and kind = 'phone' and value = n.phone
              union
              select person_id from person_identity
              where client_id = n.client_id and kind = 'phone' and value like '%;ext=%'
                and split_part(value, ';ext=', 1) = n.phone) i
            join lead l on l.person_id = i.person_id join touch t on t.lead_id = l.id
            where t.at > $3 and t.disposition <> 'note'"#,
            &clients,
            &phones,
            since.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        let call = rows.into_iter().map(|row| CallMade {
            client: ClientId::from_uuid(row.client_id),
            phone: row.phone,
            at: row.at.to_jiff(),
        });
        Ok(call.collect())
    }
}
