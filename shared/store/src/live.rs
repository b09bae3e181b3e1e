//! What is new, for whoever looks at it: told by `NOTIFY` at the commit, heard over one connection of each desk process.
//!
//! News says of what kind it is and whose, and nothing of any person: whoever is told asks again, as themselves.

use std::{collections::BTreeSet, time::Duration};

use ripen_domain::id::ClientId;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction};

/// Where news is told. The statement of `delivery.settle` names it too.
const CHANNEL: &str = "ripen_live";
/// News of more clients than these is for all: a payload of PostgreSQL ends at 8,000 bytes.
const MOST_CLIENTS: usize = 100;
/// After such a silence the connection is asked whether it is still there: one that a network cut says nothing.
const SILENT: Duration = Duration::from_secs(20);
/// How long it has to answer, and a new one to be made.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// What something new is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveKind {
    /// Leads and what happened to them.
    Leads,
    /// Who has which lead open.
    Work,
    /// What goes out to clients.
    Deliveries,
    /// What waits for a person: quarantine, dead letters, reviews.
    Queues,
}

impl LiveKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Leads, Self::Work, Self::Deliveries, Self::Queues];
}

/// What is new since it was last told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveNews {
    /// About what.
    pub kinds: BTreeSet<LiveKind>,
    /// Whose; none for anybody's.
    pub clients: Option<BTreeSet<ClientId>>,
}

/// The same as it goes over the channel: ids as the database has them, because a statement tells too.
#[derive(Serialize, Deserialize)]
struct TellingNews {
    kinds: BTreeSet<LiveKind>,
    clients: Option<BTreeSet<Uuid>>,
}

impl Default for LiveNews {
    /// No news.
    fn default() -> Self {
        Self { kinds: BTreeSet::new(), clients: Some(BTreeSet::new()) }
    }
}

impl LiveNews {
    /// Anything may be new: told after news may have been missed.
    #[must_use]
    pub fn everything() -> Self {
        Self { kinds: LiveKind::ALL.into(), clients: None }
    }

    /// Adds something new of a client; of none, it may be anybody's.
    pub fn add(&mut self, kind: LiveKind, client: Option<ClientId>) {
        self.kinds.insert(kind);
        match (client, &mut self.clients) {
            (Some(client), Some(clients)) if clients.len() < MOST_CLIENTS || clients.contains(&client) => {
                clients.insert(client);
            }
            (_, clients) => *clients = None,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// As much of it as somebody may know who is told of these kinds alone; none where nothing is left.
    #[must_use]
    pub fn within(&self, scope: Scope, kinds: &[LiveKind]) -> Option<Self> {
        let kinds: BTreeSet<_> = self.kinds.iter().copied().filter(|kind| kinds.contains(kind)).collect();
        let clients = match (scope.client_uuid().map(ClientId::from_uuid), &self.clients) {
            (None, clients) => clients.clone(),
            // Who sees one client learns of no other that there is any.
            (Some(own), None) => Some([own].into()),
            (Some(own), Some(clients)) => Some([own].into_iter().filter(|own| clients.contains(own)).collect()),
        };
        let is_theirs = !kinds.is_empty() && clients.as_ref().is_none_or(|clients| !clients.is_empty());
        is_theirs.then_some(Self { kinds, clients })
    }

    /// What came over the channel. What a newer version says and this one cannot read may be anything.
    fn read(payload: &str) -> Self {
        let Ok(TellingNews { kinds, clients }) = serde_json::from_str(payload) else { return Self::everything() };
        Self { kinds, clients: clients.map(|all| all.into_iter().map(ClientId::from_uuid).collect()) }
    }

    /// As it goes over the channel.
    fn told(&self) -> Result<String, StoreError> {
        let clients = self.clients.as_ref().map(|all| all.iter().map(|client| client.uuid()).collect());
        let telling = TellingNews { kinds: self.kinds.clone(), clients };
        serde_json::to_string(&telling).map_err(|error| StoreError::Failed(error.to_string()))
    }
}

/// The connection over which a process hears what is new.
pub struct LiveListener(ChannelListener);

/// The connection over which a process hears what is told on one channel.
pub(crate) struct ChannelListener {
    listener: PgListener,
}

impl Store {
    /// Begins to listen, over a connection of its own.
    pub async fn live_listener(&self) -> Result<LiveListener, StoreError> {
        Ok(LiveListener(self.channel_listener(CHANNEL).await?))
    }

    /// The same on any channel.
    pub(crate) async fn channel_listener(&self, channel: &str) -> Result<ChannelListener, StoreError> {
        // Beside the pools: it is held for as long as the process runs.
        let options = PgPoolOptions::new().max_connections(1).acquire_timeout(ANSWERS_WITHIN);
        let pool = options.connect_lazy_with(self.pool.connect_options());
        let mut listener = PgListener::connect_with(&pool).await?;
        // A new one is made by the caller, who then knows that news may have been missed.
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(ChannelListener { listener })
    }
}

impl LiveListener {
    /// Waits for the next news.
    ///
    /// # Errors
    /// When the connection is gone: what was told meanwhile is lost.
    pub async fn heard(&mut self) -> Result<LiveNews, StoreError> {
        Ok(LiveNews::read(&self.0.next_told().await?))
    }
}

impl ChannelListener {
    /// Waits for what is told next.
    ///
    /// # Errors
    /// When the connection is gone: what was told meanwhile is lost.
    pub(crate) async fn next_told(&mut self) -> Result<String, StoreError> {
        let gone = || sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into());
        loop {
            match timeout(SILENT, self.listener.try_recv()).await {
                Ok(Ok(Some(told))) => return Ok(told.payload().to_owned()),
                Ok(Ok(None)) => return Err(gone().into()),
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => {
                    let asked = sqlx::raw_sql("-- live.probe\nselect 1").execute(&mut self.listener);
                    timeout(ANSWERS_WITHIN, asked).await.map_err(|_| gone())??;
                }
            }
        }
    }
}

impl Transaction {
    /// Tells what this transaction changed, once it is committed.
    pub async fn live_tell(&mut self, news: &LiveNews) -> Result<(), StoreError> {
        if news.is_empty() {
            return Ok(());
        }
        self.channel_tell(CHANNEL, &news.told()?).await
    }

    /// Tells something on a channel, once this transaction is committed.
    pub(crate) async fn channel_tell(&mut self, channel: &str, told: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "-- live.tell
            select pg_notify($1, $2)::text as told",
            channel,
            told
        )
        .fetch_one(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ripen_domain::{
        actor::{Actor, UserRole},
        id::UserId,
    };
    use uuid::Uuid;

    use super::*;

    fn client(number: u128) -> ClientId {
        ClientId::from_uuid(Uuid::from_u128(number))
    }

    fn broker_of(number: u128) -> Scope {
        Actor::user(UserId::from_uuid(Uuid::from_u128(1)), "Dana", UserRole::Broker, Some(client(number))).scope()
    }

    #[test]
    fn a_broker_learns_of_their_own_client_alone() {
        let mut news = LiveNews::default();
        news.add(LiveKind::Leads, Some(client(7)));
        news.add(LiveKind::Queues, Some(client(8)));
        let told = news.within(broker_of(7), &[LiveKind::Leads]).unwrap();
        assert_eq!((told.kinds, told.clients), ([LiveKind::Leads].into(), Some([client(7)].into())));
        assert_eq!(news.within(broker_of(9), &LiveKind::ALL), None);
        assert_eq!(news.within(broker_of(7), &[LiveKind::Deliveries]), None);
        let all = LiveNews::everything().within(broker_of(9), &LiveKind::ALL).unwrap();
        assert_eq!(all.clients, Some([client(9)].into()));
        assert_eq!(news.within(Actor::operator("kim").scope(), &LiveKind::ALL), Some(news));
    }

    #[test]
    fn news_of_too_many_clients_is_for_all_and_fits_into_a_payload() {
        let mut news = LiveNews::default();
        (0..100).for_each(|number| news.add(LiveKind::Leads, Some(client(number))));
        assert!(news.told().unwrap().len() < 8_000);
        assert_eq!(LiveNews::read(&news.told().unwrap()), news);
        news.add(LiveKind::Leads, Some(client(100)));
        assert_eq!(news.clients, None);
        assert_eq!(LiveNews::read("{\"kinds\": [\"of_tomorrow\"]}"), LiveNews::everything());
    }
}
