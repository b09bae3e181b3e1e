//! Mail against a real SMTP conversation on loopback, and into files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::{fs, path::PathBuf, time::Duration};

use jiff::Timestamp;
use ripen_domain::{
    delivery::MailStage,
    id::DeliveryId,
    link::{LinkKey, LinkKeys},
};
use ripen_outbound::{
    mail::{DeadCause, Mail, MailResult, Mailer, Party},
    trust::Trust,
};
use ripen_testkit::{
    mailbox::{MailStep, Mailbox, ReceivedMail, Reply, Tls},
    wire::Identity,
};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(120);
const FROM: &str = "Ripen <leads@ripen.example>";

fn mail() -> Mail<'static> {
    Mail {
        to: Party { name: Some("Robin Rep"), address: "robin@client.example" },
        reply_to: None,
        unsubscribe: None,
        subject: "A lead: Casey Smith",
        text: "Casey Smith\n.\n..dots\n",
        html: "<p>Casey Smith</p>",
        invitation: None,
        message_id: "dlv_01kam0000000000000000000000",
        list_id: "harbor-homes",
        delivery: None,
        date: Timestamp::from_second(1_795_255_200).unwrap(),
        deadline: LIMIT,
    }
}

/// A folder of this test's own, taken away at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ripen-mails-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn mailer(url: &str) -> Mailer {
    Mailer::new(url, FROM, &std::env::temp_dir(), &Trust::default()).unwrap()
}

async fn delivered(mail: &Mail<'_>) -> ReceivedMail {
    let mailbox = Mailbox::start().await;
    let result = mailer(&mailbox.url()).send(mail).await;
    assert!(matches!(result, MailResult::Delivered { .. }), "{result:?}");
    mailbox.received().remove(0)
}

#[tokio::test]
async fn a_mail_arrives_with_both_bodies_and_its_own_id() {
    let mail = delivered(&mail()).await;
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("leads@ripen.example", &["robin@client.example".to_owned()][..])
    );
    insta::assert_snapshot!("mail", mail.data.replace("\r\n", "\n"));
}

#[tokio::test]
async fn the_same_mail_is_the_same_bytes_at_every_attempt() {
    assert_eq!(delivered(&mail()).await, delivered(&mail()).await);
}

#[tokio::test]
async fn headers_cannot_be_added_through_any_field() {
    let evil = "x\r\nBcc: thief@evil.example\r\n\r\nbody\0\u{202e}";
    let mail = Mail {
        to: Party { name: Some(evil), address: "robin@client.example" },
        reply_to: Some(Party { name: Some(evil), address: "desk@ripen.example" }),
        unsubscribe: Some("desk@ripen.example"),
        subject: evil,
        message_id: evil,
        list_id: evil,
        ..mail()
    };
    let received = delivered(&mail).await;
    assert_eq!(received.to, ["robin@client.example"]);
    let head = received.data.split("\r\n\r\n").next().unwrap();
    let names: Vec<_> =
        head.split("\r\n").filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap()).collect();
    let expected = [
        "From",
        "To",
        "Date",
        "Subject",
        "Message-ID",
        "List-Id",
        "Auto-Submitted",
        "Reply-To",
        "List-Unsubscribe",
        "MIME-Version",
        "Content-Type",
    ];
    assert_eq!(names, expected, "{head}");
    assert_eq!(
        received.header("list-unsubscribe"),
        "<mailto:desk@ripen.example?subject=unsubscribe%20xBccthiefevilexamplebody>"
    );
    assert_eq!(received.header("subject"), "x Bcc: thief@evil.example body");
    assert_eq!(received.header("message-id"), "<xBccthiefevilexamplebody@ripen.example>");
}

#[tokio::test]
async fn an_address_with_anything_added_is_no_address() {
    let mailbox = Mailbox::start().await;
    let mailer = mailer(&mailbox.url());
    for address in
        ["", "robin", "robin@client.example\r\nBcc: x@example.com", "a@b.example, c@d.example", "<a@b.example>"]
    {
        let result = mailer.send(&Mail { to: Party { name: None, address }, ..mail() }).await;
        let MailResult::Dead { code: None, text, cause: DeadCause::Mail, .. } = result else {
            panic!("{address:?}: {result:?}")
        };
        assert_eq!(text, "the recipient's address is no e-mail address");
    }
    assert_eq!(mailbox.received(), []);
}

#[tokio::test]
async fn letters_beyond_ascii_are_encoded_and_emoji_survive() {
    let mail = Mail {
        to: Party { name: Some("Zoë Müller"), address: "robin@client.example" },
        subject: "A lead: مريم 👩‍💻",
        text: "مريم 👩‍💻",
        html: "<p dir=\"auto\">مريم 👩‍💻</p>",
        ..mail()
    };
    let received = delivered(&mail).await;
    assert!(received.data.is_ascii(), "{}", received.data);
    assert!(received.header("subject").contains("=?utf-8?"), "{}", received.header("subject"));
}

#[tokio::test]
async fn a_servers_reply_decides_and_names_no_address() {
    let mailbox = Mailbox::start().await;
    let mailer = mailer(&mailbox.url());
    mailbox.set(Reply::Later);
    let later = mailer.send(&mail()).await;
    assert!(matches!(&later, MailResult::Later { code: Some(450), text } if !text.contains('@')), "{later:?}");
    mailbox.set(Reply::Dead);
    let dead = mailer.send(&mail()).await;
    assert!(
        matches!(&dead, MailResult::Dead { code: Some(550), text, cause: DeadCause::Address, .. } if !text.contains('@')),
        "{dead:?}"
    );
    mailbox.set(Reply::Drop);
    let dropped = mailer.send(&mail()).await;
    assert!(matches!(&dropped, MailResult::Later { code: None, .. }), "{dropped:?}");
    assert_eq!(mailbox.received(), []);
}

#[tokio::test]
async fn a_refused_login_is_not_the_mails_fault() {
    let mailbox = Mailbox::start().await;
    mailbox.set(Reply::RefuseLogin);
    let url = mailbox.url().replace("smtp://", "smtp://ripen:s3cret@");
    let result = mailer(&url).send(&mail()).await;
    let MailResult::SenderRefused { code: Some(535), text, stage: MailStage::Opening, of_one: false } = result else {
        panic!("{result:?}")
    };
    assert!(!text.contains("s3cret"), "{text}");
    mailbox.set(Reply::Accept);
    assert!(matches!(mailer(&url).send(&mail()).await, MailResult::Delivered { .. }));
}

/// As what came of a mail names the step.
const fn stage_of(step: MailStep) -> MailStage {
    match step {
        MailStep::Greeting | MailStep::Login => MailStage::Opening,
        MailStep::Sender => MailStage::Sender,
        MailStep::Recipient => MailStage::Recipient,
        MailStep::Content => MailStage::Content,
    }
}

#[tokio::test]
async fn a_refusal_of_the_sender_is_told_from_one_of_the_address_by_the_step() {
    let mailbox = Mailbox::start().await;
    let mailer = mailer(&mailbox.url());
    for (step, words) in [
        (MailStep::Greeting, "554 5.7.1 not from here"),
        (MailStep::Sender, "550 5.7.1 account suspended"),
        (MailStep::Recipient, "554 5.7.1 <robin@client.example>: Relay access denied"),
        (MailStep::Content, "530 5.7.0 authentication required"),
        (MailStep::Content, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        (MailStep::Content, "550 The from address does not match a verified Sender Identity"),
        (MailStep::Recipient, "550 5.4.5 Daily user sending limit exceeded"),
    ] {
        let of_one = step == MailStep::Recipient || step == MailStep::Content && !words.starts_with("530");
        mailbox.set(Reply::Say(step, words));
        let result = mailer.send(&mail()).await;
        assert!(
            matches!(&result, MailResult::SenderRefused { code: Some(_), text, stage, of_one: said }
                if !text.contains('@') && *said == of_one && *stage == stage_of(step)),
            "{result:?}"
        );
    }
    for (step, words, expected) in [
        (MailStep::Recipient, "550 no such user here", DeadCause::Address),
        (MailStep::Recipient, "550 5.2.1 mailbox disabled", DeadCause::Address),
        (MailStep::Recipient, "552 5.2.2 mailbox full", DeadCause::Mailbox),
        (MailStep::Content, "554 5.6.0 cannot be read", DeadCause::Mail),
        (MailStep::Content, "554 5.7.1 rejected by policy", DeadCause::Unexplained),
    ] {
        mailbox.set(Reply::Say(step, words));
        let result = mailer.send(&mail()).await;
        assert!(
            matches!(&result, MailResult::Dead { stage, cause, .. } if *cause == expected && *stage == stage_of(step)),
            "{words}: {result:?}"
        );
    }
    mailbox.set(Reply::Accept);
    assert!(
        matches!(mailer.send(&mail()).await, MailResult::Delivered { .. }),
        "a refusal spoils no later conversation"
    );
}

#[tokio::test]
async fn what_is_no_answer_to_the_recipient_or_the_mail_is_told_from_a_server_that_is_away() {
    let mailbox = Mailbox::start().await;
    let mailer = mailer(&mailbox.url());
    for (step, words, shown) in [
        (MailStep::Recipient, "garbage answer", "garbage answer"),
        (MailStep::Recipient, "999 what", "999 what"),
        (MailStep::Content, "no code here", "no code here"),
    ] {
        mailbox.set(Reply::Say(step, words));
        let result = mailer.send(&mail()).await;
        assert!(
            matches!(&result, MailResult::Unreadable { text } if text.contains("cannot be read") && text.contains(shown)),
            "{words}: {result:?}"
        );
    }
}

#[tokio::test]
async fn what_is_said_before_any_recipient_is_named_is_no_mails_fault() {
    let mailbox = Mailbox::start().await;
    let mailer = mailer(&mailbox.url());
    for (words, said) in [
        ("garbage answer", None),
        ("421 4.3.2 closing", Some(421)),
        ("451 4.7.1 try again later", Some(451)),
        ("452 4.2.2 over quota", Some(452)),
    ] {
        mailbox.set(Reply::Say(MailStep::Sender, words));
        let result = mailer.send(&mail()).await;
        assert!(matches!(&result, MailResult::Unreachable { code, .. } if *code == said), "{words}: {result:?}");
    }
    for words in ["552 5.7.0 daily limit exceeded", "552 5.3.4 too much"] {
        mailbox.set(Reply::Say(MailStep::Sender, words));
        let result = mailer.send(&mail()).await;
        assert!(matches!(&result, MailResult::SenderRefused { of_one: false, .. }), "{words}: {result:?}");
    }
}

#[tokio::test]
async fn a_code_without_words_is_that_code() {
    let mailbox = Mailbox::start().await;
    let mailer = mailer(&mailbox.url());
    mailbox.set(Reply::Say(MailStep::Recipient, "550"));
    let result = mailer.send(&mail()).await;
    assert!(matches!(&result, MailResult::Dead { code: Some(550), cause: DeadCause::Address, .. }), "{result:?}");
    mailbox.set(Reply::Say(MailStep::Recipient, "450-busy\r\n450"));
    let result = mailer.send(&mail()).await;
    assert!(matches!(&result, MailResult::Later { code: Some(450), .. }), "{result:?}");
    mailbox.set(Reply::Say(MailStep::Content, "250"));
    let result = mailer.send(&mail()).await;
    assert!(matches!(&result, MailResult::Delivered { .. }), "{result:?}");
}

#[tokio::test]
async fn a_delivery_comes_back_to_an_address_of_its_own() {
    let mailbox = Mailbox::start().await;
    let keys = LinkKeys::new(LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH), Vec::new());
    let mailer = mailer(&mailbox.url()).with_return_path("bounces+{token}@ripen.example", keys.clone()).unwrap();
    let delivery = DeliveryId::from_uuid(Uuid::from_u128(7));
    mailer.send(&Mail { delivery: Some(delivery), ..mail() }).await;
    mailer.send(&mail()).await;
    let mails = mailbox.wait_for(2, LIMIT).await;
    let token = mails[0].from.strip_prefix("bounces+").and_then(|rest| rest.strip_suffix("@ripen.example")).unwrap();
    assert_eq!(keys.open_bounce(token, Timestamp::UNIX_EPOCH), Ok(delivery));
    assert_eq!(mails[0].header("from"), FROM, "people see the sender");
    assert_eq!(mails[1].from, "leads@ripen.example");
}

#[tokio::test]
async fn tls_that_is_required_is_not_done_without() {
    let mailbox = Mailbox::start().await;
    for url in [
        mailbox.url().replace("tls=none", "tls=required"),
        mailbox.url().replace("smtp://", "smtp://ripen:s3cret@").replace("?tls=none", ""),
    ] {
        let result = mailer(&url).send(&mail()).await;
        assert!(matches!(&result, MailResult::Unreachable { code: None, .. }), "{result:?}");
    }
    assert_eq!(mailbox.received(), []);
    let opportunistic = mailer(&mailbox.url().replace("?tls=none", ""));
    assert!(matches!(opportunistic.send(&mail()).await, MailResult::Delivered { .. }));
}

#[tokio::test]
async fn a_server_that_hangs_or_is_away_is_left_for_later() {
    let mailbox = Mailbox::start().await;
    mailbox.set(Reply::Hang);
    let deadline = Duration::from_millis(200);
    let mailer_of_it = mailer(&mailbox.url());
    let mail_to_it = Mail { deadline, ..mail() };
    let result = tokio::time::timeout(LIMIT, mailer_of_it.send(&mail_to_it)).await.expect("it is left");
    assert!(matches!(&result, MailResult::Unreachable { code: None, .. }), "{result:?}");

    let url = mailbox.url();
    drop(mailbox);
    let away = mailer(&url);
    let refused = ripen_testkit::wait::until("the port to be closed", LIMIT, || async {
        let result = away.send(&Mail { deadline, ..mail() }).await;
        matches!(&result, MailResult::Unreachable { text, .. } if text.contains("onnection")).then_some(result)
    });
    refused.await;
}

#[tokio::test]
async fn one_connection_carries_many_mails_and_a_broken_one_is_replaced() {
    let mailbox = Mailbox::start().await;
    let mailer = mailer(&mailbox.url());
    for _ in 0..5 {
        assert!(matches!(mailer.send(&mail()).await, MailResult::Delivered { .. }));
    }
    assert_eq!((mailbox.received().len(), mailbox.connections()), (5, 1));
    mailbox.set(Reply::Drop);
    assert!(matches!(mailer.send(&mail()).await, MailResult::Later { .. }));
    mailbox.set(Reply::Accept);
    assert!(matches!(mailer.send(&mail()).await, MailResult::Delivered { .. }));
    assert!(matches!(mailer.check(LIMIT).await, MailResult::Delivered { .. }));
    assert_eq!(mailbox.received().len(), 6);
}

/// A mailer that believes the authority of this server.
fn trusting(identity: &Identity, url: &str) -> Mailer {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), identity.authority()).unwrap();
    let trust = Trust::with_file(file.path()).unwrap();
    Mailer::new(url, FROM, &std::env::temp_dir(), &trust).unwrap()
}

#[tokio::test]
async fn mail_goes_by_tls_from_the_first_byte_or_by_starttls_and_connections_are_kept() {
    let identity = Identity::new();
    for tls in [Tls::Implicit(identity.clone()), Tls::Offered(identity.clone())] {
        let mailbox = Mailbox::start_with(tls).await;
        let mailer = trusting(&identity, &mailbox.url());
        for _ in 0..3 {
            let result = mailer.send(&mail()).await;
            assert!(matches!(result, MailResult::Delivered { .. }), "{}: {result:?}", mailbox.url());
        }
        assert_eq!((mailbox.received().len(), mailbox.connections()), (3, 1));
        assert!(mailbox.received().iter().all(|mail| mail.secured));
    }
}

#[tokio::test]
async fn starttls_is_taken_where_it_is_offered_and_comes_before_the_password() {
    let identity = Identity::new();
    let mailbox = Mailbox::start_with(Tls::Offered(identity.clone())).await;
    for url in ["smtp://ripen:s3cret@HERE", "smtp://HERE?tls=opportunistic"] {
        let mailer = trusting(&identity, &url.replace("HERE", &mailbox.address().to_string()));
        let result = mailer.send(&mail()).await;
        assert!(matches!(result, MailResult::Delivered { .. }), "{url}: {result:?}");
    }
    assert!(mailbox.received().iter().all(|mail| mail.secured));
}

#[tokio::test]
async fn no_mail_goes_to_a_server_that_nobody_vouches_for_or_that_cannot_speak_tls() {
    let identity = Identity::new();
    for tls in [Tls::Implicit(identity.clone()), Tls::Offered(identity.clone())] {
        let mailbox = Mailbox::start_with(tls).await;
        let result = mailer(&mailbox.url()).send(&mail()).await;
        assert!(matches!(result, MailResult::Unreachable { code: None, .. }), "{result:?}");
        assert_eq!(mailbox.received(), []);
    }
    let plain = Mailbox::start().await;
    let url = format!("smtp://{}?tls=required", plain.address());
    let result = trusting(&identity, &url).send(&mail()).await;
    assert!(matches!(result, MailResult::Unreachable { .. }), "{result:?}");
    assert_eq!(plain.received(), []);
}

#[tokio::test]
async fn a_conversation_given_up_half_way_is_not_gone_on_with() {
    let mailbox = Mailbox::start().await;
    let mailer = mailer(&mailbox.url());
    assert!(matches!(mailer.send(&mail()).await, MailResult::Delivered { .. }));
    mailbox.set(Reply::Hang);
    // Long enough for a busy machine to come to the mail itself: until then nothing was said of it.
    let late = mailer.send(&Mail { deadline: Duration::from_secs(5), ..mail() }).await;
    assert!(matches!(late, MailResult::Later { code: None, .. }), "{late:?}");
    mailbox.set(Reply::Accept);
    let next = mailer.send(&Mail { message_id: "dlv_next", ..mail() }).await;
    assert!(matches!(next, MailResult::Delivered { .. }), "{next:?}");
    let received = mailbox.received();
    assert_eq!((received.len(), mailbox.connections()), (2, 2));
    assert_eq!(received[1].header("message-id"), "<dlv_next@ripen.example>");
}

#[tokio::test]
async fn a_mails_time_begins_with_its_conversation_and_not_while_it_waits_for_one() {
    let mailbox = Mailbox::start().await;
    mailbox.set(Reply::Slow(Duration::from_secs(4)));
    let mailer = mailer(&mailbox.url()).with_conversations(1);
    // The third waits for as long as this before it is begun.
    let deadline = Duration::from_secs(10);
    let mails = ["dlv_1", "dlv_2", "dlv_3"].map(|message_id| Mail { message_id, deadline, ..mail() });
    for result in futures::future::join_all(mails.iter().map(|mail| mailer.send(mail))).await {
        assert!(matches!(result, MailResult::Delivered { .. }), "{result:?}");
    }
    assert_eq!((mailbox.received().len(), mailbox.connections()), (3, 1));
}

#[tokio::test]
async fn without_a_server_mails_are_filed_and_never_called_delivered() {
    let scratch = Scratch::new("filed");
    let mailer = Mailer::new("", FROM, &scratch.0, &Trust::default()).unwrap();
    assert!(!mailer.has_server());
    let mut paths = Vec::new();
    for (id, text) in [("dlv_1", "first"), ("dlv_2", "second"), ("dlv_1", "first again"), ("../../dlv_3", "third")] {
        let MailResult::Filed { path } = mailer.send(&Mail { message_id: id, text, ..mail() }).await else {
            panic!("{id}")
        };
        assert!(fs::read_to_string(&path).unwrap().contains(text));
        paths.push(path);
    }
    assert_eq!(paths[0], paths[2]);
    let mut files: Vec<_> = fs::read_dir(scratch.0.join("mail"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["dlv_1.eml", "dlv_2.eml", "dlv_3.eml"]);
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_at_the_start() {
    for (url, from) in [("imap://mail.example.com", FROM), ("smtp://ripen:s3cret@", FROM), ("", "Ripen")] {
        let error = Mailer::new(url, from, &std::env::temp_dir(), &Trust::default()).err().unwrap().to_string();
        assert!(error.starts_with("mail.") && !error.contains("s3cret"), "{error}");
    }
}
