//! What the kinds cannot say: values that are of the right kind and still cannot be used.

use ripen_domain::{calling::InvalidCalling, sealed_secret::MasterKey};

use super::{ConfigError, DialWay, Role, SecretUrl, Settings};

fn invalid(key: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Invalid { key, problem: problem.into() }
}

impl Settings {
    /// Refuses values that no process could work with.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        scheme("database.url", &self.database.url, &["postgres", "postgresql"])?;
        scheme("amqp.url", &self.amqp.url, &["amqp", "amqps"])?;
        scheme("mail.url", &self.mail.url, &["smtp", "smtps"])?;
        web_address("http.public_url", &self.http.public_url)?;
        // Empty means that there is none; what is given must be of a kind that is understood, or it would be noticed
        // at the first lead.
        if !self.mail.from.contains('@') {
            return Err(invalid("mail.from", "expected a sender such as \"Ripen <leads@example.com>\""));
        }
        // Found at the start, and not with the first mail that nobody can answer, or that says to nobody what went wrong.
        one_address("mail.reply_to", &self.mail.reply_to)?;
        one_address("mail.alerts", &self.mail.alerts)?;
        self.check_numbers()?;
        self.check_calling()?;
        self.check_secrets()?;
        self.check_phone()?;
        if self.dispatcher.retry_schedule_s.is_empty() {
            return Err(invalid("dispatcher.retry_schedule_s", "expected at least one pause"));
        }
        // With a lease that ends during an attempt a second worker sends the same delivery beside the first.
        if self.dispatcher.lease_s <= self.dispatcher.timeout_s {
            return Err(invalid(
                "dispatcher.lease_s",
                "must be longer than dispatcher.timeout_s, or deliveries under way are sent by others too",
            ));
        }
        Ok(())
    }

    /// Refuses keys that are none. Whether one is needed is known where the database is opened.
    fn check_secrets(&self) -> Result<(), ConfigError> {
        let (key, previous) = (&self.secrets.key, &self.secrets.previous_keys);
        if !key.is_empty() {
            MasterKey::parse(key.reveal()).map_err(|why| invalid("secrets.key", why.to_string()))?;
        }
        for key in previous {
            MasterKey::parse(key.reveal()).map_err(|why| invalid("secrets.previous_keys", why.to_string()))?;
        }
        Ok(())
    }

    /// An address that dials nobody would be noticed at the first call.
    fn check_phone(&self) -> Result<(), ConfigError> {
        let (dial, url) = (self.phone.dial, self.phone.url.reveal().trim());
        if dial == DialWay::Tel {
            return Ok(());
        }
        if !url.contains("{number}") {
            return Err(invalid("phone.url", "expected an address with {number} in the place of what is dialed"));
        }
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        if dial == DialWay::Http && !is_web {
            return Err(invalid("phone.url", "expected http://… or https://…, which this process asks"));
        }
        // A browser opens it: it must lead to a telephone, and run nothing in the page.
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let runs = ["javascript", "data", "vbscript", "file", "blob"];
        let is_scheme = !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
        if !is_scheme || runs.iter().any(|one| scheme.eq_ignore_ascii_case(one)) {
            return Err(invalid("phone.url", "expected an address such as sip:{number} or https://…?number={number}"));
        }
        Ok(())
    }

    /// Bounds of zero: each would stand still rather than be unlimited.
    fn check_numbers(&self) -> Result<(), ConfigError> {
        let (limits, intake) = (&self.limits, &self.intake);
        let (qualifier, dispatcher) = (&self.qualifier, &self.dispatcher);
        let at_least_one = [
            ("database.max_connections", self.database.max_connections == 0),
            ("database.list_connections", self.database.list_connections == 0),
            ("database.list_timeout_s", self.database.list_timeout_s == 0),
            ("database.acquire_timeout_s", self.database.acquire_timeout_s == 0),
            ("database.lock_timeout_ms", self.database.lock_timeout_ms == 0),
            ("database.idle_in_transaction_timeout_s", self.database.idle_in_transaction_timeout_s == 0),
            ("database.tcp_timeout_s", self.database.tcp_timeout_s == 0),
            ("amqp.offers_waiting", self.amqp.offers_waiting == 0),
            ("amqp.heartbeat_s", self.amqp.heartbeat_s == 0),
            ("limits.body_bytes", limits.body_bytes == 0),
            ("limits.array_leads", limits.array_leads == 0),
            ("limits.requests_per_second", limits.requests_per_second == 0),
            ("limits.burst", limits.burst == 0),
            ("limits.visitor_forms_per_minute", limits.visitor_forms_per_minute == 0),
            ("limits.visitor_forms_burst", limits.visitor_forms_burst == 0),
            ("limits.wrong_tokens_per_minute", limits.wrong_tokens_per_minute == 0),
            ("limits.addresses", limits.addresses == 0),
            ("limits.connections", limits.connections == 0),
            ("limits.connections_per_address", limits.connections_per_address == 0),
            ("limits.write_timeout_s", limits.write_timeout_s == 0),
            ("limits.header_read_timeout_s", limits.header_read_timeout_s == 0),
            ("limits.body_timeout_s", limits.body_timeout_s == 0),
            ("limits.durable_timeout_s", limits.durable_timeout_s == 0),
            ("limits.spool_queue", limits.spool_queue == 0),
            ("intake.publish_timeout_ms", intake.publish_timeout_ms == 0),
            ("intake.spool_batch", intake.spool_batch == 0),
            ("qualifier.batch", qualifier.batch == 0),
            ("qualifier.workers", qualifier.workers == 0),
            ("qualifier.sweep_interval_ms", qualifier.sweep_interval_ms == 0),
            ("qualifier.promise_sweep", qualifier.promise_sweep == 0),
            ("qualifier.regrade_sweep", qualifier.regrade_sweep == 0),
            ("qualifier.spool_sweep", qualifier.spool_sweep == 0),
            ("qualifier.offer_s", qualifier.offer_s == 0),
            ("qualifier.lock_timeout_ms", qualifier.lock_timeout_ms == 0),
            ("qualifier.batch_timeout_s", qualifier.batch_timeout_s == 0),
            ("qualifier.alone_pause_ms", qualifier.alone_pause_ms == 0),
            ("appointments.length_min", self.appointments.length_min == 0),
            ("appointments.days", self.appointments.days == 0),
            ("appointments.hold_s", self.appointments.hold_s == 0),
            ("mail.conversations", self.mail.conversations == 0),
            ("mail.timeout_s", self.mail.timeout_s == 0),
            ("phone.timeout_s", self.phone.timeout_s == 0),
            ("dispatcher.workers", dispatcher.workers == 0),
            ("dispatcher.timeout_s", dispatcher.timeout_s == 0),
            ("dispatcher.sweep_interval_ms", dispatcher.sweep_interval_ms == 0),
            ("dispatcher.sweep", dispatcher.sweep == 0),
            ("dispatcher.offer_s", dispatcher.offer_s == 0),
            ("dispatcher.response_bytes", dispatcher.response_bytes == 0),
            ("dispatcher.remind_every_s", dispatcher.remind_every_s == 0),
            ("clock.max_skew_s", self.clock.max_skew_s == 0),
        ];
        // The first of them is enough: the operator mends one and starts again.
        let zero = at_least_one.into_iter().find(|(_, is_zero)| *is_zero);
        zero.map_or(Ok(()), |(key, _)| Err(invalid(key, "must be at least 1")))
    }

    /// Hours in which nobody, or nobody of some place, could be called: their promises would never fall due.
    fn check_calling(&self) -> Result<(), ConfigError> {
        let key = |problem: &InvalidCalling| match problem {
            InvalidCalling::Backwards(..) => "calling.to",
            InvalidCalling::NoDay => "calling.days",
            InvalidCalling::NothingLeft(_) => "calling.from",
            InvalidCalling::NothingToLoosen(_) => "calling.loosen",
            _ => "calling.exceptions",
        };
        self.calling.hours().map(drop).map_err(|problem| invalid(key(&problem), problem.to_string()))
    }

    /// Refuses a split of roles that could not meet: queues inside one process reach no other process, and neither
    /// does its embedded database.
    ///
    /// # Errors
    /// Where not all roles run here and `amqp.url` or `database.url` is empty, or where there are no roles.
    pub fn check_roles(&self, roles: &[Role]) -> Result<(), ConfigError> {
        if roles.is_empty() {
            return Err(ConfigError::Invalid { key: "--role", problem: "expected at least one role".to_owned() });
        }
        // All roles in one process need neither: the queues and the database are inside it.
        if Role::ALL.iter().all(|role| roles.contains(role)) {
            return Ok(());
        }
        let alone = "is empty, so all roles have to run in one process";
        if self.database.url.is_empty() {
            return Err(invalid("database.url", format!("{alone}: name a PostgreSQL, or run without --role")));
        }
        if self.amqp.url.is_empty() {
            return Err(invalid("amqp.url", format!("{alone}: name a RabbitMQ, or run without --role")));
        }
        Ok(())
    }
}

/// Empty, or the address of one mailbox: also one of this machine's or network's own, such as `root@localhost`.
fn one_address(key: &'static str, given: &str) -> Result<(), ConfigError> {
    let given = given.trim();
    let parts: Vec<_> = given.split('@').collect();
    let is_one = matches!(parts[..], [local, domain] if !local.is_empty() && !domain.is_empty());
    if given.is_empty() || is_one && !given.contains(|c: char| c.is_whitespace() || "<>,;".contains(c)) {
        return Ok(());
    }
    let help =
        "expected one address such as desk@example.com, without a name; several people are reached by one of a list";
    Err(invalid(key, help))
}

fn scheme(key: &'static str, url: &SecretUrl, schemes: &[&str]) -> Result<(), ConfigError> {
    // What follows the scheme must not be empty, or the address would be taken as "none" by nobody.
    let given = url.reveal().split_once("://").filter(|(_, rest)| !rest.is_empty()).map(|(scheme, _)| scheme);
    if url.is_empty() || given.is_some_and(|given| schemes.contains(&given)) {
        return Ok(());
    }
    let wanted: Vec<_> = schemes.iter().map(|scheme| format!("{scheme}://…")).collect();
    Err(invalid(key, format!("expected {}", wanted.join(" or "))))
}

fn web_address(key: &'static str, url: &str) -> Result<(), ConfigError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if url.is_empty() || rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)) {
        return Ok(());
    }
    Err(invalid(key, "expected http://… or https://…"))
}
