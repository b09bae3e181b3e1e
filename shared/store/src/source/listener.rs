//! That a source is no longer what processes remember of it: counted in the process that changed it as soon as the change is
//! committed, told to the others by `NOTIFY`, and heard by each over one connection. Which source it was is not said: changes are
//! rare, and whoever remembers sources asks again about each at its next request.

use super::changes::SourceChanges;
use crate::{Store, StoreError, Transaction, live::ChannelListener};

/// Where changes are told.
const CHANNEL: &str = "ripen_sources";

/// The connection over which a process hears that sources changed.
pub struct SourceListener {
    listener: ChannelListener,
    changes: SourceChanges,
}

impl Store {
    /// The changes of sources, as far as this process knows them.
    #[must_use]
    pub fn source_changes(&self) -> SourceChanges {
        self.source_changes.clone()
    }

    /// Begins to listen to changes that other processes make. What was changed while nobody listened counts as one.
    pub async fn source_listener(&self) -> Result<SourceListener, StoreError> {
        let listener = self.channel_listener(CHANNEL).await?;
        self.source_changes.note();
        Ok(SourceListener { listener, changes: self.source_changes() })
    }
}

impl SourceListener {
    /// Counts what is told, until the connection is gone.
    pub async fn note_changes(mut self) -> StoreError {
        loop {
            match self.listener.next_told().await {
                Ok(_) => self.changes.note(),
                Err(error) => return error,
            }
        }
    }
}

impl Transaction {
    /// Tells every process that sources changed, once this is committed.
    pub(crate) async fn sources_tell_changed(&mut self) -> Result<(), StoreError> {
        self.note_source_changed();
        self.channel_tell(CHANNEL, "").await
    }
}
