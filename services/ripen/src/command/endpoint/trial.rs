//! `ripen endpoint test`: one signed event that is about no lead, sent at once, and the answer in full.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use ripen_domain::delivery::{ClientEvent, EndpointTest};
use ripen_outbound::{
    guard::check_url,
    trust::Trust,
    webhook::{Call, Limits, OwnHeader, Sent, WebhookSecret, WebhookSender},
};
use ripen_runtime::{clock::Clock, random::uuid_v7};
use ripen_store::endpoint::record::EndpointRecord;
use serde_json::{Value, json};

use crate::{cli::Common, database::Database, output};

/// At most so many characters of the answer are shown.
const ANSWER_CHARS: usize = 4_000;

/// Sends the test and prints the answer; exit code 1 where it is no 2xx.
///
/// # Errors
/// When nothing could be sent at all.
pub async fn run(common: &Common, database: &Database, text: &str) -> anyhow::Result<ExitCode> {
    let endpoint = super::webhook(&database.store, text).await?;
    let sent = send(database, &endpoint).await?;
    let taken = sent.result.as_ref().is_ok_and(|answer| answer.is_success());
    output::record(common.json, &shown(&sent))?;
    Ok(if taken { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn send(database: &Database, endpoint: &EndpointRecord) -> anyhow::Result<Sent> {
    let (settings, now) = (&database.settings.dispatcher, Clock::system().now());
    let secrets = database.store.endpoint_secrets(endpoint.id, now).await?;
    let secrets: Vec<_> = secrets.iter().map(|secret| WebhookSecret::parse(secret)).collect::<Result<_, _>>()?;
    let headers: Vec<_> =
        endpoint.terms.headers.iter().map(|header| OwnHeader::parse(header)).collect::<Result<_, _>>()?;
    let seconds = endpoint.terms.timeout_s.and_then(|seconds| u64::try_from(seconds).ok());
    let timeout = Duration::from_secs(seconds.unwrap_or(settings.timeout_s));
    let allow_private = endpoint.allow_private || settings.allow_private;
    let url = check_url(&endpoint.to, allow_private).context("this endpoint's URL may not be called")?;
    let test = EndpointTest {
        endpoint: endpoint.id.into(),
        client: endpoint.client.clone().into(),
        text: "A test: no lead is behind it.".to_owned().into(),
        ..EndpointTest::default()
    };
    let trust = Trust::with_file(&database.settings.tls.ca_file)?;
    let limits = Limits { timeout, max_answer_bytes: settings.response_bytes, ..Limits::default() };
    let sender = WebhookSender::new(limits, &trust)?;
    let call = Call {
        url: &url,
        allow_private,
        id: &format!("test_{}", uuid_v7(now).simple()),
        timestamp: now,
        body: ClientEvent::test(now, test).to_bytes().into(),
        secrets: &secrets,
        headers: &headers,
        deadline: timeout,
    };
    Ok(sender.send(&call).await)
}

fn shown(sent: &Sent) -> Value {
    let ms = u64::try_from(sent.elapsed.as_millis()).unwrap_or(u64::MAX);
    match &sent.result {
        Ok(answer) => {
            let text: String = String::from_utf8_lossy(&answer.body).chars().take(ANSWER_CHARS).collect();
            json!({"status": answer.status, "ms": ms, "answer": text, "cut": answer.truncated})
        }
        Err(error) => json!({"status": null, "ms": ms, "error": error.class(), "why": error.to_string()}),
    }
}
