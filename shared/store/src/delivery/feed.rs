//! Deliveries as their client reads them: all that was ever sent, in an order in which nothing comes to stand before what
//! was read already.
//!
//! Bodies are frozen by many workers at once, so neither their ids nor their times are in the order in which they become
//! visible. Each gets its place when the client first reads that far, one reader at a time.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::OutcomeKind,
    id::{ClientId, CriteriaId, DeliveryId, LeadId, RepId},
    lead::Stage,
    outcome::{AmountTerms, Sale},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    delivery::{attempt::AttemptRow, first_to_claim::SentOffer},
    endpoint::endpoint_record::EndpointKind,
    error::word,
    lead::{lead_row::ClosedCode, show::ClientTry},
    outcome::list::OutcomeRecord,
};

/// So many get their place in one transaction.
const PLACED_AT_ONCE: i64 = 5_000;

/// Where to read on.
#[derive(Debug, Clone, Copy, Default)]
pub struct FeedStart {
    /// After this delivery; from the beginning where none is named.
    pub after: Option<DeliveryId>,
    /// Only what was first sent at this instant or later.
    pub since: Option<Timestamp>,
}

/// Why nobody may contact the person any more on the strength of a delivery: how to reach them is not shown with it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactEnd {
    /// They asked not to be contacted.
    DoNotContact,
    /// The lead was taken back.
    Recalled,
    /// It is no longer to be handed over.
    Withdrawn,
    /// It could not be delivered there, and somebody else has the lead.
    GivenOn,
}

/// A delivery that was sent at least once.
#[derive(Debug, Clone)]
pub struct SentRow {
    /// Its id.
    pub id: DeliveryId,
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// `pending`, `held`, `leased`, `delivered`, `filed`, `dead` or `withdrawn`.
    pub state: String,
    /// Webhook or e-mail.
    pub kind: Option<EndpointKind>,
    /// Attempts begun.
    pub attempts: i32,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// When it was delivered, given up or withdrawn.
    pub ended_at: Option<Timestamp>,
    /// What was said last about it.
    pub newest: Option<OutcomeKind>,
    /// Why its person may not be contacted any more; none where they may.
    pub ended: Option<ContactEnd>,
    /// Links about it that were made before are ended.
    pub links_since: Timestamp,
    /// The payload, byte for byte.
    pub body: Vec<u8>,
}

/// How a lead ended that somebody has, said neither by them nor of their delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedElsewhere {
    /// It is sold, for this as far as that is known.
    Won(Option<Sale>),
    /// It is lost.
    Lost,
    /// The firm closed it.
    Closed,
    /// It was given back, and nobody else of the client keeps it.
    GivenBack,
}

/// A lead as far as it ended.
struct LeadEnd {
    stage: Stage,
    closed: Option<ClosedCode>,
    sale: Option<Sale>,
    is_given_back: bool,
}

impl EndedElsewhere {
    /// By what was said last of the delivery; none where the lead goes on, or that says how it ended.
    fn of(lead: &LeadEnd, newest: Option<OutcomeKind>) -> Option<Self> {
        if !matches!(newest, None | Some(OutcomeKind::Accepted)) {
            return None;
        }
        match lead.stage {
            Stage::Customer => Some(Self::Won(lead.sale)),
            Stage::Closed if lead.closed == Some(ClosedCode::Lost) => Some(Self::Lost),
            // It is another lead of the person by now, and is called all the same.
            Stage::Closed if lead.closed == Some(ClosedCode::GoesOn) => None,
            Stage::Closed => Some(Self::Closed),
            _ if lead.is_given_back => Some(Self::GivenBack),
            _ => None,
        }
    }
}

/// The rep that a delivery was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentToRep {
    /// Its id.
    pub id: RepId,
    /// Name as people write it.
    pub name: String,
}

/// One delivery with everything that happened to it.
#[derive(Debug, Clone)]
pub struct SentDelivery {
    /// The delivery.
    pub row: SentRow,
    /// The client's name.
    pub client_name: String,
    /// The client's country: ISO 3166 alpha-2.
    pub client_country: String,
    /// The reasons for which the client returns leads.
    pub return_reasons: Vec<String>,
    /// What the amounts are that the client reports.
    pub amounts: AmountTerms,
    /// The rep it was for.
    pub rep: Option<SentToRep>,
    /// How the offer stands, where it made one.
    pub offer: Option<SentOffer>,
    /// The criteria of the decision that matured the lead: whose questions its answers are to.
    pub criteria: Option<CriteriaId>,
    /// The lead is sold, by whichever of its deliveries that was said.
    pub is_sold: bool,
    /// The lead ended, and nothing that was said of this delivery says so.
    pub elsewhere: Option<EndedElsewhere>,
    /// It went to a rep's own address or made the rep an offer, and the rep is paused without a date of return: links about it
    /// open nothing meanwhile.
    pub has_left: bool,
    /// What the client's own people did with the lead since, oldest first.
    pub tries: Vec<ClientTry>,
    /// It could not be delivered, nothing was said of it, and somebody else has the lead instead.
    pub is_given_on: bool,
    /// Attempts, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// What was said of it, oldest first.
    pub outcomes: Vec<OutcomeRecord>,
}

impl SentDelivery {
    /// Why whoever follows a link about it may not contact the person any more; none where they may. The client's own program may read
    /// what could not be delivered to it, whoever has the lead since.
    #[must_use]
    pub fn ended_for_reader(&self) -> Option<ContactEnd> {
        self.row.ended.or(self.is_given_on.then_some(ContactEnd::GivenOn))
    }

    /// Whether whoever was sent it is to work with its person, or sold to them: how to reach them is shown, as it is known now. A lead
    /// that was given back is the desk's, and nobody calls about one that is closed.
    #[must_use]
    pub fn is_theirs(&self) -> bool {
        let is_over_here =
            matches!(self.row.newest, Some(OutcomeKind::Returned | OutcomeKind::NotYet | OutcomeKind::Lost));
        let is_over_elsewhere =
            matches!(self.elsewhere, Some(EndedElsewhere::Lost | EndedElsewhere::Closed | EndedElsewhere::GivenBack));
        self.ended_for_reader().is_none() && !is_over_here && !is_over_elsewhere
    }
}

struct SentColumns {
    id: Uuid,
    client_id: Uuid,
    lead_id: Uuid,
    state: String,
    kind: Option<String>,
    attempts: i32,
    at: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
    newest: Option<String>,
    do_not_contact: bool,
    is_recalled: bool,
    links_since: jiff_sqlx::Timestamp,
    body: Vec<u8>,
}

impl SentColumns {
    fn ended(&self) -> Option<ContactEnd> {
        let ends = [
            (self.do_not_contact, ContactEnd::DoNotContact),
            (self.is_recalled, ContactEnd::Recalled),
            (self.state == "withdrawn", ContactEnd::Withdrawn),
        ];
        ends.into_iter().find_map(|(is_so, end)| is_so.then_some(end))
    }

    fn row(self) -> Result<SentRow, StoreError> {
        let ended = self.ended();
        Ok(SentRow {
            id: DeliveryId::from_uuid(self.id),
            client: ClientId::from_uuid(self.client_id),
            lead: LeadId::from_uuid(self.lead_id),
            state: self.state,
            kind: self.kind.as_deref().map(EndpointKind::read).transpose()?,
            attempts: self.attempts,
            sent_at: self.at.to_jiff(),
            ended_at: self.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            newest: self.newest.as_deref().map(word).transpose()?,
            ended,
            links_since: self.links_since.to_jiff(),
            body: self.body,
        })
    }
}

impl Store {
    /// What was sent to a client, at most `limit`; none where the delivery to read on from was never sent to it.
    pub async fn sent_to(
        &self,
        scope: Scope,
        client: ClientId,
        start: FeedStart,
        limit: i64,
    ) -> Result<Option<Vec<SentRow>>, StoreError> {
        // Asked before the places are given: another client's program must not even make this one's rows move.
        if !scope.covers(client) {
            return Ok(None);
        }
        // Until nothing is left without a place: a reader that stopped early would be told that it has read
        // everything.
        while self.place(client).await? >= PLACED_AT_ONCE.unsigned_abs() {}
        let after = match start.after {
            None => 0,
            Some(delivery) => match self.place_of(client, delivery).await? {
                Some(place) => place,
                None => return Ok(None),
            },
        };
        // A body without a place is left out: listed now, it would be passed over or repeated once it has one.
        let rows = sqlx::query_as!(
            SentColumns,
            r#"-- feed.list
            select d.id, d.client_id, d.lead_id, d.state, e.kind as "kind?", d.attempts, b.at, d.ended_at, b.body,
                   (select o.kind from outcome o where o.delivery_id = d.id order by o.number desc limit 1) as newest,
                   coalesce(r.do_not_contact, false) as "do_not_contact!", coalesce(l.recalled_at >= d.created_at, false) as "is_recalled!",
                   greatest(d.links_since, (select y.links_since from rep y where y.id = coalesce(d.rep_id, e.rep_id))) as "links_since!"
            from delivery_place p join delivery_body b on b.delivery_id = p.delivery_id
            join delivery d on d.id = p.delivery_id left join endpoint e on e.id = d.endpoint_id
            left join lead l on l.id = d.lead_id left join person r on r.id = l.person_id
            where p.client_id = $1 and p.place > $2 and ($3::timestamptz is null or p.at >= $3) order by p.place limit $4"#,
            client.uuid(),
            after,
            start.since.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let mut sent: Vec<_> = rows.into_iter().map(SentColumns::row).collect::<Result<_, _>>()?;
        self.withhold_in_sent(&mut sent).await?;
        Ok(Some(sent))
    }

    /// One delivery that was sent, with its attempts and outcomes.
    pub async fn sent(&self, scope: Scope, delivery: DeliveryId) -> Result<Option<SentDelivery>, StoreError> {
        let row = sqlx::query_as!(
            SentColumns,
            r#"-- feed.show
            select d.id, d.client_id, d.lead_id, d.state, e.kind as "kind?", d.attempts, b.at, d.ended_at, b.body,
                   (select o.kind from outcome o where o.delivery_id = d.id order by o.number desc limit 1) as newest,
                   coalesce(r.do_not_contact, false) as "do_not_contact!", coalesce(l.recalled_at >= d.created_at, false) as "is_recalled!",
                   greatest(d.links_since, (select y.links_since from rep y where y.id = coalesce(d.rep_id, e.rep_id))) as "links_since!"
            from delivery_body b join delivery d on d.id = b.delivery_id left join endpoint e on e.id = d.endpoint_id
            left join lead l on l.id = d.lead_id left join person r on r.id = l.person_id
            where b.delivery_id = $1 and ($2::uuid is null or b.client_id = $2)"#,
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let around = sqlx::query!(
            r#"-- feed.around
            select c.name, c.country, c.return_reasons, c.amounts, c.amount_share, l.stage, lead_closed_code(l.closed_code, l.closed_reason) as closed_code, l.amount, l.currency,
                   coalesce(l.returned_at >= (select m.at from maturation m where m.id = d.maturation_id), false) as "is_given_back!",
                   r.id as "rep_id?", r.name as "rep?",
                   coalesce((e.kind = 'email' or d.event = 'lead.offered') and r.has_left, false) as "has_left!",
                   coalesce(not exists (select from outcome o where o.delivery_id = d.id)
                            and (d.event = 'lead.matured' and delivery_given_on(d.id)
                                 or d.event = 'lead.updated' and exists (select from delivery h
                                      where h.maturation_id = d.maturation_id and h.endpoint_id = d.endpoint_id and h.event = 'lead.matured'
                                        and not exists (select from outcome o where o.delivery_id = h.id) and delivery_given_on(h.id))), false)
                     as "is_given_on!",
                   (select x.criteria_id from maturation m join decision x on x.id = m.decision_id where m.id = d.maturation_id) as criteria_id
            from delivery d join client c on c.id = d.client_id join lead l on l.id = d.lead_id
            left join endpoint e on e.id = d.endpoint_id
            left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            where d.id = $1"#,
            delivery.uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        let mut row = row.row()?;
        self.withhold_in_sent(std::slice::from_mut(&mut row)).await?;
        let stage: Stage = word(&around.stage)?;
        let currency = around.currency.as_deref().map(word).transpose()?;
        let sale = around.amount.zip(currency).map(|(amount, currency)| Sale { amount, currency });
        let closed = around.closed_code.as_deref().map(word).transpose()?;
        let is_given_back = around.is_given_back;
        let elsewhere = EndedElsewhere::of(&LeadEnd { stage, closed, sale, is_given_back }, row.newest);
        Ok(Some(SentDelivery {
            row,
            client_name: around.name,
            client_country: around.country,
            return_reasons: around.return_reasons,
            amounts: AmountTerms {
                meaning: around.amounts.as_deref().map(word).transpose()?,
                share: around.amount_share,
            },
            rep: around.rep_id.zip(around.rep).map(|(id, name)| SentToRep { id: RepId::from_uuid(id), name }),
            offer: self.offer_made(scope, delivery).await?,
            criteria: around.criteria_id.map(CriteriaId::from_uuid),
            is_sold: stage == Stage::Customer,
            elsewhere,
            has_left: around.has_left,
            tries: self.tries_of(scope, delivery).await?,
            is_given_on: around.is_given_on,
            attempts: self.attempts_of(scope, delivery).await?,
            outcomes: self.outcomes_of(scope, delivery).await?,
        }))
    }

    /// Takes out of what was sent whoever must not be contacted since and is nobody of whom the lead is by now.
    async fn withhold_in_sent(&self, sent: &mut [SentRow]) -> Result<(), StoreError> {
        let bodies: Vec<_> = sent.iter().map(|row| (row.lead, row.body.as_slice())).collect();
        for (place, body) in self.bodies_outdated(&bodies).await? {
            if let Some(row) = sent.get_mut(place) {
                row.body = body;
            }
        }
        Ok(())
    }

    /// The place of a delivery that was sent to the client.
    async fn place_of(&self, client: ClientId, delivery: DeliveryId) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query!(
            "-- feed.place_of
            select place from delivery_place where delivery_id = $1 and client_id = $2",
            delivery.uuid(),
            client.uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        // A place is missing only between the freeze and the next reader: reading from the beginning repeats, and
        // loses nothing.
        Ok(row.map(|row| row.place.unwrap_or(0)))
    }

    /// Gives places to what has none yet, after all that have one; returns to how many. The client's row is the lock:
    /// whoever gives places sees all that were given.
    async fn place(&self, client: ClientId) -> Result<u64, StoreError> {
        // Without a lock first: most reads find nothing new, and should not wait for each other or for the routing.
        let waiting = sqlx::query!(
            r#"-- feed.unplaced
            select exists (select 1 from delivery_place where client_id = $1 and place is null) as "some!""#,
            client.uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        if !waiting.some {
            return Ok(0);
        }
        // No key update of the client: two readers would otherwise both give the next number, and one would miss what
        // the other placed.
        let mut tx = self.begin().await?;
        sqlx::query!(
            "-- feed.lock
            select id from client where id = $1 for no key update",
            client.uuid()
        )
        .fetch_optional(tx.connection())
        .await?;
        // A new statement under READ COMMITTED: the one above cannot see the places that were committed while it
        // waited.
        let done = sqlx::query!(
            "-- feed.place
            update delivery_place p set place = n.place
            from (select delivery_id, row_number() over (order by delivery_id)
                         + (select coalesce(max(place), 0) from delivery_place where client_id = $1 and place is not null) as place
                  from (select delivery_id from delivery_place where client_id = $1 and place is null
                        order by delivery_id limit $2) unplaced) n
            where p.delivery_id = n.delivery_id and p.place is null",
            client.uuid(),
            PLACED_AT_ONCE
        )
        .execute(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}
