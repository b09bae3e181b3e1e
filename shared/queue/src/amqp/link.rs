//! The consuming connection, made again for ever; consumers open their channels on whatever it is now.

use std::sync::Arc;

use lapin::Connection;
use tokio::sync::watch;

use super::{
    broker::Broker,
    connect::{self, Connector},
};
use crate::state::LinkState;

pub(super) struct Link {
    stop: watch::Sender<bool>,
    connection: watch::Receiver<LinkConnection>,
}

/// What consumers have to work with.
#[derive(Clone)]
pub(super) enum LinkConnection {
    Away,
    Open(Arc<Connection>),
    Closed,
}

impl Link {
    pub(super) fn start(broker: Broker) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (current, connection) = watch::channel(LinkConnection::Away);
        tokio::spawn(run(broker, current, stopped));
        Self { stop, connection }
    }

    pub(super) fn connection(&self) -> watch::Receiver<LinkConnection> {
        self.connection.clone()
    }

    pub(super) fn state(&self) -> LinkState {
        // The state of the connection counts beside the last word about it: until the task wakes it is already dead.
        match &*self.connection.borrow() {
            LinkConnection::Open(connection) if connection.status().connected() => LinkState::Ready,
            LinkConnection::Open(_) | LinkConnection::Away => LinkState::Connecting,
            LinkConnection::Closed => LinkState::Closed,
        }
    }

    /// Hangs up: what was delivered and is not settled goes back to its queue.
    pub(super) async fn close(&self) {
        // `send_replace`: works with no receiver left, unlike `send`.
        self.stop.send_replace(true);
        let mut connection = self.connection.clone();
        // Until the task has dropped its end: only then has everything gone back to its queue.
        while connection.changed().await.is_ok() {}
    }
}

async fn run(broker: Broker, current: watch::Sender<LinkConnection>, mut stop: watch::Receiver<bool>) {
    let mut connector = Connector::new(broker, "consuming");
    loop {
        let connection = tokio::select! {
            connection = connector.connect() => Arc::new(connection),
            () = stopped(&mut stop) => break,
        };
        current.send_replace(LinkConnection::Open(connection.clone()));
        let stop = tokio::select! {
            () = connect::until_down(&connection) => false,
            () = stopped(&mut stop) => true,
        };
        // Said before the goodbye, so that nobody opens a channel on a connection that is being closed.
        current.send_replace(if stop { LinkConnection::Closed } else { LinkConnection::Away });
        connect::close(&connection).await;
        if stop {
            break;
        }
    }
    current.send_replace(LinkConnection::Closed);
}

/// Returns when the owner says stop, or is gone.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the owner is gone, which is a reason to stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
