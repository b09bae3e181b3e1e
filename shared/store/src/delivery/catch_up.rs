//! What a client fetches because its endpoint did not take it: deliveries of every kind (leads, offers, news) that were never sent
//! and are held by an open circuit, or by an endpoint that was disabled for how it answers. That a lead is taken back, or somebody must
//! not be contacted, is among it. Whoever reads one has it: its body is frozen then, after the
//! checks of a lease, and the later attempt sends the same bytes under the same id.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    calling::{CallWindow, Hours, Whereabouts},
    delivery::{ClientEvent, EventType, LeadCall, Member, changes},
    id::{ClientId, DeliveryId},
    link::Links,
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    delivery::{
        freeze::in_order,
        leased_delivery::{LeasedDelivery, Taken},
    },
    endpoint::endpoint_record::EndpointKind,
};

/// What a client wants to read.
#[derive(Debug, Clone, Copy)]
pub struct CatchUp {
    /// Whose deliveries.
    pub client: ClientId,
    /// This one alone.
    pub only: Option<DeliveryId>,
    /// At most so many, the oldest first.
    pub limit: i64,
}

/// What a body says beside the lead's own facts.
#[derive(Clone, Copy)]
pub struct BodyTerms<'a> {
    /// Where its links lead.
    pub links: Option<&'a Links>,
    /// When people may be called.
    pub hours: &'a Hours,
    /// When it is frozen.
    pub now: Timestamp,
}

impl LeasedDelivery {
    /// The bytes that every attempt sends.
    #[must_use]
    pub fn to_body(&self, BodyTerms { links, hours, now }: BodyTerms<'_>) -> Vec<u8> {
        let mut event = self.facts.to_event(now);
        self.say_what_changed(&mut event);
        // An offer says nothing from which a number could be guessed.
        if self.facts.event() != EventType::LeadOffered
            && let Some(lead) = event.lead_mut()
        {
            let places = Whereabouts::of(&self.facts.profile, &self.client_country, &self.facts.time_zone).places();
            lead.call = LeadCall::from(CallWindow::of(&places, hours, now)).into();
        }
        let links = links.and_then(|links| match self.kind {
            EndpointKind::Email => links.for_mail(),
            EndpointKind::Webhook => links.for_webhook(&self.to),
        });
        // Links are made with the freeze, so that every attempt sends the same ones.
        if let Some((links, lead)) = links.zip(event.lead_mut()) {
            lead.outcome_url = links.outcome_url(self.facts.handed_over, now).into();
            // A webhook's body goes to the whole team's programs: the page is the rep's own.
            let rep = self.rep.filter(|_| self.kind == EndpointKind::Email);
            lead.open_leads_url = Member::if_some(rep.map(|rep| links.rep_url(rep, now)));
        }
        event.to_bytes()
    }

    /// An update says what is otherwise than its endpoint was told last.
    fn say_what_changed(&self, event: &mut ClientEvent) {
        let before = self.told_before.as_deref().and_then(ClientEvent::read);
        let Some((before, lead)) = before.as_ref().and_then(ClientEvent::lead).zip(event.lead_mut()) else { return };
        let found = changes(before, lead);
        // Nothing of it is written where nothing changed: most updates tell of a note or a conversation.
        if !found.is_empty()
            && let Member::Is(update) = &mut lead.update
        {
            update.changes = found.into();
        }
    }
}

impl Store {
    /// Freezes what a client did not get because of how its endpoints answer, so that it can be read; returns how many.
    pub async fn deliveries_catch_up(
        &self,
        scope: Scope,
        wanted: CatchUp,
        terms: BodyTerms<'_>,
    ) -> Result<usize, StoreError> {
        if !scope.covers(wanted.client) {
            return Ok(0);
        }
        let now = terms.now;
        let leased = self.read_ahead(wanted, now).await?;
        if leased.is_empty() {
            return Ok(0);
        }
        // After the commit, as with a lease: whatever changes the lead from here on finds that the client may have it.
        let loaded = self.load_all(&Taken { leased, probes: BTreeSet::new() }, now).await?;
        let fresh: Vec<_> = loaded.due.into_iter().filter(|due| due.body.is_none()).collect();
        let mut fresh = in_order(fresh, |due| due.to_body(terms));
        self.withhold_in_fresh(&mut fresh).await?;
        // Where a worker froze one meanwhile, those bytes count and are read. An update that has nothing left to tell is ended by its
        // lease.
        Ok(self.freeze(&fresh.bodies, now).await?.len())
    }

    /// Notes that the client reads these; passes over what is being attempted, and what a lease would not send.
    pub(super) async fn read_ahead(&self, wanted: CatchUp, now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let pads = self.hash_pads().await?;
        // All that is asked is asked before the limit: what may never be read must not stand before what may. What nobody has of a lead
        // that is to be decided first is held, and not read either.
        // What stops somebody is read whatever became of the lead: it is what became of it. An outcome may have ended it.
        // It counts as an attempt that is excused: from the first one on a client is told what changes, and a lead that it
        // has is recalled and not just withdrawn. Once: where the freeze below is lost, the next reader makes it.
        let rows = sqlx::query_scalar!(
            r#"-- catch_up.take
            with missed as materialized (
                select d.id from delivery d
                join endpoint e on e.id = d.endpoint_id join client c on c.id = d.client_id
                join lead l on l.id = d.lead_id join person p on p.id = l.person_id left join delivery_over v on v.delivery_id = d.id
                where e.client_id = $1 and d.client_id = $1 and ($2::uuid is null or d.id = $2)
                  and (c.state <> 'paused' or d.event in ('lead.recalled', 'lead.suppressed'))
                  and d.state in ('pending', 'held') and (d.state = 'held' or d.due_at <= $3)
                  and (e.state = 'enabled' and e.probe_at is not null or e.state = 'disabled' and e.disabled_by is distinct from 'firm')
                  and not exists (select 1 from delivery_body b where b.delivery_id = d.id)
                  and v.why is null and coalesce(v.until > $3, true)
                  and (d.attempts > 0 or not exists (select from regrade t where t.lead_id = d.lead_id and t.taken_back))
                  and (v.delivery_id is null and d.event <> 'lead.outcome'
                       or not p.do_not_contact and not exists (
                         select 1 from person_identity i join suppression s on s.hash = any(identity_hashes($5, $6, i.kind, i.value))
                         where i.person_id = l.person_id and i.void_at is null and (s.client_id is null or s.client_id = i.client_id)))
                order by d.id limit $4 for no key update of d skip locked
            )
            update delivery d set attempts = greatest(d.attempts, 1), excused = d.excused + case d.attempts when 0 then 1 else 0 end
            from missed m where d.id = m.id
            returning d.id"#,
            wanted.client.uuid(),
            wanted.only.map(DeliveryId::uuid),
            now.to_sqlx(),
            wanted.limit,
            &pads.inner,
            &pads.outer
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }
}
