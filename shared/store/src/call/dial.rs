//! A call is written down before the telephone is asked to make it: one id, one call.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    call::CallState,
    contact::Phone,
    id::{CallId, ClientId, LeadId, UserId},
};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction, error::word, person::number::stored_phone};

/// A call to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewCall<'a> {
    /// The same id again is the same call.
    pub id: CallId,
    /// About which lead.
    pub lead: LeadId,
    /// Who dials; none for a program.
    pub user: Option<UserId>,
    /// Which number.
    pub number: &'a Phone,
}

/// A call as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialedCall {
    /// For whom it is made.
    pub client: ClientId,
    /// Shown to who is called; none for the telephone's own.
    pub caller_id: Option<String>,
    /// It was written down before: the telephone was asked already.
    pub is_repeated: bool,
    /// How far it has come.
    pub state: CallState,
}

impl Transaction {
    /// Writes a call down, with the number that its client shows. None where there is no such lead in the scope, or the id is
    /// another call's.
    pub async fn call_dial(
        &mut self,
        scope: Scope,
        new: NewCall<'_>,
        now: Timestamp,
    ) -> Result<Option<DialedCall>, StoreError> {
        let row = sqlx::query!(
            "-- call.dial
            insert into call (id, client_id, lead_id, user_id, number, caller_id, dialed_at)
            select $1, l.client_id, l.id, $3, $4, d.caller_id, $5
            from lead l left join desk_client d on d.client_id = l.client_id
            where l.id = $2 and ($6::uuid is null or l.client_id = $6)
            on conflict (id) do nothing returning client_id, caller_id",
            new.id.uuid(),
            new.lead.uuid(),
            new.user.map(UserId::uuid),
            new.number.as_str(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        if let Some(row) = row {
            let client = ClientId::from_uuid(row.client_id);
            let (caller_id, state) = (row.caller_id, CallState::Dialed);
            return Ok(Some(DialedCall { client, caller_id, is_repeated: false, state }));
        }
        let known = sqlx::query!(
            "-- call.dialed_before
            select client_id, caller_id, state from call
            where id = $1 and lead_id = $2 and user_id is not distinct from $3 and ($4::uuid is null or client_id = $4)",
            new.id.uuid(),
            new.lead.uuid(),
            new.user.map(UserId::uuid),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let before = known.map(|row| {
            Ok(DialedCall {
                client: ClientId::from_uuid(row.client_id),
                caller_id: row.caller_id,
                is_repeated: true,
                state: word(&row.state)?,
            })
        });
        before.transpose()
    }

    /// The number that a user dialed last about a lead, of the calls that the next touch takes over: what it says of a number, it says
    /// of this one. None where nobody dialed by the desk.
    pub async fn number_dialed(
        &mut self,
        scope: Scope,
        lead: LeadId,
        (user, at): (Option<UserId>, Timestamp),
    ) -> Result<Option<Phone>, StoreError> {
        let number = sqlx::query_scalar!(
            "-- call.dialed_last
            select number from call
            where lead_id = $1 and (touch_id is null or not exists (select from touch t where t.id = call.touch_id))
              and dialed_at between $3::timestamptz - interval '12 hours' and $3
              and (user_id is null or user_id = $2) and ($4::uuid is null or client_id = $4)
            order by dialed_at desc, id desc limit 1",
            lead.uuid(),
            user.map(UserId::uuid),
            at.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        // Empty where the telephone told of a call and not to whom, and the person had no number.
        Ok(number.and_then(|number| stored_phone(&number)))
    }

    /// Of the calls about a lead that belong to no touch, or to one that was taken back, those that were made before this touch of the same user belong to
    /// it.
    pub(crate) async fn calls_attach(
        &mut self,
        (touch, lead): (Uuid, LeadId),
        user: Option<UserId>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- call.attach
            update call set touch_id = $1
            where lead_id = $2 and (touch_id is null or not exists (select from touch t where t.id = call.touch_id))
              and dialed_at between $4::timestamptz - interval '12 hours' and $4
              and (user_id is null or user_id = $3)",
            touch,
            lead.uuid(),
            user.map(UserId::uuid),
            at.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
