//! Case 44: names of strangers in the headers and bodies of mails.

use mail_parser::MessageParser;
use ripen_testkit::{mailbox::ReceivedMail, wait::until};
use serde_json::{Value, json};

use super::{Front, unquoted};
use crate::harness::LIMIT;

/// Names that end a header, look like markup or turn the direction of writing, as their senders give them; each with what a reader
/// still sees of it.
fn names() -> [(Value, &'static str); 6] {
    [
        (json!({"first_name": "Schüle,", "last_name": "Philipp"}), "Philipp"),
        (json!({"name": "kim@acme via Portal"}), "kim@acme via Portal"),
        (json!({"name": "小明 🏠"}), "小明 🏠"),
        (json!({"name": "Bob\r\nBcc: evil@example.net"}), "Bob Bcc: evil@example.net"),
        (json!({"name": "Siobhán O'Neill & Söhne <GmbH> \"x\""}), "Siobhán O'Neill & Söhne <GmbH> \"x\""),
        (json!({"name": "\u{202e}gnp.exe \u{200f}עברית"}), "gnp.exe"),
    ]
}

/// What turns the direction of what is written after it.
const TURNS: [char; 12] = [
    '\u{061c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

fn head(mail: &ReceivedMail) -> &str {
    mail.data.split("\r\n\r\n").next().unwrap_or_default()
}

/// As mail programs show it.
fn subject(mail: &ReceivedMail) -> String {
    let parsed = MessageParser::default().parse(mail.data.as_bytes());
    parsed.and_then(|parsed| parsed.subject().map(str::to_owned)).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn c44_names_stay_names_in_headers_and_bodies() {
    let front = Front::new().await;
    let answers = json!({"timeframe_days": 20, "budget": 450_000, "preapproved": true});
    let emails = ["ph", "kim2", "xm", "bob", "so", "rtl"];
    let leads = names().into_iter().zip(emails).enumerate().map(|(at, ((mut lead, _), email))| {
        let number = at + 1;
        let rest = json!({"external_id": format!("c44-{number}"), "email": format!("{email}@example.com"),
               "phone": format!("415-555-013{number}"), "answers": answers});
        lead.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        lead
    });
    front.post(&serde_json::to_string(&leads.collect::<Vec<_>>()).unwrap()).await;
    let mails = until("six mails", LIMIT, || async {
        let all = front.scenario.mailbox.received();
        (all.len() >= emails.len()).then_some(all)
    })
    .await;
    assert_eq!(mails.len(), emails.len(), "each lead is one mail");
    for mail in &mails {
        assert_eq!(mail.to.len(), 1, "{}", head(mail));
        assert!(head(mail).is_ascii(), "{}", head(mail));
        let named = |name: &str| {
            let begins = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
            head(mail).split("\r\n").filter(begins).count()
        };
        assert_eq!(["to", "subject", "from", "bcc", "cc"].map(named), [1, 1, 1, 0, 0], "{}", head(mail));
        let body = unquoted(mail);
        assert!(!body.contains(TURNS) && !subject(mail).contains(TURNS), "{} {body}", subject(mail));
        for twice in ["&#38;#", "&amp;#", "&#38;amp;", "<GmbH>\"", "<h1 dir=\"auto\"><"] {
            assert!(!body.contains(twice), "{twice}: {body}");
        }
    }
    let all: Vec<_> = mails.iter().map(unquoted).collect();
    for (name, shown) in names() {
        // As text: the other part says the same, escaped once.
        let is_in = |body: &String| body.contains(shown);
        assert!(all.iter().any(is_in), "{name} is in no mail");
        assert!(mails.iter().any(|mail| subject(mail).contains(shown)), "{name} is in no subject");
    }
}
