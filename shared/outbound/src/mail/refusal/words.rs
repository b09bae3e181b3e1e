//! The words by which servers refuse whoever sends, and not whoever is written to or what is written. Compared as whole words, without
//! the addresses, links and numbers between them: an address may be made of any words, and every line of a long answer begins with its
//! code.

/// As many words may stand for the dots of a phrase.
const GAP: usize = 5;

/// Said of nobody but the sender, whatever code comes with them: codes of a mailbox or of the way to it come with a sender's limit too.
const OF_SENDER: &[&str] = &[
    // Whom it may send as: Exchange and Microsoft 365, Zoho, Postfix, Exim, GMX, Mail.ru, QQ.
    "permission to send as",
    "permissions to send as",
    "allowed to send as",
    "authorized to send as",
    "send as this sender",
    "to send on behalf of",
    "sendasdenied",
    "sendasdeniedexception",
    "not allowed to send from",
    "not permitted to send from",
    "not authorized to send from",
    "sender is not allowed to relay",
    "sender not allowed to relay",
    "sender address rejected",
    "sender address is not allowed",
    "sender rejected",
    "sender verify failed",
    "not owned by user",
    "not owned by auth user",
    "must equal authorized user",
    "same as authorization user",
    "not local sender over smtp",
    // Which addresses it has shown to be its own: SendGrid, Amazon SES, SMTP2GO, Postmark, Brevo, Mailjet, SparkPost.
    "sender identity",
    "match a verified sender",
    "from address … verified",
    "identities failed the check",
    "sender domain not verified",
    "sender domain is not verified",
    "sender is not verified",
    "sender not verified",
    "sender signature not",
    "not a sender signature",
    "the sender you used",
    "sender … not been validated",
    "unconfigured sending domain",
    "from unregistered domains",
    "unauthenticated senders not allowed",
    "unauthenticated email from",
    // How much it may send: Google, Microsoft 365, Zoho, cPanel, SendGrid, Mailgun.
    "sending limit",
    "sending quota",
    "relay limit exceeded",
    "submission quota",
    "submissionquotaexceededexception",
    "exceeded your … limit",
    "exceeded your … quota",
    "reached your … limit",
    "tenant has exceeded",
    "exceeded the max emails per hour",
    "exceeded the max defers and failures",
    "per hours for client",
    "maximum credits exceeded",
    "unusual sending activity",
    // Its account.
    "your account … suspended",
    "your account … disabled",
    "your account … blocked",
    "your account … locked",
    "your account … deactivated",
    "your account … banned",
    "your account … restricted",
    "your account … closed",
    "your account is not active",
    "your account is pending",
    "your account is under review",
    "activate your … account",
    "sending account … suspended",
    "sending account … disabled",
    "sending account … blocked",
    "sending account … banned",
    "senders account … suspended",
    "senders account … disabled",
    "senders account … blocked",
    "sending paused for",
    "sending is paused",
    "sending is disabled",
    "blocked from sending",
    "restricted from sending",
    "banned sender",
    "abuse from account",
    "abuse detected from",
    "wascl useraction verdict",
    "domain … is not allowed to send",
    "sandbox subdomains",
    // Where it sends from.
    "access denied … from this ip",
    "traffic not accepted from",
    "banned sending ip",
    "invalid credentials for relay",
];

/// Said of the sender once the mail is sent, where no code says anything else.
const OF_SENDER_OF_MAIL: &[&str] = &[
    "relay access denied",
    "relay denied",
    "relay not allowed",
    "relay not permitted",
    "relaying denied",
    "relaying disallowed",
    "relaying not allowed",
    "relaying not permitted",
    "unable to relay",
    "not allowed to relay",
    "not permitted to relay",
    "not authorized to relay",
    "authentication required",
    "authentication is required",
    "client was not authenticated",
    "client host … blocked",
    "client host … rejected",
    "your ip … blocked",
    "your ip … blacklisted",
    "your ip … listed",
    "sending ip … blocked",
    "sending ip … blacklisted",
    "sender ip reputation",
    "reputation of the sending",
    "messages from … werent sent",
];

/// An account, whosever it is: of a policy (X.7.X) the sender's, because a recipient's is called a mailbox.
const OF_ACCOUNT: &[&str] = &["account … suspended", "account … disabled", "account … blocked", "account … banned"];

/// Said of the recipient or of what is written: no word beside them is taken for one of the sender.
const OF_OTHERS: &[&str] = &[
    "tried to reach",
    "trying to reach",
    "trying to contact",
    "mailbox full",
    "mailbox is full",
    "mailbox disabled",
    "mailbox is disabled",
    "over quota",
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "recipients account",
    "recipient account",
    "message size",
    "size limit",
    "message too large",
    "attachment",
    "attachments",
];

/// What a server wrote.
pub(super) struct ServerWords(String);

impl ServerWords {
    pub(super) fn of(text: &str) -> Self {
        let words = text.split_whitespace().filter(|word| !word.contains('@') && !word.contains("://"));
        let words = words.map(|word| word.to_lowercase().replace(['\'', '’'], ""));
        let mut folded = " ".to_owned();
        for word in words {
            for part in word.split(|c: char| !c.is_alphanumeric()) {
                if !part.is_empty() && !part.bytes().all(|byte| byte.is_ascii_digit()) {
                    folded.push_str(part);
                    folded.push(' ');
                }
            }
        }
        Self(folded)
    }

    /// Whether they are about the sender, whatever code they come with.
    pub(super) fn are_of_sender(&self) -> bool {
        self.say(OF_SENDER) && !self.say(OF_OTHERS)
    }

    /// Whether they are, said of a mail that was sent. `by_policy` says that a code X.7.X came with them.
    pub(super) fn are_of_sender_of_mail(&self, by_policy: bool) -> bool {
        (self.say(OF_SENDER_OF_MAIL) || by_policy && self.say(OF_ACCOUNT)) && !self.say(OF_OTHERS)
    }

    /// Whether they are about the recipient, or about what the mail has with it.
    pub(super) fn are_of_others(&self) -> bool {
        self.say(OF_OTHERS)
    }

    fn say(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| says(&self.0, phrase))
    }
}

/// Whether a phrase stands in words, each of which has a blank before and behind it.
fn says(words: &str, phrase: &str) -> bool {
    let (first, rest) = phrase.split_once(" … ").map_or((phrase, None), |(first, rest)| (first, Some(rest)));
    words.match_indices(&format!(" {first} ")).any(|(at, found)| {
        let Some(rest) = rest else { return true };
        let behind = words.get(at + found.len()..).unwrap_or_default().split_whitespace();
        let near: Vec<_> = behind.take(GAP + rest.split(' ').count()).collect();
        says(&format!(" {} ", near.join(" ")), rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_whole_and_without_addresses_links_and_numbers() {
        for (text, of_sender) in [
            ("Daily user\r\n550-5.4.5 sending limit exceeded", true),
            ("the resending limits", false),
            ("<your.sending-limit@client.example> is no mailbox", false),
            ("see https://mail.example/sending-limit", false),
            ("you can't send: you've reached your daily limit for message recipients", true),
            ("your message could not be handed over: that one's account is suspended", false),
            ("YOUR ACCOUNT HAS BEEN TEMPORARILY SUSPENDED", true),
            ("the message size is over the sending limit", false),
            ("", false),
        ] {
            assert_eq!(ServerWords::of(text).are_of_sender(), of_sender, "{text}");
        }
    }
}
