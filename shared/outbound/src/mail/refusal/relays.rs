//! What large relays and providers answer, at the step at which they do.

use super::{DeadCause, MailStage, Refused, judge};
use MailStage::{Content, Recipient, Sender as From};
use Refused::{Sender, SenderOrRecipient};

const ADDRESS: Refused = Refused::One(DeadCause::Address);
const MAILBOX: Refused = Refused::One(DeadCause::Mailbox);
const MAIL: Refused = Refused::One(DeadCause::Mail);
/// Known by no code and no words.
const UNEXPLAINED: Refused = Refused::One(DeadCause::Unexplained);

fn judged(replies: &[(MailStage, &str, Refused)]) {
    for (step, reply, expected) in replies {
        let (code, text) = reply.split_at(3);
        assert_eq!(judge(*step, code.parse().unwrap(), text), *expected, "{step:?} {reply}");
    }
}

/// What is said of the sender.
const OF_THE_SENDER: &[(MailStage, &str, Refused)] = &[
    // Microsoft 365 and Exchange.
    (
        Content,
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender [AM6.prod.outlook.com]",
        SenderOrRecipient,
    ),
    (From, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", Sender),
    (Content, "550 5.7.1 Client does not have permissions to send as this sender", SenderOrRecipient),
    (
        Content,
        "554 5.2.252 SendAsDenied; a@firm.example not allowed to send as b@firm.example; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
        SenderOrRecipient,
    ),
    (
        Content,
        "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception",
        SenderOrRecipient,
    ),
    (
        Content,
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; The message can't be submitted because the sender's submission quota was exceeded",
        SenderOrRecipient,
    ),
    (
        Content,
        "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; WASCL UserAction verdict is not None. Actual verdict is Suspend",
        SenderOrRecipient,
    ),
    (
        Content,
        "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP. For more information please go to http://go.microsoft.com/fwlink/?LinkId=526653 AS(7230)",
        SenderOrRecipient,
    ),
    (Recipient, "550 5.7.705 Access denied, tenant has exceeded threshold", SenderOrRecipient),
    (
        Content,
        "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains",
        SenderOrRecipient,
    ),
    (Content, "550 5.7.501 Service unavailable. Spam abuse detected from account", SenderOrRecipient),
    (Recipient, "550 5.7.502 Access denied, banned sender", SenderOrRecipient),
    (
        Content,
        "550 5.7.509 Access denied, sending domain firm.example does not pass DMARC verification",
        SenderOrRecipient,
    ),
    (
        Recipient,
        "550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal visit https://sender.office.com/",
        SenderOrRecipient,
    ),
    (Recipient, "550 5.7.64 TenantAttribution; Relay Access Denied", SenderOrRecipient),
    (
        Content,
        "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
        SenderOrRecipient,
    ),
    (Recipient, "550 5.1.8 Access denied, bad outbound sender AS(42004)", SenderOrRecipient),
    (
        Content,
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network is on our block list (S3150)",
        SenderOrRecipient,
    ),
    (From, "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", Sender),
    // Google.
    (
        Recipient,
        "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail 5.4.5 sending limits go to 5.4.5 https://support.google.com/a/answer/166852 - gsmtp",
        SenderOrRecipient,
    ),
    (Content, "550 5.4.5 Daily user sending quota exceeded. o65sm25351206pga.71 - gsmtp", SenderOrRecipient),
    (From, "550 5.4.5 Daily SMTP relay sending limit exceeded for customer", Sender),
    (From, "552 5.3.4 Message size exceeds the sending limit", Sender),
    (From, "552 5.7.0 Daily sending quota exceeded", Sender),
    (Content, "550 5.7.1 Daily SMTP relay limit exceeded for user", SenderOrRecipient),
    (From, "550 5.7.1 Invalid credentials for relay [192.0.2.1]", Sender),
    (Content, "550 5.7.1 Mail relay denied [192.0.2.1]", SenderOrRecipient),
    (Content, "550 5.7.26 This mail has been blocked because the sender is unauthenticated", SenderOrRecipient),
    (
        Content,
        "550 5.7.28 There is an unusual rate of unsolicited mail originating from your IP address",
        SenderOrRecipient,
    ),
    // SendGrid.
    (
        Content,
        "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/",
        SenderOrRecipient,
    ),
    (Content, "550 Unauthenticated senders not allowed", SenderOrRecipient),
    (Recipient, "550 Maximum credits exceeded", SenderOrRecipient),
    // Amazon SES.
    (
        Content,
        "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: Firm <leads@firm.example>",
        SenderOrRecipient,
    ),
    (
        Content,
        "554 Message rejected: Sending paused for this account. For more information, please check the inbox of the email address associated with your AWS account.",
        SenderOrRecipient,
    ),
    // Mailgun, Postmark, SMTP2GO, SparkPost, Brevo.
    (
        Recipient,
        "550 Domain sandbox7e4e.mailgun.org is not allowed to send: Sandbox subdomains are for test purposes only",
        SenderOrRecipient,
    ),
    (Content, "550 Domain mg.firm.example is not allowed to send: Account disabled", SenderOrRecipient),
    (Content, "550 5.7.1 The From address you supplied is not a Sender Signature on your account", SenderOrRecipient),
    (Content, "550 Sender signature not defined for From address", SenderOrRecipient),
    (Content, "550 From header sender domain not verified (firm.example)", SenderOrRecipient),
    (Recipient, "550 5.7.1 Unconfigured Sending Domain <firm.example>", SenderOrRecipient),
    (
        Content,
        "550 5.7.1 Sending has been rejected because the sender you used leads@firm.example is not valid",
        SenderOrRecipient,
    ),
    // Zoho, Yandex, OVH, GMX, QQ, Mail.ru.
    (From, "553 Sender is not allowed to relay emails", Sender),
    (Content, "553 Sender is not allowed to relay emails", SenderOrRecipient),
    (
        Content,
        "550 5.4.6 Unusual sending activity detected. Learn more: https://www.zoho.com/mail/help/usage-policy.html",
        SenderOrRecipient,
    ),
    (Recipient, "553 5.7.1 <leads@firm.example>: Sender address rejected: not owned by auth user", SenderOrRecipient),
    (
        Content,
        "550 5.1.0 <leads@firm.example>: Sender address rejected: not owned by user a@firm.example",
        SenderOrRecipient,
    ),
    (Content, "550 Requested action not taken: mailbox unavailable. Sender address is not allowed.", SenderOrRecipient),
    (Content, "550 Mail from must equal authorized user", SenderOrRecipient),
    (Content, "550 not local sender over smtp", SenderOrRecipient),
    // Accounts anywhere, Postfix, Exim, cPanel, 1&1.
    (Content, "550 5.7.1 your account is suspended", SenderOrRecipient),
    (Content, "554 Your account has been temporarily disabled, contact support", SenderOrRecipient),
    (Content, "550 5.7.1 account suspended", SenderOrRecipient),
    (Content, "550 relay not permitted", SenderOrRecipient),
    (Content, "554 5.7.1 <robin@client.example>: Relay access denied", SenderOrRecipient),
    (
        Content,
        "550 Domain firm.example has exceeded the max emails per hour (250/250 (100%)) allowed. Message discarded.",
        SenderOrRecipient,
    ),
    (
        Content,
        "550 5.7.1 <DATA>: Data command rejected: limit of 400 rcpts per 24 hours for client leads@firm.example reached",
        SenderOrRecipient,
    ),
    (
        Content,
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
        SenderOrRecipient,
    ),
    (Content, "550 Message rejected due to sender IP reputation ([192.0.2.1])", SenderOrRecipient),
];

#[test]
fn a_refusal_of_the_sender_is_one_at_every_step() {
    judged(OF_THE_SENDER);
}

/// What is said of one recipient or one mail.
const OF_ONE: &[(MailStage, &str, Refused)] = &[
    // Microsoft 365.
    (Recipient, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", ADDRESS),
    (Recipient, "550 5.7.504 [robin@client.example]: Recipient address rejected: Access denied", ADDRESS),
    (Recipient, "550 5.7.505 Access denied, banned recipient", ADDRESS),
    (
        Content,
        "550 5.7.703 Your message can't be delivered because messages to robin@client.example are blocked by your organization using Tenant Allow Block List",
        MAILBOX,
    ),
    (Recipient, "550 5.7.703 messages are blocked by your organization using Tenant Allow Block List", MAILBOX),
    (Content, "550 5.7.124 Sender not in allowed-senders list", UNEXPLAINED),
    (Content, "550 5.7.133 Sender not authenticated for group", UNEXPLAINED),
    (
        Content,
        "554 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour",
        MAILBOX,
    ),
    (Content, "550 5.3.4 Message size exceeds fixed maximum message size", MAIL),
    // Google.
    (
        Recipient,
        "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address",
        ADDRESS,
    ),
    (
        Recipient,
        "550 5.2.1 The email account that you tried to reach is disabled. Learn more at https://support.google.com/mail/?p=DisabledUser",
        ADDRESS,
    ),
    (
        Recipient,
        "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
        ADDRESS,
    ),
    (Recipient, "552 5.2.2 The email account that you tried to reach is over quota", MAILBOX),
    (
        Content,
        "552 5.2.3 Your message exceeded Google's message size limits. Please visit https://support.google.com/mail/?p=MaxSizeError",
        MAIL,
    ),
    (
        Content,
        "552 5.7.0 This message was blocked because its content presents a potential security issue",
        UNEXPLAINED,
    ),
    (
        Content,
        "550 5.7.1 Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked",
        UNEXPLAINED,
    ),
    (Content, "550 5.7.1 The sender does not have permission to post to this group", UNEXPLAINED),
    // Yahoo, Yandex, SES, Postmark, SendGrid.
    (
        Content,
        "554 30 Sorry, your message to robin@client.example cannot be delivered. This mailbox is disabled (554.30).",
        MAIL,
    ),
    (Recipient, "550 5.1.1 Mailbox unavailable: this user doesn't have a yahoo.com account", ADDRESS),
    (Content, "554 5.7.1 [2] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc", UNEXPLAINED),
    (Content, "554 Transaction failed: Duplicate header 'Subject'.", UNEXPLAINED),
    (Content, "550 You tried to send to a recipient that has been marked as inactive", UNEXPLAINED),
    (Content, "550 5.7.1 This message contains a virus", UNEXPLAINED),
    // Postfix, Exim, cPanel, OVH, Zoho.
    (
        Recipient,
        "550 5.1.1 <robin@client.example>: Recipient address rejected: User unknown in virtual mailbox table",
        ADDRESS,
    ),
    (Recipient, "550 No Such User Here", ADDRESS),
    (
        Recipient,
        "552 5.2.2 <robin@client.example>: Recipient address rejected: Quota exceeded (mailbox for user is full)",
        MAILBOX,
    ),
    (Content, "552 Message size exceeds maximum permitted", MAIL),
    (
        Content,
        "550 5.7.1 Your message could not be delivered because it contained an attachment type that is not allowed",
        MAIL,
    ),
    (Content, "554 5.7.1 Service unavailable; body domain blocked using dbl.spamhaus.org", UNEXPLAINED),
    (Content, "550 This account has been disabled", UNEXPLAINED),
    (Content, "550 5.2.1 account is disabled", ADDRESS),
    (Content, "554 5.7.1 Spam message rejected", UNEXPLAINED),
    (Content, "554 5.4.6 Hop count exceeded: possible mail loop", MAIL),
];

#[test]
fn a_refusal_of_a_recipient_or_of_one_mail_is_none_of_the_sender() {
    judged(OF_ONE);
}
