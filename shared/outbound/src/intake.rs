//! Posting leads to a Ripen's intake, as `ripen import` and the demonstration do. The address is the operator's own, given
//! on the command line: it is not guarded like a client's webhook.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use reqwest::{Client, Response, StatusCode, Url, redirect};
use ripen_domain::backoff::Backoff;
use serde::{Deserialize, de::DeserializeOwned};
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
    #[error("no answer from {server}: is the address right, and does Ripen run there?")]
    Unanswered {
        /// The address.
        server: String,
        /// What the network says.
        #[source]
        source: reqwest::Error,
    },
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

/// What an intake said to an array of leads.
#[derive(Debug)]
pub struct PostedLeads {
    /// For each lead its arrival, or why it was refused, in order.
    pub results: Vec<ElementAnswer>,
    /// `Ripen-Received-At`: when the first of these arrivals counts as received.
    pub received_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct PostedBody {
    results: Vec<ElementAnswer>,
}

/// What an intake said to one lead of an array.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum ElementAnswer {
    /// It is durable.
    Received {
        /// Its arrival.
        arrival: String,
        /// When it counts as received; an intake of the version before does not say it of each.
        #[serde(default)]
        received_at: Option<Timestamp>,
    },
    /// It was refused.
    Refused {
        /// Why.
        problem: ProblemAnswer,
    },
}

/// A problem (RFC 9457), as an intake answers it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ProblemAnswer {
    /// What is wrong, in a sentence.
    #[serde(default)]
    pub detail: String,
    /// The fields that are wrong.
    #[serde(default)]
    pub errors: Vec<FieldAnswer>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Deserialize)]
pub struct FieldAnswer {
    /// JSON pointer; for an element of an array it begins with its place.
    pub pointer: String,
    /// One word.
    #[serde(default)]
    pub code: String,
    /// One sentence.
    #[serde(default)]
    pub message: String,
}

/// What became of one arrival.
#[derive(Debug, Clone, Deserialize)]
pub struct ArrivalAnswer {
    /// `pending`, `graded`, `quarantined`, `dead` or `erased`.
    pub status: String,
    /// When the arrival that is stored was received.
    #[serde(default)]
    pub received_at: Option<Timestamp>,
    /// When it was corrected last.
    #[serde(default)]
    pub amended_at: Option<Timestamp>,
    /// What could not be used as it came.
    #[serde(default)]
    pub flags: Vec<FlagAnswer>,
    /// What else came under its id.
    #[serde(default)]
    pub bodies: Vec<OtherBodyAnswer>,
}

/// Another body that came under an arrival's id.
#[derive(Debug, Clone, Deserialize)]
pub struct OtherBodyAnswer {
    /// Under which id it is kept.
    pub arrival: String,
    /// When it was received.
    pub received_at: Timestamp,
}

impl ArrivalAnswer {
    /// Whether it is stored and decided.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.status != "pending"
    }

    /// Whether it is kept and not worked.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.status == "quarantined"
    }
}

#[derive(Deserialize)]
struct ArrivalsBody {
    arrivals: Vec<ArrivalAnswer>,
}

/// Something that could not be used as it came: the word for it, or the field with the word.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum FlagAnswer {
    /// `phone_unusable`
    Word(String),
    /// A word for one field.
    OfField {
        /// The field.
        field: String,
        /// What is wrong with it.
        code: String,
        /// The words that could not be understood.
        #[serde(default)]
        said: Option<String>,
    },
}

/// One source's way into an intake.
#[derive(Debug, Clone)]
pub struct IntakeClient {
    http: Client,
    base: Url,
    key: String,
    /// Anything ever came back from there.
    has_answered: Arc<AtomicBool>,
}

/// Tries of one request that is told to come later, or gets no answer.
const TRIES: u32 = 60;
/// Tries where nothing ever came back: a wrong address is no server that is away for a while.
const TRIES_OF_A_STRANGER: u32 = 5;
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
        Ok(Self { http, base, key: key.to_owned(), has_answered: Arc::default() })
    }

    /// Goes on with another key.
    pub fn use_key(&mut self, key: &str) {
        key.clone_into(&mut self.key);
    }

    /// Posts an array of leads. A server that is busy or away is asked again: that doubles nothing where the
    /// leads carry an id of their own.
    ///
    /// # Errors
    /// What the server refused for good, or that it stayed away.
    pub async fn post(&self, leads: &Value) -> Result<PostedLeads, IntakeError> {
        let body = leads.to_string();
        let request = || {
            // Made again for each try: a request is used up by sending it.
            let url = self.base.join("v1/leads").map_err(|_| IntakeError::Strange)?;
            Ok(self.http.post(url).header("content-type", "application/json").body(body.clone()))
        };
        let answer = self.send_with_retry(request).await?;
        let received_at = answer.headers().get("ripen-received-at").and_then(|at| at.to_str().ok()?.parse().ok());
        let PostedBody { results } = self.json_of(answer).await?;
        Ok(PostedLeads { results, received_at })
    }

    /// What became of these arrivals, in their order.
    ///
    /// # Errors
    /// As for [`IntakeClient::post`].
    pub async fn statuses(&self, ids: &[&str]) -> Result<Vec<ArrivalAnswer>, IntakeError> {
        let request = || {
            let mut url = self.base.join("v1/arrivals").map_err(|_| IntakeError::Strange)?;
            url.query_pairs_mut().extend_pairs(ids.iter().map(|id| ("id", id)));
            Ok(self.http.get(url))
        };
        let ArrivalsBody { arrivals } = self.json_of(self.send_with_retry(request).await?).await?;
        Ok(arrivals)
    }

    fn unanswered(&self, source: reqwest::Error) -> IntakeError {
        // Without what may stand in the address as a password; what the network says names the whole of it again.
        let server = self.base.origin().ascii_serialization();
        IntakeError::Unanswered { server, source: source.without_url() }
    }

    async fn json_of<T: DeserializeOwned>(&self, answer: Response) -> Result<T, IntakeError> {
        let bytes = answer.bytes().await.map_err(|source| self.unanswered(source))?;
        serde_json::from_slice(&bytes).map_err(|_| IntakeError::Strange)
    }

    async fn send_with_retry(
        &self,
        request: impl Fn() -> Result<reqwest::RequestBuilder, IntakeError>,
    ) -> Result<Response, IntakeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            // A list: it waits for each answer, and is kept waiting rather than refused.
            let result = request()?.bearer_auth(&self.key).header("ripen-list", "paced").send().await;
            self.has_answered.fetch_or(result.is_ok(), Ordering::Relaxed);
            let most = if self.has_answered.load(Ordering::Relaxed) { TRIES } else { TRIES_OF_A_STRANGER };
            let asked = match result {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                // The last answer is told, which says more than that there was none.
                Ok(answer) if !may_pass(answer.status()) || tries >= TRIES => return Err(refused(answer).await),
                Ok(answer) => retry_after(&answer),
                Err(source) if tries >= most => return Err(self.unanswered(source)),
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
    let bytes = answer.bytes().await.unwrap_or_default();
    let problem: ProblemAnswer = serde_json::from_slice(&bytes).unwrap_or_default();
    let detail = if problem.detail.is_empty() { "no reason given".to_owned() } else { problem.detail };
    IntakeError::Refused { status, detail }
}
