//! Who works at the desk: who has which lead open, since when, and when they were last seen.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::id::{LeadId, UserId};

use crate::{Scope, Store, StoreError};

/// So long after they were last seen somebody without a lead is away: the page of who waits asks for news all the while.
const AWAY_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Somebody who works at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentAtWork {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// When a page of theirs was last seen; none where nobody is signed in.
    pub seen_at: Option<Timestamp>,
    /// What they have open.
    pub on: Option<OpenWork>,
}

impl AgentAtWork {
    /// Whether they have a lead open, or were seen a moment ago.
    #[must_use]
    pub fn is_here(&self, now: Timestamp) -> bool {
        self.on.is_some() || self.seen_at.is_some_and(|seen| now.duration_since(seen) <= AWAY_AFTER)
    }
}

/// A lead that somebody has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWork {
    /// The lead.
    pub lead: LeadId,
    /// Its person's name, where one is known.
    pub name: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

impl Store {
    /// Everybody who works, those with a lead open first; somebody with several stands there with each. Of leads outside the
    /// scope nothing is told.
    pub async fn agents_at_work(&self, scope: Scope) -> Result<Vec<AgentAtWork>, StoreError> {
        let rows = sqlx::query!(
            r#"-- queues.agents
            select u.id, u.name, (select max(s.seen_at) from user_session s where s.user_id = u.id) as seen_at,
                   d.lead_id as "lead_id?", d.taken_at as "taken_at?", p.name as "person?",
                   nullif(concat_ws(' ', p.first_name, p.last_name), '') as parts
            from user_account u
            left join desk_lease d on d.user_id = u.id and d.leased_until > clock_timestamp()
             and ($1::uuid is null or d.client_id = $1)
            left join lead l on l.id = d.lead_id left join person p on p.id = l.person_id
            where u.state = 'active' and u.role <> 'broker' and (u.role = 'agent' or d.lead_id is not null)
            order by d.taken_at nulls last, u.name, u.id limit 500"#,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let agents = rows.into_iter().map(|row| {
            let (name, lead) = (row.person.or(row.parts), row.lead_id.map(LeadId::from_uuid));
            let open = lead.zip(row.taken_at);
            AgentAtWork {
                user: UserId::from_uuid(row.id),
                name: row.name,
                seen_at: row.seen_at.map(jiff_sqlx::Timestamp::to_jiff),
                on: open.map(|(lead, since)| OpenWork { lead, name, since: since.to_jiff() }),
            }
        });
        Ok(agents.collect())
    }
}
