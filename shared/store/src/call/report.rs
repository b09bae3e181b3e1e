//! What the telephone tells of a call: in any order, repeatedly, and late. Each fact is kept as it was first told; the state only
//! goes forward.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    call::CallState,
    id::{CallId, ClientId, LeadId},
    masked_address::MaskedAddress,
};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction};

/// What is told of a call. What is none is not told.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallWord<'a> {
    /// The desk's id of it.
    pub call: Option<CallId>,
    /// The telephone's.
    pub outside: Option<&'a str>,
    /// About which lead, of a call that the desk did not make.
    pub lead: Option<LeadId>,
    /// How far it has come.
    pub state: Option<CallState>,
    /// When it was dialed.
    pub started_at: Option<Timestamp>,
    /// When somebody answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Which number, of a call that the desk did not make; the person's where it is not told.
    pub number: Option<&'a str>,
    /// Shown to who was called.
    pub caller_id: Option<&'a str>,
    /// Where the recording lies.
    pub recording_url: Option<&'a MaskedAddress>,
}

/// What is known of a call before more is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCall {
    /// The earliest instant that is known of it: when it was dialed, where that was told or the desk did it.
    pub dialed_at: Timestamp,
    /// When somebody answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it was dialed is known: the telephone told it, or the desk dialed it by its own clock.
    pub is_start_told: bool,
    /// The desk had it dialed.
    pub is_of_desk: bool,
}

/// The call that was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldCall {
    /// The call.
    pub call: CallId,
    /// Whose.
    pub client: ClientId,
    /// About which lead.
    pub lead: LeadId,
    /// The touch it belongs to, once there is one.
    pub touch: Option<Uuid>,
}

impl Transaction {
    /// Keeps what is told of a call. One that the desk did not make is written down where it names its lead. None where no call
    /// is meant that is known here.
    pub async fn call_report(
        &mut self,
        scope: Scope,
        word: &CallWord<'_>,
        (id, now): (CallId, Timestamp),
    ) -> Result<Option<ToldCall>, StoreError> {
        if let Some(told) = self.call_told(scope, word).await? {
            return Ok(Some(told));
        }
        if word.lead.is_none() || word.outside.is_none() {
            return Ok(None);
        }
        self.call_add(scope, word, (id, now)).await?;
        // Also where another message about the same call was quicker.
        self.call_told(scope, word).await
    }

    /// What is known of the call that is meant, held until this is over: of two messages at once each sees what the other told. None
    /// where no such call is known.
    pub async fn call_known(&mut self, scope: Scope, word: &CallWord<'_>) -> Result<Option<KnownCall>, StoreError> {
        let row = sqlx::query!(
            r#"-- call.known
            select dialed_at, answered_at, ended_at, is_start_told, user_id is not null as "is_of_desk!" from call
            where id = coalesce((select id from call where id = $1), (select id from call where outside_id = $2))
              and ($3::uuid is null or client_id = $3)
            for no key update"#,
            word.call.map(CallId::uuid),
            word.outside,
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| KnownCall {
            dialed_at: row.dialed_at.to_jiff(),
            answered_at: row.answered_at.map(jiff_sqlx::Timestamp::to_jiff),
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            is_start_told: row.is_start_told,
            is_of_desk: row.is_of_desk,
        }))
    }

    async fn call_told(&mut self, scope: Scope, word: &CallWord<'_>) -> Result<Option<ToldCall>, StoreError> {
        let row = sqlx::query!(
            r#"-- call.report
            update call c set
              outside_id = coalesce(c.outside_id, (select $2 where not exists (select from call o where o.outside_id = $2))),
              dialed_at = least(c.dialed_at, $3, $4, $5), is_start_told = c.is_start_told or $3 is not null,
              answered_at = coalesce(c.answered_at, $4), ended_at = coalesce(c.ended_at, $5),
              caller_id = coalesce($6, c.caller_id), recording_url = coalesce($7, c.recording_url),
              state = w.words[greatest(array_position(w.words, c.state), array_position(w.words, coalesce($8, c.state)))],
              touch_id = coalesce(c.touch_id, (
                select t.id from touch t
                where t.lead_id = c.lead_id and t.delivery_id is null and t.at >= c.dialed_at
                  and t.at <= c.dialed_at + interval '12 hours'
                  and (c.user_id is null or t.user_id is null or t.user_id = c.user_id)
                order by t.at limit 1))
            from (values (array['dialed', 'ringing', 'answered', 'ended', 'failed'])) w (words)
            where c.id = coalesce((select id from call where id = $1), (select id from call where outside_id = $2))
              and ($9::uuid is null or c.client_id = $9)
            returning c.id, c.client_id, c.lead_id, c.touch_id"#,
            word.call.map(CallId::uuid),
            word.outside,
            word.started_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            word.answered_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            word.ended_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            word.caller_id,
            word.recording_url.map(MaskedAddress::reveal),
            state_of(word).map(CallState::word),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| ToldCall {
            call: CallId::from_uuid(row.id),
            client: ClientId::from_uuid(row.client_id),
            lead: LeadId::from_uuid(row.lead_id),
            touch: row.touch_id,
        }))
    }

    /// A call that somebody made past the desk.
    async fn call_add(
        &mut self,
        scope: Scope,
        word: &CallWord<'_>,
        (id, now): (CallId, Timestamp),
    ) -> Result<(), StoreError> {
        // The earliest instant that is known of it; a later message may know of an earlier one.
        let told = [word.started_at, word.answered_at, word.ended_at];
        let dialed_at = told.into_iter().flatten().min().unwrap_or(now);
        sqlx::query!(
            "-- call.add
            insert into call (id, client_id, lead_id, outside_id, number, dialed_at, is_start_told)
            select $1, l.client_id, l.id, $3, coalesce($4, p.phone || coalesce(';ext=' || p.phone_extension, ''), ''), $5, $7
            from lead l join person p on p.id = l.person_id
            where l.id = $2 and ($6::uuid is null or l.client_id = $6)
            on conflict (outside_id) do nothing",
            id.uuid(),
            word.lead.map(LeadId::uuid),
            word.outside,
            word.number,
            dialed_at.to_sqlx(),
            scope.client_uuid(),
            word.started_at.is_some()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// How far a call has come: as it is told, or by what is told to have happened.
fn state_of(word: &CallWord<'_>) -> Option<CallState> {
    let happened = match (word.answered_at, word.ended_at) {
        (_, Some(_)) => Some(CallState::Ended),
        (Some(_), None) => Some(CallState::Answered),
        (None, None) => None,
    };
    word.state.max(happened)
}
