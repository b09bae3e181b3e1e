//! A signed test event that is about no lead, sent to a webhook at once.

use std::time::Duration;

use ripen_domain::{
    actor::Actor,
    delivery::{ClientEvent, EndpointTest},
    id::EndpointId,
    secret::Secret,
};
use ripen_outbound::{
    guard::check_url,
    webhook::{Call, OwnHeader, Sent, WebhookSecret, WebhookSender},
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{StoreError, endpoint::endpoint_record::EndpointRecord};

use super::{find, is_webhook};
use crate::{Actions, Refusal};

/// How a test goes out.
#[derive(Clone, Copy)]
pub struct TrialTerms<'a> {
    /// What sends it.
    pub sender: &'a WebhookSender,
    /// How long it may take where the endpoint does not say.
    pub timeout: Duration,
    /// Every endpoint may lie on this machine or in a private network.
    pub allow_private: bool,
}

/// Sends a test event. It changes nothing, and so is neither an action nor audited: no transaction is open while it is under
/// way.
///
/// # Errors
/// When nothing could be sent at all.
pub async fn trial(
    actions: &Actions,
    actor: &Actor,
    endpoint: EndpointId,
    terms: TrialTerms<'_>,
) -> Result<Sent, Refusal> {
    let endpoint = find(actions, actor, endpoint).await?;
    is_webhook(&endpoint)?;
    let now = actions.clock.now();
    let secrets = actions.store.endpoint_secrets(actor.scope(), endpoint.id, now).await?;
    // One that cannot be read is a stored value gone wrong: a test that leaves it out would prove nothing.
    let secrets: Vec<_> = all(&secrets, WebhookSecret::parse, "a signing secret")?;
    let headers: Vec<_> = all(&endpoint.terms.headers, OwnHeader::parse, "a header")?;
    let allow_private = endpoint.allow_private || terms.allow_private;
    // As every attempt is checked: a test that passes where deliveries are refused would mislead.
    let url = check_url(endpoint.to.reveal(), allow_private);
    let url = url
        .map_err(|why| Refusal::conflict("url_refused", format!("this endpoint's URL may not be called: it {why}")))?;
    let event = EndpointTest {
        endpoint: endpoint.id.into(),
        client: endpoint.client.clone().into(),
        text: "A test: no lead is behind it.".to_owned().into(),
        ..EndpointTest::default()
    };
    let call = Call {
        url: &url,
        allow_private,
        // Recognisable as a test, and different each time: a receiver that drops repetitions must not drop this.
        id: &format!("test_{}", uuid_v7(now).simple()),
        timestamp: now,
        body: ClientEvent::test(now, event).to_bytes().into(),
        secrets: &secrets,
        headers: &headers,
        deadline: limit(&endpoint, terms.timeout),
    };
    Ok(terms.sender.send(&call).await)
}

/// How long an attempt at this endpoint may take.
fn limit(endpoint: &EndpointRecord, configured: Duration) -> Duration {
    let own = endpoint.terms.timeout_s.and_then(|seconds| u64::try_from(seconds).ok());
    own.map_or(configured, Duration::from_secs)
}

fn all<T, E>(texts: &[Secret], read: impl Fn(&str) -> Result<T, E>, what: &str) -> Result<Vec<T>, StoreError> {
    let read = |text: &Secret| read(text.reveal()).map_err(|_| StoreError::Corrupt(format!("{what} of an endpoint")));
    texts.iter().map(read).collect()
}
