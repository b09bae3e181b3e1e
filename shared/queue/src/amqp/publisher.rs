//! The publishing side: a connection that is made again for ever, its lanes, and the answer to each publisher.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lapin::{Connection, ConnectionStatus, options::ConfirmSelectOptions};
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    broker::Broker,
    connect::{self, Connector},
    headers::Outgoing,
    lane::{Job, Lane},
    link,
};
use crate::{message::PublishError, options::TransportOptions, state::LinkState, topology::Queue};

/// How often the queues are looked at.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(15);
/// How often it is counted what waits in them.
const COUNT_AGAIN_AFTER: Duration = Duration::from_millis(250);

pub(super) struct Publisher {
    broker: Broker,
    options: Arc<TransportOptions>,
    current: Arc<RwLock<Publishing>>,
    stop: watch::Sender<bool>,
    /// Closed by the task when it has ended.
    ended: watch::Receiver<()>,
}

type ConfirmReceiver = oneshot::Receiver<Result<(), PublishError>>;

enum Publishing {
    Away,
    Open(Arc<OpenConnection>),
    Closed,
}

/// A connection that can be published on.
struct OpenConnection {
    status: ConnectionStatus,
    lanes: Vec<Lane>,
    turn: AtomicUsize,
}

impl OpenConnection {
    fn lane(&self) -> Result<&Lane, PublishError> {
        if !self.status.connected() {
            // At once: the caller has the database to fall back on, and must not wait for a connection.
            return Err(PublishError::Disconnected);
        }
        if self.status.blocked() {
            return Err(PublishError::Blocked);
        }
        // In turn, so that every channel carries a share of the confirms.
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let lane = &self.lanes[turn % self.lanes.len()];
        // Another one may still be answered: a queue in trouble silences the lane that its messages are on.
        if lane.is_silent() {
            return self.lanes.iter().find(|lane| !lane.is_silent()).ok_or(PublishError::Silent);
        }
        Ok(lane)
    }
}

impl Publisher {
    pub(super) fn start(broker: Broker) -> Arc<Self> {
        let current = Arc::new(RwLock::new(Publishing::Away));
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(());
        let options = broker.options.clone();
        let task = Task { broker: broker.clone(), current: current.clone(), stopped };
        tokio::spawn(async move {
            task.run().await;
            drop(end);
        });
        Arc::new(Self { broker, options, current, stop, ended })
    }

    pub(super) async fn publish(&self, outgoing: Outgoing) -> Result<(), PublishError> {
        let open = self.open()?;
        // At once an error: a caller with a database to fall back on must not wait for a turn.
        let lane = open.lane()?;
        let (answer, answered) = oneshot::channel();
        let exchange = async {
            lane.jobs.send(Job { outgoing, answer }).await.map_err(|_| PublishError::Lost(None))?;
            answered.await.unwrap_or(Err(PublishError::Lost(None)))
        };
        // A broker that is short of disk, or has lost its majority, confirms nothing and closes nothing.
        timeout(self.options.confirm_timeout, exchange).await.unwrap_or(Err(PublishError::Silent))
    }

    /// Publishes what is gone from its own queue once this is confirmed: never to a queue that loses what it confirms.
    pub(super) async fn publish_for_good(&self, outgoing: Outgoing) -> Result<(), PublishError> {
        match self.broker.unfit(outgoing.queue) {
            Some(why) if outgoing.queue == Queue::Dead => Err(PublishError::Unfit(why)),
            _ => self.publish(outgoing).await,
        }
    }

    /// All on one lane, so that they keep their order. The limit is between one answer and the next.
    pub(super) async fn publish_all(&self, outgoing: Vec<Outgoing>) -> Vec<Result<(), PublishError>> {
        let count = outgoing.len();
        let open = match self.open() {
            Ok(open) => open,
            // One answer for each message, in any case: the caller pairs them by position.
            Err(error) => return vec![Err(error); count],
        };
        let (answers, rest) = match open.lane() {
            Ok(lane) => self.hand_over(lane, outgoing).await,
            Err(error) => (Vec::new(), error),
        };
        let mut results = self.collect(answers).await;
        // Those that were not handed over failed like the first that could not be.
        results.resize(count, Err(rest));
        results
    }

    /// The answers to wait for, and what became of the rest, where there is one.
    async fn hand_over(&self, lane: &Lane, outgoing: Vec<Outgoing>) -> (Vec<ConfirmReceiver>, PublishError) {
        let mut answers = Vec::with_capacity(outgoing.len());
        for outgoing in outgoing {
            let (answer, answered) = oneshot::channel();
            // With a limit for each: the channel into the lane is full while RabbitMQ confirms nothing.
            match timeout(self.options.confirm_timeout, lane.jobs.send(Job { outgoing, answer })).await {
                Ok(Ok(())) => answers.push(answered),
                Ok(Err(_)) => return (answers, PublishError::Lost(None)),
                Err(_) => break,
            }
        }
        (answers, PublishError::Silent)
    }

    async fn collect(&self, answers: Vec<ConfirmReceiver>) -> Vec<Result<(), PublishError>> {
        let mut results = Vec::with_capacity(answers.len());
        let mut patience = self.options.confirm_timeout;
        for answer in answers {
            results.push(match timeout(patience, answer).await {
                Ok(answered) => answered.unwrap_or(Err(PublishError::Lost(None))),
                Err(_) => {
                    // From now on only what is there already: the limit is for the batch, not for each of a thousand.
                    patience = Duration::ZERO;
                    Err(PublishError::Silent)
                }
            });
        }
        results
    }

    fn open(&self) -> Result<Arc<OpenConnection>, PublishError> {
        match &*self.current.read().unwrap_or_else(PoisonError::into_inner) {
            Publishing::Open(open) => Ok(open.clone()),
            Publishing::Away => Err(PublishError::Disconnected),
            Publishing::Closed => Err(PublishError::Closed),
        }
    }

    pub(super) fn state(&self) -> LinkState {
        match self.open().and_then(|open| open.lane().map(drop)) {
            Ok(()) => LinkState::Ready,
            Err(PublishError::Blocked) => LinkState::Blocked,
            Err(PublishError::Silent) => LinkState::Silent,
            Err(PublishError::Closed) => LinkState::Closed,
            Err(_) => LinkState::Connecting,
        }
    }

    /// Takes nothing more, waits for what is owed, and hangs up.
    pub(super) async fn close(&self) {
        self.stop.send_replace(true);
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }
}

/// What makes connections, for as long as the publisher lives.
struct Task {
    broker: Broker,
    current: Arc<RwLock<Publishing>>,
    stopped: watch::Receiver<bool>,
}

impl Task {
    async fn run(mut self) {
        let mut connector = Connector::new(self.broker.clone(), "publishing");
        loop {
            let connection = tokio::select! {
                connection = connector.connect() => connection,
                () = link::stopped(&mut self.stopped) => break,
            };
            let limit = self.broker.options.connect_timeout;
            let opened = tokio::select! {
                opened = timeout(limit, open_lanes(&self.broker, &connection)) => Some(opened),
                () = link::stopped(&mut self.stopped) => None,
            };
            let stop = match opened {
                Some(Ok(Ok((open, lanes)))) => self.serve(&connection, open, lanes).await,
                Some(Ok(Err(error))) => {
                    tracing::warn!(%error, "RabbitMQ gave no channel to publish on");
                    false
                }
                // It takes a connection and answers nothing on it.
                Some(Err(_)) => {
                    tracing::warn!("RabbitMQ gave no channel to publish on in time");
                    false
                }
                None => true,
            };
            // In every case, also after a lane ended: the others' messages come to their publishers as lost.
            connect::close(&connection).await;
            if stop {
                break;
            }
        }
        self.set(Publishing::Closed);
    }

    /// Until the connection is of no more use; true when the publisher is to stop.
    async fn serve(&mut self, connection: &Connection, open: Arc<OpenConnection>, mut lanes: JoinSet<()>) -> bool {
        // Only now: a publisher must not find a connection whose lanes are not running.
        self.set(Publishing::Open(open));
        let broker = self.broker.clone();
        let stop = tokio::select! {
            () = connect::until_down(connection) => false,
            () = look_again(&broker, connection) => false,
            () = count(&broker, connection) => false,
            // A lane that ended has lost its channel: a new connection makes all of them again.
            _ = lanes.join_next() => false,
            () = link::stopped(&mut self.stopped) => true,
        };
        if stop {
            // With the last caller gone, the lanes end when everything is confirmed.
            self.set(Publishing::Closed);
            let all = async { while lanes.join_next().await.is_some() {} };
            if timeout(self.broker.options.confirm_timeout, all).await.is_err() {
                tracing::warn!("closed without the last confirms");
            }
        } else {
            self.set(Publishing::Away);
        }
        stop
    }

    fn set(&self, current: Publishing) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }
}

async fn open_lanes(broker: &Broker, connection: &Connection) -> lapin::Result<(Arc<OpenConnection>, JoinSet<()>)> {
    let options = &broker.options;
    let count = options.publish_channels.max(1);
    // Shared out, because the bound is for the process and not for a channel; at least one, or nothing would be sent.
    let limit = (options.unconfirmed_max / count).max(1);
    let mut tasks = JoinSet::new();
    let mut lanes = Vec::with_capacity(count);
    for _ in 0..count {
        let channel = connection.create_channel().await?;
        // Before anything is published: an unconfirmed channel answers nothing.
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let (lane, task) = Lane::new(channel, limit, options.confirm_timeout);
        tasks.spawn(task);
        lanes.push(lane);
    }
    let open = OpenConnection { status: connection.status().clone(), lanes, turn: AtomicUsize::new(0) };
    Ok((Arc::new(open), tasks))
}

/// Looks whether the queues are still what they should be; returns when that cannot be told any more. One that was deleted
/// and made anew by hand, or mended, is noticed without a new connection.
async fn look_again(broker: &Broker, connection: &Connection) {
    loop {
        sleep(LOOK_AGAIN_AFTER).await;
        let looked = timeout(broker.options.connect_timeout, broker.declare(connection)).await;
        if let Ok(Err(error)) = looked {
            tracing::warn!(%error, "the queues cannot be looked at");
            return;
        }
    }
}

/// Counts what waits in the queues of offers; returns when that is not possible any more.
async fn count(broker: &Broker, connection: &Connection) {
    let mut channel = None;
    loop {
        let open = match channel.take() {
            Some(open) => open,
            None => match connection.create_channel().await {
                Ok(open) => open,
                Err(error) => {
                    tracing::warn!(%error, "RabbitMQ gave no channel to count on");
                    return;
                }
            },
        };
        // A queue that is gone closes the channel; publishing to it declares it again.
        match broker.count(&open).await {
            Ok(()) => channel = Some(open),
            Err(error) => tracing::debug!(%error, "what waits in the queues cannot be counted"),
        }
        sleep(COUNT_AGAIN_AFTER).await;
    }
}
