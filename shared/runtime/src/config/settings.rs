//! Every setting with its default. Units are in the names; a section is what one part of the process is given.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use jiff::SignedDuration;
use ripen_domain::{
    appointment::Terms,
    calling::{
        CallingRules, Day, Exception, FirmCalling, FirmHoliday, FirmLimit, Hours, InvalidCalling, Loosening, WallTime,
        Window,
    },
    delivery::SenderPause,
};
use serde::{Deserialize, Serialize};

use super::{
    DeskSettings, FirmSettings, LimitSettings, MailSettings, Network, PhoneSettings, RetentionSettings, SecretSettings,
    SecretUrl,
};

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// PostgreSQL.
    pub database: DatabaseSettings,
    /// Keys under which secrets are sealed.
    pub secrets: SecretSettings,
    /// RabbitMQ.
    pub amqp: AmqpSettings,
    /// Addresses and proxies.
    pub http: HttpSettings,
    /// How mail leaves.
    pub mail: MailSettings,
    /// Who runs this installation.
    pub firm: FirmSettings,
    /// Log lines.
    pub log: LogSettings,
    /// Bounds of what is taken from outside.
    pub limits: LimitSettings,
    /// Receiving leads.
    pub intake: IntakeSettings,
    /// Deciding leads.
    pub qualifier: QualifierSettings,
    /// Whose certificates are believed.
    pub tls: TlsSettings,
    /// When people may be called.
    pub calling: CallingSettings,
    /// Times agreed with reps.
    pub appointments: AppointmentSettings,
    /// How people are called.
    pub phone: PhoneSettings,
    /// What the desk shows.
    pub desk: DeskSettings,
    /// Delivering leads.
    pub dispatcher: DispatcherSettings,
    /// Stopping.
    pub lifecycle: LifecycleSettings,
    /// Trust in the clock.
    pub clock: ClockSettings,
    /// What is not kept for ever.
    pub retention: RetentionSettings,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// `postgres://…`; empty: the embedded PostgreSQL under the data folder.
    pub url: SecretUrl,
    /// The most connections this process opens.
    pub max_connections: u32,
    /// How many of them are for lists, reports, searches and back-tests; never more than half.
    pub list_connections: u32,
    /// After how long a statement of one of these is given up.
    pub list_timeout_s: u64,
    /// How long a caller waits for a connection.
    pub acquire_timeout_s: u64,
    /// How long one lock is waited for.
    pub lock_timeout_ms: u64,
    /// How long one statement may take that is none of a list; 0 for as long as it takes.
    pub statement_timeout_s: u64,
    /// After how long a transaction is ended in which its process does nothing any more, with the locks that it holds.
    pub idle_in_transaction_timeout_s: u64,
    /// After how long a connection whose other end does not answer is given up: by PostgreSQL, and by this process when a
    /// statement is overdue by so long.
    pub tcp_timeout_s: u64,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: SecretUrl::default(),
            // Fewer than a small server's hundred, so that four processes fit.
            max_connections: 24,
            list_connections: 4,
            list_timeout_s: 300,
            // Long enough for a moment of load, short enough that intake falls back on RabbitMQ before its vendor
            // gives up.
            acquire_timeout_s: 3,
            lock_timeout_ms: 5000,
            statement_timeout_s: 60,
            idle_in_transaction_timeout_s: 5,
            tcp_timeout_s: 15,
        }
    }
}

/// `[amqp]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AmqpSettings {
    /// `amqp://…` or `amqps://…`; empty: queues inside the process, for all roles in one.
    pub url: SecretUrl,
    /// Heartbeat of the connections: a peer that is silent for two of them is given up, and what it held comes back.
    pub heartbeat_s: u64,
    /// How many offers of due rows may wait in one queue before no more are made.
    pub offers_waiting: u32,
}

impl Default for AmqpSettings {
    fn default() -> Self {
        Self { url: SecretUrl::default(), heartbeat_s: 4, offers_waiting: 1000 }
    }
}

/// `[http]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// Where requests are taken.
    pub listen: SocketAddr,
    /// Where health and metrics are served; none: on `listen` too.
    pub admin_listen: Option<SocketAddr>,
    /// How the outside names this installation, for links; empty: made from `listen`, where that is no loopback address or what has them stays there.
    pub public_url: String,
    /// Reverse proxies whose word on the caller's address is taken.
    pub trusted_proxies: Vec<Network>,
    /// In which header they say it; the other one is not read.
    pub forwarded_header: ForwardedHeaderName,
}

/// The headers in which a proxy may say whose request it passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(try_from = "String", rename_all = "kebab-case")]
pub enum ForwardedHeaderName {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl TryFrom<String> for ForwardedHeaderName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err("expected x-forwarded-for or forwarded".to_owned()),
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin_listen: None,
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeaderName::default(),
        }
    }
}

/// `[tls]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// PEM file with certificates of authorities that webhooks and mail servers are believed by, beside Mozilla's; empty: none.
    pub ca_file: PathBuf,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(try_from = "String", rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line, for machines.
    Json,
}

impl TryFrom<String> for LogFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            other => Err(format!("expected pretty or json, given {other:?}")),
        }
    }
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `pretty` or `json`.
    pub format: LogFormat,
    /// A level or a filter such as `info,ripen_intake=debug`.
    pub level: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::default(), level: "info".to_owned() }
    }
}

/// `[intake]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeSettings {
    /// How long a confirm of RabbitMQ is waited for before the database takes the arrival.
    pub publish_timeout_ms: u64,
    /// How long a known source is served without asking the database again.
    pub source_cache_s: u64,
    /// How long an equal submission without a key of its own counts as the same.
    pub same_content_s: u64,
    /// The most arrivals one commit spools.
    pub spool_batch: usize,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self { publish_timeout_ms: 1000, source_cache_s: 5, same_content_s: 600, spool_batch: 256 }
    }
}

/// `[qualifier]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualifierSettings {
    /// The most messages one transaction decides.
    pub batch: usize,
    /// How many batches are decided at once.
    pub workers: usize,
    /// How often due rows are looked for.
    pub sweep_interval_ms: u64,
    /// The most due promises one sweep offers.
    pub promise_sweep: u32,
    /// The most changed leads one sweep offers.
    pub regrade_sweep: u32,
    /// The most spooled arrivals one sweep offers.
    pub spool_sweep: u32,
    /// How long an offer keeps a row from being offered again.
    pub offer_s: u64,
    /// How long a batch waits for one lock before the message that needs it is set aside.
    pub lock_timeout_ms: u64,
    /// How long a batch may take; what takes longer was cut off from the database, or is split.
    pub batch_timeout_s: u64,
    /// How long messages are held while the database refuses them; then they go back to the queue.
    pub hold_s: u64,
    /// When a message is tried again that fails alone while others pass, at first; twice as long after each try, up to a minute.
    pub alone_pause_ms: u64,
    /// Over what time new criteria reach all open leads.
    pub criteria_spread_s: u64,
    /// Promises due for longer than this are overdue: nothing ran when they fell due.
    pub overdue_after_s: u64,
    /// How many overdue promises one process fires in a second.
    pub overdue_per_s: u32,
    /// How long a lead that somebody of the firm matured can be taken back before it goes out, in seconds.
    pub undo_s: u64,
}

impl Default for QualifierSettings {
    fn default() -> Self {
        Self {
            batch: 256,
            workers: 2,
            sweep_interval_ms: 1000,
            promise_sweep: 500,
            regrade_sweep: 500,
            spool_sweep: 1000,
            offer_s: 60,
            lock_timeout_ms: 500,
            batch_timeout_s: 15,
            hold_s: 5,
            // With five tries some minutes, in which a database is mended; a message that takes it down does so five times.
            alone_pause_ms: 15_000,
            criteria_spread_s: 600,
            overdue_after_s: 300,
            overdue_per_s: 200,
            undo_s: 20,
        }
    }
}

/// `[calling]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallingSettings {
    /// When a day opens, by the clock of the place where the person is.
    pub from: WallTime,
    /// When it closes.
    pub to: WallTime,
    /// The days of the week on which people are called.
    pub days: Vec<Day>,
    /// Other hours in single countries and states.
    pub exceptions: Vec<Exception>,
    /// Days of the year on which nobody is called, beside those of the shipped rules.
    pub holidays: Vec<FirmHoliday>,
    /// How often one number is called at most, beside the shipped rules.
    pub limits: Vec<FirmLimit>,
    /// Shipped rules that do not count, each with the firm's reason.
    pub loosen: Vec<Loosening>,
}

impl Default for CallingSettings {
    fn default() -> Self {
        let days = Day::ALL.iter().copied().filter(|day| *day != Day::Sunday).collect();
        let (exceptions, holidays, limits, loosen) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { from: WallTime::NINE, to: WallTime::TWENTY, days, exceptions, holidays, limits, loosen }
    }
}

impl CallingSettings {
    /// The hours that these settings come to, within the shipped rules.
    ///
    /// # Errors
    /// Where they contradict each other, or nobody could ever be called.
    pub fn hours(&self) -> Result<Hours, InvalidCalling> {
        let firm = FirmCalling {
            window: Window::new(self.from, self.to)?,
            days: &self.days,
            exceptions: &self.exceptions,
            holidays: &self.holidays,
            limits: &self.limits,
            loosened: &self.loosen,
        };
        Hours::within(&firm, CallingRules::shipped())
    }
}

/// `[appointments]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppointmentSettings {
    /// How long one lasts.
    pub length_min: u16,
    /// How long before its beginning one can still be booked.
    pub notice_min: u16,
    /// On how many days, today included, they can be booked.
    pub days: u16,
    /// How long a slot is held that is not booked yet.
    pub hold_s: u32,
}

impl Default for AppointmentSettings {
    fn default() -> Self {
        Self { length_min: 30, notice_min: 60, days: 14, hold_s: 900 }
    }
}

impl AppointmentSettings {
    /// What these settings come to.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let minutes = |count: u16| SignedDuration::from_mins(i64::from(count));
        Terms { length: minutes(self.length_min), notice: minutes(self.notice_min), days: self.days }
    }
}

/// `[dispatcher]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DispatcherSettings {
    /// How many deliveries are under way at once.
    pub workers: usize,
    /// How long one attempt may take.
    pub timeout_s: u64,
    /// How long a worker holds a delivery; longer than an attempt may take.
    pub lease_s: u64,
    /// The pauses between attempts; when they are used up, the delivery is dead.
    pub retry_schedule_s: Vec<u64>,
    /// How often due deliveries are looked for.
    pub sweep_interval_ms: u64,
    /// The most due deliveries one sweep offers.
    pub sweep: u32,
    /// How long an offer keeps a row from being offered again.
    pub offer_s: u64,
    /// How much of an endpoint's answer is read.
    pub response_bytes: usize,
    /// Whether every endpoint may lie in a private network. Single endpoints can be allowed it instead.
    pub allow_private: bool,
    /// Failed attempts in a row that open a webhook's circuit.
    pub circuit_failures: u32,
    /// The pause before an open circuit is probed; doubled after each probe that fails. All mail waits as long once the server refuses
    /// the sender.
    pub circuit_pause_s: u64,
    /// The longest such pause.
    pub circuit_longest_pause_s: u64,
    /// A webhook that failed for so many days is disabled.
    pub disable_after_days: u64,
    /// After how many seconds of failure the leads of a webhook go by e-mail too; 0 for never.
    pub fallback_after_s: u64,
    /// After how many hours without an outcome a rep is reminded of a lead; 0 for never.
    pub remind_after_h: u64,
    /// How often such leads are looked for, in seconds.
    pub remind_every_s: u64,
    /// After how many hours without an outcome the firm is told of it; 0 for never.
    pub firm_after_h: u64,
}

impl DispatcherSettings {
    /// How long all mail waits once the sender was refused, before one tries again.
    #[must_use]
    pub const fn sender_pause(&self) -> SenderPause {
        SenderPause(Duration::from_secs(self.circuit_pause_s))
    }
}

impl Default for DispatcherSettings {
    fn default() -> Self {
        Self {
            workers: 256,
            timeout_s: 15,
            lease_s: 60,
            // In all about three days: a receiver that is down over a weekend gets its leads.
            retry_schedule_s: vec![5, 30, 120, 600, 3600, 10_800, 28_800, 86_400, 172_800],
            sweep_interval_ms: 1000,
            sweep: 500,
            offer_s: 60,
            response_bytes: 64 * 1024,
            allow_private: false,
            circuit_failures: 10,
            circuit_pause_s: 10,
            circuit_longest_pause_s: 600,
            disable_after_days: 5,
            fallback_after_s: 900,
            remind_after_h: 24,
            remind_every_s: 1800,
            firm_after_h: 48,
        }
    }
}

/// `[lifecycle]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LifecycleSettings {
    /// How long components have to finish what they hold.
    pub stop_timeout_s: u64,
}

impl Default for LifecycleSettings {
    fn default() -> Self {
        Self { stop_timeout_s: 30 }
    }
}

/// `[clock]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockSettings {
    /// How far the clock may be from the database's before nothing is fired any more.
    pub max_skew_s: u64,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self { max_skew_s: 5 }
    }
}
