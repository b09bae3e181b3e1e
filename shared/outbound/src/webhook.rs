//! Sends one signed webhook to a client's endpoint and brings back its answer, whatever the endpoint does.
//!
//! One deadline covers everything from resolving the name to the last byte of the answer. The status decides: once it
//! is known, an endpoint that drips, breaks off or floods its body is answered for by that status, with what was read
//! of the body. So a body can hold an attempt for [`Limits::body_timeout`] and memory for [`Limits::max_answer_bytes`],
//! no more. Heads of answers are bounded by hyper: 100 headers, about 400 KiB.
//!
//! HTTP/1.1 only, no redirects, no proxy, no cookies. Certificates are checked against Mozilla's roots, which are
//! built in (`webpki-roots`), so that an image without any packages can send, and those of [`Trust`].

mod error;
mod header;
mod response;
mod secret;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Client, Method, Request,
    header::{CONTENT_TYPE, HeaderValue},
    redirect,
};
use rustls::{ClientConfig, crypto::ring};
use tokio::time::timeout_at;
use url::Url;

pub use self::{
    error::{SendError, SendErrorKind},
    header::{InvalidHeader, OwnHeader},
    response::{RetryAfter, WebhookResponse},
    secret::{InvalidSecret, WebhookSecret, is_signed},
};
use crate::{
    guard::{self, GuardedResolver, Lookup, SystemLookup},
    trust::Trust,
};

/// What one attempt may cost. The configuration sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From resolving the name to the last byte of the answer.
    pub timeout: Duration,
    /// To resolve the name, connect and finish the TLS handshake; within `timeout`.
    pub connect_timeout: Duration,
    /// For the body of the answer, once its head is there; within `timeout`.
    pub body_timeout: Duration,
    /// What is read of the body of an answer.
    pub max_answer_bytes: usize,
    /// Connections kept open to one endpoint between attempts.
    pub idle_per_host: usize,
    /// How long they are kept open.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(3),
            max_answer_bytes: 64 * 1024,
            idle_per_host: 256,
            idle_timeout: Duration::from_secs(20),
        }
    }
}

/// One attempt.
#[derive(Clone)]
pub struct Call<'a> {
    /// Where to; checked again here.
    pub url: &'a Url,
    /// Whether the endpoint may lie on this machine or a private network.
    pub allow_private: bool,
    /// `webhook-id`: the delivery's id, the same over all attempts.
    pub id: &'a str,
    /// `webhook-timestamp`: when this attempt is made.
    pub timestamp: Timestamp,
    /// The JSON text, the same over all attempts.
    pub body: Bytes,
    /// Every live secret of the endpoint: one signature each, so that a receiver can change over. At least one.
    pub secrets: &'a [WebhookSecret],
    /// Headers of the endpoint's own.
    pub headers: &'a [OwnHeader],
    /// What is left of the worker's lease. The shorter of this and [`Limits::timeout`] holds.
    pub deadline: Duration,
}

/// A request to a machine of the firm's own, which knows no signature of ours: its telephone.
#[derive(Clone)]
pub struct PlainRequest<'a> {
    /// Where to; checked again here.
    pub url: &'a Url,
    /// Whether it may lie on this machine or a private network.
    pub allow_private: bool,
    /// The JSON text.
    pub body: Bytes,
    /// Headers that it wants.
    pub headers: &'a [OwnHeader],
    /// The shorter of this and [`Limits::timeout`] holds.
    pub deadline: Duration,
}

/// What came of an attempt.
#[derive(Debug)]
pub struct Sent {
    /// How long it took.
    pub elapsed: Duration,
    /// The answer, of whatever status, or why there is none.
    pub result: Result<WebhookResponse, SendError>,
}

/// Why no sender could be made.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The TLS library refuses its own defaults.
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be set up")]
    Http(#[from] reqwest::Error),
}

/// Sends webhooks. Cheap to share behind an `Arc`; keeps connections open between attempts.
pub struct WebhookSender {
    limits: Limits,
    /// Two clients, so that a connection opened with leave for private addresses is never used without it.
    guarded: Client,
    private_allowed: Client,
}

impl WebhookSender {
    /// Makes a sender that resolves names by the system's resolver.
    ///
    /// # Errors
    /// The TLS or HTTP library cannot be set up.
    pub fn new(limits: Limits, trust: &Trust) -> Result<Self, SenderError> {
        Self::with_lookup(limits, trust, Arc::new(SystemLookup::default()))
    }

    /// Makes a sender that resolves names by `lookup`.
    ///
    /// # Errors
    /// The TLS or HTTP library cannot be set up.
    pub fn with_lookup(limits: Limits, trust: &Trust, lookup: Arc<dyn Lookup>) -> Result<Self, SenderError> {
        // Made once for both clients: reading the roots takes longer than anything else here.
        let tls = tls_config(trust)?;
        let guarded = GuardedResolver::new(Arc::clone(&lookup), false);
        let private_allowed = GuardedResolver::new(lookup, true);
        Ok(Self {
            limits,
            guarded: client(&limits, tls.clone(), guarded)?,
            private_allowed: client(&limits, tls, private_allowed)?,
        })
    }

    /// Makes one attempt. Ends within the deadline whatever the endpoint does. Dropping the future ends the attempt.
    pub async fn send(&self, call: &Call<'_>) -> Sent {
        let started = Instant::now();
        let result = self.attempt(call, started).await;
        Sent { elapsed: started.elapsed(), result }
    }

    /// Posts once without a signature, under the same guard and within the deadline.
    pub async fn post(&self, plain: &PlainRequest<'_>) -> Sent {
        let started = Instant::now();
        let mut request = Request::new(Method::POST, plain.url.clone());
        request.headers_mut().extend(plain.headers.iter().map(OwnHeader::pair));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(plain.body.clone().into());
        let result =
            self.exchange(request, plain.allow_private, started + plain.deadline.min(self.limits.timeout)).await;
        Sent { elapsed: started.elapsed(), result }
    }

    async fn attempt(&self, call: &Call<'_>, started: Instant) -> Result<WebhookResponse, SendError> {
        // From before the request was built: the time that took is the lease's too.
        let deadline = started + call.deadline.min(self.limits.timeout);
        self.exchange(request(call)?, call.allow_private, deadline).await
    }

    async fn exchange(
        &self,
        request: Request,
        allow_private: bool,
        deadline: Instant,
    ) -> Result<WebhookResponse, SendError> {
        // Again and not only when the endpoint was set: a URL that was stored before a rule was added must not get
        // through.
        guard::check(request.url(), allow_private)
            .map_err(|refused| SendError::new(SendErrorKind::Refused, refused.to_string()))?;
        let client = if allow_private { &self.private_allowed } else { &self.guarded };
        let response = timeout_at(deadline.into(), client.execute(request))
            .await
            .map_err(|_| SendError::from(SendErrorKind::Timeout))?
            .map_err(|error| SendError::classify(&error))?;
        // From the head of the answer on: an endpoint that drips its body must not use up the whole attempt.
        let body_deadline = deadline.min(Instant::now() + self.limits.body_timeout);
        Ok(response::read(response, body_deadline, self.limits.max_answer_bytes).await)
    }
}

fn request(call: &Call<'_>) -> Result<Request, SendError> {
    let unsendable = |why: &str| SendError::new(SendErrorKind::Unsendable, why.to_owned());
    // Whole seconds, as the signature has them.
    let seconds = call.timestamp.as_second();
    // Over the very bytes that are sent; a body that is no text cannot be signed.
    let signatures = secret::signatures(call.secrets, call.id, seconds, &call.body)
        .ok_or_else(|| unsendable("there is no live secret, or the body is no text"))?;
    let header = |text: &str| HeaderValue::from_str(text).map_err(|_| unsendable("the id is no header value"));
    let mut request = Request::new(Method::POST, call.url.clone());
    let headers = request.headers_mut();
    // The endpoint's own come first, so that none of them can replace the signature or the id that follow.
    headers.extend(call.headers.iter().map(OwnHeader::pair));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(standardwebhooks::HEADER_WEBHOOK_ID, header(call.id)?);
    headers.insert(standardwebhooks::HEADER_WEBHOOK_TIMESTAMP, HeaderValue::from(seconds));
    headers.insert(standardwebhooks::HEADER_WEBHOOK_SIGNATURE, header(&signatures)?);
    *request.body_mut() = Some(call.body.clone().into());
    Ok(request)
}

fn tls_config(trust: &Trust) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trust.roots())
        .with_no_client_auth();
    // Only this: with HTTP/2 one connection would carry the deliveries of several attempts, and break them all.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn client(limits: &Limits, tls: ClientConfig, resolver: GuardedResolver) -> Result<Client, reqwest::Error> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .http1_only()
        // A proxy would resolve the name itself, past the guard.
        .no_proxy()
        // The address that a redirect leads to is checked by nobody.
        .redirect(redirect::Policy::none())
        .referer(false)
        // An attempt that the client repeats by itself would be on no record and in no count.
        .retry(reqwest::retry::never())
        .user_agent(concat!("Ripen/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect_timeout)
        .pool_max_idle_per_host(limits.idle_per_host)
        .pool_idle_timeout(limits.idle_timeout)
        .build()
}
