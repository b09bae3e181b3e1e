//! Why a database cannot be opened, in words for whoever wrote its address. Errors of work name no address; this one names
//! where, which database and as whom: nothing that a row says, and never the password.

use std::{fmt, io::ErrorKind, time::Duration};

use sqlx::{Connection as _, Error, PgConnection, postgres::PgConnectOptions};
use tokio::{net::lookup_host, time::timeout};

use crate::{Store, StoreError, StoreOptions};

/// A database that cannot be opened, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReached {
    /// The database, where it is and as whom.
    what: String,
    /// A sentence.
    why: String,
}

impl fmt::Display for NotReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot open the {}: {}", self.what, self.why)
    }
}

impl std::error::Error for NotReached {}

impl Store {
    /// Whether the database that these options name can be used, tried as work would be.
    ///
    /// # Errors
    /// Says where it was sought, as whom, and what is wrong.
    pub async fn reach(&self, options: &StoreOptions) -> Result<(), NotReached> {
        // Through the pool first: it waits for a server that is just starting.
        match self.ping().await {
            Ok(()) => Ok(()),
            Err(error) => Err(explained(&error, options).await),
        }
    }
}

/// Asks again over a connection of its own, whose error says more than that no connection was to be had.
async fn explained(error: &StoreError, options: &StoreOptions) -> NotReached {
    let Ok(connect) = options.url.parse::<PgConnectOptions>() else {
        return NotReached { what: "database".to_owned(), why: error.to_string() };
    };
    let why = match timeout(options.acquire_timeout, tried(&connect)).await {
        Ok(Some(why)) => why,
        // It answers now: what the work met is all that is known.
        Ok(None) => error.to_string(),
        Err(_) => no_answer(options.acquire_timeout),
    };
    NotReached { what: named(&connect), why }
}

/// What is wrong, if anything is.
async fn tried(connect: &PgConnectOptions) -> Option<String> {
    // Looked up here: a host that has no address comes out of a connection as an error of no kind.
    if is_by_name(connect) && lookup_host((connect.get_host(), connect.get_port())).await.is_err() {
        return Some("this host cannot be found: is its name right, and does this machine know it?".to_owned());
    }
    match PgConnection::connect_with(connect).await {
        Ok(connection) => {
            // It was only to be seen whether it opens.
            drop(connection);
            None
        }
        Err(error) => Some(sentence(&error, connect)),
    }
}

fn is_by_name(connect: &PgConnectOptions) -> bool {
    connect.get_socket().is_none() && !connect.get_host().starts_with('/')
}

/// The database, where it is and as whom.
fn named(connect: &PgConnectOptions) -> String {
    let (user, port) = (connect.get_username(), connect.get_port());
    let host =
        connect.get_socket().map_or_else(|| connect.get_host().to_owned(), |socket| socket.display().to_string());
    format!("database \"{}\" at {host}, port {port}, as user \"{user}\"", database(connect))
}

/// The name of the database; that of the user where none is given.
fn database(connect: &PgConnectOptions) -> &str {
    connect.get_database().unwrap_or_else(|| connect.get_username())
}

fn sentence(error: &Error, connect: &PgConnectOptions) -> String {
    match error {
        Error::Io(error) => of_network(error.kind()),
        Error::Tls(_) => "no encrypted connection could be made: see sslmode and sslrootcert of the address".to_owned(),
        // The code alone: the words are those of the server's language.
        Error::Database(error) => of_server(error.code().as_deref().unwrap_or_default(), connect),
        Error::Protocol(_) => "what answers there is no PostgreSQL, or broke off".to_owned(),
        _ => "the client library failed".to_owned(),
    }
}

fn of_network(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::ConnectionRefused => {
            "connection refused, nothing listens there: is PostgreSQL running, and is the port right?".to_owned()
        }
        ErrorKind::NotFound => "there is no such socket: is PostgreSQL running, and is the folder right?".to_owned(),
        ErrorKind::PermissionDenied => "this process may not connect there".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut => {
            "no way through the network leads there: see routes and firewalls".to_owned()
        }
        other => format!("the connection broke ({other}): is this PostgreSQL's port?"),
    }
}

fn of_server(code: &str, connect: &PgConnectOptions) -> String {
    let (database, user) = (database(connect), connect.get_username());
    match code {
        "3D000" => format!("there is no database \"{database}\": make it with createdb, or mend its name"),
        "28000" | "28P01" => {
            format!(
                "user \"{user}\" was refused ({code}): see the user's name, its password and the server's pg_hba.conf"
            )
        }
        "42501" => {
            format!("user \"{user}\" may not connect to it: grant connect on database \"{database}\" to this user")
        }
        "53300" => "it has too many connections already: raise its max_connections, or lower database.max_connections \
                    of the processes that use it"
            .to_owned(),
        "57P03" => "it is starting or stopping: try again shortly".to_owned(),
        _ => format!("PostgreSQL refused the connection ({code})"),
    }
}

fn no_answer(limit: Duration) -> String {
    format!("no answer within {} s: is the address right, and does a firewall let it through?", limit.as_secs())
}

#[cfg(test)]
mod tests {
    use ripen_testkit::postgres::database as fresh;

    use super::*;

    async fn said(url: &str) -> String {
        let options = StoreOptions { acquire_timeout: Duration::from_secs(2), ..StoreOptions::new(url, 1) };
        Store::open(&options).unwrap().reach(&options).await.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[tokio::test]
    async fn each_part_of_an_address_that_is_wrong_is_named() {
        let found = fresh().await;
        let connect: PgConnectOptions = found.url().parse().unwrap();
        let (host, port) = (connect.get_host(), connect.get_port());
        let there = format!("{host}:{port}");
        for (url, what) in [
            ("postgres://ripen:s3cret@127.0.0.1:1/leads".to_owned(), "connection refused"),
            ("postgres://ripen:s3cret@nowhere.invalid/leads".to_owned(), "cannot be found"),
            (format!("postgres://nobody-known:s3cret@{there}/leads"), "user \"nobody-known\" was refused"),
        ] {
            let said = said(&url).await;
            assert!(said.contains(what) && said.contains("database \"leads\" at "), "{said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
        let elsewhere = said(&found.url().replace(found.name(), "no_such_leads")).await;
        assert!(elsewhere.contains("there is no database \"no_such_leads\""), "{elsewhere}");
        assert!(elsewhere.contains(&format!("at {host}, port {port}, as user")), "{elsewhere}");
        assert_eq!(said(found.url()).await, "");
    }

    #[test]
    fn what_the_server_refuses_is_a_sentence() {
        let connect = PgConnectOptions::new().host("db").username("ripen").database("leads");
        for (code, words) in [
            ("3D000", "no database \"leads\""),
            ("28P01", "user \"ripen\" was refused"),
            ("42501", "user \"ripen\" may not connect"),
            ("53300", "too many connections"),
            ("57P03", "starting or stopping"),
            ("XX000", "(XX000)"),
        ] {
            assert!(of_server(code, &connect).contains(words), "{code}");
        }
    }
}
