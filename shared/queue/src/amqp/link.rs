//! The consuming connection, made again for ever; consumers open their channels on whatever it is now.

use std::sync::Arc;

use lapin::Connection;
use tokio::sync::watch;

use super::{
    Broker,
    connect::{self, Connector},
};
use crate::transport::LinkState;

pub(super) struct Link {
    stop: watch::Sender<bool>,
    connection: watch::Receiver<Current>,
}

/// What consumers have to work with.
#[derive(Clone)]
pub(super) enum Current {
    Away,
    Open(Arc<Connection>),
    Closed,
}

impl Link {
    pub(super) fn start(broker: Broker) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (current, connection) = watch::channel(Current::Away);
        tokio::spawn(run(broker, current, stopped));
        Self { stop, connection }
    }

    pub(super) fn connection(&self) -> watch::Receiver<Current> {
        self.connection.clone()
    }

    pub(super) fn state(&self) -> LinkState {
        match &*self.connection.borrow() {
            Current::Open(connection) if connection.status().connected() => LinkState::Ready,
            Current::Open(_) | Current::Away => LinkState::Connecting,
            Current::Closed => LinkState::Closed,
        }
    }

    /// Hangs up: what was delivered and is not settled goes back to its queue.
    pub(super) async fn close(&self) {
        self.stop.send_replace(true);
        let mut connection = self.connection.clone();
        while connection.changed().await.is_ok() {}
    }
}

async fn run(broker: Broker, current: watch::Sender<Current>, mut stop: watch::Receiver<bool>) {
    let mut connector = Connector::new(broker, "consuming");
    loop {
        let connection = tokio::select! {
            connection = connector.connect() => Arc::new(connection),
            () = stopped(&mut stop) => break,
        };
        current.send_replace(Current::Open(connection.clone()));
        let stop = tokio::select! {
            () = connect::until_down(&connection) => false,
            () = stopped(&mut stop) => true,
        };
        current.send_replace(if stop { Current::Closed } else { Current::Away });
        connect::close(&connection).await;
        if stop {
            break;
        }
    }
    current.send_replace(Current::Closed);
}

/// Returns when the owner says stop, or is gone.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
