//! One consuming channel, and what has been settled on it.
//!
//! `ack multiple` settles everything below it, so it is used only up to the tag below which everything is settled; and
//! nothing may overtake on the way to the wire, or a message to be tried again would be gone for good.

use std::collections::BTreeSet;

use lapin::{
    Channel,
    options::{BasicAckOptions, BasicRejectOptions},
};
use tokio::sync::Mutex;

pub(super) struct Session {
    /// Tells its tags from those of other sessions of the same consumer.
    pub(super) number: u64,
    channel: Channel,
    settled: Mutex<SettledTags>,
}

impl Session {
    pub(super) fn new(number: u64, channel: Channel) -> Self {
        Self { number, channel, settled: Mutex::new(SettledTags::default()) }
    }

    /// Tells RabbitMQ that `done` are done and `again` are to be delivered again. Must not be cancelled half-way: what
    /// is noted and what is on the wire would differ.
    pub(super) async fn settle(&self, done: Vec<u64>, again: Vec<u64>) -> lapin::Result<()> {
        // Held over the wire: two settlements at once could send their acknowledgements in the other order.
        let mut settled = self.settled.lock().await;
        // Rejections first: a `multiple` above them would settle them as done.
        for &tag in &again {
            // Not nack: since 4.3 that does not count as a failed delivery.
            self.channel.basic_reject(tag, BasicRejectOptions { requeue: true }).await?;
        }
        // The bookkeeping is done before the first is sent; a channel that breaks in between delivers everything
        // again.
        for ack in settled.settle(&done, &again) {
            self.channel.basic_ack(ack.tag, BasicAckOptions { multiple: ack.multiple }).await?;
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Ack {
    tag: u64,
    multiple: bool,
}

/// Which tags are settled. Tags begin at 1 and have no gaps, so one not mentioned is not settled.
#[derive(Debug, Default)]
struct SettledTags {
    /// Every tag up to this one is settled.
    floor: u64,
    /// Settled tags above the floor.
    above: BTreeSet<u64>,
}

impl SettledTags {
    /// Notes the tags and gives the acknowledgements to send for `done`; those for `again` are sent already.
    fn settle(&mut self, done: &[u64], again: &[u64]) -> Vec<Ack> {
        self.above.extend(done.iter().chain(again));
        while self.above.remove(&(self.floor + 1)) {
            self.floor += 1;
        }
        // One acknowledgement for all of these; those above the floor are told one by one, because something below is
        // open.
        let below = done.iter().filter(|tag| **tag <= self.floor);
        let multiple = below.clone().count() > 1;
        let top = below.max().map(|&tag| Ack { tag, multiple });
        let single = done.iter().filter(|tag| **tag > self.floor).map(|&tag| Ack { tag, multiple: false });
        top.into_iter().chain(single).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(tag: u64) -> Ack {
        Ack { tag, multiple: true }
    }

    fn one(tag: u64) -> Ack {
        Ack { tag, multiple: false }
    }

    #[test]
    fn a_whole_batch_is_one_acknowledgement() {
        let mut settled = SettledTags::default();
        assert_eq!(settled.settle(&[1, 2, 3], &[]), [all(3)]);
        assert_eq!(settled.settle(&[4], &[]), [one(4)]);
        assert_eq!(settled.settle(&[6, 5], &[]), [all(6)]);
    }

    #[test]
    fn nothing_unsettled_is_ever_covered() {
        let mut settled = SettledTags::default();
        assert_eq!(settled.settle(&[1, 3, 4], &[]), [one(1), one(3), one(4)]);
        assert_eq!(settled.settle(&[5, 6], &[]), [one(5), one(6)]);
        assert_eq!(settled.settle(&[2, 7], &[]), [all(7)]);
    }

    #[test]
    fn what_comes_again_is_settled_too() {
        let mut settled = SettledTags::default();
        assert_eq!(settled.settle(&[2, 3], &[1]), [all(3)]);
        assert_eq!(settled.settle(&[], &[4]), []);
        assert_eq!(settled.settle(&[5, 6], &[]), [all(6)]);
    }
}
