//! Posting under load, remembering exactly what was accepted.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{LIMIT, Source, process::client};

/// What one post came to: HTTP status and body, or no answer.
pub async fn post(url: &str, source: &Source, body: &Value) -> Option<(u16, Value)> {
    let request = client().post(format!("{url}/v1/leads")).bearer_auth(&source.key);
    let answer = request.header("content-type", "application/json").body(body.to_string()).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.unwrap_or(Value::Null)))
}

/// Posts a lead and waits for its decision, under a key of the request where there is one: the status, and what its sender is told.
pub async fn ask(url: &str, source: &Source, key: Option<&str>, body: &Value) -> (u16, Value) {
    let request = client().post(format!("{url}/v1/leads")).bearer_auth(&source.key).header("Prefer", "wait=10");
    let request = match key {
        Some(key) => request.header("Idempotency-Key", key),
        None => request,
    };
    let answer = request.json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Posters at work. Each lead has an external id and is retried until it is accepted, as a careful vendor does.
pub struct Load {
    stop: Arc<AtomicBool>,
    posters: JoinSet<()>,
    accepted: Arc<Mutex<BTreeMap<String, String>>>,
    refused: Arc<AtomicUsize>,
}

impl Load {
    /// Starts posters. Where they post is asked anew for each try, so that a restarted process is found.
    pub fn start(posters: usize, source: &Source, url: Arc<Mutex<String>>) -> Self {
        let mut load =
            Self { stop: Arc::default(), posters: JoinSet::new(), accepted: Arc::default(), refused: Arc::default() };
        for poster in 0..posters {
            let (stop, accepted, refused) =
                (Arc::clone(&load.stop), Arc::clone(&load.accepted), Arc::clone(&load.refused));
            let (source, url) = (source.clone(), Arc::clone(&url));
            load.posters.spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = format!("load-{poster}-{number}");
                    if let Some(arrival) = post_until_taken(&url, &source, &lead(&id, number), &refused).await {
                        accepted.lock().unwrap().insert(id, arrival);
                    }
                }
            });
        }
        load
    }

    /// How many leads were accepted so far.
    pub fn accepted(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }

    /// How many tries brought no 202 so far.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// Waits until so many leads more are accepted.
    pub async fn wait_for(&self, more: usize) {
        let wanted = self.accepted() + more;
        ripen_testkit::wait::until("more leads are accepted", LIMIT, || async {
            (self.accepted() >= wanted).then_some(())
        })
        .await;
    }

    /// Ends the posters, after what each has begun, and returns what was accepted: external id to arrival.
    pub async fn finish(mut self) -> BTreeMap<String, String> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = tokio::time::timeout(LIMIT, async { while self.posters.join_next().await.is_some() {} }).await;
        ended.expect("every poster is accepted in the end");
        std::mem::take(&mut *self.accepted.lock().unwrap())
    }
}

/// Every tenth lead is an A, the others B.
fn lead(id: &str, number: usize) -> Value {
    let days = if number.is_multiple_of(10) { 30 } else { 200 };
    json!({"external_id": id, "email": format!("{id}@example.com"), "first_name": "Casey", "answers": {"timeframe_days": days}})
}

async fn post_until_taken(url: &Mutex<String>, source: &Source, body: &Value, refused: &AtomicUsize) -> Option<String> {
    for _ in 0..2000 {
        let to = url.lock().unwrap().clone();
        match post(&to, source, body).await {
            Some((202, answer)) => return Some(answer["arrival"].as_str().unwrap().to_owned()),
            Some((status, answer)) => {
                assert!(matches!(status, 429 | 503), "never anything but later: {status} {answer}")
            }
            None => {}
        }
        refused.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}
