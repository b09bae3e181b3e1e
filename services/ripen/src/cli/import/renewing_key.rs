//! The way into an intake with a key that ends by itself: a list that takes longer than its key is sent on with the next one.

use std::{pin::Pin, time::Duration};

use ripen_domain::secret::Secret;
use ripen_outbound::intake::{ArrivalAnswer, IntakeClient, IntakeError, PostedLeads};
use serde_json::Value;
use tokio::time::Instant;

/// For how long a key is made.
pub const KEY_LASTS: Duration = Duration::from_secs(60 * 60);
/// A key that ends within this time is replaced before the next request, which may be tried for minutes.
const MARGIN: Duration = Duration::from_secs(10 * 60);
/// Unauthorized: the key is none, or ended while this machine slept.
const UNAUTHORIZED: u16 = 401;

/// Makes another key.
pub type Mint = Box<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<Secret>> + Send>> + Send + Sync>;

/// A way into an intake.
pub struct IntakeWay {
    intake: IntakeClient,
    key: Option<EndingKey>,
}

struct EndingKey {
    mint: Mint,
    ends: Instant,
}

impl IntakeWay {
    /// With a key that lasts.
    pub const fn lasting(intake: IntakeClient) -> Self {
        Self { intake, key: None }
    }

    /// With a key made by `mint` just now, and another one whenever that ends.
    pub fn renewing(intake: IntakeClient, mint: Mint) -> Self {
        Self { intake, key: Some(EndingKey { mint, ends: Instant::now() + KEY_LASTS }) }
    }

    /// Posts an array of leads.
    ///
    /// # Errors
    /// As [`IntakeClient::post`] has them, or that no other key can be made.
    pub async fn post(&mut self, leads: &Value) -> anyhow::Result<Result<PostedLeads, IntakeError>> {
        self.renew_in_time().await?;
        let answer = self.intake.post(leads).await;
        if self.renew_refused(answer.as_ref().err()).await? {
            return Ok(self.intake.post(leads).await);
        }
        Ok(answer)
    }

    /// What became of these arrivals, in their order.
    ///
    /// # Errors
    /// As for [`IntakeWay::post`].
    pub async fn statuses(&mut self, ids: &[&str]) -> anyhow::Result<Vec<ArrivalAnswer>> {
        self.renew_in_time().await?;
        let answer = self.intake.statuses(ids).await;
        if self.renew_refused(answer.as_ref().err()).await? {
            return Ok(self.intake.statuses(ids).await?);
        }
        Ok(answer?)
    }

    async fn renew_in_time(&mut self) -> anyhow::Result<()> {
        let is_ending =
            self.key.as_ref().is_some_and(|key| key.ends.saturating_duration_since(Instant::now()) < MARGIN);
        if is_ending { self.renew().await } else { Ok(()) }
    }

    /// Makes another key where the last one was refused; whether it did.
    async fn renew_refused(&mut self, error: Option<&IntakeError>) -> anyhow::Result<bool> {
        let is_refused = matches!(error, Some(IntakeError::Refused { status: UNAUTHORIZED, .. }));
        if !is_refused || self.key.is_none() {
            return Ok(false);
        }
        self.renew().await?;
        Ok(true)
    }

    async fn renew(&mut self) -> anyhow::Result<()> {
        let Some(key) = &mut self.key else { return Ok(()) };
        // Before it is made: the server counts from then on.
        let ends = Instant::now() + KEY_LASTS;
        self.intake.use_key((key.mint)().await?.reveal());
        key.ends = ends;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{
        Router,
        http::{HeaderMap, StatusCode},
        routing::post,
    };
    use serde_json::json;

    use super::*;

    /// An intake that takes only the key with the highest number that was made.
    async fn way() -> (IntakeWay, Arc<AtomicUsize>) {
        let made = Arc::new(AtomicUsize::new(1));
        let of_server = made.clone();
        let take = move |headers: HeaderMap| {
            let wanted = format!("Bearer key_{}", of_server.load(Ordering::SeqCst));
            let is_known = headers.get("authorization").is_some_and(|key| key.as_bytes() == wanted.as_bytes());
            let known = (StatusCode::ACCEPTED, r#"{"results": []}"#);
            async move { if is_known { known } else { (StatusCode::UNAUTHORIZED, "{}") } }
        };
        let router = Router::new().route("/v1/leads", post(take));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let counted = made.clone();
        let mint: Mint = Box::new(move || {
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            Box::pin(async move { Ok(Secret::given(&format!("key_{number}"))) })
        });
        (IntakeWay::renewing(IntakeClient::new(&url, "key_1").unwrap(), mint), made)
    }

    #[tokio::test]
    async fn a_list_that_takes_longer_than_its_key_is_sent_on_with_another() {
        let (mut way, made) = way().await;
        way.post(&json!([])).await.unwrap().unwrap();
        assert_eq!(made.load(Ordering::SeqCst), 1);
        way.key.as_mut().unwrap().ends = Instant::now() + Duration::from_secs(60);
        way.post(&json!([])).await.unwrap().unwrap();
        assert_eq!(made.load(Ordering::SeqCst), 2, "before it ends");
        // It ended unseen.
        made.fetch_add(1, Ordering::SeqCst);
        way.post(&json!([])).await.unwrap().unwrap();
        assert_eq!(made.load(Ordering::SeqCst), 4);
        way.key = None;
        made.fetch_add(1, Ordering::SeqCst);
        let refused = way.post(&json!([])).await.unwrap();
        assert!(
            matches!(refused, Err(IntakeError::Refused { status: UNAUTHORIZED, .. })),
            "a key of one's own is told"
        );
    }
}
