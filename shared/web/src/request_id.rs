//! The id of a request: on every line that is logged while it is answered, and in the answer where that is an error of ours, so that
//! whoever met it can name it to whoever reads the log.

use std::future::Future;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Answers a request of this id.
pub(crate) async fn answering<F: Future>(id: String, answer: F) -> F::Output {
    REQUEST_ID.scope(id, answer).await
}

/// The id of the request that this task answers; none beside requests.
pub(crate) fn current() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}
