//! What every request of intake works with, made once per process.

use std::{
    num::NonZeroU32,
    sync::{Arc, Once},
    time::Duration,
};

use ripen_domain::id::SourceId;
use ripen_queue::Transport;
use ripen_runtime::{clock::Clock, config::Settings, health::Health};
use ripen_store::Store;
use ripen_web::{
    Problem,
    address::Visitor,
    address_rate::{AddressQuota, AddressRate},
    body::BodyLimits,
    rate::RateLimit,
};
use tokio::sync::Semaphore;

use crate::{
    durable::DurableWriter,
    list_turns::{ListTurn, ListTurns},
    sources::{Handle, Sources},
};

/// How many pieces of lists are made durable at once. What waits for its turn is not refused: the list is sent on when it is in. One that is
/// written leaves the database idle while the next one is read, hence a second; more would take the writers of live senders.
const LISTS: usize = 2;
/// The same of lists that come with a page's token alone: strangers wait for each other, and no client's import waits for them.
const STRANGERS_LISTS: usize = 1;

/// How many requests may wait for their decision at once; each asks the database a few times.
const WAITERS: usize = 64;

/// One address that has only a page's token may take this part of a source's rate: 1 in 4.
const SHARE_OF_AN_ADDRESS: u32 = 4;

/// Intake's parts. Clones share them.
#[derive(Clone)]
pub struct IntakeContext(Arc<IntakeParts>);

pub struct IntakeParts {
    pub store: Store,
    pub transport: Transport,
    pub clock: Clock,
    pub health: Health,
    pub sources: Sources,
    pub durable: Arc<DurableWriter>,
    /// Of leads that programs send with the source's key.
    pub rate: RateLimit<SourceId>,
    /// Of leads that programs send with the token of its address alone. In one bucket with those of the key, strangers who have
    /// a page's token would keep the source's own program out.
    pub tokens: RateLimit<SourceId>,
    /// Lists that are on their way in, however long they are: no rate refuses them, so few go at once that others have room.
    pub lists: Semaphore,
    /// The same, of lists that come with the token of an address alone.
    pub strangers_lists: Semaphore,
    /// Which lists are read, of those that come with a key,
    pub list_turns: ListTurns,
    /// and of those that come with the token of an address alone.
    pub strangers_list_turns: ListTurns,
    /// Of forms. Whoever has the token of a page can send JSON with it: in one bucket that would keep its visitors out.
    pub forms: RateLimit<SourceId>,
    /// Of forms, for each address.
    pub visitors: AddressRate,
    /// Of what programs send that have a page's token alone, for each address: an address cannot take all of a source's rate.
    pub programs: AddressRate,
    /// Of keys and tokens that open nothing, for each address: each asks the database.
    pub wrong: AddressRate,
    /// Of questions about leads.
    pub questions: RateLimit<SourceId>,
    /// Of those that whoever sends a list asks after each piece of it.
    pub list_questions: RateLimit<SourceId>,
    pub waiters: Semaphore,
    pub body: BodyLimits,
    pub array_leads: usize,
    pub longest_wait: Duration,
}

impl IntakeContext {
    /// Intake over a database and a transport. To be called on the runtime that will serve it.
    #[must_use]
    pub fn new(store: Store, transport: Transport, clock: Clock, settings: &Settings, health: Health) -> Self {
        let limits = &settings.limits;
        let asked = store.clone();
        // A clone each: the lookup outlives the request that asked for it.
        let known_for = Duration::from_secs(settings.intake.source_cache_s);
        let sources = Sources::new(known_for, store.source_changes(), move |handle| {
            let store = asked.clone();
            async move {
                match handle {
                    Handle::Key(hash) => store.source_by_key(&hash).await,
                    Handle::Token(hash) => store.source_by_token(&hash).await,
                }
            }
        });
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let of_address = |per_minute, burst, refusal| {
            let (per_minute, burst) = (positive(per_minute), positive(burst));
            AddressRate::new(AddressQuota { per_minute, burst, most: limits.addresses, refusal })
        };
        Self(Arc::new(IntakeParts {
            durable: DurableWriter::start(transport.clone(), store.clone(), settings),
            sources,
            questions: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            list_questions: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            rate: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            tokens: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            lists: Semaphore::new(LISTS),
            strangers_lists: Semaphore::new(STRANGERS_LISTS),
            list_turns: ListTurns::new(limits.connections),
            strangers_list_turns: ListTurns::new(limits.connections),
            forms: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            visitors: of_address(
                limits.visitor_forms_per_minute,
                limits.visitor_forms_burst,
                "Too many forms came from this address in a short time.",
            ),
            programs: of_address(
                limits.requests_per_second.saturating_mul(60) / SHARE_OF_AN_ADDRESS,
                limits.burst / SHARE_OF_AN_ADDRESS,
                "Too many leads came from this address in a short time. With the source's key there is no such limit.",
            ),
            wrong: of_address(
                limits.wrong_tokens_per_minute,
                limits.wrong_tokens_per_minute,
                "Too many keys or tokens that open nothing came from this address in a short time.",
            ),
            waiters: Semaphore::new(WAITERS),
            body: BodyLimits { bytes: limits.body_bytes, time: Duration::from_secs(limits.body_timeout_s) },
            array_leads: limits.array_leads,
            longest_wait: Duration::from_secs(limits.wait_s),
            // Intake and the waiting senders ask the same database, over one pool.
            store,
            transport,
            clock,
            health,
        }))
    }
}

impl IntakeParts {
    /// The bucket of leads that a program sends.
    pub const fn rate_of_program(&self, has_key: bool) -> &RateLimit<SourceId> {
        if has_key { &self.rate } else { &self.tokens }
    }

    /// Takes one form from the bucket of its visitor's address.
    ///
    /// # Errors
    /// 429 with the wait until the next one.
    pub fn admit_form(&self, visitor: Visitor) -> Result<(), Problem> {
        self.visitors.take(visitor.address).inspect_err(|_| tell_of_ignored_claim(visitor))
    }

    /// Takes leads that a program sent from the bucket of its address.
    ///
    /// # Errors
    /// 429 with the wait until the next one.
    pub fn admit_program(&self, visitor: Visitor, leads: NonZeroU32) -> Result<(), Problem> {
        self.programs.take_many(visitor.address, leads).inspect_err(|_| tell_of_ignored_claim(visitor))
    }

    /// Waits until a list may be read that came with a page's token alone.
    ///
    /// # Errors
    /// 503 with `Retry-After` where there is no room to wait in.
    pub async fn strangers_list_turn(
        &self,
        visitor: Option<Visitor>,
        source: SourceId,
    ) -> Result<ListTurn<'_>, Problem> {
        let turn = self.strangers_list_turns.turn(visitor, source).await;
        let turn = turn.inspect_err(|_| visitor.into_iter().for_each(tell_of_ignored_claim))?;
        // Before anything of it is read, as if it were a row: lists that hold none are no faster than others.
        self.pace_strangers_list(visitor, &source, NonZeroU32::MIN).await;
        Ok(turn)
    }

    /// Waits until so many rows of a list that came with a page's token alone fit into the rate of its address and of its source. Refused
    /// in the middle, it would begin anew and never end, as its first rows would take the room of the others each time.
    pub async fn pace_strangers_list(&self, visitor: Option<Visitor>, source: &SourceId, rows: NonZeroU32) {
        if let Some(visitor) = visitor {
            self.programs.pace_many(visitor.address, rows).await;
        }
        self.tokens.pace_many(source, rows).await;
    }
}

/// Else an operator with a proxy in front learns from angry visitors that they all count as one. Once: anybody can write the header.
fn tell_of_ignored_claim(visitor: Visitor) {
    static TOLD: Once = Once::new();
    if visitor.is_claim_ignored {
        TOLD.call_once(|| {
            tracing::warn!(
                "posts are refused by the limits of an address that came with X-Forwarded-For or Forwarded from a peer that is \
                 not among http.trusted_proxies: if a reverse proxy stands in front, name it there"
            );
        });
    }
}

impl std::ops::Deref for IntakeContext {
    type Target = IntakeParts;

    fn deref(&self) -> &IntakeParts {
        &self.0
    }
}
