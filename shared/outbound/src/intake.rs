//! Posting leads to a Ripen's intake, as `ripen import` and the demonstration do. The address is the operator's own, given
//! on the command line: it is not guarded like a client's webhook.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Response, StatusCode, Url, redirect};
use ripen_domain::backoff::Backoff;
use serde_json::Value;

/// Why a post brought no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The address is no HTTP address.
    #[error("{0:?} is no address of a Ripen: write http://host:port")]
    Address(String),
    /// TLS or the HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No answer came.
    #[error("no answer from the server")]
    Unanswered(#[source] reqwest::Error),
    /// It refused for good.
    #[error("the server refused ({status}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The problem's own words.
        detail: String,
    },
    /// The answer is not what an intake answers.
    #[error("the answer is not one of a Ripen intake")]
    Strange,
}

/// What an intake said to a post.
#[derive(Debug)]
pub struct Posted {
    /// The body.
    pub body: Value,
    /// `Ripen-Received-At`: when these arrivals count as received.
    pub received_at: Option<String>,
}

/// One source's way into an intake.
#[derive(Debug, Clone)]
pub struct IntakeClient {
    http: Client,
    base: Url,
    key: String,
}

/// Tries of one request that is told to come later, or gets no answer.
const TRIES: u32 = 60;
/// The longest wait between two tries.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(5) };

impl IntakeClient {
    /// A way into the intake at `base`, with a source's key.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(base: &str, key: &str) -> Result<Self, IntakeError> {
        let address = || IntakeError::Address(base.to_owned());
        let base = Url::parse(&format!("{}/", base.trim_end_matches('/'))).map_err(|_| address())?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(address());
        }
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| IntakeError::Setup(error.into()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // No redirects: the key would go along to wherever the answer points. No proxy of the environment: the
        // operator named the address.
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(|error| IntakeError::Setup(error.into()))?;
        Ok(Self { http, base, key: key.to_owned() })
    }

    /// Posts one lead or an array of leads. A server that is busy or away is asked again: that doubles nothing where the
    /// leads carry an id of their own.
    ///
    /// # Errors
    /// What the server refused for good, or that it stayed away.
    pub async fn post(&self, leads: &Value) -> Result<Posted, IntakeError> {
        let body = leads.to_string();
        let request = || {
            // Made again for each try: a request is used up by sending it.
            let url = self.base.join("v1/leads").map_err(|_| IntakeError::Strange)?;
            Ok(self.http.post(url).header("content-type", "application/json").body(body.clone()))
        };
        let answer = self.send_with_retry(request).await?;
        let received_at = answer.headers().get("ripen-received-at").and_then(|at| at.to_str().ok()).map(str::to_owned);
        Ok(Posted { body: json_of(answer).await?, received_at })
    }

    /// What became of these arrivals: an array of statuses.
    ///
    /// # Errors
    /// As for [`IntakeClient::post`].
    pub async fn statuses(&self, ids: &[&str]) -> Result<Value, IntakeError> {
        let request = || {
            let mut url = self.base.join("v1/arrivals").map_err(|_| IntakeError::Strange)?;
            url.query_pairs_mut().extend_pairs(ids.iter().map(|id| ("id", id)));
            Ok(self.http.get(url))
        };
        json_of(self.send_with_retry(request).await?).await
    }

    async fn send_with_retry(
        &self,
        request: impl Fn() -> Result<reqwest::RequestBuilder, IntakeError>,
    ) -> Result<Response, IntakeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let result = request()?.bearer_auth(&self.key).send().await;
            let asked = match result {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                // The last answer is told, which says more than that there was none.
                Ok(answer) if !may_pass(answer.status()) || tries >= TRIES => return Err(refused(answer).await),
                Ok(answer) => retry_after(&answer),
                Err(error) if tries >= TRIES => return Err(IntakeError::Unanswered(error)),
                Err(_) => None,
            };
            // One program, one server: there is nobody to be spread from.
            let wait = asked.unwrap_or_else(|| BACKOFF.pause(tries - 1, 1.0));
            // No longer than our own longest pause: an import must not sleep for an hour because a server says so.
            tokio::time::sleep(wait.min(BACKOFF.longest)).await;
        }
    }
}

fn may_pass(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::SERVICE_UNAVAILABLE
        || status == StatusCode::REQUEST_TIMEOUT
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

async fn refused(answer: Response) -> IntakeError {
    let status = answer.status().as_u16();
    let detail = json_of(answer).await.ok().and_then(|problem| problem["detail"].as_str().map(str::to_owned));
    IntakeError::Refused { status, detail: detail.unwrap_or_else(|| "no reason given".to_owned()) }
}

async fn json_of(answer: Response) -> Result<Value, IntakeError> {
    // The operator's own server: its answers are not bounded like those of clients' endpoints.
    let bytes = answer.bytes().await.map_err(IntakeError::Unanswered)?;
    serde_json::from_slice(&bytes).map_err(|_| IntakeError::Strange)
}
