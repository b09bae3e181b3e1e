//! One SMTP conversation (RFC 5321) from the greeting to QUIT or a hang-up.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{Book, MailStep, ReceivedMail, Reply, Tls, lock};
use crate::wire::{Identity, Wire};

/// Talks until the client leaves. A broken connection ends it quietly: clients of tests break them on purpose.
pub(super) async fn hold(stream: TcpStream, tls: Tls, book: Arc<Mutex<Book>>) {
    let wire: Wire = Box::new(stream);
    let (wire, offered, secured) = match tls {
        Tls::None => (Ok(wire), None, false),
        Tls::Offered(identity) => (Ok(wire), Some(identity), false),
        Tls::Implicit(identity) => (identity.accept(wire).await, None, true),
    };
    if let Ok(wire) = wire {
        let _ = Conversation { stream: BufReader::new(wire), offered, secured, book, from: None, to: Vec::new() }
            .run()
            .await;
    }
}

struct Conversation {
    stream: BufReader<Wire>,
    /// By which certificate it can still become TLS.
    offered: Option<Identity>,
    secured: bool,
    book: Arc<Mutex<Book>>,
    from: Option<String>,
    to: Vec<String>,
}

impl Conversation {
    fn reply(&self) -> Reply {
        lock(&self.book).reply
    }

    /// What it was told to say at this step.
    fn told(&self, at: MailStep) -> Option<&'static str> {
        match self.reply() {
            Reply::Say(step, words) if step == at => Some(words),
            _ => None,
        }
    }

    async fn run(mut self) -> io::Result<()> {
        if self.reply() == Reply::Hang {
            return std::future::pending().await;
        }
        if let Some(words) = self.told(MailStep::Greeting) {
            return self.say(words).await;
        }
        self.say("220 mailbox.test ESMTP").await?;
        loop {
            let Some(line) = self.line().await? else { return Ok(()) };
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "QUIT" => return self.say("221 2.0.0 bye").await,
                "STARTTLS" if self.offered.is_some() => self = self.secure().await?,
                "DATA" => {
                    if !self.data().await? {
                        return Ok(());
                    }
                }
                verb => {
                    let answer = self.command(verb, rest);
                    self.say(&answer).await?;
                }
            }
        }
    }

    /// Begins anew by TLS: what was said before counts for nothing.
    async fn secure(mut self) -> io::Result<Self> {
        self.say("220 2.0.0 go ahead").await?;
        let Some(identity) = self.offered.take() else { return Ok(self) };
        let stream = BufReader::new(identity.accept(self.stream.into_inner()).await?);
        Ok(Self { stream, offered: None, secured: true, from: None, to: Vec::new(), ..self })
    }

    fn command(&mut self, verb: &str, rest: &str) -> String {
        let answer = match verb {
            "EHLO" if self.offered.is_some() => "250-mailbox.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 STARTTLS",
            "EHLO" => "250-mailbox.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN",
            "HELO" | "NOOP" => "250 2.0.0 ok",
            "AUTH" if self.told(MailStep::Login).is_some() => self.told(MailStep::Login).unwrap_or_default(),
            "AUTH" if self.offered.is_some() => "538 5.7.11 encryption comes first",
            "AUTH" if self.reply() == Reply::RefuseLogin => "535 5.7.8 wrong name or password",
            "AUTH" => "235 2.7.0 welcome",
            "RSET" => {
                (self.from, self.to) = (None, Vec::new());
                "250 2.0.0 forgotten"
            }
            "MAIL" if self.told(MailStep::Sender).is_some() => self.told(MailStep::Sender).unwrap_or_default(),
            "MAIL" => {
                (self.from, self.to) = (Some(path(rest)), Vec::new());
                "250 2.1.0 sender ok"
            }
            "RCPT" => return self.recipient(path(rest)),
            _ => "502 5.5.1 no such command",
        };
        answer.to_owned()
    }

    fn recipient(&mut self, address: String) -> String {
        if let Some(words) = lock(&self.book).refused.get(&address) {
            return (*words).to_owned();
        }
        match (self.reply(), &self.from) {
            (_, None) => "503 5.5.1 MAIL comes first".to_owned(),
            (Reply::Later, _) => format!("450 4.2.1 <{address}> is busy, try again later"),
            (Reply::Say(MailStep::Recipient, words), _) => words.to_owned(),
            (Reply::Dead, _) => format!("550 5.1.1 <{address}> does not exist here"),
            _ => {
                self.to.push(address);
                "250 2.1.5 recipient ok".to_owned()
            }
        }
    }

    /// Takes the mail; `false` when the connection is to be dropped.
    async fn data(&mut self) -> io::Result<bool> {
        let Some(from) = self.from.take().filter(|_| !self.to.is_empty()) else {
            self.say("503 5.5.1 MAIL and RCPT come first").await?;
            return Ok(true);
        };
        self.say("354 end with a dot").await?;
        let mut data = String::new();
        loop {
            let Some(line) = self.line().await? else { return Ok(false) };
            if line == "." {
                break;
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        match self.reply() {
            Reply::Drop => return Ok(false),
            Reply::Hang => return std::future::pending().await,
            Reply::Say(MailStep::Content, words) => {
                self.to.clear();
                self.say(words).await?;
                return Ok(true);
            }
            _ => {}
        }
        let mail = ReceivedMail { from, to: std::mem::take(&mut self.to), secured: self.secured, data };
        let number = {
            let mut book = lock(&self.book);
            book.mails.push(mail);
            book.mails.len()
        };
        if let Reply::Slow(delay) = self.reply() {
            tokio::time::sleep(delay).await;
        }
        self.say(&format!("250 2.0.0 kept as {number}")).await?;
        Ok(true)
    }

    /// The next line without its end; `None` when the client hung up.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await
    }
}

/// The address in `FROM:<casey@example.com> SIZE=10`.
fn path(rest: &str) -> String {
    let inner = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(address, _)| address);
    inner.to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{io::AsyncReadExt, net::TcpStream};

    use super::*;
    use crate::mailbox::Mailbox;

    async fn talk(mailbox: &Mailbox, script: &str) -> String {
        let mut stream = TcpStream::connect(mailbox.address()).await.unwrap();
        stream.write_all(script.replace('\n', "\r\n").as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    }

    const MAIL: &str = "EHLO me\nRSET\nNOOP\nMAIL FROM:<a@ripen.test>\nRCPT TO:<b@example.com>\nRCPT TO:<c@example.com>\n\
                        DATA\nSubject: one\n two\n\n..dots\nend\n.\nQUIT\n";

    #[tokio::test]
    async fn a_pipelined_conversation_is_kept_without_added_dots() {
        let mailbox = Mailbox::start().await;
        let said = talk(&mailbox, MAIL).await;
        assert!(said.contains("250 2.0.0 kept as 1") && said.ends_with("221 2.0.0 bye\r\n"), "{said}");
        let mails = mailbox.wait_for(1, Duration::from_secs(120)).await;
        assert_eq!(mails[0].to, ["b@example.com", "c@example.com"]);
        assert_eq!(mails[0].header("subject"), "one two");
        assert!(mails[0].data.ends_with("\r\n\r\n.dots\r\nend\r\n"), "{:?}", mails[0].data);
    }

    #[tokio::test]
    async fn refusals_keep_nothing() {
        let mailbox = Mailbox::start().await;
        for (reply, code) in [(Reply::Later, "450"), (Reply::Dead, "550")] {
            mailbox.set(reply);
            let said = talk(&mailbox, MAIL).await;
            assert!(said.contains(code) && said.contains("503 5.5.1 MAIL and RCPT"), "{said}");
        }
        mailbox.set(Reply::Drop);
        assert!(talk(&mailbox, MAIL).await.ends_with("354 end with a dot\r\n"));
        assert_eq!(mailbox.received(), []);
    }
}
