//! Signed links of this process: the keys that they are signed with, kept up to date, and where they lead.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use anyhow::Context as _;
use ripen_domain::link::{LinkKeys, Links};
use ripen_runtime::{
    clock::Clock,
    config::{HttpSettings, Role, Settings},
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
/// be frozen into mails and payloads for good.
pub async fn links(
    settings: &Settings,
    store: &Store,
    roles: &[Role],
    address: SocketAddr,
) -> anyhow::Result<(LinkKeys, Option<Links>)> {
    // Stored on first use and shared through the database: every process signs and opens the same links.
    let keys = store.link_keys(Clock::system().now()).await.context("the keys of signed links")?;
    let base = base(&settings.http, roles, address);
    let links = base.map(|base| Links::new(keys.clone(), &base));
    Ok((keys, links))
}

/// What links begin with; none where nobody could follow them.
fn base(http: &HttpSettings, roles: &[Role], address: SocketAddr) -> Option<String> {
    if !http.public_url.trim().is_empty() {
        return Some(http.public_url.trim().to_owned());
    }
    // Only the desk serves links; any other role's own address leads nowhere.
    (roles.contains(&Role::Desk) && !address.ip().is_unspecified()).then(|| format!("http://{address}"))
}

/// What is left out or goes nowhere because nobody said where it goes, each with what to do: the name of the setting, and the
/// words for people.
#[must_use]
pub fn left_out(settings: &Settings) -> Vec<(&'static str, String)> {
    let http = &settings.http;
    let mut all = Vec::new();
    if http.public_url.trim().is_empty() {
        let said = if http.listen.ip().is_unspecified() {
            "mails and payloads go without links: set http.public_url to how the outside names this installation"
                .to_owned()
        } else {
            format!(
                "links in mails and payloads lead to http://{}, which nobody else may reach: set http.public_url",
                http.listen
            )
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
    use super::*;

    fn base_of(public_url: &str, listen: &str, roles: &[Role]) -> Option<String> {
        let http = HttpSettings { public_url: public_url.to_owned(), ..HttpSettings::default() };
        base(&http, roles, listen.parse().unwrap())
    }

    #[test]
    fn links_are_left_out_rather_than_wrong() {
        let desk = [Role::Desk];
        assert_eq!(base_of("", "0.0.0.0:8080", &desk), None);
        assert_eq!(base_of("", "[::]:8080", &desk), None);
        assert_eq!(base_of(" ", "127.0.0.1:8080", &desk).as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(base_of("", "127.0.0.1:8080", &[Role::Dispatcher]), None);
        assert_eq!(base_of("https://leads.example", "0.0.0.0:8080", &[]).as_deref(), Some("https://leads.example"));
    }

    #[test]
    fn what_is_left_out_is_said_with_what_to_do() {
        let mut settings = Settings::default();
        settings.http.listen = "0.0.0.0:8080".parse().unwrap();
        let said = left_out(&settings);
        assert_eq!(said.iter().map(|(what, _)| *what).collect::<Vec<_>>(), ["links", "alerts"]);
        assert!(said[0].1.contains("without links") && said[0].1.contains("http.public_url"), "{said:?}");
        settings.http.public_url = "https://leads.example".to_owned();
        settings.mail.alerts = "ops@example.com".to_owned();
        assert!(left_out(&settings).is_empty());
    }
}
