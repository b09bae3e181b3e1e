//! Counters of the transport, there at zero before the first message.

use crate::{message::PublishError, topology::Queue};

const PUBLISHED: &str = "ripen_publish_total";
const CONSUMED: &str = "ripen_consume_total";

const PUBLISH_RESULTS: [&str; 9] =
    ["ok", "disconnected", "blocked", "full", "returned", "unfit", "silent", "lost", "closed"];

/// What became of received messages. `stale`: settled after their connection was gone, so they come again.
pub(crate) const DONE: &str = "done";
pub(crate) const RETRY: &str = "retry";
pub(crate) const LATER: &str = "later";
pub(crate) const DEAD: &str = "dead";
pub(crate) const STALE: &str = "stale";

/// Makes every counter appear.
pub(crate) fn register() {
    metrics::describe_counter!(PUBLISHED, "Messages offered to a queue, by result");
    metrics::describe_counter!(CONSUMED, "Messages taken from a queue, by how they were settled");
    for queue in Queue::ALL {
        for result in PUBLISH_RESULTS {
            metrics::counter!(PUBLISHED, "queue" => queue.name(), "result" => result).increment(0);
        }
        for outcome in [DONE, RETRY, LATER, DEAD, STALE] {
            consumed(queue, outcome, 0);
        }
    }
}

pub(crate) fn published(queue: Queue, result: &Result<(), PublishError>) {
    let result = result.as_ref().err().map_or("ok", PublishError::word);
    metrics::counter!(PUBLISHED, "queue" => queue.name(), "result" => result).increment(1);
}

pub(crate) fn consumed(queue: Queue, outcome: &'static str, count: usize) {
    metrics::counter!(CONSUMED, "queue" => queue.name(), "outcome" => outcome).increment(count as u64);
}
