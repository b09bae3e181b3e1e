//! Signed links of this process: the keys that they are signed with, kept up to date, and where they lead.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use anyhow::Context as _;
use ripen_domain::link::{LinkKeys, Links};
use ripen_runtime::{
    clock::Clock,
    config::{Role, Settings},
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::Store;

/// How often the keys of links are read again: within the time after which a new one signs.
const LINK_KEYS_EVERY: Duration = Duration::from_secs(10);

/// Reads again which keys links are signed with, until the soft stop: another process may have made one.
pub async fn keep_link_keys(store: Store, keys: LinkKeys, stop: Stop) -> Result<(), Infallible> {
    every("the look at the keys of links", LINK_KEYS_EVERY, stop.soft(), || async {
        match store.link_keys(Clock::system().now()).await {
            Ok(now) => keys.replace(&now),
            // Those that are known go on.
            Err(error) => tracing::warn!(%error, "the keys of links could not be read again"),
        }
        Ok::<_, Infallible>(NextTick::InAPeriod)
    })
    .await;
    Ok(())
}

/// The keys of signed links, made on first use, and the links themselves: under `http.public_url`, or where this process
/// itself serves what they lead to, if that is an address at all: `0.0.0.0` is everywhere and nowhere, and a link to it would
/// be frozen into mails and payloads for good. A link to a loopback address stays on this machine, for trying it out.
pub async fn links(
    settings: &Settings,
    store: &Store,
    roles: &[Role],
    address: SocketAddr,
) -> anyhow::Result<(LinkKeys, Option<Links>)> {
    // Stored on first use and shared through the database: every process signs and opens the same links.
    let keys = store.link_keys(Clock::system().now()).await.context("the keys of signed links")?;
    Ok((keys.clone(), made(keys, settings, roles, address)))
}

/// The links; none where nobody could follow them.
fn made(keys: LinkKeys, settings: &Settings, roles: &[Role], address: SocketAddr) -> Option<Links> {
    let public_url = settings.http.public_url.trim();
    if !public_url.is_empty() {
        return Some(Links::new(keys, public_url));
    }
    // Only the desk serves links; any other role's own address leads nowhere.
    if !roles.contains(&Role::Desk) || address.ip().is_unspecified() {
        return None;
    }
    let own = format!("http://{address}");
    Some(match address.ip().to_canonical().is_loopback() {
        true => Links::to_this_machine(keys, &own, settings.mail_stays_here()),
        false => Links::new(keys, &own),
    })
}

/// What is left out or goes nowhere because nobody said where it goes, each with what to do: the name of the setting, and the
/// words for people. `roles` are those of this process; none where it is a command.
#[must_use]
pub fn left_out(settings: &Settings, roles: Option<&[Role]>) -> Vec<(&'static str, String)> {
    let http = &settings.http;
    let mut all = Vec::new();
    if http.public_url.trim().is_empty() {
        let ip = http.listen.ip().to_canonical();
        let goes_without = match (ip.is_unspecified(), ip.is_loopback(), settings.mail_stays_here()) {
            (true, ..) => Some("mails and payloads go"),
            // Whoever sends them does not know where the desk listens.
            _ if !settings.desk_sends_mails(roles) => match roles {
                Some(_) => Some("mails and payloads go"),
                None => Some("where desk and dispatcher are processes of their own, mails and payloads go"),
            },
            (_, true, true) => Some("payloads that leave this machine go"),
            (_, true, false) => Some("mails, and payloads that leave this machine, go"),
            _ => None,
        };
        let said = match goes_without {
            Some(what) => {
                let unsent = match settings.has_links_in_mails(roles) {
                    true => "",
                    false => ", and nobody is mailed an invitation or another link",
                };
                format!("{what} without links{unsent}: set http.public_url to how the outside names this installation")
            }
            None => format!(
                "links in mails and payloads lead to http://{}, which others may not reach: set http.public_url",
                http.listen
            ),
        };
        all.push(("links", said));
    }
    if settings.mail.alerts.trim().is_empty() {
        let said = "nobody of the firm is told of endpoints that fail and leads that nobody touches: set mail.alerts";
        all.push(("alerts", said.to_owned()));
    }
    all
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use ripen_domain::{id::RepId, link::LinkKey};
    use ripen_runtime::config::SecretUrl;
    use uuid::Uuid;

    use super::*;

    fn settings(public_url: &str, mail: &str) -> Settings {
        let mut settings = Settings::default();
        settings.http.public_url = public_url.to_owned();
        settings.mail.url = SecretUrl::new(mail);
        settings
    }

    /// What links in mails, and to a webhook elsewhere, begin with.
    fn begin_with(settings: &Settings, listen: &str, roles: &[Role]) -> [Option<String>; 2] {
        let settings = &mut settings.clone();
        settings.http.listen = listen.parse().unwrap();
        let keys = LinkKeys::new(LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH), Vec::new());
        let links = made(keys, settings, roles, listen.parse().unwrap());
        let links = links.as_ref();
        // What is refused where there would be none.
        let is_mailed = links.and_then(Links::for_mail).is_some();
        let sends = roles.contains(&Role::Dispatcher);
        assert_eq!(sends && is_mailed, sends && settings.has_links_in_mails(Some(roles)));
        let begins = |links: &Links| {
            let url = links.rep_url(RepId::from_uuid(Uuid::nil()), Timestamp::UNIX_EPOCH);
            url.split_once("/r/").unwrap().0.to_owned()
        };
        let elsewhere = "https://crm.client.example/leads".into();
        [links.and_then(Links::for_mail).map(begins), links.and_then(|links| links.for_webhook(&elsewhere)).map(begins)]
    }

    #[test]
    fn links_are_left_out_rather_than_wrong() {
        let (desk, own) = ([Role::Desk, Role::Dispatcher], || Some("http://127.0.0.1:8080".to_owned()));
        let (filed, sent) = (settings(" ", ""), settings("", "smtp://mail.example"));
        let relayed = settings("", "smtp://localhost:2525");
        assert_eq!(begin_with(&filed, "0.0.0.0:8080", &desk), [None, None]);
        assert_eq!(begin_with(&filed, "[::]:8080", &desk), [None, None]);
        assert_eq!(begin_with(&filed, "127.0.0.1:8080", &desk), [own(), None], "filed mail is read on this machine");
        assert_eq!(begin_with(&relayed, "127.0.0.1:8080", &desk), [own(), None]);
        assert_eq!(begin_with(&sent, "127.0.0.1:8080", &desk), [None, None]);
        assert_eq!(begin_with(&sent, "[::1]:8080", &desk), [None, None]);
        assert_eq!(begin_with(&filed, "127.0.0.1:8080", &[Role::Dispatcher]), [None, None]);
        let network = || Some("http://10.1.2.3:8080".to_owned());
        assert_eq!(begin_with(&sent, "10.1.2.3:8080", &desk), [network(), network()]);
        let named = || Some("https://leads.example".to_owned());
        let public = settings("https://leads.example", "smtp://mail.example");
        assert_eq!(begin_with(&public, "127.0.0.1:8080", &[]), [named(), named()]);
    }

    #[test]
    fn a_dispatcher_of_its_own_does_not_know_where_the_desk_listens() {
        let mut settings = settings("", "smtp://mail.example");
        settings.http.listen = "10.0.0.7:8080".parse().unwrap();
        let (desk, both) = ([Role::Desk], [Role::Dispatcher, Role::Desk]);
        let mailed =
            |settings: &Settings| [Some(&desk[..]), Some(&both), None].map(|of| settings.has_links_in_mails(of));
        assert_eq!(mailed(&settings), [false, true, true], "one process runs all where the database is in it");
        assert!(
            left_out(&settings, Some(&desk))[0]
                .1
                .starts_with("mails and payloads go without links, and nobody is mailed")
        );
        settings.database.url = SecretUrl::new("postgres://db.example/ripen");
        settings.amqp.url = SecretUrl::new("amqp://queues.example");
        assert_eq!(mailed(&settings), [false, true, false], "a command knows of no process what it runs");
        assert!(left_out(&settings, None)[0].1.starts_with("where desk and dispatcher are processes of their own"));
        settings.http.public_url = "https://leads.example".to_owned();
        assert_eq!(mailed(&settings), [true; 3]);
    }

    #[test]
    fn what_is_left_out_is_said_with_what_to_do() {
        let mut settings = Settings::default();
        settings.http.listen = "0.0.0.0:8080".parse().unwrap();
        let said = left_out(&settings, None);
        assert_eq!(said.iter().map(|(what, _)| *what).collect::<Vec<_>>(), ["links", "alerts"]);
        assert!(said[0].1.contains("without links") && said[0].1.contains("http.public_url"), "{said:?}");
        settings.http.listen = "127.0.0.1:8080".parse().unwrap();
        assert!(left_out(&settings, None)[0].1.starts_with("payloads that leave this machine go without links: "));
        settings.mail.url = SecretUrl::new("smtp://mail.example");
        assert!(
            left_out(&settings, None)[0].1.starts_with("mails, and payloads that leave this machine, go without links")
        );
        assert!(left_out(&settings, None)[0].1.contains("nobody is mailed an invitation"));
        settings.http.public_url = "https://leads.example".to_owned();
        settings.mail.alerts = "ops@example.com".to_owned();
        assert!(left_out(&settings, None).is_empty());
    }
}
