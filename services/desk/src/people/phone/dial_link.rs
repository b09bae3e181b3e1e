//! How a number is handed to the telephone, as it is configured.

use std::time::Duration;

use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::call::DialFacts;
use ripen_outbound::{
    guard::{UrlRefused, check_url},
    trust::{InvalidTrust, Trust},
    webhook::{
        InvalidHeader, InvalidSecret, Limits, OwnHeader, PlainRequest, SenderError, WebhookSecret, WebhookSender,
        is_signed,
    },
};
use ripen_runtime::config::{DialWay, Settings};
use serde::Serialize;

/// How old a signed event may be, and how far ahead: what was recorded on its way is not told again later.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// So much of an answer is read.
const ANSWER_BYTES: usize = 4096;

/// Why the telephone cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum PhoneSetupError {
    /// The address.
    #[error("phone.url {0}")]
    Url(#[from] UrlRefused),
    /// A header.
    #[error("phone.headers: {0}")]
    Header(#[from] InvalidHeader),
    /// The secret of its events.
    #[error("phone.secret {0}")]
    Secret(#[from] InvalidSecret),
    /// Certificates.
    #[error(transparent)]
    Trust(#[from] InvalidTrust),
    /// The HTTP library.
    #[error(transparent)]
    Sender(#[from] SenderError),
}

/// What is to be done so that the telephone dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialStep {
    /// The browser opens this address.
    Open(String),
    /// The telephone was asked.
    Asked,
}

/// Why the telephone did not dial, in words for whoever clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDialed(pub String);

/// What the telephone system is told beside the address.
#[derive(Serialize)]
struct DialBody<'a> {
    call: String,
    lead: String,
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_id: Option<&'a str>,
}

/// An event of the telephone, with what its headers say of it.
#[derive(Clone, Copy)]
pub struct SignedEvent<'a> {
    /// Its id.
    pub id: &'a str,
    /// When it was signed, in seconds since 1970.
    pub seconds: i64,
    /// What it tells.
    pub body: &'a [u8],
    /// The signatures that came with it.
    pub presented: &'a str,
}

/// The telephone as it is configured.
pub struct DeskPhone {
    way: DialWay,
    template: String,
    asks: Option<PhoneAsker>,
    secrets: Vec<WebhookSecret>,
}

/// What asks the telephone system.
struct PhoneAsker {
    sender: WebhookSender,
    headers: Vec<OwnHeader>,
    allow_private: bool,
    within: Duration,
}

impl DeskPhone {
    /// As it is configured.
    ///
    /// # Errors
    /// Names the key that cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, PhoneSetupError> {
        let phone = &settings.phone;
        let template = phone.url.reveal().trim().to_owned();
        let asks = match phone.dial {
            DialWay::Tel | DialWay::Url => None,
            DialWay::Http => {
                // With something in the places: braces are no part of an address.
                check_url(&template.replace(['{', '}'], ""), phone.allow_private)?;
                let headers = phone.headers.iter().map(|header| OwnHeader::parse(header.reveal()));
                let within = Duration::from_secs(phone.timeout_s);
                let limits = Limits {
                    timeout: within,
                    connect_timeout: within,
                    max_answer_bytes: ANSWER_BYTES,
                    idle_per_host: 4,
                    ..Limits::default()
                };
                let trust = Trust::with_file(&settings.tls.ca_file)?;
                Some(PhoneAsker {
                    sender: WebhookSender::new(limits, &trust)?,
                    headers: headers.collect::<Result<_, _>>()?,
                    allow_private: phone.allow_private,
                    within,
                })
            }
        };
        let secrets = match phone.secret.is_empty() {
            true => Vec::new(),
            false => vec![WebhookSecret::parse(phone.secret.reveal())?],
        };
        Ok(Self { way: phone.dial, template, asks, secrets })
    }

    /// Whatever the agent's machine dials with takes a plain link.
    pub const fn takes_links(&self) -> bool {
        matches!(self.way, DialWay::Tel)
    }

    /// Has the telephone dial, or says what the browser opens.
    ///
    /// # Errors
    /// In words, where the telephone system did not take it.
    pub async fn dial(&self, facts: &DialFacts<'_>) -> Result<DialStep, NotDialed> {
        match (self.way, &self.asks) {
            (DialWay::Http, Some(asks)) => asks.ask(&self.template, facts).await.map(|()| DialStep::Asked),
            (DialWay::Url, _) => Ok(DialStep::Open(facts.fill(&self.template))),
            (DialWay::Tel | DialWay::Http, _) => Ok(DialStep::Open(facts.link())),
        }
    }

    /// What is still to be done of a call that was written down before: a browser may open its link again, nobody is asked twice.
    pub fn again(&self, facts: &DialFacts<'_>) -> DialStep {
        match self.way {
            DialWay::Tel => DialStep::Open(facts.link()),
            DialWay::Url => DialStep::Open(facts.fill(&self.template)),
            DialWay::Http => DialStep::Asked,
        }
    }

    /// Whether an event is signed with the installation's secret, and is of now.
    pub fn has_signed(&self, event: SignedEvent<'_>, now: Timestamp) -> bool {
        let at = Timestamp::from_second(event.seconds);
        let is_of_now = at.is_ok_and(|at| at.duration_since(now).abs() <= TOLERANCE);
        is_of_now && is_signed(&self.secrets, event.id, event.seconds, (event.body, event.presented))
    }
}

impl PhoneAsker {
    async fn ask(&self, template: &str, facts: &DialFacts<'_>) -> Result<(), NotDialed> {
        let not = |why: &str| NotDialed(format!("The telephone did not take the call: {why}."));
        let url =
            check_url(&facts.fill(template), self.allow_private).map_err(|why| not(&format!("its address {why}")))?;
        let body = DialBody {
            call: facts.call.to_string(),
            lead: facts.lead.to_string(),
            number: facts.number.number(),
            extension: facts.number.extension(),
            caller_id: facts.caller_id,
        };
        let body = serde_json::to_vec(&body).map_err(|_| not("it could not be told"))?;
        let plain = PlainRequest {
            url: &url,
            allow_private: self.allow_private,
            body: Bytes::from(body),
            headers: &self.headers,
            deadline: self.within,
        };
        let answer = self.sender.post(&plain).await.result.map_err(|error| not(&error.to_string()))?;
        if !answer.is_success() {
            return Err(not(&format!("it answered {}", answer.status)));
        }
        // Some telephone systems answer 200 in any case, and say in their text that it failed.
        let text = String::from_utf8_lossy(&answer.body);
        if text.trim_start().starts_with("ERROR") {
            let said: String = text.trim().chars().filter(|c| !c.is_control()).take(120).collect();
            return Err(not(&said));
        }
        Ok(())
    }
}
