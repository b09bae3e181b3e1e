//! What every request of the desk works with, made once per process.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{http::StatusCode, response::Response};
use ripen_actions::Actions;
use ripen_domain::{
    calling::InvalidCalling,
    criteria::QuestionWords,
    delivery::SenderPause,
    id::ClientId,
    link::{LinkKeys, Links},
    outcome::{OutcomeFields, currency_of},
};
use ripen_runtime::{clock::Clock, config::Settings, health::Health};
use ripen_store::{Store, delivery::feed::SentDelivery};
use ripen_web::{
    address_rate::{AddressQuota, AddressRate},
    body::BodyLimits,
    rate::RateLimit,
};

use crate::{
    lookups::TokenLookups,
    page::{
        self, HomeLinks,
        frame::{Frame, PageLink},
        lead::{LeadNotice, LeadReply, LinkedLead},
        shown::ShownBy,
    },
    people::{
        live::LiveHub,
        phone::{DeskPhone, PhoneSetupError},
        queues::cached_counts::WaitingCounts,
    },
};

/// An outcome is small.
const LARGEST_BODY: usize = 64 * 1024;

/// So many passwords an address may ask for: an office of people who forgot theirs, and no list of addresses.
const FORGOTTEN_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN;
const FORGOTTEN_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// Where the desk's pages and bodies lead.
#[derive(Debug, Clone)]
pub struct DeskLinks {
    /// What links are signed with.
    pub keys: LinkKeys,
    /// What stands in bodies that are frozen here; none where nobody knows how the outside names this installation.
    pub bodies: Option<Links>,
    /// The process takes leads too: what it says to their senders is linked to.
    pub takes_leads: bool,
    /// Links in mails lead anywhere: the process that sends them knows where to.
    pub has_links_in_mails: bool,
}

/// The desk's parts. Clones share them.
#[derive(Clone)]
pub struct DeskContext(Arc<DeskParts>);

pub struct DeskParts {
    pub store: Store,
    pub clock: Clock,
    pub health: Health,
    pub keys: LinkKeys,
    pub bodies: Option<Links>,
    pub actions: Actions,
    pub rate: RateLimit<ClientId>,
    pub lookups: TokenLookups,
    pub forgotten: AddressRate,
    pub body: BodyLimits,
    pub firm: String,
    /// Who of the firm is told of what goes wrong; empty where nobody is.
    pub alerts: String,
    pub is_https: bool,
    pub home: HomeLinks,
    pub live: Arc<LiveHub>,
    pub phone: DeskPhone,
    pub waiting: WaitingCounts,
    pub hides_points: bool,
    pub sender_pause: SenderPause,
}

/// Why there is no desk as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum DeskSetupError {
    /// Hours in which nobody could be called, which no configuration that was loaded has.
    #[error(transparent)]
    Calling(#[from] InvalidCalling),
    /// The telephone.
    #[error(transparent)]
    Phone(#[from] PhoneSetupError),
}

impl DeskContext {
    /// The desk over a database, with the links that it opens and makes.
    ///
    /// # Errors
    /// Names what cannot be used of the configuration.
    pub fn new(
        store: Store,
        clock: Clock,
        settings: &Settings,
        health: Health,
        links: DeskLinks,
    ) -> Result<Self, DeskSetupError> {
        let limits = &settings.limits;
        let DeskLinks { keys, bodies, takes_leads, has_links_in_mails } = links;
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Ok(Self(Arc::new(DeskParts {
            actions: Actions { has_links_in_mails, ..Actions::new(store.clone(), clock.clone(), settings)? },
            rate: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            lookups: TokenLookups::new(AddressQuota {
                per_minute: positive(limits.wrong_tokens_per_minute),
                burst: positive(limits.wrong_tokens_per_minute),
                most: limits.addresses,
                refusal: "Too many wrong tokens came from this address in a short time.",
            }),
            forgotten: AddressRate::new(AddressQuota {
                per_minute: FORGOTTEN_PER_MINUTE,
                burst: FORGOTTEN_AT_ONCE,
                most: limits.addresses,
                refusal: "Too many passwords were asked for from this address in a short time.",
            }),
            body: BodyLimits {
                // An outcome is small: the limit of leads would let a stranger's link take more than any form needs.
                bytes: limits.body_bytes.min(LARGEST_BODY),
                time: Duration::from_secs(limits.body_timeout_s),
            },
            firm: settings.firm.name.trim().to_owned(),
            alerts: settings.mail.alerts.trim().to_owned(),
            is_https: settings.http.public_url.trim().starts_with("https://"),
            home: HomeLinks { takes_leads, says_health: settings.http.admin_listen.is_none() },
            live: Arc::default(),
            waiting: WaitingCounts::default(),
            hides_points: settings.desk.hide_points,
            sender_pause: settings.dispatcher.sender_pause(),
            phone: DeskPhone::new(settings)?,
            store,
            clock,
            health,
            keys,
            bodies,
        })))
    }
}

impl DeskContext {
    /// What stands around a page for whoever holds a link of this client.
    pub fn frame(&self, client: &str) -> Frame {
        Frame { firm: self.firm.clone(), client: client.to_owned(), link: PageLink::default() }
    }

    /// The page of a delivery.
    pub async fn lead_page(
        &self,
        status: StatusCode,
        opened: &LinkedLead,
        message: &LeadNotice,
        typed: &OutcomeFields,
    ) -> Response {
        let sent = &opened.sent;
        let questions = self.questions(sent).await;
        let by = ShownBy {
            now: self.clock.now(),
            hours: &self.actions.hours,
            country: &sent.client_country,
            questions: &questions,
        };
        let answer = LeadReply { status, message, typed, by };
        page::lead::render(&self.frame(&sent.client_name), opened, &answer)
    }

    /// How the questions are asked whose answers a lead has. Criteria that cannot be read keep nobody from the page: it then names
    /// their ids.
    async fn questions(&self, sent: &SentDelivery) -> Vec<QuestionWords> {
        let Some(criteria) = sent.criteria else { return Vec::new() };
        let money = currency_of(&sent.client_country).map(|money| money.to_string());
        match self.actions.documents.get(&[criteria]).await {
            Ok(found) => {
                let asked = found.values().flat_map(|criteria| criteria.questions());
                asked.map(|question| QuestionWords::of(question, money.as_deref())).collect()
            }
            Err(error) => {
                tracing::warn!(criteria.id = %criteria, %error, "a page goes without the words of its questions");
                Vec::new()
            }
        }
    }
}

impl std::ops::Deref for DeskContext {
    type Target = DeskParts;

    fn deref(&self) -> &DeskParts {
        &self.0
    }
}
