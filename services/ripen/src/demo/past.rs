//! The past of a demonstration: the parts of Ripen over the real database, with a clock of their own that is moved from the first day
//! to now. Intake receives, the qualifier decides, deliveries are leased and settled by the same code as ever; only what would leave
//! the machine does not: whatever was sent in the past was taken, so that no mailbox and no terminal is flooded now.
//!
//! Runs before the roles start: they would fire by their clock what is due by this one.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use axum::{
    Router,
    body::Body,
    http::{
        Request, StatusCode,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
    },
};
use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use ripen_actions::Actions;
use ripen_dispatcher::DispatcherContext;
use ripen_domain::{
    delivery::{Attempted, EventType, LONGEST_RETRY_AFTER, Next, RetrySchedule},
    id::{DeliveryId, EndpointId, LeadId, RepId},
    link::Links,
    message::DeliverMessage,
    secret::Secret,
};
use ripen_intake::IntakeContext;
use ripen_outbound::{
    mail::Mailer,
    trust::Trust,
    webhook::{Limits, WebhookSender},
};
use ripen_qualifier::{DecideError, Item, Pace, QualifierContext};
use ripen_queue::{Consumer, Message, Queue, Received, Settlement, Transport, TransportOptions};
use ripen_runtime::{clock::Clock, config::Settings, health::Health, random::uuid_v7};
use ripen_store::{
    Store,
    arrival::spool::SpoolKey,
    criteria::document_cache::Documents,
    delivery::{
        attempt::AttemptRow,
        catch_up::BodyTerms,
        lease::{LeaseRequest, MailRoom},
        leased_delivery::Leased,
        settle::Settled,
    },
    endpoint::endpoint_record::EndpointKind,
    notice::send::NoticeEnd,
    slot::SlotPlace,
};
use serde_json::{Map, Value};
use tower::ServiceExt as _;

/// So much is taken from a queue at once.
const BATCH: usize = 256;
/// A batch is decided again as often where something was set aside.
const TRIES: usize = 20;
/// What was done is followed up as often: a decision makes a delivery, and an answer to it another decision.
const ROUNDS: usize = 10;
/// A lease by the database's clock: longer than a start takes.
const LEASE: Duration = Duration::from_secs(600);
/// An offer is not made again within this.
const OFFER: SignedDuration = SignedDuration::from_secs(60);
/// Between two things: nothing has the instant, or the order of ids, of another.
const MOMENT: SignedDuration = SignedDuration::from_millis(1);

/// Where and how the past happens.
pub struct PastSetup<'a> {
    /// The database.
    pub store: &'a Store,
    /// As the process is configured.
    pub settings: &'a Settings,
    /// Where mail would be filed.
    pub data_dir: &'a Path,
    /// What links in bodies lead to.
    pub links: Option<Links>,
    /// When it begins.
    pub from: Timestamp,
}

/// Something that a client was sent.
#[derive(Debug, Clone)]
pub struct TakenLead {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Of which lead.
    pub lead: LeadId,
    /// The client's slug.
    pub client: String,
    /// To which rep; none for a webhook.
    pub rep: Option<RepId>,
    /// It hands the lead over.
    pub is_whole: bool,
}

/// The installation as it was.
pub struct PastDesk {
    /// What people do.
    pub actions: Actions,
    intake: Router,
    qualifier: QualifierContext,
    dispatcher: DispatcherContext,
    arrivals: Consumer,
    requalify: Consumer,
    deliveries: Consumer,
    pace: Pace,
}

impl PastDesk {
    /// The installation at the beginning.
    ///
    /// # Errors
    /// When something cannot be set up.
    pub async fn new(scene: PastSetup<'_>) -> anyhow::Result<Self> {
        let PastSetup { store, settings, data_dir, links, from } = scene;
        // The months that are over have partitions of their own too: what lay in the default one would be moved under a lock later.
        store.partitions_make(from).await?;
        let settings = Arc::new(unhurried(settings));
        let clock = Clock::mock(from);
        let (transport, health) = (Transport::local(TransportOptions::default()), Health::default());
        let actions = Actions::new(store.clone(), clock.clone(), &settings)?;
        let intake = IntakeContext::new(store.clone(), transport.clone(), clock.clone(), &settings, health.clone());
        let trust = Trust::default();
        let dispatcher = DispatcherContext {
            store: store.clone(),
            actions: actions.clone(),
            transport: transport.clone(),
            clock: clock.clone(),
            settings: Arc::clone(&settings),
            health: health.clone(),
            webhooks: Arc::new(WebhookSender::new(Limits::default(), &trust)?),
            mailer: Arc::new(Mailer::new("", &settings.mail.from, data_dir, &trust)?),
            links,
        };
        let documents = Documents::new(store.clone());
        let prefetch = u16::try_from(BATCH).unwrap_or(u16::MAX);
        Ok(Self {
            actions,
            intake: ripen_intake::router(intake),
            arrivals: transport.consume(Queue::Arrivals, prefetch),
            requalify: transport.consume(Queue::Requalify, prefetch),
            deliveries: transport.consume(Queue::Deliveries, prefetch),
            qualifier: QualifierContext { store: store.clone(), transport, clock, settings, health, documents },
            dispatcher,
            pace: Pace::default(),
        })
    }

    /// The instant of then.
    pub fn now(&self) -> Timestamp {
        self.actions.clock.now()
    }

    /// Goes on to an instant, or by a moment where that is past already.
    pub fn go_on(&self, to: Timestamp) {
        let clock = &self.actions.clock;
        if to > clock.now() {
            clock.set(to)
        } else {
            clock.advance(MOMENT)
        };
    }

    /// A source sends a lead with its key.
    ///
    /// # Errors
    /// When intake does not take it.
    pub async fn post(&self, key: &Secret, lead: &Map<String, Value>) -> anyhow::Result<()> {
        let request = Request::post("/v1/leads")
            .header(AUTHORIZATION, format!("Bearer {}", key.reveal()))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(serde_json::to_vec(lead)?))?;
        self.send(request).await
    }

    /// A form is filled in, by a bot that fills in what people do not see.
    ///
    /// # Errors
    /// When intake does not take it.
    pub async fn trap(&self, token: &Secret, email: &str) -> anyhow::Result<()> {
        let request = Request::post(format!("/v1/in/{}", token.reveal()))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("email={email}&_hp=cheap+watches")))?;
        self.send(request).await
    }

    async fn send(&self, request: Request<Body>) -> anyhow::Result<()> {
        let Ok(response) = self.intake.clone().oneshot(request).await;
        ensure!(response.status() == StatusCode::ACCEPTED, "intake answers {}", response.status());
        Ok(())
    }

    /// Everything that follows at this instant, until nothing does; gives what was sent.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn follow(&mut self) -> anyhow::Result<Vec<TakenLead>> {
        let mut sent = Vec::new();
        for _ in 0..ROUNDS {
            let now = self.now();
            ripen_qualifier::tick(&self.qualifier, &mut self.pace, now).await?;
            let decided = self.decide().await?;
            ripen_dispatcher::tick(&self.dispatcher, now).await?;
            let before = sent.len();
            sent.extend(self.deliver().await?);
            if !decided && sent.len() == before {
                break;
            }
            self.go_on(now);
        }
        Ok(sent)
    }

    /// What follows at once from an arrival, or from what somebody did: the next full look finds the rest. A look at everything
    /// that may be due is dear, and nearly all of six weeks would be spent on it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn follow_at_once(&mut self, is_of_desk: bool) -> anyhow::Result<Vec<TakenLead>> {
        let mut sent = Vec::new();
        if is_of_desk {
            let now = self.now();
            ripen_qualifier::tick(&self.qualifier, &mut self.pace, now).await?;
        }
        while self.decide().await? {
            sent.extend(self.deliver().await?);
        }
        Ok(sent)
    }

    /// What arrived is decided, without a look at what else is due.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn decide(&self) -> anyhow::Result<bool> {
        let mut any = false;
        for (queue, consumer) in [(Queue::Arrivals, &self.arrivals), (Queue::Requalify, &self.requalify)] {
            let received = waiting(consumer);
            if received.is_empty() {
                continue;
            }
            any = true;
            self.decide_batch(queue, &received).await?;
            consumer.settle(received.into_iter().map(|message| (message, Settlement::Done)).collect()).await;
        }
        Ok(any)
    }

    async fn decide_batch(&self, queue: Queue, received: &[Received]) -> anyhow::Result<()> {
        let read = |message: &Received| match queue {
            Queue::Requalify => Item::requalify(&message.body),
            _ => Item::arrival(&message.body),
        };
        let items = received.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(anyhow::Error::msg)?;
        let items: Vec<_> = items.iter().collect();
        let keys: Vec<_> = received.iter().map(|message| SpoolKey::of(message.id, &message.body)).collect();
        let spooled = if queue == Queue::Arrivals { keys.as_slice() } else { &[] };
        for _ in 0..TRIES {
            self.actions.clock.advance(MOMENT);
            match ripen_qualifier::decide(&self.qualifier, &items, spooled).await {
                Ok(report) => {
                    let offers = report.deliveries.iter().map(|due| offer(due.delivery, due.endpoint)).collect();
                    self.qualifier.transport.publish_all(Queue::Deliveries, offers).await;
                    if report.set_aside.is_empty() {
                        return Ok(());
                    }
                }
                Err(DecideError::Store(error)) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        anyhow::bail!("some leads are set aside again and again")
    }

    /// What is owed is taken by whom it is for.
    async fn deliver(&self) -> anyhow::Result<Vec<TakenLead>> {
        let received = waiting(&self.deliveries);
        let deliveries: Vec<_> = received.iter().filter_map(delivery_of).collect();
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let lease = uuid_v7(now);
        let claim = LeaseRequest {
            deliveries: &deliveries,
            lease,
            lasts: LEASE,
            busy: &[],
            places: &[SlotPlace::ALONE],
            mail: MailRoom::ANY,
            kept_until: now.saturating_add(OFFER).unwrap_or(now),
        };
        let DispatcherContext { store, actions, links, .. } = &self.dispatcher;
        let terms = BodyTerms { links: links.as_ref(), hours: &actions.hours, now };
        let ready = store.deliveries_lease(&claim, now, |due| due.to_body(terms)).await?.ready;
        let rows: Vec<_> = ready.iter().map(|leased| taken(leased, lease, now)).collect();
        store.deliveries_settle(&rows).await?;
        self.deliveries.settle(received.into_iter().map(|message| (message, Settlement::Done)).collect()).await;
        Ok(ready.iter().map(sent).collect())
    }

    /// Mails that are owed were sent: sent now, they would speak of what is over.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn send_notices(&self) -> anyhow::Result<()> {
        let now = self.now();
        let lease = uuid_v7(now);
        let most = i64::try_from(BATCH)?;
        for due in self.qualifier.store.notices_lease((lease, LEASE), most, now).await? {
            let end = NoticeEnd::Tried(Next::Delivered);
            self.qualifier.store.notice_settle((due.id, lease), &end, now).await.context("a notice of the past")?;
        }
        Ok(())
    }
}

/// As it is configured, but for what goes by the database's clock or by the time of the machine: weeks pass within a minute.
fn unhurried(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    settings.clock.max_skew_s = u64::MAX;
    settings.qualifier.criteria_spread_s = 0;
    settings.qualifier.overdue_per_s = u32::MAX;
    settings.limits.requests_per_second = 100_000;
    settings.limits.burst = 100_000;
    settings
}

/// What waits in a queue now.
fn waiting(consumer: &Consumer) -> Vec<Received> {
    consumer.next_batch(BATCH).now_or_never().unwrap_or_default()
}

fn offer(delivery: DeliveryId, endpoint: EndpointId) -> Message {
    let body = serde_json::to_vec(&DeliverMessage::V1 { delivery, endpoint: Some(endpoint) }).unwrap_or_default();
    Message { id: delivery.uuid(), body: body.into() }
}

fn delivery_of(message: &Received) -> Option<DeliveryId> {
    serde_json::from_slice(&message.body).ok().map(|DeliverMessage::V1 { delivery, .. }| delivery)
}

/// A webhook that answers 200, or a mail server that takes a mail.
fn taken(leased: &Leased, lease: uuid::Uuid, now: Timestamp) -> Settled {
    let due = &leased.due;
    let (status, duration_ms) = if due.kind == EndpointKind::Email { (250, 310) } else { (200, 42) };
    let attempt = AttemptRow {
        number: due.attempts,
        at: now,
        duration_ms,
        status: Some(status),
        error: None,
        answer: None,
        report: None,
    };
    let schedule = RetrySchedule { waits: Vec::new(), longest_wait: LONGEST_RETRY_AFTER };
    Settled {
        delivery: due.facts.delivery,
        lease,
        attempt,
        next: schedule.next(Attempted::Taken, 1, 1.0, now),
        not_before: None,
        mail_waits: false,
        bounced: false,
        outcome: None,
    }
}

fn sent(leased: &Leased) -> TakenLead {
    let due = &leased.due;
    TakenLead {
        delivery: due.facts.delivery,
        lead: due.facts.lead,
        client: due.slug.clone(),
        rep: due.rep,
        is_whole: due.facts.event() == EventType::LeadMatured,
    }
}
