//! Signatures as clients check them: with the libraries of others, in Python and in JavaScript.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ripen_testkit::receiver::Receiver;
use serde_json::{Value, json};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, posters::post};

/// Reads `{secret, headers, body}` and says `verified` or `refused`.
const PYTHON: &str = r"
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
given = json.load(sys.stdin)
try:
    Webhook(given['secret']).verify(given['body'], given['headers'])
    print('verified')
except WebhookVerificationError:
    print('refused')
";
const JAVASCRIPT: &str = r"
const { Webhook, WebhookVerificationError } = require('standardwebhooks');
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
try {
    new Webhook(given.secret).verify(given.body, given.headers);
    console.log('verified');
} catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log('refused');
}
";

/// Where `tests/run` has put the libraries; it could not fetch what is missing.
#[allow(clippy::disallowed_methods, reason = "tests/run says where it put them")]
fn library(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("RIPEN_TEST_VERIFIERS")?).join(name);
    folder.is_dir().then_some(folder)
}

/// A language, and how its check is run where its library lies.
type Verifier = (&'static str, fn(&Path) -> Command);

fn says(mut command: Command, given: &Value) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn python(folder: &Path) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", PYTHON]).env("PYTHONPATH", folder);
    command
}

fn node(folder: &Path) -> Command {
    let mut command = Command::new("node");
    command.args(["-e", JAVASCRIPT]).current_dir(folder);
    command
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr, reason = "a check that is not made must be seen")]
async fn libraries_of_others_verify_what_is_sent_and_refuse_what_was_changed() {
    let verifiers: [Verifier; 2] = [("python", python), ("javascript", node)];
    let found: Vec<_> = verifiers.iter().filter_map(|(name, command)| Some((name, library(name)?, command))).collect();
    if found.len() < verifiers.len() {
        eprintln!("skipped: {} of 2 libraries are here; tests/run fetches them", found.len());
    }
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let url = receiver.url("/hook");
    let added = installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    let second =
        installation.json(&["endpoint", "rotate-secret", added["id"].as_str().unwrap(), "--overlap-h", "1"]).await;
    let process = installation.serve("").await;
    let body = json!({"email": "zoë@example.com", "first_name": "Zoë 🙂", "answers": {"timeframe_days": 1}});
    post(&process.url, &source, &body).await.unwrap();
    let received = receiver.wait_for(1, LIMIT).await.remove(0);
    let headers: serde_json::Map<_, _> = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .map(|name| (name.to_owned(), json!(received.header(name))))
        .into_iter()
        .collect();
    let body = String::from_utf8(received.body.to_vec()).unwrap();
    for (name, folder, command) in found {
        for secret in [&added["secret"], &second["secret"]] {
            let given = json!({"secret": secret, "headers": headers, "body": body});
            assert_eq!(says(command(&folder), &given), "verified", "{name}");
        }
        let changed = json!({"secret": added["secret"], "headers": headers, "body": format!("{body} ")});
        assert_eq!(says(command(&folder), &changed), "refused", "{name}");
    }
}
