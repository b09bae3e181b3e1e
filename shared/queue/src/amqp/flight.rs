//! Futures under way, collected completely: everything that was finished when any one was seen to be finished.
//!
//! The library hands a returned message to whichever confirm it completes next, not to the one it belongs to. To tell
//! success from failure for one message, one must have seen all that was completed before it; picking finished futures
//! one by one could report a lost message as published.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::{StreamExt as _, stream::FuturesUnordered, task::AtomicWaker};
use tokio::task::unconstrained;

pub(super) struct CompletionSet<F> {
    futures: FuturesUnordered<F>,
    bell: Arc<Bell>,
    waker: Waker,
}

/// Remembers a call to wake up, besides passing it on: the collection below also reports "nothing finished" when it
/// only makes a pause, and then has called.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    // Only one task polls at a time; the last that registered is the one to wake.
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Before waking the task, which clears it when it polls.
        self.rung.store(true, Ordering::SeqCst);
        self.task.wake();
    }
}

impl<F: Future + Unpin> CompletionSet<F> {
    pub(super) fn new() -> Self {
        let bell = Arc::new(Bell::default());
        Self { futures: FuturesUnordered::new(), waker: Waker::from(bell.clone()), bell }
    }

    pub(super) fn len(&self) -> usize {
        self.futures.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.futures.is_empty()
    }

    pub(super) fn push(&mut self, future: F) {
        self.futures.push(future);
    }

    /// Waits until something is finished, then gives everything that is. Never empty, but never ready on an empty
    /// flight.
    pub(super) async fn landed(&mut self) -> Vec<F::Output> {
        // Without tokio's budget, which makes futures that are finished say that they are not.
        unconstrained(std::future::poll_fn(|context| self.poll_landed(context))).await
    }

    fn poll_landed(&mut self, context: &mut Context<'_>) -> Poll<Vec<F::Output>> {
        // Before polling: a future that finishes in between would ring for nobody.
        self.bell.task.register(context.waker());
        let mut landed = Vec::new();
        loop {
            // Cleared before each poll, so that what is seen afterwards rang since.
            self.bell.rung.store(false, Ordering::SeqCst);
            match self.futures.poll_next_unpin(&mut Context::from_waker(&self.waker)) {
                Poll::Ready(Some(output)) => landed.push(output),
                Poll::Ready(None) => break,
                Poll::Pending if self.bell.rung.load(Ordering::SeqCst) => {}
                Poll::Pending => break,
            }
        }
        if landed.is_empty() { Poll::Pending } else { Poll::Ready(landed) }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn all_that_is_finished_comes_at_once() {
        let mut flight = CompletionSet::new();
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..500).map(|_| oneshot::channel()).unzip();
        receivers.into_iter().for_each(|receiver| flight.push(receiver));
        assert!(flight.landed().now_or_never().is_none());
        for (number, sender) in senders.into_iter().enumerate().take(400) {
            sender.send(number).unwrap();
        }
        assert_eq!(flight.landed().await.len(), 400 + 100); // the dropped hundred are finished too
        assert!(flight.is_empty());
    }
}
