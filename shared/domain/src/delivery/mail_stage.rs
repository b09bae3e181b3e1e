//! How far the conversation about a mail came: what a refusal means depends on where it comes, and so does what it shows of the sender.

use crate::lead::words;

words! {
    /// A step of the conversation with the mail server, in order.
    MailStage "stage of a mail" {
        /// Greeting, EHLO, STARTTLS and login: nothing was said of any mail yet.
        Opening = "opening",
        /// MAIL FROM.
        Sender = "sender",
        /// RCPT TO.
        Recipient = "recipient",
        /// DATA, and the mail itself.
        Content = "content",
    }
}
