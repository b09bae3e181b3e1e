//! The publishing side: a connection that is made again for ever, its lanes, and the answer to each publisher.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicUsize, Ordering},
};

use lapin::{Connection, ConnectionStatus, options::ConfirmSelectOptions};
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

use super::{
    Broker,
    connect::{self, Connector},
    headers::Outgoing,
    lane::{Job, Lane},
};
use crate::{message::PublishError, options::Options, transport::LinkState};

pub(super) struct Publisher {
    options: Arc<Options>,
    current: Arc<RwLock<Current>>,
    stop: watch::Sender<bool>,
    /// Closed by the task when it has ended.
    ended: watch::Receiver<()>,
}

enum Current {
    Away,
    Open(Arc<Open>),
    Closed,
}

/// A connection that can be published on.
struct Open {
    status: ConnectionStatus,
    lanes: Vec<Lane>,
    turn: AtomicUsize,
}

impl Open {
    fn lane(&self) -> Result<&Lane, PublishError> {
        if !self.status.connected() {
            return Err(PublishError::Disconnected);
        }
        if self.status.blocked() {
            return Err(PublishError::Blocked);
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let lane = &self.lanes[turn % self.lanes.len()];
        if lane.is_silent() {
            return self.lanes.iter().find(|lane| !lane.is_silent()).ok_or(PublishError::Silent);
        }
        Ok(lane)
    }
}

impl Publisher {
    pub(super) fn start(broker: Broker) -> Arc<Self> {
        let current = Arc::new(RwLock::new(Current::Away));
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(());
        let options = broker.options.clone();
        let task = Task { broker, current: current.clone(), stopped };
        tokio::spawn(async move {
            task.run().await;
            drop(end);
        });
        Arc::new(Self { options, current, stop, ended })
    }

    pub(super) async fn publish(&self, outgoing: Outgoing) -> Result<(), PublishError> {
        let open = self.open()?;
        let lane = open.lane()?;
        let (answer, answered) = oneshot::channel();
        let exchange = async {
            lane.jobs.send(Job { outgoing, answer }).await.map_err(|_| PublishError::Lost(None))?;
            answered.await.unwrap_or(Err(PublishError::Lost(None)))
        };
        timeout(self.options.confirm_timeout, exchange).await.unwrap_or(Err(PublishError::Silent))
    }

    /// All on one lane, so that they keep their order. The limit is between one answer and the next.
    pub(super) async fn publish_all(&self, outgoing: Vec<Outgoing>) -> Vec<Result<(), PublishError>> {
        let mut answers = Vec::with_capacity(outgoing.len());
        let mut patience = Patience::new(&self.options);
        let open = self.open();
        for outgoing in outgoing {
            answers.push(hand_over(&open, outgoing, &mut patience).await);
        }
        let mut results = Vec::with_capacity(answers.len());
        for answer in answers {
            results.push(match answer {
                Ok(answered) => {
                    patience.wait(answered).await.unwrap_or(Ok(Err(PublishError::Silent))).unwrap_or(Err(PublishError::Lost(None)))
                }
                Err(error) => Err(error),
            });
        }
        results
    }

    fn open(&self) -> Result<Arc<Open>, PublishError> {
        match &*self.current.read().unwrap_or_else(PoisonError::into_inner) {
            Current::Open(open) => Ok(open.clone()),
            Current::Away => Err(PublishError::Disconnected),
            Current::Closed => Err(PublishError::Closed),
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
