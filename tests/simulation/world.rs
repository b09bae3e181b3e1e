//! One installation in this process: the real qualifier and dispatcher code over a real database and the local transport,
//! with a clock that only the list moves. It plays the parts of the loops: takes from the queues, calls what they call,
//! settles, and dies where it is told to.

use std::sync::Arc;

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    actor::{Actor, Scope},
    delivery::EventType,
    id::{ClientId, CriteriaId, EndpointId, ProgramId, SourceId},
    lead::Channel,
    message::ArrivalMessage,
};
use ripen_outbound::{
    mail::Mailer,
    trust::Trust,
    webhook::{Limits, WebhookSender},
};
use ripen_queue::{Consumer, Message, Queue, Received, Transport, TransportOptions};
use ripen_runtime::{clock::Clock, config::Settings, health::Health};
use ripen_store::{
    Store, StoreOptions,
    arrival::spool::SpoolRow,
    client::client_record::NewClient,
    criteria::activate::Activation,
    endpoint::{
        endpoint_record::{EndpointKind, NewEndpoint},
        settings::EndpointChange,
    },
    source::source_record::{NewSource, SourceFormat, State},
};
use ripen_testkit::{
    keys::keyring,
    postgres::{TestDatabase, database},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use super::{
    documents::{PROGRAM, document},
    fault, mailboxes,
    model::Model,
    operation::{Operation, Post},
    posting,
};

/// What the firm's staff may touch.
pub fn firm() -> Scope {
    Actor::operator("Kim").scope()
}

/// How long an offer keeps a row from being offered again.
pub const OFFER: SignedDuration = SignedDuration::from_secs(60);

/// What goes wrong, in words; the list that led to it is printed beside.
pub type Outcome = Result<(), String>;

/// The installation and what is known about it.
pub struct World {
    pub qualifier: ripen_qualifier::QualifierContext,
    pub dispatcher: ripen_dispatcher::DispatcherContext,
    pub pool: PgPool,
    pub model: Model,
    /// Every message that was ever sent to the qualifier.
    pub messages: Vec<(Queue, Message)>,
    client: ClientId,
    source: SourceId,
    /// Tables that are emptied for each list.
    tables: String,
    pace: ripen_qualifier::Pace,
    /// Nothing can be published or received.
    cut: bool,
    /// How many touches the list has had.
    pub touches: u128,
    _folder: tempfile::TempDir,
    _database: TestDatabase,
}

impl World {
    /// A client with one source and two endpoints, in a database of its own.
    pub async fn new() -> Self {
        let database = database().await;
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        // The list's clock and the database's have nothing to do with each other.
        settings.clock.max_skew_s = u64::MAX;
        // New criteria reach everybody at once.
        settings.qualifier.criteria_spread_s = 0;
        // What is overdue after a leap in time is decided at once, as the oracle expects.
        settings.qualifier.overdue_per_s = u32::MAX;
        settings.mail.alerts = "firm@example.com".to_owned();
        let settings = Arc::new(settings);
        let clock = Clock::mock(beginning());
        let store = Store::open(&StoreOptions::new(database.url(), 6)).unwrap().with_keyring(keyring());
        let transport = Transport::local(TransportOptions::default());
        let dispatcher = ripen_dispatcher::DispatcherContext {
            actions: ripen_actions::Actions::new(store.clone(), clock.clone(), &settings).unwrap(),
            store: store.clone(),
            transport: transport.clone(),
            clock: clock.clone(),
            settings: Arc::clone(&settings),
            health: Health::default(),
            webhooks: Arc::new(WebhookSender::new(Limits::default(), &Trust::default()).unwrap()),
            mailer: Arc::new(Mailer::new("", "Ripen <ripen@example.com>", folder.path(), &Trust::default()).unwrap()),
            links: None,
        };
        let documents = ripen_store::criteria::document_cache::Documents::new(store.clone());
        let health = Health::default();
        let qualifier = ripen_qualifier::QualifierContext { store, transport, clock, settings, health, documents };
        let pool = PgPoolOptions::new().max_connections(2).connect(database.url()).await.unwrap();
        let mut world = Self {
            qualifier,
            dispatcher,
            pool,
            model: Model::default(),
            messages: Vec::new(),
            client: ClientId::from_uuid(Uuid::from_u128(1)),
            source: SourceId::from_uuid(Uuid::from_u128(2)),
            tables: String::new(),
            pace: ripen_qualifier::Pace::default(),
            cut: false,
            touches: 0,
            _folder: folder,
            _database: database,
        };
        world.furnish().await;
        world
    }

    async fn furnish(&mut self) {
        let (store, now) = (&self.qualifier.store, self.now());
        let client = NewClient {
            id: self.client,
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            country: "US".to_owned(),
            time_zone: "America/New_York".to_owned(),
        };
        let mut tx = store.begin().await.unwrap();
        tx.client_add(&client, now).await.unwrap();
        let source = NewSource {
            id: self.source,
            client: self.client,
            name: "Web site".to_owned(),
            channel: Channel::WebForm,
            format: SourceFormat::Any,
            country: None,
            token_hash: [1; 32],
            key_hash: [2; 32],
            cost_per_lead: None,
            thanks_url: None,
        };
        tx.source_add(firm(), &source, now).await.unwrap();
        for number in 3..5_u128 {
            let endpoint = NewEndpoint {
                id: EndpointId::from_uuid(Uuid::from_u128(number)),
                client: self.client,
                kind: EndpointKind::Webhook,
                name: None,
                to: format!("http://127.0.0.1:9/{number}").into(),
                rep: None,
                allow_private: true,
                secret: None,
                events: None,
            };
            tx.endpoint_add(firm(), &endpoint, now).await.unwrap();
        }
        // The second one wants to know everything.
        let all = EventType::ALL.iter().copied().filter(|event| event.is_asked_for()).collect();
        let change = EndpointChange { events: Some(all), ..EndpointChange::default() };
        tx.endpoint_change(firm(), EndpointId::from_uuid(Uuid::from_u128(4)), &change, now).await.unwrap();
        mailboxes::furnish(&mut tx, self.client, now).await;
        tx.commit().await.unwrap();
        fault::prepare(&self.pool).await;
        self.tables = self.empty_tables().await;
    }

    /// What holds nothing now is emptied for each list; what holds something are settings, and what they refer to stays.
    async fn empty_tables(&self) -> String {
        let all = "select format('%I', relname) from pg_class where relnamespace = 'public'::regnamespace
                   and relkind in ('r', 'p') and not relispartition and relname not in ('criteria', 'armed') order by 1";
        let mut empty = Vec::new();
        for table in sqlx::query_scalar::<_, String>(all).fetch_all(&self.pool).await.unwrap() {
            let sql = sqlx::AssertSqlSafe(format!("select not exists (select from {table})"));
            if sqlx::query_scalar::<_, bool>(sql).fetch_one(&self.pool).await.unwrap() {
                empty.push(table);
            }
        }
        let referring = "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f' and conparentid = 0";
        let keys: Vec<(String, String)> = sqlx::query_as(referring).fetch_all(&self.pool).await.unwrap();
        let emptied = empty.clone();
        empty.retain(|table| keys.iter().all(|(from, to)| to != table || emptied.contains(from)));
        // Row by row: to truncate makes all their files and those of their indexes anew, which takes longer than a short list.
        empty.iter().map(|table| format!("delete from {table};")).collect()
    }

    /// As new: no lead, no criteria, the first instant.
    pub async fn reset(&mut self) {
        let sql = format!(
            "set session_replication_role = replica; {} set session_replication_role = origin;
             delete from armed; update program set criteria_id = null; update client set state = 'active',
             route = null, capacity = null, program_id = null;
             update endpoint set state = 'enabled', state_reason = null, disabled_by = null, bounces_from = null, failures = 0,
             failing_since = null, probes = 0, probe_at = null, release_at = null, refused_leads = '{{}}', refused_since = null",
            self.tables
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
        assert!(self.qualifier.clock.set(beginning()));
        self.model = Model::default();
        self.messages.clear();
        (self.pace, self.touches, self.cut) = (ripen_qualifier::Pace::default(), 0, false);
        self.lose_offers();
    }

    pub fn now(&self) -> Timestamp {
        self.qualifier.clock.now()
    }

    /// Does one thing. Between any two a moment passes.
    pub async fn apply(&mut self, operation: Operation) -> Outcome {
        assert!(self.qualifier.clock.advance(SignedDuration::from_millis(1)));
        match operation {
            Operation::Arrive(post) => self.arrive(post).await,
            Operation::Repeat(which) => self.repeat(which).await,
            Operation::Decide(waiting, way) => return self.decide(waiting, way).await,
            Operation::Sweep => return self.sweep().await,
            Operation::Deliver(fate) => return self.deliver(fate).await,
            Operation::FollowUp => return self.follow_up().await,
            Operation::Answer { person, days, spoken } => return self.answer(person, days, spoken).await,
            Operation::OptOut(person) => return self.opt_out(person).await,
            Operation::Suppress(person) => return self.suppress(person).await,
            Operation::Touch { person, how, agreed } => return self.touch(person, how, None, agreed).await.map(drop),
            Operation::Move { person, days, agreed } => return self.move_step(person, days, agreed).await,
            Operation::Minutes(count) => self.pass(SignedDuration::from_mins(i64::from(count))).await,
            Operation::Days(count) => self.pass(SignedDuration::from_hours(24 * i64::from(count))).await,
            Operation::Activate(number) => self.activate(number).await,
            Operation::Restart => self.restart().await,
            Operation::LoseOffers => self.lose_offers(),
            Operation::Broker(there) => {
                self.cut = !there;
                self.lose_offers();
            }
            Operation::Pause(pause) => {
                let state = if pause { State::Paused } else { State::Active };
                let mut tx = self.qualifier.store.begin().await.unwrap();
                tx.client_set_state(firm(), self.client, state, self.now()).await.unwrap();
                tx.commit().await.unwrap();
            }
            Operation::Endpoints(on) => self.endpoints(on).await,
            Operation::Organise(team) => self.organise(team).await,
            Operation::AnswerOffer { which, accept } => return self.answer_offer(which, accept).await,
            Operation::Recall(person) => return self.recall(person).await,
            Operation::Say { person, what } => return self.say(person, what).await,
            Operation::Program(other) => self.use_program(other).await,
        }
        Ok(())
    }

    /// What intake does on the local transport: a row of the spool, then an offer of it.
    async fn arrive(&mut self, post: Post) {
        let now = self.now();
        let fresh = Uuid::from_u128(0x1000 + self.messages.len() as u128);
        let arrival = posting::arrival(post, (self.client, self.source), now, fresh);
        let body = serde_json::to_vec(&ArrivalMessage::V1(Box::new(arrival.clone()))).unwrap();
        let row = SpoolRow { id: arrival.id.uuid(), body: body.clone(), received_at: now, offered_until: now + OFFER };
        self.qualifier.store.spool_insert(vec![row]).await.unwrap();
        self.model.acknowledged.entry(arrival.id).or_default().insert(arrival.content);
        self.send(Queue::Arrivals, Message { id: arrival.id.uuid(), body: body.into() }).await;
    }

    async fn repeat(&mut self, which: u8) {
        if self.messages.is_empty() {
            return;
        }
        let (queue, message) = self.messages[usize::from(which) % self.messages.len()].clone();
        let published = self.qualifier.transport.publish(queue, message).await;
        assert_eq!(published.is_ok(), !self.cut);
    }

    pub async fn send(&mut self, queue: Queue, message: Message) {
        self.messages.push((queue, message.clone()));
        let published = self.qualifier.transport.publish(queue, message).await;
        assert_eq!(published.is_ok(), !self.cut);
    }

    pub async fn sweep(&mut self) -> Outcome {
        let now = self.now();
        // The service does it in a task of its own.
        let followed = self.qualifier.store.sweep_suppressions(now).await;
        followed.map_err(|error| format!("the sweep of suppressions failed: {error}"))?;
        let swept = ripen_qualifier::tick(&self.qualifier, &mut self.pace, now).await;
        swept.map(drop).map_err(|error| format!("the qualifier's sweep failed: {error}"))
    }

    /// The clock goes on, for leases as well, though those are the database's to judge.
    pub async fn pass(&self, by: SignedDuration) {
        assert!(self.qualifier.clock.advance(by));
        let sql = "update delivery set leased_until = leased_until - make_interval(secs => $1) where state = 'leased'";
        sqlx::query(sql).bind(by.as_secs_f64()).execute(&self.pool).await.unwrap();
    }

    pub async fn activate(&self, number: u8) {
        let id = Uuid::from_u128(0x100 + u128::from(number));
        let new = Activation {
            program: PROGRAM,
            document: document(number),
            version_id: CriteriaId::from_uuid(id),
            program_id: ProgramId::from_uuid(id),
            by: &Actor::operator("the simulation"),
            backtest: None,
            spread: SignedDuration::ZERO,
        };
        let mut tx = self.qualifier.store.begin().await.unwrap();
        tx.criteria_activate(&new, self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The process is gone with all that was in its memory; the next one begins as the service does.
    pub async fn restart(&mut self) {
        self.lose_offers();
        let now = self.now();
        self.qualifier.store.sweep_forget_offers(now, now).await.unwrap();
        self.qualifier.store.sweep_forget_leases(now).await.unwrap();
    }

    fn lose_offers(&mut self) {
        let transport = Transport::local(TransportOptions::default());
        if self.cut {
            assert!(transport.close().now_or_never().is_some(), "nothing is under way");
        }
        self.qualifier.transport = transport.clone();
        self.dispatcher.transport = transport;
    }

    pub const fn client(&self) -> ClientId {
        self.client
    }

    pub async fn has_no_criteria(&self) -> bool {
        let sql = "select g.criteria_id is null from client c join program g on g.id = coalesce(c.program_id,
                     (select id from program where is_default)) where c.id = $1";
        sqlx::query_scalar(sql).bind(self.client.uuid()).fetch_one(&self.pool).await.unwrap()
    }

    async fn endpoints(&self, on: bool) {
        // As `endpoint resume` and `pause` do: an address that is on again counts anew.
        let sql = "update endpoint set state = case when $1 then 'enabled' else 'disabled' end,
                     disabled_by = case when $1 then null else 'firm' end, bounces_from = case when $1 then $2::timestamptz else bounces_from end
                   where client_id = $3";
        let query = sqlx::query(sql).bind(on).bind(self.now().to_string()).bind(self.client.uuid());
        query.execute(&self.pool).await.unwrap();
    }
}

/// What waits in a queue now.
pub fn waiting(consumer: &Consumer) -> Vec<Received> {
    consumer.next_batch(256).now_or_never().unwrap_or_default()
}

fn beginning() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}
