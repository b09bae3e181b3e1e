//! Hears what is new and passes it on to every page that is open, for as long as the process takes requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ripen_domain::id::UserId;
use ripen_runtime::lifecycle::Stop;
use ripen_store::{
    Store, StoreError,
    live::{LiveListener, LiveNews},
};
use tokio::{
    sync::{broadcast, watch},
    time::Instant,
};

/// A page that is slower than so many batches is told that anything may be new.
const BUFFERED: usize = 256;
/// How many pages hear at once, of everybody and of one user. Whoever leafs through leads leaves a page every second or so, and that a
/// page is gone is only seen by its next beat.
const MOST: usize = 1_000;
const MOST_OF_A_USER: usize = 60;
/// The pause before the database is asked for another connection.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Whether what is new is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// The database is away.
    Deaf,
    /// It is heard.
    Live,
    /// The process stops.
    Over,
}

/// What a process hears, for everybody who has a page open.
pub struct LiveHub {
    news: broadcast::Sender<Arc<LiveNews>>,
    hearing: watch::Sender<Hearing>,
    pages: Mutex<HashMap<UserId, usize>>,
    last: Mutex<Option<Instant>>,
}

/// What one page hears.
pub struct HeardNews {
    /// What is new.
    pub news: broadcast::Receiver<Arc<LiveNews>>,
    /// Whether it is heard.
    pub hearing: watch::Receiver<Hearing>,
    _place: PagePlace,
}

/// A page's place among those that hear; given back when it is dropped.
struct PagePlace {
    hub: Arc<LiveHub>,
    user: UserId,
}

impl Drop for PagePlace {
    fn drop(&mut self) {
        let mut pages = self.hub.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = pages.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                pages.remove(&self.user);
            }
        }
    }
}

impl Default for LiveHub {
    fn default() -> Self {
        Self {
            news: broadcast::Sender::new(BUFFERED),
            hearing: watch::Sender::new(Hearing::Deaf),
            pages: Mutex::default(),
            last: Mutex::default(),
        }
    }
}

impl LiveHub {
    /// A page of this user hears from now on; none where there are too many already.
    pub fn hear(self: &Arc<Self>, user: UserId) -> Option<HeardNews> {
        {
            let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
            let all: usize = pages.values().sum();
            let own = pages.get(&user).copied().unwrap_or(0);
            if all >= MOST || own >= MOST_OF_A_USER {
                return None;
            }
            pages.insert(user, own + 1);
        }
        let place = PagePlace { hub: Arc::clone(self), user };
        Some(HeardNews { news: self.news.subscribe(), hearing: self.hearing.subscribe(), _place: place })
    }

    /// Whether anything was heard since.
    pub fn has_heard_since(&self, at: Instant) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last >= at)
    }

    /// Hears until the soft stop; then every page's stream ends.
    pub async fn run(&self, store: &Store, stop: &Stop) {
        tokio::select! {
            () = stop.soft().cancelled() => {}
            () = self.listen(store) => {}
        }
        self.hearing.send_replace(Hearing::Over);
    }

    async fn listen(&self, store: &Store) {
        loop {
            // What is heard ends with an error, and then the connection is made anew.
            let error = match store.live_listener().await {
                Ok(listener) => self.pass_on(listener).await,
                Err(error) => error,
            };
            if self.hearing.send_replace(Hearing::Deaf) == Hearing::Live {
                tracing::warn!(%error, "what is new is not heard: pages say so, until the database is there again");
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    async fn pass_on(&self, mut listener: LiveListener) -> StoreError {
        self.hearing.send_replace(Hearing::Live);
        // Whatever was told while nobody listened is lost.
        self.tell(LiveNews::everything());
        loop {
            match listener.heard().await {
                Ok(news) => self.tell(news),
                Err(error) => return error,
            }
        }
    }

    fn tell(&self, news: LiveNews) {
        // Before anybody hears of it: whoever asks because of it must not be answered with what was so before.
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        // Without a page that is open nobody is told, which is no failure.
        let _nobody_listens = self.news.send(Arc::new(news));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_user_has_so_many_pages_and_each_gives_its_place_back() {
        let hub = Arc::new(LiveHub::default());
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let mut open: Vec<_> = (0..MOST_OF_A_USER).map(|_| hub.hear(user).unwrap()).collect();
        assert!(hub.hear(user).is_none());
        assert!(hub.hear(UserId::from_uuid(Uuid::from_u128(2))).is_some(), "others have places of their own");
        open.pop();
        assert!(hub.hear(user).is_some());
        drop(open);
        assert!(hub.pages.lock().unwrap().is_empty());
    }
}
