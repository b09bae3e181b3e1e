//! Arrivals of versions before, read again for what they say.

use ripen_domain::{
    contact::Identity,
    id::{ArrivalId, ClientId, LeadId, PersonId},
    submission::Submission,
};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction};

/// An arrival that a version before took in.
#[derive(Debug, Clone)]
pub struct KeptArrival {
    /// The arrival.
    pub id: ArrivalId,
    /// Whose it is.
    pub client: ClientId,
    /// The name of who sent it.
    pub source: String,
    /// Its lead and that lead's person; none where it lies in the quarantine.
    pub on: Option<KeptOn>,
    /// It came with a page's address or out of a form.
    pub by_visitor: bool,
    /// Its person said so, and somebody has let them be contacted after it came.
    pub is_lifted: bool,
    /// Its person may be contacted, and somebody of the firm took a suppression away for its client, or for all, after it came: whether
    /// theirs, only people know.
    pub may_be_lifted: bool,
    /// What it says; nothing where its person was erased.
    pub submission: Submission,
    /// Numbers that lead to somebody else than its person.
    void: Vec<String>,
}

/// What an arrival came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptOn {
    /// The lead.
    pub lead: LeadId,
    /// Its person.
    pub person: PersonId,
}

impl KeptArrival {
    /// Where it says that its person is reached, but for numbers that lead to somebody else.
    #[must_use]
    pub fn identities(&self) -> Vec<Identity> {
        let is_theirs = |identity: &Identity| match identity {
            Identity::Phone(phone) => !self.void.iter().any(|void| void == phone.as_str() || void == phone.number()),
            Identity::Email(_) => true,
        };
        let named = self.submission.identities().chain(self.submission.identities_beside());
        named.filter(is_theirs).collect()
    }
}

impl Transaction {
    /// So many arrivals of before the upgrade behind this one, by their ids: those that are worked, and those in the quarantine that are
    /// meant and wait there. None where no version before was ever here.
    pub async fn arrivals_kept(
        &mut self,
        scope: Scope,
        after: ArrivalId,
        most: u32,
    ) -> Result<Vec<KeptArrival>, StoreError> {
        // A day longer than the upgrade: for as long processes of the version before may have gone on.
        let rows = sqlx::query!(
            r#"-- arrival.kept
            with lift as materialized (select client_id, max(at) as at from audit where action = 'suppression.lift' group by client_id)
            select a.id, a.client_id, s.name as "source!", a.by_visitor, a.submission::text as "submission!",
                   l.id as "lead?", l.person_id as "person?",
                   array(select value from person_identity v where v.person_id = l.person_id and v.kind = 'phone' and v.void_at is not null)
                     as "void!: Vec<String>",
                   exists (select from lead o join touch t on t.lead_id = o.id
                           where o.person_id = l.person_id and t.disposition = 'do_not_contact' and t.wish_lifted_at > a.received_at) as "is_lifted!",
                   exists (select from lift f where f.at > a.received_at and (f.client_id is null or f.client_id = a.client_id))
                     and not exists (select from person q where q.id = l.person_id and q.do_not_contact) as "may_be_lifted!"
            from arrival a join source s on s.id = a.source_id left join lead l on l.id = a.lead_id
            where a.id > $2 and ($1::uuid is null or a.client_id = $1)
              and a.received_at < (select m.installed_on + interval '1 day' from _sqlx_migrations m
                                 where m.version = 37 and m.installed_on > (select min(installed_on) + interval '1 hour' from _sqlx_migrations))
              and (a.state = 'graded'
                   or a.state = 'quarantined' and a.reason in ('key_reused', 'source_paused') and a.released_at is null and a.dropped_at is null)
            order by a.id limit $3"#,
            scope.client_uuid() as Option<Uuid>,
            after.uuid(),
            i64::from(most)
        )
        .fetch_all(self.connection())
        .await?;
        let kept = rows.into_iter().map(|row| KeptArrival {
            id: ArrivalId::from_uuid(row.id),
            client: ClientId::from_uuid(row.client_id),
            source: row.source,
            on: row
                .lead
                .zip(row.person)
                .map(|(lead, person)| KeptOn { lead: LeadId::from_uuid(lead), person: PersonId::from_uuid(person) }),
            by_visitor: row.by_visitor,
            is_lifted: row.is_lifted,
            may_be_lifted: row.may_be_lifted,
            // What an erased person had submitted says nothing any more.
            submission: serde_json::from_str(&row.submission).unwrap_or_default(),
            void: row.void,
        });
        Ok(kept.collect())
    }
}
